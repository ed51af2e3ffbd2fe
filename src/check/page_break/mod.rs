//! The `page-break` kind: running heads, feet and page numbers that stay in text taken from printed pages.
//!
//! A number alone on a line may be anything: an item, a verse, a chapter. It is a page number if it is one of a row of ascending
//! numbers, and if the lines of that row cut sentences, repeat a head or count the pages ("Page 3 of 48").

mod chain;
mod reading;
mod region;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{DocumentCheck, ParameterError, RuleWithParams};
use crate::finding::{Applicability, Edit, Finding, Fix, RuleInfo};
use crate::text::{Document, Span, trim};
use region::{Region, Side};

/// The kind's name in rule files.
pub const NAME: &str = "page-break";

/// The kind has no parameters.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameters {}

/// Accepts the parameters, of which there are none.
///
/// # Errors
///
/// None.
pub fn validate(_: &Parameters) -> Result<(), ParameterError> {
    Ok(())
}

/// Makes one check of all the rules.
///
/// # Errors
///
/// None.
pub fn compile(rules: Vec<RuleWithParams<'_, Parameters>>) -> Result<Box<dyn DocumentCheck>, ParameterError> {
    Ok(Box::new(PageBreakCheck { rules: rules.into_iter().map(|(rule, _)| rule).collect() }))
}

struct PageBreakCheck {
    rules: Vec<Arc<RuleInfo>>,
}

impl DocumentCheck for PageBreakCheck {
    fn check(&self, document: &Document<'_>, findings: &mut Vec<Finding>) {
        let regions = region::regions(document);
        for rule in &self.rules {
            findings.extend(regions.iter().map(|region| finding(document, rule, region)));
        }
    }
}

fn finding(document: &Document<'_>, rule: &Arc<RuleInfo>, region: &Region) -> Finding {
    let lines = document.lines();
    let mut span = trim(document.text(), lines[region.lines.start].cover(lines[region.lines.end - 1]));
    // An empty line below belongs to the break.
    if let Some(below) = lines.get(region.lines.end).filter(|line| document.slice(**line).trim().is_empty()) {
        span.end = below.start;
    }
    let mut finding = Finding::with_deletion(rule, document, span);
    if let (Some((before, after)), Some(fix)) = (region.halves(document), &mut finding.fix) {
        let edit = match (before, after) {
            // Each line of the text stays a line.
            (Side { line: first, is_wrapped, .. }, Side { line: last, .. }) if is_wrapped => {
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
