//! Diagnostics of documents that are opened, changed and closed.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::tempdir;

use super::PROMPT;
use super::client::{Client, codes, uri};
use crate::command::{dechaff, stdout};

const A: &str = "file:///nowhere/a.txt";

#[test]
fn diagnostics_have_all_properties_of_findings() {
    let mut client = Client::start(Path::new("/nowhere"));
    client.open(A, PROMPT);
    let diagnostics = client.diagnostics(A, 1);
    assert_eq!(codes(&diagnostics), ["BP001"]);
    let diagnostic = &diagnostics[0];
    assert_eq!(
        diagnostic["range"],
        json!({ "start": { "line": 2, "character": 0 }, "end": { "line": 2, "character": 15 } })
    );
    assert_eq!(diagnostic["source"], "dechaff");
    assert_eq!(diagnostic["severity"], 2);
    assert_eq!(diagnostic["tags"], json!([1]));
    let message = diagnostic["message"].as_str().unwrap();
    assert!(message.starts_with("invitation to comment"), "{message}");
    let href = diagnostic["codeDescription"]["href"].as_str().unwrap();
    assert!(href.ends_with("/docs/rules.md#bp001-comment-prompt"), "{href}");
    let rules = std::fs::read_to_string("docs/rules.md").unwrap();
    assert!(rules.contains("\n## BP001 `comment-prompt`\n"), "the anchor of the link");
}

#[test]
fn features_unknown_to_the_client_are_not_used() {
    let (mut client, capabilities) = Client::start_with(Path::new("/nowhere"), &json!({}));
    assert_eq!(capabilities["positionEncoding"], "utf-16");
    client.open(A, PROMPT);
    let diagnostics = client.diagnostics(A, 1);
    for key in ["tags", "codeDescription", "relatedInformation"] {
        assert_eq!(diagnostics[0][key], Value::Null, "{key}");
    }
    let actions = client.actions(A, 2, json!({}));
    let fix_all = actions.iter().find(|action| action["kind"] == "source.fixAll.dechaff").unwrap();
    assert_eq!(fix_all["edit"]["changes"][A][0]["newText"], "");
    assert_eq!(fix_all["data"], json!({ "uri": A }));
}

#[test]
fn changes_are_applied_in_full_and_in_part() {
    let mut client = Client::start(Path::new("/nowhere"));
    client.open(A, PROMPT);
    assert_eq!(client.diagnostics(A, 1).len(), 1);
    let range = |start: (u64, u64), end: (u64, u64)| {
        json!({
            "start": { "line": start.0, "character": start.1 },
            "end": { "line": end.0, "character": end.1 },
        })
    };
    // Each change applies to the text that the one before leaves.
    client.change(
        A,
        2,
        json!([
            { "range": range((2, 0), (2, 15)), "text": "It burnt.\n\nIn June." },
            { "range": range((4, 0), (4, 8)), "text": "Share this" },
            { "range": range((4, 5), (4, 10)), "text": " this article" },
        ]),
    );
    let diagnostics = client.diagnostics(A, 2);
    assert_eq!(diagnostics.len(), 1, "{diagnostics:?}");
    assert_eq!(diagnostics[0]["range"]["start"], json!({ "line": 4, "character": 0 }));
    client.change(A, 3, json!([{ "text": "Nothing of the kind.\n" }]));
    assert!(client.diagnostics(A, 3).is_empty());
    client.change(A, 4, json!([{ "text": PROMPT }]));
    assert_eq!(client.diagnostics(A, 4).len(), 1);
    client.notify("textDocument/didClose", json!({ "textDocument": { "uri": A } }));
    let params = client.message("textDocument/publishDiagnostics");
    assert_eq!(params, json!({ "uri": A, "diagnostics": [] }));
}

#[test]
fn only_the_latest_version_has_to_be_published() {
    let mut client = Client::start(Path::new("/nowhere"));
    client.open(A, PROMPT);
    for version in 2..=50 {
        let text = format!("{PROMPT}{}", "Word. ".repeat(version as usize));
        client.change(A, version, json!([{ "text": text }]));
    }
    assert_eq!(codes(&client.diagnostics(A, 50)), ["BP001"]);
    // No version is shown after a later one.
    let shown: Vec<i64> = client
        .passed_over()
        .iter()
        .filter_map(|message| message["params"]["version"].as_i64())
        .collect();
    assert!(shown.is_sorted(), "{shown:?}");
}

#[test]
fn unsaved_documents_are_checked() {
    let mut client = Client::start(Path::new("/nowhere"));
    client.open_as("untitled:Untitled-1", "markdown", PROMPT);
    assert_eq!(codes(&client.diagnostics("untitled:Untitled-1", 1)), ["BP001"]);
}

#[test]
fn shards_are_not_checked_as_texts() {
    let mut client = Client::start(Path::new("/nowhere"));
    let record = json!({ "text": PROMPT }).to_string();
    for name in ["a.jsonl", "a.parquet", "a"] {
        let uri = format!("file:///nowhere/{name}");
        client.open(&uri, &record);
        assert!(client.actions(&uri, 0, json!({})).is_empty());
    }
    assert!(
        client.passed_over().iter().all(|message| message["params"]["diagnostics"].is_null()),
        "{:?}",
        client.passed_over()
    );
}

#[test]
fn findings_match_the_command() {
    let folder = tempdir().unwrap();
    let mut client = Client::start(folder.path());
    for seed in std::fs::read_dir("seeds").unwrap().map(|entry| entry.unwrap().path()) {
        if seed.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        let text = std::fs::read_to_string(&seed).unwrap();
        let arguments = ["check", "--isolated", "--output-format", "json", seed.to_str().unwrap()];
        let output = stdout(&dechaff(Path::new("."), &arguments));
        let report: Vec<Value> = serde_json::from_str(&output).unwrap();
        let expected: Vec<String> = report
            .iter()
            .map(|finding| format!("{} {}", finding["start"]["line"], finding["code"]))
            .collect();
        let uri = uri(&folder.path().join(seed.file_name().unwrap()));
        client.open(&uri, &text);
        let shown: Vec<String> = client
            .diagnostics(&uri, 1)
            .iter()
            .map(|one| {
                format!("{} {}", one["range"]["start"]["line"].as_u64().unwrap() + 1, one["code"])
            })
            .collect();
        assert_eq!(shown, expected, "{}", seed.display());
    }
}
