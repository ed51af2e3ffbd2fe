//! Serves a review over HTTP on the loopback interface, one request at a time.

use std::io::Read;
use std::time::Duration;

use anyhow::anyhow;
use tiny_http::{Header, Method, Request, Response, Server};

use super::access::Access;
use super::decisions::{ReviewDecision, ReviewTarget};
use super::filter::Filter;
use super::page;
use super::session::ReviewSession;
use crate::cli::interrupt::is_interrupted;
use crate::cli::output::{self, Output};
use crate::cli::{Exit, choices::ColorWhen};
use crate::report::STYLE;
use crate::text::PathName;

const SCRIPT: &str = include_str!("review.js");
const REVIEW_STYLE: &str = include_str!("review.css");

/// Maximum size of a request body in bytes.
const MAX_BODY_BYTES: u64 = 16 << 10;
/// How often the server checks for Ctrl-C.
const POLL: Duration = Duration::from_millis(100);

/// The content security policy of the pages: only resources from the server, and no inline script
/// or style.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                           form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// The content security policy of the report, which has an inline style sheet and no scripts.
const REPORT_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// An answer to a request.
struct Reply {
    status: u16,
    content_type: &'static str,
    body: String,
    location: Option<String>,
    policy: &'static str,
}

impl Reply {
    fn new(content_type: &'static str, body: impl Into<String>) -> Self {
        Self { status: 200, content_type, body: body.into(), location: None, policy: PAGE_POLICY }
    }

    fn html(body: impl Into<String>) -> Self {
        Self::new("text/html; charset=utf-8", body)
    }

    fn error(status: u16, reason: &str) -> Self {
        Self { status, ..Self::new("text/plain; charset=utf-8", format!("{reason}\n")) }
    }

    fn redirect(location: String) -> Self {
        Self { status: 303, location: Some(location), ..Self::new("text/plain; charset=utf-8", "") }
    }

    fn into_response(self) -> Response<std::io::Cursor<Vec<u8>>> {
        let mut response = Response::from_string(self.body)
            .with_status_code(self.status)
            .with_chunked_threshold(usize::MAX);
        let headers = [
            ("Content-Type", self.content_type),
            ("Content-Security-Policy", self.policy),
            ("Cache-Control", "no-store"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            // The token in the address must not leak to other sites.
            ("Referrer-Policy", "same-origin"),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "DENY"),
        ];
        let location = self.location.iter().map(|location| ("Location", location.as_str()));
        for (name, value) in headers.into_iter().chain(location) {
            if let Ok(header) = Header::from_bytes(name, value) {
                response.add_header(header);
            }
        }
        response
    }
}

/// Serves `session` until Ctrl-C.
///
/// # Errors
///
/// The port cannot be bound.
pub(super) fn serve(mut session: ReviewSession, port: u16) -> anyhow::Result<Exit> {
    let server = Server::http(("127.0.0.1", port))
        .map_err(|error| anyhow!("cannot listen on port {port}: {error}"))?;
    let port = server.server_addr().to_ip().map_or(port, |address| address.port());
    let access = Access::new(port)?;
    let mut stdout = Output::new(ColorWhen::Never);
    stdout.write(&format!(
        "{}\nOpen {} to review; Ctrl-C ends.\n",
        session.summary,
        access.url()
    ))?;
    while !is_interrupted() {
        let Some(mut request) = server.recv_timeout(POLL)? else { continue };
        let reply = match access.check(&request).map(str::to_owned) {
            Ok(rest) => answer(&mut session, &mut request, &access, &rest),
            Err(refusal) => Reply::error(403, refusal.reason()),
        };
        // The browser may have closed the connection.
        let _ = request.respond(reply.into_response());
    }
    output::report(&format!("\nThe decisions are saved in {}.\n", session.files.decisions.name()));
    Ok(Exit::Success)
}

fn answer(
    session: &mut ReviewSession,
    request: &mut Request,
    access: &Access,
    rest: &str,
) -> Reply {
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let answered = match (request.method(), path) {
        (Method::Get, "") => Ok(Reply::redirect(access.url())),
        (Method::Get, "/style.css") => {
            Ok(Reply::new("text/css; charset=utf-8", format!("{STYLE}{REVIEW_STYLE}")))
        }
        (Method::Get, "/review.js") => Ok(Reply::new("text/javascript; charset=utf-8", SCRIPT)),
        (Method::Get, "/report") => {
            Ok(Reply { policy: REPORT_POLICY, ..Reply::html(session.report.as_str()) })
        }
        (Method::Get, "/") => page::findings(session, &Filter::parse(query)).map(Reply::html),
        (Method::Get, "/rules") => Ok(Reply::html(page::rules(session))),
        (Method::Get, "/documents") => {
            Ok(Reply::html(page::documents(session, &Filter::parse(query))))
        }
        (Method::Get, "/finish") => Ok(Reply::html(page::finish(session))),
        (Method::Post, "/decide" | "/undo" | "/plan" | "/ignore-list") => {
            act(session, request, path)
        }
        (Method::Get | Method::Post, _) => Ok(Reply::error(404, "There is no such page.")),
        _ => Ok(Reply::error(405, "Only GET and POST are served.")),
    };
    answered.unwrap_or_else(|error| Reply::error(500, &format!("{error:#}")))
}

/// The fields of a form.
#[derive(Default)]
struct Form {
    target: Option<ReviewTarget>,
    decision: Option<ReviewDecision>,
    /// The page to show afterwards.
    back: String,
}

impl Form {
    /// Parses a body. Returns `None` if it is too long.
    fn read(request: &mut Request) -> anyhow::Result<Option<Self>> {
        let mut body = Vec::new();
        request.as_reader().take(MAX_BODY_BYTES + 1).read_to_end(&mut body)?;
        if body.len() as u64 > MAX_BODY_BYTES {
            return Ok(None);
        }
        let mut form = Self::default();
        for (key, value) in form_urlencoded::parse(&body) {
            match &*key {
                "target" => form.target = page::parse_target(&value),
                "decision" if value == "accept" => form.decision = Some(ReviewDecision::Accept),
                "decision" if value == "reject" => form.decision = Some(ReviewDecision::Reject),
                "back" => form.back = value.into_owned(),
                _ => {}
            }
        }
        Ok(Some(form))
    }

    /// Returns the page to redirect to, which is always within the review.
    fn location(&self, target: Option<ReviewTarget>) -> String {
        let (page, query) = self.back.split_once('?').unwrap_or((&self.back, ""));
        let page =
            ["rules", "documents", "finish"].into_iter().find(|own| *own == page).unwrap_or("./");
        let filter = Filter::parse(query);
        let query = filter.query(filter.page);
        let query = if query.is_empty() { query } else { format!("?{query}") };
        let anchor = target.map_or(String::new(), |target| format!("#{}", page::target_id(target)));
        format!("{page}{query}{anchor}")
    }
}

/// Answers a POST: makes a change, and redirects to the page or, for the script, returns the
/// change.
fn act(session: &mut ReviewSession, request: &mut Request, path: &str) -> anyhow::Result<Reply> {
    let wants_json = request
        .headers()
        .iter()
        .any(|header| header.field.equiv("Accept") && header.value.as_str() == "application/json");
    let Some(form) = Form::read(request)? else {
        return Ok(Reply::error(413, "The request is too large."));
    };
    let target = match path {
        "/decide" => {
            let Some((target, decision)) = form.target.zip(form.decision) else {
                return Ok(Reply::error(400, "A target and a decision are required."));
            };
            session.decide(target, decision)?;
            Some(target)
        }
        "/undo" => session.decisions.undo()?,
        "/plan" => {
            session.write_plan()?;
            None
        }
        _ => {
            session.extend_ignore_list()?;
            None
        }
    };
    if wants_json {
        return Ok(Reply::new("application/json", page::change(session, target)));
    }
    Ok(Reply::redirect(form.location(target)))
}
