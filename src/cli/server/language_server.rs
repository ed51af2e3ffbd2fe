//! The state of a session, and the event loop's handlers.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::mpsc::Sender;

use serde_json::{Value, json};

use super::lint::Analysis;
use super::open_document::OpenDocument;
use super::protocol::{
    ClientCapabilities, LspTextEdit, WorkspaceFolder, folder_paths, server_capabilities,
};
use super::transport::{RpcCode, RpcError, RpcMessage, RpcSender};
use super::uri::path_from_uri;
use super::workspace_comparison::{ComparisonJob, ComparisonOutcome};
use super::workspace_settings::WorkspaceSettings;
use crate::cli::{Exit, output};
use crate::report::printable;

/// An event that the main thread waits for.
pub(super) enum ServerEvent {
    Message(RpcMessage),
    /// The client sends no more messages, because of the error if there is one.
    InputEnd(Option<String>),
    /// A document was linted; without a result if the thread failed.
    Linted(Option<Box<Analysis>>),
    /// Documents were compared; without a result if the thread failed.
    Compared(Option<ComparisonOutcome>),
    /// The edits for a [`FixRequest`], or why they are refused; without a result if the thread
    /// failed.
    FixesReady(Value, Option<Result<Vec<LspTextEdit>, String>>),
}

/// A request that is answered once its document is linted.
pub(super) struct WaitingRequest {
    pub(super) id: Value,
    pub(super) uri: String,
    pub(super) method: String,
    pub(super) params: Value,
}

/// A request that is answered once all fixes of its document are known.
pub(super) struct FixRequest {
    pub(super) id: Value,
    pub(super) uri: String,
    pub(super) version: i64,
    /// The action that gets the edits.
    pub(super) action: Value,
    /// The other actions of the answer; `None` if the answer is the action itself.
    pub(super) others: Option<Vec<Value>>,
}

/// The state of the session in the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lifecycle {
    Starting,
    Running,
    ShutDown,
}

/// The severity of a message in the editor.
#[derive(Debug, Clone, Copy)]
pub(super) enum MessageType {
    Error = 1,
    Warning = 2,
    Info = 3,
}

pub(super) struct LanguageServer {
    pub(super) sender: RpcSender,
    pub(super) events: Sender<ServerEvent>,
    pub(super) settings: WorkspaceSettings,
    pub(super) client: ClientCapabilities,
    lifecycle: Lifecycle,
    pub(super) documents: BTreeMap<String, OpenDocument>,
    pub(super) last_revision: u64,
    /// The document that is being linted.
    pub(super) linting: Option<String>,
    pub(super) needs_comparison: bool,
    pub(super) is_comparing: bool,
    pub(super) comparisons: Vec<ComparisonJob>,
    pub(super) waiting: Vec<WaitingRequest>,
    pub(super) fixing: Vec<FixRequest>,
    /// Messages shown to the user since the settings were read.
    pub(super) shown: BTreeSet<String>,
}

impl LanguageServer {
    pub(super) fn new(
        sender: RpcSender,
        events: Sender<ServerEvent>,
        settings: WorkspaceSettings,
    ) -> Self {
        Self {
            sender,
            events,
            settings,
            client: ClientCapabilities::from_params(&Value::Null),
            lifecycle: Lifecycle::Starting,
            documents: BTreeMap::new(),
            last_revision: 0,
            linting: None,
            needs_comparison: false,
            is_comparing: false,
            comparisons: Vec::new(),
            waiting: Vec::new(),
            fixing: Vec::new(),
            shown: BTreeSet::new(),
        }
    }

    /// Handles an event. Returns the exit code if the session ends.
    ///
    /// # Errors
    ///
    /// The client no longer reads.
    pub(super) fn handle(&mut self, event: ServerEvent) -> io::Result<Option<Exit>> {
        match event {
            ServerEvent::Message(message) => return self.message(message),
            ServerEvent::InputEnd(error) => {
                if let Some(error) = error {
                    output::error(&format!("cannot read from the client: {error}"));
                }
                return Ok(Some(self.exit()));
            }
            ServerEvent::Linted(analysis) => self.linted(analysis)?,
            ServerEvent::Compared(outcome) => self.compared(outcome)?,
            ServerEvent::FixesReady(id, result) => self.fixes_ready(&id, result)?,
        }
        self.answer_waiting()?;
        Ok(None)
    }

    fn message(&mut self, message: RpcMessage) -> io::Result<Option<Exit>> {
        match message {
            RpcMessage::Request { id, method, params } => {
                self.start_request(id, &method, params)?
            }
            RpcMessage::Notification { method, .. } if method == "exit" => {
                return Ok(Some(self.exit()));
            }
            RpcMessage::Notification { method, params } => {
                if self.lifecycle == Lifecycle::Running
                    && let Err(error) = self.notification(&method, params)?
                {
                    let message = format!("{method}: {error}");
                    self.log(MessageType::Warning, &message)?;
                }
            }
            RpcMessage::Response { error: Some(error) } => {
                self.log(MessageType::Warning, &format!("a request failed: {error}"))?;
            }
            RpcMessage::Response { error: None } => {}
            RpcMessage::Malformed { id, error } => self.sender.respond(&id, Err(error))?,
        }
        self.answer_waiting()?;
        Ok(None)
    }

    /// Returns the exit code if the client leaves now.
    fn exit(&self) -> Exit {
        if self.lifecycle == Lifecycle::ShutDown { Exit::Success } else { Exit::Disconnected }
    }

    fn start_request(&mut self, id: Value, method: &str, params: Value) -> io::Result<()> {
        let refused = |code, message: &str| Err(RpcError::new(code, message));
        let result = match (self.lifecycle, method) {
            (Lifecycle::Starting, "initialize") => {
                self.lifecycle = Lifecycle::Running;
                Ok(self.initialize(params))
            }
            (Lifecycle::Starting, _) => {
                refused(RpcCode::NotInitialized, "the first request must be `initialize`")
            }
            (Lifecycle::Running, "initialize") => {
                refused(RpcCode::InvalidRequest, "the server is initialized already")
            }
            (Lifecycle::Running, "shutdown") => {
                self.lifecycle = Lifecycle::ShutDown;
                self.cancel_all()?;
                Ok(Value::Null)
            }
            (Lifecycle::Running, _) => return self.request(id, method, params),
            (Lifecycle::ShutDown, _) => {
                refused(RpcCode::InvalidRequest, "the server is shut down already")
            }
        };
        self.sender.respond(&id, result)
    }

    fn initialize(&mut self, params: Value) -> Value {
        self.client = ClientCapabilities::from_params(&params);
        let folders = params.get("workspaceFolders").cloned().unwrap_or_default();
        let folders: Option<Vec<WorkspaceFolder>> = serde_json::from_value(folders).ok();
        let root = params.get("rootUri").and_then(Value::as_str).and_then(path_from_uri);
        let folders = match folders {
            Some(folders) => folder_paths(&folders),
            None => root.into_iter().collect(),
        };
        self.settings.change_folders(folders, &[]);
        server_capabilities(&self.client)
    }

    /// Reads all settings again and lints all documents with them.
    pub(super) fn reload(&mut self) {
        self.settings.reload();
        self.shown.clear();
        for document in self.documents.values_mut() {
            document.needs_lint = true;
        }
        self.needs_comparison = true;
    }

    /// Shows a message, unless it has been shown since the settings were read.
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
}
