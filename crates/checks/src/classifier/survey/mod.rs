//! Document-level features: the lines of a document, their shapes and their surroundings.

mod rows;

pub use rows::LineRows;

use std::ops::Range;

use rustc_hash::{FxHashMap, FxHashSet};

use super::prose::{Prose, flagged};
use super::shape::Shape;
use super::words::{self, Word, WordCounts};
use dechaff_findings::Finding;
use dechaff_text::{BlockKind, Document, PageKind, PageKindEstimate, Span, template_hash};

/// Maximum length of a scored line, in bytes.
const MAX_BYTES: usize = 400;

/// Maximum indentation that is counted.
const MAX_INDENT: usize = 20;

/// The lines of a document with their features.
pub struct Survey {
    units: Vec<SurveyUnit>,
    buckets: Vec<u32>,
    prose: Prose,
    page: PageKindEstimate,
    /// The first unit before the running text that is long enough to be the title.
    title: Option<usize>,
    /// Share of units that earlier findings remove.
    flagged_share: f32,
    /// From the first block of running text to the last.
    prose_range: Range<usize>,
}

/// A block that is not blank; most are one line.
#[derive(Debug, Default)]
struct SurveyUnit {
    content: Span,
    line: usize,
    shape: Shape,
    /// Blanks before the line, up to [`MAX_INDENT`].
    indent: usize,
    is_item: bool,
    is_heading: bool,
    is_quotation: bool,
    is_prose: bool,
    /// Whether it is a single line of text, short enough to be scored.
    is_candidate: bool,
    /// Whether it looks like code or markup, which is never reported.
    is_markup: bool,
    /// Whether an earlier finding removes it.
    is_flagged: bool,
    gap_before: bool,
    /// Whether it starts like several other lines, such as those of one speaker.
    is_spoken: bool,
    copies: f32,
    templates: f32,
    copy_rank: f32,
    first_word_copies: f32,
    known: f32,
    title_words: f32,
    words: Range<usize>,
    grams: Range<usize>,
    phrases: Range<usize>,
}

/// The other lines that the features of a line depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineContext {
    /// The lines between the running text above and below, including the line itself.
    pub run: Range<usize>,
    /// The heading of the line, or the first line of the run if there is none.
    pub heading: usize,
}

impl Survey {
    /// Surveys `document`, given earlier `findings`.
    pub fn new<'f>(
        document: &Document<'_>,
        findings: impl IntoIterator<Item = &'f Finding>,
    ) -> Self {
        Self::among(document, &flagged(document, findings))
    }

    /// Surveys `document`, given which blocks are flagged.
    pub(super) fn among(document: &Document<'_>, is_flagged: &[bool]) -> Self {
        let mut survey = Self {
            units: Vec::with_capacity(document.blocks().len()),
            buckets: Vec::new(),
            prose: Prose::among(document, is_flagged),
            page: *document.page_kind(),
            title: None,
            flagged_share: 0.0,
            prose_range: 0..0,
        };
        let mut gap = false;
        let mut words: Vec<Word> = Vec::new();
        for (index, block) in document.blocks().iter().enumerate() {
            if block.kind == BlockKind::Blank {
                gap = true;
                continue;
            }
            let mut unit = SurveyUnit {
                content: block.content,
                line: block.lines.start,
                indent: indent(document, block.lines.start),
                is_item: block.kind == BlockKind::ListItem,
                is_heading: matches!(block.kind, BlockKind::Heading(_)),
                is_quotation: block.kind == BlockKind::Quotation,
                is_prose: document.is_prose(index),
                is_candidate: block.kind.is_text()
                    && block.lines.len() == 1
                    && (1..=MAX_BYTES).contains(&block.content.len()),
                is_flagged: is_flagged[index],
                gap_before: std::mem::take(&mut gap),
                ..SurveyUnit::default()
            };
            if unit.is_candidate {
                let text = document.slice(block.content);
                let start = words.len();
                words::each(text, |word| words.push(word));
                unit.words = start..words.len();
                let words = &words[start..];
                unit.shape = Shape::new(text, words);
                unit.is_markup = text.starts_with(['<', '|']) || has_code(text);
                let start = survey.buckets.len();
                words::grams(text, |bucket| survey.buckets.push(bucket));
                unit.grams = start..survey.buckets.len();
                words::phrases(words, |bucket| survey.buckets.push(bucket));
                unit.phrases = unit.grams.end..survey.buckets.len();
            } else {
                unit.shape.words = (block.content.len() / 6) as f32;
                unit.shape.is_closed = 1.0;
            }
            survey.units.push(unit);
        }
        let first = survey.units.iter().position(|unit| unit.is_prose).unwrap_or(0);
        survey.prose_range =
            first..survey.units.iter().rposition(|unit| unit.is_prose).unwrap_or(0);
        let flagged = survey.units.iter().filter(|unit| unit.is_flagged).count();
        survey.flagged_share = flagged as f32 / survey.units.len().max(1) as f32;
        survey.find_title();
        survey.count(document, &words);
        survey
    }

    fn find_title(&mut self) {
        const TITLE_WORDS: f32 = 4.0;
        let may_be_title = |unit: &SurveyUnit| !unit.is_flagged && unit.shape.words >= TITLE_WORDS;
        self.title = self.units.iter().take(self.prose_range.start + 1).position(may_be_title);
    }

    /// Counts copies, and words that occur in the running text or the title.
    fn count(&mut self, document: &Document<'_>, words: &[Word]) {
        /// Minimum number of lines with the same start.
        const MIN_TURNS: u32 = 3;
        const MIN_TITLE_WORD: usize = 4;
        let mut copies: FxHashMap<&str, f32> = FxHashMap::default();
        let mut templates: FxHashMap<u64, f32> = FxHashMap::default();
        let mut first_words: FxHashMap<u64, f32> = FxHashMap::default();
        let mut speakers: FxHashMap<&str, u32> = FxHashMap::default();
        let mut counts = WordCounts::new();
        let mut template_hashes = vec![0; self.units.len()];
        for (unit, template) in self.units.iter_mut().zip(&mut template_hashes) {
            let text = document.slice(unit.content);
            if let Some(speaker) = speaker(text) {
                *speakers.entry(speaker).or_default() += 1;
            }
            if unit.is_candidate {
                *copies.entry(text).or_default() += 1.0;
                *template = template_hash(text);
                let rank = templates.entry(*template).or_default();
                unit.copy_rank = *rank;
                *rank += 1.0;
                if let Some(word) = words[unit.words.clone()].first() {
                    *first_words.entry(word.hash).or_default() += 1.0;
                }
            }
            if unit.is_prose && unit.is_candidate {
                counts.add(&words[unit.words.clone()]);
            } else if unit.is_prose {
                counts.add_text(text);
            }
        }
        let is_long = |word: &&Word| word.is_sign || word.end - word.start >= MIN_TITLE_WORD;
        let title_words =
            self.title.map(|title| self.units[title].words.clone()).unwrap_or_default();
        let title: FxHashSet<u64> =
            words[title_words].iter().filter(is_long).map(|word| word.hash).collect();
        for (index, unit) in self.units.iter_mut().enumerate().filter(|(_, unit)| unit.is_candidate)
        {
            let text = document.slice(unit.content);
            let own = &words[unit.words.clone()];
            unit.copies = copies.get(text).copied().unwrap_or(1.0);
            unit.templates = templates.get(&template_hashes[index]).copied().unwrap_or(1.0);
            let first_word = own.first().and_then(|word| first_words.get(&word.hash));
            unit.first_word_copies = first_word.copied().unwrap_or(0.0);
            unit.is_spoken =
                speaker(text).is_some_and(|speaker| speakers.get(speaker) >= Some(&MIN_TURNS));
            unit.known = counts.share(own, u8::from(unit.is_prose)).unwrap_or(-1.0);
            let (mut long, mut shared) = (0, 0);
            for word in own.iter().filter(is_long) {
                long += 1;
                shared += u32::from(title.contains(&word.hash));
            }
            let is_title = self.title == Some(index);
            unit.title_words =
                if long == 0 || is_title { -1.0 } else { shared as f32 / long as f32 };
        }
    }

    /// Returns the number of nonblank blocks.
    pub fn len(&self) -> usize {
        self.units.len()
    }

    /// Whether the document is blank.
    pub fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    /// Returns the index of a unit's line in the document.
    pub fn line(&self, unit: usize) -> usize {
        self.units[unit].line
    }

    /// Returns the span of a unit, without its marker.
    pub fn content(&self, unit: usize) -> Span {
        self.units[unit].content
    }

    /// Whether a unit is scored.
    pub fn is_candidate(&self, unit: usize) -> bool {
        self.units[unit].is_candidate
    }

    /// Whether a unit is a heading.
    pub fn is_heading(&self, unit: usize) -> bool {
        self.units[unit].is_heading
    }

    /// Whether a unit is running text.
    pub fn is_prose(&self, unit: usize) -> bool {
        self.units[unit].is_prose
    }

    /// Whether the model may report a unit: it is scored, no earlier finding removes it, it has
    /// words, and it is neither the title nor markup nor code.
    pub fn may_report(&self, unit: usize) -> bool {
        let one = &self.units[unit];
        let is_judged = one.is_candidate && !one.is_flagged && !one.words.is_empty();
        is_judged && !one.is_markup && self.title != Some(unit)
    }

    /// Whether an earlier finding removes a unit.
    pub fn is_flagged(&self, unit: usize) -> bool {
        self.units[unit].is_flagged
    }

    /// Returns the amount of running text.
    pub fn prose(&self) -> Prose {
        self.prose
    }

    /// Returns the buckets of a unit's grams and phrases; none if it is not scored.
    pub fn buckets(&self, unit: usize) -> [&[u32]; 2] {
        let unit = &self.units[unit];
        [&self.buckets[unit.grams.clone()], &self.buckets[unit.phrases.clone()]]
    }

    /// Returns the share of all words, pairs of words and so on for which `is_known` holds: small
    /// in a language that the model was not trained on.
    pub fn familiar(&self, is_known: impl Fn(u32) -> bool) -> f32 {
        let known = self.buckets.iter().filter(|bucket| is_known(**bucket)).count();
        known as f32 / self.buckets.len().max(1) as f32
    }

    /// Returns, for each unit, the lines that its features depend on.
    pub fn contexts(&self) -> Vec<LineContext> {
        let count = self.units.len();
        let is_body = |unit: &SurveyUnit| unit.is_prose && !unit.is_flagged;
        let mut contexts = Vec::with_capacity(count);
        let (mut start, mut heading) = (0, 0);
        for (index, unit) in self.units.iter().enumerate() {
            contexts
                .push(LineContext { run: start..count, heading: heading.max(start).min(index) });
            if unit.is_heading || unit.shape.ends_in_colon > 0.0 {
                heading = index;
            }
            if is_body(unit) {
                start = index + 1;
            }
        }
        let mut end = count;
        for (context, (index, unit)) in contexts.iter_mut().zip(self.units.iter().enumerate()).rev()
        {
            context.run.end = end;
            if is_body(unit) {
                end = index;
            }
        }
        contexts
    }

    /// Returns the log odds that a unit needs in addition to the threshold of the rule.
    ///
    /// The values were chosen out of fold on judged pages, and on texts of other kinds. Losing a
    /// sentence, the heading of a paragraph or an item of a list within the text costs more than
    /// keeping a line of noise. Lines near code are often code, and several lines that start with a
    /// name and a colon are often turns in a conversation. Service pages, documentation, listings
    /// and pages with little running text contain short lines as content; on service pages, the
    /// model was right in two of five lines beyond the named rules. If other rules remove a fifth
    /// of the lines, more of the rest is noise, except near the title.
    pub fn caution(&self, unit: usize) -> f32 {
        const SENTENCE: f32 = 0.6;
        const BETWEEN_PROSE: f32 = 0.5;
        const HEADS_PROSE: f32 = 0.35;
        const ITEM_IN_PROSE: f32 = 0.75;
        const NEAR_CODE: f32 = 2.0;
        const SPOKEN: f32 = 2.0;
        const SERVICE: f32 = 3.0;
        const DOCUMENTATION: f32 = 1.5;
        const LISTING: f32 = 0.5;
        const LITTLE_PROSE: f32 = 0.4;
        const NOISY_PAGE: f32 = -0.35;
        const MIN_NOISY_SHARE: f32 = 0.2;
        let one = &self.units[unit];
        let is_prose = |unit: Option<usize>| {
            unit.and_then(|unit| self.units.get(unit)).is_some_and(|unit| unit.is_prose)
        };
        let is_near_code = self.units[unit.saturating_sub(2)..(unit + 3).min(self.units.len())]
            .iter()
            .any(|near| near.is_markup);
        let is_noisy_page = self.flagged_share >= MIN_NOISY_SHARE && !self.may_be_title(unit);
        let cautions = [
            (one.is_prose, SENTENCE),
            (is_prose(unit.checked_sub(1)) && is_prose(Some(unit + 1)), BETWEEN_PROSE),
            (is_prose(Some(unit + 1)) && one.shape.is_closed == 0.0, HEADS_PROSE),
            (one.is_item && self.prose_range.contains(&unit), ITEM_IN_PROSE),
            (is_near_code, NEAR_CODE),
            (one.is_spoken, SPOKEN),
            (self.prose.is_little(), LITTLE_PROSE),
            (is_noisy_page, NOISY_PAGE),
        ];
        let of_line: f32 =
            cautions.into_iter().filter(|(applies, _)| *applies).map(|(_, caution)| caution).sum();
        of_line
            + SERVICE * self.page.probability(PageKind::Service)
            + DOCUMENTATION * self.page.probability(PageKind::Documentation)
            + LISTING * self.page.probability(PageKind::Listing)
    }

    /// Whether a unit is in the position of a title: among the first lines, or just before the
    /// first running text.
    fn may_be_title(&self, unit: usize) -> bool {
        const FIRST: usize = 5;
        const BEFORE: usize = 3;
        let prose = self.prose_range.start;
        unit < FIRST || (prose.saturating_sub(BEFORE)..=prose).contains(&unit)
    }

    /// Returns the words of a line with the highest weights, sorted by weight. Omits numbers and
    /// abbreviations in capitals, because no reader would recognise them as page furniture.
    pub(super) fn heavy_words(text: &str, weight: impl Fn(u32) -> f32) -> Vec<String> {
        const MIN_LETTERS: usize = 3;
        const MIN_WEIGHT: f32 = 0.5;
        let (mut grams, mut words) = (0_u32, 0_u32);
        words::grams(text, |_| grams += 1);
        words::each(text, |_| words += 1);
        let mut heavy: Vec<(f32, String)> = Vec::new();
        words::each(text, |word| {
            let text = &text[word.start..word.end];
            let is_word =
                text.chars().all(char::is_alphabetic) && text.chars().any(char::is_lowercase);
            let word_lower = text.to_lowercase();
            if is_word
                && text.chars().count() >= MIN_LETTERS
                && !heavy.iter().any(|(_, known)| *known == word_lower)
            {
                let mut sum = 0.0;
                words::grams(text, |bucket| sum += weight(bucket));
                heavy.push((
                    sum / (grams.max(1) as f32).sqrt()
                        + weight(words::word_bucket(&word)) / (words as f32).sqrt(),
                    word_lower,
                ));
            }
        });
        heavy.retain(|(weight, _)| *weight >= MIN_WEIGHT);
        heavy.sort_by(|left, right| right.0.total_cmp(&left.0));
        heavy.into_iter().map(|(_, word)| word).collect()
    }
}

/// Returns the indentation of a line of `document`, up to [`MAX_INDENT`].
fn indent(document: &Document<'_>, line: usize) -> usize {
    let text = document.lines().get(line).map_or("", |line| document.slice(*line));
    text.bytes().take(MAX_INDENT).take_while(u8::is_ascii_whitespace).count()
}

/// Whether `text` contains a character that is typical of code and not of prose.
fn has_code(text: &str) -> bool {
    // Check all bytes without early exit, so that the loop is vectorised.
    text.bytes().fold(false, |has, byte| has | matches!(byte, b'`' | b'{' | b'}' | b'\\' | b'='))
}

/// Returns the text before a colon near the start of a line.
fn speaker(text: &str) -> Option<&str> {
    const MAX_SPEAKER_BYTES: usize = 24;
    let end = text.bytes().take(MAX_SPEAKER_BYTES).position(|byte| byte == b':')?;
    text.get(..end).filter(|_| text.get(end + 1..).is_some_and(|rest| rest.starts_with(' ')))
}
