//! The parts of the Language Server Protocol 3.17 that the server uses.
//!
//! A crate with all types of the protocol takes nine seconds to compile; the server uses a
//! twentieth of them.

use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::line_table::{LspPosition, LspRange, PositionEncoding};
use super::uri::path_from_uri;

/// The kind of the action that applies all safe fixes.
pub(super) const FIX_ALL_KIND: &str = "source.fixAll.dechaff";
pub(super) const QUICK_FIX_KIND: &str = "quickfix";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OpenParams {
    pub(super) text_document: TextDocumentItem,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TextDocumentItem {
    pub(super) uri: String,
    #[serde(default)]
    pub(super) language_id: String,
    pub(super) version: i64,
    pub(super) text: String,
}

#[derive(Deserialize)]
pub(super) struct TextDocumentId {
    pub(super) uri: String,
    /// Only in notifications of changes.
    pub(super) version: Option<i64>,
}

/// The document that a message is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DocumentParams {
    pub(super) text_document: TextDocumentId,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChangeParams {
    pub(super) text_document: TextDocumentId,
    pub(super) content_changes: Vec<ContentChange>,
}

/// A replacement of a range, or of the whole text.
#[derive(Deserialize)]
pub(super) struct ContentChange {
    pub(super) range: Option<LspRange>,
    pub(super) text: String,
}

#[derive(Deserialize)]
pub(super) struct HoverParams {
    pub(super) position: LspPosition,
}

#[derive(Deserialize)]
pub(super) struct CodeActionParams {
    pub(super) range: LspRange,
    #[serde(default)]
    pub(super) context: CodeActionContext,
}

#[derive(Default, Deserialize)]
pub(super) struct CodeActionContext {
    /// The requested kinds of action; all kinds if missing.
    pub(super) only: Option<Vec<String>>,
}

#[derive(Deserialize)]
pub(super) struct FolderChangeParams {
    pub(super) event: FolderChange,
}

#[derive(Deserialize)]
pub(super) struct FolderChange {
    #[serde(default)]
    pub(super) added: Vec<WorkspaceFolder>,
    #[serde(default)]
    pub(super) removed: Vec<WorkspaceFolder>,
}

#[derive(Deserialize)]
pub(super) struct WorkspaceFolder {
    pub(super) uri: String,
}

/// A diagnostic, called a problem elsewhere in the protocol.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LspDiagnostic {
    pub(super) range: LspRange,
    pub(super) severity: u8,
    pub(super) code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) code_description: Option<Value>,
    pub(super) source: &'static str,
    pub(super) message: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tags: Vec<u8>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) related_information: Vec<RelatedInformation>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct RelatedInformation {
    pub(super) location: LspLocation,
    pub(super) message: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct LspLocation {
    pub(super) uri: String,
    pub(super) range: LspRange,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LspTextEdit {
    pub(super) range: LspRange,
    pub(super) new_text: String,
}

/// The capabilities of the client that the server depends on.
#[derive(Debug, Clone, Copy)]
pub(super) struct ClientCapabilities {
    pub(super) encoding: PositionEncoding,
    pub(super) related_information: bool,
    pub(super) unnecessary_tag: bool,
    pub(super) code_description: bool,
    /// Whether an edit can name the version of a document that it applies to.
    pub(super) document_changes: bool,
    /// Whether the edit of an action can be computed once the action is chosen.
    pub(super) resolves_edits: bool,
    /// Whether the client watches files for the server.
    pub(super) watches_files: bool,
    pub(super) markdown_hover: bool,
}

impl ClientCapabilities {
    /// Reads the parameters of `initialize`.
    pub(super) fn from_params(params: &Value) -> Self {
        let capabilities = params.get("capabilities").unwrap_or(&Value::Null);
        let at = |pointer: &str| capabilities.pointer(pointer).unwrap_or(&Value::Null);
        let is_set = |pointer: &str| at(pointer).as_bool() == Some(true);
        let list = |pointer: &str| at(pointer).as_array().map(Vec::as_slice).unwrap_or_default();
        let names =
            list("/general/positionEncodings").iter().filter_map(|encoding| encoding.as_str());
        Self {
            encoding: PositionEncoding::negotiate(names),
            related_information: is_set("/textDocument/publishDiagnostics/relatedInformation"),
            unnecessary_tag: list("/textDocument/publishDiagnostics/tagSupport/valueSet")
                .contains(&json!(UNNECESSARY)),
            code_description: is_set("/textDocument/publishDiagnostics/codeDescriptionSupport"),
            document_changes: is_set("/workspace/workspaceEdit/documentChanges"),
            resolves_edits: list("/textDocument/codeAction/resolveSupport/properties")
                .contains(&json!("edit"))
                && is_set("/textDocument/codeAction/dataSupport"),
            watches_files: is_set("/workspace/didChangeWatchedFiles/dynamicRegistration"),
            markdown_hover: list("/textDocument/hover/contentFormat").contains(&json!("markdown")),
        }
    }
}

/// The tag of text that can be removed.
pub(super) const UNNECESSARY: u8 = 1;

/// Returns the answer to `initialize`.
pub(super) fn server_capabilities(client: &ClientCapabilities) -> Value {
    json!({
        "capabilities": {
            "positionEncoding": client.encoding.name(),
            "textDocumentSync": { "openClose": true, "change": 2, "save": true },
            "hoverProvider": true,
            "codeActionProvider": {
                "codeActionKinds": [QUICK_FIX_KIND, FIX_ALL_KIND],
                "resolveProvider": true,
            },
            "workspace": {
                "workspaceFolders": { "supported": true, "changeNotifications": true },
            },
        },
        "serverInfo": { "name": "dechaff", "version": env!("CARGO_PKG_VERSION") },
    })
}

/// Returns an edit of one document.
pub(super) fn workspace_edit(
    client: &ClientCapabilities,
    uri: &str,
    version: i64,
    edits: &[LspTextEdit],
) -> Value {
    if client.document_changes {
        let document = json!({ "uri": uri, "version": version });
        json!({ "documentChanges": [{ "textDocument": document, "edits": edits }] })
    } else {
        json!({ "changes": { uri: edits } })
    }
}

/// Parses the parameters of a message.
pub(super) fn parse<T: DeserializeOwned>(params: Value) -> Result<T, serde_json::Error> {
    serde_json::from_value(params)
}

/// Returns the paths of the local folders.
pub(super) fn folder_paths(folders: &[WorkspaceFolder]) -> Vec<PathBuf> {
    folders.iter().filter_map(|folder| path_from_uri(&folder.uri)).collect()
}
