//! Regular expressions that are compiled on first use.
//!
//! A run finds the literals of a few hundred expressions out of thousands, and compiling one takes
//! about as long as checking a page with all of them. An expression runs on a few hundred short
//! texts and rejects most of them at once, so building the states of a lazy DFA would take longer
//! than simulating the NFA, and memory for each expression and thread.
//!
//! `regex_automata` is the engine of the `regex` crate. Its NFA simulations are used directly,
//! because they can share one cache per thread for all expressions, and because the classes of an
//! expression can be simplified before they are compiled.

use std::cell::RefCell;
use std::sync::{LazyLock, OnceLock};

use regex_automata::Input;
use regex_automata::nfa::thompson::backtrack::{self, BoundedBacktracker};
use regex_automata::nfa::thompson::pikevm::{self, PikeVM};
use regex_automata::nfa::thompson::{self, Compiler, WhichCaptures};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{
    Class, ClassBytes, ClassBytesRange, ClassUnicode, ClassUnicodeRange, Hir, HirKind,
};
use regex_syntax::hir::{Look, Repetition};
use rustc_hash::FxHashMap;

use super::source::ExpressionSource;
use dechaff_phrases::literals::{parse, syntax_message};
use dechaff_phrases::{DIGIT, MARKS, Translation, WORD};

/// Maximum size of a compiled expression, in bytes.
const MAX_BYTES: usize = 4 << 20;

/// Maximum size of the set of visited states when backtracking, in bytes. On 7 MB of pages,
/// expressions run for a quarter less time than with 16 KiB; 1 MiB is no faster.
const MAX_VISITED: usize = 128 << 10;

/// A regular expression that is compiled on first use.
pub(in super::super) struct LazyRegex {
    /// Its alternatives.
    sources: Vec<ExpressionSource>,
    /// Matches only a whole unit, except for [`MARKS`] around it.
    is_whole: bool,
    case_sensitive: bool,
    /// `None` if the expression does not compile.
    regex: OnceLock<Option<Box<Regex>>>,
}

impl LazyRegex {
    pub(in super::super) fn new(
        sources: Vec<ExpressionSource>,
        is_whole: bool,
        case_sensitive: bool,
    ) -> Self {
        Self { sources, is_whole, case_sensitive, regex: OnceLock::new() }
    }

    pub(in super::super) fn is_match(&self, text: &str) -> bool {
        // Rule files with expressions that do not compile are rejected when loaded.
        let regex = self.regex.get_or_init(|| self.compile().ok().map(Box::new));
        regex.as_ref().is_some_and(|regex| regex.is_match(text))
    }

    /// Compiles the expression.
    ///
    /// # Errors
    ///
    /// Returns a message if it is not a regular expression or too large.
    pub(in super::super) fn compile(&self) -> Result<Regex, String> {
        let hirs = self.sources.iter().map(|source| self.hir(source)).collect::<Result<_, _>>()?;
        let mut hir = Hir::alternation(hirs);
        if self.is_whole {
            let marks = || MARKS_HIR.clone();
            hir = Hir::concat(vec![
                Hir::look(Look::Start),
                marks(),
                hir,
                marks(),
                Hir::look(Look::End),
            ]);
        }
        Regex::new(&hir)
            .ok_or_else(|| "not a usable regular expression: it is too large".to_owned())
    }

    fn hir(&self, source: &ExpressionSource) -> Result<Hir, String> {
        match source {
            ExpressionSource::Regex(regex) => parse_simplified(regex, self.case_sensitive),
            ExpressionSource::Phrases(block, range) => FRAGMENTS.with_borrow_mut(|fragments| {
                let case_sensitive = self.case_sensitive;
                let fragments = &mut fragments[usize::from(case_sensitive)];
                let mut trees = SyntaxTrees { fragments, case_sensitive };
                let phrases = block.phrases(range.clone());
                let all = phrases.iter().map(|phrase| phrase.translate(&mut trees)).collect();
                Ok(Hir::alternation(all))
            }),
        }
    }
}

/// Parses an expression and simplifies it.
fn parse_simplified(source: &str, case_sensitive: bool) -> Result<Hir, String> {
    let mut parser = ParserBuilder::new().case_insensitive(!case_sensitive).build();
    parser.parse(source).map(simplify).map_err(|error| syntax_message(&error.to_string()))
}

/// Translates phrases to syntax trees. Phrases consist of few different fragments: letters, blanks
/// and slots. Each is parsed once; translating phrases to text and parsing that took half as many
/// instructions again, and made a run on 7 MB of pages a tenth longer.
struct SyntaxTrees<'f> {
    fragments: &'f mut FxHashMap<String, Hir>,
    case_sensitive: bool,
}

impl Translation for SyntaxTrees<'_> {
    type Expression = Hir;

    fn fragment(&mut self, regex: &str) -> Hir {
        if let Some(hir) = self.fragments.get(regex) {
            return hir.clone();
        }
        let hir = parse_simplified(regex, self.case_sensitive).unwrap_or_else(|_| Hir::fail());
        self.fragments.entry(regex.to_owned()).or_insert(hir).clone()
    }

    fn concat(&mut self, parts: Vec<Hir>) -> Hir {
        Hir::concat(parts)
    }

    fn choice(&mut self, alternatives: Vec<Hir>) -> Hir {
        Hir::alternation(alternatives)
    }

    fn optional(&mut self, alternatives: Vec<Hir>) -> Hir {
        let sub = Box::new(Hir::alternation(alternatives));
        Hir::repetition(Repetition { min: 0, max: Some(1), greedy: true, sub })
    }
}

/// Builds the tables that all expressions share.
pub(super) fn warm_up() {
    LazyLock::force(&MARKS_HIR);
    LazyLock::force(&DIGITS);
    LazyLock::force(&LETTERS);
    LazyLock::force(&RARE_DIGITS);
    LazyLock::force(&FOLDED_LETTERS);
    LazyLock::force(&WIDE_WORD);
}

static MARKS_HIR: LazyLock<Hir> = LazyLock::new(|| parse(MARKS).unwrap_or_else(|_| Hir::fail()));

/// A compiled expression.
pub(in super::super) struct Regex {
    /// The faster engine if its set of visited states is small, because it clears the set first.
    backtracker: BoundedBacktracker,
    pikevm: PikeVM,
}

thread_local! {
    /// A compiler. Creating its tables takes as long as compiling most expressions.
    static COMPILER: Compiler = {
        let config = thompson::Config::new().nfa_size_limit(Some(MAX_BYTES)).which_captures(WhichCaptures::None);
        Compiler::new().configure(config).clone()
    };
    /// The parsed fragments of phrases that ignore case, and of those that do not.
    static FRAGMENTS: RefCell<[FxHashMap<String, Hir>; 2]> = RefCell::default();
    /// Working memory of the engines, for all expressions that run in the thread.
    static CACHES: RefCell<Option<(backtrack::Cache, pikevm::Cache)>> = const { RefCell::new(None) };
}

impl Regex {
    /// Returns `None` if the expression is too large.
    fn new(hir: &Hir) -> Option<Self> {
        let backtracking = BoundedBacktracker::config().visited_capacity(MAX_VISITED);
        let nfa = COMPILER.with(|compiler| compiler.build_from_hir(hir).ok())?;
        Some(Self {
            backtracker: BoundedBacktracker::builder()
                .configure(backtracking)
                .build_from_nfa(nfa.clone())
                .ok()?,
            pikevm: PikeVM::new_from_nfa(nfa).ok()?,
        })
    }

    fn is_match(&self, text: &str) -> bool {
        let input = Input::new(text).earliest(true);
        CACHES.with_borrow_mut(|caches| {
            let (backtrack, pikevm) = caches.get_or_insert_with(|| {
                (self.backtracker.create_cache(), self.pikevm.create_cache())
            });
            if text.len() <= self.backtracker.max_haystack_len() {
                backtrack.reset(&self.backtracker);
                if let Ok(is_match) = self.backtracker.try_is_match(backtrack, input.clone()) {
                    return is_match;
                }
            }
            pikevm.reset(&self.pikevm);
            self.pikevm.is_match(pikevm, input)
        })
    }
}

/// Replaces the classes of an expression with ones that compile to far fewer states.
fn simplify(hir: Hir) -> Hir {
    match hir.into_kind() {
        HirKind::Empty => Hir::empty(),
        HirKind::Literal(literal) => Hir::literal(literal.0),
        HirKind::Look(look) => Hir::look(look),
        HirKind::Class(Class::Unicode(class)) => simplify_class(class),
        HirKind::Class(class @ Class::Bytes(_)) => Hir::class(class),
        HirKind::Capture(capture) => simplify(*capture.sub),
        HirKind::Repetition(Repetition { min, max, greedy, sub }) => {
            Hir::repetition(Repetition { min, max, greedy, sub: Box::new(simplify(*sub)) })
        }
        HirKind::Concat(parts) => Hir::concat(parts.into_iter().map(simplify).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.into_iter().map(simplify).collect()),
    }
}

fn simplify_class(mut class: ClassUnicode) -> Hir {
    let is_negated =
        |class: &ClassUnicode| class.ranges().last().is_some_and(|range| range.end() == char::MAX);
    if let Some((_, ascii)) = FOLDED_LETTERS.iter().find(|(folded, _)| *folded == class) {
        return Hir::class(Class::Unicode(ascii.clone()));
    }
    if class.ranges().len() > MAX_RANGES {
        let inverse = is_negated(&class);
        if inverse {
            class.negate();
        }
        if contains(&class, &LETTERS) {
            class.union(&WIDE_WORD);
        } else if contains(&class, &DIGITS) {
            class.difference(&RARE_DIGITS);
        }
        if inverse {
            class.negate();
        }
    }
    match class.ranges().last() {
        Some(last) if is_negated(&class) && last.start().is_ascii() => by_first_byte(&class),
        _ => Hir::class(Class::Unicode(class)),
    }
}

/// Whether `class` has all characters of `other`.
fn contains(class: &ClassUnicode, other: &ClassUnicode) -> bool {
    let mut common = class.clone();
    common.intersect(other);
    common == *other
}

/// The letters `s` and `k` without regard to case, and their ASCII forms. The full classes include
/// `ſ` and the Kelvin sign and take four states instead of one, a tenth of the compile time.
static FOLDED_LETTERS: LazyLock<[(ClassUnicode, ClassUnicode); 2]> =
    LazyLock::new(|| [(class("[Ssſ]"), class("[Ss]")), (class(r"[Kk\u{212A}]"), class("[Kk]"))]);

/// Classes with more ranges than this may contain all digits or letters.
const MAX_RANGES: usize = 50;

/// All letters, in over 600 ranges. A class that contains them also gets the characters between
/// them, as in [`WORD`], which leaves few ranges. On 7 MB of pages, this and `by_first_byte` save a
/// third of the compile time.
static LETTERS: LazyLock<ClassUnicode> = LazyLock::new(|| class(r"\p{L}"));

/// All digits, in over 60 ranges, which take 40 µs to compile at each place of an expression.
static DIGITS: LazyLock<ClassUnicode> = LazyLock::new(|| class(r"\d"));

/// The digits that [`DIGIT`] does not match. A class with all digits omits them.
static RARE_DIGITS: LazyLock<ClassUnicode> = LazyLock::new(|| class(&format!(r"[\d--[{DIGIT}]]")));

/// The part of [`WORD`] beyond ASCII.
static WIDE_WORD: LazyLock<ClassUnicode> = LazyLock::new(|| {
    let mut class = class(&format!("[{WORD}]"));
    class.difference(&ClassUnicode::new([ClassUnicodeRange::new('\0', '\x7F')]));
    class
});

fn class(source: &str) -> ClassUnicode {
    match parse(source).map(Hir::into_kind) {
        Ok(HirKind::Class(Class::Unicode(class))) => class,
        _ => ClassUnicode::empty(),
    }
}

/// Translates a class such as `.` with all non-ASCII characters. Because texts are valid UTF-8, the
/// first bytes are enough to recognize characters: two states instead of a dozen for each
/// repetition of the class.
fn by_first_byte(class: &ClassUnicode) -> Hir {
    let ascii = class.ranges().iter().filter(|range| range.start().is_ascii());
    let ascii = ascii.map(|range| {
        ClassBytesRange::new(range.start() as u8, (range.end() as u32).min(0x7F) as u8)
    });
    let wide = ClassBytesRange::new(0xC2, 0xF4);
    let first = Hir::class(Class::Bytes(ClassBytes::new(ascii.chain([wide]))));
    let rest = Hir::class(Class::Bytes(ClassBytes::new([ClassBytesRange::new(0x80, 0xBF)])));
    let rest = Hir::repetition(Repetition { min: 0, max: None, greedy: true, sub: Box::new(rest) });
    Hir::concat(vec![first, rest])
}
