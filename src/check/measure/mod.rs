//! The `measure` kind: the measures by which others filter corpora, each as one implementation
//! defines it.
//!
//! "Gopher" is not one thing: what counts as a word, a line or a repeat decides whether a page
//! passes, and implementations differ. So a set is named after its implementation, such as
//! `gopher@dolma-v2`, and counts as that one does. A finding is of the whole document, has no fix,
//! and says the value, the threshold and the passage that weighs most.

mod c4;
mod contractions;
mod datamap;
mod fineweb;
mod fineweb2;
mod gopher;
mod gopher_dolma;
mod madlad;
mod nemo;
mod ngrams;
mod page;
mod punctuation;
mod redpajama;
mod refinedweb;
mod set;
mod table;
mod tokens;
mod words;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

use super::{DocumentCheck, FindingSink, ParameterError, RuleWithParams};
use crate::finding::{Finding, Label, RuleInfo};
use crate::text::{Document, Span};
use c4::C4Page;
use datamap::Datamap;
use fineweb::FineWeb;
use fineweb2::FineWeb2;
use gopher::{GopherQuality, GopherRepetition};
use gopher_dolma::DolmaGopher;
use madlad::Madlad;
use nemo::NemoHeuristics;
use page::Page;
use redpajama::RedPajama;
use refinedweb::RefinedWeb;
use set::{Measure, MeasureSet, MeasureUnit, sentence};
use tokens::SpacyTokenizer;

pub use table::{MeasureColumn, MeasureColumns, MeasureSetColumns, MeasureValue};

/// The kind's name in rule files.
pub const NAME: &str = "measure";

/// A set of measures and their thresholds.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Parameters {
    /// The set.
    pub set: SetName,
    /// The stop words that `min-stop-words` and `stop-word-share` count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stop_words: Vec<String>,
    /// The longest line that `max-short-lines` counts, in characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short_line: Option<usize>,
    /// Strings of which one makes a sentence count as `marked`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marked_strings: Vec<String>,
    /// Regular expressions of which a match makes a sentence count as `marked`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marked_patterns: Vec<String>,
    /// Whether lines count as sentences of C4 that do not end like one.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unpunctuated_lines: bool,
    /// `min-` or `max-` and the name of a measure, with the least or greatest value that passes; or
    /// `below-` and the least value that does not. Shares are from 0 to 1.
    #[serde(flatten)]
    pub thresholds: BTreeMap<String, Threshold>,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// A threshold.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Deserialize)]
#[serde(transparent)]
pub struct Threshold(pub f64);

impl Serialize for Threshold {
    /// Writes a whole number without a decimal point.
    #[expect(clippy::cast_possible_truncation, reason = "thresholds are small")]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.fract() == 0.0 {
            true => serializer.serialize_i64(self.0 as i64),
            false => serializer.serialize_f64(self.0),
        }
    }
}

/// The sets of measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SetName {
    /// Gopher's quality rules in datatrove.
    #[serde(rename = "gopher-quality@datatrove")]
    GopherQuality,
    /// Gopher's repetition rules in datatrove.
    #[serde(rename = "gopher-repetition@datatrove")]
    GopherRepetition,
    /// Gopher's rules in Dolma, with blank lines as lines.
    #[serde(rename = "gopher@dolma-v1")]
    DolmaGopherV1,
    /// Gopher's rules in Dolma.
    #[serde(rename = "gopher@dolma-v2")]
    DolmaGopherV2,
    /// C4's page rules in datatrove.
    #[serde(rename = "c4-page@datatrove")]
    C4Page,
    /// FineWeb's own rules in datatrove.
    #[serde(rename = "fineweb@datatrove")]
    FineWeb,
    /// The rules of FineWeb-2, for a language other than English.
    #[serde(rename = "fineweb2@datatrove")]
    FineWeb2,
    /// RefinedWeb's page rules in DCLM.
    #[serde(rename = "refinedweb@dclm")]
    RefinedWeb,
    /// The quality signals of RedPajama-V2.
    #[serde(rename = "redpajama-v2")]
    RedPajama,
    /// MADLAD-400's sentence rules in datamap-rs.
    #[serde(rename = "madlad400@datamap")]
    Madlad,
    /// The page rules of Dolma 3 in datamap-rs.
    #[serde(rename = "gopher@datamap")]
    Datamap,
    /// The heuristic filters of NeMo Curator for English.
    #[serde(rename = "heuristics@nemo-curator")]
    Nemo,
}

impl Parameters {
    fn measure_set(&self) -> Box<dyn MeasureSet> {
        let tokenizer = match self.set {
            SetName::FineWeb2 => SpacyTokenizer::General,
            _ => SpacyTokenizer::English,
        };
        match self.set {
            SetName::GopherQuality => Box::new(self.gopher_quality(tokenizer)),
            SetName::GopherRepetition => Box::new(GopherRepetition { tokenizer }),
            SetName::DolmaGopherV1 => Box::new(DolmaGopher { counts_blank_lines: true }),
            SetName::DolmaGopherV2 => Box::new(DolmaGopher { counts_blank_lines: false }),
            SetName::C4Page => Box::new(C4Page { needs_punctuation: !self.unpunctuated_lines }),
            SetName::FineWeb => Box::new(self.fineweb(tokenizer)),
            SetName::FineWeb2 => Box::new(FineWeb2 {
                repetition: GopherRepetition { tokenizer },
                fineweb: self.fineweb(tokenizer),
                quality: self.gopher_quality(tokenizer),
            }),
            SetName::RefinedWeb => Box::new(RefinedWeb),
            SetName::RedPajama => Box::new(RedPajama { stop_words: self.stop_words.clone() }),
            SetName::Madlad => Box::new(Madlad::new(&self.marked_strings, &self.marked_patterns)),
            SetName::Datamap => Box::new(Datamap),
            SetName::Nemo => Box::new(NemoHeuristics),
        }
    }

    fn gopher_quality(&self, tokenizer: SpacyTokenizer) -> GopherQuality {
        GopherQuality { stop_words: self.stop_words.clone(), tokenizer }
    }

    fn fineweb(&self, tokenizer: SpacyTokenizer) -> FineWeb {
        /// The length of a short line in FineWeb.
        const SHORT_LINE: usize = 30;
        FineWeb { short_line: self.short_line.unwrap_or(SHORT_LINE), tokenizer }
    }
}

/// Checks that each threshold is of a measure of the set.
///
/// # Errors
///
/// One is not, or is no number.
pub fn validate(parameters: &Parameters) -> Result<(), ParameterError> {
    let set = parameters.measure_set();
    let error = |message: String| Err(ParameterError { message, place: None });
    for (key, threshold) in &parameters.thresholds {
        let name = Bound::ALL.iter().find_map(|bound| key.strip_prefix(bound.prefix()));
        if !set.measures().iter().any(|measure| Some(measure.name) == name) {
            let names: Vec<&str> = set.measures().iter().map(|measure| measure.name).collect();
            return error(format!(
                "unknown key `{key}`; write `min-`, `max-` or `below-` and one of {}",
                names.join(", ")
            ));
        }
        if !threshold.0.is_finite() {
            return error(format!("`{key}` is not a finite number"));
        }
    }
    for pattern in &parameters.marked_patterns {
        if let Err(fault) = regex_automata::meta::Regex::new(pattern) {
            return error(format!(
                "`{pattern}` in `marked-patterns` is no regular expression: {fault}"
            ));
        }
    }
    Ok(())
}

/// Compiles all rules of this kind into one check.
///
/// # Errors
///
/// Never fails: the parameters have passed [`validate`].
pub fn compile(
    rules: Vec<RuleWithParams<'_, Parameters>>,
) -> Result<Box<dyn DocumentCheck>, ParameterError> {
    let rules = rules.into_iter().map(|(rule, parameters)| MeasureRule::new(rule, parameters));
    Ok(Box::new(MeasureCheck { rules: rules.collect() }))
}

struct MeasureCheck {
    rules: Vec<MeasureRule>,
}

/// A set with its thresholds.
struct MeasureRule {
    rule: Arc<RuleInfo>,
    set: Box<dyn MeasureSet>,
    /// The thresholds in the order of the set, with the index of their measure.
    limits: Vec<(usize, Bound, f64)>,
}

/// What a threshold bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    /// It is the least value that passes.
    Min,
    /// It is the greatest value that passes.
    Max,
    /// It is the least value that does not pass.
    Below,
}

/// A measure that does not reach a threshold.
struct Failure {
    measure: Measure,
    value: f64,
    bound: Bound,
    threshold: f64,
}

impl Bound {
    const ALL: [Self; 3] = [Self::Min, Self::Max, Self::Below];

    /// Returns what precedes the name of a measure in the key.
    fn prefix(self) -> &'static str {
        match self {
            Self::Min => "min-",
            Self::Max => "max-",
            Self::Below => "below-",
        }
    }

    fn is_passed(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::Min => value >= threshold,
            Self::Max => value <= threshold,
            Self::Below => value < threshold,
        }
    }
}

impl MeasureRule {
    fn new(rule: Arc<RuleInfo>, parameters: &Parameters) -> Self {
        let set = parameters.measure_set();
        let mut limits = Vec::new();
        for (index, measure) in set.measures().iter().enumerate() {
            for bound in Bound::ALL {
                let key = format!("{}{}", bound.prefix(), measure.name);
                limits.extend(parameters.thresholds.get(&key).map(|limit| (index, bound, limit.0)));
            }
        }
        Self { rule, set, limits }
    }

    /// Returns the measures beyond their thresholds. A value that is not defined never is.
    fn failures<'v>(&'v self, values: &'v [Option<f64>]) -> impl Iterator<Item = Failure> + 'v {
        self.limits.iter().filter_map(|(index, bound, threshold)| {
            let value = values.get(*index).copied().flatten()?;
            let measure = *self.set.measures().get(*index)?;
            let failure = Failure { measure, value, bound: *bound, threshold: *threshold };
            (!bound.is_passed(value, *threshold)).then_some(failure)
        })
    }

    fn finding(&self, document: &Document<'_>, page: &Page<'_>) -> Option<Finding> {
        let values = self.set.values(page);
        let mut failures = self.failures(&values);
        let first = failures.next()?;
        let mut finding = Finding::new(
            &self.rule,
            document,
            crate::text::trim(page.text, Span::new(0, page.text.len())),
        );
        let key = first.key();
        finding.message = Some(first.message());
        finding
            .notes
            .push(format!("`{key} = {}` in {}", plain(first.threshold), self.rule.name).into());
        finding.notes.extend(failures.map(|failure| format!("also {}", failure.message()).into()));
        let passage =
            self.set.heaviest(page, first.measure.name).filter(|span| span.start < span.end);
        if let Some(span) = passage {
            finding.labels.push(Label { origin: None, span, message: first.measure.label.into() });
        }
        Some(finding)
    }
}

impl Failure {
    /// Returns the key of the threshold.
    fn key(&self) -> String {
        format!("{}{}", self.bound.prefix(), self.measure.name)
    }

    /// Returns a sentence such as "61 % of words contain a letter; at least 80 % required".
    fn message(&self) -> String {
        let (value, threshold) = written(self.measure.unit, self.value, self.threshold);
        let mut message = sentence(self.measure.text, &value);
        let _ = match self.bound {
            Bound::Min => write!(message, "; at least {threshold} required"),
            Bound::Max => write!(message, "; at most {threshold} allowed"),
            Bound::Below => write!(message, "; less than {threshold} required"),
        };
        message
    }
}

/// Writes a value and its threshold, with as many digits as tell them apart.
fn written(unit: MeasureUnit, value: f64, threshold: f64) -> (String, String) {
    const MAX_DIGITS: usize = 6;
    let (factor, sign) = match unit {
        MeasureUnit::Share => (100.0, " %"),
        MeasureUnit::Number => (1.0, ""),
    };
    let write = |value: f64, digits: usize| {
        let text = format!("{:.digits$}", value * factor);
        let short = match text.contains('.') {
            true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
            false => text,
        };
        format!("{short}{sign}")
    };
    let threshold = write(threshold, MAX_DIGITS);
    let shortest = match unit {
        MeasureUnit::Share => 0,
        MeasureUnit::Number => usize::from(value.fract() != 0.0),
    };
    let value = (shortest..=MAX_DIGITS)
        .map(|digits| write(value, digits))
        .find(|value| *value != threshold)
        .unwrap_or_else(|| write(value, MAX_DIGITS));
    (value, threshold)
}

/// Writes a number as a configuration does.
fn plain(number: f64) -> String {
    number.to_string()
}

impl DocumentCheck for MeasureCheck {
    fn check(&self, document: &Document<'_>, findings: &mut FindingSink<'_>) {
        // What says nothing has no passage to report.
        if document.text().trim().is_empty() {
            return;
        }
        let page = Page::new(document.text());
        findings.extend(self.rules.iter().filter_map(|rule| rule.finding(document, &page)));
    }
}
