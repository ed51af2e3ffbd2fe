//! The `pattern` kind: phrases and regular expressions over lines, sentences and paragraphs, with
//! guards.
//!
//! All patterns of all rules share one prefilter (`crate::search`). An expression runs only on a
//! unit that contains one of its literals and that passes the guards.

#[cfg(test)]
pub(crate) mod differential;
mod evidence;
mod explain;
mod unit;
mod validate;

use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::DocumentCheck;
use super::search::{Expression, ExpressionSource, Indexed, LazyRegex, Prefilter, Search};
use dechaff_findings::{Applicability, FindingSink, ParameterError, RuleInfo, RuleWithParams};
use dechaff_text::Document;
pub use explain::{Explanation, Obstacle, PatternSource, PhraseSource, explain};

/// The kind's name in rule files.
pub const NAME: &str = "pattern";

/// Patterns with at most this `max-words` match only short units, so they need no literal.
const SHORT_WORDS: usize = 80;
/// Maximum length of a short unit, in bytes.
const SHORT_BYTES: usize = 1_000;

/// A rule's patterns, which are searched for independently.
pub type Parameters = Vec<Pattern>;

/// Phrases and regular expressions, and the guards that all of them share: a `[[find]]` table of a
/// rule file, parsed by `rule::find`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Pattern {
    /// Phrases in order, then regular expressions. Any of them may match. Case is ignored unless
    /// `case_sensitive` is set.
    #[serde(skip)]
    pub(crate) expressions: Vec<Expression>,
    /// Hashes of the lines that other phrases match. Only used by built-in rules.
    #[serde(skip)]
    pub(crate) lines: Vec<u64>,
    /// Phrases and regular expressions that must not match anywhere in the unit.
    #[serde(skip)]
    pub(crate) except: Vec<Expression>,
    /// The unit that is matched and, unless `removes` extends it, removed.
    #[serde(rename = "where")]
    pub unit: PatternUnit,
    /// Whether a part of the unit may match. Otherwise the whole unit must match, ignoring
    /// surrounding punctuation and blanks.
    #[serde(rename = "match", serialize_with = "extent_name")]
    pub is_part: bool,
    /// Whether case matters.
    pub case_sensitive: bool,
    /// The region of the document where a match counts.
    pub near: Region,
    /// Whether a match counts only below another line, such as a date below the title of a page.
    pub below_title: bool,
    /// Minimum number of words in the unit.
    pub min_words: usize,
    /// Maximum number of words in the unit.
    pub max_words: usize,
    /// Weak evidence: a match counts only next to another finding.
    pub needs_neighbor: bool,
    /// With `needs_neighbor`: whether the other finding must come first, such as a heading.
    #[serde(skip)]
    pub after_neighbor: bool,
    /// With `needs_neighbor`: a run of this many matches needs no other finding; 0 for never.
    pub or_run_of: usize,
    /// Weak evidence: matches count only if there are at least this many in the document.
    pub min_lines: usize,
    /// Weak evidence: matches count only if none starts in this first share of the document's
    /// bytes, from 0 to 1.
    pub not_before: f32,
    /// Weak evidence: matches count only if patterns of the rule without this condition match at
    /// least this many different texts of the document.
    pub needs_other: usize,
    /// Whether the words can be a heading, so that a line with text below it does not match. By
    /// default the same as `needs_neighbor`.
    pub may_be_heading: Option<bool>,
    /// What a match removes.
    pub removes: Removal,
    /// Overrides the applicability of the rule's fix.
    pub fix: Option<Applicability>,
    /// Fixes are safe if the rule reports at least this many different texts of the document; 0 for
    /// never.
    pub safe_from: usize,
}

impl Default for Pattern {
    fn default() -> Self {
        Self {
            expressions: Vec::new(),
            lines: Vec::new(),
            except: Vec::new(),
            unit: PatternUnit::default(),
            is_part: false,
            case_sensitive: false,
            near: Region::default(),
            below_title: false,
            min_words: 0,
            max_words: usize::MAX,
            needs_neighbor: false,
            after_neighbor: false,
            or_run_of: 0,
            min_lines: 0,
            not_before: 0.0,
            needs_other: 0,
            may_be_heading: None,
            removes: Removal::default(),
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
fn extent_name<S: Serializer>(is_part: &bool, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(if *is_part { "contains" } else { "whole" })
}

/// What a pattern is matched against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PatternUnit {
    /// A line outside wrapped paragraphs.
    #[default]
    Line,
    /// A sentence.
    Sentence,
    /// A block of text: one line, or the lines of a wrapped paragraph.
    Paragraph,
}

/// The region of a document where a match counts.
///
/// The start and end are the blocks before the first and after the last block of prose. Noise does
/// not count as prose. A document without prose has neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Region {
    /// Everywhere.
    #[default]
    Anywhere,
    /// At the start; also in the first two sentences of the prose.
    Start,
    /// At the end; also in the last five sentences of the prose.
    End,
    /// At the start or at the end.
    StartOrEnd,
}

/// What a match removes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Removal {
    /// The unit.
    #[default]
    Match,
    /// From the unit to the end of its block, if at most 40 words follow there.
    RestOfBlock,
    /// From the unit to the end of the document, if no prose follows.
    RestOfText,
    /// The unit and the next block, if that is a line of at most eight words.
    NextLine,
    /// From the unit to the end of the document, if at most 150 words follow.
    ShortRestOfText,
    /// The unit and the next block, if that is a line of 4 to 20 words without a full stop.
    NextTitle,
    /// The unit and the list that follows, if that has 2 to 15 items of at most 40 words.
    NextList,
    /// From the unit to the next heading of its level or above, or to the end of the document. The
    /// unit does not match if that includes code or a table.
    Section,
}

/// One alternative of a pattern, ready to run.
struct Matcher {
    rule: Arc<RuleInfo>,
    /// The guards, shared by all alternatives.
    pattern: Arc<Pattern>,
    pattern_number: usize,
    /// `None` if the prefilter looks up whole lines, which then match.
    regex: Option<LazyRegex>,
    except: Option<Arc<LazyRegex>>,
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

/// Checks that the expressions compile and the guards are consistent.
///
/// # Errors
///
/// Returns the first error, with its span.
pub fn validate(patterns: &Parameters) -> Result<(), ParameterError> {
    for pattern in patterns {
        pattern.validate()?;
    }
    Ok(())
}

/// Compiles the patterns of all rules into one check.
///
/// # Errors
///
/// Returns the first pattern with an invalid regular expression or contradictory guards.
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
            let except = pattern.exception().map(Arc::new);
            let pattern_number = matchers.len();
            let mut add = |search: Arc<Search>, regex: Option<LazyRegex>| {
                indexed.push(pattern.indexed(search));
                let (rule, pattern) = (Arc::clone(&rule), Arc::clone(&pattern));
                let except = except.clone();
                matchers.push(Matcher { rule, pattern, pattern_number, regex, except });
            };
            let mut lines = pattern.lines.clone();
            for expression in pattern.expressions.iter().flat_map(Expression::branches) {
                let search = expression.search(!pattern.is_part)?;
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
        self.may_be_heading.unwrap_or(self.needs_neighbor)
    }

    /// Whether a match counts only together with other matches in the document.
    fn depends_on_document(&self) -> bool {
        self.min_lines > 1
            || self.needs_other > 0
            || self.not_before > 0.0
            || self.removes == Removal::Section
    }

    /// Whether a match may be dropped because of its context.
    fn is_weak(&self) -> bool {
        self.needs_neighbor || self.may_be_heading() || self.depends_on_document()
    }

    /// Whether it matches only short units.
    fn is_short(&self) -> bool {
        self.max_words <= SHORT_WORDS && self.unit != PatternUnit::Sentence
    }

    fn indexed(&self, search: Arc<Search>) -> Indexed {
        Indexed::new(search, self.is_short(), !self.is_part, self.unit == PatternUnit::Sentence)
    }

    /// Whether phrases can be looked up by the lines that they match.
    pub(crate) fn may_list_lines(&self) -> bool {
        !self.is_part && self.unit != PatternUnit::Sentence && !self.case_sensitive
    }

    fn lazy_regex(&self, sources: Vec<ExpressionSource>) -> LazyRegex {
        LazyRegex::new(sources, !self.is_part, self.case_sensitive)
    }

    /// Returns the expression that must not match, if there is one.
    fn exception(&self) -> Option<LazyRegex> {
        let sources: Vec<_> = self.except.iter().map(|one| one.source.clone()).collect();
        (!sources.is_empty()).then(|| LazyRegex::new(sources, false, self.case_sensitive))
    }
}
