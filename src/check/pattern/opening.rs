//! How units begin: one look at the first characters of a unit tells which patterns may match all of it.

use super::expression::is_mark;

/// Patterns by what the units begin with that they match, marks before it aside.
pub(super) struct Openings {
    nodes: Vec<Node>,
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
        Self { nodes }
    }

    /// Calls `found` with the patterns that may match `unit`.
    pub(super) fn find(&self, unit: &str, mut found: impl FnMut(u32)) {
        let bytes = unit.as_bytes();
        for (start, character) in unit.char_indices() {
            let mut node = &self.nodes[0];
            for byte in &bytes[start..] {
                let byte = byte.to_ascii_lowercase();
                let Ok(place) = node.next.binary_search_by_key(&byte, |(byte, _)| *byte) else { break };
                node = &self.nodes[node.next[place].1 as usize];
                node.patterns.iter().for_each(|&pattern| found(pattern));
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
