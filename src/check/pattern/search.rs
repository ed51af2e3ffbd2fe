//! One search for many literals, whose cost does not hang on how many they are.
//!
//! Of each literal six bytes in a row are noted in a small table of bits, the first five of them and the last: those of which the
//! commoner five are rarest in text. So text need be looked at only at every other place, and literals are compared only where the
//! bits of its next five bytes are set. Shorter literals have tables of their own, of four bytes and of three, looked up where one
//! of all their beginnings may stand. All tables fit into the processor's nearest memory.

use std::borrow::Cow;
use std::cmp::Reverse;

use super::places;
use super::rarity::Rarity;
use crate::check::swar::{ASCII_CASE_BITS as SMALL, load_u64_padded as eight};
use crate::text::Span;

/// Literals of patterns, ASCII case aside.
pub(super) struct Search {
    literals: Vec<Literal>,
    fives: Grams<5, 2_048>,
    fours: Grams<4, 256>,
    threes: Grams<3, 64>,
    /// A bit for the first three bytes that each of the last two notes, as [`beginning`] counts them.
    beginnings: Box<[u64; 1 << (BEGINNING_BITS - 6)]>,
}

pub(super) struct Literal {
    text: Cow<'static, str>,
    /// Patterns that may match in units of any length.
    pub(super) long: Vec<u32>,
    /// Patterns that match short units only.
    pub(super) short: Vec<u32>,
}

/// `N` bytes in a row of each literal.
struct Grams<const N: usize, const WORDS: usize> {
    /// Two bits in one of the words for each; a power of two of words.
    bits: Box<[u64; WORDS]>,
    /// The bytes and the literals that hold them, each with where it holds them, in order; found through `starts`.
    entries: Vec<Entry>,
    /// For each place the first entry.
    starts: Vec<u32>,
}

/// Small, and with what most comparisons need, since what is elsewhere has to be fetched from afar.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    /// The bytes and those after them, as far as the literal goes and eight hold.
    key: u64,
    literal: u32,
    /// The literal's first four bytes.
    head: u32,
    /// Bytes of the literal before those of the key.
    before: u8,
    /// Bytes of the key.
    length: u8,
}

impl Entry {
    /// Whether these eight bytes begin as the key does.
    #[inline]
    fn is_here(&self, eight: u64) -> bool {
        (eight | SMALL) & (u64::MAX >> (u64::BITS - 8 * u32::from(self.length))) == self.key
    }

    /// Where the literal would begin whose key is at `at` of `bytes`; `None` where other bytes stand.
    #[inline]
    fn start(&self, bytes: &[u8], at: usize) -> Option<usize> {
        let start = at.checked_sub(usize::from(self.before))?;
        let is_head = || bytes.get(start..).and_then(|here| here.first_chunk()).map(small) == Some(self.head);
        (self.before == 0 || is_head()).then_some(start)
    }
}

/// Four bytes as a number, the case of ASCII letters aside.
fn small(four: &[u8; 4]) -> u32 {
    u32::from_le_bytes(*four) | SMALL as u32
}

impl Search {
    /// Literals in small letters of 3 to 255 bytes, each with a pattern and whether that matches short units only.
    pub(super) fn new(mut pairs: Vec<(Cow<'static, str>, u32, bool)>) -> Self {
        pairs.sort_unstable();
        let mut literals: Vec<Literal> = Vec::new();
        let mut noted = Noted::default();
        for (text, pattern, is_short) in pairs {
            if literals.last().is_none_or(|last| last.text != text) {
                noted.add(text.as_bytes(), literals.len() as u32);
                literals.push(Literal { text, long: Vec::new(), short: Vec::new() });
            }
            if let Some(last) = literals.last_mut() {
                if is_short { last.short.push(pattern) } else { last.long.push(pattern) }
            }
        }
        let mut beginnings = Box::new([0; _]);
        for (_, entry) in noted.fours.iter().chain(&noted.threes) {
            let beginning = beginning(entry.key);
            beginnings[beginning >> 6] |= 1 << (beginning & 63);
        }
        let (fives, fours, threes) = (Grams::of(noted.fives), Grams::of(noted.fours), Grams::of(noted.threes));
        Self { literals, fives, fours, threes, beginnings }
    }

    /// Calls `found` with each literal that lies within `span` of `text`, and with its first byte.
    pub(super) fn within(&self, text: &str, span: Span, mut found: impl FnMut(&Literal, usize)) {
        let bytes = text.as_bytes();
        // What stands behind the span is read too, for eight bytes are read at a time, from two places.
        let mut behind = span.start;
        while let Some(nine) = bytes.get(behind..behind + 9).filter(|_| behind + 1 < span.end) {
            let one = u64::from_le_bytes(nine[..8].try_into().unwrap_or_default());
            let next = u64::from_le_bytes(nine[1..].try_into().unwrap_or_default());
            if self.fives.may_hold(one) | self.may_hold_short(one) {
                self.look_up(one, true, bytes, span, behind, &mut found);
            }
            if self.may_hold_short(next) {
                self.look_up(next, false, bytes, span, behind + 1, &mut found);
            }
            behind += 2;
        }
        // Behind the end of the text stands nothing.
        for at in behind..span.end {
            self.look_up(eight(bytes, at), (at - span.start).is_multiple_of(2), bytes, span, at, &mut found);
        }
    }

    #[inline(always)]
    fn may_hold_short(&self, eight: u64) -> bool {
        let beginning = beginning(eight);
        self.beginnings[beginning >> 6] >> (beginning & 63) & 1 != 0
            && self.fours.may_hold(eight) | self.threes.may_hold(eight)
    }

    #[inline(never)]
    fn look_up(
        &self,
        eight: u64,
        is_even: bool,
        bytes: &[u8],
        span: Span,
        at: usize,
        found: &mut dyn FnMut(&Literal, usize),
    ) {
        let mut verify = |entry: &Entry| {
            let Some(start) = entry.start(bytes, at).filter(|&start| start >= span.start) else { return };
            let literal = &self.literals[entry.literal as usize];
            let here = bytes[..span.end].get(start..start + literal.text.len());
            if here.is_some_and(|here| here.eq_ignore_ascii_case(literal.text.as_bytes())) {
                found(literal, start);
            }
        };
        if is_even {
            self.fives.entries(eight).for_each(&mut verify);
        }
        self.fours.entries(eight).for_each(&mut verify);
        self.threes.entries(eight).for_each(&mut verify);
    }
}

/// What is noted of literals, each with the hash of its bytes.
#[derive(Default)]
struct Noted {
    fives: Vec<(u64, Entry)>,
    fours: Vec<(u64, Entry)>,
    threes: Vec<(u64, Entry)>,
}

impl Noted {
    fn add(&mut self, literal: &[u8], number: u32) {
        let rarity = Rarity::of(literal);
        let of_four = |at: usize| rarity.bits(at, 4);
        let of_six = |at: usize| rarity.bits(at, 5).min(rarity.bits(at + 1, 5));
        let four = rarest(literal.len(), 4, of_four);
        match rarest(literal.len(), 6, of_six) {
            _ if literal.len() < 4 => self.threes.push(note::<3>(literal, number, 0)),
            // Where the commoner five of all sixes are common words, four that are not tell more.
            six if literal.len() < 6 || of_six(six) < of_four(four) => {
                self.fours.push(note::<4>(literal, number, four));
            }
            six => self.fives.extend([six, six + 1].map(|at| note::<5>(literal, number, at))),
        }
    }
}

/// Notes the `N` bytes of a literal from byte `before` on, with their hash.
fn note<const N: usize>(literal: &[u8], number: u32, before: usize) -> (u64, Entry) {
    let length = (literal.len() - before).min(8);
    let eight = eight(literal, before);
    let key = (eight | SMALL) & (u64::MAX >> (64 - 8 * length));
    let head = literal.first_chunk().map_or(0, small);
    (hash(self::key::<N>(eight)), Entry { key, literal: number, head, before: before as u8, length: length as u8 })
}

impl<const N: usize, const WORDS: usize> Grams<N, WORDS> {
    fn of(mut noted: Vec<(u64, Entry)>) -> Self {
        noted.sort_unstable();
        let mut bits = Box::new([0; WORDS]);
        noted.iter().for_each(|(hash, _)| bits[Self::word(*hash)] |= Self::pair(*hash));
        let starts = places::starts(noted.iter().map(|(hash, _)| *hash));
        Self { bits, entries: noted.into_iter().map(|(_, entry)| entry).collect(), starts }
    }

    /// Which of the words has a hash's bits; its highest bits say so.
    #[inline(always)]
    fn word(hash: u64) -> usize {
        (hash >> (64 - WORDS.trailing_zeros())) as usize
    }

    /// The bits of a hash in its word.
    #[inline(always)]
    fn pair(hash: u64) -> u64 {
        1 << (hash >> 40 & 63) | 1 << (hash >> 34 & 63)
    }

    /// Whether literals may be noted by the first `N` bytes of `eight`.
    #[inline(always)]
    fn may_hold(&self, eight: u64) -> bool {
        let hash = hash(key::<N>(eight));
        let pair = Self::pair(hash);
        self.bits[Self::word(hash)] & pair == pair
    }

    /// The entries that are no more than the first of these bytes.
    fn entries(&self, eight: u64) -> impl Iterator<Item = &Entry> {
        let all = if self.may_hold(eight) { self.entries_of(hash(key::<N>(eight))) } else { &[] };
        all.iter().filter(move |entry| entry.is_here(eight))
    }

    /// The entries at the place of `hash`.
    fn entries_of(&self, hash: u64) -> &[Entry] {
        let place = places::place(hash);
        let range = self.starts.get(place).zip(self.starts.get(place + 1));
        range.and_then(|(&start, &end)| self.entries.get(start as usize..end as usize)).unwrap_or_default()
    }
}

/// Bits of what [`beginning`] says.
const BEGINNING_BITS: u32 = 14;

/// A hash of the first three of eight bytes, or of the five bits of each that tell letters, the case of ASCII aside.
#[inline(always)]
fn beginning(eight: u64) -> usize {
    ((eight as u32 & 0x1F_1F1F).wrapping_mul(0x9E37_79B1) >> (u32::BITS - BEGINNING_BITS)) as usize
}

/// The first `N` of eight bytes, the case of ASCII letters aside; some other bytes fall together as well.
#[inline(always)]
fn key<const N: usize>(eight: u64) -> u64 {
    eight & (u64::MAX >> (64 - 8 * N)) | SMALL
}

#[inline]
fn hash(key: u64) -> u64 {
    key.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// Where in `length` bytes so many begin of which `rarity` says most.
fn rarest(length: usize, width: usize, rarity: impl Fn(usize) -> u32) -> usize {
    (0..=length.saturating_sub(width)).min_by_key(|at| Reverse(rarity(*at))).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn each_literal_is_found_wherever_it_stands(
            literals in prop::collection::vec("[a-cé ]{3,9}", 1..12),
            text in "[a-cA-Cé ]{0,60}",
            margin in 0..5_usize,
        ) {
            let literals: Vec<String> = literals.into_iter().filter(|literal| literal.len() >= 3).collect();
            let pairs = literals.iter().cloned().zip(0..).map(|(literal, number)| (literal.into(), number, number % 2 == 0)).collect();
            let mut found = Vec::new();
            let (start, end) = (text.char_indices().nth(margin).map_or(text.len(), |(at, _)| at), text.len());
            let span = Span::new(start, end - text[start..].chars().rev().take(margin).map(char::len_utf8).sum::<usize>());
            Search::new(pairs).within(&text, span, |literal, at| {
                found.extend(literal.long.iter().chain(&literal.short).map(|&pattern| (pattern, at)));
            });
            found.sort_unstable();
            let folded = text[..span.end].to_ascii_lowercase();
            let expected: Vec<(u32, usize)> = (0..).zip(&literals).flat_map(|(number, literal)| {
                let places = (span.start..folded.len()).filter(|&at| folded.as_bytes()[at..].starts_with(literal.as_bytes()));
                places.map(|at| (number, at)).collect::<Vec<_>>()
            }).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
