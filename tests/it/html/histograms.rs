//! The report shows how the documents are distributed over each selected measure.

use std::fs;

use super::{corpus, parse, report, text, texts_of};

/// Returns a text with this number of words.
fn page(words: usize) -> String {
    let word = ["the", "lamp", "and", "its", "shade", "that", "have", "of"];
    (0..words).map(|index| format!("{} ", word[index % word.len()])).collect()
}

/// Returns the rows of the table with this name: the range, and the documents that pass and fail.
fn rows(parsed: &roxmltree::Document<'_>, name: &str) -> Vec<(String, u64, u64)> {
    let table = parsed.descendants().find(|node| node.attribute("aria-label") == Some(name));
    let body = table.unwrap().children().find(|node| node.has_tag_name("tbody")).unwrap();
    let row = |row: roxmltree::Node<'_, '_>| {
        let mut cells = row.children().filter_map(|cell| cell.text());
        let label = cells.next().unwrap().to_owned();
        let mut numbers = cells.map(|number| number.replace(',', "").parse().unwrap());
        (label, numbers.next().unwrap(), numbers.next().unwrap())
    };
    body.children().filter(|node| node.has_tag_name("tr")).map(row).collect()
}

#[test]
fn documents_are_counted_on_each_side_of_a_threshold() {
    let texts = [page(49), page(50), page(51), page(400), String::new(), "\n \n".into()];
    let records = texts.map(|text| format!("{}\n", serde_json::json!({ "text": text })));
    let folder = corpus(&[("pages.jsonl", records.concat().as_bytes())]);
    let arguments = [".", "--isolated", "--select", "gopher@dolma-v2"];
    let html = report(&folder.path().join("corpus"), &arguments);
    let parsed = parse(&html);
    let shown = text(&parsed);
    // Texts that are blank have no finding, and are not counted either.
    assert!(shown.contains("How the 4 documents with text are distributed"), "{shown}");
    assert!(
        shown.contains("1 (25.0\u{a0}%) below 50; 0 (0\u{a0}%) above 100,000; 3 pass"),
        "{shown}"
    );
    let with_documents: Vec<_> = rows(&parsed, "words")
        .into_iter()
        .filter(|(_, passed, failed)| passed + failed > 0)
        .collect();
    let expected = [("20 to 50", 0, 1), ("50 to 100", 2, 0), ("200 to 500", 1, 0)];
    assert_eq!(
        with_documents,
        expected.map(|(range, passed, failed)| (range.to_owned(), passed, failed))
    );
    // The threshold is drawn and named.
    let drawn = parsed.descendants().filter(|node| node.attribute("class") == Some("limit"));
    assert!(drawn.count() > 10);
    assert!(texts_of(&parsed, "text").contains(&"100,000".to_owned()));
}

#[test]
fn thresholds_come_from_the_configuration() {
    let folder = corpus(&[("a.txt", page(30).as_bytes()), ("b.txt", page(60).as_bytes())]);
    let configuration = "select = [\"QM003\"]\n[rule.QM003]\nmin-words = 20\nmax-words = 59\n";
    fs::write(folder.path().join("dechaff.toml"), configuration).unwrap();
    let arguments = [".", "--config", "../dechaff.toml"];
    let html = report(&folder.path().join("corpus"), &arguments);
    let shown = text(&parse(&html));
    assert!(shown.contains("0 (0\u{a0}%) below 20; 1 (50.0\u{a0}%) above 59; 1 pass"), "{shown}");
}

#[test]
fn a_report_without_measures_has_no_histograms() {
    let folder = corpus(&[("a.txt", page(30).as_bytes())]);
    let html = report(&folder.path().join("corpus"), &[".", "--isolated"]);
    assert!(!html.contains("Measures of quality"));
    // With a table of all measures, the report shows them too.
    let arguments = [".", "--isolated", "--measures", "../rows.jsonl"];
    let html = report(&folder.path().join("corpus"), &arguments);
    let parsed = parse(&html);
    let sets = texts_of(&parsed, "h3");
    assert!(sets.iter().any(|set| set.starts_with("QM001")), "{sets:?}");
    assert!(sets.iter().any(|set| set.starts_with("QM011")), "{sets:?}");
    assert!(html.len() < 600_000, "{}", html.len());
}

#[test]
fn documents_are_measured_after_fixing() {
    let text = format!("{}\n\nLeave a Comment\n", page(49));
    let folder = corpus(&[("a.txt", text.as_bytes())]);
    let select = ["--isolated", "--select", "BP001,QM003", "--measures", "../rows.jsonl"];
    let html = report(&folder.path().join("corpus"), &[&["."], &select[..]].concat());
    assert!(text_of_words(&html).starts_with("0 (0\u{a0}%) below 50"));
    let html = report(&folder.path().join("corpus"), &[&[".", "--fix"], &select[..]].concat());
    assert!(text_of_words(&html).starts_with("1 (100.0\u{a0}%) below 50"));
}

/// Returns the report's text about the number of words.
fn text_of_words(html: &str) -> String {
    let parsed = parse(html);
    let measure = parsed.descendants().find(|node| {
        node.has_tag_name("li") && node.descendants().any(|node| node.text() == Some("words"))
    });
    let sides =
        measure.unwrap().descendants().find(|node| node.attribute("class") == Some("sides"));
    sides
        .unwrap()
        .descendants()
        .filter(|node| node.is_text())
        .filter_map(|node| node.text())
        .collect()
}
