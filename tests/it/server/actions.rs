//! Code actions and hover.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::tempdir;

use super::PROMPT;
use super::client::{Client, apply, codes, uri};
use crate::command::dechaff;

const A: &str = "file:///nowhere/a.txt";

fn titles(actions: &[Value]) -> Vec<&str> {
    actions.iter().map(|action| action["title"].as_str().unwrap()).collect()
}

#[test]
fn a_finding_can_be_fixed_and_suppressed() {
    let mut client = Client::start(Path::new("/nowhere"));
    client.open(A, PROMPT);
    let actions = client.actions(A, 2, json!({}));
    assert_eq!(
        titles(&actions),
        [
            "Remove the line (BP001)",
            "Ignore BP001 here",
            "Ignore BP001 in this file",
            "Apply all safe fixes of dechaff",
        ]
    );
    assert_eq!(actions[0]["isPreferred"], true);
    assert_eq!(actions[0]["diagnostics"][0]["code"], "BP001");
    assert_eq!(actions[0]["edit"]["documentChanges"][0]["textDocument"]["version"], 1);
    assert_eq!(apply(&actions[0], PROMPT), PROMPT.replace("Leave a comment\n\n", ""));
    // What the comments leave is not reported.
    for (version, action) in (2..).zip(&actions[1..3]) {
        let text = apply(action, PROMPT);
        assert!(
            text.contains("Leave a comment") && text.contains("<!-- dechaff: ignore"),
            "{text}"
        );
        client.change(A, version, json!([{ "text": text }]));
        assert!(client.diagnostics(A, version).is_empty(), "{text}");
    }
}

#[test]
fn actions_match_the_requested_range_and_kind() {
    let mut client = Client::start(Path::new("/nowhere"));
    client.open(A, PROMPT);
    assert_eq!(titles(&client.actions(A, 0, json!({}))), ["Apply all safe fixes of dechaff"]);
    for (only, count) in [
        (json!(["quickfix"]), 3),
        (json!(["source"]), 1),
        (json!(["source.fixAll"]), 1),
        (json!(["source.fixAll.dechaff"]), 1),
        (json!(["source.fixAll.other"]), 0),
        (json!(["source.fix"]), 0),
        (json!(["refactor"]), 0),
        (json!([]), 0),
        (json!([""]), 4),
    ] {
        assert_eq!(client.actions(A, 2, json!({ "only": only })).len(), count, "{only}");
    }
}

#[test]
fn crlf_line_endings_are_kept() {
    let mut client = Client::start(Path::new("/nowhere"));
    let text = PROMPT.replace('\n', "\r\n");
    client.open(A, &text);
    let actions = client.actions(A, 2, json!({ "only": ["quickfix"] }));
    for action in &actions {
        let edited = apply(action, &text);
        assert_eq!(edited.matches('\n').count(), edited.matches("\r\n").count(), "{edited:?}");
    }
}

#[test]
fn fix_all_matches_the_command() {
    let folder = tempdir().unwrap();
    let mut client = Client::start(folder.path());
    for seed in std::fs::read_dir("seeds").unwrap().map(|entry| entry.unwrap().path()) {
        let path = folder.path().join(seed.file_name().unwrap());
        std::fs::copy(&seed, &path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        dechaff(folder.path(), &["check", "--fix-only", "--isolated", name]);
        let expected = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let uri = uri(&path);
        client.open(&uri, &text);
        let actions = client.actions(&uri, 0, json!({ "only": ["source.fixAll"] }));
        let fixed = match actions.first() {
            Some(action) => {
                assert!(action.get("edit").is_none(), "computed only when it is chosen");
                let action = client.request("codeAction/resolve", action.clone()).unwrap();
                apply(&action, &text)
            }
            None => text,
        };
        assert_eq!(fixed, expected, "{}", seed.display());
        client.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
    }
}

#[test]
fn refused_fixes_are_explained() {
    let mut client = Client::start(Path::new("/nowhere"));
    let text = "Leave a comment\n\nShare this article\n\nThe mill closed.\n";
    client.open(A, text);
    let actions = client.actions(A, 0, json!({ "only": ["source.fixAll"] }));
    let action = client.request("codeAction/resolve", actions[0].clone()).unwrap();
    assert_eq!(apply(&action, text), text);
    let message = client.message("window/showMessage");
    assert!(message["message"].as_str().unwrap().contains("of its words"), "{message}");
}

#[test]
fn hover_shows_the_page_of_the_rule() {
    let mut client = Client::start(Path::new("/nowhere"));
    client.open(A, PROMPT);
    let mut hover = |line: u64, character: u64| {
        let position = json!({ "line": line, "character": character });
        let params = json!({ "textDocument": { "uri": A }, "position": position });
        client.request("textDocument/hover", params).unwrap()
    };
    let page = hover(2, 3);
    assert_eq!(page["contents"]["kind"], "markdown");
    assert_eq!(page["range"]["start"], json!({ "line": 2, "character": 0 }));
    let value = page["contents"]["value"].as_str().unwrap();
    assert!(value.starts_with("## BP001 `comment-prompt`\n\nInvitation to comment."), "{value}");
    assert_eq!(hover(0, 3), Value::Null);
    assert_eq!(hover(2, 15), Value::Null);
}

#[test]
fn an_unused_comment_can_be_removed_and_not_suppressed() {
    let mut client = Client::start(Path::new("/nowhere"));
    let text = "The mill closed.\n\n<!-- dechaff: ignore[BP001] -->\nIt opened again.\n";
    client.open(A, text);
    let diagnostics = client.diagnostics(A, 1);
    assert_eq!(codes(&diagnostics), ["SU001"], "{diagnostics:?}");
    let actions = client.actions(A, 2, json!({ "only": ["quickfix"] }));
    assert_eq!(titles(&actions), ["Remove the comment (SU001)"]);
}
