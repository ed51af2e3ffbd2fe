//! Extracts the main text of pages in HTML, with the crate `dom_smoothie`: a port of Mozilla's
//! Readability.

use std::panic::{AssertUnwindSafe, catch_unwind};

use dom_smoothie::{Config, Readability, TextMode};

/// Maximum number of elements of a page. Deeply nested ones take the crate quadratic time.
const MAX_ELEMENTS: usize = 20_000;

/// Returns the main text of a page as Markdown. Bytes that are not UTF-8 become U+FFFD.
///
/// # Errors
///
/// The page has no text, or too many elements.
pub(super) fn extract(page: &[u8]) -> Result<Vec<u8>, String> {
    let config = Config {
        max_elements_to_parse: MAX_ELEMENTS,
        disable_json_ld: true,
        text_mode: TextMode::Markdown,
        ..Config::default()
    };
    let extract = || {
        let article =
            Readability::new(&*String::from_utf8_lossy(page), None, Some(config))?.parse()?;
        Ok::<_, dom_smoothie::ReadabilityError>(article.text_content.to_string())
    };
    match catch_unwind(AssertUnwindSafe(extract)) {
        Ok(Ok(text)) => Ok(text.into_bytes()),
        Ok(Err(error)) => Err(format!("no text can be extracted from its HTML: {error}")),
        Err(_) => Err("no text can be extracted from its HTML".into()),
    }
}
