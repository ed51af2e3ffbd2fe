//! How units begin: one look at the first characters of a unit tells which patterns may match all of it.

use super::expression::is_mark;

/// Patterns by what the units begin with that they match, marks before it aside.
pub(super) struct Openings {
    nodes: Vec<Node>,
    /// For each first byte, whatever its case, the node behind it; 0 where nothing begins so.
    firsts: Vec<u32>,
    /// Whether an opening may begin with these three bytes, each in small letters; by their hash.
    threes: Box<[u64; PLACES / 64]>,
    /// Whether one of fewer than three bytes begins with this.
    is_short: Vec<bool>,
}

#[derive(Default)]
struct Node {
    /// What follows, by the next byte, in order.
    next: Vec<(u8, u32)>,
    /// Patterns whose opening ends here.
    patterns: Vec<u32>,
}

impl Openings {
    /// Openings in small letters, each with a pattern.
    pub(super) fn new(openings: impl Iterator<Item = (String, u32)>) -> Self {
        let openings: Vec<(String, u32)> = openings.collect();
        let mut nodes = vec![Node::default()];
        for (opening, pattern) in &openings {
            let mut at = 0;
            for byte in opening.bytes() {
                let place = nodes[at].next.binary_search_by_key(&byte, |(byte, _)| *byte);
                at = match place {
                    Ok(place) => nodes[at].next[place].1 as usize,
                    Err(place) => {
                        let new = nodes.len();
                        nodes[at].next.insert(place, (byte, new as u32));
                        nodes.push(Node::default());
                        new
                    }
                };
            }
            nodes[at].patterns.push(*pattern);
        }
        let (mut firsts, mut threes, mut is_short): (_, Box<[u64; PLACES / 64]>, _) =
            (vec![0; 256], Box::new([0; PLACES / 64]), vec![false; 256]);
        for opening in &openings {
            match opening.0.as_bytes() {
                [first, second, third, ..] => {
                    let place = place([*first, *second, *third]);
                    threes[place / 64] |= 1 << (place % 64);
                }
                [first, ..] => {
                    is_short[usize::from(*first)] = true;
                    is_short[usize::from(first.to_ascii_uppercase())] = true;
                }
                [] => {}
            }
        }
        for &(byte, node) in &nodes[0].next {
            firsts[usize::from(byte)] = node;
            firsts[usize::from(byte.to_ascii_uppercase())] = node;
        }
        Self { nodes, firsts, threes, is_short }
    }

    /// Calls `found` with the patterns that may match `unit`.
    pub(super) fn find(&self, unit: &str, mut found: impl FnMut(u32)) {
        let bytes = unit.as_bytes();
        for (start, character) in unit.char_indices() {
            let begins = match bytes[start..] {
                [first, second, third, ..] => {
                    let place = place([first, second, third]);
                    self.threes[place / 64] >> (place % 64) & 1 != 0 || self.is_short[usize::from(first)]
                }
                _ => true,
            };
            let mut next = if begins { self.firsts[usize::from(bytes[start])] as usize } else { 0 };
            let mut rest = bytes[start + 1..].iter();
            while next != 0 {
                let node = &self.nodes[next];
                node.patterns.iter().for_each(|&pattern| found(pattern));
                let place = rest
                    .next()
                    .map(u8::to_ascii_lowercase)
                    .and_then(|byte| node.next.binary_search_by_key(&byte, |(byte, _)| *byte).ok());
                next = place.map_or(0, |place| node.next[place].1 as usize);
            }
            if !is_mark(character) {
                break;
            }
        }
    }
}

const PLACE_BITS: u32 = 14;
const PLACES: usize = 1 << PLACE_BITS;

/// Where three bytes fall, case aside.
fn place([first, second, third]: [u8; 3]) -> usize {
    const SMALL: u32 = 0x0020_2020;
    ((u32::from_le_bytes([first, second, third, 0]) | SMALL).wrapping_mul(0x9E37_79B1) >> (u32::BITS - PLACE_BITS))
        as usize
}

/// The unit without the marks around it.
pub(super) fn without_marks(unit: &str) -> &str {
    unit.trim_matches(is_mark)
}
