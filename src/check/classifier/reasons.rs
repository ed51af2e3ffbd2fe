//! Why the model flags a line, in words.

use super::feature::{FEATURES, Feature, Row};

/// The phrases for what weighed most, the heaviest first; features that say the same are one
/// reason.
///
/// `words` are the line's own words, those that weigh most first.
pub(super) fn reasons(row: &Row, weights: &[f32; FEATURES], words: &[String]) -> Vec<String> {
    const MOST: usize = 3;
    let mut aspects: Vec<(Aspect, f32)> = Vec::new();
    for (&feature, &weight) in Feature::ALL.iter().zip(weights) {
        let aspect = Aspect::of(feature);
        match aspects.iter_mut().find(|(known, _)| *known == aspect) {
            Some((_, sum)) => *sum += weight,
            None => aspects.push((aspect, weight)),
        }
    }
    aspects.sort_by(|left, right| right.1.total_cmp(&left.1));
    let said = aspects.into_iter().filter(|(_, weight)| *weight > 0.0);
    said.filter_map(|(aspect, _)| aspect.phrase(row, words)).take(MOST).collect()
}

/// What several features tell together.
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
    Company,
    Flagged,
    Words,
    Neighbours,
}

impl Aspect {
    fn of(feature: Feature) -> Self {
        match feature {
            Feature::Words | Feature::Characters | Feature::WordLength | Feature::Stops => {
                Self::Length
            }
            Feature::Capitalised | Feature::Capitals | Feature::BeginsSmall => Self::Letters,
            Feature::Signs
            | Feature::Commas
            | Feature::Separators
            | Feature::Links
            | Feature::Quotes => Self::Signs,
            Feature::Closed | Feature::EndsInColon | Feature::EndsInDots => Self::End,
            Feature::StopWords => Self::StopWords,
            Feature::Digits | Feature::BeginsWithDigit | Feature::Years | Feature::Clock => {
                Self::Numbers
            }
            Feature::Copies => Self::Copies,
            Feature::KnownWords => Self::Known,
            Feature::FromStart
            | Feature::FromEnd
            | Feature::Place
            | Feature::SinceProse
            | Feature::UntilProse
            | Feature::ProseBefore
            | Feature::ProseAfter => Self::Place,
            Feature::ProseShare | Feature::Lines | Feature::ShortShare | Feature::FlaggedShare => {
                Self::Page
            }
            Feature::Item
            | Feature::Heading
            | Feature::WordsBefore
            | Feature::WordsAfter
            | Feature::WordsTwoBefore
            | Feature::WordsTwoAfter
            | Feature::ClosedBefore
            | Feature::ClosedAfter
            | Feature::Run
            | Feature::GapBefore
            | Feature::GapAfter
            | Feature::AlikeAround => Self::Company,
            Feature::FlaggedBefore
            | Feature::FlaggedAfter
            | Feature::FlaggedNear
            | Feature::FlaggedBoth
            | Feature::FlaggedTail => Self::Flagged,
            Feature::WordScore | Feature::Familiar => Self::Words,
            Feature::WordScoreBefore
            | Feature::WordScoreAfter
            | Feature::WordScoreNear
            | Feature::ScoreBefore
            | Feature::ScoreAfter
            | Feature::ScoreNear
            | Feature::ScoreBest => Self::Neighbours,
        }
    }

    /// The aspect in words; `None` where it has nothing to show.
    fn phrase(self, row: &Row, words: &[String]) -> Option<String> {
        const FAMILIAR: f32 = 0.5;
        /// Most words of a line that its length and the short lines around it say something of.
        const MAX_SHORT: f32 = 11.0;
        let value = |feature: Feature| row[feature as usize];
        let is = |feature: Feature| value(feature) > 0.0;
        let phrase = match self {
            Self::Length if value(Feature::Words) > MAX_SHORT => return None,
            Self::Length => counted(value(Feature::Words), "word"),
            Self::Letters if value(Feature::Capitals) > 0.5 => "all capitals".into(),
            Self::Letters if value(Feature::Capitalised) > 0.6 => "most words capitalised".into(),
            Self::Letters if is(Feature::BeginsSmall) => "starts with a lower-case letter".into(),
            Self::Letters => return None,
            Self::Signs if is(Feature::Separators) => "separators between its words".into(),
            Self::Signs if is(Feature::Links) => "remnant of a link".into(),
            Self::Signs if is(Feature::Commas) => counted(value(Feature::Commas), "comma"),
            Self::Signs if is(Feature::Quotes) => "quotation marks".into(),
            Self::Signs => return None,
            Self::End if is(Feature::EndsInDots) => "ends in dots".into(),
            Self::End if is(Feature::EndsInColon) => "ends in a colon".into(),
            Self::End if is(Feature::Closed) => return None,
            Self::End => "no full stop".into(),
            Self::StopWords if !is(Feature::StopWords) => "no stop words".into(),
            Self::StopWords if value(Feature::StopWords) < 0.3 => "few stop words".into(),
            Self::StopWords => return None,
            Self::Numbers if is(Feature::Clock) => "a time of day".into(),
            Self::Numbers if is(Feature::Years) => "a year".into(),
            Self::Numbers if is(Feature::Digits) => "digits".into(),
            Self::Numbers => return None,
            Self::Copies if value(Feature::Copies) > 1.0 => {
                format!("appears {} times in the document", value(Feature::Copies))
            }
            Self::Copies => return None,
            Self::Known if value(Feature::KnownWords) < 0.0 => return None,
            Self::Known if value(Feature::KnownWords) < 0.5 => {
                "few of its words appear in the body text".into()
            }
            Self::Known => return None,
            Self::Place => place(row),
            Self::Page if value(Feature::ShortShare) > 0.5 => {
                "the document has many short lines".into()
            }
            Self::Page if is(Feature::FlaggedShare) => "the document has other noise".into(),
            Self::Page => return None,
            Self::Company if value(Feature::Run) >= 3.0 && value(Feature::Words) <= MAX_SHORT => {
                format!("one of {} short lines in a row", value(Feature::Run))
            }
            Self::Company if is(Feature::Item) => "list item".into(),
            Self::Company => return None,
            Self::Flagged if is(Feature::FlaggedBoth) => {
                "between lines flagged by other rules".into()
            }
            Self::Flagged if is(Feature::FlaggedBefore) || is(Feature::FlaggedAfter) => {
                "next to a line flagged by another rule".into()
            }
            Self::Flagged if is(Feature::FlaggedNear) => {
                "near a line flagged by another rule".into()
            }
            Self::Flagged => return None,
            // Words of a language that it did not learn look known by chance.
            Self::Words if value(Feature::Familiar) < FAMILIAR => return None,
            Self::Words => match words {
                [] => return None,
                [one] => format!("contains words typical of page furniture (“{one}”)"),
                [one, two, ..] => {
                    format!("contains words typical of page furniture (“{one}”, “{two}”)")
                }
            },
            Self::Neighbours => "the neighbouring lines look similar".into(),
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
