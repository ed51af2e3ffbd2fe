//! The features of a line, by name and by position in a row.

/// The number of neighbors on each side that features describe.
pub(super) const REACH: usize = 3;

macro_rules! features {
    ($vis:vis $kind:ident: $($name:ident),* $(,)?) => {
        #[allow(missing_docs, reason = "`docs/model.md` describes them in groups")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        /// The features of a line, in row order.
        $vis enum $kind { $($name),* }

        impl $kind {
            /// All features, in row order.
            $vis const ALL: &[Self] = &[$(Self::$name),*];
        }
    };
}

features! { pub Feature:
    // The line itself.
    Words, Characters, WordLength, Capitalised, Capitals, Digits, Signs, Closed, EndsInColon,
    EndsInDots, BeginsSmall, BeginsWithDigit, BeginsWithSign, StopWords, Commas, Separators,
    Links, Years, Clock, Quotes, Stops, Question, Exclamation, Price, Brackets, Emphasis,
    ItemMark, HeadingMark, QuotationMark, ProseLine, Indent,
    // Repetition in the page.
    Copies, Templates, FirstWordCopies, CopyRank, KnownWords, TitleWords,
    // Position in the page.
    FromStart, FromEnd, Place, SinceProse, UntilProse, ProseBefore, ProseAfter, SinceHeading,
    GapBefore, GapAfter,
    // The run of lines between two lines of running text.
    RunLines, RunWords, RunClosed, RunItems, RunFlagged, RunTemplates, RunDigits, AlikeAround,
    // Findings of other rules.
    FlaggedBefore, FlaggedAfter, FlaggedNear, FlaggedBoth, FlaggedShare, FlaggedTail,
    // The page.
    PageLines, PageProse, PageShort, PageItems, PageTemplates,
    Article, Documentation, Forum, Product, Service, Listing, Collection,
    // Word scores.
    WordScore, RunWordScore, NearWordScore, HeadingWordScore, Familiar,
}

features! { pub(super) Nearby:
    Words, Closed, Item, Heading, Prose, Capitalised, Digits, Flagged, Templates, Score,
}

/// The first feature that describes a neighbor.
pub(super) const FIRST_NEARBY: usize = Feature::ALL.len();
/// The number of features.
pub const FEATURES: usize = FIRST_NEARBY + 2 * REACH * Nearby::ALL.len();
/// The feature values of a line.
pub type Row = [f32; FEATURES];

/// The neighbors that features describe, as offsets from the line.
pub(super) const STEPS: [isize; 2 * REACH] = [-3, -2, -1, 1, 2, 3];

/// Returns the position in a row of the first feature of the neighbor at `STEPS[step]`.
pub(super) const fn nearby(step: usize, nearby: Nearby) -> usize {
    FIRST_NEARBY + step * Nearby::ALL.len() + nearby as usize
}

/// The line that a feature describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FeatureSubject {
    /// The line or its page.
    Line(Feature),
    /// The neighbor at this distance in lines; negative distances are above.
    Neighbour(isize, Nearby),
}

impl FeatureSubject {
    /// Returns which line the feature at this position of a row describes.
    pub(super) fn at(index: usize) -> Self {
        match Feature::ALL.get(index) {
            Some(feature) => Self::Line(*feature),
            None => {
                let index = index - FIRST_NEARBY;
                let (step, nearby) = (index / Nearby::ALL.len(), index % Nearby::ALL.len());
                Self::Neighbour(STEPS[step], Nearby::ALL[nearby])
            }
        }
    }
}
