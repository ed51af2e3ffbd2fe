//! Clean texts of many kinds, with short lines, repeated openings and names that are all content.

use super::Random;
use super::vocabulary::{DEEDS, FAMILY, GIVEN, SHORT, TERMS, THINGS};

/// A clean text, its kind, and the path it is linted as.
#[derive(Debug, Clone)]
pub(crate) struct Clean {
    pub(crate) kind: &'static str,
    pub(crate) path: &'static str,
    pub(crate) text: String,
}

/// Generates a text.
type Writer = fn(&mut Random) -> String;

const KINDS: &[(&str, &str, Writer)] = &[
    ("poem", "a.txt", poem),
    ("dialogue", "a.txt", dialogue),
    ("interview", "a.md", interview),
    ("screenplay", "a.txt", screenplay),
    ("list of names", "a.txt", names),
    ("glossary", "a.md", glossary),
    ("index", "a.txt", index),
    ("questions and answers", "a.md", questions),
    ("recipe", "a.md", recipe),
    ("bibliography", "a.txt", bibliography),
    ("chat log", "a.txt", chat),
    ("subtitles", "a.srt", subtitles),
    ("contract", "a.txt", contract),
    ("specification", "a.txt", specification),
    ("timetable", "a.txt", timetable),
    ("program of an event", "a.txt", program),
    ("minutes", "a.md", minutes),
    ("changelog", "a.md", changelog),
    ("code", "a.md", code),
    ("indented code", "a.md", indented_code),
    ("results", "a.txt", results),
];

/// Returns `rounds` texts of each kind.
pub(crate) fn clean_texts(rounds: usize) -> impl Iterator<Item = Clean> {
    KINDS.iter().enumerate().flat_map(move |(index, (kind, path, write))| {
        (0..rounds).map(move |round| {
            let mut random = Random((index * 10_000 + round) as u64 + 77);
            Clean { kind, path, text: write(&mut random) }
        })
    })
}

fn lines(count: usize, random: &mut Random, line: impl Fn(usize, &mut Random) -> String) -> String {
    (0..count).map(|index| line(index, random) + "\n").collect()
}

fn name(random: &mut Random) -> String {
    format!("{} {}", random.pick(GIVEN), random.pick(FAMILY))
}

fn sentence(random: &mut Random) -> String {
    let (who, deed, thing, other) =
        (random.pick(GIVEN), random.pick(DEEDS), random.pick(THINGS), random.pick(THINGS));
    match random.below(4) {
        0 => format!("{who} {deed} {thing}, and nobody spoke of {other} that year."),
        1 => format!("In the morning {who} {deed} {thing}."),
        2 => format!(
            "Nobody had told {who} about {thing} before the men who {deed} {other} came back."
        ),
        _ => format!("{who} {deed} {thing}; {other} was all that was left."),
    }
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

fn poem(random: &mut Random) -> String {
    let refrain = format!("Come home, {}, come home", random.pick(GIVEN));
    let stanza = |random: &mut Random| {
        let verses = lines(3, random, |_, random| match random.below(3) {
            0 => format!("I {} {}", random.pick(DEEDS), random.pick(THINGS)),
            1 => format!("{}, {}", capitalized(random.pick(THINGS)), random.pick(THINGS)),
            _ => capitalized(&format!("{} and {}", random.pick(THINGS), random.pick(THINGS))),
        });
        format!("{verses}{refrain}\n")
    };
    (0..4).map(|_| stanza(random)).collect::<Vec<_>>().join("\n")
}

fn dialogue(random: &mut Random) -> String {
    let quote = |random: &mut Random| match random.below(4) {
        0 => format!("\"{}\"\n\n", random.pick(SHORT)),
        1 => {
            format!("\"{}\" said {}.\n\n", random.pick(SHORT).replace('.', ","), random.pick(GIVEN))
        }
        2 => format!("— {}\n\n", random.pick(SHORT)),
        _ => format!("\"You {} {}?\"\n\n", random.pick(DEEDS), random.pick(THINGS)),
    };
    let spoken: String = (0..14).map(|_| quote(random)).collect();
    format!("{}\n\n{spoken}{}\n", sentence(random), sentence(random))
}

fn interview(random: &mut Random) -> String {
    let guest = name(random);
    let initials: String = guest.split(' ').filter_map(|part| part.chars().next()).collect();
    let exchange = |index: usize, random: &mut Random| {
        let (thing, deed) = (THINGS[index * 2], random.pick(DEEDS));
        let answer = if random.below(2) == 0 {
            random.pick(SHORT).to_owned()
        } else {
            format!("{} {}", sentence(random), sentence(random))
        };
        format!(
            "**When did you first hear that somebody {deed} {thing}?**\n\n{initials}: {answer}\n\n"
        )
    };
    let exchanges: String = (0..8).map(|index| exchange(index, random)).collect();
    format!("# A talk with {guest}\n\n{}\n\n{exchanges}", sentence(random))
}

fn screenplay(random: &mut Random) -> String {
    let line = |random: &mut Random| {
        format!("{}\n{}\n\n", random.pick(GIVEN).to_uppercase(), random.pick(SHORT))
    };
    let spoken: String = (0..10).map(|_| line(random)).collect();
    format!(
        "INT. HARBOUR OFFICE - NIGHT\n\n{}\n\n{spoken}CUT TO:\n\nEXT. QUAY - DAY\n\n{}\n",
        sentence(random),
        sentence(random)
    )
}

fn names(random: &mut Random) -> String {
    let title = random.pick(&[
        "Crew of the ferry, 1911",
        "Members of the council",
        "Winners",
        "Members",
        "Those who signed",
    ]);
    let list = match random.below(3) {
        0 => lines(20, random, |_, random| name(random)),
        1 => lines(20, random, |_, random| {
            format!(
                "- {}, {}",
                name(random),
                random.pick(&["cook", "pilot", "editor", "clerk", "photographer"])
            )
        }),
        _ => lines(20, random, |index, random| format!("{}. {}", index + 1, name(random))),
    };
    format!("{title}\n\n{list}")
}

fn glossary(random: &mut Random) -> String {
    let entry = |term: &str, random: &mut Random| match random.below(3) {
        0 => format!("**{term}** — {}\n\n", sentence(random)),
        1 => format!("{}\n: {}\n\n", capitalized(term), sentence(random)),
        _ => format!(
            "{}: {} See also {}.\n\n",
            capitalized(term),
            sentence(random),
            random.pick(TERMS)
        ),
    };
    let entries: String = TERMS.iter().map(|term| entry(term, random)).collect();
    format!("# Glossary\n\n{entries}")
}

fn index(random: &mut Random) -> String {
    let entries: String = TERMS
        .iter()
        .map(|term| {
            let page = 3 + random.below(200);
            match random.below(3) {
                0 => format!("{term}, {page}, {}\n", page + 9),
                1 => format!("{term}. See {}\n", random.pick(TERMS)),
                _ => format!("{term}, {page}-{}\n", page + 2),
            }
        })
        .collect();
    format!("Index\n\n{entries}")
}

fn questions(random: &mut Random) -> String {
    let pair = |index: usize, random: &mut Random| {
        let question = format!("Who {} {}?", random.pick(DEEDS), THINGS[index]);
        let answer =
            if random.below(3) == 0 { random.pick(SHORT).to_owned() } else { sentence(random) };
        match random.below(3) {
            0 => format!("## {question}\n\n{answer}\n\n"),
            1 => format!("**Q: {question}**\n\nA: {answer}\n\n"),
            _ => format!("{question}\n{answer}\n\n"),
        }
    };
    let pairs: String = (0..9).map(|index| pair(index, random)).collect();
    format!("# Frequently asked questions\n\n{pairs}")
}

fn recipe(random: &mut Random) -> String {
    let foods = [
        "flour", "butter", "salt", "milk", "plums", "sugar", "eggs", "yeast", "rye", "honey",
        "apples",
    ];
    let ingredients = lines(7, random, |_, random| {
        let unit = random.pick(&["g", "ml", "tbsp", "cups", "oz"]);
        format!("- {} {unit} {}", 1 + random.below(400), random.pick(&foods))
    });
    let steps = lines(6, random, |index, random| {
        let deed = random.pick(&[
            "Mix",
            "Stir in",
            "Add",
            "Weigh",
            "Bake",
            "Fold in",
            "Rest",
            "Share out",
            "Watch",
        ]);
        format!("{}. {deed} the {}.", index + 1, random.pick(&foods))
    });
    format!(
        "# Plum bread\n\nServes 4\n\nPrep time: 20 minutes\nCook time: 1 hour\n\n## Ingredients\n\n{ingredients}\n## Method\n\n{steps}\n## Notes\n\n{}\n",
        sentence(random)
    )
}

fn bibliography(random: &mut Random) -> String {
    let entries = lines(14, random, |index, random| {
        let (author, year) = (
            format!("{}, {}.", random.pick(FAMILY), &random.pick(GIVEN)[..1]),
            1890 + random.below(130),
        );
        let title = capitalized(&format!("{} and {}", random.pick(THINGS), random.pick(TERMS)));
        match random.below(4) {
            0 => format!("[{}] {author} {title}. Leiden: Brill, {year}.", index + 1),
            1 => format!(
                "{author} ({year}). {title}. Journal of Inland Navigation, {}({}), {}–{}.",
                random.below(40),
                1 + random.below(4),
                year - 1800,
                year - 1780
            ),
            2 => format!(
                "{author} \"{title}.\" Accessed 4 May {year}. https://example.org/{year}/{}",
                random.pick(TERMS)
            ),
            _ => format!("Ibid., p. {}.", 1 + random.below(300)),
        }
    });
    format!("References\n\n{entries}")
}

fn chat(random: &mut Random) -> String {
    lines(25, random, |index, random| {
        let (who, minute) = (random.pick(&["anna", "bruno", "chidi"]), index * 2 % 60);
        match random.below(3) {
            0 => format!("[14:{minute:02}] <{who}> {}", random.pick(SHORT)),
            1 => format!("{who}: {}", random.pick(SHORT).to_lowercase()),
            _ => format!("[14:{minute:02}] <{who}> {}", sentence(random)),
        }
    })
}

fn subtitles(random: &mut Random) -> String {
    lines(15, random, |index, random| {
        let start = index * 4;
        format!(
            "{}\n00:{:02}:{:02},000 --> 00:{:02}:{:02},500\n{}\n",
            index + 1,
            start / 60,
            start % 60,
            (start + 2) / 60,
            (start + 2) % 60,
            random.pick(SHORT)
        )
    })
}

fn contract(random: &mut Random) -> String {
    let shift = random.below(TERMS.len());
    let clauses = lines(8, random, |index, _| {
        let term = TERMS[(index * 5 + shift) % TERMS.len()];
        format!(
            "{}. The owner of the {term} shall keep it in good order. No part of the {term} may be let, sold or altered without the written consent of the board.\n",
            index + 1
        )
    });
    format!("DEED OF TRUST\n\n{clauses}\nSigned: {}\n\nDate: 3 May 1911\n", name(random))
}

fn specification(random: &mut Random) -> String {
    lines(14, random, |_, random| {
        let label = capitalized(random.pick(TERMS));
        match random.below(4) {
            0 => format!("{label}: {} mm", random.below(4_000)),
            1 => format!("{label}: yes"),
            2 => format!("{label} height ({}–{} m)", 1 + random.below(4), 6 + random.below(4)),
            _ => format!(
                "- {label}: {}",
                random.pick(&["steel", "oak", "n/a", "optional", "included", "2 of 4"])
            ),
        }
    })
}

fn timetable(random: &mut Random) -> String {
    lines(16, random, |index, random| {
        let minute = random.below(60);
        match random.below(3) {
            0 => format!(
                "{:02}:{minute:02} {} – {}",
                6 + index,
                random.pick(FAMILY),
                random.pick(FAMILY)
            ),
            1 => format!("{}:{minute:02} a.m.  Pier {}", 1 + index % 11, 1 + random.below(9)),
            _ => format!("Monday to Friday {:02}.{minute:02}", 6 + index),
        }
    })
}

fn program(random: &mut Random) -> String {
    lines(12, random, |index, random| {
        format!(
            "{} June 2024\n{} {}\n{}\n",
            1 + index,
            capitalized(random.pick(THINGS)),
            random.pick(&["(talk)", "(film)", "(concert)"]),
            name(random)
        )
    })
}

fn minutes(random: &mut Random) -> String {
    let items = lines(7, random, |index, random| {
        format!(
            "## {}. {}\n\n{}\n\nAction: {}\n",
            index + 1,
            capitalized(random.pick(TERMS)),
            sentence(random),
            name(random)
        )
    });
    format!(
        "# Minutes\n\nPresent: {}, {}\n\nApologies: {}\n\n{items}",
        name(random),
        name(random),
        name(random)
    )
}

fn changelog(random: &mut Random) -> String {
    lines(6, random, |index, random| {
        let changes = lines(4, random, |_, random| {
            format!(
                "- {} the {} ({})",
                random.pick(&["Fix", "Add", "Remove", "Share", "Print", "Follow"]),
                random.pick(TERMS),
                random.below(9_000)
            )
        });
        format!(
            "## 1.{}.0 - 2024-0{}-1{}\n\n### {}\n\n{changes}",
            9 - index,
            9 - index,
            index,
            random.pick(&["Added", "Fixed", "Changed", "Removed"])
        )
    })
}

fn code(random: &mut Random) -> String {
    let term = random.pick(TERMS);
    let blocks = [
        format!(
            "```python\ndef share(item):\n    # Advertisement\n    print(\"Subscribe to our newsletter\")\n    return item.{term}\n```"
        ),
        format!(
            "```rust\n/// Leave a comment\nfn {term}() -> u32 {{\n    let next = 1;\n    next\n}}\n\nfn back() {{}}\n```"
        ),
        format!(
            "```html\n<nav><a href=\"/\">Home</a> | <a href=\"/{term}\">{term}</a></nav>\n<p>Advertisement</p>\n<b>Read more &raquo;</b>\n```"
        ),
        format!(
            "```sh\n$ {term} --help\nusage: {term} [OPTIONS]\n\nShare this article\n\n\nPage 1 of 3\n```"
        ),
        format!("```sql\nSELECT a | b FROM {term}\nWHERE c || d = 'Log in';\n```"),
        format!(
            "```yaml\n{term}:\n  - Facebook\n  - Twitter\n  - Email\nfooter: \"© 2024 Example. All rights reserved.\"\n```"
        ),
        format!("~~~\n| a | b |\n|---|\n| {term} |\n~~~"),
        format!("```json\n{{\"comments\": [\"{{{{ {term} }}}}\", \"&nbsp;\"]}}\n```"),
    ];
    let count = 3 + random.below(4);
    (0..count)
        .map(|_| format!("{}\n\n{}\n\n", sentence(random), blocks[random.below(blocks.len())]))
        .collect()
}

fn indented_code(random: &mut Random) -> String {
    let term = random.pick(TERMS);
    format!(
        "{}\n\n    def {term}(x):\n        print(\"Advertisement\")\n        return x\n\n{}\n\n    Share this article\n    Facebook | Twitter | Email\n    Read more\n\n{}\n\n\tlog in\n\tpassword\n\n{}\n",
        sentence(random),
        sentence(random),
        sentence(random),
        sentence(random)
    )
}

fn results(random: &mut Random) -> String {
    lines(18, random, |index, random| match random.below(3) {
        0 => format!("{}. {} {}:{:02}", index + 1, name(random), random.below(9), random.below(60)),
        1 => format!(
            "{} {} {} {}",
            random.pick(FAMILY),
            random.below(5),
            random.pick(FAMILY),
            random.below(5)
        ),
        _ => {
            format!(
                "{} {}-{}, {}-{}",
                name(random),
                random.below(7),
                random.below(7),
                random.below(7),
                random.below(7)
            )
        }
    })
}
