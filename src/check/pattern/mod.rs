//! The `pattern` kind: regular expressions over lines, sentences and paragraphs, with guards.
//!
//! All patterns of all rules share one search for literals; a regular expression runs only on a unit that holds one of its
//! literals and that passes the cheap guards.

mod evidence;
mod literals;
mod prefilter;
mod unit;

use std::sync::{Arc, OnceLock};

use regex_automata::meta::Regex;
use regex_automata::nfa::thompson::WhichCaptures;
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
    /// The unit and the next block, if that is a line of four to twenty words without a full stop.
    Title,
}

/// One alternative of a pattern, ready to run.
struct Matcher {
    rule: Arc<RuleInfo>,
    /// The guards, shared by all alternatives.
    pattern: Arc<Pattern>,
    expression: Expression,
    unless: Option<Arc<Expression>>,
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
    let mut literals = Vec::new();
    for (rule, patterns) in rules {
        for pattern in patterns {
            let pattern = Arc::new(pattern.clone());
            let unless = pattern.unless().map(Arc::new);
            // Each alternative is tried only where its own literals stand.
            for expression in &pattern.any {
                for branch in literals::branches(expression.get_ref()) {
                    let fault = |message| ParameterError { message, place: Some(expression.span()) };
                    literals.push(literals::literals(branch).map_err(fault)?);
                    matchers.push(Matcher {
                        rule: Arc::clone(&rule),
                        pattern: Arc::clone(&pattern),
                        expression: Expression::new(branch, pattern.part, pattern.case_sensitive),
                        unless: unless.clone(),
                    });
                }
            }
        }
    }
    let patterns = matchers.iter().map(|matcher| matcher.pattern.as_ref()).zip(literals);
    let prefilter = Prefilter::new(patterns)?;
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
        for (expression, part) in self.any.iter().map(|one| (one, self.part)).chain(self.unless.iter().map(|one| (one, true))) {
            let fault = |message| ParameterError { message, place: Some(expression.span()) };
            Expression::new(expression.get_ref(), part, self.case_sensitive).build().map_err(fault)?;
        }
        for expression in &self.any {
            for branch in literals::branches(expression.get_ref()) {
                let fault = |message| ParameterError { message, place: Some(expression.span()) };
                if literals::literals(branch).map_err(fault)?.is_none() && !prefilter::is_short(self) {
                    return Err(fault(format!(
                        "nothing in `{branch}` is certain to occur, so that every unit would have to be tried: name a word of \
                         three letters that always occurs, or look at lines and set `max-words` to {} or less",
                        prefilter::SHORT_WORDS
                    )));
                }
            }
        }
        Ok(())
    }

    /// What may not match, if there is something.
    fn unless(&self) -> Option<Expression> {
        let joined = self.unless.iter().map(|one| one.get_ref().as_str()).collect::<Vec<_>>().join("|");
        (!joined.is_empty()).then(|| Expression::new(&joined, true, self.case_sensitive))
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
    regex: OnceLock<Option<Regex>>,
}

impl Expression {
    fn new(expression: &str, part: bool, case_sensitive: bool) -> Self {
        let compact = compact(expression);
        let source = if part { compact } else { format!("^{MARKS}(?:{compact}){MARKS}$") };
        Self { source, case_sensitive, regex: OnceLock::new() }
    }

    fn is_match(&self, text: &str) -> bool {
        // What does not compile was refused by `validate`.
        self.regex.get_or_init(|| self.build().ok()).as_ref().is_some_and(|regex| regex.is_match(text))
    }

    fn build(&self) -> Result<Regex, String> {
        const MOST_BYTES: usize = 4 << 20;
        Regex::builder()
            .syntax(syntax::Config::new().case_insensitive(!self.case_sensitive))
            .configure(Regex::config().nfa_size_limit(Some(MOST_BYTES)).which_captures(WhichCaptures::None))
            .build(&self.source)
            .map_err(|error| match error.syntax_error() {
                Some(syntax) => literals::fault(&syntax.to_string()),
                None => format!("not a usable regular expression: {error}"),
            })
    }
}

/// Puts cheap classes in the place of those that hold hundreds of ranges each and take most of the time to compile.
///
/// - `\w` is a letter or digit of ASCII, or any character from U+00C0 on that is no punctuation or symbol of the blocks for
///   these; `\d` is a digit of ASCII.
/// - `\b` is a boundary of ASCII words, unless letters beyond ASCII stand in the expression: a Unicode boundary rules out
///   the fast engines on any text that is not ASCII, if only for a curly quote.
fn compact(expression: &str) -> String {
    const WORD: &str = r"0-9A-Z_a-z\u{C0}-\u{1FFF}\u{2C00}-\u{2DFF}\u{3005}-\u{3007}\u{3021}-\u{FEFE}\u{FF10}-\u{FF19}\u{FF21}-\u{FF3A}\u{FF41}-\u{FF5A}\u{FF66}-\u{1EFFF}\u{20000}-\u{3FFFF}";
    let has_wide_letters = expression.chars().any(|character| !character.is_ascii() && character.is_alphabetic());
    let mut compact = String::with_capacity(expression.len());
    let mut in_class = false;
    let mut characters = expression.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('w') if in_class => compact.push_str(WORD),
                Some('w') => compact.push_str(&format!("(?-i:[{WORD}])")),
                Some('W') if !in_class => compact.push_str(&format!("(?-i:[^{WORD}])")),
                Some('d') if in_class => compact.push_str("0-9"),
                Some('d') => compact.push_str("[0-9]"),
                Some('b') if !in_class && !has_wide_letters => compact.push_str(r"(?-u:\b)"),
                Some(other) => compact.extend(['\\', other]),
                None => compact.push('\\'),
            },
            _ => {
                in_class = in_class && character != ']' || character == '[';
                compact.push(character);
            }
        }
    }
    compact
}
