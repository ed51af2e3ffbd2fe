//! The signs of the alternatives of the rules that come with the program, found out when it was built: to parse a thousand
//! expressions takes longer than to check a page.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::bytes::Bytes;
use super::literals::{Certain, Signs};

/// A line an alternative: `opens` as 0 or 1, the kind of its signs, the alternative, and its signs, parted by [`PART`]; behind
/// [`LIST`] follow the short signs that go with them, and behind another the sets of bytes.
const KNOWN: &str = include_str!(concat!(env!("OUT_DIR"), "/pattern_signs.txt"));
const PART: char = '\u{1F}';
const LIST: char = '\u{1E}';

/// By `opens` and the alternative the kind of its signs and these.
type Known = HashMap<(bool, &'static str), (&'static str, &'static str)>;

static BY_ALTERNATIVE: LazyLock<Known> = LazyLock::new(|| {
    let line = |line: &'static str| {
        let mut parts = line.splitn(4, PART);
        let (opens, kind, alternative, signs) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        Some(((opens == "1", alternative), (kind, signs)))
    };
    KNOWN.split('\n').filter_map(line).collect()
});

/// The signs of an alternative; `opens` tells whether it matches short units from their beginning.
///
/// # Errors
///
/// It is no regular expression; what is wrong with it.
pub(super) fn of(alternative: &str, opens: bool) -> Result<Certain, String> {
    let strings = |list: &str| list.split(PART).filter(|sign| !sign.is_empty()).map(str::to_owned).collect();
    let Some((kind, signs)) = BY_ALTERNATIVE.get(&(opens, alternative)) else { return Certain::of(alternative, opens) };
    let mut lists = signs.split(LIST);
    let (signs, short) = (lists.next().unwrap_or_default(), lists.next().unwrap_or_default());
    let sets = lists.next().unwrap_or_default().split(PART);
    let bytes = sets.filter_map(|set| u128::from_str_radix(set, 16).ok()).map(Bytes).collect();
    let signs = match *kind {
        "opens" => Signs::Opens(strings(signs), strings(short)),
        "holds" => Signs::Holds(strings(signs)),
        _ => Signs::Blind(strings(short)),
    };
    Ok(Certain { signs, bytes })
}
