//! The line filter of RefinedWeb (Penedo et al. 2023, arXiv 2306.01116, section G.2), as
//! implemented by DCLM.
//!
//! Source: `baselines/mappers/modifiers.py` and `baselines_configs/dclm_baseline_refinedweb.yaml`
//! in mlfoundations/dclm at commit 361714b. DCLM removes "items in cart" and the like from a line;
//! here, the line is reported as a whole if it has no other text.

use crate::python;

/// Maximum number of words of a line that phrases are removed from.
const MAX_PHRASE_LINE: usize = 10;
/// Nouns that counters count.
const COUNTED: [&str; 12] = [
    "likes",
    "shares",
    "comments",
    "retweets",
    "reposts",
    "quotes",
    "bookmarks",
    "upvotes",
    "downvotes",
    "downloads",
    "views",
    "followers",
];

/// Returns why the line is dropped, if it is.
pub(crate) fn reason(line: &str) -> Option<&'static str> {
    let length = python::length(line);
    let upper = line.chars().filter(|one| one.is_uppercase()).count();
    if 2 * upper > length {
        return Some("more than half of its characters are capitals");
    }
    if line.chars().all(|one| one.is_numeric()) {
        return Some("it has only digits");
    }
    if is_counter(&line.to_lowercase()) {
        return Some("it is a counter, such as “3 likes”");
    }
    let words = python::split(line).len();
    if words < 2 {
        return Some("it has a single word");
    }
    let stripped = python::strip(line);
    let is_phrase = ["items in cart", "Read more...", "Sign-in"].iter().any(|phrase| {
        stripped.trim_start_matches(|one: char| one.is_ascii_digit() || one == ' ') == *phrase
    });
    (words <= MAX_PHRASE_LINE && is_phrase).then_some("it is the label of a shop or page")
}

/// Whether a line in lower case is a number and a counted noun, with optional symbols around them.
pub(crate) fn is_counter(line: &str) -> bool {
    let is_sign = |one: char| !(one.is_alphanumeric() || one == '_');
    let line = line.trim_matches(is_sign);
    let number =
        line.trim_start_matches(|one: char| one.is_ascii_digit() || matches!(one, ',' | '.'));
    if number.len() == line.len() || !line.starts_with(|one: char| one.is_ascii_digit()) {
        return false;
    }
    let rest = number.strip_prefix(['k', 'm', 'b']).unwrap_or(number);
    let counted = rest.trim_start_matches(python::is_space);
    counted.len() < rest.len() && COUNTED.contains(&counted)
}
