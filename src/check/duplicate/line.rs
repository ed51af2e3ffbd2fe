//! Short lines that stand again and again: captions, menus, footers.

use std::sync::Arc;

use super::Line;
use super::compare::{Found, Proof, saturated};
use super::hash::{chain, mix};
use super::proof::Library;
use super::sketch::{NUMBER, UnitKind};
use super::units::Units;
use crate::check::store;
use crate::finding::RuleInfo;

/// Lines that are the same but for numbers.
struct Shape {
    tokens: Vec<u32>,
    /// In order of document and place.
    units: Vec<u32>,
}

/// Reports every such line in many documents, and all but the first of many in one.
pub(super) fn find<'r>(
    rule: &'r Arc<RuleInfo>,
    parameters: &Line,
    units: &mut Units<'_>,
    library: &mut Library<'_>,
    found: &mut Vec<Found<'r>>,
) -> store::Result<()> {
    let mut shapes = shapes(parameters, units)?;
    if let Some(minimum) = parameters.min_documents {
        unite(&mut shapes, minimum, parameters.alike, units, library);
    }
    let mut claimed = Vec::new();
    let fewest = [parameters.min_documents, parameters.min_times].into_iter().flatten().min().unwrap_or(0) as usize;
    for shape in shapes.iter().filter(|shape| shape.units.len() >= fewest) {
        let site = |index: u32| units.site(index);
        let by_document: Vec<&[u32]> = shape
            .units
            .chunk_by(|left, right| site(*left).map(|left| left.document) == site(*right).map(|right| right.document))
            .collect();
        let documents = saturated(by_document.len());
        let mut report = |index: u32, first: Option<&u32>, proof: Proof| {
            if let (Some(site), Some(first)) = (site(index), first.and_then(|first| site(*first))) {
                found.push(Found { rule, site, first, more: 0, proof });
                claimed.push(index);
            }
        };
        if parameters.min_documents.is_some_and(|minimum| documents >= minimum) {
            for (at, &index) in shape.units.iter().enumerate() {
                // The first of them is as much noise as the others.
                let first = shape.units.get(usize::from(at == 0));
                report(index, first, Proof::Line { documents, times: 1, alike: parameters.alike });
            }
            continue;
        }
        let Some(min_times) = parameters.min_times else { continue };
        for here in by_document {
            // Within a document numbers tell lines apart: they count something.
            let exact = |index: u32| units.all.get(index as usize).map(|unit| unit.exact);
            let mut here: Vec<u32> = here.to_vec();
            here.sort_by_key(|&index| (exact(index), index));
            for same in here.chunk_by(|left, right| exact(*left) == exact(*right)) {
                let times = saturated(same.len());
                if times >= min_times {
                    for &index in &same[1..] {
                        report(index, same.first(), Proof::Line { documents: 1, times, alike: 1.0 });
                    }
                }
            }
        }
    }
    for index in claimed {
        units.all[index as usize].is_claimed = true;
    }
    Ok(())
}

fn shapes(parameters: &Line, units: &Units<'_>) -> store::Result<Vec<Shape>> {
    let (mut lines, mut tokens): (Vec<(u64, u32)>, _) = (Vec::new(), Vec::new());
    for (index, unit) in (0_u32..).zip(&units.all) {
        let may_be =
            unit.kind != UnitKind::Heading && (parameters.min_words..=parameters.max_words).contains(&unit.words);
        if may_be && !unit.is_claimed {
            units.read_line_tokens(unit, &mut tokens)?;
            if tokens.iter().any(|token| *token != NUMBER) {
                lines.push((Hashes::of(&tokens).whole(), index));
            }
        }
    }
    lines.sort_unstable();
    let mut shapes = Vec::new();
    for group in lines.chunk_by(|left, right| left.0 == right.0) {
        let mut tokens = Vec::new();
        if let Some(unit) = units.all.get(group[0].1 as usize) {
            units.read_line_tokens(unit, &mut tokens)?;
        }
        shapes.push(Shape { tokens, units: group.iter().map(|(_, index)| *index).collect() });
    }
    shapes.sort_by_key(|shape| shape.units[0]);
    Ok(shapes)
}

/// Hashes of a line's tokens: of all, and of all but one.
struct Hashes<'t> {
    tokens: &'t [u32],
    sum: u64,
}

impl<'t> Hashes<'t> {
    fn of(tokens: &'t [u32]) -> Self {
        let sum = tokens.iter().enumerate().fold(0, |sum: u64, (at, token)| sum.wrapping_add(Self::term(at, *token)));
        Self { tokens, sum }
    }

    /// What a token adds, by its place.
    fn term(at: usize, token: u32) -> u64 {
        mix((at as u64) << 32 | u64::from(token))
    }

    fn whole(&self) -> u64 {
        mix(self.sum ^ self.tokens.len() as u64)
    }

    /// For each token that is no number the hash of the others and their places.
    fn gaps(&self) -> impl Iterator<Item = u64> + '_ {
        let kept = |(at, token): (usize, &u32)| {
            let others = self.sum.wrapping_sub(Self::term(at, *token));
            (*token != NUMBER).then(|| chain(mix(others), (self.tokens.len() << 32 | at) as u64))
        };
        self.tokens.iter().enumerate().filter_map(kept)
    }
}

/// Adds to the most frequent of lines that differ in one word those that are written almost like it.
fn unite(shapes: &mut [Shape], minimum: u32, alike: f64, units: &Units<'_>, library: &mut Library<'_>) {
    /// A line of fewer words has too little left when one is taken out.
    const FEWEST: usize = 3;
    /// Lines that share all words but one, of which each is compared with the most frequent.
    const MOST: usize = 1_000;
    /// Counters for a line.
    const PLACES: usize = 16;
    let united = || (0_u32..).zip(shapes.iter()).filter(|(_, shape)| shape.tokens.len() >= FEWEST);
    // Most lines are like no other: how often each rest of a line stands is counted first, where rests that fall together are
    // counted together.
    let places = shapes.len().next_power_of_two() * PLACES;
    let mut counts = vec![0_u8; places];
    #[expect(clippy::cast_possible_truncation, reason = "the mask keeps low bits alone")]
    let place = |gap: u64| gap as usize & (places - 1);
    for (_, shape) in united() {
        let times = u8::try_from(shape.units.len()).unwrap_or(u8::MAX);
        for gap in Hashes::of(&shape.tokens).gaps() {
            let count = &mut counts[place(gap)];
            *count = count.saturating_add(times);
        }
    }
    let fewest = u8::try_from(minimum).unwrap_or(u8::MAX);
    let mut gaps: Vec<(u64, u32)> = Vec::new();
    for (index, shape) in united() {
        let hashes = Hashes::of(&shape.tokens);
        gaps.extend(hashes.gaps().filter(|gap| counts[place(*gap)] >= fewest).map(|gap| (gap, index)));
    }
    gaps.sort_unstable();
    let groups = gaps.chunk_by(|(left, _), (right, _)| left == right).filter(|group| group.len() > 1);
    let mut groups: Vec<Vec<u32>> = groups.map(|group| group.iter().map(|(_, index)| *index).collect()).collect();
    // Whether there are enough is told before any is moved, so that no group depends on those before it.
    groups.retain(|group| {
        group.iter().map(|index| shapes[*index as usize].units.len()).sum::<usize>() >= minimum as usize
    });
    groups.sort_unstable();
    for group in groups {
        let size = |index: &u32| shapes[*index as usize].units.len();
        let Some(&main) = group.iter().max_by_key(|index| (size(index), std::cmp::Reverse(**index))) else { continue };
        for &other in group.iter().take(MOST) {
            let sample = |index: u32| shapes[index as usize].units.first().and_then(|unit| units.site(*unit));
            let (Some(left), Some(right)) = (sample(main), sample(other)) else { continue };
            if other != main && library.are_alike(left, right, alike) {
                let moved = std::mem::take(&mut shapes[other as usize].units);
                let units = &mut shapes[main as usize].units;
                units.extend(moved);
                units.sort_unstable();
            }
        }
    }
}
