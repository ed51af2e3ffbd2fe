//! What was found out of the expressions of the rules that come with the program when it was built: to parse a thousand of them
//! takes longer than to check a page.

use std::borrow::Cow;

use super::literals::{Certain, Spacing};
use super::program::{parse, written};

/// Something of each expression.
struct Known {
    /// All of it, one behind the other.
    bytes: &'static [u8],
    /// By the expression and a circumstance, where in `bytes` its own ends and the next begins; in order.
    ends: &'static [((&'static str, bool), u32)],
}

/// What the build script wrote under a name.
macro_rules! known {
    ($name:literal) => {
        Known {
            bytes: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".bin")),
            ends: include!(concat!(env!("OUT_DIR"), "/", $name, ".rs")),
        }
    };
}

/// The programs, by whether case tells.
static PROGRAMS: Known = known!("pattern_programs");
/// What is certain of texts that are single-spaced, by whether an expression matches short units from their beginning.
static OF_SINGLE: Known = known!("pattern_signs_single");
/// The same for texts of any spacing.
static OF_ANY: Known = known!("pattern_signs_any");

impl Known {
    fn of(&self, expression: &str, circumstance: bool) -> Option<&'static [u8]> {
        let at = self.ends.binary_search_by_key(&(expression, circumstance), |(key, _)| *key).ok()?;
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before].1);
        self.bytes.get(start as usize..self.ends[at].1 as usize)
    }
}

/// An expression as it is walked; `None` if it cannot be.
pub(super) fn program(expression: &str, case_sensitive: bool) -> Option<Cow<'static, [u8]>> {
    match PROGRAMS.of(expression, case_sensitive) {
        Some(known) => Some(Cow::Borrowed(known)),
        None => written(&parse(expression, case_sensitive)?).map(Cow::Owned),
    }
}

/// What is certain of a text of that spacing in which an alternative matches; `opens` tells whether it matches short units from
/// their beginning.
///
/// # Errors
///
/// It is no regular expression; what is wrong with it.
pub(super) fn certain(alternative: &str, opens: bool, spacing: Spacing) -> Result<Certain, String> {
    let known = if spacing == Spacing::Single { &OF_SINGLE } else { &OF_ANY };
    match known.of(alternative, opens).and_then(Certain::read) {
        Some(certain) => Ok(certain),
        None => Certain::of(alternative, opens, spacing),
    }
}

/// Whether the build script compiled an alternative, for texts of any spacing.
#[cfg(test)]
pub(super) fn is_precompiled(alternative: &str, opens: bool) -> bool {
    OF_SINGLE.of(alternative, opens).is_some() && OF_ANY.of(alternative, opens).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_when_the_program_was_built_is_what_would_be_written_now() {
        for known in [&PROGRAMS, &OF_SINGLE, &OF_ANY] {
            assert!(!known.ends.is_empty());
        }
        for ((expression, case_sensitive), _) in PROGRAMS.ends {
            let own = written(&parse(expression, *case_sensitive).unwrap()).unwrap();
            assert!(program(expression, *case_sensitive).unwrap() == own, "{expression}");
        }
        for (known, spacing) in [(&OF_SINGLE, Spacing::Single), (&OF_ANY, Spacing::Any)] {
            for ((alternative, opens), _) in known.ends {
                let own = Certain::of(alternative, *opens, spacing).unwrap().written();
                assert!(certain(alternative, *opens, spacing).unwrap().written() == own, "{alternative}");
            }
        }
    }
}
