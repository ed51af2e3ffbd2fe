//! A safe fix never deletes a heading with text below it, whatever noise stands next to it.

use std::sync::{Arc, LazyLock};

use dechaff::config::Settings;
use dechaff::finding::Applicability;
use dechaff::fix;
use dechaff::linter::Linter;
use dechaff::rule::{Registry, Rule};
use dechaff::text::{Document, Origin};
use dechaff::user_file::UserFile;
use proptest::prelude::*;
use proptest::sample::select;

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| Registry::embedded().unwrap());
static LINTER: LazyLock<Linter> =
    LazyLock::new(|| Linter::new(&REGISTRY, &Settings::default()).unwrap());

fn fixed_by(linter: &Linter, text: &str, max: Applicability) -> String {
    let document = Document::parse(Arc::new(Origin::file("page.md")), text);
    fix::fix(linter, &document, max).unwrap().text
}

fn safely_fixed(text: &str) -> String {
    fixed_by(&LINTER, text, Applicability::Safe)
}

/// Words that are both labels of page furniture and headings of articles.
const WORDS: &[&str] = &[
    "Results",
    "Contact",
    "Video",
    "Photos",
    "News",
    "Related work",
    "Comments",
    "Tags",
    "Next steps",
    "Sources",
    "Discussion",
    "Topics",
    "Gallery",
    "Reviews",
    "Vote",
    "Poll",
    "Survey",
    "Members",
    "Welcome",
    "More",
    "Further reading",
    "See also",
    "Next",
    "Email",
    "Print",
    "Text",
    "World",
    "Science",
    "Health",
    "Weather",
    "Monday",
    "Today",
    "Wind",
    "Author",
    "Anonymous",
    "Report",
    "Download",
    "Search",
    "Error",
    "Transcript",
    "Contents",
    "Responses",
    "Winners",
    "Feedback",
    "Good",
    "Live",
    "Yes",
    "Learn",
    "Books",
    "Help",
    "Privacy",
    "About us",
    "Our survey",
    "RESULTS",
    "VIDEO",
    "COMMENTS",
    "SOURCES",
    "Noticias",
    "Contacto",
    "Etiquetas",
    "Nachrichten",
    "Kontakt",
    "Datenschutz",
    "Schlagwörter",
    "Umfrage",
    "Actualités",
    "Mots-clés",
    "Contatti",
    "Salute",
    "Sumário",
    "Notícias",
    "Komentarze",
    "Archiwum",
    "Wiadomości",
    "Обсуждение",
    "Комментарии",
    "Новости",
    "Опрос",
    "Σχόλια",
    "Επικοινωνία",
    "Υγεία",
    "评论",
    "联系我们",
    "健康",
    "コメント",
    "タグ",
    "アンケート",
];
const NOISE: &[&str] = &[
    "Advertisement",
    "Share this article",
    "Leave a Comment",
    "Facebook\nTwitter\nInstagram",
    "Read more: Why the pilots want two more buoys",
    "Sign up for our newsletter",
    "Loading...",
    "Privacy Policy",
    "Werbung",
    "Compartir en Facebook",
    "Advertisement\n\nShare this article\n\nPrivacy Policy",
];
const BODIES: &[&str] = &[
    "Of the four hundred people who began, three hundred and twelve came back for the last visit in May.",
    "Von den vierhundert Menschen, die angefangen hatten, kamen dreihundertzwölf im Mai zum letzten Termin.",
    "They grew.",
    "- two cups of flour\n- one egg",
    "| dose | slept |\n| --- | --- |\n| 1 | 8 h |",
    "```\nrun(trial)\n```",
    "> He slept well, he said.",
];
const ABOVE: &str = "The trial ran for two years in six hospitals, and the nurses filled in the forms by hand each evening.";
const BELOW: &str = "Those who had taken the drops slept an hour longer on average than those who had been given water.";

/// Formats a word as a heading in one of several ways.
fn heading(word: &str, form: usize) -> String {
    match form {
        0 => word.into(),
        1 => format!("## {word}"),
        2 => format!("**{word}**"),
        3 => format!("{word}:"),
        4 => format!("<h2>{word}</h2>"),
        5 => format!("{word}\n-------"),
        _ => format!("1. {word}"),
    }
}
const FORMS: usize = 7;

/// Builds a page with a heading at one of several positions among noise and text.
fn page(place: usize, noise: &str, heading: &str, body: &str) -> String {
    let parts: &[&str] = match place {
        0 => &[ABOVE, noise, heading, body, BELOW],
        1 => &[ABOVE, heading, noise, body, BELOW],
        2 => &[ABOVE, noise, heading, noise, body, BELOW],
        3 => &[noise, heading, body, BELOW],
        4 => &["# The long trial", noise, heading, body, BELOW],
        _ => &[ABOVE, BELOW, noise, heading, body],
    };
    parts.join("\n\n") + "\n"
}
const PLACES: usize = 6;

#[test]
fn keeps_headings_next_to_noise() {
    let mut lost = Vec::new();
    for (index, word) in WORDS.iter().enumerate() {
        for form in 0..FORMS {
            for (at, noise) in NOISE.iter().enumerate() {
                let heading = heading(word, form);
                let text = page(
                    (index + form + at) % PLACES,
                    noise,
                    &heading,
                    BODIES[(index + at) % BODIES.len()],
                );
                if !safely_fixed(&text).contains(&heading) {
                    lost.push(text);
                }
            }
        }
    }
    assert!(
        lost.is_empty(),
        "{} headings lost, such as:\n\n{}",
        lost.len(),
        lost[..lost.len().min(8)].join("\n====\n")
    );
}

#[test]
fn removes_noise_next_to_headings() {
    for noise in ["Advertisement", "Share this article", "Sign up for our newsletter"] {
        let text = page(2, noise, "## Results", BODIES[0]);
        assert_eq!(
            safely_fixed(&text),
            [ABOVE, "## Results", BODIES[0], BELOW].join("\n\n") + "\n"
        );
    }
}

#[test]
fn removes_a_noise_heading_with_its_section() {
    let form = "## Leave a Comment\n\nYour email address will not be published.\n\nSave my name, email, and website.";
    assert_eq!(safely_fixed(&format!("{ABOVE}\n\n{form}\n")), format!("{ABOVE}\n"));
    // Kept if there is text below it.
    let text = format!("{ABOVE}\n\n## Leave a Comment\n\n{BELOW}\n");
    assert_eq!(safely_fixed(&text), text);
}

#[test]
fn keeps_speaker_names_and_list_items() {
    let dialogue = "Share this article\n\nAnonymous\n\nNo.\n\nReporter\n\nWhy not?\n\nAnonymous\n\nIt was dark.\n";
    assert_eq!(safely_fixed(dialogue), dialogue.replace("Share this article\n\n", ""));
    let list = format!(
        "{ABOVE} She wrote for three of them:\n\n- Facebook\n- Twitter\n- Instagram\n\n{BELOW}\n"
    );
    assert_eq!(safely_fixed(&list), list);
}

#[test]
fn list_of_titles_ends_before_a_section() {
    let text = format!(
        "{ABOVE}\n\nRelated articles\n\nThe pilots and the buoys\n\n## References\n\n- Smith 2010\n- Hall 1998\n"
    );
    let expected = format!("{ABOVE}\n\n## References\n\n- Smith 2010\n- Hall 1998\n");
    assert_eq!(safely_fixed(&text), expected);
}

#[test]
fn custom_rules_keep_headings() {
    let rule = r#"
        code = "XX001"
        name = "colophon"
        summary = "colophon"
        why = "it is not part of the text"
        since = "1.0.0"
        fix = "safe"
        [[find]]
        regex = ["colophon"]
        [[example]]
        bad = "⟦Colophon⟧"
    "#;
    let rule = Rule::parse(&UserFile::new("colophon.toml", rule)).unwrap();
    let linter = Linter::from_rules([&rule]).unwrap();
    let marked = format!("{ABOVE}\n\n## Colophon\n\n{BELOW}\n");
    assert_eq!(fixed_by(&linter, &marked, Applicability::Safe), marked);
    assert_eq!(fixed_by(&linter, &marked, Applicability::Unsafe), format!("{ABOVE}\n\n{BELOW}\n"));
    let last = format!("{ABOVE}\n\n## Colophon\n");
    assert_eq!(fixed_by(&linter, &last, Applicability::Safe), format!("{ABOVE}\n"));
}

#[test]
fn no_fix_splits_a_sentence_at_a_line_break() {
    let rule = r#"
        code = "XX002"
        name = "harbour"
        summary = "harbour"
        why = "it is not part of the text"
        since = "1.0.0"
        fix = "unsafe"
        [[find]]
        where = "paragraph"
        match = "contains"
        regex = ["harbour board"]
        [[example]]
        bad = "⟦The harbour board met.⟧"
    "#;
    let rule = Rule::parse(&UserFile::new("harbour.toml", rule)).unwrap();
    let linter = Linter::from_rules([&rule]).unwrap();
    let text = "The money is kept by the harbour board and\nits clerks, who answer to no one.\n\nNobody asked.\n";
    assert_eq!(fixed_by(&linter, text, Applicability::Unsafe), text);
}

fn noises() -> impl Strategy<Value = String> {
    prop_oneof![4 => select(NOISE).prop_map(str::to_owned), 1 => Just(String::new())]
}

/// Excludes titles of tables of contents, below which repeated noise looks like entries.
fn words() -> impl Strategy<Value = &'static str> {
    let words: Vec<&str> =
        WORDS.iter().copied().filter(|word| !["Contents", "Sumário"].contains(word)).collect();
    select(words)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    /// Several sections with a heading and text, and noise between any of them.
    #[test]
    fn no_section_loses_its_heading(
        sections in proptest::collection::vec((noises(), words(), 0..FORMS, noises(), select(BODIES), noises()), 1..4),
        gap in select(&["\n\n", "\n\n\n", "\r\n\r\n"][..]),
    ) {
        let mut parts = vec![ABOVE.to_owned()];
        let mut headings = Vec::new();
        for (above, word, form, between, body, below) in sections {
            let heading = heading(word, form);
            headings.push(heading.clone());
            parts.extend([above, heading, between, body.to_owned(), below]);
        }
        parts.retain(|part| !part.is_empty());
        let text = parts.join(gap);
        let fixed = safely_fixed(&text);
        let mut rest = fixed.as_str();
        for heading in headings {
            let at = rest.find(&heading);
            prop_assert!(at.is_some(), "{:?} lost from {:?}", heading, text);
            rest = &rest[at.unwrap() + heading.len()..];
        }
    }
}

/// Labels that safe fixes delete where they stand alone.
const CERTAIN_LABELS: &[&str] = &[
    "Accept all cookies",
    "Share this article",
    "Leave a comment",
    "Skip to content",
    "Advertisement",
    "Weiterlesen",
    "Auf Facebook teilen",
    "Laisser un commentaire",
    "Lees verder",
    "Seguir leyendo",
    "Reklama",
    "サイトマップ",
];

#[test]
fn safe_fixes_keep_items_among_other_items_and_labels_that_introduce_text() {
    const PROSE: &str =
        "The council met on Tuesday evening, and it agreed to repair the bridge before winter.";
    let mut alone = 0;
    for label in CERTAIN_LABELS {
        let text = format!("{PROSE}\n\n{PROSE}\n\n{label}\n");
        alone += usize::from(safely_fixed(&text) != text);
        for text in [
            format!("{PROSE}\n\n1. Open the settings\n2. {label}\n3. Restart\n\n{PROSE}\n"),
            format!("{PROSE}\n\n- Open the settings\n- {label}\n- Choose the site\n\n{PROSE}\n"),
            format!("{PROSE}\n\n- Open the settings.\n\n- {label}\n\n- Close them.\n\n{PROSE}\n"),
            format!("{PROSE}\n\n{label}:\n\n- red roof tiles\n- sacks of lime\n\n{PROSE}\n"),
            format!("{PROSE}\n\n{label}:\n\n{PROSE}\n"),
        ] {
            assert_eq!(safely_fixed(&text), text, "{label}");
        }
    }
    assert!(alone >= CERTAIN_LABELS.len() - 1, "{alone}");
}

#[test]
fn reserved_rights_and_menu_toggles_can_be_headings() {
    const PROSE: &str =
        "The clause goes back to a treaty of 1910 that most of the states on the continent signed.";
    for heading in [
        "All rights reserved",
        "Alle Rechte vorbehalten",
        "Tous droits réservés",
        "Todos los derechos reservados",
        "Все права защищены",
        "版权所有",
        "Toggle navigation",
        "Toggle main menu",
        "Close menu",
        "Show navigation",
        "Menü öffnen",
        "Ouvrir le menu",
        "Abrir menú",
        "Открыть меню",
    ] {
        for text in [
            format!("{PROSE}\n\n{heading}\n\n{PROSE}\n"),
            format!("# Law\n\n## {heading}\n\n{PROSE}\n"),
        ] {
            assert_eq!(safely_fixed(&text), text, "{heading}");
        }
    }
}
