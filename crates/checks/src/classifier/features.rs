//! What the model knows of a line: its features, by name and by place in a row.

/// How many lines before and after a line its features describe.
pub(super) const REACH: usize = 3;

macro_rules! features {
    ($vis:vis $kind:ident: $($name:ident),* $(,)?) => {
        #[allow(missing_docs, reason = "`docs/model.md` describes them in groups")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        /// Features, in the order in which a row keeps them.
        $vis enum $kind { $($name),* }

        impl $kind {
            /// All of them.
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
    // Place in the page.
    FromStart, FromEnd, Place, SinceProse, UntilProse, ProseBefore, ProseAfter, SinceHeading,
    GapBefore, GapAfter,
    // The run of lines between two lines of running text.
    RunLines, RunWords, RunClosed, RunItems, RunFlagged, RunTemplates, RunDigits, AlikeAround,
    // What other rules found.
    FlaggedBefore, FlaggedAfter, FlaggedNear, FlaggedBoth, FlaggedShare, FlaggedTail,
    // The page.
    PageLines, PageProse, PageShort, PageItems, PageTemplates,
    Article, Documentation, Forum, Product, Service, Listing, Collection,
    // What the words say.
    WordScore, RunWordScore, NearWordScore, HeadingWordScore, Familiar,
}

features! { pub(super) Nearby:
    Words, Closed, Item, Heading, Prose, Capitalised, Digits, Flagged, Templates, Score,
}

/// The first feature that describes a neighbour.
pub(super) const FIRST_NEARBY: usize = Feature::ALL.len();
/// The number of features.
pub const FEATURES: usize = FIRST_NEARBY + 2 * REACH * Nearby::ALL.len();
/// What the model knows of one line.
pub type Row = [f32; FEATURES];

/// The neighbours that features describe, as steps from the line.
pub(super) const STEPS: [isize; 2 * REACH] = [-3, -2, -1, 1, 2, 3];

/// The place in a row of what is known of the neighbour at `STEPS[step]`.
pub(super) const fn nearby(step: usize, nearby: Nearby) -> usize {
    FIRST_NEARBY + step * Nearby::ALL.len() + nearby as usize
}

/// What a feature of a row describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FeatureSubject {
    /// The line or its page.
    Line(Feature),
    /// The neighbor at this distance in lines; negative distances are above.
    Neighbour(isize, Nearby),
}

impl FeatureSubject {
    /// What the feature at this place of a row describes.
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
