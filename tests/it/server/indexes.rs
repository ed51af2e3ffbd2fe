//! Duplicates of documents in the indexes that the configuration names.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

use super::client::{Client, codes, uri};
use super::copies::{first, related, second};
use crate::command::{dechaff, stderr};

/// Creates a workspace in `new`, whose configuration names an index of `old` beside it.
fn workspace() -> TempDir {
    let folder = tempdir().unwrap();
    fs::create_dir_all(folder.path().join("old")).unwrap();
    fs::create_dir_all(folder.path().join("new")).unwrap();
    let configuration = "against = [\"../old.dxi\"]\n";
    fs::write(folder.path().join("new/dechaff.toml"), configuration).unwrap();
    fs::write(folder.path().join("old/0.txt"), "Nothing that anybody copies.\n").unwrap();
    index(folder.path(), &["add", "old.dxi", "old"]);
    folder
}

#[track_caller]
fn index(folder: &Path, arguments: &[&str]) {
    let isolated = if arguments[0] == "add" { &["--isolated"][..] } else { &[] };
    let output = dechaff(folder, &[&["index"], arguments, isolated].concat());
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn saving_compares_with_the_current_index() {
    let folder = workspace();
    let (old, new) = (folder.path().join("old/a.txt"), folder.path().join("new/b.txt"));
    fs::write(&new, second()).unwrap();
    // The document is in the index too, and is not a copy of itself.
    index(folder.path(), &["add", "old.dxi", "new/b.txt"]);
    let mut client = Client::start(&folder.path().join("new"));
    let new = uri(&new);
    client.open(&new, &second());
    assert!(client.diagnostics(&new, 1).is_empty());
    fs::write(&old, first()).unwrap();
    index(folder.path(), &["add", "old.dxi", "old"]);
    client.save(&new);
    let diagnostics = client.diagnostics_where(&new, 1, |found| !found.is_empty());
    assert_eq!(codes(&diagnostics), ["ND001"]);
    assert_eq!(related(&diagnostics[0]), (uri(&old).as_str(), 2));
    // The old document comes first, so the copy may be removed, but not without being asked for.
    let actions = client.actions(&new, 2, json!({ "only": ["quickfix"] }));
    assert_eq!(actions[0]["title"], "Remove the line (ND001, unsafe)");
    assert!(client.actions(&new, 2, json!({ "only": ["source.fixAll"] })).is_empty());
    index(folder.path(), &["remove", "old.dxi", "old/a.txt"]);
    client.save(&new);
    client.diagnostics_where(&new, 1, <[Value]>::is_empty);
}

#[test]
fn keystrokes_do_not_read_the_index() {
    let folder = workspace();
    let old = folder.path().join("old/a.txt");
    fs::write(&old, first()).unwrap();
    index(folder.path(), &["add", "old.dxi", "old"]);
    let mut client = Client::start(&folder.path().join("new"));
    let new = uri(&folder.path().join("new/b.txt"));
    client.open(&new, &second());
    client.diagnostics_where(&new, 1, |found| !found.is_empty());
    // Neither the index nor the old text is there any more.
    fs::remove_dir_all(folder.path().join("old.dxi")).unwrap();
    fs::remove_file(&old).unwrap();
    client.change(&new, 2, json!([{ "text": format!("One more line.\n\n{}", second()) }]));
    let diagnostics = client.diagnostics(&new, 2);
    assert_eq!(codes(&diagnostics), ["ND001"]);
    assert_eq!(diagnostics[0]["range"]["start"]["line"], 4);
    assert_eq!(related(&diagnostics[0]), (uri(&old).as_str(), 2));
    client.save(&new);
    let message = client.message("window/showMessage");
    let text = message["message"].as_str().unwrap();
    assert!(text.contains("old.dxi: no index here"), "{text}");
    client.diagnostics_where(&new, 2, <[Value]>::is_empty);
}

#[test]
fn records_and_changed_texts_are_named_in_the_message() {
    let folder = workspace();
    let (text, shard) = (folder.path().join("old/a.txt"), folder.path().join("old/b.jsonl"));
    let record = json!({ "id": "mill", "text": first() });
    fs::write(&shard, format!("{}\n{record}\n", json!({ "text": "Nothing." }))).unwrap();
    index(folder.path(), &["add", "old.dxi", "old/b.jsonl"]);
    let mut client = Client::start(&folder.path().join("new"));
    let new = uri(&folder.path().join("new/b.txt"));
    client.open(&new, &second());
    let diagnostics = client.diagnostics_where(&new, 1, |found| !found.is_empty());
    assert_eq!(related(&diagnostics[0]), (uri(&shard).as_str(), 1));
    let message = &diagnostics[0]["relatedInformation"][0]["message"];
    assert_eq!(message, "first seen here, in record 2 (id \"mill\")");
    index(folder.path(), &["remove", "old.dxi", "old/b.jsonl"]);
    fs::write(&text, first()).unwrap();
    index(folder.path(), &["add", "old.dxi", "old/a.txt"]);
    fs::write(&text, "It says something else now.\n").unwrap();
    client.save(&new);
    let note = format!("first seen here: {}, line 3; that text has changed", text.display());
    let names_text =
        |found: &[Value]| found.iter().any(|one| one["message"].as_str().unwrap().contains(&note));
    client.diagnostics_where(&new, 1, names_text);
}

#[test]
fn an_index_with_other_settings_shows_one_message() {
    let folder = workspace();
    let configuration =
        "against = [\"../old.dxi\"]\n[rule.ND001]\nmin-words = { paragraph = 30 }\n";
    fs::write(folder.path().join("new/dechaff.toml"), configuration).unwrap();
    let mut client = Client::start(&folder.path().join("new"));
    let new = uri(&folder.path().join("new/b.txt"));
    client.open(&new, &format!("{}\n{}", first(), second()));
    let message = client.message("window/showMessage");
    let text = message["message"].as_str().unwrap();
    assert!(text.contains("old.dxi: cannot compare with the index"), "{text}");
    // Other duplicates are still found.
    assert_eq!(codes(&client.diagnostics(&new, 1)), ["ND001"]);
}
