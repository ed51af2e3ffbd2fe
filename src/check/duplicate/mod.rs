//! The `duplicate` kind: paragraphs, sentences, passages and lines that stood before, in the same document or in another.
//!
//! Documents are sketched as hashes; the sketches are compared; what they say is verified in the texts before it is reported.
//! Each place is reported once: a line that recurs everywhere is no duplicate paragraph, a duplicate paragraph is no near
//! one, and neither holds repeated sentences or copied passages.

mod compare;
mod difference;
mod hash;
mod join;
mod line;
mod near;
mod passage;
mod proof;
mod report;
mod sentence;
mod sentence_hash;
mod sketch;
mod spill;
mod token;
mod units;

use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

pub use join::{Limits, MEMBER_BITS, Pair, Ratio, Sets, join, shared};
pub use sketch::{Minimum, SHINGLE, UnitKind, shingles};
pub use token::{Token, Tokens};

use super::{Corpus, CorpusCheck, ParameterError, PendingFindings, RuleWithParams, store};
use crate::finding::RuleInfo;
use crate::text::Document;
use sketch::{GRAM, LINE, Needs, Scratch};

/// The kind's name in rule files.
pub const NAME: &str = "duplicate";

/// What stood before.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Parameters {
    /// A whole paragraph, heading, item and so on, but for case, white space and the kind of quotes and dashes.
    Exact(Exact),
    /// The same, with few words changed.
    Near(Near),
    /// A sentence.
    Sentence(Sentence),
    /// Words in a row within larger paragraphs.
    Passage(Passage),
    /// A short line that many documents have, or that one has many times.
    Line(Line),
}

/// Parameters of [`Parameters::Exact`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Exact {
    /// Fewest words, by what the text is.
    pub min_words: Minimum,
}

/// Parameters of [`Parameters::Near`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Near {
    /// Fewest words, by what the text is.
    pub min_words: Minimum,
    /// Least share, between 0.1 and 1, of the runs of five words that either paragraph has and that both must have.
    pub threshold: f64,
    /// Which of two stays.
    #[serde(default)]
    pub keep: Keep,
    /// Paragraphs that may share a run of words before only near ones are compared with each other.
    #[serde(default = "many")]
    pub crowd: u32,
}

fn many() -> u32 {
    1_000
}

/// Which of two copies stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Keep {
    /// The first in order of path and place.
    #[default]
    First,
    /// The one with most words; the first of equals.
    Longest,
}

/// Parameters of [`Parameters::Sentence`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Sentence {
    /// Fewest words of a sentence that stood in the same document.
    pub min_words: u32,
    /// Fewest words of a sentence that stood in another document; left out for none.
    pub min_words_across: Option<u32>,
}

/// Parameters of [`Parameters::Passage`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Passage {
    /// Fewest words in a row that two paragraphs share; 8 or more.
    pub min_words: u32,
    /// Fewest words of a paragraph that is found whole within a longer one; left out for none.
    pub min_words_whole: Option<u32>,
}

/// Parameters of [`Parameters::Line`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Line {
    /// Fewest words of a line.
    pub min_words: u32,
    /// Most words of a line; 12 or fewer.
    pub max_words: u32,
    /// In how many documents it stands; left out if that is of no matter.
    pub min_documents: Option<u32>,
    /// How often it stands in one document; left out if that is of no matter.
    pub min_times: Option<u32>,
    /// Least normalised Levenshtein similarity of two lines that count as one; they differ in at most one word besides numbers.
    pub alike: f64,
}

/// Whether the parameters make sense.
///
/// # Errors
///
/// What does not.
pub fn validate(parameters: &Parameters) -> Result<(), ParameterError> {
    let fault = |message: String| Err(ParameterError { message, place: None });
    match parameters {
        Parameters::Near(near) if !(0.1..=1.0).contains(&near.threshold) => {
            fault(format!("`threshold` {} is not between 0.1 and 1", near.threshold))
        }
        Parameters::Passage(passage) if (passage.min_words as usize) < GRAM => {
            fault(format!("`min-words` {} is less than {GRAM}", passage.min_words))
        }
        Parameters::Passage(Passage { min_words_whole: Some(words), .. }) if (*words as usize) < SHINGLE => {
            fault(format!("`min-words-whole` {words} is less than {SHINGLE}"))
        }
        Parameters::Sentence(sentence) if sentence.min_words == 0 => fault("`min-words` must be at least 1".into()),
        Parameters::Line(line) if line.max_words as usize > LINE || line.min_words > line.max_words => {
            fault(format!("`min-words` to `max-words` must lie within 1 to {LINE}"))
        }
        Parameters::Line(line) if line.min_documents == Some(1) || line.min_times == Some(1) => {
            fault("`min-documents` and `min-times` must be more than 1".into())
        }
        Parameters::Line(Line { min_documents: None, min_times: None, .. }) => {
            fault("give `min-documents` or `min-times`".into())
        }
        Parameters::Line(line) if !(0.0..=1.0).contains(&line.alike) => {
            fault(format!("`alike` {} is not between 0 and 1", line.alike))
        }
        _ => Ok(()),
    }
}

/// Makes one check of all the rules.
///
/// # Errors
///
/// None: what can be wrong is found by [`validate`].
pub fn compile(rules: Vec<RuleWithParams<'_, Parameters>>) -> Result<Box<dyn CorpusCheck>, ParameterError> {
    let mut check = DuplicateCheck::default();
    for (rule, parameters) in rules {
        let needs = &mut check.needs;
        match parameters {
            Parameters::Exact(exact) => {
                needs.whole.push(exact.min_words);
                check.exact.push((rule, *exact));
            }
            Parameters::Near(near) => {
                needs.shingled.push(near.min_words);
                check.near.push((rule, *near));
            }
            Parameters::Sentence(sentence) => {
                let least = sentence.min_words.min(sentence.min_words_across.unwrap_or(u32::MAX));
                needs.sentence = Some(needs.sentence.unwrap_or(u32::MAX).min(least));
                check.sentence.push((rule, *sentence));
            }
            Parameters::Passage(passage) => {
                needs.passage = Some(needs.passage.unwrap_or(u32::MAX).min(passage.min_words));
                if let Some(minimum) = passage.min_words_whole {
                    needs.whole_passage = Some(needs.whole_passage.unwrap_or(u32::MAX).min(minimum));
                }
                check.passage.push((rule, *passage));
            }
            Parameters::Line(line) => {
                needs.lines = true;
                check.line.push((rule, *line));
            }
        }
    }
    Ok(Box::new(check))
}

/// Rules of one sort.
type Rules<P> = Vec<(Arc<RuleInfo>, P)>;

#[derive(Default)]
struct DuplicateCheck {
    needs: Needs,
    exact: Rules<Exact>,
    near: Rules<Near>,
    sentence: Rules<Sentence>,
    passage: Rules<Passage>,
    line: Rules<Line>,
    /// What sketching leaves to the next document, for as many as were looked at at one time.
    scratches: Mutex<Vec<Scratch>>,
}

impl CorpusCheck for DuplicateCheck {
    fn sketch(&self, document: &Document<'_>) -> Vec<u8> {
        let scratches = || self.scratches.lock().unwrap_or_else(PoisonError::into_inner);
        let mut scratch = scratches().pop().unwrap_or_default();
        let sketch = sketch::sketch(document, &self.needs, &mut scratch);
        if scratch.is_small() {
            scratches().push(scratch);
        }
        sketch
    }

    fn compare<'d>(&'d self, corpus: &Corpus<'_, 'd>) -> store::Result<Box<dyn PendingFindings + 'd>> {
        compare::compare(self, corpus)
    }
}
