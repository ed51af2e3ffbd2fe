//! A table for a comment on a pull request, or for the summary of a job.

use super::{Report, Summary, count, place, printable, words};
use crate::finding::Finding;
use crate::text::{Document, TextProvider};

/// Rows that a person would still look at.
const MOST_ROWS: usize = 100;
/// Bytes of the table. A comment on GitHub may have 65,536 characters.
const MOST_BYTES: usize = 50_000;

/// A table of the first findings, how many there are more, and the summary.
#[derive(Debug, Default)]
pub struct Markdown {
    rows: usize,
    bytes: usize,
    /// Findings that got no row.
    more: usize,
}

impl Report for Markdown {
    fn document(
        &mut self,
        document: &Document<'_>,
        findings: &[Finding],
        texts: &dyn TextProvider,
        output: &mut String,
    ) {
        for finding in findings {
            if self.more > 0 || self.rows == MOST_ROWS {
                self.more += 1;
                continue;
            }
            let row = row(document, finding, texts);
            if self.bytes + row.len() > MOST_BYTES {
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
        output.push_str(&format!("**dechaff**: {}\n", text(&summary.line())));
    }
}

fn row(document: &Document<'_>, finding: &Finding, texts: &dyn TextProvider) -> String {
    let (start, _) = place::ends(document, finding.span);
    let origin = text(&finding.origin.to_string());
    let mut message = vec![finding.message().to_owned()];
    message.extend(finding.label.clone());
    message.extend(words::places(document, finding, texts));
    let fix = match (&finding.help, words::fix(finding).trim().trim_matches(['(', ')'])) {
        (Some(help), "") => text(help),
        (Some(help), fix) => format!("{} ({})", text(help), text(fix)),
        (None, fix) => text(fix),
    };
    format!(
        "| <code>{origin}:{}:{}</code> | {} | {} | {fix} |\n",
        start.line,
        start.column,
        text(&finding.rule.code),
        text(&message.join("; ")),
    )
}

/// `text` as it is, in a cell: nothing of it is markup, a line end, a cell's end or a call for somebody's attention.
fn text(text: &str) -> String {
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
    fn a_cell_holds_text_and_no_markup() {
        assert_eq!(text("a|b\n<img> *x* @me #1"), "a&#124;b␊&#60;img&#62; &#42;x&#42; @&#8203;me &#35;1");
    }
}
