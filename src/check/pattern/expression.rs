//! Regular expressions, compiled when first needed.

use std::borrow::Cow;
use std::sync::OnceLock;

use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::meta::Regex;
use regex_automata::nfa::thompson::{self, Compiler, WhichCaptures};
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};

use super::compact::compact;
use super::literals;
use super::opening::without_marks;
use super::precompiled;
use super::program::{self, Program};
use super::simpler::{self, Ends, largest_length, loosened, opened};
use super::walk::{self, Walk};
pub(super) use crate::check::phrase::{MARKS, is_mark};

/// A regular expression that is compiled when first needed: a run meets the signs of few patterns, and compiling all of
/// them would take longer than checking a page.
pub(super) struct Expression {
    source: String,
    case_sensitive: bool,
    /// The letters and digits that the unit must be, marks around them aside, where the expression is nothing else.
    plain: Option<String>,
    /// Which of the caches are its own.
    number: usize,
    /// Looks at the whole unit.
    is_anchored: bool,
    /// As it is walked; `None` if it cannot be.
    program: OnceLock<Option<Cow<'static, [u8]>>>,
    /// Its forms, each at its number; `None` where it has none of that form.
    forms: [OnceLock<Option<Box<Automaton>>>; FORMS],
    /// For the few texts that the automaton gives up on.
    regex: OnceLock<Option<Box<Regex>>>,
}

/// A form of an expression.
#[derive(Clone, Copy)]
enum Form {
    /// Matches more, and is asked first.
    Loose,
    /// For texts that no large bound on a repetition concerns.
    Short,
    /// For texts of any length.
    Long,
}

/// How many forms there are.
const FORMS: usize = 3;

/// Takes text one way, and is made in half the time that a full engine takes.
struct Automaton {
    dfa: DFA,
    /// Bytes of the longest text that it is for.
    longest: usize,
    /// From which ends of a unit marks have to be taken.
    bare: Ends,
}

/// Most bytes of a compiled expression.
const MOST_BYTES: usize = 4 << 20;

/// Steps in which an expression is walked, in all texts together, before it is compiled: about what that takes.
const WALKED: u32 = 200_000;

/// What regular expressions need while they run, each its own, and one compiler for all; made when first needed.
#[derive(Default)]
pub(super) struct Caches {
    slots: Vec<Option<Box<Cache>>>,
    /// Steps that each expression may still be walked.
    steps: Vec<u32>,
    /// Its tables take longer to make than most expressions to compile.
    compiler: Option<Compiler>,
}

impl Caches {
    fn compiler(&mut self) -> &Compiler {
        self.compiler.get_or_insert_with(|| {
            let config = thompson::Config::new().nfa_size_limit(Some(MOST_BYTES)).which_captures(WhichCaptures::None);
            Compiler::new().configure(config).clone()
        })
    }

    /// Steps that an expression may be walked before it is worth compiling.
    fn steps(&mut self, number: usize) -> &mut u32 {
        if self.steps.len() <= number {
            self.steps.resize(number + 1, WALKED);
        }
        &mut self.steps[number]
    }

    fn slot(&mut self, number: usize, automaton: &Automaton) -> &mut Cache {
        if self.slots.len() <= number {
            self.slots.resize_with(number + 1, || None);
        }
        self.slots[number].get_or_insert_with(|| Box::new(automaton.dfa.create_cache()))
    }
}

impl Expression {
    /// `number` tells it from others that use the same caches.
    pub(super) fn new(expression: &str, part: bool, case_sensitive: bool, number: usize) -> Self {
        let is_plain = !part
            && expression.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' ')
            && without_marks(expression) == expression;
        let plain = is_plain.then(|| expression.to_owned());
        let source = expression.to_owned();
        let (program, forms, regex) = (OnceLock::new(), Default::default(), OnceLock::new());
        Self { source, case_sensitive, plain, number, is_anchored: !part, program, forms, regex }
    }

    /// Takes the program that the build script made for the alternative of that number.
    pub(super) fn with_program(mut self, precompiled: Option<usize>) -> Self {
        if let Some(number) = precompiled {
            self.program = OnceLock::from(precompiled::program(number).map(Cow::Borrowed));
        }
        self
    }

    /// What it was made of.
    pub(super) fn source(&self) -> &str {
        &self.source
    }

    pub(super) fn is_match(&self, text: &str, caches: &mut Caches) -> bool {
        if let Some(plain) = &self.plain {
            let text = without_marks(text);
            return if self.case_sensitive { text == plain } else { text.eq_ignore_ascii_case(plain) };
        }
        let program = self.program();
        if self.is_anchored && program.is_some_and(|program| !walk::may_match(program, text)) {
            return false;
        }
        if let Some(is_match) = program.and_then(|program| self.walk(program, text, caches)) {
            return is_match;
        }
        if self.run(Form::Loose, text, caches) == Some(false) {
            return false;
        }
        // What does not compile was refused by `validate`.
        let Some(short) = self.automaton(Form::Short, caches) else { return false };
        let form = if text.len() > short.longest { Form::Long } else { Form::Short };
        let by_regex = || {
            self.regex
                .get_or_init(|| self.build().ok().map(Box::new))
                .as_ref()
                .is_some_and(|regex| regex.is_match(text))
        };
        self.run(form, text, caches).unwrap_or_else(by_regex)
    }

    /// Whether the expression matches `text`, told without compiling it; `None` where it has earned to be, or was.
    fn walk(&self, program: Program<'_>, text: &str, caches: &mut Caches) -> Option<bool> {
        if self.forms.iter().any(|form| form.get().is_some()) {
            return None;
        }
        let left = caches.steps(self.number);
        let mut walk = Walk::new(text, *left);
        let found = walk.is_match(program, self.is_anchored);
        *left = if found.is_some() { walk.left() } else { 0 };
        found
    }

    fn program(&self) -> Option<Program<'_>> {
        let program = self.program.get_or_init(|| {
            program::parse(&self.source, self.case_sensitive).and_then(|hir| program::written(&hir)).map(Cow::Owned)
        });
        Program::read(program.as_deref()?)
    }

    /// Whether a form matches `text`; `None` where there is no such form, or it gives up.
    fn run(&self, form: Form, text: &str, caches: &mut Caches) -> Option<bool> {
        let automaton = self.automaton(form, caches)?;
        let cache = caches.slot(FORMS * self.number + form as usize, automaton);
        let anchored = if self.is_anchored { Anchored::Yes } else { Anchored::No };
        let input = Input::new(automaton.bare.of(text)).anchored(anchored).earliest(true);
        automaton.dfa.try_search_fwd(cache, &input).ok().map(|found| found.is_some())
    }

    fn automaton(&self, form: Form, caches: &mut Caches) -> Option<&Automaton> {
        self.forms.get(form as usize)?.get_or_init(|| self.compile(form, caches.compiler()).map(Box::new)).as_deref()
    }

    fn compile(&self, form: Form, compiler: &Compiler) -> Option<Automaton> {
        let parsed = program::parse(&self.source, self.case_sensitive)?;
        let inner = if matches!(form, Form::Loose) { loosened(&parsed)? } else { parsed };
        let (whole, bare) = if self.is_anchored { simpler::whole_unit(inner) } else { (inner, Ends::default()) };
        let (longest, whole) = match form {
            Form::Short => (largest_length(&whole), opened(&whole)),
            Form::Loose | Form::Long => (usize::MAX, whole),
        };
        let nfa = compiler.build_from_hir(&whole).ok()?;
        let config = DFA::config().unicode_word_boundary(true).skip_cache_capacity_check(true);
        let dfa = DFA::builder().configure(config).build_from_nfa(nfa).ok()?;
        Some(Automaton { dfa, longest, bare })
    }

    /// The expression as it is compiled.
    fn compiled(&self) -> String {
        let compact = compact(&self.source);
        if self.is_anchored { format!("^(?-i:{MARKS})(?:{compact})(?-i:{MARKS})$") } else { compact }
    }

    fn syntax(&self) -> syntax::Config {
        syntax::Config::new().case_insensitive(!self.case_sensitive)
    }

    pub(super) fn build(&self) -> Result<Regex, String> {
        Regex::builder()
            .syntax(self.syntax())
            .configure(Regex::config().nfa_size_limit(Some(MOST_BYTES)).which_captures(WhichCaptures::None))
            .build(&self.compiled())
            .map_err(|error| match error.syntax_error() {
                Some(syntax) => literals::fault(&syntax.to_string()),
                None => format!("not a usable regular expression: {error}"),
            })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn simpler_forms_match_the_same(
            index in 0..17_usize,
            text in "([-(–a-c A|.é]{0,40}|[kKsS\u{17F}\u{212A} a-c~é]{0,9})",
            times in prop_oneof![9 => 1..2_usize, 1 => 2..12_usize],
        ) {
            let sources = [
                "a.{2,110}[bc]", "(?:.a){1,120}\\.", r"\(?a b\)?", "a+(?:b|c)", r"\w+ c", r"\bab\b.*", "[^a]{1,150}|é", "-", "a{5,9}b?",
                r".{6,}\(.{0,7}c|-.{0,5}a", r"(?:[ab ]{5}|\bc){2,6}é?",
                "(?:k s|sak|ks) ?c?", "(?-i:K)s[z-é]|(?-i:a)", r"(?:s|\bk) [[:alpha:]]",
                "(?:[ab]|c-?|)+(?:|é)", "a[^-]{2,5}b|[abc ]*a", ".(?:[a-c]|–)*[é ]{1,3}",
            ];
            let text = text.repeat(times);
            for part in [false, true] {
                let expression = Expression::new(sources[index], part, false, 0);
                let expected = expression.build().unwrap().is_match(&text);
                let mut caches = Caches::default();
                let program = expression.program().unwrap();
                let walked = expression.walk(program, &text, &mut caches);
                prop_assert!(walked == Some(expected) || walked.is_none() && text.len() > 500, "{} walked", sources[index]);
                prop_assert!(!expected || part || walk::may_match(program, &text), "{}", sources[index]);
                *caches.steps(0) = 0;
                prop_assert_eq!(expression.is_match(&text, &mut caches), expected, "{}", sources[index]);
            }
        }
    }

    #[test]
    fn marks_are_told_the_same_way_everywhere() {
        let regex = Regex::new(&format!("^{MARKS}$")).unwrap();
        for character in '\0'..='\u{1FFFF}' {
            assert_eq!(regex.is_match(character.encode_utf8(&mut [0; 4]) as &str), is_mark(character), "{character:?}");
        }
    }
}
