//! Reports: findings as text for people and for other programs.
//!
//! A report writes into a string and nowhere else; what is done with it is the caller's affair.

mod azure;
mod concise;
mod dolma;
mod fault;
mod full;
mod github;
mod gitlab;
mod grouped;
mod json;
mod junit;
mod labels;
mod markdown;
mod place;
mod rdjson;
mod sanitize;
mod sarif;
mod statistics;
mod window;
mod words;

use crate::finding::{Applicability, Finding};
use crate::text::{Document, TextProvider};

pub use azure::Azure;
pub use concise::Concise;
pub use dolma::{Total, attributes};
pub use fault::render_fault;
pub use full::Full;
pub use github::GitHub;
pub use gitlab::GitLab;
pub use grouped::Grouped;
pub use json::{Json, JsonLines};
pub use junit::JUnit;
pub use markdown::Markdown;
pub use rdjson::RdJson;
pub use sanitize::{Medium, printable};
pub use sarif::Sarif;
pub use statistics::Statistics;

/// Turns findings into text, one document after the other.
pub trait Report: Send {
    /// Adds what is to be said of one document's findings to `output`.
    fn document(
        &mut self,
        document: &Document<'_>,
        findings: &[Finding],
        texts: &dyn TextProvider,
        output: &mut String,
    );

    /// Adds what is to be said at the end.
    fn finish(&mut self, summary: &Summary, output: &mut String);

    /// What the report is written in. Whoever prints it passes it through [`Medium::sanitize`].
    fn medium(&self) -> Medium {
        Medium::Text
    }
}

/// What a run came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Documents checked.
    pub documents: usize,
    /// Documents with at least one finding.
    pub faulty: usize,
    /// Findings.
    pub findings: usize,
    /// Findings with a safe fix.
    pub safe: usize,
    /// Findings with an unsafe fix.
    pub unsafe_fixes: usize,
    /// Files left out because they are not text.
    pub skipped: usize,
    /// Findings that the baseline knows; they are not counted among the others.
    pub known: usize,
    /// Findings that were fixed before the rest was counted.
    pub fixed: usize,
    /// Up to which applicability findings were fixed, if they were.
    pub applied: Option<Applicability>,
    /// Documents in which something was fixed.
    pub fixed_files: usize,
    /// Those of them that are records of a file.
    pub fixed_records: usize,
    /// Documents checked that are records of a file.
    pub records: usize,
    /// Records that could not be read.
    pub bad: u64,
    /// Files left out because their records have no text field.
    pub foreign: usize,
    /// Files that could not be read.
    pub unreadable: usize,
    /// Why no document was checked, where that is in order.
    pub unchecked: Option<String>,
}

impl Summary {
    /// What `fixing` came to, before what remains is counted.
    pub fn of_fixes(fixing: &Self) -> Self {
        let Self { fixed, fixed_files, fixed_records, applied, .. } = *fixing;
        Self { fixed, fixed_files, fixed_records, applied, ..Self::default() }
    }

    /// Counts a document and its findings.
    pub fn add(&mut self, findings: &[Finding]) {
        self.documents += 1;
        self.faulty += usize::from(!findings.is_empty());
        self.findings += findings.len();
        let of = |applicability: Applicability| {
            findings
                .iter()
                .filter(|finding| finding.fix.as_ref().is_some_and(|fix| fix.applicability == applicability))
                .count()
        };
        self.safe += of(Applicability::Safe);
        self.unsafe_fixes += of(Applicability::Unsafe);
    }

    /// One line for a person.
    pub fn line(&self) -> String {
        let noun = self.noun();
        if self.documents == 0 && self.fixed == 0 {
            let reason = self.unchecked.iter().map(|reason| format!(": {reason}"));
            return format!("no files checked{}{}", reason.collect::<String>(), self.left_out());
        }
        if self.documents == 0 {
            let noun = if self.fixed_records > 0 { "record" } else { "file" };
            let (fixed, files) = (count(self.fixed, "finding"), count(self.fixed_files, noun));
            return format!("{fixed} fixed in {files}; nothing checked after that{}", self.left_out());
        }
        let mut line = format!("{} checked: ", count(self.documents, noun));
        if self.fixed > 0 {
            let (fixed, files) = (count(self.fixed, "finding"), count(self.fixed_files, noun));
            line.push_str(&format!("{fixed} fixed in {files}; "));
        }
        match self.findings {
            0 if self.fixed > 0 => line.push_str("nothing remains"),
            0 => line.push_str("no findings"),
            findings => {
                line.push_str(&format!("{} in {}", count(findings, "finding"), count(self.faulty, noun)));
                line.push_str(&self.fixable());
            }
        }
        if self.known > 0 {
            line.push_str(&format!("; {} left out", count(self.known, "known finding")));
        }
        line + &self.left_out()
    }

    /// What could still be fixed, in brackets.
    fn fixable(&self) -> String {
        let (safe, others) = (self.safe, self.unsafe_fixes);
        // After a run that fixed, what is left is in documents that it did not fix.
        match self.applied {
            Some(Applicability::Unsafe) if safe + others > 0 => format!(" ({} fixable, but not fixed)", safe + others),
            Some(Applicability::Safe) if safe > 0 && others > 0 => {
                format!(" ({safe} fixable, but not fixed; {others} more with --unsafe-fixes)")
            }
            Some(Applicability::Safe) if safe > 0 => format!(" ({safe} fixable, but not fixed)"),
            _ if safe > 0 && others > 0 => format!(" ({safe} fixable with --fix, {others} more with --unsafe-fixes)"),
            _ if safe > 0 => format!(" ({safe} fixable with --fix)"),
            _ if others > 0 => format!(" ({others} fixable with --unsafe-fixes)"),
            _ => String::new(),
        }
    }

    /// What was not checked.
    fn left_out(&self) -> String {
        let parts = [
            (self.skipped, "file", "skipped: not text"),
            (self.foreign, "file", "skipped: no text field"),
            (self.unreadable, "file", "could not be read"),
            (usize::try_from(self.bad).unwrap_or(usize::MAX), "record", "could not be read"),
        ];
        let parts = parts.into_iter().filter(|(number, ..)| *number > 0);
        parts.map(|(number, noun, what)| format!("; {} {what}", count(number, noun))).collect()
    }

    /// What the documents are.
    pub fn noun(&self) -> &'static str {
        match self.records {
            0 => "file",
            records if records == self.documents => "record",
            _ => "document",
        }
    }
}

/// "1 file", "2 files".
pub fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
