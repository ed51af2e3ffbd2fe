//! A document as the model sees it: its short lines, what they look like and what stands around
//! them.

use rustc_hash::FxHashMap;

use super::feature::{FEATURES, Feature, Row};
use super::page::page_caution;
use super::prose::{Prose, flagged};
use super::shape::Shape;
use super::words::{self, Counts, Role, Word};
use crate::finding::Finding;
use crate::text::{BlockKind, Document, Span};

/// Most bytes of a line that the model looks at; what is longer is seldom noise, and costs most.
const LONGEST: usize = 200;

/// A document's lines as the model sees them.
pub struct Survey {
    units: Vec<Unit>,
    buckets: Vec<u32>,
    prose: Prose,
    /// Log odds that each line of the page needs beyond those of lines of other pages.
    page_caution: f32,
    /// Units that earlier findings remove, of all.
    flagged_share: f32,
    /// The first unit that is long enough to be the document's title, if it comes before the first
    /// prose.
    title: Option<usize>,
    /// From the first block of prose to the last.
    prose_range: std::ops::Range<usize>,
    /// Items of lists.
    items: usize,
}

/// A block that is not blank; most are one line.
#[derive(Debug, Default)]
struct Unit {
    content: Span,
    line: usize,
    shape: Shape,
    is_item: bool,
    is_heading: bool,
    is_prose: bool,
    /// Short enough to be looked at, and text.
    is_candidate: bool,
    /// Looks like code or markup, of which the model has seen too little.
    is_markup: bool,
    /// An earlier finding removes it.
    is_flagged: bool,
    gap_before: bool,
    /// Begins as several lines do, such as those of one speaker.
    is_spoken: bool,
    copies: f32,
    known: f32,
    words: std::ops::Range<usize>,
    buckets: std::ops::Range<usize>,
}

impl Survey {
    /// Surveys `document`, of which `findings` are known.
    pub fn new<'f>(
        document: &Document<'_>,
        findings: impl IntoIterator<Item = &'f Finding>,
    ) -> Self {
        Self::among(document, &flagged(document, findings))
    }

    /// Surveys `document`, of which some blocks are flagged.
    pub(super) fn among(document: &Document<'_>, is_flagged: &[bool]) -> Self {
        let (units, buckets) = (Vec::with_capacity(document.blocks().len()), Vec::new());
        let prose = Prose::among(document, is_flagged);
        let mut survey = Self {
            units,
            buckets,
            prose,
            page_caution: page_caution(document.page_kind()),
            flagged_share: 0.0,
            title: None,
            prose_range: 0..0,
            items: 0,
        };
        let mut gap = false;
        let mut words: Vec<Word> = Vec::new();
        for (index, block) in document.blocks().iter().enumerate() {
            if block.kind == BlockKind::Blank {
                gap = true;
                continue;
            }
            let mut unit = Unit {
                content: block.content,
                line: block.lines.start,
                is_item: block.kind == BlockKind::ListItem,
                is_heading: matches!(block.kind, BlockKind::Heading(_)),
                is_prose: document.is_prose(index),
                is_candidate: block.kind.is_text()
                    && block.lines.len() == 1
                    && (1..=LONGEST).contains(&block.content.len()),
                is_flagged: is_flagged[index],
                gap_before: std::mem::take(&mut gap),
                ..Unit::default()
            };
            if unit.is_candidate {
                let text = document.slice(block.content);
                let start = words.len();
                words::each(text, |word| words.push(word));
                unit.words = start..words.len();
                let words = &words[start..];
                unit.shape = Shape::of(text, words);
                unit.is_markup = text.starts_with(['<', '[', '|']) || has_code(text);
                let start = survey.buckets.len();
                words::buckets(words, |bucket, _, _| survey.buckets.push(bucket));
                unit.buckets = start..survey.buckets.len();
            } else {
                unit.shape.words = (block.content.len() / 6) as f32;
                unit.shape.is_closed = 1.0;
            }
            survey.units.push(unit);
        }
        survey.count(document, &words);
        survey.weigh();
        survey
    }

    /// Counts copies, and words that stand in the prose.
    fn count(&mut self, document: &Document<'_>, words: &[Word]) {
        /// Fewest lines that begin the same way.
        const TURNS: u32 = 3;
        let mut copies: FxHashMap<&str, f32> = FxHashMap::default();
        let mut speakers: FxHashMap<&str, u32> = FxHashMap::default();
        let mut counts = Counts::new();
        for unit in &self.units {
            let text = document.slice(unit.content);
            if let Some(speaker) = speaker(text) {
                *speakers.entry(speaker).or_default() += 1;
            }
            if unit.is_candidate {
                *copies.entry(text).or_default() += 1.0;
            }
            if unit.is_prose && unit.is_candidate {
                counts.add(&words[unit.words.clone()]);
            } else if unit.is_prose {
                counts.add_text(text);
            }
        }
        let first = self.units.iter().position(|unit| unit.is_prose).unwrap_or(0);
        self.prose_range = first..self.units.iter().rposition(|unit| unit.is_prose).unwrap_or(0);
        self.items = self.units.iter().filter(|unit| unit.is_item).count();
        for unit in self.units.iter_mut().filter(|unit| unit.is_candidate) {
            let text = document.slice(unit.content);
            unit.copies = copies.get(text).copied().unwrap_or(1.0);
            unit.is_spoken =
                speaker(text).is_some_and(|speaker| speakers.get(speaker) >= Some(&TURNS));
            unit.known =
                counts.share(&words[unit.words.clone()], u8::from(unit.is_prose)).unwrap_or(-1.0);
        }
    }

    /// Looks for the title, and sums up what earlier findings remove.
    fn weigh(&mut self) {
        const TITLE_WORDS: f32 = 4.0;
        let may_be_title = |unit: &Unit| !unit.is_flagged && unit.shape.words >= TITLE_WORDS;
        self.title = self.units.iter().take(self.prose_range.start + 1).position(may_be_title);
        let flagged = self.units.iter().filter(|unit| unit.is_flagged).count();
        self.flagged_share = flagged as f32 / self.units.len().max(1) as f32;
    }

    /// The number of blocks that are not blank.
    pub fn len(&self) -> usize {
        self.units.len()
    }

    /// Whether the document is blank.
    pub fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    /// The index of a unit's line in the document's lines.
    pub fn line(&self, unit: usize) -> usize {
        self.units[unit].line
    }

    /// The bytes of a unit, without marker.
    pub fn content(&self, unit: usize) -> Span {
        self.units[unit].content
    }

    /// Whether the model looks at a unit.
    pub fn is_candidate(&self, unit: usize) -> bool {
        self.units[unit].is_candidate
    }

    /// Whether the model's word on a unit counts: it looks at it, no earlier finding removes it,
    /// and it is no title, heading, markup or code, which the model is not made for.
    pub fn may_report(&self, unit: usize) -> bool {
        let one = &self.units[unit];
        let is_title = self.title == Some(unit);
        one.is_candidate && !one.is_flagged && !one.is_heading && !one.is_markup && !is_title
    }

    /// Whether a unit stands where titles do: among the first lines, or just before the first
    /// running text.
    fn may_be_title(&self, unit: usize) -> bool {
        const FIRST: usize = 5;
        const BEFORE: usize = 3;
        let prose = self.prose_range.start;
        unit < FIRST || (prose.saturating_sub(BEFORE)..=prose).contains(&unit)
    }

    /// Log odds that a unit needs beyond those of other lines. To lose a sentence, or the heading
    /// of one, costs more than to keep a line of noise; documents of many lists have short
    /// lines of their own, and so have interviews; what stands by code is often code. Where
    /// rules take a fifth of the lines, more of the others are noise, but for titles.
    pub fn caution(&self, unit: usize) -> f32 {
        const SENTENCE: f32 = 1.4;
        const LONE: f32 = 1.4;
        const AMID_LISTS: f32 = 1.5;
        const OF_LIST: f32 = 0.8;
        const BY_CODE: f32 = 2.0;
        const SPOKEN: f32 = 2.0;
        const MANY_ITEMS: usize = 12;
        const AMID_NOISE: f32 = 1.5;
        const MUCH_NOISE: f32 = 0.2;
        let is_prose = |unit: Option<usize>| {
            unit.and_then(|unit| self.units.get(unit)).is_some_and(|unit| unit.is_prose)
        };
        let is_lone = is_prose(unit.checked_sub(1)) && is_prose(Some(unit + 1));
        let around = &self.units[unit.saturating_sub(2)..(unit + 3).min(self.units.len())];
        let mut caution = self.page_caution;
        caution += if is_lone {
            LONE
        } else if is_prose(Some(unit)) {
            SENTENCE
        } else {
            0.0
        };
        if self.items >= MANY_ITEMS && self.prose_range.contains(&unit) {
            caution += AMID_LISTS;
        } else if self.items >= MANY_ITEMS && self.units[unit].is_item {
            caution += OF_LIST;
        }
        if around.iter().any(|unit| unit.is_markup) {
            caution += BY_CODE;
        }
        if self.units[unit].is_spoken {
            caution += SPOKEN;
        }
        if self.flagged_share >= MUCH_NOISE && !self.may_be_title(unit) {
            caution -= AMID_NOISE;
        }
        caution
    }

    /// Brings the scores of a list's items together: a list is noise or not, seldom some of its
    /// items.
    pub fn even_out(&self, scores: &mut [f32]) {
        const FEWEST: usize = 3;
        let mut start = 0;
        for run in self.units.chunk_by(|one, next| one.is_item && next.is_item) {
            let range = start..start + run.len();
            start = range.end;
            if let Some(scores) = scores.get_mut(range).filter(|scores| scores.len() >= FEWEST) {
                let mean = scores.iter().sum::<f32>() / scores.len() as f32;
                scores.iter_mut().for_each(|score| *score = score.min((*score + mean) / 2.0));
            }
        }
    }

    /// Whether an earlier finding removes a unit.
    pub fn is_flagged(&self, unit: usize) -> bool {
        self.units[unit].is_flagged
    }

    /// How much of the document is running text.
    pub fn prose(&self) -> Prose {
        self.prose
    }

    /// The buckets of a unit's words; none for what the model does not look at.
    pub fn buckets(&self, unit: usize) -> &[u32] {
        &self.buckets[self.units[unit].buckets.clone()]
    }

    /// The share of all words, pairs of words and so on that `is_known`: small in a language that
    /// the model did not learn.
    pub fn familiar(&self, is_known: impl Fn(u32) -> bool) -> f32 {
        let known = self.buckets.iter().filter(|bucket| is_known(**bucket)).count();
        known as f32 / self.buckets.len().max(1) as f32
    }

    /// What the first pass knows of each unit, given what the words of each say and how many of
    /// them are familiar; `None` for what it does not look at.
    pub fn features(&self, word_scores: &[f32], familiar: f32) -> Vec<Option<Row>> {
        const NEAR: usize = 3;
        let count = self.units.len();
        let around = |index: usize| index.saturating_sub(NEAR)..(index + NEAR + 1).min(count);
        let mut flagged = 0_u32;
        let mut short = 0_u32;
        let mut prose_before = Vec::with_capacity(count + 1);
        let mut last_prose = Vec::with_capacity(count);
        let (mut prose, mut last) = (0_u32, None);
        for (index, unit) in self.units.iter().enumerate() {
            flagged += u32::from(unit.is_flagged);
            short += u32::from(unit.is_candidate && !unit.is_prose);
            prose_before.push(prose);
            last_prose.push(last);
            if unit.is_prose && !unit.is_flagged {
                prose += 1;
                last = Some(index);
            }
        }
        let mut next_prose = vec![None; count];
        let mut next = None;
        let (mut flagged_after, mut flagged_behind) = (vec![0_u32; count], 0);
        for (index, unit) in self.units.iter().enumerate().rev() {
            next_prose[index] = next;
            flagged_after[index] = flagged_behind;
            flagged_behind += u32::from(unit.is_flagged);
            if unit.is_prose && !unit.is_flagged {
                next = Some(index);
            }
        }
        let share = |part: u32| part as f32 / count.max(1) as f32;
        let is = |is: bool| f32::from(u8::from(is));
        let mut rows = Vec::with_capacity(count);
        for (index, unit) in self.units.iter().enumerate() {
            if !unit.is_candidate {
                rows.push(None);
                continue;
            }
            const FAR: f32 = 99.0;
            let mut row = [0.0; FEATURES];
            let mut set = |feature: Feature, value: f32| row[feature as usize] = value;
            let shape = &unit.shape;
            let neighbour = |step: isize| {
                index.checked_add_signed(step).and_then(|index| self.units.get(index))
            };
            let words = |step: isize| neighbour(step).map_or(-1.0, |unit| unit.shape.words);
            let closed = |step: isize| neighbour(step).map_or(-1.0, |unit| unit.shape.is_closed);
            let is_flagged = |step: isize| neighbour(step).is_some_and(|unit| unit.is_flagged);
            let score = |step: isize| {
                index
                    .checked_add_signed(step)
                    .and_then(|index| word_scores.get(index))
                    .copied()
                    .unwrap_or(0.0)
            };
            let scores = around(index).map(|other| word_scores.get(other).copied().unwrap_or(0.0));
            let near = around(index).len() as f32;
            let flagged_near = around(index)
                .filter(|&other| other != index && self.units[other].is_flagged)
                .count();
            let alike = around(index).filter(|&other| {
                let other = &self.units[other].shape;
                (other.words - shape.words).abs() <= 1.0 + shape.words / 4.0
                    && other.is_closed == shape.is_closed
            });
            let (since, until) = (last_prose[index], next_prose[index]);
            let since_prose = since.map_or(FAR, |prose| (index - prose) as f32);
            let until_prose = until.map_or(FAR, |prose| (prose - index) as f32);
            let run_start = since.map_or(0, |prose| prose + 1);
            let run = until.unwrap_or(count) - run_start;
            let is_noise = |at: usize| self.units.get(at).is_some_and(|unit| unit.is_flagged);
            let before = (1..=NEAR).any(|step| index.checked_sub(step).is_some_and(is_noise));
            let after = (1..=NEAR).any(|step| is_noise(index + step));

            set(Feature::Words, shape.words);
            set(Feature::Characters, shape.characters);
            set(Feature::WordLength, shape.word_length);
            set(Feature::Capitalised, shape.capitalised);
            set(Feature::Capitals, shape.capitals);
            set(Feature::Digits, shape.digits);
            set(Feature::Signs, shape.signs);
            set(Feature::Closed, shape.is_closed);
            set(Feature::EndsInColon, shape.ends_in_colon);
            set(Feature::EndsInDots, shape.ends_in_dots);
            set(Feature::BeginsSmall, shape.begins_small);
            set(Feature::BeginsWithDigit, shape.begins_with_digit);
            set(Feature::StopWords, shape.stop_words);
            set(Feature::Commas, shape.commas);
            set(Feature::Separators, shape.separators);
            set(Feature::Links, shape.links);
            set(Feature::Years, shape.years);
            set(Feature::Clock, shape.clock);
            set(Feature::Quotes, shape.quotes);
            set(Feature::Stops, shape.stops);
            set(Feature::Item, is(unit.is_item));
            set(Feature::Heading, is(unit.is_heading));
            set(Feature::Copies, unit.copies);
            set(Feature::KnownWords, unit.known);
            set(Feature::FromStart, (index as f32).min(FAR));
            set(Feature::FromEnd, ((count - 1 - index) as f32).min(FAR));
            set(Feature::Place, index as f32 / count as f32);
            set(Feature::SinceProse, since_prose.min(FAR));
            set(Feature::UntilProse, until_prose.min(FAR));
            set(Feature::ProseBefore, (prose_before[index] as f32).min(FAR));
            let prose_after =
                prose - prose_before[index] - u32::from(unit.is_prose && !unit.is_flagged);
            set(Feature::ProseAfter, (prose_after as f32).min(FAR));
            set(Feature::ProseShare, self.prose.share);
            set(Feature::Lines, count as f32);
            set(Feature::ShortShare, share(short));
            set(Feature::WordsBefore, words(-1));
            set(Feature::WordsAfter, words(1));
            set(Feature::WordsTwoBefore, words(-2));
            set(Feature::WordsTwoAfter, words(2));
            set(Feature::ClosedBefore, closed(-1));
            set(Feature::ClosedAfter, closed(1));
            set(Feature::Run, (run as f32).min(FAR));
            set(Feature::GapBefore, is(unit.gap_before));
            set(Feature::GapAfter, is(neighbour(1).is_some_and(|next| next.gap_before)));
            set(Feature::AlikeAround, alike.count() as f32 / near);
            set(Feature::FlaggedBefore, is(is_flagged(-1)));
            set(Feature::FlaggedAfter, is(is_flagged(1)));
            set(Feature::FlaggedNear, flagged_near as f32);
            set(Feature::FlaggedBoth, is(before && after));
            set(Feature::FlaggedShare, share(flagged));
            let tail = (count - index) as f32;
            set(Feature::FlaggedTail, flagged_after[index] as f32 / tail);
            set(Feature::WordScore, score(0));
            set(Feature::WordScoreBefore, score(-1));
            set(Feature::WordScoreAfter, score(1));
            set(Feature::WordScoreNear, scores.sum::<f32>() / near);
            set(Feature::Familiar, familiar);
            rows.push(Some(row));
        }
        rows
    }

    /// Adds to `rows` what the second pass knows: how the first judged the neighbours.
    pub fn add_scores(&self, rows: &mut [Option<Row>], scores: &[f32]) {
        const NEAR: usize = 3;
        /// The score of what is not looked at, or is not there.
        const CONTENT: f32 = -6.0;
        let at = |index: Option<usize>| {
            index.and_then(|index| scores.get(index)).copied().unwrap_or(CONTENT)
        };
        for (index, row) in rows.iter_mut().enumerate() {
            let Some(row) = row else { continue };
            let around = index.saturating_sub(NEAR)..(index + NEAR + 1).min(scores.len());
            let others =
                || around.clone().filter(|&other| other != index).map(|other| scores[other]);
            let count = others().count().max(1) as f32;
            row[Feature::ScoreBefore as usize] = at(index.checked_sub(1));
            row[Feature::ScoreAfter as usize] = at(Some(index + 1));
            row[Feature::ScoreNear as usize] = others().sum::<f32>() / count;
            row[Feature::ScoreBest as usize] = others().fold(CONTENT, f32::max);
        }
    }

    /// The words of a unit that weigh most, given the weight of each bucket: the heaviest first.
    /// Numbers and abbreviations in capitals, such as stock tickers, are left out: no reader
    /// would recognise them as words of page furniture.
    pub(super) fn heavy_words(&self, text: &str, weight: impl Fn(u32) -> f32) -> Vec<String> {
        let mut words = Vec::new();
        words::each(text, |word| words.push(word));
        let mut heavy: Vec<(f32, String)> = Vec::new();
        words::buckets(&words, |bucket, role, words| {
            if let (Role::Word | Role::Pair, [first, .., last] | [first @ last]) = (role, words) {
                let words = &text[first.start..last.end];
                if names_something(words) {
                    heavy.push((weight(bucket), words.to_lowercase()));
                }
            }
        });
        heavy.retain(|(weight, _)| *weight > 0.0);
        heavy.sort_by(|left, right| right.0.total_cmp(&left.0));
        heavy.into_iter().map(|(_, word)| word).collect()
    }
}

/// Whether words of letters stand there, and no abbreviation in capitals.
fn names_something(words: &str) -> bool {
    const MIN_BYTES: usize = 3;
    let mut parts =
        words.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty());
    parts.all(|word| {
        word.len() >= MIN_BYTES
            && word.chars().all(char::is_alphabetic)
            && !word.chars().all(char::is_uppercase)
    })
}

/// Whether `text` holds a sign that code has and prose has not.
fn has_code(text: &str) -> bool {
    // All bytes are looked at, many at a time.
    text.bytes().fold(false, |has, byte| has | matches!(byte, b'`' | b'{' | b'}' | b'\\' | b'='))
}

/// What stands before a colon near the beginning of a line.
fn speaker(text: &str) -> Option<&str> {
    const LONGEST: usize = 24;
    let end = text.bytes().take(LONGEST).position(|byte| byte == b':')?;
    text.get(..end).filter(|_| text.get(end + 1..).is_some_and(|rest| rest.starts_with(' ')))
}
