//! JSON-RPC messages in the framing of the Language Server Protocol: a header with the length in
//! bytes, a blank line, and JSON.
//!
//! The crate `lsp-server` is not used: it ends the connection on a message that is not JSON, panics
//! on a length that cannot be allocated, and sends with `unwrap`.

use std::io::{self, BufRead, BufWriter, Read, Write};

use serde::Deserialize;
use serde_json::{Value, json};

/// Longest message in bytes. A longer one is skipped and answered with an error.
const MAX_MESSAGE_BYTES: u64 = 256 << 20;
/// Longest line of a header in bytes.
const MAX_HEADER_BYTES: u64 = 8 << 10;

/// A code of the protocol for an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RpcCode {
    ParseError = -32700,
    InvalidRequest = -32600,
    MethodNotFound = -32601,
    InvalidParams = -32602,
    InternalError = -32603,
    NotInitialized = -32002,
    RequestCancelled = -32800,
}

/// An error that answers a request.
#[derive(Debug)]
pub(super) struct RpcError {
    pub(super) code: RpcCode,
    pub(super) message: String,
}

/// The result of a request.
pub(super) type RpcResult = Result<Value, RpcError>;

/// A message from the client.
#[derive(Debug)]
pub(super) enum RpcMessage {
    /// Expects an answer with the same ID, a number or a string.
    Request { id: Value, method: String, params: Value },
    /// Expects no answer.
    Notification { method: String, params: Value },
    /// Answers a request of the server.
    Response { error: Option<Value> },
    /// An invalid message, after which the connection continues. The ID is null if it cannot be
    /// read.
    Malformed { id: Value, error: RpcError },
}

impl RpcError {
    pub(super) fn new(code: RpcCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// Reads the next message. Returns `None` at the end of the input.
///
/// # Errors
///
/// The input cannot be read, ends within a message, or has no header where one is expected.
pub(super) fn read_message(reader: &mut impl BufRead) -> io::Result<Option<RpcMessage>> {
    let Some(length) = read_header(reader)? else { return Ok(None) };
    if length > MAX_MESSAGE_BYTES {
        io::copy(&mut reader.take(length), &mut io::sink())?;
        let message = format!("the message has {length} bytes; {MAX_MESSAGE_BYTES} are allowed");
        return Ok(Some(malformed(Value::Null, RpcCode::InvalidRequest, message)));
    }
    let mut body = Vec::new();
    if reader.take(length).read_to_end(&mut body)? as u64 != length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(parse(&body)))
}

/// Reads a header and returns the length of the message in bytes, or `None` at the end of the
/// input.
fn read_header(reader: &mut impl BufRead) -> io::Result<Option<u64>> {
    let mut length = None;
    let mut is_first = true;
    loop {
        let mut line = Vec::new();
        reader.take(MAX_HEADER_BYTES).read_until(b'\n', &mut line)?;
        if line.is_empty() && is_first {
            return Ok(None);
        }
        if line.last() != Some(&b'\n') {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        is_first = false;
        let line = String::from_utf8_lossy(&line);
        let line = line.trim();
        if line.is_empty() {
            let missing = || io::Error::new(io::ErrorKind::InvalidData, "no Content-Length");
            return length.ok_or_else(missing).map(Some);
        }
        if let Some((name, value)) = line.split_once(':')
            && name.trim().eq_ignore_ascii_case("content-length")
        {
            let invalid = || io::Error::new(io::ErrorKind::InvalidData, "invalid Content-Length");
            length = Some(value.trim().parse().map_err(|_| invalid())?);
        }
    }
}

/// The members of any message.
#[derive(Deserialize)]
struct RawMessage {
    #[serde(default)]
    id: Value,
    method: Option<String>,
    #[serde(default)]
    params: Value,
    error: Option<Value>,
}

fn parse(body: &[u8]) -> RpcMessage {
    let value: Value = match serde_json::from_slice(body) {
        Ok(value) => value,
        Err(error) => return malformed(Value::Null, RpcCode::ParseError, error.to_string()),
    };
    let id = value.get("id").filter(|id| is_id(id)).cloned().unwrap_or_default();
    let message: RawMessage = match serde_json::from_value(value) {
        Ok(message) => message,
        Err(error) => return malformed(id, RpcCode::InvalidRequest, error.to_string()),
    };
    match (message.method, message.id) {
        (Some(method), Value::Null) => RpcMessage::Notification { method, params: message.params },
        (Some(method), id) if is_id(&id) => {
            RpcMessage::Request { id, method, params: message.params }
        }
        (None, id) if is_id(&id) => RpcMessage::Response { error: message.error },
        _ => {
            let message = "neither a request nor a notification nor a response";
            malformed(Value::Null, RpcCode::InvalidRequest, message.into())
        }
    }
}

fn is_id(id: &Value) -> bool {
    id.is_string() || id.is_number()
}

fn malformed(id: Value, code: RpcCode, message: String) -> RpcMessage {
    RpcMessage::Malformed { id, error: RpcError { code, message } }
}

/// Sends messages to the client.
pub(super) struct RpcSender {
    output: BufWriter<Box<dyn Write>>,
    requests: u64,
}

impl RpcSender {
    pub(super) fn new(output: impl Write + 'static) -> Self {
        Self { output: BufWriter::new(Box::new(output)), requests: 0 }
    }

    /// Sends a notification.
    ///
    /// # Errors
    ///
    /// The client no longer reads.
    pub(super) fn notify(&mut self, method: &str, params: &Value) -> io::Result<()> {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }))
    }

    /// Sends a request. Its answer arrives as a [`RpcMessage::Response`].
    ///
    /// # Errors
    ///
    /// The client no longer reads.
    pub(super) fn request(&mut self, method: &str, params: &Value) -> io::Result<()> {
        self.requests += 1;
        let id = format!("dechaff-{}", self.requests);
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
    }

    /// Answers a request.
    ///
    /// # Errors
    ///
    /// The client no longer reads.
    pub(super) fn respond(&mut self, id: &Value, result: RpcResult) -> io::Result<()> {
        self.send(&match result {
            Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
            Err(RpcError { code, message }) => {
                let error = json!({ "code": code as i32, "message": message });
                json!({ "jsonrpc": "2.0", "id": id, "error": error })
            }
        })
    }

    fn send(&mut self, message: &Value) -> io::Result<()> {
        let body = serde_json::to_string(message)?;
        write!(self.output, "Content-Length: {}\r\n\r\n{body}", body.len())?;
        self.output.flush()
    }
}
