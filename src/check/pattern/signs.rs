//! The signs of the alternatives of the rules that come with the program, found out when it was built: to parse a thousand
//! expressions takes longer than to check a page.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::bytes::Bytes;
use super::literals::{Certain, Signs, Spacing};

/// A line an alternative: `opens` as 0 or 1, the kind of its signs, the alternative, and the sets of bytes, parted by [`PART`];
/// behind [`LISTS`] its signs and the sets of strings that go with them, parted by [`LIST`].
const OF_SINGLE: &str = include_str!(concat!(env!("OUT_DIR"), "/pattern_signs_single.txt"));
/// The same for texts of any spacing.
const OF_ANY: &str = include_str!(concat!(env!("OUT_DIR"), "/pattern_signs_any.txt"));
const PART: char = '\u{1F}';
const LIST: char = '\u{1E}';
const LISTS: char = '\u{1D}';

/// By `opens` and the alternative the kind of its signs and what stands behind.
type Known = FxHashMap<(bool, &'static str), (&'static str, &'static str)>;

static SINGLE: LazyLock<Known> = LazyLock::new(|| known(OF_SINGLE));
static ANY: LazyLock<Known> = LazyLock::new(|| known(OF_ANY));

fn known(lines: &'static str) -> Known {
    let line = |line: &'static str| {
        let mut parts = line.splitn(4, PART);
        let (opens, kind, alternative, signs) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        Some(((opens == "1", alternative), (kind, signs)))
    };
    lines.split('\n').filter_map(line).collect()
}

/// What is certain of a text of that spacing in which an alternative matches; `opens` tells whether it matches short units from
/// their beginning.
///
/// # Errors
///
/// It is no regular expression; what is wrong with it.
pub(super) fn of(alternative: &str, opens: bool, spacing: Spacing) -> Result<Certain, String> {
    let known = if spacing == Spacing::Single { &SINGLE } else { &ANY };
    let strings = |list: &str| list.split(PART).filter(|sign| !sign.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let Some((kind, signs)) = known.get(&(opens, alternative)) else {
        return Certain::of(alternative, opens, spacing);
    };
    let (sets, lists) = signs.split_once(LISTS).unwrap_or_default();
    let bytes = sets.split(PART).filter_map(|set| u128::from_str_radix(set, 16).ok()).map(Bytes).collect();
    let mut lists = lists.split(LIST).map(strings);
    let signs = lists.next().unwrap_or_default();
    let signs = match *kind {
        "opens" => Signs::Opens(signs),
        "holds" => Signs::Holds(signs),
        _ => Signs::Blind,
    };
    Ok(Certain { signs, others: lists.collect(), bytes })
}
