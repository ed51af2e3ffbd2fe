//! Blocks of code whose fences and lines follow each other on one line.

use super::{Found, lines_with};
use crate::text::{Document, Span};

/// Names that follow a fence.
const LANGUAGES: &[&str] = &[
    "bash",
    "c",
    "console",
    "cpp",
    "csharp",
    "css",
    "diff",
    "go",
    "html",
    "java",
    "javascript",
    "js",
    "json",
    "jsx",
    "kotlin",
    "lua",
    "php",
    "plaintext",
    "powershell",
    "python",
    "py",
    "ruby",
    "rust",
    "scala",
    "sh",
    "shell",
    "sql",
    "swift",
    "toml",
    "ts",
    "tsx",
    "typescript",
    "xml",
    "yaml",
    "yml",
    "zsh",
];

pub(super) fn find(document: &Document<'_>, found: &mut Vec<Found>) {
    for line in lines_with(document, "```") {
        let fences: Vec<usize> = memchr::memmem::find_iter(line.text.as_bytes(), b"```").collect();
        for &at in fences.iter().step_by(2) {
            let after = &line.text[at + 3..];
            let name: &str = after.split(' ').next().unwrap_or("");
            let has_code = after.len() > name.len() + 1;
            if has_code && LANGUAGES.contains(&name) {
                let start = line.span.start + at;
                let span = Span::new(start, start + 3 + name.len());
                found.push(Found::new(span).label("a block of code begins here"));
            }
        }
    }
}
