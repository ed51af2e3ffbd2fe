//! The `table` kind: tables that parsers do not recognise, or recognise differently from what the
//! author meant.
//!
//! Lines with pipes are parsed leniently into the tables that the author meant. These are compared
//! with what a GFM parser sees, and a repair is offered only if the parser then sees the intended
//! table.

mod aligned;
mod cell_lists;
mod cells;
mod column_kinds;
mod defect;
mod empty;
mod extent;
mod flattened;
mod gfm;
mod parse;
mod row;
mod structural;
mod trailing_lines;
mod verify;
mod wrapped;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::DocumentCheck;
use dechaff_findings::{
    Applicability, Finding, FindingSink, Fix, Label, ParameterError, RuleInfo, RuleWithParams,
};
use dechaff_text::{BlockKind, Document, Span};

pub use defect::TableDefect;
use defect::TableDetection;
use gfm::GfmView;
use parse::{Table, TableParser};

/// The kind's name in rule files.
pub const NAME: &str = "table";

/// The defect a rule reports.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Parameters {
    /// The defect.
    pub defect: TableDefect,
    /// For `share-bar`: the labels of buttons, ignoring case.
    #[serde(default)]
    pub buttons: Vec<String>,
}

/// Validates that `buttons` are given with `share-bar`, and only then.
///
/// # Errors
///
/// Fails for `share-bar` without `buttons`, and for `buttons` with another defect.
pub fn validate(parameters: &Parameters) -> Result<(), ParameterError> {
    let is_share_bar = parameters.defect == TableDefect::ShareBar;
    if is_share_bar == parameters.buttons.is_empty() {
        let message =
            "`buttons` is required with `defect = \"share-bar\"` and not allowed otherwise".into();
        return Err(ParameterError { message, place: None });
    }
    Ok(())
}

/// Compiles the rules into one check.
///
/// # Errors
///
/// Never fails; [`validate`] has checked the parameters.
pub fn compile(
    rules: Vec<RuleWithParams<'_, Parameters>>,
) -> Result<Box<dyn DocumentCheck>, ParameterError> {
    let buttons =
        rules.iter().flat_map(|(_, parameters)| parameters.buttons.iter().cloned()).collect();
    let rules = rules.into_iter().map(|(rule, parameters)| (rule, parameters.defect)).collect();
    Ok(Box::new(TableCheck { rules, buttons }))
}

struct TableCheck {
    rules: Vec<(Arc<RuleInfo>, TableDefect)>,
    buttons: Vec<String>,
}

impl DocumentCheck for TableCheck {
    fn warm_up(&self) {
        aligned::warm_up();
    }

    fn check(&self, document: &Document<'_>, findings: &mut FindingSink<'_>) {
        let mut detections = Vec::new();
        self.check_pipe_tables(document, &mut detections);
        if self.rules.iter().any(|(_, defect)| *defect == TableDefect::Aligned) {
            aligned::detect(document, &mut detections);
        }
        for detection in detections {
            for (rule, _) in self.rules.iter().filter(|(_, defect)| *defect == detection.defect) {
                findings.push(finding(rule, document, &detection));
            }
        }
    }
}

impl TableCheck {
    fn check_pipe_tables(&self, document: &Document<'_>, detections: &mut Vec<TableDetection>) {
        let lines = pipe_lines(document);
        if lines.is_empty() {
            return;
        }
        let gfm = GfmView::parse(document.text());
        let parser = TableParser::new(document, &gfm);
        let mut done = 0;
        let mut above = None;
        for line in lines {
            if line >= done {
                done = self.check_at(&parser, line, &mut above, detections).unwrap_or(line + 1);
            }
        }
    }

    /// Checks what starts at `line`, below the table `above`. Returns the line after it.
    fn check_at(
        &self,
        parser: &TableParser<'_, '_>,
        line: usize,
        above: &mut Option<Table>,
        detections: &mut Vec<TableDetection>,
    ) -> Option<usize> {
        let row = parser.row(line)?;
        if let Some(end) = parser.drawing_end(line) {
            return Some(end);
        }
        if let Some(end) = flattened::detect(parser, &row, detections) {
            return Some(end);
        }
        let Some(mut table) = parser.parse_table(line) else {
            return empty::detect_without_table(parser, &row, &self.buttons, detections);
        };
        table.is_doubtful |= parser.may_continue_from(above.as_ref(), &table);
        if !empty::detect(parser, &table, &self.buttons, detections) {
            structural::detect(parser, &table, detections);
            cells::detect(parser, &table, detections);
            cell_lists::detect(parser, &table, detections);
        }
        let end = table.lines.end;
        *above = Some(table);
        Some(end)
    }
}

/// Returns the lines with a pipe, or none if no line can be part of a table.
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
                let start =
                    document.slice(*span).trim_start_matches([' ', '\t', '>', '-', '*', '+', '•']);
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

fn finding(rule: &Arc<RuleInfo>, document: &Document<'_>, detection: &TableDetection) -> Finding {
    let mut finding = if detection.deletes_span {
        Finding::with_deletion(rule, document, detection.span)
    } else {
        Finding::new(rule, document, detection.span)
    };
    finding.label.clone_from(&detection.label);
    let label = |&(span, message): &(Span, &'static str)| Label {
        origin: None,
        span,
        message: message.into(),
    };
    finding.labels = detection.labels.iter().map(label).collect();
    if let Some(applicability) = rule.fix.filter(|_| !detection.edits.is_empty()) {
        let applicability =
            if detection.is_heuristic { Applicability::Unsafe } else { applicability };
        finding.help.clone_from(&detection.help);
        finding.fix = Some(Fix { applicability, edits: detection.edits.clone() });
    }
    finding
}
