//! Defects of tables, before a rule turns them into findings.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use dechaff_findings::Edit;
use dechaff_text::Span;

/// A kind of defect, as rule files name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TableDefect {
    /// Adjacent text is parsed as part of the table, or keeps the table from being parsed.
    Glued,
    /// No delimiter row below the header.
    NoDelimiter,
    /// A delimiter row with more or fewer cells than the header.
    DelimiterWidth,
    /// A delimiter row made of characters other than hyphens and colons.
    DelimiterSigns,
    /// A row with fewer cells than the table has columns.
    ShortRow,
    /// A row with more cells than the table has columns.
    LongRow,
    /// A list marker before a row or at the start of a cell.
    ListMarker,
    /// Several rows run together on one line.
    Flattened,
    /// A table inside a line of prose.
    InProse,
    /// Blank lines between rows.
    Gap,
    /// A header or delimiter repeated among the rows.
    Repeated,
    /// A delimiter and rows without a header.
    Headless,
    /// A row split across lines, or text without pipes between rows.
    Wrapped,
    /// An empty header above the real one.
    EmptyHeader,
    /// A list whose items are run together within a cell.
    CellList,
    /// A last row cut off at the end of the document.
    CutOff,
    /// A header without rows.
    NoData,
    /// Pipes and hyphens with nothing between them.
    Residue,
    /// A one-column table that was a bar of buttons.
    ShareBar,
    /// Columns made with tabs or spaces.
    Aligned,
}

/// A defect found in a document, with the edits that repair it.
#[derive(Debug)]
pub(super) struct TableDetection {
    pub(super) defect: TableDefect,
    /// The defective cell, row or gap.
    pub(super) span: Span,
    /// The message shown at `span`.
    pub(super) label: Option<String>,
    /// Related spans with their messages.
    pub(super) labels: Vec<(Span, &'static str)>,
    /// What the edits do.
    pub(super) help: Option<Cow<'static, str>>,
    /// Verified with the GFM parser; empty if there is no certain repair.
    pub(super) edits: Vec<Edit>,
    /// The fix deletes `span` as a passage, with the blank lines around it.
    pub(super) deletes_span: bool,
    /// The fix is heuristic, so it is always unsafe.
    pub(super) is_heuristic: bool,
}

impl TableDetection {
    pub(super) fn new(defect: TableDefect, span: Span) -> Self {
        Self {
            defect,
            span,
            label: None,
            labels: Vec::new(),
            help: None,
            edits: Vec::new(),
            deletes_span: false,
            is_heuristic: false,
        }
    }

    pub(super) fn with_label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    pub(super) fn with_related(mut self, span: Span, message: &'static str) -> Self {
        self.labels.push((span, message));
        self
    }

    pub(super) fn with_fix(mut self, help: impl Into<Cow<'static, str>>, edits: Vec<Edit>) -> Self {
        self.help = Some(help.into());
        self.edits = edits;
        self
    }

    /// Makes the fix delete the span.
    pub(super) fn deleting_span(mut self) -> Self {
        self.deletes_span = true;
        self
    }

    pub(super) fn heuristic(mut self) -> Self {
        self.is_heuristic = true;
        self
    }
}
