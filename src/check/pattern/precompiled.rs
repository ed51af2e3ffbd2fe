//! What the build script computes for the alternatives of built-in rules. Computing it at each start
//! takes longer than checking a page.

use super::literals::{Certain, Spacing};

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

/// Returns what is certain of a text of that spacing in which an alternative matches.
pub(super) fn certain(number: usize, spacing: Spacing) -> Certain {
    let table = if spacing == Spacing::Single { &SIGNS_SINGLE } else { &SIGNS_ANY };
    Certain::read(table.get(number)).unwrap_or_else(Certain::nothing)
}

#[cfg(test)]
mod tests {
    use super::super::Pattern;
    use super::super::literals::{branches, joined};
    use super::super::prefilter::looks_at_openings;
    use super::super::program::{parse, written};
    use super::*;
    use crate::check::Parameters;
    use crate::rule::{Registry, Rule};

    fn patterns(rule: &Rule) -> &[Pattern] {
        if let Parameters::Pattern(patterns) = &rule.parameters { patterns } else { &[] }
    }

    #[test]
    fn built_in_rules_are_compiled_as_their_files_are() {
        for rule in Registry::embedded().unwrap().rules() {
            let parsed = Rule::parse(&rule.file).unwrap();
            assert_eq!(patterns(rule).len(), patterns(&parsed).len());
            for (pattern, parsed) in patterns(rule).iter().zip(patterns(&parsed)) {
                let sources = |pattern: &Pattern| {
                    [&pattern.any, &pattern.unless]
                        .map(|all| all.iter().map(|one| one.get_ref().clone().into_owned()).collect::<Vec<_>>())
                };
                assert_eq!(sources(pattern), sources(parsed), "{}", rule.info.code);
                let opens = looks_at_openings(pattern);
                let mut number = pattern.precompiled.unwrap();
                let assert_program = |source: &str, number| {
                    let own = parse(source, pattern.case_sensitive).and_then(|hir| written(&hir));
                    assert!(program(number) == own.as_deref(), "{}: {source}", rule.info.code);
                };
                for alternative in pattern.any.iter().flat_map(|any| branches(any.get_ref())) {
                    for spacing in [Spacing::Single, Spacing::Any] {
                        let own = Certain::of(alternative, opens, spacing).unwrap().written();
                        assert!(certain(number, spacing).written() == own, "{}: {alternative}", rule.info.code);
                    }
                    assert_program(alternative, number);
                    number += 1;
                }
                assert_program(&joined(pattern.unless.iter().map(|one| one.get_ref().as_ref())), number);
            }
        }
    }
}
