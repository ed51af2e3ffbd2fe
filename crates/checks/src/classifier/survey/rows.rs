//! The features of each line, computed from the survey of its document.

use std::ops::Range;

use super::{LineContext, Survey, SurveyUnit};
use crate::classifier::features::{FEATURES, Feature, Nearby, REACH, Row, STEPS, nearby};

/// Computes the features of a page's lines one at a time, because a row takes half a kilobyte and a
/// file may have millions of lines.
pub struct LineRows<'s> {
    survey: &'s Survey,
    word_scores: Vec<f32>,
    contexts: Vec<LineContext>,
    page: Row,
    sums: Sums,
}

impl<'s> LineRows<'s> {
    /// Prepares the features that all lines share, given the word score of each unit and the share
    /// of familiar words.
    pub fn new(survey: &'s Survey, word_scores: Vec<f32>, familiar: f32) -> Self {
        let mut page = survey.page_row();
        page[Feature::Familiar as usize] = familiar;
        let sums = Sums::new(&survey.units, &word_scores);
        Self { survey, contexts: survey.contexts(), page, sums, word_scores }
    }

    /// Returns the features of a unit that is a candidate; `None` for others.
    pub fn row(&self, unit: usize) -> Option<Row> {
        let (context, word_score) = (self.contexts.get(unit)?, self.word_scores.get(unit)?);
        if !self.survey.is_candidate(unit) {
            return None;
        }
        let mut row = self.page;
        self.survey.describe(unit, &mut row);
        self.survey.place(unit, context, &self.sums, &mut row);
        self.survey.describe_run(unit, context, &self.sums, &mut row);
        self.survey.describe_neighbours(unit, &self.word_scores, &mut row);
        row[Feature::WordScore as usize] = *word_score;
        row[Feature::HeadingWordScore as usize] =
            self.word_scores.get(context.heading).copied().unwrap_or(0.0);
        Some(row)
    }
}

impl Survey {
    /// The features that all lines of the page share.
    fn page_row(&self) -> Row {
        let mut row = [0.0; FEATURES];
        let count = self.units.len().max(1) as f32;
        let share =
            |is: &dyn Fn(&&SurveyUnit) -> bool| self.units.iter().filter(is).count() as f32 / count;
        let mut set = |feature: Feature, value: f32| row[feature as usize] = value;
        set(Feature::PageLines, self.units.len() as f32);
        set(Feature::PageProse, self.prose.share);
        set(Feature::PageShort, share(&|unit| unit.is_candidate && !unit.is_prose));
        set(Feature::PageItems, share(&|unit| unit.is_item));
        set(Feature::PageTemplates, share(&|unit| unit.templates > 1.0));
        set(Feature::FlaggedShare, share(&|unit| unit.is_flagged));
        let kinds = [
            Feature::Article,
            Feature::Documentation,
            Feature::Forum,
            Feature::Product,
            Feature::Service,
            Feature::Listing,
            Feature::Collection,
        ];
        kinds
            .into_iter()
            .zip(self.page.probabilities())
            .for_each(|(kind, probability)| set(kind, *probability));
        row
    }

    fn describe(&self, index: usize, row: &mut Row) {
        let unit = &self.units[index];
        let shape = &unit.shape;
        let mut set = |feature: Feature, value: f32| row[feature as usize] = value;
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
        set(Feature::BeginsWithSign, shape.begins_with_sign);
        set(Feature::StopWords, shape.stop_words);
        set(Feature::Commas, shape.commas);
        set(Feature::Separators, shape.separators);
        set(Feature::Links, shape.links);
        set(Feature::Years, shape.years);
        set(Feature::Clock, shape.clock);
        set(Feature::Quotes, shape.quotes);
        set(Feature::Stops, shape.stops);
        set(Feature::Question, shape.question);
        set(Feature::Exclamation, shape.exclamation);
        set(Feature::Price, shape.price);
        set(Feature::Brackets, shape.brackets);
        set(Feature::Emphasis, shape.emphasis);
        set(Feature::ItemMark, number(unit.is_item));
        set(Feature::HeadingMark, number(unit.is_heading));
        set(Feature::QuotationMark, number(unit.is_quotation));
        set(Feature::ProseLine, number(unit.is_prose));
        set(Feature::Indent, unit.indent as f32);
        set(Feature::Copies, unit.copies);
        set(Feature::Templates, unit.templates);
        set(Feature::FirstWordCopies, unit.first_word_copies);
        set(Feature::CopyRank, unit.copy_rank);
        set(Feature::KnownWords, unit.known);
        set(Feature::TitleWords, unit.title_words);
        set(Feature::GapBefore, number(unit.gap_before));
        set(
            Feature::GapAfter,
            number(self.units.get(index + 1).is_some_and(|next| next.gap_before)),
        );
    }

    fn place(&self, index: usize, context: &LineContext, sums: &Sums, row: &mut Row) {
        const FAR: f32 = 99.0;
        let count = self.units.len();
        let LineContext { run, heading } = context;
        let mut set = |feature: Feature, value: f32| row[feature as usize] = value.min(FAR);
        set(Feature::FromStart, index as f32);
        set(Feature::FromEnd, (count - 1 - index) as f32);
        set(Feature::Place, index as f32 / count as f32);
        set(Feature::SinceProse, if run.start == 0 { FAR } else { (index + 1 - run.start) as f32 });
        set(Feature::UntilProse, if run.end == count { FAR } else { (run.end - index) as f32 });
        set(Feature::SinceHeading, (index - heading) as f32);
        set(Feature::ProseBefore, over(&sums.prose, 0..index));
        set(Feature::ProseAfter, over(&sums.prose, index + 1..count));
        let near = index.saturating_sub(REACH)..(index + REACH + 1).min(count);
        let before = over(&sums.flagged, near.start..index);
        let after = over(&sums.flagged, index + 1..near.end);
        set(Feature::FlaggedBefore, number(index > 0 && self.units[index - 1].is_flagged));
        set(
            Feature::FlaggedAfter,
            number(self.units.get(index + 1).is_some_and(|unit| unit.is_flagged)),
        );
        set(Feature::FlaggedNear, before + after);
        set(Feature::FlaggedBoth, number(before > 0.0 && after > 0.0));
        set(Feature::FlaggedTail, over(&sums.flagged, index + 1..count) / (count - index) as f32);
        set(Feature::NearWordScore, over(&sums.scores, near.clone()) / near.len() as f32);
        let shape = &self.units[index].shape;
        let alike = self.units[near.clone()].iter().filter(|other| {
            let other = &other.shape;
            (other.words - shape.words).abs() <= 1.0 + shape.words / 4.0
                && other.is_closed == shape.is_closed
        });
        set(Feature::AlikeAround, alike.count() as f32 / near.len() as f32);
    }

    fn describe_run(&self, index: usize, context: &LineContext, sums: &Sums, row: &mut Row) {
        const FAR: f32 = 99.0;
        let run = context.run.start.min(index)..context.run.end.max(index + 1);
        let mean = |sums_of: &[f64]| over(sums_of, run.clone()) / run.len() as f32;
        let mut set = |feature: Feature, value: f32| row[feature as usize] = value;
        set(Feature::RunLines, (run.len() as f32).min(FAR));
        set(Feature::RunWords, mean(&sums.words));
        set(Feature::RunClosed, mean(&sums.closed));
        set(Feature::RunItems, mean(&sums.items));
        set(Feature::RunFlagged, mean(&sums.flagged));
        set(Feature::RunTemplates, mean(&sums.templates));
        set(Feature::RunDigits, mean(&sums.digits));
        set(Feature::RunWordScore, mean(&sums.scores));
    }

    fn describe_neighbours(&self, index: usize, word_scores: &[f32], row: &mut Row) {
        for (step, distance) in STEPS.iter().enumerate() {
            let other =
                index.checked_add_signed(*distance).filter(|other| *other < self.units.len());
            let mut set = |feature: Nearby, value: f32| row[nearby(step, feature)] = value;
            let Some((other, unit)) = other.map(|other| (other, &self.units[other])) else {
                set(Nearby::Words, -1.0);
                set(Nearby::Closed, -1.0);
                continue;
            };
            set(Nearby::Words, unit.shape.words);
            set(Nearby::Closed, unit.shape.is_closed);
            set(Nearby::Item, number(unit.is_item));
            set(Nearby::Heading, number(unit.is_heading));
            set(Nearby::Prose, number(unit.is_prose));
            set(Nearby::Capitalised, unit.shape.capitalised);
            set(Nearby::Digits, unit.shape.has_digit);
            set(Nearby::Flagged, number(unit.is_flagged));
            set(Nearby::Templates, unit.templates);
            set(Nearby::Score, word_scores.get(other).copied().unwrap_or(0.0));
        }
    }
}

/// Prefix sums over the lines of a page, so that the mean of any run takes two lookups.
struct Sums {
    words: Vec<f64>,
    closed: Vec<f64>,
    items: Vec<f64>,
    flagged: Vec<f64>,
    templates: Vec<f64>,
    digits: Vec<f64>,
    prose: Vec<f64>,
    scores: Vec<f64>,
}

impl Sums {
    fn new(units: &[SurveyUnit], word_scores: &[f32]) -> Self {
        let add = |value: &dyn Fn(usize, &SurveyUnit) -> f32| {
            let mut sum = 0.0;
            let mut sums = Vec::with_capacity(units.len() + 1);
            sums.push(sum);
            for (index, unit) in units.iter().enumerate() {
                sum += f64::from(value(index, unit));
                sums.push(sum);
            }
            sums
        };
        Self {
            words: add(&|_, unit| unit.shape.words),
            closed: add(&|_, unit| unit.shape.is_closed),
            items: add(&|_, unit| number(unit.is_item)),
            flagged: add(&|_, unit| number(unit.is_flagged)),
            templates: add(&|_, unit| number(unit.templates > 1.0)),
            digits: add(&|_, unit| unit.shape.has_digit),
            prose: add(&|_, unit| number(unit.is_prose && !unit.is_flagged)),
            scores: add(&|index, _| word_scores.get(index).copied().unwrap_or(0.0)),
        }
    }
}

/// Returns the sum over a range of lines.
#[allow(clippy::cast_possible_truncation, reason = "a sum over a page fits")]
fn over(sums: &[f64], range: Range<usize>) -> f32 {
    let at = |index: usize| sums.get(index).copied().unwrap_or(0.0);
    (at(range.end) - at(range.start)) as f32
}

fn number(is: bool) -> f32 {
    f32::from(u8::from(is))
}
