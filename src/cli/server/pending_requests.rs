//! Requests that have no answer yet.

use serde_json::Value;

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

/// All requests that have no answer yet.
#[derive(Default)]
pub(super) struct PendingRequests {
    pub(super) waiting: Vec<WaitingRequest>,
    fixing: Vec<FixRequest>,
}

impl PendingRequests {
    /// Adds a request that waits until its document is linted.
    pub(super) fn add_waiting(&mut self, id: Value, uri: String, method: &str, params: Value) {
        self.waiting.push(WaitingRequest { id, uri, method: method.to_owned(), params });
    }

    pub(super) fn add_fix(&mut self, request: FixRequest) {
        self.fixing.push(request);
    }

    /// Removes the request for fixes with this ID, unless it was cancelled.
    pub(super) fn take_fix(&mut self, id: &Value) -> Option<FixRequest> {
        let at = self.fixing.iter().position(|request| request.id == *id)?;
        Some(self.fixing.swap_remove(at))
    }

    /// Removes a request. Returns whether there was one.
    pub(super) fn remove(&mut self, id: &Value) -> bool {
        let pending = self.len();
        self.waiting.retain(|request| request.id != *id);
        self.fixing.retain(|request| request.id != *id);
        self.len() != pending
    }

    /// Returns the IDs of all requests.
    pub(super) fn ids(&self) -> Vec<Value> {
        let waiting = self.waiting.iter().map(|request| request.id.clone());
        waiting.chain(self.fixing.iter().map(|request| request.id.clone())).collect()
    }

    fn len(&self) -> usize {
        self.waiting.len() + self.fixing.len()
    }
}
