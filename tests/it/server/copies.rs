//! Duplicates within a document, between open documents, and in the files of the workspace.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::tempdir;

use super::client::{Client, codes, uri};

const PARAGRAPH: &str = "The mill on the river closed in the spring after eighty years, because the \
                         price of grain had fallen and the last miller found nobody to follow him, \
                         although three villages still brought their corn to it every week.";

fn with(before: &str, after: &str) -> String {
    format!("{before}\n\n{PARAGRAPH}\n\n{after}\n")
}

pub(super) fn first() -> String {
    with("The church was painted in June.", "It has a new door.")
}

pub(super) fn second() -> String {
    with("Nobody lives on the hill now.", "The road ends there.")
}

pub(super) fn related(diagnostic: &Value) -> (&str, u64) {
    let location = &diagnostic["relatedInformation"][0]["location"];
    let line = location["range"]["start"]["line"].as_u64().unwrap();
    (location["uri"].as_str().unwrap(), line)
}

#[test]
fn a_copy_in_the_same_document_is_shown_at_once() {
    let mut client = Client::start(Path::new("/nowhere"));
    let uri = "file:///nowhere/a.txt";
    client.open(uri, &format!("{}\n{}", first(), second()));
    let diagnostics = client.diagnostics(uri, 1);
    assert_eq!(codes(&diagnostics), ["ND001"]);
    assert_eq!(related(&diagnostics[0]), (uri, 2));
    assert_eq!(diagnostics[0]["tags"], json!([1]));
}

#[test]
fn a_copy_in_a_file_of_the_workspace_is_shown() {
    let folder = tempdir().unwrap();
    let (a, b) = (folder.path().join("a.txt"), folder.path().join("b.txt"));
    fs::write(&a, first()).unwrap();
    let mut client = Client::start(folder.path());
    let b = uri(&b);
    client.open(&b, &second());
    let diagnostics = client.diagnostics_where(&b, 1, |found| !found.is_empty());
    assert_eq!(codes(&diagnostics), ["ND001"]);
    assert_eq!(related(&diagnostics[0]), (uri(&a).as_str(), 2));
    // It moves with the text, and goes when it is changed.
    let changed = format!("One more line.\n\n{}", second());
    client.change(&b, 2, json!([{ "text": changed }]));
    let diagnostics = client.diagnostics(&b, 2);
    assert_eq!(codes(&diagnostics), ["ND001"]);
    assert_eq!(diagnostics[0]["range"]["start"]["line"], 4);
    let changed = changed.replace("eighty years", "a few years and some months");
    client.change(&b, 3, json!([{ "text": changed }]));
    assert!(client.diagnostics(&b, 3).is_empty());
    // The file changes, and a save compares again.
    client.change(&b, 4, json!([{ "text": second() }]));
    client.diagnostics(&b, 4);
    client.save(&b);
    client.diagnostics_where(&b, 4, |found| found.len() == 1);
    fs::remove_file(&a).unwrap();
    client.save(&b);
    client.diagnostics_where(&b, 4, <[Value]>::is_empty);
}

#[test]
fn the_first_copy_is_shown_without_a_fix() {
    let folder = tempdir().unwrap();
    let (a, b) = (folder.path().join("a.txt"), folder.path().join("b.txt"));
    fs::write(&b, second()).unwrap();
    let mut client = Client::start(folder.path());
    let a = uri(&a);
    client.open(&a, &first());
    let diagnostics = client.diagnostics_where(&a, 1, |found| !found.is_empty());
    assert_eq!(related(&diagnostics[0]), (uri(&b).as_str(), 2));
    assert_eq!(diagnostics[0]["tags"], Value::Null);
    let actions = client.actions(&a, 2, json!({}));
    let titles: Vec<_> = actions.iter().map(|action| action["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["Ignore ND001 here", "Ignore ND001 in this file"]);
}

#[test]
fn open_documents_are_compared_with_unsaved_changes() {
    let folder = tempdir().unwrap();
    let (a, b) = (folder.path().join("a.txt"), folder.path().join("b.txt"));
    fs::write(&a, "Nothing yet.\n").unwrap();
    fs::write(&b, "Nothing yet.\n").unwrap();
    let mut client = Client::start(folder.path());
    let (a, b) = (uri(&a), uri(&b));
    client.open(&a, &first());
    client.diagnostics(&a, 1);
    client.open(&b, &second());
    let diagnostics = client.diagnostics_where(&b, 1, |found| !found.is_empty());
    assert_eq!(related(&diagnostics[0]), (a.as_str(), 2));
    // The fix of a copy elsewhere is offered alone, and not among all safe fixes.
    let actions = client.actions(&b, 2, json!({ "only": ["quickfix"] }));
    assert_eq!(actions[0]["title"], "Remove the line (ND001, unsafe)");
    assert!(client.actions(&b, 2, json!({ "only": ["source.fixAll"] })).is_empty());
}

#[test]
fn excluded_files_and_shards_are_not_compared() {
    let folder = tempdir().unwrap();
    fs::create_dir(folder.path().join("drafts")).unwrap();
    fs::write(folder.path().join("dechaff.toml"), "exclude = [\"drafts\"]\n").unwrap();
    fs::write(folder.path().join("drafts/a.txt"), first()).unwrap();
    fs::write(folder.path().join("a.jsonl"), json!({ "text": first() }).to_string()).unwrap();
    let mut client = Client::start(folder.path());
    let uri = uri(&folder.path().join("b.txt"));
    client.open(&uri, &second());
    assert!(client.diagnostics(&uri, 1).is_empty());
    client.save(&uri);
    // A comparison ends before a later one starts.
    fs::write(folder.path().join("c.txt"), first()).unwrap();
    client.save(&uri);
    let diagnostics = client.diagnostics_where(&uri, 1, |found| !found.is_empty());
    assert!(related(&diagnostics[0]).0.ends_with("/c.txt"));
}
