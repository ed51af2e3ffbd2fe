//! The programs of the rules that come with the program, written when it was built: to parse an expression takes longer than to
//! walk it a few times.

use std::borrow::Cow;

use super::program::{parse, written};

/// All of them, one behind the other.
static PROGRAMS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/pattern_programs.bin"));

/// By expression, and whether it is case-sensitive, where in [`PROGRAMS`] its own ends and the next begins; in order.
static ENDS: &[((&str, bool), u32)] = include!(concat!(env!("OUT_DIR"), "/pattern_programs.rs"));

/// An expression as it is walked; `None` if it cannot be.
pub(super) fn of(expression: &str, case_sensitive: bool) -> Option<Cow<'static, [u8]>> {
    let own = || written(&parse(expression, case_sensitive)?).map(Cow::Owned);
    let Ok(at) = ENDS.binary_search_by_key(&(expression, case_sensitive), |(key, _)| *key) else { return own() };
    let start = at.checked_sub(1).map_or(0, |before| ENDS[before].1);
    PROGRAMS.get(start as usize..ENDS[at].1 as usize).map(Cow::Borrowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_when_the_program_was_built_is_what_would_be_written_now() {
        assert!(!ENDS.is_empty());
        for ((expression, case_sensitive), _) in ENDS {
            let own = written(&parse(expression, *case_sensitive).unwrap()).unwrap();
            assert!(of(expression, *case_sensitive).unwrap() == own, "{expression}");
        }
    }
}
