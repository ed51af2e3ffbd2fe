//! Code blocks whose fences and lines are run together on one line.

use super::detection::{DetectionSink, StructureDetection};
use super::text_lines::lines_containing;
use dechaff_text::{Document, Span};

/// Info strings of code fences.
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

pub(super) fn detect(document: &Document<'_>, detections: &mut DetectionSink<'_, '_, '_>) {
    for line in lines_containing(document, "```") {
        let fences: Vec<usize> = memchr::memmem::find_iter(line.text.as_bytes(), b"```").collect();
        for &at in fences.iter().step_by(2) {
            let after = &line.text[at + 3..];
            let name: &str = after.split(' ').next().unwrap_or("");
            let has_code = after.len() > name.len() + 1;
            if has_code && LANGUAGES.contains(&name) {
                let start = line.span.start + at;
                let span = Span::new(start, start + 3 + name.len());
                detections
                    .push(StructureDetection::new(span).with_label("a code block starts here"));
            }
        }
    }
}
