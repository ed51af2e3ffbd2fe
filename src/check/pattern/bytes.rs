//! Which bytes a text must hold for an expression to match it: the cheapest of all reasons not to try.
//!
//! The build script reads this file too.

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind};

/// A set of bytes: ASCII, capitals as small letters, and one bit for all bytes beyond.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Bytes(pub(super) u128);

/// More sets would seldom rule out what these let through.
pub(super) const MOST_SETS: usize = 4;

/// Stands for all bytes beyond ASCII; no text worth checking holds the byte it takes the place of.
const WIDE: u128 = 1;

/// For each byte the set that holds it.
static OF_BYTE: [u128; 256] = {
    let mut sets = [WIDE; 256];
    let mut byte = 0;
    while byte < 128 {
        sets[byte] = 1 << (byte as u8).to_ascii_lowercase();
        byte += 1;
    }
    sets
};

impl Bytes {
    /// All there are.
    pub(super) const ALL: Self = Self(u128::MAX);

    /// Those that stand in `text`; some byte always does.
    pub(super) fn of(text: &[u8]) -> Self {
        Self(text.iter().fold(0, |set, byte| set | OF_BYTE[usize::from(*byte)]))
    }

    /// Whether bytes beyond ASCII are among them.
    pub(super) fn is_wide(self) -> bool {
        self.0 & WIDE != 0
    }

    /// What `byte` counts as.
    pub(super) fn of_byte(byte: u8) -> Self {
        Self(OF_BYTE[usize::from(byte)])
    }

    /// These and `others`.
    pub(super) fn with(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Those that are not among `others`.
    pub(super) fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// Whether all of `others` are among them.
    pub(super) fn hold(self, others: Self) -> bool {
        others.0 & !self.0 == 0
    }

    /// Whether the byte of that number, or bytes beyond ASCII for 0, is among them.
    pub(super) fn has(self, byte: usize) -> bool {
        self.0 >> byte & 1 != 0
    }

    /// The numbers of those that are among them, in order.
    pub(super) fn each(self) -> impl Iterator<Item = usize> {
        let halves = [(self.0 as u64, 0), ((self.0 >> 64) as u64, 64)];
        halves.into_iter().flat_map(|(mut half, first)| {
            std::iter::from_fn(move || {
                let byte = first + half.trailing_zeros() as usize;
                (half != 0).then(|| {
                    half &= half - 1;
                    byte
                })
            })
        })
    }

    /// Whether one of each of `sets` is among them.
    #[inline]
    pub(super) fn meet(self, sets: &[Self]) -> bool {
        sets.iter().all(|set| set.0 & self.0 != 0)
    }

    /// How often they are met in text, of a thousand bytes, roughly.
    fn frequency(self) -> u32 {
        (0..128).filter(|byte| self.0 >> byte & 1 != 0).map(frequency).sum()
    }
}

/// How often a byte is met in text, whatever its case, of a thousand bytes, roughly.
pub(super) fn frequency(byte: u8) -> u32 {
    const LETTERS: [u32; 26] =
        [65, 12, 23, 33, 100, 16, 16, 45, 58, 2, 6, 34, 20, 57, 62, 16, 1, 50, 53, 75, 23, 8, 15, 2, 15, 1];
    match byte.to_ascii_lowercase() {
        0 => 5,
        b' ' => 180,
        letter @ b'a'..=b'z' => LETTERS[usize::from(letter - b'a')],
        b'.' | b',' => 10,
        b'0'..=b'9' => 2,
        _ => 1,
    }
}

/// Sets of bytes, of each of which one stands in whatever `hir` matches, whatever the case; the rarest few.
pub(super) fn needed(hir: &Hir) -> Vec<Bytes> {
    /// Most lines hold bytes that are more frequent.
    const TELLING: u32 = 60;
    let mut sets = all(hir);
    sets.retain(|set| set.frequency() <= TELLING);
    sets.sort_by_key(|set| (set.frequency(), set.0));
    sets.dedup();
    sets.truncate(MOST_SETS);
    sets
}

fn all(hir: &Hir) -> Vec<Bytes> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) | HirKind::Class(Class::Bytes(_)) => Vec::new(),
        HirKind::Literal(literal) => literal.0.iter().map(|byte| with_variants(OF_BYTE[usize::from(*byte)])).collect(),
        HirKind::Class(Class::Unicode(class)) => vec![of_class(class)],
        HirKind::Repetition(repetition) if repetition.min == 0 => Vec::new(),
        HirKind::Repetition(repetition) => all(&repetition.sub),
        HirKind::Capture(capture) => all(&capture.sub),
        HirKind::Concat(parts) => parts.iter().flat_map(all).collect(),
        HirKind::Alternation(branches) => {
            let rarest = |branch| all(branch).into_iter().min_by_key(|set| (set.frequency(), set.0));
            let sets: Option<Vec<Bytes>> = branches.iter().map(rarest).collect();
            sets.map(|sets| Bytes(sets.iter().fold(0, |set, other| set | other.0))).into_iter().collect()
        }
    }
}

/// The bytes that a character of a class begins with.
fn of_class(class: &ClassUnicode) -> Bytes {
    let of_range = |range: &ClassUnicodeRange| {
        let wide = if range.end().is_ascii() { 0 } else { WIDE };
        let bytes = (0..128_u8).filter(|byte| (range.start()..=range.end()).contains(&char::from(*byte)));
        bytes.fold(wide, |set, byte| set | OF_BYTE[usize::from(byte)])
    };
    with_variants(class.iter().map(of_range).fold(0, |set, other| set | other))
}

/// One of the two ends of a text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Where it begins.
    First,
    /// Where it ends.
    Last,
}

/// The bytes of which one stands at an end of whatever `hir` matches, whatever the case; all of them if it may match nothing.
pub(super) fn at_end(hir: &Hir, end: End) -> Bytes {
    let (bytes, is_certain) = of_end(hir, end);
    if is_certain { bytes } else { Bytes::ALL }
}

/// The bytes that may stand at an end, and whether one of them does.
fn of_end(hir: &Hir, end: End) -> (Bytes, bool) {
    let none = (Bytes(0), false);
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => none,
        HirKind::Literal(literal) => {
            let byte = if end == End::First { literal.0.first() } else { literal.0.last() };
            byte.map_or(none, |byte| (with_variants(OF_BYTE[usize::from(*byte)]), true))
        }
        HirKind::Class(Class::Unicode(class)) => (of_class(class), true),
        HirKind::Class(Class::Bytes(_)) => (Bytes::ALL, true),
        HirKind::Repetition(repetition) => {
            let (bytes, is_certain) = of_end(&repetition.sub, end);
            (bytes, is_certain && repetition.min > 0)
        }
        HirKind::Capture(capture) => of_end(&capture.sub, end),
        HirKind::Concat(parts) => {
            let mut all = Bytes(0);
            for index in 0..parts.len() {
                let index = if end == End::First { index } else { parts.len() - 1 - index };
                let (bytes, is_certain) = of_end(&parts[index], end);
                all = all.with(bytes);
                if is_certain {
                    return (all, true);
                }
            }
            (all, false)
        }
        HirKind::Alternation(branches) => {
            let of_each = branches.iter().map(|branch| of_end(branch, end));
            of_each.fold((Bytes(0), true), |all, branch| (all.0.with(branch.0), all.1 && branch.1))
        }
    }
}

/// With what else some of them may be written as if case is of no matter: the sign of Kelvin and the long s.
fn with_variants(set: u128) -> Bytes {
    let has_wide = set & (1 << b'k' | 1 << b's') != 0;
    Bytes(set | if has_wide { WIDE } else { 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may_match(expression: &str, text: &str) -> bool {
        Bytes::of(text.as_bytes()).meet(&needed(&regex_syntax::parse(expression).unwrap()))
    }

    #[test]
    fn what_lacks_a_byte_cannot_match() {
        for (expression, text, expected) in [
            (r"\{\{|<%=", "a line", false),
            (r"\{\{|<%=", "a {{ b", true),
            (r"[0-9]{4}-x?", "on 12 May", false),
            (r"[0-9]{4}-x?", "2012-05", true),
            ("zebra|juice", "a ZEBRA", true),
            ("zebra|juice", "a horse", false),
            ("koala", "\u{212A}oala", true),
            ("été", "ÉTÉ", true),
            ("(?:x)?y*", "", true),
        ] {
            assert_eq!(may_match(expression, text), expected, "{expression} in {text}");
        }
    }
}
