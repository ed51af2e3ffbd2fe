//! The features of a line.

macro_rules! features {
    ($($name:ident),* $(,)?) => {
        /// What the model knows of a line, in the order in which it is kept.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "the names say it; `Survey::features` says how each is counted")]
        pub enum Feature { $($name),* }

        impl Feature {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];
        }
    };
}

features! {
    Words, Characters, WordLength, Capitalised, Capitals, Digits, Signs, Closed, EndsInColon, EndsInDots, BeginsSmall,
    BeginsWithDigit, StopWords, Commas, Separators, Links, Years, Clock, Quotes, Stops, Item, Heading, Copies, KnownWords,
    FromStart, FromEnd, Place, SinceProse, UntilProse, ProseBefore, ProseAfter, ProseShare, Lines, ShortShare,
    WordsBefore, WordsAfter, WordsTwoBefore, WordsTwoAfter, ClosedBefore, ClosedAfter, Run, GapBefore, GapAfter, AlikeAround,
    FlaggedBefore, FlaggedAfter, FlaggedNear, FlaggedBoth, FlaggedShare, FlaggedTail,
    WordScore, WordScoreBefore, WordScoreAfter, WordScoreNear, Familiar,
    ScoreBefore, ScoreAfter, ScoreNear, ScoreBest,
}

/// The number of features that the first pass sees; the second sees all.
pub const FIRST_PASS: usize = Feature::ScoreBefore as usize;
/// The number of features.
pub const FEATURES: usize = Feature::ALL.len();
/// What the model knows of one line.
pub type Row = [f32; FEATURES];
