//! Arguments with a fixed set of values.

use clap::ValueEnum;

use crate::report::{StatisticsFormat, Verdict};

/// A verdict whose documents can be left out of copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum DropVerdict {
    /// Documents without unique content
    Drop,
    /// Documents that need a review
    Review,
}

impl DropVerdict {
    /// Returns the verdict.
    pub(super) fn verdict(self) -> Verdict {
        match self {
            Self::Drop => Verdict::Drop,
            Self::Review => Verdict::Review,
        }
    }
}

/// A format of `--statistics`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum StatisticsChoice {
    /// Aligned columns
    Table,
    /// One JSON object
    Json,
    /// One table with all counts
    Csv,
    /// Markdown tables
    Markdown,
}

impl StatisticsChoice {
    /// Returns the format.
    pub(super) fn format(self) -> StatisticsFormat {
        match self {
            Self::Table => StatisticsFormat::Table,
            Self::Json => StatisticsFormat::Json,
            Self::Csv => StatisticsFormat::Csv,
            Self::Markdown => StatisticsFormat::Markdown,
        }
    }
}

/// The lowest severity that makes a run fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOnArgument {
    /// Errors only
    Error,
    /// Warnings and errors
    Warning,
    /// Any finding
    Info,
    /// Nothing
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorWhen {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}
