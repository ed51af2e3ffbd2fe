//! What is wrong with a table, before a rule makes a finding of it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::finding::Edit;
use crate::text::Span;

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Defect {
    /// The text before or after belongs to the table for a parser, or keeps it from being one.
    Glued,
    /// No row of dashes below the header.
    NoDelimiter,
    /// A row of dashes with more or fewer cells than the header.
    DelimiterWidth,
    /// A row of dashes made of other signs.
    DelimiterSigns,
    /// A row with fewer cells than the table has columns.
    ShortRow,
    /// A row with more.
    LongRow,
    /// A list marker before a row or at the start of a cell.
    ListMarker,
    /// Rows run together on one line.
    Flattened,
    /// A table inside a line of prose.
    InProse,
    /// Blank lines between rows.
    Gap,
    /// A header or delimiter that stands again among the rows.
    Repeated,
    /// A delimiter and rows without a header.
    Headless,
    /// A row broken over several lines, or text without pipes between rows.
    Wrapped,
    /// An empty header above the real one.
    EmptyHeader,
    /// A list whose items follow each other within a cell.
    CellList,
    /// The last row is cut off with the document.
    CutOff,
    /// A header without rows.
    NoData,
    /// Pipes and dashes with nothing between them.
    Residue,
    /// A table of one column that was a bar of buttons.
    ShareBar,
    /// Columns made with tabs or blanks.
    Aligned,
}

/// A defect at its place, with the edits that mend it.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) defect: Defect,
    /// The cell, row or gap that is wrong.
    pub(super) span: Span,
    /// What stands beside it.
    pub(super) label: Option<String>,
    /// Further places that belong to it.
    pub(super) labels: Vec<(Span, &'static str)>,
    /// What the edits do.
    pub(super) help: Option<Cow<'static, str>>,
    /// Checked by the parser; empty where nothing certain can be done.
    pub(super) edits: Vec<Edit>,
    /// The edits are the rows' bytes, to be removed as a passage of their own.
    pub(super) removes: bool,
    /// The edits are a guess, whatever the rule says.
    pub(super) is_guess: bool,
}

impl Fault {
    pub(super) fn new(defect: Defect, span: Span) -> Self {
        let (label, labels, help, edits) = (None, Vec::new(), None, Vec::new());
        Self { defect, span, label, labels, help, edits, removes: false, is_guess: false }
    }

    pub(super) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    pub(super) fn at(mut self, span: Span, message: &'static str) -> Self {
        self.labels.push((span, message));
        self
    }

    pub(super) fn fix(mut self, help: impl Into<Cow<'static, str>>, edits: Vec<Edit>) -> Self {
        self.help = Some(help.into());
        self.edits = edits;
        self
    }

    /// The fault's own bytes are to go.
    pub(super) fn remove(mut self) -> Self {
        self.removes = true;
        self
    }

    pub(super) fn guess(mut self) -> Self {
        self.is_guess = true;
        self
    }
}
