//! Web archive records that are documents.

use std::fmt;

use serde_json::{Map, Value};

use super::ReadOptions;
use super::foreign_record::ForeignRecord;
use super::http_message::{HeaderFields, PageText, payload};
use crate::read::too_large;

/// A record that is a document.
pub(super) struct WarcRecord {
    pub(super) headers: HeaderFields,
    pub(super) content: Vec<u8>,
    pub(super) text: PageText,
    /// Whether the content is an HTTP message.
    pub(super) is_http: bool,
}

impl fmt::Debug for WarcRecord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} of {:?}", self.text, self.headers)
    }
}

impl ForeignRecord for WarcRecord {
    fn size(&self) -> usize {
        self.content.len()
    }

    /// Returns any header; `id`, `url` and `date` are short names of the most common ones.
    fn field(&self, name: &str) -> Option<String> {
        let header = match name {
            "id" => "WARC-Record-ID",
            "url" => "WARC-Target-URI",
            "date" => "WARC-Date",
            name => name,
        };
        // URIs are in angle brackets in WARC 1.0.
        let value = self.headers.get(header)?;
        let uri = value.strip_prefix('<').and_then(|value| value.strip_suffix('>'));
        Some(uri.unwrap_or(value).to_owned())
    }

    fn fields(&self) -> Map<String, Value> {
        let names = ["id", "url", "date"];
        let fields = names.map(|name| Some((name.to_owned(), self.field(name)?.into())));
        fields.into_iter().flatten().collect()
    }

    fn take_text(&mut self, read_options: &ReadOptions) -> Result<Vec<u8>, String> {
        let content = std::mem::take(&mut self.content);
        let max = read_options.max_record;
        let payload = match self.is_http {
            true => payload(content, max)?,
            false => content,
        };
        if payload.len() > max {
            return Err(too_large(max));
        }
        match self.text {
            PageText::Plain => Ok(payload),
            PageText::Html => html_text(&payload, max),
        }
    }
}

/// Extracts the main text of a page.
#[cfg(feature = "html")]
fn html_text(page: &[u8], max: usize) -> Result<Vec<u8>, String> {
    super::html_text::extract(page, max)
}

/// Never called: the reader skips HTML pages.
#[cfg(not(feature = "html"))]
fn html_text(_: &[u8], _: usize) -> Result<Vec<u8>, String> {
    Err("HTML; build dechaff with `--features html`".into())
}
