//! One search for many literals, whose cost does not hang on how many they are.
//!
//! Of each literal six bytes in a row are noted in a small table of bits, the first five of them and the last: those of which the
//! commoner five are rarest in text. So text need be looked at only at every other place, and literals are compared only where the
//! bits of its next five bytes are set. Shorter literals have tables of their own, of four bytes and of three, looked up where one
//! of all their beginnings may stand. All tables fit into the processor's nearest memory.

use std::cmp::Reverse;

use super::places;
use super::rarity::Rarity;
use crate::check::eight::{SMALL, eight};
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
    text: String,
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

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    /// Of the first `N` bytes.
    hash: u64,
    /// These and those after them, as far as the literal goes and eight hold.
    key: u64,
    /// Which bits of the eight these are.
    mask: u64,
    literal: u32,
    before: u32,
}

impl Search {
    /// Literals in small letters of at least three bytes, each with a pattern and whether that matches short units only.
    pub(super) fn new(mut pairs: Vec<(String, u32, bool)>) -> Self {
        pairs.sort();
        let (fives, fours, threes, beginnings) = (Grams::new(), Grams::new(), Grams::new(), Box::new([0; _]));
        let mut search = Self { literals: Vec::new(), fives, fours, threes, beginnings };
        for (text, pattern, is_short) in pairs {
            if search.literals.last().is_none_or(|last| last.text != text) {
                search.add(text);
            }
            if let Some(last) = search.literals.last_mut() {
                if is_short { last.short.push(pattern) } else { last.long.push(pattern) }
            }
        }
        search.fives.finish();
        search.fours.finish();
        search.threes.finish();
        for entry in search.fours.entries.iter().chain(&search.threes.entries) {
            let beginning = beginning(entry.key);
            search.beginnings[beginning >> 6] |= 1 << (beginning & 63);
        }
        search
    }

    fn add(&mut self, text: String) {
        let number = self.literals.len() as u32;
        let bytes = text.as_bytes();
        let rarity = Rarity::of(bytes);
        let of_four = |at: usize| rarity.bits(at, 4);
        let of_six = |at: usize| rarity.bits(at, 5).min(rarity.bits(at + 1, 5));
        let four = rarest(bytes.len(), 4, of_four);
        match rarest(bytes.len(), 6, of_six) {
            _ if bytes.len() < 4 => self.threes.add(bytes, number, 0),
            // Where the commoner five of all sixes are common words, four that are not tell more.
            six if bytes.len() < 6 || of_six(six) < of_four(four) => {
                self.fours.add(bytes, number, four);
            }
            six => {
                self.fives.add(bytes, number, six);
                self.fives.add(bytes, number, six + 1);
            }
        }
        self.literals.push(Literal { text, long: Vec::new(), short: Vec::new() });
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
            let literal = &self.literals[entry.literal as usize];
            let Some(start) = at.checked_sub(entry.before as usize).filter(|&start| start >= span.start) else {
                return;
            };
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

impl<const N: usize, const WORDS: usize> Grams<N, WORDS> {
    fn new() -> Self {
        Self { bits: Box::new([0; WORDS]), entries: Vec::new(), starts: Vec::new() }
    }

    /// Notes the `N` bytes of a literal from byte `before` on.
    fn add(&mut self, text: &[u8], literal: u32, before: usize) {
        let rest = &text[before..];
        let mask = u64::MAX >> (64 - 8 * rest.len().min(8));
        let hash = hash(key::<N>(eight(rest, 0)));
        self.entries.push(Entry { hash, key: (eight(rest, 0) | SMALL) & mask, mask, literal, before: before as u32 });
    }

    /// Makes the entries ready to be found.
    fn finish(&mut self) {
        self.entries.sort_unstable();
        self.starts = places::starts(self.entries.iter().map(|entry| entry.hash));
        for entry in &self.entries {
            self.bits[Self::word(entry.hash)] |= Self::pair(entry.hash);
        }
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
        all.iter().filter(move |entry| (eight | SMALL) & entry.mask == entry.key)
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
            let pairs = literals.iter().cloned().zip(0..).map(|(literal, number)| (literal, number, number % 2 == 0)).collect();
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
