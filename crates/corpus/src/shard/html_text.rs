//! Extracts the main text of pages in HTML, with the crate `dom_smoothie`: a port of Mozilla's
//! Readability.

use dom_smoothie::{Config, Readability, ReadabilityError, TextMode};

use super::html_parser::parse_page;
use crate::decoder_panic::catch_decoder_panic;
use crate::read::too_large;

/// Returns the main text of a page as Markdown, of at most `max` bytes. Bytes that are not UTF-8
/// become U+FFFD.
///
/// # Errors
///
/// The page has no text, exceeds a bound of the parser, or its text is too large.
pub(super) fn extract(page: &[u8], max: usize) -> Result<Vec<u8>, String> {
    let failed = |reason: &str| format!("cannot extract text from its HTML{reason}");
    let extract = || {
        let document = parse_page(&String::from_utf8_lossy(page))
            .map_err(|bound| failed(&format!(": the page {bound}")))?;
        let config =
            Config { disable_json_ld: true, text_mode: TextMode::Markdown, ..Config::default() };
        let article = Readability::with_document(document, None, Some(config))
            .and_then(|mut readability| readability.parse());
        let text = |article: dom_smoothie::Article| article.text_content.to_string();
        article.map(text).map_err(|error: ReadabilityError| failed(&format!(": {error}")))
    };
    let text = catch_decoder_panic(extract).unwrap_or_else(|| Err(failed("")))?;
    if text.len() > max { Err(too_large(max)) } else { Ok(text.into_bytes()) }
}
