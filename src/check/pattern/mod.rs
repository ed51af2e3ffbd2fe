//! The `pattern` kind: regular expressions over lines, sentences and paragraphs, with guards.
//!
//! All patterns of all rules share one search for literals; a regular expression runs only on a unit that holds one of its
//! literals and that passes the cheap guards.

mod evidence;
mod literals;
mod prefilter;
mod unit;

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use regex_automata::meta::Regex;
use regex_automata::util::syntax;
use serde::Deserialize;
use toml::Spanned;

use super::{DocumentCheck, KindRule, ParameterError};
use crate::finding::{Applicability, Finding, RuleInfo};
use crate::text::Document;
use prefilter::Prefilter;

/// The kind's name in rule files.
pub const NAME: &str = "pattern";

/// A rule's patterns; each is looked for on its own.
pub type Parameters = Vec<Pattern>;

/// Regular expressions and the guards that all of them share.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Pattern {
    /// Regular expressions, any of which may match. Case is ignored unless `case-sensitive` is set.
    pub any: Vec<Spanned<String>>,
    /// Regular expressions that may not match anywhere in the unit.
    #[serde(default)]
    pub unless: Vec<Spanned<String>>,
    /// What is matched and, unless `reach` says more, removed.
    #[serde(default)]
    pub unit: Unit,
    /// A part of the unit may match; else the whole unit must, but for marks and blanks around it.
    #[serde(default)]
    pub part: bool,
    /// Letters match only in their own case.
    #[serde(default)]
    pub case_sensitive: bool,
    /// Where in the document.
    #[serde(default)]
    pub place: Place,
    /// Fewest words in the unit.
    #[serde(default)]
    pub min_words: usize,
    /// Most words in the unit.
    #[serde(default = "no_limit")]
    pub max_words: usize,
    /// Weak evidence: counts only directly beside another finding.
    #[serde(default)]
    pub needs_company: bool,
    /// With `needs-company`: that finding must stand before it, as a heading stands before what it announces.
    #[serde(default)]
    pub follows: bool,
    /// With `needs-company`: that many in a row are company enough for each other; 0 for never.
    #[serde(default)]
    pub or_row_of: usize,
    /// How far what it says extends.
    #[serde(default)]
    pub reach: Reach,
    /// The fix's applicability where it is not the rule's.
    pub fix: Option<Applicability>,
}

fn no_limit() -> usize {
    usize::MAX
}

/// What a pattern is matched against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
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
/// The head and the tail are what stands before the first and after the last block of prose, where blocks that were
/// themselves found to be noise do not count as prose. A document without prose has neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// Everywhere.
    #[default]
    Anywhere,
    /// Before the first prose; for sentences also the first two of that.
    Head,
    /// After the last prose; for sentences also the last five of that.
    Tail,
    /// In the head or in the tail.
    Edge,
}

/// How far what a pattern says extends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// The unit.
    #[default]
    Unit,
    /// From the unit to the end of its block, if at most 40 words follow there.
    Block,
    /// From the unit to the end of the document, if no prose follows.
    End,
    /// The unit and the next block, if that is a line of at most eight words.
    Next,
    /// From the unit to the end of the document, if at most 150 words follow.
    Rest,
}

/// A pattern ready to run.
struct Matcher {
    rule: Arc<RuleInfo>,
    pattern: Pattern,
    any: Expression,
    unless: Option<Expression>,
}

struct PatternCheck {
    matchers: Vec<Matcher>,
    prefilter: Prefilter,
}

impl DocumentCheck for PatternCheck {
    fn check(&self, document: &Document<'_>, findings: &mut Vec<Finding>) {
        evidence::collect(&self.matchers, &self.prefilter, document, findings);
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
pub fn compile(rules: Vec<KindRule<'_, Parameters>>) -> Result<Box<dyn DocumentCheck>, ParameterError> {
    let mut matchers = Vec::new();
    for (rule, patterns) in rules {
        for pattern in patterns {
            let (any, unless) = (pattern.any(), pattern.unless());
            matchers.push(Matcher { rule: Arc::clone(&rule), pattern: pattern.clone(), any, unless });
        }
    }
    let prefilter = Prefilter::new(matchers.iter().map(|matcher| &matcher.pattern))?;
    Ok(Box::new(PatternCheck { matchers, prefilter }))
}

impl Pattern {
    fn validate(&self) -> Result<(), ParameterError> {
        let fault = |message: String| {
            Err(ParameterError { message, place: self.any.first().map(Spanned::span) })
        };
        if self.any.is_empty() {
            return fault("`any` is empty: give at least one regular expression".into());
        }
        if self.min_words > self.max_words {
            return fault(format!("`min-words` {} is more than `max-words` {}", self.min_words, self.max_words));
        }
        for expression in self.any.iter().chain(&self.unless) {
            self.expression(std::slice::from_ref(expression), self.part).build()?;
        }
        self.any().build()?;
        let is_short = self.max_words <= prefilter::SHORT_WORDS && self.unit != Unit::Sentence;
        if !is_short && self.literals()?.is_none() {
            return fault(format!(
                "nothing in it is certain to occur, so that every unit would have to be tried: name a word of three \
                 letters that always occurs, or look at lines and set `max-words` to {} or less",
                prefilter::SHORT_WORDS
            ));
        }
        Ok(())
    }

    /// What has to match.
    fn any(&self) -> Expression {
        self.expression(&self.any, self.part)
    }

    /// What may not match, if there is something.
    fn unless(&self) -> Option<Expression> {
        (!self.unless.is_empty()).then(|| self.expression(&self.unless, true))
    }

    fn expression(&self, alternatives: &[Spanned<String>], part: bool) -> Expression {
        let joined = alternatives.iter().map(|one| one.get_ref().as_str()).collect::<Vec<_>>().join("|");
        // A Unicode word boundary rules out the fast engines on any text that is not ASCII, if only for a curly quote. It
        // makes a difference only where letters beyond ASCII are matched.
        let has_wide_letters = joined.chars().any(|character| !character.is_ascii() && character.is_alphabetic());
        let joined = if has_wide_letters { joined } else { joined.replace(r"\b", r"(?-u:\b)") };
        Expression {
            source: if part { joined } else { format!("^{MARKS}(?:{joined}){MARKS}$") },
            case_sensitive: self.case_sensitive,
            place: alternatives.first().map(Spanned::span),
            regex: OnceLock::new(),
        }
    }
}

/// What may stand around a whole unit: blanks, punctuation, signs, arrows and emoji. Ranges compile to far less than "neither
/// letter nor digit" would.
const MARKS: &str = r"[\x00-/:-@\[-`{-\u{A9}\u{AB}-\u{B1}\u{B4}\u{B6}-\u{B8}\u{BB}\u{2000}-\u{206F}\u{20A0}-\u{20CF}\u{2122}\u{2190}-\u{245F}\u{2500}-\u{2BFF}\u{3000}-\u{3004}\u{3008}-\u{3020}\u{FE0F}\u{FEFF}\u{FF01}-\u{FF0F}\u{FF1A}-\u{FF20}\u{FF3B}-\u{FF40}\u{FF5B}-\u{FF65}\u{1F000}-\u{1FAFF}]*";

/// A regular expression that is compiled when first needed: a run meets the literals of few patterns, and compiling all of
/// them would take longer than checking a page.
struct Expression {
    source: String,
    case_sensitive: bool,
    place: Option<Range<usize>>,
    regex: OnceLock<Option<Regex>>,
}

impl Expression {
    fn is_match(&self, text: &str) -> bool {
        // What does not compile was refused by `validate`.
        self.regex.get_or_init(|| self.build().ok()).as_ref().is_some_and(|regex| regex.is_match(text))
    }

    fn build(&self) -> Result<Regex, ParameterError> {
        const MOST_BYTES: usize = 4 << 20;
        Regex::builder()
            .syntax(syntax::Config::new().case_insensitive(!self.case_sensitive))
            .configure(Regex::config().nfa_size_limit(Some(MOST_BYTES)))
            .build(&self.source)
            .map_err(|error| ParameterError {
                message: match error.syntax_error() {
                    Some(syntax) => format!("not a regular expression: {}", literals::first_line(&syntax.to_string())),
                    None => format!("not a usable regular expression: {error}"),
                },
                place: self.place.clone(),
            })
    }
}
