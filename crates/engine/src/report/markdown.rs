//! A Markdown table for pull request comments and job summaries.

use super::quotation::quotation;
use super::{Reporter, Summary, count, location, message, printable};
use dechaff_findings::Finding;
use dechaff_text::{Document, TextProvider};

/// Maximum number of rows; longer tables are not read.
const MAX_ROWS: usize = 100;
/// Keeps the table below GitHub's limit of 65,536 characters per comment.
const MAX_BYTES: usize = 50_000;

/// A table of the first findings, the number of remaining ones, and a summary.
#[derive(Debug, Default)]
pub struct Markdown {
    rows: usize,
    bytes: usize,
    /// Number of findings without a row.
    more: usize,
}

impl Reporter for Markdown {
    fn write_document(
        &mut self,
        document: &Document<'_>,
        findings: &[Finding],
        texts: &dyn TextProvider,
        output: &mut String,
    ) {
        for finding in findings {
            if self.more > 0 || self.rows == MAX_ROWS {
                self.more += 1;
                continue;
            }
            let row = row(document, finding, texts);
            if self.bytes + row.len() > MAX_BYTES {
                self.more += 1;
                continue;
            }
            if self.rows == 0 {
                output.push_str("| Place | Rule | Finding | Fix |\n|---|---|---|---|\n");
            }
            output.push_str(&row);
            self.rows += 1;
            self.bytes += row.len();
        }
    }

    fn finish(&mut self, summary: &Summary, output: &mut String) {
        if self.more > 0 && self.rows > 0 {
            output.push_str(&format!("\n… and {}.\n", count(self.more, "more finding")));
        }
        if self.rows > 0 {
            output.push('\n');
        }
        output.push_str(&format!("**dechaff**: {}\n", escape_cell(&summary.line())));
    }
}

fn row(document: &Document<'_>, finding: &Finding, texts: &dyn TextProvider) -> String {
    let (start, _) = location::start_end(document, finding.span);
    let origin = escape_cell(&finding.origin.to_string());
    let text = quotation(document, finding.span).map_or(String::new(), |text| format!(": {text}"));
    let mut message = vec![format!("{}{text}", finding.message())];
    message.extend(finding.label.clone());
    message.extend(message::related_locations(document, finding, texts));
    let fix = match (&finding.help, message::fix_note(finding).trim().trim_matches(['(', ')'])) {
        (Some(help), "") => escape_cell(help),
        (Some(help), fix) => format!("{} ({})", escape_cell(help), escape_cell(fix)),
        (None, fix) => escape_cell(fix),
    };
    format!(
        "| <code>{origin}:{}:{}</code> | {} | {} | {fix} |\n",
        start.line,
        start.column,
        escape_cell(&finding.rule.code),
        escape_cell(&message.join("; ")),
    )
}

/// Escapes `text` for a table cell, so that it contains no markup, line ending or mention.
pub(super) fn escape_cell(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for character in printable(text).chars() {
        match character {
            '@' => result.push_str("@&#8203;"),
            '|' | '\\' | '`' | '*' | '_' | '~' | '<' | '>' | '&' | '[' | ']' | '!' | '#' | '$' => {
                result.push_str(&format!("&#{};", u32::from(character)));
            }
            _ => result.push(character),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_markup_in_cells() {
        assert_eq!(
            escape_cell("a|b\n<img> *x* @me #1"),
            "a&#124;b␊&#60;img&#62; &#42;x&#42; @&#8203;me &#35;1"
        );
    }
}
