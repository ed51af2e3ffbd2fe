//! The file of an undo log, damaged anywhere.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use dechaff::corpus::{
    FileState, LogEntry, LogError, LogLine, LogLocation, OriginalText, UndoLog, log_entries,
    logged_files, restore,
};
use dechaff::fix::Change;
use dechaff::text::{Record, Span};
use tempfile::TempDir;

use super::input::Control;

thread_local! {
    static FOLDER: TempDir = tempfile::tempdir().expect("a temporary folder can be made");
}

const TEXT: &str = "First paragraph, with ü.\n\nShare this:\n\nLast \"one\".\n";

/// The lines of a log, in order.
static LINES: LazyLock<Vec<LogLine>> = LazyLock::new(|| {
    let change = |start, end, content: &str| Change {
        span: Span::new(start, end),
        content: content.to_owned(),
        rules: vec!["BP001".into()],
    };
    let changes = [change(0, 5, "Second"), change(27, 39, ""), change(41, 41, "\n😀")];
    let record = Record { index: 7, id: Some("ä\"".into()) };
    let mut all: Vec<LogEntry> = Vec::new();
    for (path, record, changes) in
        [("a.txt", None, &changes[..]), ("b.jsonl", Some(&record), &changes[1..2])]
    {
        let after = super::input::changed(TEXT, changes);
        let place = LogLocation { base: "/corpus", path, record };
        all.extend(log_entries(place, OriginalText { text: TEXT, raw: &[] }, &after, changes));
    }
    all.push(LogEntry {
        records_before: Some(3),
        ..LogEntry::dropped(LogLocation { base: "/corpus", path: "b.jsonl", record: None }, " ")
    });
    let state = FileState {
        path: "b.jsonl".into(),
        base: "/corpus".into(),
        file: "sha256:0".into(),
        left_out: Some(1),
        version: "0.1.0".into(),
    };
    all.into_iter()
        .map(|entry| LogLine::Entry(Box::new(entry)))
        .chain([LogLine::File(state)])
        .collect()
});

/// The bytes of a log that holds [`LINES`].
static LOG: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("log");
    let mut log = UndoLog::open(&path).expect("a log can be begun");
    for line in LINES.iter() {
        append(&mut log, line);
    }
    fs::read(&path).expect("the log can be read")
});

/// The input determines the damage: a kind of damage, a position and a byte, repeatedly.
pub fn run(input: &[u8]) {
    const MAX_DAMAGES: usize = 8;
    let (mut control, _) = Control::split(input, 5 * MAX_DAMAGES);
    let mut bytes = LOG.clone();
    while !control.is_empty() && !bytes.is_empty() {
        let (kind, at) = (control.byte(), control.below(bytes.len()));
        match (kind % 6, control.byte()) {
            (0, byte) => bytes[at] = byte,
            (1, byte) => bytes.insert(at, byte),
            (2, length) => drop(bytes.drain(at..bytes.len().min(at + usize::from(length)))),
            (3, _) => bytes.truncate(at),
            (4, length) => {
                bytes.extend_from_within(at..(at + 8 * usize::from(length)).min(bytes.len()))
            }
            (_, count) => drop(bytes.splice(at..at, vec![b'\n'; usize::from(count)])),
        }
    }
    FOLDER.with(|folder| check(&folder.path().join("log"), &bytes));
}

pub fn seeds() -> Vec<Vec<u8>> {
    let kinds = 0..6_u8;
    kinds
        .flat_map(|kind| [[kind, 1, 0, 9, kind], [kind, 0, 3, 200, 5]])
        .map(|damage| damage.to_vec())
        .collect()
}

fn append(log: &mut UndoLog, line: &LogLine) {
    match line {
        LogLine::Entry(entry) => log.append(std::slice::from_ref(entry)),
        LogLine::File(state) => log.append_state(state),
    }
    .expect("a line can be appended");
}

/// Lines without an entry that a log may begin with.
const MAX_FOREIGN_LINES: usize = 1_000;

fn check(path: &Path, damaged: &[u8]) {
    fs::write(path, damaged).expect("a file can be written");
    let whole = whole_lines(damaged);
    let mut log = match UndoLog::open(path) {
        Ok(log) => log,
        Err(error) => {
            assert!(matches!(error, LogError::NotALog(_)), "{error}");
            assert_eq!(
                fs::read(path).expect("it can be read"),
                damaged,
                "a file that is no log stays as it is"
            );
            return;
        }
    };
    let new = LINES.first().expect("there are lines");
    append(&mut log, new);
    let now = fs::read(path).expect("the log can be read");
    assert!(now.starts_with(damaged), "a log is only appended to");
    let contents = match log.read() {
        Ok(contents) => contents,
        Err(error) => {
            // A file without an entry in its first lines is rejected.
            let first: Vec<&[u8]> =
                damaged.split_inclusive(|byte| *byte == b'\n').take(MAX_FOREIGN_LINES).collect();
            assert!(
                whole_lines(&first.concat()).is_empty() && matches!(error, LogError::NotALog(_)),
                "{error}"
            );
            return;
        }
    };
    let (last, read) = contents.lines.split_last().expect("the new line is read");
    assert_eq!(last, new);
    assert_eq!(read, whole, "whole lines are read, and no others");
    for file in logged_files(contents.lines).into_values() {
        for change_sets in file.documents.values() {
            for text in [TEXT, &super::input::changed(TEXT, &[])] {
                let _ = restore(text, change_sets, |_| true);
            }
        }
    }
}

/// Returns the intact lines, in order.
fn whole_lines(damaged: &[u8]) -> Vec<LogLine> {
    let lines: Vec<&[u8]> = LOG.split(|byte| *byte == b'\n').skip(1).collect();
    let place = |line: &[u8]| lines.iter().take(LINES.len()).position(|other| *other == line);
    damaged
        .split(|byte| *byte == b'\n')
        .filter_map(place)
        .filter_map(|at| LINES.get(at).cloned())
        .collect()
}
