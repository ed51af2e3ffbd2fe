//! What kind of page a document is, estimated from the page itself.
//!
//! The estimate is a multinomial logistic regression over a [`Profile`] of the page: shares of running text, lists, code, prices,
//! dates and so on. `training/train.py` writes its weights; `docs/model.md` says what it learnt from and how often it is wrong.

mod profile;
mod weights;

use std::fmt;

pub use profile::{MEASURES, Measure, Profile};
use weights::WEIGHTS;

/// The number of kinds.
pub const PAGE_KINDS: usize = PageKind::ALL.len();

/// For each kind its bias and the weight of each measure.
pub type PageKindWeights = [(f32, [f32; MEASURES]); PAGE_KINDS];

/// What a page is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PageKind {
    /// A story, post or essay.
    Article,
    /// Documentation, reference or tutorial of software.
    Documentation,
    /// A discussion, or questions and answers.
    Forum,
    /// One product that is for sale.
    Product,
    /// What a company or an office offers.
    Service,
    /// Search results, categories, events, headlines.
    Listing,
    /// The products or works of one category.
    Collection,
}

impl PageKind {
    /// All kinds, in the order in which estimates keep them.
    pub const ALL: [Self; 7] = [
        Self::Article,
        Self::Documentation,
        Self::Forum,
        Self::Product,
        Self::Service,
        Self::Listing,
        Self::Collection,
    ];

    /// The kind's name, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Article => "article",
            Self::Documentation => "documentation",
            Self::Forum => "forum",
            Self::Product => "product",
            Self::Service => "service",
            Self::Listing => "listing",
            Self::Collection => "collection",
        }
    }
}

impl fmt::Display for PageKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// How probable each kind is for a page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PageKindEstimate {
    probabilities: [f32; PAGE_KINDS],
}

impl PageKindEstimate {
    /// Estimates the kind of the page with this profile.
    pub fn from_profile(profile: &Profile) -> Self {
        Self::with_weights(profile, &WEIGHTS)
    }

    /// Estimates the kind by other weights, such as some that were trained without the page.
    pub fn with_weights(profile: &Profile, weights: &PageKindWeights) -> Self {
        let mut probabilities = [0.0; PAGE_KINDS];
        for (probability, (bias, weights)) in probabilities.iter_mut().zip(weights) {
            let evidence = weights.iter().zip(profile.measures()).map(|(weight, measure)| weight * measure);
            *probability = bias + evidence.sum::<f32>();
        }
        let highest = probabilities.iter().copied().fold(f32::MIN, f32::max);
        probabilities.iter_mut().for_each(|evidence| *evidence = (*evidence - highest).exp());
        let sum: f32 = probabilities.iter().sum();
        probabilities.iter_mut().for_each(|probability| *probability /= sum);
        Self { probabilities }
    }

    /// The probability of each kind, in the order of [`PageKind::ALL`].
    pub fn probabilities(&self) -> &[f32; PAGE_KINDS] {
        &self.probabilities
    }

    /// The probability that the page is of `kind`.
    pub fn probability(&self, kind: PageKind) -> f32 {
        self.probabilities[kind as usize]
    }

    /// The most probable kind.
    pub fn kind(&self) -> PageKind {
        let mut best = PageKind::Article;
        for kind in PageKind::ALL {
            if self.probability(kind) > self.probability(best) {
                best = kind;
            }
        }
        best
    }
}
