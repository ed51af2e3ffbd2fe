//! A phrase or regular expression, and how it is searched for.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use super::{ExpressionSource, PhraseBlock, Search};
use dechaff_findings::ParameterError;
use dechaff_phrases::Phrase;
use dechaff_phrases::literals::{self, Required};

/// A phrase or regular expression.
#[derive(Debug, Clone)]
pub(crate) struct Expression {
    /// Its span in the rule file; empty for built-in rules.
    pub(crate) place: Range<usize>,
    pub(crate) source: ExpressionSource,
    /// Its search key, if it is already known. Otherwise it is extracted from the expression.
    search: Option<Arc<Search>>,
}

impl Expression {
    /// Creates an expression from a regular expression.
    pub(crate) fn from_regex(regex: &str, place: Range<usize>) -> Self {
        Self { place, source: ExpressionSource::Regex(regex.into()), search: None }
    }

    /// Creates an expression from a phrase. `may_be_listed` tells whether it matches whole lines,
    /// ignoring case.
    pub(crate) fn from_phrase(phrase: &Phrase, may_be_listed: bool) -> Self {
        let lines = if may_be_listed { literals::lines::hashes(phrase) } else { None };
        let source = ExpressionSource::Regex(phrase.regex().into());
        Self { place: phrase.place.clone(), source, search: lines.map(Search::Lines).map(Arc::new) }
    }

    /// Creates an expression from all phrases of a block.
    pub(crate) fn from_block(block: &Arc<PhraseBlock>) -> Self {
        Self::new(ExpressionSource::Phrases(Arc::clone(block), 0..block.text.len()), None)
    }

    /// Creates an expression of a built-in rule, with the literals that each match requires, if they
    /// are known.
    pub(crate) fn new(source: ExpressionSource, required: Option<Required>) -> Self {
        Self { place: 0..0, source, search: required.map(Search::Required).map(Arc::new) }
    }

    /// Returns the regular expression, without the anchors for whole units.
    pub(crate) fn regex(&self) -> Cow<'_, str> {
        self.source.regex()
    }

    /// Returns the alternatives of a regular expression, which are searched for independently.
    pub(crate) fn branches(&self) -> Vec<Self> {
        if self.search.is_some() {
            return vec![self.clone()];
        }
        let regex = self.regex();
        literals::branches(&regex)
            .into_iter()
            .map(|branch| Self::from_regex(branch, self.place.clone()))
            .collect()
    }

    /// Returns how it is searched for. `is_whole` tells whether it matches whole units only.
    ///
    /// # Errors
    ///
    /// It is not a regular expression.
    pub(crate) fn search(&self, is_whole: bool) -> Result<Arc<Search>, ParameterError> {
        if let Some(search) = &self.search {
            return Ok(Arc::clone(search));
        }
        let required = Required::parse(&self.regex(), is_whole);
        required
            .map(|required| Arc::new(Search::Required(required)))
            .map_err(|message| self.error(message))
    }

    pub(crate) fn error(&self, message: String) -> ParameterError {
        ParameterError { message, place: Some(self.place.clone()) }
    }
}
