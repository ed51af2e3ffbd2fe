//! Positions are right in every encoding, whatever the text contains.

use std::path::Path;

use serde_json::{Value, json};

use super::client::{Client, apply, codes, full_capabilities};

const A: &str = "file:///nowhere/a.txt";

/// A line that BP001 reports, after lines with every kind of character and line ending.
const TEXT: &str = "An e\u{301}clair 😀 (👩‍🚀) in the 中文 café.\r\n\r\nIt closed.\r\rIt opened.\n\n\
                    👩‍🚀 The café 😀 asked for more. Leave a comment below and tell us.\r\nEnd.\r\n";

fn client(encodings: &[&str]) -> (Client, Value) {
    let mut capabilities = full_capabilities();
    capabilities["general"]["positionEncodings"] = json!(encodings);
    Client::start_with(Path::new("/nowhere"), &capabilities)
}

#[test]
fn uses_the_first_known_encoding_of_the_client() {
    for (offered, taken) in [
        (&["utf-8", "utf-16"][..], "utf-8"),
        (&["utf-32", "utf-8"], "utf-32"),
        (&["utf-7", "utf-16"], "utf-16"),
        (&[], "utf-16"),
    ] {
        let (_, capabilities) = client(offered);
        assert_eq!(capabilities["positionEncoding"], taken, "{offered:?}");
    }
}

#[test]
fn finding_positions_use_the_encoding_of_the_client() {
    let line = TEXT.lines().find(|line| line.contains("Leave")).unwrap();
    let before = line.split("Leave").next().unwrap();
    for (encoding, start) in [
        ("utf-8", before.len()),
        ("utf-16", before.encode_utf16().count()),
        ("utf-32", before.chars().count()),
    ] {
        let (mut client, _) = client(&[encoding]);
        client.open(A, TEXT);
        let diagnostics = client.diagnostics(A, 1);
        assert_eq!(diagnostics[0]["code"], "BP001", "{encoding}");
        // A lone carriage return ends a line too.
        let expected = json!({ "line": 6, "character": start });
        assert_eq!(diagnostics[0]["range"]["start"], expected, "{encoding}");
    }
}

#[test]
fn edit_positions_use_the_encoding_of_the_client() {
    for encoding in ["utf-8", "utf-16", "utf-32"] {
        let count = |text: &str| match encoding {
            "utf-8" => text.len(),
            "utf-16" => text.encode_utf16().count(),
            _ => text.chars().count(),
        };
        let (mut client, _) = client(&[encoding]);
        client.open(A, "a\r\n😀 e\u{301} Here.\r");
        assert!(client.diagnostics(A, 1).is_empty());
        // Replace "Here" by a prompt, then what is before it on the line.
        let at = |character: usize| json!({ "line": 1, "character": character });
        let prefix = count("😀 e\u{301} ");
        client.change(
            A,
            2,
            json!([
                { "range": { "start": at(prefix), "end": at(prefix + 4) }, "text": "Leave a comment" },
                { "range": { "start": at(0), "end": at(prefix) }, "text": "👇 " },
            ]),
        );
        client.change(
            A,
            3,
            json!([{ "range": {
            "start": { "line": 0, "character": 0 },
            "end": { "line": 1, "character": count("👇 ") },
        }, "text": "The mill closed.\n\n" }]),
        );
        let diagnostics = client.diagnostics(A, 3);
        assert_eq!(codes(&diagnostics), ["BP001"], "{encoding}");
        let start = json!({ "line": 2, "character": 0 });
        assert_eq!(diagnostics[0]["range"]["start"], start, "{encoding}");
    }
}

#[test]
fn positions_outside_the_document_are_clamped() {
    let (mut client, _) = client(&["utf-16"]);
    client.open(A, "The mill closed.\n");
    let far = json!({ "line": 4_000_000_000_u64, "character": 4_000_000_000_u64 });
    let beyond_line = json!({ "line": 0, "character": 4_000_000_000_u64 });
    client.change(
        A,
        2,
        json!([
            { "range": { "start": far, "end": far }, "text": "\nLeave a comment\n" },
            { "range": { "start": beyond_line, "end": { "line": 0, "character": 0 } }, "text": "" },
        ]),
    );
    let diagnostics = client.diagnostics(A, 2);
    assert_eq!(codes(&diagnostics), ["BP001"]);
    assert_eq!(diagnostics[0]["range"]["start"], json!({ "line": 2, "character": 0 }));
}

#[test]
fn fixes_keep_everything_else() {
    let (mut client, _) = client(&["utf-16"]);
    client.open(A, TEXT);
    let actions = client.actions(A, 6, json!({ "only": ["quickfix"] }));
    // The cursor is before the sentence.
    assert!(actions.is_empty(), "{actions:?}");
    let line = TEXT.lines().find(|line| line.contains("Leave")).unwrap();
    let before = line.split("Leave").next().unwrap().encode_utf16().count();
    let at = json!({ "line": 6, "character": before });
    let params = json!({
        "textDocument": { "uri": A },
        "range": { "start": at, "end": at },
        "context": { "only": ["quickfix"] },
    });
    let actions = client.request("textDocument/codeAction", params).unwrap();
    assert_eq!(apply(&actions[0], TEXT), TEXT.replace(" Leave a comment below and tell us.", ""));
}
