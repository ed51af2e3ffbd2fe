//! The `table` kind: tables that no parser sees, or sees otherwise than their author meant.
//!
//! Pipe rows are read as text; which of them are one table, and what each line is in it, is decided from the rows alone. What
//! a GFM parser makes of the document is compared with that, and a repair is offered only when the parser proves it.

mod aligned;
mod cells;
mod extent;
mod fault;
mod flat;
mod kinds;
mod layout;
mod lists;
mod proof;
mod reading;
mod residue;
mod row;
mod seen;
mod structure;
mod wrapped;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{DocumentCheck, ParameterError, RuleWithParams};
use crate::finding::{Applicability, Finding, Fix, Label, RuleInfo};
use crate::text::{BlockKind, Document, Span};

pub use fault::Defect;
use fault::Fault;
use reading::{Reader, Table};
use seen::Seen;

/// The kind's name in rule files.
pub const NAME: &str = "table";

/// Which defect of tables a rule is about.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Parameters {
    /// The defect.
    pub defect: Defect,
    /// For `share-bar`: the words that stand on buttons, case aside.
    #[serde(default)]
    pub buttons: Vec<String>,
}

/// Whether `buttons` are given where they mean something, and only there.
///
/// # Errors
///
/// `share-bar` without `buttons`, or `buttons` with another defect.
pub fn validate(parameters: &Parameters) -> Result<(), ParameterError> {
    let is_bar = parameters.defect == Defect::ShareBar;
    if is_bar == parameters.buttons.is_empty() {
        let message = "give `buttons` with `defect = \"share-bar\"`, and with that alone".into();
        return Err(ParameterError { message, place: None });
    }
    Ok(())
}

/// Makes one check of all the rules.
///
/// # Errors
///
/// None: what can be wrong is found by [`validate`].
pub fn compile(rules: Vec<RuleWithParams<'_, Parameters>>) -> Result<Box<dyn DocumentCheck>, ParameterError> {
    let buttons = rules.iter().flat_map(|(_, parameters)| parameters.buttons.iter().cloned()).collect();
    let rules = rules.into_iter().map(|(rule, parameters)| (rule, parameters.defect)).collect();
    Ok(Box::new(TableCheck { rules, buttons }))
}

struct TableCheck {
    rules: Vec<(Arc<RuleInfo>, Defect)>,
    buttons: Vec<String>,
}

impl DocumentCheck for TableCheck {
    fn check(&self, document: &Document<'_>, findings: &mut Vec<Finding>) {
        let mut faults = Vec::new();
        self.pipes(document, &mut faults);
        if self.rules.iter().any(|(_, defect)| *defect == Defect::Aligned) {
            aligned::faults(document, &mut faults);
        }
        for fault in faults {
            for (rule, _) in self.rules.iter().filter(|(_, defect)| *defect == fault.defect) {
                findings.push(finding(rule, document, &fault));
            }
        }
    }
}

impl TableCheck {
    fn pipes(&self, document: &Document<'_>, faults: &mut Vec<Fault>) {
        let lines = pipe_lines(document);
        if lines.is_empty() {
            return;
        }
        let seen = Seen::parse(document.text());
        let reader = Reader::new(document, &seen);
        let mut done = 0;
        let mut above = None;
        for line in lines {
            if line >= done {
                done = self.at(&reader, line, &mut above, faults).unwrap_or(line + 1);
            }
        }
    }

    /// Adds the faults of what begins at `line`, below the table `above`; returns the line after it.
    fn at(
        &self,
        reader: &Reader<'_, '_>,
        line: usize,
        above: &mut Option<Table>,
        faults: &mut Vec<Fault>,
    ) -> Option<usize> {
        let row = reader.row(line)?;
        if let Some(end) = reader.drawing_end(line) {
            return Some(end);
        }
        if let Some(end) = flat::faults(reader, &row, faults) {
            return Some(end);
        }
        let Some(mut table) = reader.table(line) else {
            return residue::lone(reader, &row, &self.buttons, faults);
        };
        table.is_doubtful |= reader.may_go_on_from(above.as_ref(), &table);
        if !residue::faults(reader, &table, &self.buttons, faults) {
            structure::faults(reader, &table, faults);
            cells::faults(reader, &table, faults);
            lists::faults(reader, &table, faults);
        }
        let end = table.lines.end;
        *above = Some(table);
        Some(end)
    }
}

/// Lines with a pipe, if any of them may be part of a table and looks like no code.
fn pipe_lines(document: &Document<'_>) -> Vec<usize> {
    let text = document.text().as_bytes();
    if memchr::memchr(b'|', text).is_none() {
        return Vec::new();
    }
    let mut may_be_table = false;
    let mut lines = Vec::new();
    for block in document.blocks() {
        if matches!(block.kind, BlockKind::FrontMatter | BlockKind::Blank) {
            continue;
        }
        for line in block.lines.clone() {
            let Some(span) = document.lines().get(line) else { continue };
            let bytes = &text[span.range()];
            if memchr::memchr(b'|', bytes).is_some() {
                let start = document.slice(*span).trim_start_matches([' ', '\t', '>', '-', '*', '+', '•']);
                may_be_table |= block.kind != BlockKind::Code
                    && (start.starts_with(['|', ':'])
                        || memchr::memmem::find(bytes, b"--").is_some()
                        || start.len() < span.len());
                lines.push(line);
            }
        }
    }
    if may_be_table { lines } else { Vec::new() }
}

fn finding(rule: &Arc<RuleInfo>, document: &Document<'_>, fault: &Fault) -> Finding {
    let mut finding = if fault.removes {
        Finding::with_deletion(rule, document, fault.span)
    } else {
        Finding::new(rule, document, fault.span)
    };
    finding.label.clone_from(&fault.label);
    let label = |&(span, message): &(Span, &'static str)| Label { origin: None, span, message: message.into() };
    finding.labels = fault.labels.iter().map(label).collect();
    if let Some(applicability) = rule.fix.filter(|_| !fault.edits.is_empty()) {
        let applicability = if fault.is_guess { Applicability::Unsafe } else { applicability };
        finding.help.clone_from(&fault.help);
        finding.fix = Some(Fix { applicability, edits: fault.edits.clone() });
    }
    finding
}
