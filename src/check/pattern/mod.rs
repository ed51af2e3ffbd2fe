//! The `pattern` kind: regular expressions over lines, sentences and paragraphs, with guards.
//!
//! All patterns of all rules share one search for literals; a regular expression runs only on a unit that holds one of its
//! literals and that passes the cheap guards.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "numbers of patterns and literals, which are bounded by rules, and bits of hashes"
)]

mod bytes;
mod compact;
mod content;
#[cfg(test)]
pub(crate) mod differential;
mod evidence;
mod explain;
mod expression;
mod headings;
mod literals;
mod opening;
mod places;
mod precompiled;
mod prefilter;
mod program;
mod rarity;
mod search;
mod simpler;
mod unit;
mod walk;

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use regex_syntax::hir::{Hir, HirKind, Look};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use toml::Spanned;

use super::{DocumentCheck, FindingSink, ParameterError, RuleWithParams};
use crate::finding::{Applicability, RuleInfo};
use crate::text::Document;
pub use explain::{Explanation, Obstacle, PatternSource, Source, explain};
use expression::{Caches, Expression};
use literals::{Certain, Spacing};
#[cfg(test)]
pub(crate) use precompiled::assert_up_to_date;
pub use precompiled::{BUILT_IN_RULES, BuiltInRule, PrecompiledPattern};
use prefilter::Prefilters;

/// The kind's name in rule files.
pub const NAME: &str = "pattern";

/// A rule's patterns; each is looked for on its own.
pub type Parameters = Vec<Pattern>;

/// Phrases and regular expressions, and the guards that all of them share. Rule files write it as a `[[find]]` table, which
/// `rule::find` reads.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Pattern {
    /// Regular expressions, any of which may match: first those of the phrases, in order, then those of the file. Case is
    /// ignored unless `case_sensitive` is set.
    #[serde(skip)]
    pub any: Vec<Spanned<Cow<'static, str>>>,
    /// Regular expressions that must not match anywhere in the unit: first those of the exceptions, then those of the file.
    #[serde(skip)]
    pub unless: Vec<Spanned<Cow<'static, str>>>,
    /// Number of its first alternative in the tables of the build script, if it is built in.
    #[serde(skip)]
    pub precompiled: Option<usize>,
    /// What is matched and, unless `reach` extends it, removed.
    #[serde(rename = "where")]
    pub unit: Unit,
    /// A part of the unit may match. Otherwise the whole unit must, except for marks and blanks around it.
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
    /// With `needs_company`: the other finding must come first, as a heading comes before what it announces.
    #[serde(skip)]
    pub follows: bool,
    /// With `needs_company`: so many in a row count as neighbors of each other; 0 for never.
    #[serde(rename = "or-run-of")]
    pub or_row_of: usize,
    /// The words can be a heading: a line with text below it does not match. If left out, as `needs_company`.
    pub may_be_heading: Option<bool>,
    /// How much is removed.
    #[serde(rename = "removes")]
    pub reach: Reach,
    /// The fix's applicability where it is not the rule's.
    pub fix: Option<Applicability>,
}

impl Default for Pattern {
    fn default() -> Self {
        Self {
            any: Vec::new(),
            unless: Vec::new(),
            precompiled: None,
            unit: Unit::default(),
            part: false,
            case_sensitive: false,
            place: Place::default(),
            below_title: false,
            min_words: 0,
            max_words: usize::MAX,
            needs_company: false,
            follows: false,
            or_row_of: 0,
            may_be_heading: None,
            reach: Reach::default(),
            fix: None,
        }
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(D::Error::custom("`[[check.pattern]]` is written as a `[[find]]` table; see docs/writing-rules.md"))
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn extent_name<S: Serializer>(part: &bool, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(if *part { "contains" } else { "whole" })
}

/// What a pattern is matched against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
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
}

/// One alternative of a pattern, ready to run.
struct Matcher {
    rule: Arc<RuleInfo>,
    /// The guards, shared by all alternatives.
    pattern: Arc<Pattern>,
    expression: Expression,
    /// Its number in the tables of the build script, if its rule is built in.
    precompiled: Option<usize>,
    unless: Option<Arc<Expression>>,
}

struct PatternCheck {
    matchers: Vec<Matcher>,
    prefilters: Prefilters,
    /// What regular expressions need while they run, for as many documents as were looked at at one time.
    caches: Mutex<Vec<Caches>>,
}

impl DocumentCheck for PatternCheck {
    fn check(&self, document: &Document<'_>, findings: &mut FindingSink<'_>) {
        let caches = || self.caches.lock().unwrap_or_else(PoisonError::into_inner);
        let own = caches().pop().unwrap_or_default();
        let own = evidence::collect(&self.matchers, &self.prefilters, document, own, findings);
        caches().push(own);
    }

    fn warm_up(&self) {
        simpler::warm_up();
        self.prefilters.prepare(&self.matchers);
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
pub fn compile(rules: Vec<RuleWithParams<'_, Parameters>>) -> Result<Box<dyn DocumentCheck>, ParameterError> {
    Ok(Box::new(build(rules)?))
}

fn build(rules: Vec<RuleWithParams<'_, Parameters>>) -> Result<PatternCheck, ParameterError> {
    let mut matchers = Vec::new();
    let mut all_signs = Vec::new();
    let mut numbers = 0..;
    let mut number = || numbers.next().unwrap_or(0);
    for (rule, patterns) in rules {
        for pattern in patterns {
            let pattern = Arc::new(pattern.clone());
            let alternatives: Vec<_> = pattern.alternatives().collect();
            let unless = pattern.unless(alternatives.len(), &mut number).map(Arc::new);
            // Each alternative is tried only where its own signs stand.
            for (index, (expression, branch)) in alternatives.into_iter().enumerate() {
                let precompiled = pattern.precompiled.map(|first| first + index);
                let signs = precompiled::certain_or_compute(&pattern, branch, precompiled, Spacing::Single)
                    .map_err(|message| ParameterError { message, place: Some(expression.span()) })?;
                all_signs.push(signs);
                matchers.push(Matcher {
                    rule: Arc::clone(&rule),
                    pattern: Arc::clone(&pattern),
                    expression: Expression::new(branch, pattern.part, pattern.case_sensitive, number())
                        .with_program(precompiled),
                    precompiled,
                    unless: unless.clone(),
                });
            }
        }
    }
    let prefilters = Prefilters::new(all_signs);
    Ok(PatternCheck { matchers, prefilters, caches: Mutex::default() })
}

impl Pattern {
    pub(crate) fn may_be_heading(&self) -> bool {
        self.may_be_heading.unwrap_or(self.needs_company)
    }

    /// Returns the alternatives of each expression, with that expression.
    fn alternatives(&self) -> impl Iterator<Item = (&Spanned<Cow<'static, str>>, &str)> {
        self.any.iter().flat_map(|one| literals::branches(one.get_ref()).into_iter().map(move |branch| (one, branch)))
    }

    fn validate(&self) -> Result<(), ParameterError> {
        let fault = |message: String| Err(ParameterError { message, place: self.any.first().map(Spanned::span) });
        if self.any.is_empty() {
            return fault(
                "nothing to find: write phrases under the code of their language, such as `en`, or a `regex`".into(),
            );
        }
        if self.min_words > self.max_words {
            return fault(format!("`min-words` {} is more than `max-words` {}", self.min_words, self.max_words));
        }
        if self.max_words == 0 {
            return fault("`max-words` 0 lets nothing through".into());
        }
        if (self.follows || self.or_row_of > 0) && !self.needs_company {
            return fault("`or-run-of` says which neighbors count: set `needs-neighbor = true` too".into());
        }
        self.validate_reach()?;
        for (expression, part) in
            self.any.iter().map(|one| (one, self.part)).chain(self.unless.iter().map(|one| (one, true)))
        {
            let fault = |message| ParameterError { message, place: Some(expression.span()) };
            Expression::new(expression.get_ref(), part, self.case_sensitive, 0).build().map_err(fault)?;
        }
        for (expression, branch) in self.alternatives() {
            let fault = |message| ParameterError { message, place: Some(expression.span()) };
            let certain = Certain::of(branch, false, Spacing::Any).map_err(fault)?;
            if matches!(certain.signs, literals::Signs::Blind) && !prefilter::is_short(self) {
                return Err(fault(format!(
                    "nothing in `{branch}` is certain to occur, so that every unit would have to be tried: name a word of \
                     three letters that always occurs, or look at lines and set `max-words` to {} or less",
                    prefilter::SHORT_WORDS
                )));
            }
        }
        Ok(())
    }

    /// Refuses expressions that can never match, or that match everything.
    fn validate_reach(&self) -> Result<(), ParameterError> {
        let parse = |expression: &Spanned<Cow<'_, str>>| literals::parse(expression.get_ref()).ok();
        for expression in &self.any {
            let fault = |message: &str| Err(ParameterError { message: message.into(), place: Some(expression.span()) });
            let Some(hir) = parse(expression) else { continue };
            if self.unit != Unit::Paragraph && needs_line_end(&hir) {
                return fault(
                    "this can never match: a line or sentence holds no line end; set `where = \"paragraph\"`",
                );
            }
            if contradicts(&hir) {
                return fault("this can never match: it asks for text after the end (`$`) or before the start (`^`)");
            }
            match hir.properties().minimum_len() {
                None => return fault("this can never match: nothing is what it asks for"),
                Some(0) => return fault("this matches everything: the empty text too; ask for at least a word"),
                Some(_) => {}
            }
        }
        let everything =
            self.unless.iter().find(|one| parse(one).is_some_and(|hir| hir.properties().minimum_len() == Some(0)));
        match everything {
            Some(one) => {
                let message = "the rule can never match: this exception matches everything, the empty text too";
                Err(ParameterError { message: message.into(), place: Some(one.span()) })
            }
            None => Ok(()),
        }
    }

    /// What may not match, if there is something.
    fn unless(&self, alternatives: usize, number: &mut impl FnMut() -> usize) -> Option<Expression> {
        let joined = literals::joined(self.unless.iter().map(|one| one.get_ref().as_ref()));
        let precompiled = self.precompiled.map(|first| first + alternatives);
        (!joined.is_empty())
            .then(|| Expression::new(&joined, true, self.case_sensitive, number()).with_program(precompiled))
    }
}

/// Whether `hir` can never match since it asks for text after the end, or before the start, of the text.
fn contradicts(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Concat(parts) => {
            let has_text = |part: &Hir| part.properties().minimum_len().is_some_and(|length| length > 0);
            let ends = |part: &Hir| part.properties().look_set_suffix().contains(Look::End);
            let starts = |part: &Hir| part.properties().look_set_prefix().contains(Look::Start);
            let end = parts.iter().position(ends);
            let start = parts.iter().rposition(starts);
            parts.iter().any(contradicts)
                || end.is_some_and(|end| parts[end + 1..].iter().any(has_text))
                || start.is_some_and(|start| parts[..start].iter().any(has_text))
        }
        HirKind::Alternation(branches) => branches.iter().all(contradicts),
        HirKind::Repetition(repetition) => repetition.min > 0 && contradicts(&repetition.sub),
        HirKind::Capture(capture) => contradicts(&capture.sub),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => false,
    }
}

/// Whether whatever `hir` matches holds a line end.
fn needs_line_end(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Literal(literal) => literal.0.contains(&b'\n'),
        HirKind::Concat(parts) => parts.iter().any(needs_line_end),
        HirKind::Alternation(branches) => branches.iter().all(needs_line_end),
        HirKind::Repetition(repetition) => repetition.min > 0 && needs_line_end(&repetition.sub),
        HirKind::Capture(capture) => needs_line_end(&capture.sub),
        HirKind::Empty | HirKind::Class(_) | HirKind::Look(_) => false,
    }
}
