//! A client of the language server, in the same process.

use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Read, Write, pipe};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};

/// Timeout for messages.
const PATIENCE: Duration = Duration::from_secs(120);

pub(super) struct Client {
    output: Option<PipeWriter>,
    received: Receiver<Value>,
    server: Option<JoinHandle<u8>>,
    last_id: u64,
    /// Messages that were received while waiting for others.
    passed_over: Vec<Value>,
}

impl Client {
    /// Starts a server without initializing it.
    pub(super) fn connect() -> Self {
        let (server_input, output) = pipe().unwrap();
        let (input, server_output) = pipe().unwrap();
        let server = std::thread::spawn(move || dechaff::cli::serve(server_input, server_output));
        let (sender, received) = channel();
        std::thread::spawn(move || read_messages(input, &sender));
        Self {
            output: Some(output),
            received,
            server: Some(server),
            last_id: 0,
            passed_over: Vec::new(),
        }
    }

    /// Starts a server for a workspace folder and a client with all capabilities.
    pub(super) fn start(folder: &Path) -> Self {
        Self::start_with(folder, &full_capabilities()).0
    }

    /// Starts a server for a client with these capabilities, and returns the server's too.
    pub(super) fn start_with(folder: &Path, capabilities: &Value) -> (Self, Value) {
        let mut client = Self::connect();
        let folder = json!({ "uri": uri(folder), "name": "folder" });
        let params = json!({
            "processId": null,
            "capabilities": capabilities,
            "workspaceFolders": [folder],
        });
        let result = client.request("initialize", params).unwrap();
        client.notify("initialized", json!({}));
        (client, result["capabilities"].clone())
    }

    pub(super) fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Sends a request, and returns its ID.
    pub(super) fn ask(&mut self, method: &str, params: Value) -> u64 {
        self.last_id += 1;
        let id = self.last_id;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    /// Waits for the answer to a request: its result or its error.
    pub(super) fn answer(&mut self, id: u64) -> Result<Value, Value> {
        let message =
            self.wait(|message| message["id"] == json!(id) && message.get("method").is_none());
        match message.get("error") {
            Some(error) => Err(error.clone()),
            None => Ok(message["result"].clone()),
        }
    }

    pub(super) fn request(&mut self, method: &str, params: Value) -> Result<Value, Value> {
        let id = self.ask(method, params);
        self.answer(id)
    }

    pub(super) fn open(&mut self, uri: &str, text: &str) {
        self.open_as(uri, "plaintext", text);
    }

    pub(super) fn open_as(&mut self, uri: &str, language: &str, text: &str) {
        let document = json!({ "uri": uri, "languageId": language, "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document }));
    }

    pub(super) fn change(&mut self, uri: &str, version: i64, changes: Value) {
        let document = json!({ "uri": uri, "version": version });
        let params = json!({ "textDocument": document, "contentChanges": changes });
        self.notify("textDocument/didChange", params);
    }

    pub(super) fn save(&mut self, uri: &str) {
        self.notify("textDocument/didSave", json!({ "textDocument": { "uri": uri } }));
    }

    /// Waits for the diagnostics of a version of a document.
    pub(super) fn diagnostics(&mut self, uri: &str, version: i64) -> Vec<Value> {
        self.diagnostics_where(uri, version, |_| true)
    }

    /// Waits for diagnostics of a version of a document that meet a condition.
    pub(super) fn diagnostics_where(
        &mut self,
        uri: &str,
        version: i64,
        is_met: impl Fn(&[Value]) -> bool,
    ) -> Vec<Value> {
        let message = self.wait(|message| {
            let params = &message["params"];
            message["method"] == "textDocument/publishDiagnostics"
                && params["uri"] == uri
                && params["version"] == version
                && is_met(params["diagnostics"].as_array().unwrap())
        });
        message["params"]["diagnostics"].as_array().unwrap().clone()
    }

    /// Waits for a notification or request of the server, and returns its parameters.
    pub(super) fn message(&mut self, method: &str) -> Value {
        self.wait(|message| message["method"] == method)["params"].clone()
    }

    /// Returns the code actions at a position.
    pub(super) fn actions(&mut self, uri: &str, line: u64, context: Value) -> Vec<Value> {
        let at = json!({ "line": line, "character": 0 });
        let params = json!({
            "textDocument": { "uri": uri },
            "range": { "start": at, "end": at },
            "context": context,
        });
        let result = self.request("textDocument/codeAction", params).unwrap();
        result.as_array().unwrap().clone()
    }

    /// Returns the messages received while waiting for others.
    pub(super) fn passed_over(&self) -> &[Value] {
        &self.passed_over
    }

    /// Writes arbitrary bytes.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        self.output.as_mut().unwrap().write_all(bytes).unwrap();
    }

    pub(super) fn send(&mut self, message: &Value) {
        self.write(&framed(&message.to_string()));
    }

    /// Closes the connection, and returns the exit code of the server.
    pub(super) fn hang_up(&mut self) -> u8 {
        drop(self.output.take());
        self.exit_code()
    }

    /// Waits for the server to end.
    pub(super) fn exit_code(&mut self) -> u8 {
        self.server.take().unwrap().join().unwrap()
    }

    pub(super) fn wait(&mut self, is_wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.passed_over.iter().position(&is_wanted) {
            return self.passed_over.remove(at);
        }
        loop {
            let message = self.received.recv_timeout(PATIENCE).expect("a message of the server");
            if is_wanted(&message) {
                return message;
            }
            self.passed_over.push(message);
        }
    }
}

/// Returns a message with its header.
pub(super) fn framed(body: &str) -> Vec<u8> {
    format!("Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// The capabilities of a client that supports everything.
pub(super) fn full_capabilities() -> Value {
    json!({
        "general": { "positionEncodings": ["utf-16"] },
        "workspace": {
            "workspaceEdit": { "documentChanges": true },
            "didChangeWatchedFiles": { "dynamicRegistration": true },
        },
        "textDocument": {
            "publishDiagnostics": {
                "relatedInformation": true,
                "tagSupport": { "valueSet": [1, 2] },
                "codeDescriptionSupport": true,
            },
            "codeAction": {
                "dataSupport": true,
                "resolveSupport": { "properties": ["edit"] },
            },
            "hover": { "contentFormat": ["markdown", "plaintext"] },
        },
    })
}

/// Returns the URI of a path without special characters.
pub(super) fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}

/// Returns the codes of diagnostics.
pub(super) fn codes(diagnostics: &[Value]) -> Vec<&str> {
    diagnostics.iter().map(|diagnostic| diagnostic["code"].as_str().unwrap()).collect()
}

/// Applies the edits of an action to a text, whose positions count UTF-16 code units.
pub(super) fn apply(action: &Value, text: &str) -> String {
    let edits = action.pointer("/edit/documentChanges/0/edits").unwrap().as_array().unwrap();
    let mut edited = text.to_owned();
    for edit in edits.iter().rev() {
        let at = |end: &str| offset(text, &edit["range"][end]);
        edited.replace_range(at("start")..at("end"), edit["newText"].as_str().unwrap());
    }
    edited
}

/// Returns the byte offset of a position that counts UTF-16 code units.
pub(super) fn offset(text: &str, position: &Value) -> usize {
    let line = position["line"].as_u64().unwrap() as usize;
    let mut start = 0;
    for _ in 0..line {
        let end = start + text[start..].find(['\n', '\r']).unwrap();
        start = end + if text[end..].starts_with("\r\n") { 2 } else { 1 };
    }
    let mut units = position["character"].as_u64().unwrap();
    let characters = text[start..].char_indices();
    let mut at = start;
    for (index, character) in characters {
        at = start + index;
        if units == 0 {
            return at;
        }
        units -= character.len_utf16() as u64;
        at += character.len_utf8();
    }
    at
}

fn read_messages(input: PipeReader, messages: &Sender<Value>) {
    let mut input = BufReader::new(input);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if input.read_line(&mut line).unwrap() == 0 {
                return;
            }
            match line.trim().strip_prefix("Content-Length: ") {
                Some(value) => length = value.parse().unwrap(),
                None if line.trim().is_empty() => break,
                None => {}
            }
        }
        let mut body = vec![0; length];
        input.read_exact(&mut body).unwrap();
        if messages.send(serde_json::from_slice(&body).unwrap()).is_err() {
            return;
        }
    }
}
