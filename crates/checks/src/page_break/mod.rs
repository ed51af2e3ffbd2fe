//! The `page-break` kind: running headers, footers and page numbers left in text from printed
//! pages.
//!
//! A number alone on a line may be anything: a list item, a verse, a chapter. It is a page number
//! if it is part of a chain of ascending numbers, and if the lines of the chain cut sentences,
//! repeat a header, or count the pages ("Page 3 of 48").

mod chain;
mod page_number;
mod region;

use std::sync::Arc;

use super::DocumentCheck;
pub use super::no_parameters::{Parameters, validate};
use dechaff_findings::{
    Applicability, Edit, Finding, FindingSink, Fix, ParameterError, RuleInfo, RuleWithParams,
};
use dechaff_text::{Document, Span, trim};
use region::{BreakRegion, SentenceHalf};

/// The kind's name in rule files.
pub const NAME: &str = "page-break";

/// Compiles the rules into one check.
///
/// # Errors
///
/// Never fails.
pub fn compile(
    rules: Vec<RuleWithParams<'_, Parameters>>,
) -> Result<Box<dyn DocumentCheck>, ParameterError> {
    Ok(Box::new(PageBreakCheck { rules: rules.into_iter().map(|(rule, _)| rule).collect() }))
}

struct PageBreakCheck {
    rules: Vec<Arc<RuleInfo>>,
}

impl DocumentCheck for PageBreakCheck {
    fn check(&self, document: &Document<'_>, findings: &mut FindingSink<'_>) {
        let regions = region::break_regions(document);
        for rule in &self.rules {
            findings.extend(regions.iter().map(|region| finding(document, rule, region)));
        }
    }
}

fn finding(document: &Document<'_>, rule: &Arc<RuleInfo>, region: &BreakRegion) -> Finding {
    let lines = document.lines();
    let mut span =
        trim(document.text(), lines[region.lines.start].cover(lines[region.lines.end - 1]));
    // The empty line below belongs to the page break.
    if let Some(below) =
        lines.get(region.lines.end).filter(|line| document.slice(**line).trim().is_empty())
    {
        span.end = below.start;
    }
    let mut finding = Finding::with_deletion(rule, document, span);
    if let (Some((before, after)), Some(fix)) = (region.sentence_halves(document), &mut finding.fix)
    {
        let edit = match (before, after) {
            // Keep each line of the text a line.
            (SentenceHalf { line: first, is_wrapped, .. }, SentenceHalf { line: last, .. })
                if is_wrapped =>
            {
                let from = lines.get(first + 1).map_or(lines[first].end, |next| next.start);
                Edit { span: Span::new(from, lines[last].start), content: String::new() }
            }
            (before, after) => {
                let first = trim(document.text(), lines[before.line]);
                let last = trim(document.text(), lines[after.line]);
                let gap = if before.has_blanks || after.has_blanks { " " } else { "" };
                Edit { span: Span::new(first.end, last.start), content: gap.to_owned() }
            }
        };
        finding.help = Some("remove the page break and join the sentence".into());
        fix.edits = vec![edit];
    }
    if let Some(fix) = finding.fix.as_mut().filter(|_| !region.is_certain) {
        *fix = Fix { applicability: Applicability::Unsafe, ..fix.clone() };
    }
    finding
}
