//! The classifier does not flag content, in any sort of text.

use std::sync::Arc;

use dechaff::linter::Linter;
use dechaff::rule::Registry;
use dechaff::text::{Document, Origin};

/// Returns the lines that the classifier flags at its sensitive point.
fn flagged(text: &str) -> Vec<String> {
    let registry = Registry::embedded().unwrap();
    let linter =
        Linter::from_rules([registry.find("BP901").unwrap(), registry.find("BP902").unwrap()])
            .unwrap();
    let document = Document::parse(Arc::new(Origin::file("page.txt")), text);
    linter.check(&document).iter().map(|finding| document.slice(finding.span).to_owned()).collect()
}

/// Texts with short lines that are content, by sort.
const GENRES: &[(&str, &str)] = &[
    (
        "poem",
        "The mill\n\nThe wheel is still, the water gone,\nthe miller's name is on a stone,\nand in the yard where carts came in\na heron stands, and stands alone.\n\nWho kept the flour, who kept the key?\nThe barn owl, and the memory.\n",
    ),
    (
        "lyrics",
        "Verse 1\nI left my boots beside the door\nI left my heart on the kitchen floor\n\nChorus\nOh, carry me home\nCarry me home\n\nVerse 2\nThe rain came in, the roof came down\nThere is no roof in all the town\n\nChorus\nOh, carry me home\nCarry me home\n",
    ),
    (
        "code",
        "# Reading a file\n\nOpen the file, read each of its lines, and close it again when you are done with all of them.\n\n```python\nwith open(path) as lines:\n    for line in lines:\n        print(line)\n```\n\nThe block closes the file by itself, even where an error ends the loop before its time.\n",
    ),
    (
        "table",
        "The teams met four times in the spring, and the river club won three of the matches by a goal or two.\n\n| Date | Home | Away | Goals |\n|---|---|---|---|\n| 2 May | River | Hill | 2:1 |\n| 9 May | Hill | River | 0:1 |\n\nThe last match was called off when the pitch stood under water, and it will not be played again.\n",
    ),
    (
        "legal",
        "Section 1. Definitions\n\nIn this agreement, “the boat” means the vessel that is named in the first annex, and “the owner” means the person who is named there.\n\n(a) the hull;\n(b) the engine;\n(c) the rigging.\n\nSection 2. Term\n\nThis agreement begins on the day on which both parties have signed it, and it ends after two years unless it is renewed in writing.\n",
    ),
    (
        "forum",
        "How do I get rust off a plane?\n\nI found an old plane in my grandfather's shed, and the blade is brown all over. What is the best way to clean it without doing harm?\n\nVinegar overnight, then a wire brush. Dry it well when you are done, and put a drop of oil on it, or it will be brown again in a week.\n\nWhat about the sole?\n\nFine paper on a flat stone. Go slowly, and look at it often, because what you take off does not come back.\n",
    ),
    (
        "chinese",
        "河水在夜里下降了半米，第一批居民在黎明时分回到了家中，镇上的人们开始清点损失。\n\n桥\n\n没有人能说桥什么时候会重新开放，虽然市长已经答应在星期五之前给出一个日期。\n",
    ),
    (
        "glossary",
        "These words come up on every page of this manual, and it is worth knowing them before you begin to read.\n\nKeel\nThe long timber at the bottom of a boat, from which the ribs rise on both sides.\n\nThwart\nA seat that lies across a boat from one side to the other and keeps the sides apart.\n",
    ),
    (
        "contract",
        "SERVICE AGREEMENT\n\nThis agreement is made between the harbour of Lower Quay and the keeper of the ferry, who are called the parties below.\n\n1. The keeper carries passengers and bicycles from the first of April to the last day of October, on every day on which the river can be crossed.\n\n2. The harbour pays the keeper a fee for each month, on or before the fifth day of the next.\n\n3. Notices under this agreement are to be in writing.\n\n4. If a provision of this agreement is void, the others stay in force.\n",
    ),
    (
        "listing",
        "The house stands at the end of a lane, ten minutes on foot from the station, and was built for a doctor in the year 1911.\n\n- Four bedrooms\n- Two bathrooms\n- Garden of 800 square metres\n- Garage for one car\n\nIt is heated by gas; the roof was renewed six years ago, and all windows on the street side have double panes.\n",
    ),
    (
        "product",
        "This kettle holds a litre and a half and boils it in four minutes, which is as fast as any that we have had on the bench.\n\nCapacity: 1.5 l\nPower: 2,200 W\nWeight: 980 g\nColours: black, cream, red\n\nThe lid closes tightly, the handle stays cool, and the water level can be read from both sides while it stands on its base.\n",
    ),
    (
        "transcript",
        "The two spoke for an hour in the back room of the shop, while customers came and went at the counter.\n\nQ: When did you begin?\n\nA: I was nine, and my father gave me the broken ones to play with.\n\nQ: Broken watches?\n\nA: Broken everything. Clocks, radios, a barometer once. He said that I could not make them any worse than they were.\n\nQ: Did you?\n\nA: Often.\n",
    ),
    (
        "results",
        "The race was held in rain from start to finish, and half of the field gave up before the second climb of the day.\n\n1. M. Okoye, 4:12:33\n2. J. Lind, 4:12:35\n3. P. Novak, 4:14:01\n\nOkoye attacked with two kilometres to go, and Lind, who had led the race since the morning, could not answer it.\n",
    ),
    (
        "chapters",
        "The boat came in with the tide, and nobody on the quay asked where it had been all winter, or why it had come back.\n\nPressing matters\n\nIn the office above the fish market, the harbour master had three letters on his desk, and he had answered none of them.\n\nA door opens\n\nIt was the youngest of the brothers who came up the stairs in the end, wet to the knees and with his cap in his hand.\n",
    ),
    (
        "russian",
        "За ночь вода в реке упала на полметра, и первые жители вернулись домой на рассвете, чтобы посчитать убытки.\n\nМост\n\nНикто не может сказать, когда снова откроют мост, хотя мэр обещал назвать день до конца недели.\n\n— Мы видели и хуже, — сказала женщина, которая живёт у воды шестьдесят лет.\n",
    ),
    (
        "greek",
        "Το νερό του ποταμού έπεσε μισό μέτρο μέσα στη νύχτα, και οι πρώτοι κάτοικοι γύρισαν στα σπίτια τους την αυγή.\n\nΗ γέφυρα\n\nΚανείς δεν ξέρει πότε θα ανοίξει πάλι η γέφυρα, αν και ο δήμαρχος υποσχέθηκε μια ημερομηνία ως την Παρασκευή.\n",
    ),
    (
        "recipe",
        "My grandmother made this soup on the first cold day of the year, and the whole house smelled of it until the evening.\n\nServes 4\n\n2 onions\n1 carrot\n300 g of lentils\n1 bay leaf\nSalt\n\nChop the onions and the carrot, and let them soften in oil over a low flame for ten minutes before you add the lentils.\n\nCover with water, add the bay leaf, and simmer for half an hour. Salt it at the end, or the lentils stay hard.\n",
    ),
];

#[test]
fn texts_with_short_lines_have_no_findings() {
    for (genre, text) in GENRES {
        assert_eq!(flagged(text), [""; 0], "{genre}");
    }
}

#[test]
fn findings_explain_their_reasons() {
    let registry = Registry::embedded().unwrap();
    let rule = registry.find("page-furniture").unwrap();
    let linter = Linter::from_rules([rule]).unwrap();
    let bad = rule.examples().iter().find_map(|example| example.bad.as_ref()).unwrap();
    let text = bad.texts()[0].replace(['⟦', '⟧'], "");
    let findings = linter.check(&Document::parse(Arc::new(Origin::file("page.txt")), &text));
    for finding in &findings {
        let reasons = finding.label.as_deref().unwrap_or("").split(", ").count();
        assert!(reasons >= 3, "{:?}", finding.label);
        assert!(
            finding.notes.iter().any(|note| note.starts_with("probability 0.")),
            "{:?}",
            finding.notes
        );
    }
    assert!(!findings.is_empty());
}

/// Lines that a named rule removes are not reported again.
#[test]
fn named_rules_take_precedence() {
    let registry = Registry::embedded().unwrap();
    let linter = Linter::from_rules(registry.rules().iter().filter(|rule| rule.default)).unwrap();
    let prose = "The council voted on Monday to close the old bridge for two months, and the buses will take the river road.\n\n\
        Engineers had found cracks in two of its pillars in the spring, and said that it would need a new deck by winter.\n\n";
    let text = format!("{prose}Share this article\nContact us\nSubscribe to our newsletter\n");
    let findings = linter.check(&Document::parse(Arc::new(Origin::file("page.txt")), &text));
    let mut spans: Vec<_> = findings.iter().map(|finding| finding.span).collect();
    spans.dedup();
    assert_eq!(spans.len(), findings.len(), "{findings:?}");
    assert!(findings.iter().any(|finding| !finding.rule.code.starts_with("BP9")));
}

#[test]
fn large_inputs_finish_quickly() {
    let line = "News ".repeat(200_000);
    let lines = "Home\nNews\n".repeat(100_000);
    let blanks = "\n".repeat(200_000);
    for text in [line, lines, blanks, String::new(), "\u{feff}".into(), "。".repeat(100_000)] {
        flagged(&text);
    }
}
