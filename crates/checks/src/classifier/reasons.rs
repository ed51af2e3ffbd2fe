//! Explains why the model flags a line.

use super::features::{FEATURES, Feature, FeatureSubject, Nearby, Row};

/// Returns phrases for the features that contributed most, largest first. Features of one aspect
/// are merged.
///
/// `words` are the words of the line, those with the highest weight first.
pub(super) fn reasons(row: &Row, weights: &[f32; FEATURES], words: &[String]) -> Vec<String> {
    const MAX_REASONS: usize = 3;
    let mut aspects: Vec<(Aspect, f32)> = Vec::new();
    for (index, &weight) in weights.iter().enumerate() {
        let aspect = Aspect::from(FeatureSubject::at(index));
        match aspects.iter_mut().find(|(known, _)| *known == aspect) {
            Some((_, sum)) => *sum += weight,
            None => aspects.push((aspect, weight)),
        }
    }
    aspects.sort_by(|left, right| right.1.total_cmp(&left.1));
    let said = aspects.into_iter().filter(|(_, weight)| *weight > 0.0);
    said.filter_map(|(aspect, _)| aspect.phrase(row, words)).take(MAX_REASONS).collect()
}

/// A group of features with one explanation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Aspect {
    Length,
    Letters,
    Signs,
    End,
    StopWords,
    Numbers,
    Copies,
    Known,
    Place,
    Page,
    Kind,
    Run,
    Mark,
    Flagged,
    Words,
    Neighbours,
}

impl From<FeatureSubject> for Aspect {
    fn from(subject: FeatureSubject) -> Self {
        match subject {
            FeatureSubject::Line(feature) => Self::from(feature),
            FeatureSubject::Neighbour(_, Nearby::Flagged) => Self::Flagged,
            FeatureSubject::Neighbour(_, Nearby::Score) => Self::Neighbours,
            FeatureSubject::Neighbour(..) => Self::Run,
        }
    }
}

impl From<Feature> for Aspect {
    fn from(feature: Feature) -> Self {
        use Feature as F;
        match feature {
            F::Words | F::Characters | F::WordLength | F::Stops | F::ProseLine => Self::Length,
            F::Capitalised | F::Capitals | F::BeginsSmall => Self::Letters,
            F::Signs
            | F::Commas
            | F::Separators
            | F::Links
            | F::Quotes
            | F::Brackets
            | F::Emphasis
            | F::BeginsWithSign => Self::Signs,
            F::Closed | F::EndsInColon | F::EndsInDots | F::Question | F::Exclamation => Self::End,
            F::StopWords => Self::StopWords,
            F::Digits | F::BeginsWithDigit | F::Years | F::Clock | F::Price => Self::Numbers,
            F::Copies | F::Templates | F::FirstWordCopies | F::CopyRank => Self::Copies,
            F::KnownWords | F::TitleWords => Self::Known,
            F::FromStart
            | F::FromEnd
            | F::Place
            | F::SinceProse
            | F::UntilProse
            | F::ProseBefore
            | F::ProseAfter
            | F::SinceHeading => Self::Place,
            F::PageLines | F::PageProse | F::PageShort | F::PageItems | F::PageTemplates => {
                Self::Page
            }
            F::Article
            | F::Documentation
            | F::Forum
            | F::Product
            | F::Service
            | F::Listing
            | F::Collection => Self::Kind,
            F::RunLines
            | F::RunWords
            | F::RunClosed
            | F::RunItems
            | F::RunTemplates
            | F::RunDigits
            | F::AlikeAround
            | F::GapBefore
            | F::GapAfter => Self::Run,
            F::ItemMark | F::HeadingMark | F::QuotationMark | F::Indent => Self::Mark,
            F::FlaggedBefore
            | F::FlaggedAfter
            | F::FlaggedNear
            | F::FlaggedBoth
            | F::FlaggedShare
            | F::FlaggedTail
            | F::RunFlagged => Self::Flagged,
            F::WordScore | F::Familiar => Self::Words,
            F::RunWordScore | F::NearWordScore | F::HeadingWordScore => Self::Neighbours,
        }
    }
}

impl Aspect {
    /// Returns the explanation; `None` if there is nothing to show.
    fn phrase(self, row: &Row, words: &[String]) -> Option<String> {
        /// Minimum share of known words for quoting any of them.
        const MIN_FAMILIAR: f32 = 0.5;
        const MAX_SHORT: f32 = 8.0;
        const MIN_RUN: f32 = 3.0;
        const MIN_INDENT: f32 = 4.0;
        let value = |feature: Feature| row[feature as usize];
        let is = |feature: Feature| value(feature) > 0.0;
        let is_prose = is(Feature::ProseLine);
        // Within an aspect, the first arm that applies wins.
        let phrase = match self {
            Self::Length if is_prose => return None,
            Self::Length => counted(value(Feature::Words), "word"),
            Self::Letters if value(Feature::Capitals) > 0.5 => "all capitals".into(),
            Self::Letters if value(Feature::Capitalised) > 0.6 && value(Feature::Words) > 1.0 => {
                "most words capitalised".into()
            }
            Self::Letters if is(Feature::BeginsSmall) => "starts with a lower-case letter".into(),
            Self::Letters => return None,
            Self::Signs if is(Feature::Separators) => "separators between its words".into(),
            Self::Signs if is(Feature::Links) => "remnant of a link".into(),
            Self::Signs if is(Feature::Brackets) => "brackets".into(),
            Self::Signs if is(Feature::BeginsWithSign) => "starts with a sign".into(),
            Self::Signs => return None,
            Self::End if is(Feature::EndsInDots) => "ends in dots".into(),
            Self::End if is(Feature::EndsInColon) => "ends in a colon".into(),
            Self::End if is(Feature::Question) => "a question".into(),
            Self::End if is(Feature::Exclamation) => "an exclamation".into(),
            Self::End if is(Feature::Closed) => return None,
            Self::End => "no full stop".into(),
            Self::StopWords if !is(Feature::StopWords) => "no stop words".into(),
            Self::StopWords if value(Feature::StopWords) < 0.3 => "few stop words".into(),
            Self::StopWords => return None,
            Self::Numbers if is(Feature::Price) => "a price".into(),
            Self::Numbers if is(Feature::Clock) => "a time of day".into(),
            Self::Numbers if is(Feature::Years) => "a year".into(),
            Self::Numbers if is(Feature::Digits) => "digits".into(),
            Self::Numbers => return None,
            Self::Copies if value(Feature::Copies) > 1.0 => {
                format!("appears {} times in the document", value(Feature::Copies))
            }
            Self::Copies if value(Feature::Templates) > 1.0 => {
                format!("appears {} times with other numbers", value(Feature::Templates))
            }
            Self::Copies => return None,
            Self::Known
                if value(Feature::KnownWords) < 0.0 || value(Feature::KnownWords) >= 0.5 =>
            {
                return None;
            }
            Self::Known => "few of its words appear in the body text".into(),
            Self::Place => place(row),
            Self::Page if value(Feature::PageShort) > 0.5 => {
                "the document has many short lines".into()
            }
            Self::Page | Self::Kind => return None,
            Self::Run
                if value(Feature::RunLines) >= MIN_RUN
                    && value(Feature::RunWords) <= MAX_SHORT
                    && !is_prose =>
            {
                format!("one of {} short lines in a row", value(Feature::RunLines))
            }
            Self::Run => return None,
            Self::Mark if is(Feature::HeadingMark) => "heading".into(),
            Self::Mark if is(Feature::ItemMark) => "list item".into(),
            Self::Mark if value(Feature::Indent) >= MIN_INDENT => "indented".into(),
            Self::Mark => return None,
            Self::Flagged if is(Feature::FlaggedBoth) => {
                "between lines flagged by other rules".into()
            }
            Self::Flagged if is(Feature::FlaggedBefore) || is(Feature::FlaggedAfter) => {
                "next to a line flagged by another rule".into()
            }
            Self::Flagged if is(Feature::FlaggedNear) => {
                "near a line flagged by another rule".into()
            }
            Self::Flagged if is(Feature::FlaggedShare) => {
                "other rules flag lines of the document".into()
            }
            Self::Flagged => return None,
            // In a language that the model was not trained on, words are only known by chance.
            Self::Words if value(Feature::Familiar) < MIN_FAMILIAR => return None,
            Self::Words => match words {
                [] => return None,
                [one] => format!("contains words typical of page furniture (“{one}”)"),
                [one, two, ..] => {
                    format!("contains words typical of page furniture (“{one}”, “{two}”)")
                }
            },
            Self::Neighbours => "the neighbouring lines read like page furniture".into(),
        };
        Some(phrase)
    }
}

fn place(row: &Row) -> String {
    const FAR: f32 = 99.0;
    let value = |feature: Feature| row[feature as usize];
    let (since, until) = (value(Feature::SinceProse), value(Feature::UntilProse));
    match (since < FAR, until < FAR) {
        (true, false) => format!("{} after the body text", counted(since, "line")),
        (false, true) => format!("{} before the body text", counted(until, "line")),
        _ if value(Feature::FromEnd) < 10.0 => {
            format!("{} from the end", counted(value(Feature::FromEnd) + 1.0, "line"))
        }
        _ => format!("{} from the start", counted(value(Feature::FromStart) + 1.0, "line")),
    }
}

fn counted(count: f32, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1.0 { "" } else { "s" })
}
