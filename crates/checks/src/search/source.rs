//! Regular expressions, and phrases that are translated to them when needed.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use dechaff_phrases::{Context, Extent, Phrase, WordLists, parse_unchecked};

/// The source of a regular expression.
#[derive(Debug, Clone)]
pub(crate) enum ExpressionSource {
    /// A regular expression.
    Regex(Arc<str>),
    /// The phrases in a part of a block.
    Phrases(Arc<PhraseBlock>, Range<usize>),
}

/// A block of valid phrases, such as those of built-in rules.
#[derive(Debug)]
pub(crate) struct PhraseBlock {
    /// The language key it is listed under.
    pub(crate) language: Arc<str>,
    /// The phrases.
    pub(crate) text: String,
    /// Whether they match whole units.
    pub(crate) extent: Extent,
    /// The word lists they use.
    pub(crate) lists: Arc<WordLists>,
}

impl ExpressionSource {
    /// Returns the regular expression; for several phrases, an alternation.
    pub(crate) fn regex(&self) -> Cow<'_, str> {
        match self {
            Self::Regex(regex) => regex.as_ref().into(),
            Self::Phrases(block, range) => {
                let phrases = block.phrases(range.clone());
                phrases.iter().map(Phrase::regex).collect::<Vec<_>>().join("|").into()
            }
        }
    }
}

impl PhraseBlock {
    pub(super) fn phrases(&self, range: Range<usize>) -> Vec<Phrase> {
        let context = Context {
            language: Arc::clone(&self.language),
            extent: self.extent,
            lists: &self.lists,
        };
        parse_unchecked(self.text.get(range).unwrap_or_default(), &context).unwrap_or_default()
    }
}
