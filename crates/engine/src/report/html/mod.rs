//! An HTML page: counts, samples of each rule, duplicates and the commands to run next.
//!
//! The page is one file without scripts, and its content security policy forbids every request.
//! What the report keeps is bounded: counts and samples per rule, histograms of measures, the
//! largest groups of copies and the documents that lose most. The page itself is bounded by
//! [`MAX_SAMPLE_BYTES`].

mod copies;
mod escape;
mod histograms;
mod losses;
mod measures;
mod page;
mod passage;
mod rules;
mod samples;

use std::collections::HashMap;

use super::{Reporter, Summary};
use dechaff_checks::measure::{MeasureColumns, MeasureValue};
use dechaff_checks::rule::Rule;
use dechaff_findings::Finding;
use dechaff_text::{Document, TextProvider};

pub use escape::{counted, escaped, escaped_name, grouped};
pub use page::shell_word;
pub use rules::FindingSample;

/// The style sheet of the page.
pub const STYLE: &str = include_str!("style.css");

/// Maximum size of all samples. Beyond it, samples of the rules with the fewest findings are
/// dropped first.
const MAX_SAMPLE_BYTES: usize = 2_000_000;

/// A self-contained HTML page.
#[derive(Debug, Default)]
pub struct Html {
    /// Why each rule matters, by its code.
    reasons: HashMap<String, String>,
    /// The paths that were checked, as given.
    paths: Vec<String>,
    rules: rules::Rules,
    losses: losses::Losses,
    copies: copies::CopyGroups,
    measures: measures::MeasureCounts,
}

impl Html {
    /// Creates a report on `paths`, which explains `rules`. Copies are shown for those of `rules`
    /// that report them.
    pub fn new(rules: &[Rule], paths: Vec<String>) -> Self {
        let reason = |rule: &Rule| (rule.info.code.clone(), first_paragraph(&rule.why));
        Self {
            reasons: rules.iter().map(reason).collect(),
            paths,
            copies: copies::CopyGroups::new(rules),
            ..Self::default()
        }
    }

    /// Adds histograms of the measures in `columns`. The values come with
    /// [`Reporter::add_measures`].
    pub fn with_measures(mut self, columns: &MeasureColumns) -> Self {
        self.measures = measures::MeasureCounts::new(columns);
        self
    }
}

impl Reporter for Html {
    fn write_document(
        &mut self,
        document: &Document<'_>,
        findings: &[Finding],
        texts: &dyn TextProvider,
        _: &mut String,
    ) {
        self.rules.add(document, findings, texts);
        self.losses.add(document, findings);
        self.copies.add(document, findings, texts);
    }

    fn add_measures(&mut self, values: &[MeasureValue]) {
        self.measures.add(values);
    }

    fn finish(&mut self, summary: &Summary, output: &mut String) {
        page::push_page(self, summary, output);
    }
}

fn first_paragraph(markdown: &str) -> String {
    let paragraph = markdown.trim().split("\n\n").next().unwrap_or_default();
    paragraph.split_whitespace().collect::<Vec<_>>().join(" ")
}
