//! Records of invented people in many languages and layouts: each is deleted, and the text around
//! it is kept.

use std::sync::Arc;

use dechaff::linter::Linter;
use dechaff::rule::Registry;
use dechaff::text::{Document, Origin};
use serde::Deserialize;

#[derive(Deserialize)]
struct Record {
    locale: String,
    layout: String,
    record: String,
}

const ABOVE: &str =
    "The river fell by half a metre in the night, and the first people went home at dawn.\n\n";
const BELOW: &str = "\n\nIn the town they were still counting what the water had left: a boat, a door, forty chairs.\n";

#[test]
fn deletes_generated_people_and_keeps_the_text_around() {
    let registry = Registry::embedded().unwrap();
    let linter = Linter::from_rules([registry.find("invented-person").unwrap()]).unwrap();
    for line in include_str!("../fixtures/person-records.jsonl").lines() {
        let Record { locale, layout, record } = serde_json::from_str(line).unwrap();
        let text = format!("{ABOVE}{record}{BELOW}");
        let mut left = text.clone().into_bytes();
        for finding in linter.check(&Document::parse(Arc::new(Origin::file("page.txt")), &text)) {
            for edit in finding.fix.iter().flat_map(|fix| &fix.edits) {
                left[edit.span.range()].fill(b' ');
            }
        }
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let left = String::from_utf8(left).unwrap();
        assert_eq!(words(&left), words(&format!("{ABOVE}{BELOW}")), "{locale}, {layout}: {record}");
    }
}
