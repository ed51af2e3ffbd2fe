//! What the build script computes for the alternatives of built-in rules. Computing it at each start
//! takes longer than checking a page.

use super::Pattern;
use super::literals::{Certain, Spacing};
use super::prefilter::looks_at_openings;
#[cfg(test)]
use super::{
    literals::joined,
    program::{parse, written},
};

/// A rule that comes with the program.
#[derive(Debug)]
pub struct BuiltInRule {
    /// Path of its file in the repository.
    pub path: &'static str,
    /// Text of its file.
    pub text: &'static str,
    /// Its `[[find]]` tables, in order.
    pub patterns: &'static [PrecompiledPattern],
}

/// The expressions of a `[[find]]` table: those of its phrases, in order, then those of `regex`.
#[derive(Debug)]
pub struct PrecompiledPattern {
    /// Expressions, any of which may match.
    pub any: &'static [&'static str],
    /// Expressions that must not match.
    pub unless: &'static [&'static str],
    /// Number of its first alternative. The numbers of the others follow, then that of `unless` as a
    /// whole.
    pub first: usize,
}

/// All built-in rules, in order of path.
pub const BUILT_IN_RULES: &[BuiltInRule] = include!(concat!(env!("OUT_DIR"), "/built_in_rules.rs"));

/// Byte strings, by the number of an alternative.
struct Table {
    bytes: &'static [u8],
    /// Where each ends in `bytes` and the next begins.
    ends: &'static [u32],
}

macro_rules! table {
    ($name:literal) => {
        Table {
            bytes: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".bin")),
            ends: include!(concat!(env!("OUT_DIR"), "/", $name, ".rs")),
        }
    };
}

static PROGRAMS: Table = table!("programs");
static SIGNS_SINGLE: Table = table!("signs_single");
static SIGNS_ANY: Table = table!("signs_any");

impl Table {
    fn get(&self, number: usize) -> &'static [u8] {
        let start = number.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |end| *end as usize);
        let end = self.ends.get(number).map_or(start, |end| *end as usize);
        self.bytes.get(start..end).unwrap_or_default()
    }
}

/// Returns the program of an alternative; `None` if it has none.
pub(super) fn program(number: usize) -> Option<&'static [u8]> {
    Some(PROGRAMS.get(number)).filter(|program| !program.is_empty())
}

/// Returns what is certain of a text of that spacing in which an alternative of `pattern` matches:
/// from the table if it has a number there.
///
/// # Errors
///
/// The alternative is no regular expression.
pub(super) fn certain_or_compute(
    pattern: &Pattern,
    alternative: &str,
    number: Option<usize>,
    spacing: Spacing,
) -> Result<Certain, String> {
    match number {
        Some(number) => Ok(certain(number, spacing)),
        None => Certain::of(alternative, looks_at_openings(pattern), spacing),
    }
}

fn certain(number: usize, spacing: Spacing) -> Certain {
    let table = if spacing == Spacing::Single { &SIGNS_SINGLE } else { &SIGNS_ANY };
    Certain::read(table.get(number)).unwrap_or_else(Certain::nothing)
}

/// Asserts that a built-in pattern is what its file says, as `parsed` when the test runs.
#[cfg(test)]
pub(crate) fn assert_up_to_date(built_in: &Pattern, parsed: &Pattern) {
    let sources = |pattern: &Pattern| {
        [&pattern.any, &pattern.unless].map(|all| all.iter().map(|one| one.get_ref().to_string()).collect::<Vec<_>>())
    };
    assert_eq!(sources(built_in), sources(parsed));
    let assert_program = |source: &str, number| {
        let own = parse(source, parsed.case_sensitive).and_then(|hir| written(&hir));
        assert!(program(number) == own.as_deref(), "{source}");
    };
    let mut number = built_in.precompiled.unwrap();
    for (_, alternative) in parsed.alternatives() {
        for spacing in [Spacing::Single, Spacing::Any] {
            let own = Certain::of(alternative, looks_at_openings(parsed), spacing).unwrap().written();
            assert!(certain(number, spacing).written() == own, "{alternative}");
        }
        assert_program(alternative, number);
        number += 1;
    }
    assert_program(&joined(parsed.unless.iter().map(|one| one.get_ref().as_ref())), number);
}
