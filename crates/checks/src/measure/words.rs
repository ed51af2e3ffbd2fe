//! The words of a page and their n-grams.

use rustc_hash::{FxHashMap, FxHashSet};
use unicode_normalization::UnicodeNormalization;

use crate::python;
use dechaff_text::Span;

/// The words of a page, numbered for computing n-grams.
pub(super) struct PageWords {
    /// Their spans.
    pub(super) spans: Vec<Span>,
    /// Their lengths in characters.
    pub(super) lengths: Vec<usize>,
    /// Their numbers; equal words have equal numbers.
    ids: Vec<u64>,
    /// The normal form for each number, if words are normalized.
    forms: Vec<String>,
}

impl PageWords {
    /// Numbers the words at `spans`.
    pub(super) fn new(text: &str, spans: Vec<Span>) -> Self {
        let mut known: FxHashMap<&str, (u64, usize)> = FxHashMap::default();
        let (mut lengths, mut ids) =
            (Vec::with_capacity(spans.len()), Vec::with_capacity(spans.len()));
        for span in &spans {
            let word = &text[span.range()];
            let next = known.len() as u64;
            let (id, length) = *known.entry(word).or_insert_with(|| (next, python::length(word)));
            ids.push(id);
            lengths.push(length);
        }
        Self { spans, lengths, ids, forms: Vec::new() }
    }

    /// Numbers the words at `spans` by their normal forms, which also determine their lengths.
    /// Words with an empty form are skipped.
    pub(super) fn with_forms(
        text: &str,
        spans: Vec<Span>,
        normal_form: impl Fn(&str) -> String,
    ) -> Self {
        let mut by_word: FxHashMap<&str, Option<(u64, usize)>> = FxHashMap::default();
        let mut by_form: FxHashMap<String, u64> = FxHashMap::default();
        let (mut kept, mut lengths, mut ids) = (Vec::new(), Vec::new(), Vec::new());
        for span in spans {
            let word = &text[span.range()];
            let known = by_word.entry(word).or_insert_with(|| {
                let form = normal_form(word);
                let length = python::length(&form);
                let next = by_form.len() as u64;
                (length > 0).then(|| (*by_form.entry(form).or_insert(next), length))
            });
            if let Some((id, length)) = *known {
                kept.push(span);
                lengths.push(length);
                ids.push(id);
            }
        }
        let mut forms = vec![String::new(); by_form.len()];
        for (form, id) in by_form {
            forms[index(id)] = form;
        }
        Self { spans: kept, lengths, ids, forms }
    }

    /// Returns, for each word, whether its normal form passes `test`.
    pub(super) fn with_form(&self, test: impl Fn(&str) -> bool) -> Vec<bool> {
        let passes: Vec<bool> = self.forms.iter().map(|form| test(form)).collect();
        self.ids.iter().map(|id| passes.get(index(*id)).copied().unwrap_or(false)).collect()
    }

    /// Returns the number of occurrences of each distinct word.
    pub(super) fn counts(&self) -> Vec<usize> {
        // Numbers are given in the order of first occurrence, without gaps.
        let mut counts = Vec::new();
        for id in &self.ids {
            let at = index(*id);
            if at >= counts.len() {
                counts.resize(at + 1, 0);
            }
            counts[at] += 1;
        }
        counts
    }

    /// Returns the number of words.
    pub(super) fn count(&self) -> usize {
        self.spans.len()
    }

    /// Returns the number of characters in words.
    pub(super) fn characters(&self) -> usize {
        self.lengths.iter().sum()
    }

    /// Returns the first of the longest words.
    pub(super) fn longest(&self) -> Option<Span> {
        let longest = self.lengths.iter().enumerate().rev().max_by_key(|(_, length)| **length);
        longest.and_then(|(at, _)| self.spans.get(at).copied())
    }

    /// Counts the n-grams of 1 to `max` words, shortest first.
    ///
    /// An n-gram can only recur if the shorter one at its start does, so fewer and fewer are
    /// counted.
    pub(super) fn ngrams(&self, max: usize) -> impl Iterator<Item = NGrams<'_>> {
        let mut hashes = vec![0_u64; self.ids.len()];
        let mut candidates: Vec<usize> = (0..self.ids.len()).collect();
        (1..=max).map(move |size| {
            let count = (self.ids.len() + 1).saturating_sub(size);
            candidates.retain(|first| *first < count);
            let mut counts: FxHashMap<u64, (usize, usize)> =
                FxHashMap::with_capacity_and_hasher(candidates.len(), Default::default());
            let mut later = Vec::new();
            for first in &candidates {
                let hash = mix(hashes[*first], self.ids[first + size - 1]);
                hashes[*first] = hash;
                let entry = counts.entry(hash).or_insert((0, *first));
                entry.0 += 1;
                if entry.0 > 1 {
                    later.push(*first);
                }
            }
            let recurs = |first: &usize| counts.get(&hashes[*first]).is_some_and(|one| one.0 > 1);
            candidates.retain(recurs);
            NGrams { words: self, size, count, counts, repeated: candidates.clone(), later }
        })
    }

    /// Returns the n-gram that contributes most: for up to four words, the one that starts at the
    /// word returned by `top`; for more, the first that recurs.
    pub(super) fn heaviest_ngram(
        &self,
        size: usize,
        top: impl FnOnce(&NGrams<'_>) -> Option<usize>,
    ) -> Option<Span> {
        let ngrams = self.ngrams(size).last()?;
        let first = if size < 5 { top(&ngrams) } else { ngrams.first_repeated() };
        self.window(first?, size)
    }

    /// Returns the span from the first of `size` words at `first` to the last.
    pub(super) fn window(&self, first: usize, size: usize) -> Option<Span> {
        let last = self.spans.get(first + size.checked_sub(1)?)?;
        Some(Span::new(self.spans.get(first)?.start, last.end))
    }
}

/// All n-grams of one size.
pub(super) struct NGrams<'w> {
    words: &'w PageWords,
    /// The number of words per n-gram.
    pub(super) size: usize,
    /// The number of n-grams.
    pub(super) count: usize,
    /// The number of occurrences and the first position of n-grams that may recur, by hash.
    counts: FxHashMap<u64, (usize, usize)>,
    /// The positions of recurring n-grams, in order, as indices of their first words.
    repeated: Vec<usize>,
    /// The same, without first occurrences.
    later: Vec<usize>,
}

/// The most frequent n-gram; ties go to the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TopNGram {
    /// Number of occurrences.
    pub(super) count: usize,
    /// Index of its first word.
    pub(super) first: usize,
    /// The characters in its words, without the spaces between them.
    pub(super) characters: usize,
}

impl NGrams<'_> {
    fn characters_at(&self, first: usize) -> usize {
        self.words.lengths.iter().skip(first).take(self.size).sum()
    }

    fn top_at(&self, (count, first): (usize, usize)) -> TopNGram {
        TopNGram { count, first, characters: self.characters_at(first) }
    }

    /// Returns the most frequent n-gram.
    pub(super) fn top(&self) -> Option<TopNGram> {
        let recurring = self.counts.values().copied().filter(|(count, _)| *count > 1);
        let top = recurring.max_by_key(|(count, first)| (*count, std::cmp::Reverse(*first)));
        (self.count > 0).then(|| self.top_at(top.unwrap_or((1, 0))))
    }

    /// Returns, for each word, whether it is in an occurrence of the n-gram that starts at `first`.
    pub(super) fn words_of(&self, first: usize) -> Vec<bool> {
        let ids = &self.words.ids;
        let is_equal = |at: usize| ids[at..at + self.size] == ids[first..first + self.size];
        self.covered_words(self.repeated.iter().copied().filter(|at| is_equal(*at)))
    }

    /// Returns the most frequent n-gram; ties go to the one with the most characters. `None` if
    /// none recurs.
    pub(super) fn longest_top(&self) -> Option<TopNGram> {
        let most =
            self.counts.values().map(|(count, _)| *count).max().filter(|count| *count > 1)?;
        let tops = self.counts.values().copied().filter(|(count, _)| *count == most);
        let tops = tops.map(|top| self.top_at(top));
        tops.max_by_key(|top| (top.characters, std::cmp::Reverse(top.first)))
    }

    /// Returns the first position of the most frequent n-gram; ties go to the one with the most
    /// bytes. `None` if none recurs.
    pub(super) fn longest_top_in_bytes(&self) -> Option<usize> {
        let most =
            self.counts.values().map(|(count, _)| *count).max().filter(|count| *count > 1)?;
        let tops = self.counts.values().filter(|(count, _)| *count == most);
        let bytes = |first: usize| -> usize {
            let spans = self.words.spans.iter().skip(first).take(self.size);
            spans.map(|span| span.end - span.start).sum()
        };
        tops.map(|(_, first)| *first).max_by_key(|first| (bytes(*first), std::cmp::Reverse(*first)))
    }

    /// Returns, for each word, whether it is in an n-gram that occurs at least twice.
    pub(super) fn repeated_words(&self) -> Vec<bool> {
        self.covered_words(self.repeated.iter().copied())
    }

    /// Returns, for each word, whether it is in an n-gram that starts at one of `firsts`, which are
    /// sorted.
    fn covered_words(&self, firsts: impl Iterator<Item = usize>) -> Vec<bool> {
        let mut words = vec![false; self.words.count()];
        let mut until = 0;
        for first in firsts {
            let from = first.max(until);
            until = first + self.size;
            words.iter_mut().take(until).skip(from).for_each(|word| *word = true);
        }
        words
    }

    /// Returns the number of characters in all n-grams, and in those that occur at least twice.
    /// Characters in several n-grams are counted several times.
    pub(super) fn repeated_characters(&self) -> (usize, usize) {
        let all = self.words.lengths.windows(self.size).map(|window| window.iter().sum::<usize>());
        let repeated = self.repeated.iter().map(|first| self.characters_at(*first));
        (all.sum(), repeated.sum())
    }

    /// Returns the positions of repeated n-grams, in order.
    pub(super) fn later_occurrences(&self) -> impl Iterator<Item = usize> {
        self.later.iter().copied()
    }

    /// Returns the first n-gram that occurs at least twice, as the index of its first word.
    pub(super) fn first_repeated(&self) -> Option<usize> {
        self.repeated.first().copied()
    }
}

/// Returns a text in lower case, without ASCII punctuation and decomposed (NFD), as RedPajama-V2
/// does.
pub(super) fn plain_form(word: &str) -> String {
    let kept: String = word.chars().filter(|one| !one.is_ascii_punctuation()).collect();
    match kept.is_ascii() {
        true => kept.to_ascii_lowercase(),
        false => kept.to_lowercase().nfd().collect(),
    }
}

/// Returns the number of a word as an index; there are fewer words than bytes in a text.
fn index(id: u64) -> usize {
    usize::try_from(id).unwrap_or(0)
}

/// Mixes the next word into the hash of an n-gram.
fn mix(hash: u64, id: u64) -> u64 {
    let mixed = (hash ^ id.wrapping_add(0x9e37_79b9_7f4a_7c15)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 32)
}

/// Walks the words, and counts the characters of windows of `size` words whose concatenated letters
/// have occurred before. A repeated window is skipped as a whole.
///
/// `prefixes` are the hashes of [`Concatenation`].
pub(super) fn walked_repetition(words: &PageWords, text: &Concatenation, size: usize) -> Walked {
    let mut seen: FxHashSet<u64> =
        FxHashSet::with_capacity_and_hasher(words.count(), Default::default());
    let mut walked = Walked::default();
    let mut at = 0;
    while at + size <= words.count() {
        if seen.insert(text.hash(at, at + size)) {
            at += 1;
        } else {
            walked.characters += words.lengths[at..at + size].iter().sum::<usize>();
            walked.first.get_or_insert(at);
            at += size;
        }
    }
    walked
}

/// The result of [`walked_repetition`].
#[derive(Default)]
pub(super) struct Walked {
    /// Characters in repeated windows.
    pub(super) characters: usize,
    /// Index of the first word of the first repeated window.
    pub(super) first: Option<usize>,
}

/// Polynomial prefix hashes of the concatenated words, modulo 2⁶¹ − 1. Windows are equal if their
/// letters are, wherever words end.
pub(super) struct Concatenation {
    prefixes: Vec<u64>,
    /// The length of the text before each word, in bytes.
    offsets: Vec<usize>,
    /// Powers of the base.
    powers: Vec<u64>,
}

const MODULUS: u64 = (1 << 61) - 1;
const BASE: u64 = 0x0f3b_9d5c_7a61_24e7;

impl Concatenation {
    /// Hashes the words. `max` is the size of the longest window.
    pub(super) fn new(text: &str, words: &PageWords, max: usize) -> Self {
        let (mut hash, mut offset) = (0, 0);
        let (mut prefixes, mut offsets) = (vec![0], vec![0]);
        for span in &words.spans {
            for byte in &text.as_bytes()[span.range()] {
                hash = multiply(hash, BASE) + u64::from(*byte) + 1;
                hash -= if hash >= MODULUS { MODULUS } else { 0 };
            }
            offset += span.range().len();
            prefixes.push(hash);
            offsets.push(offset);
        }
        let longest = offsets
            .windows(max + 1)
            .filter_map(|window| Some(window.last()?.saturating_sub(*window.first()?)));
        let longest = longest.max().unwrap_or(offset);
        let mut powers = Vec::with_capacity(longest + 1);
        powers.push(1);
        for _ in 0..longest {
            powers.push(multiply(powers.last().copied().unwrap_or(1), BASE));
        }
        Self { prefixes, offsets, powers }
    }

    /// Returns the hash of the words `start..end`.
    fn hash(&self, start: usize, end: usize) -> u64 {
        let length = self.offsets[end] - self.offsets[start];
        let before = multiply(self.prefixes[start], self.powers[length]);
        (self.prefixes[end] + MODULUS - before) % MODULUS
    }
}

fn multiply(left: u64, right: u64) -> u64 {
    let product = u128::from(left) * u128::from(right);
    // The high half is below 2⁶¹.
    let high = u64::try_from(product >> 61).unwrap_or(0);
    let low = u64::try_from(product & u128::from(MODULUS)).unwrap_or(0);
    let sum = low + high;
    if sum >= MODULUS { sum - MODULUS } else { sum }
}

/// Repeated lines or paragraphs.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Repeats {
    /// The number of repeats.
    pub(super) count: usize,
    /// The number of characters in them.
    pub(super) characters: usize,
    /// The parts that occur at least twice, with their first occurrence.
    pub(super) all: usize,
    /// The number of characters in those.
    pub(super) all_characters: usize,
    /// The repeated part with the most characters over all its occurrences.
    pub(super) heaviest: Option<Span>,
}

impl Repeats {
    /// Counts the repeats among the parts of `text` at `spans`.
    pub(super) fn new(text: &str, spans: &[Span]) -> Self {
        Self::with_length(text, spans, python::length)
    }

    /// Counts the repeats, with lengths in bytes instead of characters.
    pub(super) fn in_bytes(text: &str, spans: &[Span]) -> Self {
        Self::with_length(text, spans, str::len)
    }

    fn with_length(text: &str, spans: &[Span], length: fn(&str) -> usize) -> Self {
        let mut counts: FxHashMap<&str, (usize, usize)> = FxHashMap::default();
        for (at, span) in spans.iter().enumerate() {
            counts.entry(&text[span.range()]).or_insert((0, at)).0 += 1;
        }
        let mut repeats = Self::default();
        let mut heaviest = (0, usize::MAX);
        for (part, (count, first)) in counts.into_iter().filter(|(_, (count, _))| *count > 1) {
            let length = length(part);
            repeats.count += count - 1;
            repeats.characters += (count - 1) * length;
            repeats.all += count;
            repeats.all_characters += count * length;
            let weight = count * length;
            if length > 0 && (weight > heaviest.0 || weight == heaviest.0 && first < heaviest.1) {
                heaviest = (weight, first);
            }
        }
        repeats.heaviest = spans.get(heaviest.1).copied();
        repeats
    }
}
