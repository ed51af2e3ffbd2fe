//! The client of a session: what it supports, and the messages to it.

use std::collections::BTreeSet;
use std::io;

use serde_json::{Value, json};

use super::protocol::ClientCapabilities;
use super::transport::{RpcResult, RpcSender};
use crate::report::printable;

/// The severity of a message in the editor.
#[derive(Debug, Clone, Copy)]
pub(super) enum MessageType {
    Error = 1,
    Warning = 2,
    Info = 3,
}

/// The editor at the other end. Every method that sends fails if the client no longer reads.
pub(super) struct EditorClient {
    sender: RpcSender,
    pub(super) capabilities: ClientCapabilities,
    /// Messages shown to the user since the settings were read.
    shown: BTreeSet<String>,
}

impl EditorClient {
    pub(super) fn new(sender: RpcSender) -> Self {
        Self {
            sender,
            capabilities: ClientCapabilities::from_params(&Value::Null),
            shown: BTreeSet::new(),
        }
    }

    /// Answers a request.
    pub(super) fn respond(&mut self, id: &Value, result: RpcResult) -> io::Result<()> {
        self.sender.respond(id, result)
    }

    /// Asks the client to watch configurations and custom rules, if it can.
    pub(super) fn watch_files(&mut self) -> io::Result<()> {
        if !self.capabilities.watches_files {
            return Ok(());
        }
        let registration = json!({
            "id": "dechaff-files",
            "method": "workspace/didChangeWatchedFiles",
            "registerOptions": { "watchers": [{ "globPattern": "**/*.toml" }] },
        });
        let params = json!({ "registrations": [registration] });
        self.sender.request("client/registerCapability", &params)
    }

    /// Publishes diagnostics with the parameters of the notification.
    pub(super) fn publish_diagnostics(&mut self, params: &Value) -> io::Result<()> {
        self.sender.notify("textDocument/publishDiagnostics", params)
    }

    /// Removes the diagnostics of a document.
    pub(super) fn clear_diagnostics(&mut self, uri: &str) -> io::Result<()> {
        self.publish_diagnostics(&json!({ "uri": uri, "diagnostics": [] }))
    }

    /// Shows a message, unless it has been shown since [`Self::forget_messages`].
    pub(super) fn show(&mut self, kind: MessageType, message: &str) -> io::Result<()> {
        if !self.shown.insert(message.to_owned()) {
            return Ok(());
        }
        let message = format!("dechaff: {}", printable(message));
        let params = json!({ "type": kind as u8, "message": message });
        self.sender.notify("window/showMessage", &params)
    }

    /// Writes a message to the log of the client.
    pub(super) fn log(&mut self, kind: MessageType, message: &str) -> io::Result<()> {
        let params = json!({ "type": kind as u8, "message": printable(message) });
        self.sender.notify("window/logMessage", &params)
    }

    /// Whether messages have been shown since [`Self::forget_messages`].
    pub(super) fn has_messages(&self) -> bool {
        !self.shown.is_empty()
    }

    /// Allows messages to be shown again.
    pub(super) fn forget_messages(&mut self) {
        self.shown.clear();
    }
}
