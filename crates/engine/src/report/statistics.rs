//! Counts instead of findings: by rule, kind of page, site and document, and how much fixes remove.

mod counts;
mod format;

pub use format::StatisticsFormat;

use super::{Medium, Reporter, Summary};
use counts::Counts;
use dechaff_findings::Finding;
use dechaff_text::{Document, TextProvider};

/// The counts of a run, in one of several formats.
#[derive(Debug, Default)]
pub struct Statistics {
    format: StatisticsFormat,
    counts: Counts,
}

impl Statistics {
    /// Creates a report in a format.
    pub fn new(format: StatisticsFormat) -> Self {
        Self { format, counts: Counts::default() }
    }
}

impl Reporter for Statistics {
    fn write_document(
        &mut self,
        document: &Document<'_>,
        findings: &[Finding],
        _: &dyn TextProvider,
        _: &mut String,
    ) {
        self.counts.add(document, findings);
    }

    fn finish(&mut self, summary: &Summary, output: &mut String) {
        output.push_str(&self.format.write(&self.counts, summary));
    }

    fn medium(&self) -> Medium {
        if self.format == StatisticsFormat::Json { Medium::Json } else { Medium::Text }
    }
}
