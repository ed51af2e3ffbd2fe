//! Reporters: turn findings into text for people and for other programs.
//!
//! A reporter appends to a string and does no I/O; the caller decides where the string goes.

mod azure;
mod concise;
mod document_judge;
mod document_row;
mod dolma;
mod excerpt;
mod fold;
mod full;
mod github;
mod gitlab;
mod grouped;
mod html;
mod json;
mod junit;
mod location;
mod markdown;
mod message;
mod quotation;
mod rdjson;
mod removed_words;
mod sanitize;
mod sarif;
mod span_cursor;
mod statistics;
mod summary;
mod user_file_error;
mod wrap_labels;

use dechaff_checks::measure::MeasureValue;
use dechaff_findings::Finding;
use dechaff_text::{Document, TextProvider};

pub use azure::Azure;
pub use concise::Concise;
pub use document_judge::{DocumentJudge, JudgedDocuments};
pub use document_row::quoted;
pub use document_row::{
    DocumentRow, Judgement, Verdict, VerdictThresholds, WholeCopy, WholeDocument,
};
pub use dolma::{SummaryOnly, attributes};
pub use full::Full;
pub use github::GitHub;
pub use gitlab::GitLab;
pub use grouped::Grouped;
pub use html::Html;
pub use html::{FindingSample, STYLE, counted, escaped, escaped_name, grouped, shell_word};
pub use json::{Json, JsonLines};
pub use junit::JUnit;
pub use markdown::Markdown;
pub use rdjson::RdJson;
pub use sanitize::{Medium, printable};
pub use sarif::Sarif;
pub use statistics::{Statistics, StatisticsFormat};
pub use summary::{Summary, count};
pub use user_file_error::render_user_file_error;

/// Writes findings in one output format, document by document.
pub trait Reporter: Send {
    /// Appends the findings of one document to `output`.
    fn write_document(
        &mut self,
        document: &Document<'_>,
        findings: &[Finding],
        texts: &dyn TextProvider,
        output: &mut String,
    );

    /// Adds the measures of a document that has text: a row of the table that the report was
    /// created for. Most reports ignore them.
    fn add_measures(&mut self, _values: &[MeasureValue]) {}

    /// Appends the end of the report, such as a summary.
    fn finish(&mut self, summary: &Summary, output: &mut String);

    /// Returns the kind of output. The caller passes the text through [`Medium::sanitize`] before
    /// printing.
    fn medium(&self) -> Medium {
        Medium::Text
    }
}
