//! Settings come from the nearest configuration, and are reloaded when it changes.

use std::fs;

use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

use super::PROMPT;
use super::client::{Client, codes, full_capabilities, uri};
use crate::command::dechaff;

/// A workspace folder with files.
fn workspace(files: &[(&str, &str)]) -> TempDir {
    let folder = tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

#[test]
fn the_nearest_configuration_applies() {
    let folder = workspace(&[
        ("dechaff.toml", "[rule.BP001]\nseverity = \"error\"\n"),
        ("drafts/dechaff.toml", "ignore = [\"BP001\"]\n"),
        ("pages/.dechaff.toml", "[per-file-ignores]\n\"old.txt\" = [\"BP001\"]\n"),
    ]);
    let mut client = Client::start(folder.path());
    for (name, severities) in [
        ("a.txt", vec![json!(1)]),
        ("drafts/a.txt", vec![]),
        ("pages/a.txt", vec![json!(2)]),
        ("pages/old.txt", vec![]),
    ] {
        let uri = uri(&folder.path().join(name));
        client.open(&uri, PROMPT);
        let diagnostics = client.diagnostics(&uri, 1);
        let found: Vec<Value> = diagnostics.iter().map(|one| one["severity"].clone()).collect();
        assert_eq!(found, severities, "{name}");
    }
}

#[test]
fn a_change_of_the_configuration_is_noticed() {
    let folder = workspace(&[]);
    let uri = uri(&folder.path().join("a.txt"));
    let configuration = folder.path().join("dechaff.toml");
    // By the client.
    let mut client = Client::start(folder.path());
    let registration = client.message("client/registerCapability");
    assert_eq!(registration["registrations"][0]["method"], "workspace/didChangeWatchedFiles");
    client.open(&uri, PROMPT);
    assert_eq!(client.diagnostics(&uri, 1).len(), 1);
    fs::write(&configuration, "ignore = [\"BP001\"]\n").unwrap();
    client.notify("workspace/didChangeWatchedFiles", json!({ "changes": [] }));
    assert!(client.diagnostics_where(&uri, 1, <[Value]>::is_empty).is_empty());
    fs::remove_file(&configuration).unwrap();
    client.notify("workspace/didChangeWatchedFiles", json!({ "changes": [] }));
    client.diagnostics_where(&uri, 1, |found| found.len() == 1);
    // And by the server, when a document changes.
    let (mut client, _) = Client::start_with(folder.path(), &json!({}));
    client.open(&uri, PROMPT);
    assert_eq!(client.diagnostics(&uri, 1).len(), 1);
    fs::write(&configuration, "ignore = [\"BP001\"]\n").unwrap();
    client.change(&uri, 2, json!([{ "text": PROMPT }]));
    assert!(client.diagnostics(&uri, 2).is_empty());
    assert!(
        client.passed_over().iter().all(|message| message["method"] != "client/registerCapability")
    );
}

#[test]
fn changes_of_custom_rules_and_lists_are_noticed() {
    let folder = workspace(&[
        ("dechaff.toml", "rules = [\"rules\"]\nignore-list = \"list.txt\"\n"),
        ("rules/share.toml", "code = 1\n"),
        ("a.txt", PROMPT),
    ]);
    let uri = uri(&folder.path().join("a.txt"));
    let mut client = Client::start(folder.path());
    client.open(&uri, PROMPT);
    let message = client.message("window/showMessage");
    assert_eq!(message["type"], 1);
    fs::remove_dir_all(folder.path().join("rules")).unwrap();
    fs::write(folder.path().join("dechaff.toml"), "ignore-list = \"list.txt\"\n").unwrap();
    client.save(&uri);
    assert_eq!(codes(&client.diagnostics(&uri, 1)), ["BP001"]);
    let arguments = ["check", "--add-ignore", "a.txt"];
    dechaff(folder.path(), &arguments);
    client.save(&uri);
    client.diagnostics_where(&uri, 1, <[Value]>::is_empty);
}

#[test]
fn findings_of_the_baseline_are_not_shown() {
    let folder = workspace(&[("dechaff.toml", "baseline = \"known.json\"\n"), ("a.txt", PROMPT)]);
    dechaff(folder.path(), &["check", "--write-baseline", "known.json", "a.txt"]);
    let mut client = Client::start(folder.path());
    let (a, b) = (uri(&folder.path().join("a.txt")), uri(&folder.path().join("b.txt")));
    client.open(&a, PROMPT);
    assert!(client.diagnostics(&a, 1).is_empty());
    client.open(&b, PROMPT);
    assert_eq!(codes(&client.diagnostics(&b, 1)), ["BP001"]);
}

#[test]
fn an_invalid_configuration_shows_one_message() {
    let folder = workspace(&[("dechaff.toml", "slect = [\"BP\"]\n")]);
    let mut client = Client::start(folder.path());
    let uris: Vec<String> =
        (0..5).map(|number| uri(&folder.path().join(format!("{number}.txt")))).collect();
    for uri in &uris {
        client.open(uri, PROMPT);
    }
    let message = client.message("window/showMessage");
    let text = message["message"].as_str().unwrap();
    assert!(text.contains("dechaff.toml:1:1: unknown key `slect`"), "{text}");
    assert!(text.contains("did you mean `select`?"), "{text}");
    for uri in &uris {
        assert!(client.actions(uri, 2, json!({})).is_empty());
    }
    let is_shown = |message: &&Value| message["method"] == "window/showMessage";
    assert_eq!(client.passed_over().iter().filter(is_shown).count(), 0);
    // Once it is repaired, all documents are checked.
    fs::write(folder.path().join("dechaff.toml"), "select = [\"BP\"]\n").unwrap();
    client.save(&uris[0]);
    for uri in &uris {
        assert_eq!(client.diagnostics(uri, 1).len(), 1);
    }
}

#[test]
fn excluded_files_have_no_findings() {
    let folder = workspace(&[("dechaff.toml", "exclude = [\"drafts\"]\n")]);
    let mut client = Client::start(folder.path());
    let draft = uri(&folder.path().join("drafts/a.txt"));
    client.open(&draft, PROMPT);
    assert!(client.actions(&draft, 2, json!({})).is_empty());
    let article = uri(&folder.path().join("a.txt"));
    client.open(&article, PROMPT);
    assert_eq!(client.diagnostics(&article, 1).len(), 1);
    assert!(client.passed_over().iter().all(|message| message["params"]["uri"] != draft.as_str()));
    // A document that becomes excluded loses its findings.
    fs::write(folder.path().join("dechaff.toml"), "exclude = [\"*.txt\"]\n").unwrap();
    client.notify("workspace/didChangeConfiguration", json!({ "settings": null }));
    let params = client.message("textDocument/publishDiagnostics");
    assert_eq!(params, json!({ "uri": article, "diagnostics": [] }));
}

#[test]
fn each_workspace_folder_has_its_own_settings() {
    let first = workspace(&[("dechaff.toml", "ignore = [\"BP001\"]\n")]);
    let second = workspace(&[]);
    let (mut client, capabilities) = Client::start_with(first.path(), &full_capabilities());
    assert_eq!(capabilities["workspace"]["workspaceFolders"]["supported"], true);
    let added = json!([{ "uri": uri(second.path()), "name": "second" }]);
    let event = json!({ "added": added, "removed": [] });
    client.notify("workspace/didChangeWorkspaceFolders", json!({ "event": event }));
    for (folder, count) in [(&first, 0), (&second, 1)] {
        let uri = uri(&folder.path().join("a.txt"));
        client.open(&uri, PROMPT);
        assert_eq!(client.diagnostics(&uri, 1).len(), count);
    }
    // A configuration in the workspace may only read what `check` lets it read there.
    let nested = first.path().join("corpus");
    fs::create_dir(&nested).unwrap();
    fs::write(nested.join("dechaff.toml"), "extend = \"/etc/hostname\"\n").unwrap();
    client.open(&uri(&nested.join("a.txt")), PROMPT);
    let message = client.message("window/showMessage");
    let text = message["message"].as_str().unwrap();
    assert!(text.contains("is outside the directory of this configuration"), "{text}");
}
