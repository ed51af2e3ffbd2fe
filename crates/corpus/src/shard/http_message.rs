//! HTTP responses in web archives, and header fields.

use std::io::{self, Read};

use crate::codec::Codec;
use crate::read::too_large;

/// The kind of text in a record of a web archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PageText {
    Plain,
    Html,
}

impl PageText {
    /// Returns the kind of text of a media type, or `None` if it is not text.
    pub(super) fn from_content_type(content_type: &str) -> Option<Self> {
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        match media_type.to_ascii_lowercase().as_str() {
            "text/plain" => Some(Self::Plain),
            "text/html" | "application/xhtml+xml" => Some(Self::Html),
            _ => None,
        }
    }
}

/// Names and values of headers.
#[derive(Debug, Clone)]
pub(super) struct HeaderFields(Vec<(String, String)>);

impl HeaderFields {
    /// Parses the lines of a header. Lines without a colon, such as the version, are left out.
    pub(super) fn parse(lines: &[u8]) -> Self {
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in String::from_utf8_lossy(lines).lines() {
            let is_continued = line.starts_with([' ', '\t']);
            match (headers.last_mut(), line.split_once(':')) {
                (Some((_, value)), _) if is_continued => {
                    value.push(' ');
                    value.push_str(line.trim());
                }
                (_, Some((name, value))) => {
                    headers.push((name.trim().to_owned(), value.trim().to_owned()));
                }
                _ => {}
            }
        }
        Self(headers)
    }

    /// Returns the value of a header, ignoring the case of its name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let header = self.0.iter().find(|(own, _)| own.eq_ignore_ascii_case(name))?;
        Some(&header.1)
    }

    pub(super) fn content_length(&self) -> Option<u64> {
        self.get("Content-Length")?.parse().ok()
    }

    /// Whether the content is an HTTP message.
    pub(super) fn is_http(&self) -> bool {
        let content_type = self.get("Content-Type").unwrap_or_default();
        content_type.trim_start().to_ascii_lowercase().starts_with("application/http")
    }
}

/// The head of an HTTP response.
pub(super) struct HttpHead {
    is_success: bool,
    headers: HeaderFields,
    /// The length of the head, including the blank line.
    length: usize,
}

impl HttpHead {
    /// Parses the head of a message that starts with `content`. Returns `None` if it is incomplete.
    pub(super) fn parse(content: &[u8]) -> Option<Self> {
        let ends = [&b"\r\n\r\n"[..], b"\n\n"];
        let ends = ends.map(|end| Some(memchr::memmem::find(content, end)? + end.len()));
        let length = ends.into_iter().flatten().min()?;
        let head = content.get(..length)?;
        let status = head.split(|byte| byte.is_ascii_whitespace()).nth(1)?;
        Some(Self {
            is_success: status.starts_with(b"2"),
            headers: HeaderFields::parse(head),
            length,
        })
    }

    /// Returns the kind of text in the body, or `None` if the response is an error or not text.
    pub(super) fn text(&self) -> Option<PageText> {
        let content_type = self.headers.get("Content-Type").filter(|_| self.is_success)?;
        PageText::from_content_type(content_type)
    }
}

/// Returns the body of a response, without its transfer and content encodings.
pub(super) fn payload(content: Vec<u8>, max: usize) -> Result<Vec<u8>, String> {
    let Some(head) = HttpHead::parse(&content) else { return Ok(content) };
    let mut body = content.get(head.length..).unwrap_or_default().to_vec();
    let names = |name: &str| {
        let value = head.headers.get(name).unwrap_or_default().to_ascii_lowercase();
        value.split(',').map(|name| name.trim().to_owned()).collect::<Vec<_>>()
    };
    // Crawlers that store the decoded body often keep the header.
    if names("Transfer-Encoding").iter().any(|name| name == "chunked") && chunk(&body).is_some() {
        body = joined_chunks(&body).ok_or("its last chunk is incomplete")?;
    }
    for name in names("Content-Encoding").iter().rev() {
        let codec = match name.as_str() {
            "gzip" | "x-gzip" => Codec::Gzip,
            "zstd" => Codec::Zstd,
            "br" => Codec::Brotli,
            "" | "identity" => continue,
            other => return Err(format!("its encoding `{other}` is not supported")),
        };
        if Codec::detect(&body, codec) == codec {
            body = (codec.decoder(&body[..]).and_then(|decoder| read_within(decoder, max)))
                .map_err(|error| format!("its body cannot be decompressed: {error}"))?
                .ok_or_else(|| too_large(max))?;
        }
    }
    Ok(body)
}

/// Reads a stream, or returns `None` if it has more than `max` bytes.
fn read_within(reader: impl Read, max: usize) -> io::Result<Option<Vec<u8>>> {
    let mut content = Vec::new();
    reader.take((max as u64).saturating_add(1)).read_to_end(&mut content)?;
    Ok((content.len() <= max).then_some(content))
}

/// Joins the chunks of a body, or returns `None` if the last one is missing.
fn joined_chunks(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let (size, content) = chunk(rest)?;
        if size == 0 {
            return Some(body);
        }
        let (content, after) = content.split_at_checked(size)?;
        body.extend_from_slice(content);
        rest = after.strip_prefix(b"\r\n").or_else(|| after.strip_prefix(b"\n"))?;
    }
}

/// Returns the size of the chunk at the start of `body`, and the rest after its first line.
fn chunk(body: &[u8]) -> Option<(usize, &[u8])> {
    let (line, content) = body.split_at_checked(memchr::memchr(b'\n', body)? + 1)?;
    let size = line.split(|byte| *byte == b';').next()?.trim_ascii();
    let size = std::str::from_utf8(size).ok()?;
    if !size.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    Some((usize::from_str_radix(size, 16).ok()?, content))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_fields_have_any_case_and_may_be_folded() {
        let headers =
            HeaderFields::parse(b"WARC/1.0\r\nA: b\r\n  c: d\r\nContent-length: 12\r\n\r\n");
        assert_eq!(headers.get("a"), Some("b c: d"));
        assert_eq!(headers.content_length(), Some(12));
    }

    #[test]
    fn bodies_are_decoded_as_the_headers_say() {
        let decode = |message: &str| {
            let body = payload(message.as_bytes().to_vec(), 100)?;
            Ok::<_, String>(String::from_utf8(body).unwrap())
        };
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(decode(&format!("{chunked}3\r\nabc\r\n1;x\r\nd\r\n0\r\n\r\n")).unwrap(), "abcd");
        // Already decoded.
        assert_eq!(decode(&format!("{chunked}A text.")).unwrap(), "A text.");
        let gzip = "HTTP/1.1 200 OK\nContent-Encoding: gzip\n\n";
        assert_eq!(decode(&format!("{gzip}A text.")).unwrap(), "A text.");
        assert!(decode("HTTP/1.1 200 OK\nContent-Encoding: compress\n\nA").is_err());
        assert!(decode(&format!("{chunked}ff\r\nabc")).is_err());
    }
}
