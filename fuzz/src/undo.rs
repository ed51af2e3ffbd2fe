//! Undoing changes from the lines of an undo log, complete or not.

use std::collections::BTreeSet;

use dechaff::corpus::{
    ChangeSet, LogEntry, LogLine, LogLocation, OriginalText, log_entries, logged_files, restore,
};

use super::input::{self, Control};
use super::shared;

const PLACE: LogLocation<'static> = LogLocation { base: "/corpus", path: "page.txt", record: None };

/// The first bytes determine the changes of up to three runs and the damage to the log; the rest is
/// the text.
pub fn run(input: &[u8]) {
    let (mut control, bytes) = Control::split(input, 48);
    let original = input::text(bytes);
    let mut texts = vec![original.into_owned()];
    let mut log: Vec<LogEntry> = Vec::new();
    for _ in 0..1 + control.byte() % 3 {
        let text = texts.last().map_or("", String::as_str);
        let changes = input::changes(text, &mut control);
        if changes.is_empty() {
            continue;
        }
        let after = input::changed(text, &changes);
        log.extend(log_entries(PLACE, OriginalText { text, raw: &[] }, &after, &changes));
        texts.push(after);
    }
    let original = texts[0].clone();
    let current = texts.last().map_or("", String::as_str);
    if log.is_empty() {
        return;
    }
    let restored = restore(current, &change_sets(&log), |_| true).expect("a whole log leads back");
    assert_eq!(restored.text, original);
    let again = restore(&original, &change_sets(&log), |_| true).expect("the original is known");
    assert_eq!(again.text, original, "undo can be repeated");

    let twice = [&log[..], &log].concat();
    assert_eq!(
        restore(current, &change_sets(&twice), |_| true).expect("a repeated log leads back").text,
        original
    );
    check_part(current, &original, &log);
    check_damage(current, &texts, &log, &mut control);
}

pub fn seeds() -> Vec<Vec<u8>> {
    let control: Vec<u8> = (0..48_u8).map(|number| number.wrapping_mul(37)).collect();
    shared::examples()
        .iter()
        .step_by(20)
        .map(|text| [&control[..], text.as_bytes()].concat())
        .collect()
}

fn change_sets(log: &[LogEntry]) -> Vec<ChangeSet> {
    let lines = log.iter().map(|entry| LogLine::Entry(Box::new(entry.clone()))).collect();
    let files = logged_files(lines).into_values();
    files.flat_map(|file| file.documents.into_values()).flatten().collect()
}

/// After the changes of one rule are undone and logged, all others can still be undone.
fn check_part(current: &str, original: &str, log: &[LogEntry]) {
    let is_chosen = |entry: &LogEntry| entry.rules.iter().any(|rule| rule == "AA001");
    let part = restore(current, &change_sets(log), is_chosen).expect("a whole log leads back");
    let more = [log, &part.rest].concat();
    let restored = restore(&part.text, &change_sets(&more), |_| true).expect("the rest leads back");
    assert_eq!(restored.text, original, "after a part was undone");
    if part.passages == 0 {
        assert_eq!(part.text, current);
    }
}

/// A log with missing or duplicate lines leads to an earlier text, or to an error.
fn check_damage(current: &str, texts: &[String], log: &[LogEntry], control: &mut Control<'_>) {
    let mut damaged = log.to_vec();
    while !control.is_empty() && !damaged.is_empty() {
        let (at, to) = (control.below(damaged.len()), control.below(damaged.len()));
        match control.byte() % 3 {
            0 => drop(damaged.remove(at)),
            1 => damaged.insert(to, damaged[at].clone()),
            _ => damaged.swap(at, to),
        }
    }
    let known: BTreeSet<&str> = texts.iter().map(String::as_str).collect();
    if let Ok(restored) = restore(current, &change_sets(&damaged), |_| true) {
        assert!(known.contains(restored.text.as_str()), "{:?} was never there", restored.text);
    }
}
