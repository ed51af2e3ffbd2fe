//! Notifications of the client about documents, folders and files.

use std::io;

use serde_json::Value;

use super::language_server::LanguageServer;
use super::open_document::OpenDocument;
use super::protocol::{
    ChangeParams, DocumentParams, FolderChangeParams, OpenParams, folder_paths, parse,
};

impl LanguageServer {
    /// Handles a notification. The inner error is a mistake of the client.
    ///
    /// # Errors
    ///
    /// The client no longer reads.
    pub(super) fn notification(
        &mut self,
        method: &str,
        params: Value,
    ) -> io::Result<Result<(), serde_json::Error>> {
        let result = match method {
            "initialized" => return self.client.watch_files().map(Ok),
            "textDocument/didOpen" => parse(params).map(|params| self.open(params)),
            "textDocument/didChange" => parse(params).map(|params| self.change(params)),
            "textDocument/didSave" => parse(params).map(|params| self.save(&params)),
            "textDocument/didClose" => match parse::<DocumentParams>(params) {
                Ok(params) => return self.close(&params.text_document.uri).map(Ok),
                Err(error) => Err(error),
            },
            "workspace/didChangeWatchedFiles" | "workspace/didChangeConfiguration" => {
                self.reload();
                Ok(())
            }
            "workspace/didChangeWorkspaceFolders" => {
                parse::<FolderChangeParams>(params).map(|FolderChangeParams { event }| {
                    self.settings
                        .change_folders(folder_paths(&event.added), &folder_paths(&event.removed));
                    self.reload();
                })
            }
            "$/cancelRequest" => {
                return self.cancel(params.get("id").unwrap_or(&Value::Null)).map(Ok);
            }
            // A client may send notifications that the server does not know.
            _ => Ok(()),
        };
        Ok(result)
    }

    fn open(&mut self, params: OpenParams) {
        let revision = self.next_revision();
        let document =
            OpenDocument::new(params.text_document, revision, self.client.capabilities.encoding);
        self.documents.insert(document.snapshot.uri.clone(), document);
        self.work.needs_comparison = true;
    }

    fn change(&mut self, params: ChangeParams) {
        let revision = self.next_revision();
        let ChangeParams { text_document, content_changes } = params;
        if let Some(document) = self.documents.get_mut(&text_document.uri) {
            let encoding = self.client.capabilities.encoding;
            document.change(content_changes, text_document.version, revision, encoding);
        }
    }

    fn save(&mut self, _: &DocumentParams) {
        // An earlier message may be about the file being saved.
        if self.client.has_messages() || self.settings.is_outdated() {
            self.reload();
        }
        self.work.needs_comparison = true;
    }

    fn close(&mut self, uri: &str) -> io::Result<()> {
        if self.documents.remove(uri).is_some_and(|document| document.is_shown) {
            self.client.clear_diagnostics(uri)?;
        }
        Ok(())
    }

    fn next_revision(&mut self) -> u64 {
        self.last_revision += 1;
        self.last_revision
    }
}
