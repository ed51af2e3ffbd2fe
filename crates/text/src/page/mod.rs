//! Estimates what kind of page a document is from the page itself.
//!
//! The estimate is a multinomial logistic regression over [`PageFeatures`]: shares of prose, lists,
//! code, prices, dates and so on. `docs/model.md` describes the training data and the error rate.

mod features;
mod weights;

use std::fmt;

pub use features::template_hash;
pub use features::{PAGE_FEATURE_COUNT, PageFeature, PageFeatures};
use weights::WEIGHTS;

/// The number of page kinds.
pub const PAGE_KIND_COUNT: usize = PageKind::ALL.len();

/// Bias and feature weights of each kind, in the order of [`PageKind::ALL`].
pub type PageKindWeights = [(f32, [f32; PAGE_FEATURE_COUNT]); PAGE_KIND_COUNT];

/// The kind of a page, by its purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PageKind {
    /// A story, post or essay.
    Article,
    /// Software documentation, reference or tutorial.
    Documentation,
    /// A discussion, or questions and answers.
    Forum,
    /// A single product for sale.
    Product,
    /// The services of a company or public office.
    Service,
    /// Search results, categories, events, headlines.
    Listing,
    /// The products or works of one category.
    Collection,
}

impl PageKind {
    /// All kinds, in the order used by [`PageKindEstimate`].
    pub const ALL: [Self; 7] = [
        Self::Article,
        Self::Documentation,
        Self::Forum,
        Self::Product,
        Self::Service,
        Self::Listing,
        Self::Collection,
    ];

    /// Returns the name in lower case.
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

/// The probability of each kind of page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PageKindEstimate {
    probabilities: [f32; PAGE_KIND_COUNT],
}

impl PageKindEstimate {
    /// Estimates the page kind from its features.
    pub fn from_features(features: &PageFeatures) -> Self {
        Self::with_weights(features, &WEIGHTS)
    }

    /// Estimates the page kind with other weights, such as those of a cross-validation fold.
    pub fn with_weights(features: &PageFeatures, weights: &PageKindWeights) -> Self {
        let mut probabilities = [0.0; PAGE_KIND_COUNT];
        for (probability, (bias, weights)) in probabilities.iter_mut().zip(weights) {
            let evidence =
                weights.iter().zip(features.values()).map(|(weight, value)| weight * value);
            *probability = bias + evidence.sum::<f32>();
        }
        let highest = probabilities.iter().copied().fold(f32::MIN, f32::max);
        probabilities.iter_mut().for_each(|evidence| *evidence = (*evidence - highest).exp());
        let sum: f32 = probabilities.iter().sum();
        probabilities.iter_mut().for_each(|probability| *probability /= sum);
        Self { probabilities }
    }

    /// Returns the probability of each kind, in the order of [`PageKind::ALL`].
    pub fn probabilities(&self) -> &[f32; PAGE_KIND_COUNT] {
        &self.probabilities
    }

    /// Returns the probability of `kind`.
    pub fn probability(&self, kind: PageKind) -> f32 {
        self.probabilities[kind as usize]
    }

    /// Returns the most probable kind.
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
