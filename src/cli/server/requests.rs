//! Answers requests about documents, once the documents are linted.

use std::io;
use std::sync::Arc;

use serde_json::{Value, json};

use super::code_actions::{finding_actions, fix_all_action, wants_fix_all};
use super::editor_client::MessageType;
use super::hover::hover;
use super::language_server::LanguageServer;
use super::lint::Analysis;
use super::pending_requests::{FixRequest, WaitingRequest};
use super::protocol::{
    CodeActionParams, DocumentParams, HoverParams, LspTextEdit, parse, workspace_edit,
};
use super::transport::{RpcCode, RpcError};

impl LanguageServer {
    /// Queues a request until its document is linted, or answers with an error if it is invalid.
    pub(super) fn request(&mut self, id: Value, method: &str, params: Value) -> io::Result<()> {
        let checked = match method {
            "textDocument/codeAction" => parse::<CodeActionParams>(params.clone()).map(drop),
            "textDocument/hover" => parse::<HoverParams>(params.clone()).map(drop),
            "codeAction/resolve" => {
                // The client sends back an action of the server. Only fix-all actions have no edit
                // yet.
                let Some(uri) = params.pointer("/data/uri").and_then(Value::as_str) else {
                    return self.client.respond(&id, Ok(params));
                };
                let uri = uri.to_owned();
                self.requests.add_waiting(id, uri, method, params);
                return Ok(());
            }
            _ => {
                let message = format!("`{method}` is not supported");
                let error = RpcError::new(RpcCode::MethodNotFound, message);
                return self.client.respond(&id, Err(error));
            }
        };
        let document = checked.and_then(|()| parse::<DocumentParams>(params.clone()));
        match document {
            Ok(document) => {
                let uri = document.text_document.uri;
                self.requests.add_waiting(id, uri, method, params);
                Ok(())
            }
            Err(error) => {
                let error = RpcError::new(RpcCode::InvalidParams, error.to_string());
                self.client.respond(&id, Err(error))
            }
        }
    }

    /// Answers the requests whose documents are linted, closed or not checked.
    ///
    /// # Errors
    ///
    /// The client no longer reads.
    pub(super) fn answer_waiting(&mut self) -> io::Result<()> {
        let waiting = std::mem::take(&mut self.requests.waiting);
        for request in waiting {
            let document = self.documents.get(&request.uri);
            let is_linting = self.work.linting.as_ref() == Some(&request.uri);
            if document.is_some_and(|document| document.needs_lint || is_linting) {
                self.requests.waiting.push(request);
                continue;
            }
            let analysis = document.and_then(|document| document.current_analysis()).cloned();
            self.answer(request, analysis)?;
        }
        Ok(())
    }

    fn answer(
        &mut self,
        request: WaitingRequest,
        analysis: Option<Arc<Analysis>>,
    ) -> io::Result<()> {
        let WaitingRequest { id, uri: _, method, params } = request;
        let Some(analysis) = analysis else {
            let nothing = match method.as_str() {
                "textDocument/hover" => Value::Null,
                "textDocument/codeAction" => json!([]),
                _ => params,
            };
            return self.client.respond(&id, Ok(nothing));
        };
        match method.as_str() {
            "textDocument/hover" => {
                let result = parse::<HoverParams>(params)
                    .map(|params| hover(&analysis, params.position, &self.client.capabilities));
                self.client.respond(&id, result.map_err(invalid_params))
            }
            "textDocument/codeAction" => match parse::<CodeActionParams>(params) {
                Ok(params) => self.code_action(id, &params, &analysis),
                Err(error) => self.client.respond(&id, Err(invalid_params(error))),
            },
            _ => self.start_fix(id, params, None, analysis),
        }
    }

    fn code_action(
        &mut self,
        id: Value,
        params: &CodeActionParams,
        analysis: &Arc<Analysis>,
    ) -> io::Result<()> {
        let mut actions = finding_actions(analysis, params, &self.client.capabilities);
        if wants_fix_all(analysis, params) {
            let action = fix_all_action(&analysis.snapshot.uri);
            if !self.client.capabilities.resolves_edits {
                return self.start_fix(id, action, Some(actions), Arc::clone(analysis));
            }
            actions.push(action);
        }
        self.client.respond(&id, Ok(actions.into()))
    }

    fn start_fix(
        &mut self,
        id: Value,
        action: Value,
        others: Option<Vec<Value>>,
        analysis: Arc<Analysis>,
    ) -> io::Result<()> {
        let snapshot = &analysis.snapshot;
        self.requests.add_fix(FixRequest {
            id: id.clone(),
            uri: snapshot.uri.clone(),
            version: snapshot.version,
            action,
            others,
        });
        self.work.spawn_fix(id, analysis);
        Ok(())
    }

    /// Answers a request whose fixes are known, unless it was cancelled.
    ///
    /// # Errors
    ///
    /// The client no longer reads.
    pub(super) fn fixes_ready(
        &mut self,
        id: &Value,
        result: Option<Result<Vec<LspTextEdit>, String>>,
    ) -> io::Result<()> {
        let Some(request) = self.requests.take_fix(id) else { return Ok(()) };
        let FixRequest { uri, version, mut action, others, .. } = request;
        let edits = match result {
            Some(Ok(edits)) => Some(edits),
            Some(Err(reason)) => {
                // The user chose this action, so tell why nothing happens.
                if others.is_none() {
                    self.client.show(MessageType::Warning, &reason)?;
                }
                None
            }
            None => {
                let error = RpcError::new(RpcCode::InternalError, "the fixes cannot be computed");
                return self.client.respond(id, Err(error));
            }
        };
        let is_refused = edits.is_none();
        let edits = edits.unwrap_or_default();
        action["edit"] = workspace_edit(&self.client.capabilities, &uri, version, &edits);
        let result = match others {
            None => action,
            Some(mut actions) => {
                if !is_refused {
                    actions.push(action);
                }
                actions.into()
            }
        };
        self.client.respond(id, Ok(result))
    }

    /// Cancels a pending request.
    ///
    /// # Errors
    ///
    /// The client no longer reads.
    pub(super) fn cancel(&mut self, id: &Value) -> io::Result<()> {
        if !self.requests.remove(id) {
            return Ok(());
        }
        let error = RpcError::new(RpcCode::RequestCancelled, "the client cancelled the request");
        self.client.respond(id, Err(error))
    }

    /// Cancels all pending requests.
    ///
    /// # Errors
    ///
    /// The client no longer reads.
    pub(super) fn cancel_all(&mut self) -> io::Result<()> {
        self.requests.ids().iter().try_for_each(|id| self.cancel(id))
    }
}

fn invalid_params(error: serde_json::Error) -> RpcError {
    RpcError::new(RpcCode::InvalidParams, error.to_string())
}
