//! Warnings about explicitly passed files that are not plain text.

use std::path::Path;

use super::output;
use crate::text::PathName;

/// Hints by file extension.
const HINTS: &[(&[&str], &str)] = &[
    (
        &["html", "htm", "xhtml", "xml"],
        "checked as plain text with its markup; extract its text first",
    ),
    (
        &["ipynb", "rtf", "tex", "eml"],
        "checked as plain text with its markup; extract its text first",
    ),
];

/// Warns about each file in `paths` that should probably be converted first.
pub(super) fn warn_of_markup(paths: &[impl AsRef<Path>]) {
    for path in paths.iter().map(AsRef::as_ref).filter(|path| path.is_file()) {
        let ending = path
            .extension()
            .map(|ending| ending.to_string_lossy().to_ascii_lowercase())
            .unwrap_or_default();
        if let Some((_, hint)) =
            HINTS.iter().find(|(endings, _)| endings.contains(&ending.as_str()))
        {
            output::warning(&format!("{}: {hint}", path.name()));
        }
    }
}
