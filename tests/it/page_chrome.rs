//! Page chrome is detected by its shape; lists, data and text that only resemble it are kept.

use std::sync::Arc;

use dechaff::linter::Linter;
use dechaff::rule::Registry;
use dechaff::text::{Document, Origin};

fn flagged_by(codes: &[&str], path: &str, text: &str) -> Vec<(String, String)> {
    let registry = Registry::embedded().unwrap();
    let linter = Linter::from_rules(codes.iter().map(|code| registry.find(code).unwrap())).unwrap();
    let document = Document::parse(Arc::new(Origin::file(path)), text);
    let findings = linter.check(&document);
    findings
        .iter()
        .map(|finding| (finding.rule.code.clone(), document.slice(finding.span).to_owned()))
        .collect()
}

fn flagged(text: &str) -> Vec<String> {
    flagged_by(&["BP045"], "page.txt", text).into_iter().map(|(_, text)| text).collect()
}

const GREEK: &str = "Το νερό του ποταμού έπεσε μισό μέτρο μέσα στη νύχτα, και οι πρώτοι κάτοικοι γύρισαν στα σπίτια τους την αυγή.";
const RUSSIAN: &str = "За ночь вода в реке упала на полметра, и первые жители вернулись домой на рассвете, чтобы посчитать убытки.";
const CHINESE: &str =
    "河水在夜里下降了半米，第一批居民在黎明时分回到了家中，镇上的人们开始清点损失。";

#[test]
fn detects_page_chrome_after_the_text_in_every_language() {
    for (text, lines) in [
        (
            GREEK,
            [
                "Η γέφυρα ανοίγει ξανά",
                "[05/01/2012, 23:56]",
                "Σαράντα καρέκλες (12)",
                "[05/01/2012, 23:54]",
                "Ο μύλος",
            ],
        ),
        (
            RUSSIAN,
            [
                "09:04 Мост откроют в мае",
                "08:57 Паром вернулся",
                "Сорок стульев в саду (12)",
                "Мельник молчит...",
                "Погода",
            ],
        ),
        (
            CHINESE,
            [
                "・渡轮恢复正常班次 2012-01-17",
                "・镇议会将就堤坝表决 2012-01-16",
                "・果园里发现四十把椅子...",
                "・磨坊主人什么也没看见...",
                "天气",
            ],
        ),
    ] {
        let around = lines.join("\n");
        let found = flagged(&format!("{text}\n\n{around}\n")).join("\n");
        for line in &lines[1..4] {
            assert!(found.contains(line), "{line}: {found}");
        }
        assert!(!found.contains(text));
    }
}

/// Recipes, results, dialogues: short lines that belong to the text above them.
#[test]
fn keeps_lists_at_the_end_of_a_text() {
    let lists = [
        "Πάστα\nΝτομάτα\nΒασιλικός\nΛάδι\nΑλάτι\nΠιπέρι\nΣκόρδο\nΤυρί",
        "1. Okoye 4:12:33\n2. Lind 4:12:35\n3. Novak 4:14:01\n4. Ruiz 4:15:10\n5. Tan 4:15:11\n6. Berg 4:18:59",
        "1912: The mill\n1913: The bridge\n1920: The flood (1920)\n1934: The ferry\n1950: The school (1951)\n1962: The end",
        "Молоко – 1 стакан\nМука – 300 г\nДрожжи – 5 г\nСоль\nСахар\nМасло\nЯйцо",
        "面粉 300克\n牛奶 200毫升\n酵母 5克\n盐 少许\n糖 一勺\n油 适量\n鸡蛋 两个",
        "Jan: Wer ist da?\nEva: Ich...\nJan: Du bist spät...\nEva: Ich weiß...\nJan: Komm rein...\nEva: Danke...",
    ];
    for list in lists {
        for text in [GREEK, RUSSIAN, CHINESE] {
            assert_eq!(flagged(&format!("{text}\n\n{list}\n")), [""; 0]);
            assert_eq!(flagged(&format!("{text}\n\n{list}\n\n{text}\n")), [""; 0]);
        }
    }
}

#[test]
fn keeps_data_tables_and_code() {
    let table = "| Date | Home | Away |\n|---|---|---|\n| 2012-05-02 | River |  |\n| 2012-05-09 | Hill |  |\n| 2012-05-16 |  | Hill |\n| 2012-05-23 |  | River |\n";
    assert_eq!(flagged(&format!("{GREEK}\n\n{table}")), [""; 0]);
    let code = "```\n09:00 start...\n\n10:00 stop... (3)\n\n11:00 start...\n\n12:00 stop... (4)\n\n13:00 start...\n```\n";
    assert_eq!(flagged_by(&["BP045"], "page.md", &format!("{GREEK}\n\n{code}")), []);
}

/// A size table is the content of a product page, although a corner and the last column are empty.
#[test]
fn keeps_a_table_with_an_empty_corner() {
    let sizes = "Size guide\n\n|  | Cover | Sheet | Pillow |  |\n| Twin | 64x90 | 39x75 | 20x27 |  |\n| Full | 90x90 | 54x75 | 20x27 |  |\n| Queen | 90x90 | 60x80 | 20x27 |  |\n| King | 106x90 | 76x80 | 20x37 |  |\n\nColour: sand\nMade in Porto\n";
    assert_eq!(flagged(&format!("{sizes}\n{GREEK}\n")), [""; 0]);
}

/// Single bullets belong to the items below them, and truncated teasers to the overview.
#[test]
fn keeps_the_items_of_an_overview() {
    let plans = ["Novice", "Intermediate", "Advanced", "Senior", "Personal best", "Half", "Relay"];
    let item = |plan: &&str| {
        format!(
            "-\n{plan}\nThe {plan} plan is for runners who have done a race or two before, and who want to train on four days of the week without...\n"
        )
    };
    let items: String = plans.iter().map(item).collect();
    let text = format!(
        "Training plans\n\nThere is a plan here for everybody who wants to run a marathon, whatever they have done before.\n\n{items}"
    );
    assert_eq!(flagged(&text), [""; 0]);
}

/// Instructions alternate short lines and sentences.
#[test]
fn keeps_short_lines_between_running_text() {
    let step = |number: usize| {
        format!(
            "Windows {number}:\n- KB30751{number} of 18.08.2015: official description\nClick on the start menu, then open the control panel and wait until the list of programs has been loaded.\nDone (3)\n"
        )
    };
    let steps: String = (1..10).map(step).collect();
    let text = format!("{GREEK} {GREEK}\n\nAdvertisement\n{steps}");
    assert_eq!(flagged(&text), [""; 0]);
}

/// The title and byline stay, whatever comes before them.
#[test]
fn keeps_the_title() {
    let head = "Новости (12)\nСпорт (3)\n09:04 Паром вернулся\n09:01 Сорок стульев...\n08:57 Мельник молчит...\nПогода (1)\nФото (7)\n";
    let found =
        flagged(&format!("{head}Вода ушла\nЖители возвращаются домой\n{RUSSIAN}\n{RUSSIAN}\n"))
            .join("\n");
    assert!(found.contains("Паром вернулся"), "{found}");
    assert!(!found.contains("Вода ушла") && !found.contains("Жители"), "{found}");
}

/// Lines that a specific rule reports are not reported again, and its safe fix stays safe.
#[test]
fn specific_rules_take_precedence() {
    let text = format!(
        "{RUSSIAN}\n\nДобавить комментарий\n09:04 Мост откроют\n09:01 Паром вернулся\nСорок стульев...\nМельник молчит...\nПогода\n"
    );
    let findings = flagged_by(&["BP001", "BP045"], "page.txt", &text);
    assert!(
        findings.contains(&("BP001".to_owned(), "Добавить комментарий".to_owned())),
        "{findings:?}"
    );
    assert!(
        findings.iter().any(|(code, found)| code == "BP045" && !found.contains("Добавить")),
        "{findings:?}"
    );
}

#[test]
fn large_inputs_take_linear_time() {
    let line = "2012-01-17 12:30 (3) ".repeat(200_000);
    let lines = "12:30 Home\nNews (3)...\n".repeat(100_000);
    let rows = format!("{GREEK}\n\n{}", "| a |  | 12:30 |\n".repeat(100_000));
    let cells = format!("{}\n", "| ".repeat(500_000));
    let brackets = format!("{GREEK}\n{}", "((((((((((1)\n".repeat(50_000));
    for text in [
        line,
        lines,
        rows,
        cells,
        brackets,
        "\n".repeat(200_000),
        String::new(),
        "。".repeat(100_000),
    ] {
        flagged(&text);
    }
}
