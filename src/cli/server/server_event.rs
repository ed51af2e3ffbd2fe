//! The events of a session.

use serde_json::Value;

use super::lint::Analysis;
use super::protocol::LspTextEdit;
use super::transport::RpcMessage;
use super::workspace_comparison::ComparisonOutcome;

/// An event that the main thread waits for.
pub(super) enum ServerEvent {
    Message(RpcMessage),
    /// The client sends no more messages, because of the error if there is one.
    InputEnd(Option<String>),
    /// A document was linted; without a result if the thread failed.
    Linted(Option<Box<Analysis>>),
    /// Documents were compared; without a result if the thread failed.
    Compared(Option<ComparisonOutcome>),
    /// The edits for a request for fixes, or why they are refused; without a result if the thread
    /// failed.
    FixesReady(Value, Option<Result<Vec<LspTextEdit>, String>>),
}
