//! `dechaff index` and `dechaff check --against`: reports, changes and errors.

use std::fs;
use std::path::Path;

use dechaff::corpus::index::IndexWriter;
use serde_json::Value;
use tempfile::TempDir;

use crate::command::{dechaff, fail, stderr, stdout, succeed};
use crate::index::{linter, settings};

pub(crate) const PARAGRAPH: &str = "The harbour was quiet when the first boats came in before dawn, and the \
                         men on the pier said little while they mended the nets by lamplight.";

/// Creates a folder with an old document in each format, and a new one that has a paragraph of
/// each.
fn corpus() -> TempDir {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir_all(path("old")).unwrap();
    fs::create_dir_all(path("new")).unwrap();
    let text = |number: usize| format!("Report {number} of the watch.\n\n{number} {PARAGRAPH}\n");
    let records = |numbers: std::ops::Range<usize>| -> String {
        numbers
            .map(|number| format!("{}\n", serde_json::json!({"id": number, "text": text(number)})))
            .collect()
    };
    fs::write(path("old/a.txt"), text(1)).unwrap();
    fs::write(path("old/b.jsonl"), records(2..4)).unwrap();
    fs::write(path("old/c.jsonl.zst"), zstd::encode_all(records(4..6).as_bytes(), 1).unwrap())
        .unwrap();
    let new: Vec<String> = (1..6).map(|number| format!("{number} {PARAGRAPH}")).collect();
    fs::write(path("new/n.txt"), new.join("\n\n")).unwrap();
    folder
}

const CHECK: [&str; 8] = [
    "check",
    "new",
    "--isolated",
    "--select",
    "ND001",
    "--against",
    "old.dxi",
    "--output-format=json",
];

/// Returns the places of the originals of the findings of a check.
fn originals(folder: &Path) -> Vec<String> {
    let output = dechaff(folder, &CHECK);
    let findings: Vec<Value> = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", stderr(&output)));
    let label = |finding: &Value| {
        let label = &finding["labels"][0];
        let record = &label["record"]["index"];
        format!("{}:{}:{}", label["path"].as_str().unwrap_or("?"), record, label["start"]["line"])
    };
    findings.iter().map(label).collect()
}

const ADD: [&str; 7] = ["index", "add", "old.dxi", "old", "--isolated", "--select", "ND001"];

#[test]
fn findings_name_the_old_places() {
    let folder = corpus();
    let folder = folder.path();
    assert_eq!(succeed(folder, &ADD), "added 5 documents\n");
    let expected = [
        "old/a.txt:null:3",
        "old/b.jsonl:1:3",
        "old/b.jsonl:2:3",
        "old/c.jsonl.zst:1:3",
        "old/c.jsonl.zst:2:3",
    ];
    assert_eq!(originals(folder), expected);
    // The working directory does not matter.
    let new = folder.join("new");
    let output =
        dechaff(&new, &["check", ".", "--isolated", "--select=ND001", "--against=../old.dxi"]);
    assert_eq!(output.status.code(), Some(1));
    let shown = stdout(&output);
    assert!(shown.contains(&format!("::: {}/old/a.txt:3:1", folder.display())), "{shown}");
    assert!(shown.contains("old/c.jsonl.zst: record 2"), "{shown}");
}

#[test]
fn documents_are_added_once() {
    let folder = corpus();
    let folder = folder.path();
    succeed(folder, &ADD);
    let before = fs::read(folder.join("old.dxi/manifest.json")).unwrap();
    assert_eq!(succeed(folder, &ADD), "added 0 documents; 5 were already in the index\n");
    assert_eq!(fs::read(folder.join("old.dxi/manifest.json")).unwrap(), before);
    fs::write(folder.join("old/a.txt"), "Another text.\n").unwrap();
    fs::write(folder.join("old/new.txt"), "One more.\n").unwrap();
    let json = succeed(folder, &[&ADD[..], &["--output-format=json"]].concat());
    let counts: Value = serde_json::from_str(&json).unwrap();
    let expected = serde_json::json!({"added": 1, "replaced": 1, "known": 4, "unreadable": 0});
    assert_eq!(counts, expected);
    assert_eq!(originals(folder).len(), 4, "the old text of a.txt is gone");
    let stat = succeed(folder, &["index", "stat", "old.dxi", "--output-format=json"]);
    let stat: Value = serde_json::from_str(&stat).unwrap();
    assert_eq!((&stat["documents"], &stat["removed"]), (&6.into(), &1.into()));
    assert_eq!((&stat["segments"], &stat["rules"][0]["code"]), (&2.into(), &"ND001".into()));
    succeed(folder, &["index", "compact", "old.dxi"]);
    assert_eq!(
        succeed(folder, &["index", "verify", "old.dxi"]),
        "undamaged: 6 documents in 1 segment\n"
    );
    assert_eq!(originals(folder).len(), 4);
}

#[test]
fn a_document_is_not_compared_with_its_own_entry() {
    let folder = corpus();
    let folder = folder.path();
    succeed(folder, &ADD);
    let check = ["check", "./old", "--isolated", "--select=ND001", "--against=old.dxi"];
    let output = dechaff(folder, &check);
    assert!(output.status.success(), "{}", stdout(&output));
    assert!(
        stderr(&output).contains("the index has 5 documents of this run too"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn removed_documents_are_not_compared() {
    let folder = corpus();
    let folder = folder.path();
    succeed(folder, &ADD);
    assert_eq!(
        succeed(folder, &["index", "remove", "old.dxi", "old/*.txt"]),
        "removed 1 document\n"
    );
    assert_eq!(
        succeed(folder, &["index", "remove", "old.dxi", "--id", "3"]),
        "removed 1 document\n"
    );
    assert_eq!(originals(folder).len(), 3);
    let error = fail(folder, &["index", "remove", "old.dxi", "old/*.txt"]);
    assert!(error.contains("no document matches old/*.txt; the index is unchanged"), "{error}");
    succeed(folder, &["index", "remove", "old.dxi", "old"]);
    assert_eq!(originals(folder).len(), 0);
    succeed(folder, &["index", "compact", "old.dxi"]);
    assert_eq!(
        succeed(folder, &["index", "verify", "old.dxi"]),
        "undamaged: 0 documents in 0 segments\n"
    );
    assert_eq!(originals(folder).len(), 0);
    assert_eq!(succeed(folder, &ADD), "added 5 documents\n");
    assert_eq!(originals(folder).len(), 5);
}

/// Copies are reported without their old texts. Matches that need the texts are counted.
#[test]
fn missing_old_texts_are_reported() {
    let folder = corpus();
    let folder = folder.path();
    succeed(folder, &["index", "add", "old.dxi", "old", "--isolated"]);
    fs::write(folder.join("old/a.txt"), "Another text.\n").unwrap();
    fs::remove_file(folder.join("old/b.jsonl")).unwrap();
    fs::remove_file(folder.join("old/c.jsonl.zst")).unwrap();
    let changed = PARAGRAPH.replace("lamplight", "candlelight");
    fs::write(folder.join("new/n.txt"), format!("1 {PARAGRAPH}\n\n2 {changed}\n")).unwrap();
    let output = dechaff(folder, &["check", "new", "--isolated", "--against", "old.dxi"]);
    let shown = stdout(&output);
    let lost = "that text has changed since it was indexed, or cannot be read";
    assert!(
        shown.contains(&format!("note: first seen here: old/a.txt, line 3; {lost}")),
        "{shown}"
    );
    assert!(shown.contains("near-duplicate paragraph"), "{shown}");
    assert_eq!(shown.matches(lost).count(), 2, "{shown}");
    let error = stderr(&output);
    assert!(error.contains("(the first is old/"), "{error}");
    assert!(error.contains("(ND004)") && error.contains("(ND005)"), "{error}");
}

#[test]
fn an_index_with_other_settings_is_refused() {
    let folder = corpus();
    let folder = folder.path();
    succeed(folder, &ADD);
    let check = |arguments: &[&str]| {
        fail(folder, &[&["check", "new", "--isolated", "--against=old.dxi"], arguments].concat())
    };
    let error = check(&[]);
    assert!(
        error.contains("made without the rule ND002") && error.contains("--ignore ND002"),
        "{error}"
    );
    let error = check(&["--select", "BP"]);
    assert!(error.contains("none of the selected rules compares documents"), "{error}");
    let add = ["index", "add", "old.dxi", "new", "--isolated", "--select", "ND002"];
    assert!(fail(folder, &add).contains("made without the rule ND002"));
    succeed(folder, &["index", "add", "all.dxi", "old", "--isolated"]);
    let add = ["index", "add", "all.dxi", "new", "--isolated", "--select", "ND001"];
    assert!(fail(folder, &add).contains("made with the rule ND002, which is not selected"));
    // Fewer rules than those of the index are no problem.
    let output =
        dechaff(folder, &["check", "new", "--isolated", "--select=ND001", "--against=all.dxi"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));

    let manifest = folder.join("old.dxi/manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    for (from, to, message) in [
        (
            "\"format\": 1",
            "\"format\": 2",
            "the index has format 2, and this dechaff reads format 1",
        ),
        ("\"sketch\": 2", "\"sketch\": 3", "the checksum is wrong"),
    ] {
        assert!(text.contains(from));
        fs::write(&manifest, text.replace(from, to)).unwrap();
        let error = fail(folder, &["index", "stat", "old.dxi"]);
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn damage_is_detected() {
    let folder = corpus();
    let folder = folder.path();
    succeed(folder, &ADD);
    let index = folder.join("old.dxi");
    for entry in fs::read_dir(&index).unwrap() {
        let path = entry.unwrap().path();
        let whole = fs::read(&path).unwrap();
        for at in [whole.len() / 3, whole.len() / 2, whole.len().saturating_sub(9)] {
            if whole.is_empty() {
                continue;
            }
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            fs::write(&path, &damaged).unwrap();
            let error = fail(folder, &["index", "verify", "old.dxi"]);
            assert!(error.contains("old.dxi"), "{}: {error}", path.display());
            fs::write(&path, &whole[..at]).unwrap();
            fail(folder, &["index", "verify", "old.dxi"]);
        }
        fs::write(&path, &whole).unwrap();
    }
    succeed(folder, &["index", "verify", "old.dxi"]);
}

#[test]
fn other_directories_are_not_overwritten() {
    let folder = corpus();
    let folder = folder.path();
    let error = fail(folder, &["index", "add", "old", "new", "--isolated"]);
    assert!(error.contains("the directory has other files but is not an index"), "{error}");
    let error = fail(folder, &["check", "new", "--isolated", "--against", "none.dxi"]);
    assert!(error.contains("no index here; create one with `dechaff index add`"), "{error}");
    assert!(!folder.join("none.dxi").exists());
    fs::create_dir(folder.join("empty")).unwrap();
    let error = fail(folder, &["index", "add", "none.dxi", "empty", "--isolated"]);
    assert!(error.contains("no document was found in empty"), "{error}");
}

#[test]
fn fixes_leave_old_documents_alone() {
    let folder = corpus();
    let folder = folder.path();
    succeed(folder, &ADD);
    let old = fs::read(folder.join("old/a.txt")).unwrap();
    let fix = [&CHECK[..7], &["--fix", "--unsafe-fixes", "--max-removed=1", "-q"]].concat();
    let output = dechaff(folder, &fix);
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
    assert_eq!(fs::read_to_string(folder.join("new/n.txt")).unwrap().trim(), "");
    assert_eq!(fs::read(folder.join("old/a.txt")).unwrap(), old);
}

#[test]
fn one_process_writes_at_a_time() {
    let folder = corpus();
    let folder = folder.path();
    succeed(folder, &ADD);
    let linter = linter(&["ND001"]);
    let writer = IndexWriter::open(&folder.join("old.dxi"), settings(&linter), 0).unwrap();
    let error = fail(folder, &ADD);
    assert!(error.contains("another process is writing the index"), "{error}");
    assert_eq!(originals(folder).len(), 5, "reading needs no lock");
    drop(writer);
    succeed(folder, &ADD);
}

#[test]
fn a_configuration_can_name_indexes() {
    let folder = corpus();
    let folder = folder.path();
    succeed(folder, &ADD);
    let found = |arguments: &[&str]| {
        let output =
            dechaff(folder, &[&["check", "new", "--output-format=json"], arguments].concat());
        assert!(output.status.code().is_some_and(|code| code < 2), "{}", stderr(&output));
        serde_json::from_str::<Vec<Value>>(&stdout(&output)).unwrap().len()
    };
    assert_eq!(found(&["--isolated", "--select", "ND001"]), 0);
    let configuration = "select = [\"ND001\"]\nagainst = [\"old.dxi\"]\n";
    fs::write(folder.join("dechaff.toml"), configuration).unwrap();
    assert_eq!(found(&[]), 5);
    // Once is enough.
    assert_eq!(found(&["--against", "./old.dxi"]), 5);
    // A configuration in a corpus cannot set an index.
    fs::remove_file(folder.join("dechaff.toml")).unwrap();
    fs::write(folder.join("new/dechaff.toml"), configuration).unwrap();
    let error = fail(folder, &["check", "new"]);
    assert!(error.contains("`against` cannot be set here"), "{error}");
}
