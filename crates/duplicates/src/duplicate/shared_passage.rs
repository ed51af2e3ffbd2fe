//! Finds the same words in a row in paragraphs that differ otherwise.
//!
//! Fingerprints in both paragraphs are the seeds. The texts show how far the shared run extends
//! from there.

use std::cmp::Reverse;
use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::external_group::{ExternalGrouper, FixedRecord, read_u32_le, read_u64_le};
use super::fingerprint::FingerprintContext;
use super::hash;
use super::matches::{DocSpan, Match, MatchEvidence, to_u32_saturating};
use super::text_cache::TextCache;
use super::token::Tokens;
use super::units::Units;
use super::verify::with_closing_marks;
use super::{PassageParameters, SHINGLE};
use crate::{Corpus, store};
use dechaff_findings::RuleInfo;
use dechaff_text::ends_sentence;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct FingerprintOccurrence {
    hash: u64,
    unit: u32,
    start: u32,
    context: FingerprintContext,
}

impl FixedRecord for FingerprintOccurrence {
    const BYTES: usize = 18;

    fn key(&self) -> u64 {
        self.hash
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.hash.to_le_bytes());
        bytes.extend(self.unit.to_le_bytes());
        bytes.extend(self.start.to_le_bytes());
        bytes.extend(self.context.number().to_le_bytes());
    }

    fn read(bytes: &[u8]) -> Self {
        Self {
            hash: read_u64_le(bytes, 0),
            unit: read_u32_le(bytes, 8),
            start: read_u32_le(bytes, 12),
            context: FingerprintContext::read(bytes, 16),
        }
    }
}

/// Two occurrences of a fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Seed {
    unit: u32,
    start: u32,
    earlier_unit: u32,
    earlier_start: u32,
}

impl FixedRecord for Seed {
    const BYTES: usize = 16;

    fn key(&self) -> u64 {
        self.unit.into()
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        for number in [self.unit, self.start, self.earlier_unit, self.earlier_start] {
            bytes.extend(number.to_le_bytes());
        }
    }

    fn read(bytes: &[u8]) -> Self {
        let [unit, start, earlier_unit, earlier_start] =
            [0, 4, 8, 12].map(|at| read_u32_le(bytes, at));
        Self { unit, start, earlier_unit, earlier_start }
    }
}

/// Reports each passage once, against the longer of the runs shared with its first occurrence and
/// with the one before it.
pub(super) fn find<'r>(
    rule: &'r Arc<RuleInfo>,
    parameters: &PassageParameters,
    units: &Units<'_>,
    corpus: &Corpus<'_, '_>,
    texts: &mut TextCache<'_>,
    matches: &mut Vec<Match<'r>>,
) -> store::Result<()> {
    let mut placed = Vec::new();
    seeds(units, corpus)?.for_each_group(&mut |seeds| {
        placed.clear();
        placed.extend(seeds.iter().filter_map(|seed| PlacedSeed::new(seed, units)));
        add_runs(rule, parameters, &placed, texts, matches);
        Ok(())
    })?;
    if let Some(min_words) = parameters.min_words_whole {
        for document in units.documents() {
            find_whole(rule, min_words..parameters.min_words, document, units, texts, matches)?;
        }
    }
    Ok(())
}

/// A seed with the spans of its units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PlacedSeed {
    pub(super) unit: DocSpan,
    pub(super) start: u32,
    pub(super) earlier_unit: DocSpan,
    pub(super) earlier_start: u32,
}

impl PlacedSeed {
    fn new(seed: &Seed, units: &Units<'_>) -> Option<Self> {
        let &Seed { start, earlier_start, .. } = seed;
        let (unit, earlier_unit) = (units.doc_span(seed.unit)?, units.doc_span(seed.earlier_unit)?);
        Some(Self { unit, start, earlier_unit, earlier_start })
    }
}

/// Adds the runs in one unit, given its seeds in order.
pub(super) fn add_runs<'r>(
    rule: &'r Arc<RuleInfo>,
    parameters: &PassageParameters,
    seeds: &[PlacedSeed],
    texts: &mut TextCache<'_>,
    matches: &mut Vec<Match<'r>>,
) {
    // Tokens before this one are part of a reported run.
    let mut covered = 0;
    for at_token in seeds.chunk_by(|left, right| left.start == right.start) {
        let longest = at_token
            .iter()
            .filter_map(|seed| extend_seed(seed, covered, parameters, texts))
            .max_by_key(|run| (run.tokens.len(), Reverse(run.original)));
        if let Some(SharedRun { tokens, copy, original }) = longest {
            covered = tokens.end;
            let words = to_u32_saturating(tokens.len());
            let evidence = MatchEvidence::SharedRun { words, is_whole: false };
            matches.push(Match { rule, copy, original, extra_copies: 0, evidence });
        }
    }
}

/// Calls `visit` with the occurrences that each later one of a fingerprint is compared with: the
/// first and the one before it. Both are given by their positions in the group.
pub(super) fn for_each_seed(
    count: usize,
    mut visit: impl FnMut(usize, usize) -> store::Result<()>,
) -> store::Result<()> {
    for later in 1..count {
        if later > 1 {
            visit(later, 0)?;
        }
        visit(later, later - 1)?;
    }
    Ok(())
}

/// Pairs each fingerprint with its first occurrence and with the one before it.
fn seeds<'s>(
    units: &Units<'_>,
    corpus: &Corpus<'s, '_>,
) -> store::Result<ExternalGrouper<'s, Seed>> {
    let memory = corpus.documents.memory / 2;
    let mut occurrences = ExternalGrouper::new(memory, corpus.store);
    units.for_each_sketch(&mut |unit, sketch| {
        if units.all.get(unit as usize).is_none_or(|unit| unit.is_claimed) {
            return Ok(());
        }
        sketch.fingerprints().try_for_each(|fingerprint| {
            occurrences.push(FingerprintOccurrence {
                hash: fingerprint.hash,
                unit,
                start: fingerprint.start,
                context: fingerprint.context,
            })
        })
    })?;
    let mut seeds = ExternalGrouper::new(memory, corpus.store);
    occurrences.for_each_group(&mut |group| {
        for_each_seed(group.len(), |later, earlier| {
            let (later, earlier) = (&group[later], &group[earlier]);
            if !later.context.may_share(earlier.context) {
                return Ok(());
            }
            seeds.push(Seed {
                unit: later.unit,
                start: later.start,
                earlier_unit: earlier.unit,
                earlier_start: earlier.start,
            })
        })
    })?;
    Ok(seeds)
}

/// A run of tokens in two units.
struct SharedRun {
    /// The tokens of the later unit.
    tokens: Range<usize>,
    copy: DocSpan,
    original: DocSpan,
}

/// Extends a seed to the longest shared run that starts at token `min_start` of the later unit or
/// after it. Returns `None` if the run is too short.
fn extend_seed(
    seed: &PlacedSeed,
    min_start: usize,
    parameters: &PassageParameters,
    texts: &mut TextCache<'_>,
) -> Option<SharedRun> {
    let (later, earlier) = (seed.unit, seed.earlier_unit);
    let tokens = texts.tokens(later)?;
    let earlier_tokens = texts.tokens(earlier)?;
    let at = token_index(&tokens, seed.start)?;
    let earlier_at = token_index(&earlier_tokens, seed.earlier_start)?;
    if at < min_start {
        return None;
    }
    // Within a paragraph, the two runs must not overlap.
    let max_length = if later == earlier { at.checked_sub(earlier_at)? } else { usize::MAX };
    let right = tokens.tokens[at..]
        .iter()
        .zip(&earlier_tokens.tokens[earlier_at..])
        .take(max_length)
        .take_while(|(token, earlier)| token.hash == earlier.hash)
        .count();
    let left = tokens.tokens[min_start..at]
        .iter()
        .rev()
        .zip(earlier_tokens.tokens[..earlier_at].iter().rev())
        .take(max_length - right)
        .take_while(|(token, earlier)| token.hash == earlier.hash)
        .count();
    let length = left + right;
    // Compares words, of which there are fewer than tokens in scripts without spaces.
    if right == 0 || length * tokens.words < parameters.min_words as usize * tokens.tokens.len() {
        return None;
    }
    let range = at - left..at + right;
    let copy = DocSpan::new(later.document, tokens.span(range.clone())?);
    let original =
        DocSpan::new(earlier.document, earlier_tokens.span(earlier_at - left..earlier_at + right)?);
    Some(SharedRun {
        tokens: range,
        copy: with_marks(copy, texts)?,
        original: with_marks(original, texts)?,
    })
}

fn token_index(tokens: &Tokens, start: u32) -> Option<usize> {
    tokens.tokens.binary_search_by_key(&(start as usize), |token| token.span.start).ok()
}

fn with_marks(doc_span: DocSpan, texts: &mut TextCache<'_>) -> Option<DocSpan> {
    let text = texts.text(doc_span.document)?;
    Some(DocSpan::new(doc_span.document, with_closing_marks(&text, doc_span.span())))
}

/// The units of a document, by index.
pub(super) trait DocumentUnits {
    /// Returns the length of a unit, unless it has been reported or is not running text.
    fn candidate(&self, index: u32) -> Option<UnitLength>;

    /// Returns the span of a unit.
    fn span_of(&self, index: u32) -> Option<DocSpan>;

    /// Reads the shingles of a unit into `shingles`.
    fn read_shingles_of(&self, index: u32, shingles: &mut Vec<u64>) -> store::Result<()>;
}

/// The length of a unit.
#[derive(Debug, Clone, Copy)]
pub(super) struct UnitLength {
    pub(super) words: u32,
    /// The number of distinct shingles.
    pub(super) shingles: u32,
}

impl DocumentUnits for Units<'_> {
    fn candidate(&self, index: u32) -> Option<UnitLength> {
        let unit = self.all.get(index as usize)?;
        let is_candidate = !unit.is_claimed && unit.kind.is_running();
        is_candidate.then_some(UnitLength { words: unit.words, shingles: unit.shingles })
    }

    fn span_of(&self, index: u32) -> Option<DocSpan> {
        self.doc_span(index)
    }

    fn read_shingles_of(&self, index: u32, shingles: &mut Vec<u64>) -> store::Result<()> {
        match self.all.get(index as usize) {
            Some(unit) => self.read_shingles(unit, shingles),
            None => Ok(()),
        }
    }
}

/// Reports short paragraphs that are contained in a longer one of the same document.
///
/// A fragment without a full stop at the start or end of the longer paragraph was glued to it, and
/// is reported there. Anything else, such as a pull quote, was copied from the longer paragraph,
/// and is reported where it is alone.
pub(super) fn find_whole<'r>(
    rule: &'r Arc<RuleInfo>,
    words: Range<u32>,
    document: Range<u32>,
    units: &impl DocumentUnits,
    texts: &mut TextCache<'_>,
    matches: &mut Vec<Match<'r>>,
) -> store::Result<()> {
    // Short paragraphs by one of their shingles, which any paragraph containing them also has.
    let mut short_by_shingle: FxHashMap<u64, Vec<(u32, Vec<u64>)>> = FxHashMap::default();
    for index in document.clone() {
        let Some(unit) = units.candidate(index) else { continue };
        if unit.shingles > 0 && words.contains(&unit.words) {
            let mut shingles = Vec::new();
            units.read_shingles_of(index, &mut shingles)?;
            let Some(&first) = shingles.first() else { continue };
            short_by_shingle.entry(first).or_default().push((index, shingles));
        }
    }
    if short_by_shingle.is_empty() {
        return Ok(());
    }
    let mut shingles = Vec::new();
    for index in document {
        let longer = units.candidate(index).filter(|unit| unit.words > words.start);
        if longer.is_none() {
            continue;
        }
        units.read_shingles_of(index, &mut shingles)?;
        let mut shingle_index = None;
        for shingle in &shingles {
            let Some(candidates) = short_by_shingle.get_mut(shingle) else { continue };
            // Each short paragraph is reported once.
            candidates.retain(|(short, elements)| {
                let may_contain = *short != index
                    && elements.len() < shingles.len()
                    && elements.iter().all(|element| shingles.binary_search(element).is_ok());
                if !may_contain {
                    return true;
                }
                let shingle_index =
                    shingle_index.get_or_insert_with(|| ShingleIndex::new(index, units, texts));
                let found = shingle_index
                    .as_ref()
                    .and_then(|index| match_whole(rule, *short, index, units, texts));
                let is_unmatched = found.is_none();
                matches.extend(found);
                is_unmatched
            });
        }
    }
    Ok(())
}

/// The positions of the shingles in a paragraph.
struct ShingleIndex {
    doc_span: DocSpan,
    tokens: Arc<Tokens>,
    /// The first few positions of each shingle.
    positions: FxHashMap<u64, Vec<u32>>,
}

impl ShingleIndex {
    fn new(unit: u32, units: &impl DocumentUnits, texts: &mut TextCache<'_>) -> Option<Self> {
        const MAX_POSITIONS: usize = 64;
        let doc_span = units.span_of(unit)?;
        let tokens = texts.tokens(doc_span)?;
        let mut positions: FxHashMap<u64, Vec<u32>> = FxHashMap::default();
        for (at, shingle) in (0..).zip(hash::rolling_hashes(tokens.hashes(), SHINGLE)) {
            let positions = positions.entry(shingle).or_default();
            if positions.len() < MAX_POSITIONS {
                positions.push(at);
            }
        }
        Some(Self { doc_span, tokens, positions })
    }

    /// Returns the first token at which all of `needle` occurs.
    fn find(&self, needle: &Tokens) -> Option<usize> {
        let first = hash::rolling_hashes(needle.hashes(), SHINGLE).next()?;
        let is_at = |at: usize| {
            let tokens = self.tokens.tokens.get(at..at + needle.tokens.len());
            tokens.is_some_and(|tokens| tokens.iter().map(|token| token.hash).eq(needle.hashes()))
        };
        self.positions.get(&first)?.iter().map(|at| *at as usize).find(|at| is_at(*at))
    }
}

/// Matches the short paragraph with the paragraph of `index`, if that contains it.
fn match_whole<'r>(
    rule: &'r Arc<RuleInfo>,
    short: u32,
    index: &ShingleIndex,
    units: &impl DocumentUnits,
    texts: &mut TextCache<'_>,
) -> Option<Match<'r>> {
    let short = units.span_of(short)?;
    let tokens = texts.tokens(short)?;
    let start = index.find(&tokens)?;
    let end = start + tokens.tokens.len();
    let inside =
        with_marks(DocSpan::new(index.doc_span.document, index.tokens.span(start..end)?), texts)?;
    let text = texts.text(short.document)?;
    let is_at_edge = start == 0 || end == index.tokens.tokens.len();
    let is_glued = is_at_edge && !ends_sentence(text.get(short.span().range())?);
    let (copy, original) = if is_glued { (inside, short) } else { (short, inside) };
    // Deleting a part of a sentence would leave a fragment.
    let is_whole = is_glued && !cuts_sentence(&texts.text(copy.document)?, index.doc_span, copy);
    let evidence =
        MatchEvidence::SharedRun { words: to_u32_saturating(tokens.tokens.len()), is_whole };
    Some(Match { rule, copy, original, extra_copies: 0, evidence })
}

/// Whether deleting `part` from `whole` would leave a part of a sentence.
fn cuts_sentence(text: &str, whole: DocSpan, part: DocSpan) -> bool {
    let before = text.get(whole.start as usize..part.start as usize).unwrap_or("").trim();
    let after = text.get(part.end as usize..whole.end as usize).unwrap_or("").trim();
    !before.is_empty() && !ends_sentence(before) || after.starts_with(char::is_lowercase)
}
