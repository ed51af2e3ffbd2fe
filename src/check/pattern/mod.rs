//! The `pattern` kind: phrases and regular expressions over lines, sentences and paragraphs, with
//! guards.
//!
//! All patterns of all rules share one prefilter (`check::search`). An expression runs only on a
//! unit that contains one of its literals and that passes the guards.

mod content;
#[cfg(test)]
pub(crate) mod differential;
mod evidence;
mod explain;
mod headings;
mod precompiled;
mod unit;
mod validate;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::phrase::Phrase;
use super::search::{self, Indexed, LazyRegex, Prefilter, Required, Search};
use super::{DocumentCheck, FindingSink, ParameterError, RuleWithParams};
use crate::finding::{Applicability, RuleInfo};
use crate::text::Document;
pub use explain::{Explanation, Obstacle, PatternSource, PhraseSource, explain};
#[cfg(test)]
pub(crate) use precompiled::assert_up_to_date;
pub use precompiled::{BUILT_IN_RULES, BuiltInRule, PrecompiledPattern};

pub use super::search::{ExpressionSource, PhraseBlock};

/// The kind's name in rule files.
pub const NAME: &str = "pattern";

/// Patterns with at most this `max-words` match only short units, so they need no literal.
const SHORT_WORDS: usize = 80;
/// Maximum length of a short unit, in bytes.
const SHORT_BYTES: usize = 1_000;

/// A rule's patterns; each is searched for on its own.
pub type Parameters = Vec<Pattern>;

/// Phrases and regular expressions, and the guards that all of them share. Rule files write it as a
/// `[[find]]` table, which `rule::find` reads.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Pattern {
    /// Phrases in order, then regular expressions. Any of them may match. Case is ignored unless
    /// `case_sensitive` is set.
    #[serde(skip)]
    pub any: Vec<Expression>,
    /// Hashes of the lines that other phrases match; only of built-in rules.
    #[serde(skip)]
    pub lines: Vec<u64>,
    /// Phrases and regular expressions that must not match anywhere in the unit.
    #[serde(skip)]
    pub unless: Vec<Expression>,
    /// What is matched and, unless `reach` extends it, removed.
    #[serde(rename = "where")]
    pub unit: PatternUnit,
    /// A part of the unit may match. Otherwise the whole unit must, except for marks and blanks
    /// around it.
    #[serde(rename = "match", serialize_with = "extent_name")]
    pub part: bool,
    /// Letters match only in their own case.
    pub case_sensitive: bool,
    /// Where in the document.
    #[serde(rename = "near")]
    pub place: Place,
    /// Counts only below another line, as a date stands below the title of its page.
    pub below_title: bool,
    /// Fewest words in the unit.
    pub min_words: usize,
    /// Most words in the unit.
    pub max_words: usize,
    /// Weak evidence: counts only directly beside another finding.
    #[serde(rename = "needs-neighbor")]
    pub needs_company: bool,
    /// With `needs_company`: the other finding must come first, as a heading comes before what it
    /// announces.
    #[serde(skip)]
    pub follows: bool,
    /// With `needs_company`: so many in a row count as neighbors of each other; 0 for never.
    #[serde(rename = "or-run-of")]
    pub or_row_of: usize,
    /// Weak evidence: counts only if the pattern matches at least this many lines of the document.
    pub min_lines: usize,
    /// Weak evidence: counts only if the pattern matches nothing in the first part of the document.
    /// The share of its bytes, from 0 to 1.
    pub not_before: f32,
    /// Weak evidence: counts only if patterns of the rule without this condition match at least
    /// this many different texts of the document.
    pub needs_other: usize,
    /// The words can be a heading: a line with text below it does not match. If left out, as
    /// `needs_company`.
    pub may_be_heading: Option<bool>,
    /// How much is removed.
    #[serde(rename = "removes")]
    pub reach: Reach,
    /// The fix's applicability where it is not the rule's.
    pub fix: Option<Applicability>,
    /// Fixes are safe if the rule reports at least this many different texts of the document; 0 for
    /// never.
    pub safe_from: usize,
}

impl Default for Pattern {
    fn default() -> Self {
        Self {
            any: Vec::new(),
            lines: Vec::new(),
            unless: Vec::new(),
            unit: PatternUnit::default(),
            part: false,
            case_sensitive: false,
            place: Place::default(),
            below_title: false,
            min_words: 0,
            max_words: usize::MAX,
            needs_company: false,
            follows: false,
            or_row_of: 0,
            min_lines: 0,
            not_before: 0.0,
            needs_other: 0,
            may_be_heading: None,
            reach: Reach::default(),
            fix: None,
            safe_from: 0,
        }
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(D::Error::custom(
            "`[[check.pattern]]` is written as a `[[find]]` table; see docs/writing-rules.md",
        ))
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn extent_name<S: Serializer>(part: &bool, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(if *part { "contains" } else { "whole" })
}

/// A phrase or regular expression of a pattern.
#[derive(Debug, Clone)]
pub struct Expression {
    /// Its bytes in the rule file; empty if the rule is built in.
    pub place: Range<usize>,
    source: ExpressionSource,
    /// How to search for it, unless that has to be extracted from the expression.
    search: Option<Arc<Search>>,
}

impl Expression {
    /// Creates an expression from a regular expression.
    pub fn from_regex(regex: &str, place: Range<usize>) -> Self {
        Self { place, source: ExpressionSource::Regex(regex.into()), search: None }
    }

    /// Creates an expression from a phrase. `may_be_listed` says whether it matches whole lines,
    /// whatever their case.
    pub fn from_phrase(phrase: &Phrase, may_be_listed: bool) -> Self {
        let lines = if may_be_listed { search::hashes(phrase) } else { None };
        let source = ExpressionSource::Regex(phrase.regex().into());
        Self { place: phrase.place.clone(), source, search: lines.map(Search::Lines).map(Arc::new) }
    }

    /// Creates an expression from all phrases of a block.
    pub fn from_block(block: &Arc<PhraseBlock>) -> Self {
        let source = ExpressionSource::Phrases(Arc::clone(block), 0..block.text.len());
        Self { place: 0..0, source, search: None }
    }

    /// Returns the regular expression, without what is added to match whole units.
    pub fn regex(&self) -> Cow<'_, str> {
        self.source.regex()
    }

    fn error(&self, message: String) -> ParameterError {
        ParameterError { message, place: Some(self.place.clone()) }
    }

    /// Returns the parts that are searched for on their own: the alternatives of a regular
    /// expression.
    fn branches(&self) -> Vec<Self> {
        if self.search.is_some() {
            return vec![self.clone()];
        }
        let regex = self.regex();
        search::branches(&regex)
            .into_iter()
            .map(|branch| Self::from_regex(branch, self.place.clone()))
            .collect()
    }
}

/// What a pattern is matched against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PatternUnit {
    /// A line that is not part of a wrapped paragraph.
    #[default]
    Line,
    /// A sentence.
    Sentence,
    /// A block of text: one line, or the lines of a wrapped paragraph.
    Paragraph,
}

/// Where in a document a pattern counts.
///
/// The head and the tail are what stands before the first and after the last block of prose, where
/// blocks that were themselves found to be noise do not count as prose. A document without prose
/// has neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// Everywhere.
    #[default]
    Anywhere,
    /// Before the first prose; for sentences also the first two of that.
    #[serde(rename = "start")]
    Head,
    /// After the last prose; for sentences also the last five of that.
    #[serde(rename = "end")]
    Tail,
    /// At the start or at the end.
    #[serde(rename = "start-or-end")]
    Edge,
}

/// How much a match removes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// The unit.
    #[default]
    #[serde(rename = "match")]
    Unit,
    /// From the unit to the end of its block, if at most 40 words follow there.
    #[serde(rename = "rest-of-block")]
    Block,
    /// From the unit to the end of the document, if no prose follows.
    #[serde(rename = "rest-of-text")]
    End,
    /// The unit and the next block, if that is a line of at most eight words.
    #[serde(rename = "next-line")]
    Next,
    /// From the unit to the end of the document, if at most 150 words follow.
    #[serde(rename = "short-rest-of-text")]
    Rest,
    /// The unit and the next block, if that is a line of four to twenty words without a full stop.
    #[serde(rename = "next-title")]
    Title,
    /// The unit and the list that follows, if that has 2 to 15 items of at most 40 words.
    #[serde(rename = "next-list")]
    List,
    /// From the unit to the next heading of its level or above, or to the end of the document. If
    /// code or a table is there, the unit does not match.
    #[serde(rename = "section")]
    Section,
}

/// One alternative of a pattern, ready to run.
struct Matcher {
    rule: Arc<RuleInfo>,
    /// The guards, shared by all alternatives.
    pattern: Arc<Pattern>,
    /// `None` if the prefilter finds whole lines, which match.
    regex: Option<LazyRegex>,
    unless: Option<Arc<LazyRegex>>,
}

struct PatternCheck {
    matchers: Vec<Matcher>,
    prefilter: Prefilter,
}

impl DocumentCheck for PatternCheck {
    fn check(&self, document: &Document<'_>, findings: &mut FindingSink<'_>) {
        evidence::collect(&self.matchers, &self.prefilter, document, findings);
    }

    fn warm_up(&self) {
        self.prefilter.warm_up();
    }
}

/// Whether the expressions can be compiled and the guards make sense together.
///
/// # Errors
///
/// The first fault, with its place.
pub fn validate(patterns: &Parameters) -> Result<(), ParameterError> {
    for pattern in patterns {
        pattern.validate()?;
    }
    Ok(())
}

/// Makes one check of all the rules' patterns.
///
/// # Errors
///
/// The first pattern that is no regular expression or whose guards contradict each other.
pub fn compile(
    rules: Vec<RuleWithParams<'_, Parameters>>,
) -> Result<Box<dyn DocumentCheck>, ParameterError> {
    Ok(Box::new(build(rules)?))
}

fn build(rules: Vec<RuleWithParams<'_, Parameters>>) -> Result<PatternCheck, ParameterError> {
    let (mut matchers, mut indexed) = (Vec::new(), Vec::new());
    for (rule, patterns) in rules {
        for pattern in patterns {
            let pattern = Arc::new(pattern.clone());
            let unless = pattern.unless().map(Arc::new);
            let mut add = |search: Arc<Search>, regex: Option<LazyRegex>| {
                indexed.push(pattern.indexed(search));
                let (rule, pattern) = (Arc::clone(&rule), Arc::clone(&pattern));
                matchers.push(Matcher { rule, pattern, regex, unless: unless.clone() });
            };
            let mut lines = pattern.lines.clone();
            for expression in pattern.any.iter().flat_map(Expression::branches) {
                let search = pattern.search(&expression)?;
                match search.as_ref() {
                    Search::Lines(listed) => lines.extend(listed),
                    Search::Required(_) => {
                        add(search, Some(pattern.lazy_regex(vec![expression.source])))
                    }
                }
            }
            if !lines.is_empty() {
                add(Arc::new(Search::Lines(lines)), None);
            }
        }
    }
    Ok(PatternCheck { matchers, prefilter: Prefilter::new(indexed) })
}

impl Pattern {
    pub(crate) fn may_be_heading(&self) -> bool {
        self.may_be_heading.unwrap_or(self.needs_company)
    }

    /// Whether a match counts only together with other matches in the document.
    fn depends_on_document(&self) -> bool {
        self.min_lines > 1
            || self.needs_other > 0
            || self.not_before > 0.0
            || self.reach == Reach::Section
    }

    /// Whether a match may be dropped for what is around it.
    fn is_weak(&self) -> bool {
        self.needs_company || self.may_be_heading() || self.depends_on_document()
    }

    /// Whether it matches only short units.
    fn is_short(&self) -> bool {
        self.max_words <= SHORT_WORDS && self.unit != PatternUnit::Sentence
    }

    fn indexed(&self, search: Arc<Search>) -> Indexed {
        Indexed::new(search, self.is_short(), !self.part, self.unit == PatternUnit::Sentence)
    }

    /// Whether phrases can be found by the lines that they match.
    pub(crate) fn may_list_lines(&self) -> bool {
        !self.part && self.unit != PatternUnit::Sentence && !self.case_sensitive
    }

    fn search(&self, expression: &Expression) -> Result<Arc<Search>, ParameterError> {
        if let Some(search) = &expression.search {
            return Ok(Arc::clone(search));
        }
        let required = Required::parse(&expression.regex(), !self.part);
        required
            .map(|required| Arc::new(Search::Required(required)))
            .map_err(|message| expression.error(message))
    }

    fn lazy_regex(&self, sources: Vec<ExpressionSource>) -> LazyRegex {
        LazyRegex::new(sources, !self.part, self.case_sensitive)
    }

    /// The expression that must not match, if there is one.
    fn unless(&self) -> Option<LazyRegex> {
        let sources: Vec<_> = self.unless.iter().map(|one| one.source.clone()).collect();
        (!sources.is_empty()).then(|| LazyRegex::new(sources, false, self.case_sensitive))
    }
}
