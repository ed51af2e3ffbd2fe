//! The `duplicate` kind: paragraphs, sentences, passages and lines that occur more than once, in a
//! document or in the corpus.
//!
//! Documents are sketched as hashes, the sketches are compared, and matches are verified in the
//! texts before they are reported. Each span is reported once: the finders run from recurring lines
//! over paragraphs to sentences and passages, and skip what earlier ones have claimed.

mod external_group;
mod findings;
mod fingerprint;
mod hash;
mod indexed;
mod matches;
mod near_duplicate;
mod recurring_line;
mod repeated_sentence;
mod run;
mod sentence_hash;
mod set_join;
mod shared_passage;
mod sketch;
mod staged;
mod text_cache;
mod token;
mod token_chars;
mod unit_kind;
mod units;
mod verify;
mod word_diff;

use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

pub use super::element_order::ELEMENT_BITS;
pub(super) use findings::lost_note;
pub use hash::hash_sequence;
pub use indexed::{near_keys, spread};
pub use set_join::{JoinLimits, Ratio, SetSource, SimilarPair, count_shared, join};
pub use sketch::{SHINGLE, shingles};
pub(super) use staged::{
    ElementCounts, SetId, StagedJoin, StagedPair, merge_counts, read_order, write_prefix,
};
pub use token::{Token, Tokens};
pub use unit_kind::{MinWords, UnitKind};

use super::indexed::IndexedCheck;
use super::staged::StagedCheck;
use super::{Corpus, CorpusCheck, PendingFindings, store};
use dechaff_findings::{ParameterError, RuleInfo, RuleWithParams};
use dechaff_text::Document;
use fingerprint::FINGERPRINT_TOKENS;
use sketch::{MAX_LINE_TOKENS, Scratch, SketchConfig};

/// The kind's name in rule files.
pub const NAME: &str = "duplicate";

/// The kind of duplicate to find.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Parameters {
    /// Whole paragraphs, headings, list items and so on. Case, whitespace and the kind of quotes
    /// and dashes are ignored.
    Exact(ExactParameters),
    /// Paragraphs, headings, list items and so on that differ in a few words.
    Near(NearParameters),
    /// Sentences.
    Sentence(SentenceParameters),
    /// Words in a row within paragraphs that differ otherwise.
    Passage(PassageParameters),
    /// Short lines that occur in many documents, or many times in one.
    Line(LineParameters),
}

/// Parameters of [`Parameters::Exact`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ExactParameters {
    /// Minimum number of words for each kind of unit.
    pub min_words: MinWords,
}

/// Parameters of [`Parameters::Near`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct NearParameters {
    /// Minimum number of words for each kind of unit.
    pub min_words: MinWords,
    /// Minimum Jaccard similarity of the sets of five-word shingles, from 0.1 to 1.
    pub threshold: f64,
    /// Which of two copies is the original.
    #[serde(default)]
    pub keep: Keep,
    /// The number of paragraphs that may share a shingle. If more do, only those close to each
    /// other are compared.
    #[serde(default = "default_crowd")]
    pub crowd: u32,
}

fn default_crowd() -> u32 {
    1_000
}

/// Which of two copies is the original.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Keep {
    /// The first one by path and position.
    #[default]
    First,
    /// The one with more words. If they have the same number, the first.
    Longest,
}

/// Parameters of [`Parameters::Sentence`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SentenceParameters {
    /// Minimum number of words of a sentence repeated in the same document.
    pub min_words: u32,
    /// Minimum number of words of a sentence repeated in another document; if omitted, those are
    /// not reported.
    pub min_words_across: Option<u32>,
}

/// Parameters of [`Parameters::Passage`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PassageParameters {
    /// Minimum number of shared words in a row, 8 or more.
    pub min_words: u32,
    /// Minimum number of words of a whole paragraph repeated within a longer one; if omitted,
    /// those are not reported.
    pub min_words_whole: Option<u32>,
}

/// Parameters of [`Parameters::Line`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LineParameters {
    /// Minimum number of words of a line.
    pub min_words: u32,
    /// Maximum number of words of a line, 12 or fewer.
    pub max_words: u32,
    /// Minimum number of documents with the line.
    pub min_documents: Option<u32>,
    /// Minimum number of occurrences in one document.
    pub min_times: Option<u32>,
    /// Minimum normalized Levenshtein similarity of lines that count as the same. Apart from
    /// numbers, they differ in at most one word.
    pub alike: f64,
}

/// Checks that the parameters are in range.
///
/// # Errors
///
/// A parameter is out of range, or a required one is missing.
pub fn validate(parameters: &Parameters) -> Result<(), ParameterError> {
    let error = |message: String| Err(ParameterError { message, place: None });
    match parameters {
        Parameters::Near(near) if !(0.1..=1.0).contains(&near.threshold) => {
            error(format!("`threshold` {} is not between 0.1 and 1", near.threshold))
        }
        Parameters::Passage(passage) if (passage.min_words as usize) < FINGERPRINT_TOKENS => {
            error(format!("`min-words` {} is less than {FINGERPRINT_TOKENS}", passage.min_words))
        }
        Parameters::Passage(PassageParameters { min_words_whole: Some(words), .. })
            if (*words as usize) < SHINGLE =>
        {
            error(format!("`min-words-whole` {words} is less than {SHINGLE}"))
        }
        Parameters::Sentence(sentence) if sentence.min_words == 0 => {
            error("`min-words` must be at least 1".into())
        }
        Parameters::Line(line)
            if line.max_words as usize > MAX_LINE_TOKENS || line.min_words > line.max_words =>
        {
            error(format!("`min-words` to `max-words` must lie within 1 to {MAX_LINE_TOKENS}"))
        }
        Parameters::Line(line) if line.min_documents == Some(1) || line.min_times == Some(1) => {
            error("`min-documents` and `min-times` must be more than 1".into())
        }
        Parameters::Line(LineParameters { min_documents: None, min_times: None, .. }) => {
            error("give `min-documents` or `min-times`".into())
        }
        Parameters::Line(line) if !(0.0..=1.0).contains(&line.alike) => {
            error(format!("`alike` {} is not between 0 and 1", line.alike))
        }
        _ => Ok(()),
    }
}

/// Compiles all rules of this kind into one check.
///
/// # Errors
///
/// Never fails: the parameters have passed [`validate`].
pub fn compile(
    rules: Vec<RuleWithParams<'_, Parameters>>,
) -> Result<Box<dyn CorpusCheck>, ParameterError> {
    let mut check = DuplicateCheck::default();
    for (rule, parameters) in rules {
        let config = &mut check.sketch_config;
        match parameters {
            Parameters::Exact(exact) => {
                config.whole.push(exact.min_words);
                check.exact.push((rule, *exact));
            }
            Parameters::Near(near) => {
                config.shingled.push(near.min_words);
                check.near.push((rule, *near));
            }
            Parameters::Sentence(sentence) => {
                let min_words =
                    sentence.min_words.min(sentence.min_words_across.unwrap_or(u32::MAX));
                config.sentence = Some(config.sentence.unwrap_or(u32::MAX).min(min_words));
                check.sentence.push((rule, *sentence));
            }
            Parameters::Passage(passage) => {
                config.passage = Some(config.passage.unwrap_or(u32::MAX).min(passage.min_words));
                if let Some(min_words) = passage.min_words_whole {
                    config.whole_passage =
                        Some(config.whole_passage.unwrap_or(u32::MAX).min(min_words));
                }
                check.passage.push((rule, *passage));
            }
            Parameters::Line(line) => {
                config.lines = true;
                check.line.push((rule, *line));
            }
        }
    }
    Ok(Box::new(check))
}

/// The rules for one kind of duplicate.
type Rules<P> = Vec<(Arc<RuleInfo>, P)>;

#[derive(Default)]
struct DuplicateCheck {
    sketch_config: SketchConfig,
    exact: Rules<ExactParameters>,
    near: Rules<NearParameters>,
    sentence: Rules<SentenceParameters>,
    passage: Rules<PassageParameters>,
    line: Rules<LineParameters>,
    /// Reusable buffers, one for each document sketched at the same time.
    scratches: Mutex<Vec<Scratch>>,
}

impl CorpusCheck for DuplicateCheck {
    fn warm_up(&self) {
        token_chars::warm_up();
    }

    fn indexed(&self) -> Option<&dyn IndexedCheck> {
        Some(self)
    }

    fn staged(&self) -> Option<&dyn StagedCheck> {
        Some(self)
    }

    fn sketch(&self, document: &Document<'_>) -> Vec<u8> {
        let scratches = || self.scratches.lock().unwrap_or_else(PoisonError::into_inner);
        let mut scratch = scratches().pop().unwrap_or_default();
        let sketch = sketch::sketch(document, &self.sketch_config, &mut scratch);
        if scratch.is_worth_keeping() {
            scratches().push(scratch);
        }
        sketch
    }

    fn compare<'d>(
        &'d self,
        corpus: &Corpus<'_, 'd>,
    ) -> store::Result<Box<dyn PendingFindings + 'd>> {
        run::run(self, corpus)
    }
}
