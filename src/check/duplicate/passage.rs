//! Words in a row that two paragraphs share though the paragraphs differ.
//!
//! Fingerprints that two paragraphs share are where to look; how far the shared run reaches is seen in their texts.

use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::compare::{Found, Proof, Site, saturated};
use super::hash;
use super::proof::{Library, with_closing_marks};
use super::sketch::UnitKind;
use super::spill::{Gather, Record, eight, four};
use super::token::Tokens;
use super::units::{Unit, Units};
use super::{Passage, SHINGLE};
use crate::check::{Corpus, store};
use crate::finding::RuleInfo;
use crate::text::ends_sentence;

/// Where a fingerprint stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Print {
    hash: u64,
    unit: u32,
    start: u32,
}

impl Record for Print {
    const BYTES: usize = 16;

    fn key(&self) -> u64 {
        self.hash
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.hash.to_le_bytes());
        bytes.extend(self.unit.to_le_bytes());
        bytes.extend(self.start.to_le_bytes());
    }

    fn read(bytes: &[u8]) -> Self {
        Self { hash: eight(bytes, 0), unit: four(bytes, 8), start: four(bytes, 12) }
    }
}

/// Two places with one fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Seed {
    unit: u32,
    start: u32,
    earlier_unit: u32,
    earlier_start: u32,
}

impl Record for Seed {
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
        let [unit, start, earlier_unit, earlier_start] = [0, 4, 8, 12].map(|at| four(bytes, at));
        Self { unit, start, earlier_unit, earlier_start }
    }
}

/// Reports each passage once, against the longest run among the first place that has it and the last before.
pub(super) fn find<'r>(
    rule: &'r Arc<RuleInfo>,
    parameters: &Passage,
    units: &Units<'_>,
    corpus: &Corpus<'_, '_>,
    library: &mut Library<'_>,
    found: &mut Vec<Found<'r>>,
) -> store::Result<()> {
    seeds(units, corpus)?.groups(&mut |of_unit| {
        // Tokens before this one belong to a run that is reported.
        let mut covered = 0;
        for at_place in of_unit.chunk_by(|left, right| left.start == right.start) {
            let best = at_place
                .iter()
                .filter_map(|seed| run(seed, covered, parameters, units, library))
                .max_by_key(|run| (run.own.len(), std::cmp::Reverse(run.found.first)));
            if let Some(run) = best {
                covered = run.own.end;
                found.push(run.found.with(rule));
            }
        }
        Ok(())
    })?;
    if let Some(minimum) = parameters.min_words_whole {
        for document in units.documents() {
            whole(rule, minimum..parameters.min_words, document, units, library, found)?;
        }
    }
    Ok(())
}

fn seeds<'s>(units: &Units<'_>, corpus: &Corpus<'s, '_>) -> store::Result<Gather<'s, Seed>> {
    let memory = corpus.documents.memory / 2;
    let mut prints = Gather::new(memory, corpus.store);
    units.each(&mut |unit, sketch| {
        if units.all.get(unit as usize).is_none_or(|unit| unit.is_claimed) {
            return Ok(());
        }
        sketch.grams().try_for_each(|gram| prints.push(Print { hash: gram.hash, unit, start: gram.start }))
    })?;
    let mut seeds = Gather::new(memory, corpus.store);
    prints.groups(&mut |group| {
        for pair in group.windows(2) {
            let (first, last) = (&group[0], &pair[0]);
            let earlier = if first == last { &[last][..] } else { &[first, last] };
            for Print { unit: earlier_unit, start: earlier_start, .. } in earlier.iter().copied() {
                let (earlier_unit, earlier_start) = (*earlier_unit, *earlier_start);
                seeds.push(Seed { unit: pair[1].unit, start: pair[1].start, earlier_unit, earlier_start })?;
            }
        }
        Ok(())
    })?;
    Ok(seeds)
}

/// A shared run of tokens.
struct Run {
    /// The tokens in the later unit.
    own: Range<usize>,
    found: Sites,
}

struct Sites {
    site: Site,
    first: Site,
    count: u32,
}

impl Sites {
    fn with<'r>(&self, rule: &'r Arc<RuleInfo>) -> Found<'r> {
        let proof = Proof::Words { count: self.count, is_whole: false };
        Found { rule, site: self.site, first: self.first, more: 0, proof }
    }
}

/// The run around a seed, if it is long enough; it begins no earlier than token `floor` of the later unit.
fn run(seed: &Seed, floor: usize, parameters: &Passage, units: &Units<'_>, library: &mut Library<'_>) -> Option<Run> {
    let later = units.site(seed.unit)?;
    let earlier = units.site(seed.earlier_unit)?;
    let (own, other) = (library.tokens(later)?, library.tokens(earlier)?);
    let at = position(&own, seed.start)?;
    let other_at = position(&other, seed.earlier_start)?;
    if at < floor {
        return None;
    }
    // Within one paragraph the two runs may not run into each other.
    let most = if seed.unit == seed.earlier_unit { at.checked_sub(other_at)? } else { usize::MAX };
    let right = own.tokens[at..]
        .iter()
        .zip(&other.tokens[other_at..])
        .take(most)
        .take_while(|(own, other)| own.hash == other.hash)
        .count();
    let left = own.tokens[floor..at]
        .iter()
        .rev()
        .zip(other.tokens[..other_at].iter().rev())
        .take(most - right)
        .take_while(|(own, other)| own.hash == other.hash)
        .count();
    let length = left + right;
    if right == 0 || length * own.words < parameters.min_words as usize * own.tokens.len() {
        return None;
    }
    let range = at - left..at + right;
    let site = Site::new(later.document, own.span(range.clone())?);
    let first = Site::new(earlier.document, other.span(other_at - left..other_at + right)?);
    let found = Sites { site: closed(site, library)?, first: closed(first, library)?, count: saturated(length) };
    Some(Run { own: range, found })
}

fn position(tokens: &Tokens, start: u32) -> Option<usize> {
    tokens.tokens.binary_search_by_key(&(start as usize), |token| token.span.start).ok()
}

/// The place with the full stop or quote after its last word.
fn closed(site: Site, library: &mut Library<'_>) -> Option<Site> {
    let text = library.text(site.document)?;
    Some(Site::new(site.document, with_closing_marks(&text, site.span())))
}

/// Reports short paragraphs that stand whole within a longer one of the same document.
///
/// A fragment without a full stop at the end or beginning of a longer paragraph was glued to it, and is reported there. Anything
/// else was taken out of the longer paragraph, as pulled quotes are, and is reported where it stands alone.
fn whole<'r>(
    rule: &'r Arc<RuleInfo>,
    words: Range<u32>,
    document: Range<u32>,
    units: &Units<'_>,
    library: &mut Library<'_>,
    found: &mut Vec<Found<'r>>,
) -> store::Result<()> {
    let admits = |unit: &Unit| {
        !unit.is_claimed && matches!(unit.kind, UnitKind::Paragraph | UnitKind::ListItem | UnitKind::Quotation)
    };
    let unit = |index: u32| units.all.get(index as usize).filter(|unit| admits(unit));
    // Each short paragraph waits under one of its shingles: whoever holds it whole holds that one.
    let mut waiting: FxHashMap<u64, Vec<(u32, Vec<u64>)>> = FxHashMap::default();
    let mut most = 0;
    for index in document.clone() {
        let Some(unit) = unit(index) else { continue };
        most = most.max(unit.shingles);
        if unit.shingles > 0 && words.contains(&unit.words) {
            let mut shingles = Vec::new();
            units.read_shingles(unit, &mut shingles)?;
            waiting.entry(shingles[0]).or_default().push((index, shingles));
        }
    }
    if waiting.is_empty() {
        return Ok(());
    }
    let mut shingles = Vec::new();
    for index in document {
        let Some(longer) = unit(index).filter(|unit| unit.words > words.start) else { continue };
        units.read_shingles(longer, &mut shingles)?;
        let mut places = None;
        for shingle in &shingles {
            let Some(candidates) = waiting.get_mut(shingle) else { continue };
            // A short paragraph is reported once.
            candidates.retain(|(short, members)| {
                let may_hold = *short != index
                    && members.len() < shingles.len()
                    && members.iter().all(|member| shingles.binary_search(member).is_ok());
                if !may_hold {
                    return true;
                }
                let places = places.get_or_insert_with(|| Places::of(index, units, library));
                let held = places.as_ref().and_then(|places| hold(rule, *short, places, units, library));
                let is_left = held.is_none();
                found.extend(held);
                is_left
            });
        }
    }
    Ok(())
}

/// Where runs of words stand in a paragraph.
struct Places {
    site: Site,
    tokens: Arc<Tokens>,
    /// The first few places of each run of [`SHINGLE`] tokens.
    runs: FxHashMap<u64, Vec<u32>>,
}

impl Places {
    fn of(unit: u32, units: &Units<'_>, library: &mut Library<'_>) -> Option<Self> {
        /// Places of one run that are tried.
        const MOST: usize = 64;
        let site = units.site(unit)?;
        let tokens = library.tokens(site)?;
        let mut runs: FxHashMap<u64, Vec<u32>> = FxHashMap::default();
        for (at, run) in (0..).zip(hash::runs(tokens.hashes(), SHINGLE)) {
            let places = runs.entry(run).or_default();
            if places.len() < MOST {
                places.push(at);
            }
        }
        Some(Self { site, tokens, runs })
    }

    /// The first token from which on `sought` stands whole.
    fn find(&self, sought: &Tokens) -> Option<usize> {
        let first = hash::runs(sought.hashes(), SHINGLE).next()?;
        let is_here = |at: usize| {
            let tokens = self.tokens.tokens.get(at..at + sought.tokens.len());
            tokens.is_some_and(|tokens| tokens.iter().map(|token| token.hash).eq(sought.hashes()))
        };
        self.runs.get(&first)?.iter().map(|at| *at as usize).find(|at| is_here(*at))
    }
}

fn hold<'r>(
    rule: &'r Arc<RuleInfo>,
    short: u32,
    places: &Places,
    units: &Units<'_>,
    library: &mut Library<'_>,
) -> Option<Found<'r>> {
    let short = units.site(short)?;
    let own = library.tokens(short)?;
    let at = places.find(&own)?;
    let (end, other) = (at + own.tokens.len(), &places.tokens);
    let inside = closed(Site::new(places.site.document, other.span(at..end)?), library)?;
    let text = library.text(short.document)?;
    let is_glued = (at == 0 || end == other.tokens.len()) && !ends_sentence(text.get(short.span().range())?);
    let (site, first) = if is_glued { (inside, short) } else { (short, inside) };
    // What is part of a sentence was not glued to it, and cannot go without leaving a fragment.
    let may_go = is_glued && !cuts_sentence(&library.text(site.document)?, places.site, site);
    let proof = Proof::Words { count: saturated(own.tokens.len()), is_whole: may_go };
    Some(Found { rule, site, first, more: 0, proof })
}

/// Whether what `part` leaves of `whole` begins or ends within a sentence.
fn cuts_sentence(text: &str, whole: Site, part: Site) -> bool {
    let before = text.get(whole.start as usize..part.start as usize).unwrap_or("").trim();
    let after = text.get(part.end as usize..whole.end as usize).unwrap_or("").trim();
    !before.is_empty() && !ends_sentence(before) || after.starts_with(char::is_lowercase)
}
