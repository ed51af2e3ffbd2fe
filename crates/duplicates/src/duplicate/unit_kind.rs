//! Kinds of units, the parts of a document that are compared, and their minimum lengths.

use serde::{Deserialize, Serialize};

/// The kind of a unit: a part of a document that is compared as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnitKind {
    /// A paragraph.
    Paragraph,
    /// A list item.
    ListItem,
    /// A line of a quotation.
    Quotation,
    /// A heading.
    Heading,
    /// A table row.
    TableRow,
    /// A code block.
    Code,
    /// A comment in source code that spans several lines, such as a licence header.
    Comment,
}

impl UnitKind {
    /// Returns the kind with this number in sketches.
    pub(super) fn from_number(number: u32) -> Self {
        match number {
            0 => Self::Paragraph,
            1 => Self::ListItem,
            2 => Self::Quotation,
            3 => Self::Heading,
            4 => Self::TableRow,
            5 => Self::Code,
            _ => Self::Comment,
        }
    }

    /// Whether the unit is text, and not code or data.
    pub(super) fn is_text(self) -> bool {
        !matches!(self, Self::Code | Self::Comment | Self::TableRow)
    }

    /// Whether the unit may be running text.
    pub(super) fn is_running(self) -> bool {
        matches!(self, Self::Paragraph | Self::ListItem | Self::Quotation)
    }
}

/// The minimum number of words of a unit, by its kind. Kinds without a minimum are ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    rename_all = "kebab-case",
    expecting = "a number of words for each sort of text, such as { paragraph = 6 }"
)]
pub struct MinWords {
    /// For a paragraph.
    pub paragraph: Option<u32>,
    /// For a list item.
    pub list_item: Option<u32>,
    /// For a line of a quotation.
    pub quotation: Option<u32>,
    /// For a heading.
    pub heading: Option<u32>,
    /// For a table row.
    pub table_row: Option<u32>,
    /// For a code block.
    pub code: Option<u32>,
    /// For a comment in source code that spans several lines.
    pub comment: Option<u32>,
}

impl MinWords {
    /// Whether a unit is long enough.
    pub(super) fn admits(&self, kind: UnitKind, words: u32) -> bool {
        self.for_kind(kind).is_some_and(|min_words| words >= min_words)
    }

    pub(super) fn for_kind(&self, kind: UnitKind) -> Option<u32> {
        match kind {
            UnitKind::Paragraph => self.paragraph,
            UnitKind::ListItem => self.list_item,
            UnitKind::Quotation => self.quotation,
            UnitKind::Heading => self.heading,
            UnitKind::TableRow => self.table_row,
            UnitKind::Code => self.code,
            UnitKind::Comment => self.comment,
        }
    }
}
