//! The threads that lint, compare and fix.

use std::sync::Arc;
use std::sync::mpsc::Sender;

use serde_json::Value;

use super::fix_all::fix_all;
use super::lint::{Analysis, LintJob};
use super::server_event::ServerEvent;
use super::workspace_comparison::ComparisonJob;

/// An event that is sent when the thread ends, however it ends.
struct EventGuard {
    events: Sender<ServerEvent>,
    event: Option<ServerEvent>,
}

impl Drop for EventGuard {
    fn drop(&mut self) {
        if let Some(event) = self.event.take() {
            // The session may have ended.
            let _ = self.events.send(event);
        }
    }
}

/// The threads of a session: at most one that lints and one that compares.
pub(super) struct WorkThreads {
    events: Sender<ServerEvent>,
    /// The document that is being linted.
    pub(super) linting: Option<String>,
    pub(super) needs_comparison: bool,
    pub(super) is_comparing: bool,
    pub(super) comparisons: Vec<ComparisonJob>,
}

impl WorkThreads {
    /// Sends the results of threads to `events`.
    pub(super) fn new(events: Sender<ServerEvent>) -> Self {
        Self {
            events,
            linting: None,
            needs_comparison: false,
            is_comparing: false,
            comparisons: Vec::new(),
        }
    }

    /// Computes all safe fixes of a document for the request with this ID.
    pub(super) fn spawn_fix(&self, id: Value, analysis: Arc<Analysis>) {
        self.spawn(ServerEvent::FixesReady(id.clone(), None), move || {
            ServerEvent::FixesReady(id, Some(fix_all(&analysis)))
        });
    }

    /// Starts to lint a document.
    pub(super) fn spawn_lint(&mut self, job: LintJob) {
        self.linting = Some(job.snapshot.uri.clone());
        self.spawn(ServerEvent::Linted(None), move || {
            ServerEvent::Linted(Some(Box::new(job.run())))
        });
    }

    /// Starts the next comparison if there is one.
    pub(super) fn spawn_comparison(&mut self) {
        if let Some(job) = self.comparisons.pop() {
            self.is_comparing = true;
            self.spawn(ServerEvent::Compared(None), move || ServerEvent::Compared(Some(job.run())));
        }
    }

    /// Sends the event that `work` returns, or `failed` if it fails.
    fn spawn(&self, failed: ServerEvent, work: impl FnOnce() -> ServerEvent + Send + 'static) {
        let guard = EventGuard { events: self.events.clone(), event: Some(failed) };
        // If no thread starts, the guard is dropped and reports the failure.
        let _ = std::thread::Builder::new().spawn(move || {
            let mut guard = guard;
            guard.event = Some(work());
        });
    }
}
