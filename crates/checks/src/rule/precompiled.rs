//! Data that the build script extracts from built-in rules. Extracting it at startup would make
//! startup several times slower.

use std::ops::Range;
use std::sync::Arc;

use crate::search::{Expression, ExpressionSource, PhraseBlock};
use dechaff_phrases::literals::{PhrasePlace, Required, branches};

/// A built-in rule.
#[derive(Debug)]
pub(super) struct BuiltInRule {
    /// Path of its file in the repository.
    pub(super) path: &'static str,
    /// Text of its file.
    pub(super) text: &'static str,
    /// Length of the text without its examples, which come last, in bytes.
    pub(super) body: usize,
    /// Its `[[find]]` tables, in order.
    pub(super) patterns: &'static [PrecompiledPattern],
}

/// The data extracted from a `[[find]]` table.
#[derive(Debug)]
pub(super) struct PrecompiledPattern {
    /// Its span in `REQUIRED`: its phrases, except those that are looked up by line, then its
    /// regular expressions.
    pub(super) required: Range<usize>,
    /// Number of its phrases among them.
    pub(super) phrases: usize,
    /// Its entries in `LINES`.
    pub(super) lines: Range<usize>,
}

/// All built-in rules, in order of path.
pub(super) const BUILT_IN_RULES: &[BuiltInRule] =
    include!(concat!(env!("OUT_DIR"), "/built_in_rules.rs"));

/// The required literals of expressions (see `Required::write`).
static REQUIRED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/required.bin"));

/// Hashes of the lines that phrases match, eight bytes each.
static LINES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/lines.bin"));

impl PrecompiledPattern {
    /// Returns the expressions of the table, given its blocks of phrases and its regular
    /// expressions, except phrases that are looked up by line.
    pub(super) fn expressions(
        &self,
        blocks: &[Arc<PhraseBlock>],
        regexes: &[&str],
    ) -> Vec<Expression> {
        let mut records = REQUIRED.get(self.required.clone()).unwrap_or_default();
        let mut expressions = Vec::new();
        let mut add = |source: ExpressionSource, required: Option<Required>| {
            expressions.push(Expression::new(source, required));
        };
        for _ in 0..self.phrases {
            let Some(place) = PhrasePlace::read(&mut records) else { break };
            let Some(block) = blocks.get(usize::from(place.block)) else { break };
            let source =
                ExpressionSource::Phrases(Arc::clone(block), place.start.into()..place.end.into());
            add(source, Required::read(&mut records));
        }
        for branch in regexes.iter().flat_map(|regex| branches(regex)) {
            add(ExpressionSource::Regex(branch.into()), Required::read(&mut records));
        }
        expressions
    }

    /// Returns the hashes of the lines that the other phrases match.
    pub(super) fn lines(&self) -> Vec<u64> {
        let lines = LINES.get(8 * self.lines.start..8 * self.lines.end).unwrap_or_default();
        lines.as_chunks().0.iter().map(|hash| u64::from_le_bytes(*hash)).collect()
    }
}
