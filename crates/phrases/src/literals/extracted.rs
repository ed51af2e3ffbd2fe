//! What the build script extracts from the rules of the program.

use super::encoding::PhrasePlace;
use super::lines;
use super::required::{Required, branches};
use crate::Phrase;

/// What is written for the `[[find]]` tables of all rules.
#[derive(Default)]
pub struct Extracted {
    /// Records of phrases and regular expressions (see `encoding`).
    pub required: Vec<u8>,
    /// Hashes of the lines that listed phrases match.
    pub lines: Vec<u64>,
}

impl Extracted {
    /// Adds a phrase of a block. Returns whether it has a record in `required`; if not,
    /// it is found by its lines.
    pub fn add_phrase(
        &mut self,
        block: usize,
        phrase: &Phrase,
        is_whole: bool,
        may_be_listed: bool,
    ) -> bool {
        let hashes = if may_be_listed { lines::hashes(phrase) } else { None };
        if let Some(hashes) = hashes {
            self.lines.extend(hashes);
            return false;
        }
        let place = PhrasePlace::new(block, &phrase.place);
        place.write(&mut self.required);
        self.add_branch(&phrase.regex(), is_whole);
        true
    }

    /// Adds the alternatives of a regular expression.
    pub fn add_regex(&mut self, regex: &str, is_whole: bool) {
        branches(regex).into_iter().for_each(|branch| self.add_branch(branch, is_whole));
    }

    fn add_branch(&mut self, branch: &str, is_whole: bool) {
        // An expression that does not parse fails the tests.
        Required::parse(branch, is_whole).unwrap_or_default().write(&mut self.required);
    }
}
