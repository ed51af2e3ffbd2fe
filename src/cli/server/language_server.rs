//! The state of a session, and the event loop's handlers.

use std::collections::BTreeMap;
use std::io;
use std::sync::mpsc::Sender;

use serde_json::Value;

use super::editor_client::{EditorClient, MessageType};
use super::open_document::OpenDocument;
use super::pending_requests::PendingRequests;
use super::protocol::{ClientCapabilities, WorkspaceFolder, folder_paths, server_capabilities};
use super::server_event::ServerEvent;
use super::transport::{RpcCode, RpcError, RpcMessage, RpcSender};
use super::uri::path_from_uri;
use super::work_threads::WorkThreads;
use super::workspace_settings::WorkspaceSettings;
use crate::cli::{Exit, output};

/// The state of the session in the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lifecycle {
    Starting,
    Running,
    ShutDown,
}

pub(super) struct LanguageServer {
    pub(super) client: EditorClient,
    pub(super) settings: WorkspaceSettings,
    lifecycle: Lifecycle,
    pub(super) documents: BTreeMap<String, OpenDocument>,
    pub(super) last_revision: u64,
    pub(super) work: WorkThreads,
    pub(super) requests: PendingRequests,
}

impl LanguageServer {
    pub(super) fn new(
        sender: RpcSender,
        events: Sender<ServerEvent>,
        settings: WorkspaceSettings,
    ) -> Self {
        Self {
            client: EditorClient::new(sender),
            settings,
            lifecycle: Lifecycle::Starting,
            documents: BTreeMap::new(),
            last_revision: 0,
            work: WorkThreads::new(events),
            requests: PendingRequests::default(),
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
                    self.client.log(MessageType::Warning, &message)?;
                }
            }
            RpcMessage::Response { error: Some(error) } => {
                self.client.log(MessageType::Warning, &format!("a request failed: {error}"))?;
            }
            RpcMessage::Response { error: None } => {}
            RpcMessage::Malformed { id, error } => self.client.respond(&id, Err(error))?,
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
        self.client.respond(&id, result)
    }

    fn initialize(&mut self, params: Value) -> Value {
        self.client.capabilities = ClientCapabilities::from_params(&params);
        let folders = params.get("workspaceFolders").cloned().unwrap_or_default();
        let folders: Option<Vec<WorkspaceFolder>> = serde_json::from_value(folders).ok();
        let root = params.get("rootUri").and_then(Value::as_str).and_then(path_from_uri);
        let folders = match folders {
            Some(folders) => folder_paths(&folders),
            None => root.into_iter().collect(),
        };
        self.settings.change_folders(folders, &[]);
        server_capabilities(&self.client.capabilities)
    }

    /// Reads all settings again and lints all documents with them.
    pub(super) fn reload(&mut self) {
        self.settings.reload();
        self.client.forget_messages();
        for document in self.documents.values_mut() {
            document.needs_lint = true;
        }
        self.work.needs_comparison = true;
    }
}
