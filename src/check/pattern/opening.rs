//! How units begin: one look at the first characters of a unit tells which patterns may match all of it.

use super::expression::is_mark;

/// Patterns by what the units begin with that they match, marks before it aside.
pub(super) struct Openings {
    nodes: Vec<Node>,
    /// For each first byte, whatever its case, the node behind it; 0 where nothing begins so.
    firsts: Vec<u32>,
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
        let mut nodes = vec![Node::default()];
        for (opening, pattern) in openings {
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
            nodes[at].patterns.push(pattern);
        }
        let mut firsts = vec![0; 256];
        for &(byte, node) in &nodes[0].next {
            firsts[usize::from(byte)] = node;
            firsts[usize::from(byte.to_ascii_uppercase())] = node;
        }
        Self { nodes, firsts }
    }

    /// Calls `found` with the patterns that may match `unit`.
    pub(super) fn find(&self, unit: &str, mut found: impl FnMut(u32)) {
        let bytes = unit.as_bytes();
        for (start, character) in unit.char_indices() {
            let mut next = self.firsts[usize::from(bytes[start])] as usize;
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

/// The unit without the marks around it.
pub(super) fn without_marks(unit: &str) -> &str {
    unit.trim_matches(is_mark)
}
