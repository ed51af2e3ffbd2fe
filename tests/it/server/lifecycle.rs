//! The start and the end of a session, and malformed messages.

use std::path::Path;

use serde_json::{Value, json};

use super::PROMPT;
use super::client::{Client, framed};

const NOWHERE: &str = "/nowhere";

#[test]
fn exit_after_shutdown_returns_zero() {
    let mut client = Client::start(Path::new(NOWHERE));
    assert_eq!(client.request("shutdown", Value::Null), Ok(Value::Null));
    assert_eq!(client.request("shutdown", Value::Null).unwrap_err()["code"], -32600);
    client.notify("exit", Value::Null);
    assert_eq!(client.exit_code(), 0);
}

#[test]
fn exit_without_shutdown_returns_one() {
    let mut client = Client::start(Path::new(NOWHERE));
    client.notify("exit", Value::Null);
    assert_eq!(client.exit_code(), 1);
    let mut client = Client::connect();
    client.notify("exit", Value::Null);
    assert_eq!(client.exit_code(), 1);
}

#[test]
fn the_server_ends_when_the_client_vanishes() {
    let mut client = Client::start(Path::new(NOWHERE));
    client.open("file:///nowhere/a.txt", PROMPT);
    assert_eq!(client.hang_up(), 1);
    // In the middle of a message.
    let mut client = Client::start(Path::new(NOWHERE));
    client.write(b"Content-Length: 100\r\n\r\n{");
    assert_eq!(client.hang_up(), 1);
}

#[test]
fn a_client_that_stops_reading_ends_the_server() {
    let (server_input, mut output) = std::io::pipe().unwrap();
    let (input, server_output) = std::io::pipe().unwrap();
    let server = std::thread::spawn(move || dechaff::cli::serve(server_input, server_output));
    drop(input);
    let request = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}"#;
    std::io::Write::write_all(&mut output, &framed(request)).unwrap();
    assert_eq!(server.join().unwrap(), 1);
}

#[test]
fn requests_before_initialize_are_refused() {
    let mut client = Client::connect();
    let error = client.request("textDocument/hover", json!({})).unwrap_err();
    assert_eq!(error["code"], -32002);
    client.notify("textDocument/didOpen", json!("nonsense"));
    let initialize = json!({ "capabilities": {} });
    assert!(client.request("initialize", initialize.clone()).is_ok());
    assert_eq!(client.request("initialize", initialize).unwrap_err()["code"], -32600);
}

#[test]
fn malformed_requests_are_answered_with_an_error() {
    let mut client = Client::start(Path::new(NOWHERE));
    for (method, params, code) in [
        ("textDocument/hover", json!({ "textDocument": 1 }), -32602),
        ("textDocument/hover", Value::Null, -32602),
        (
            "textDocument/hover",
            json!({ "textDocument": { "uri": "a" }, "position": { "line": -1, "character": 0 } }),
            -32602,
        ),
        ("textDocument/codeAction", json!([]), -32602),
        ("textDocument/rename", json!({}), -32601),
    ] {
        assert_eq!(client.request(method, params.clone()).unwrap_err()["code"], code, "{params}");
    }
    for (body, code) in [
        ("{", -32700),
        ("[]", -32600),
        ("{}", -32600),
        (r#"{"id":{},"method":"shutdown"}"#, -32600),
        (r#"{"id":1,"method":7}"#, -32600),
        ("\u{FEFF}", -32700),
    ] {
        client.write(&framed(body));
        let answer = client.wait(|message| message["error"]["code"] == code);
        assert_eq!(answer["error"]["code"], code, "{body}");
    }
    client.write(b"Content-Length: 3\r\nContent-Type: x\r\n\r\n\xFF\xFE\xFD");
    client.wait(|message| message["error"]["code"] == -32700);
    // The session goes on.
    client.notify("textDocument/didChange", json!({ "textDocument": {} }));
    assert!(client.message("window/logMessage")["message"].as_str().unwrap().contains("didChange"));
    assert_eq!(client.request("shutdown", Value::Null), Ok(Value::Null));
}

#[test]
fn a_broken_header_ends_the_server() {
    for header in ["\r\n", "Content-Length: many\r\n\r\n", "Content-Length: -1\r\n\r\n"] {
        let mut client = Client::connect();
        client.write(header.as_bytes());
        assert_eq!(client.exit_code(), 1, "{header:?}");
    }
}

#[test]
fn a_huge_content_length_allocates_nothing() {
    let mut client = Client::connect();
    client.write(b"Content-Length: 9223372036854775807\r\n\r\n{}");
    assert_eq!(client.hang_up(), 1);
}

#[test]
fn requests_about_unknown_documents_have_empty_answers() {
    let mut client = Client::start(Path::new(NOWHERE));
    assert!(client.actions("file:///nowhere/other.txt", 0, json!({})).is_empty());
    let position = json!({ "line": 5, "character": 5 });
    let params =
        json!({ "textDocument": { "uri": "file:///nowhere/other.txt" }, "position": position });
    assert_eq!(client.request("textDocument/hover", params), Ok(Value::Null));
}

#[test]
fn requests_can_be_cancelled() {
    let mut client = Client::start(Path::new(NOWHERE));
    // So much that it is still being linted when the request is cancelled.
    let uri = "file:///nowhere/long.txt";
    client.open(uri, &PROMPT.repeat(3_000));
    let position = json!({ "line": 2, "character": 0 });
    let params = json!({ "textDocument": { "uri": uri }, "position": position });
    let id = client.ask("textDocument/hover", params);
    client.notify("$/cancelRequest", json!({ "id": id }));
    assert_eq!(client.answer(id).unwrap_err()["code"], -32800);
    client.notify("$/cancelRequest", json!({ "id": "unknown" }));
    assert_eq!(client.request("shutdown", Value::Null), Ok(Value::Null));
}
