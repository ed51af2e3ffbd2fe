//! How far the model can be trusted on a kind of page.

use crate::text::{PageKind, PageKindEstimate};

/// Returns the log odds that a line of the page needs in addition to those that its rule demands.
///
/// The model learned from articles. On service pages and documentation, most of what it reports are
/// headings and claims that are content; on product pages and collections it mistakes some names
/// and prices. Pages of other kinds need more evidence if they may well be of these.
pub(super) fn page_caution(page: &PageKindEstimate) -> f32 {
    /// The probability from which a page may be of such a kind.
    const MIN_PROBABILITY: f32 = 0.35;
    let probability = page.probability(page.kind());
    match page.kind() {
        PageKind::Service | PageKind::Documentation => 6.0 * probability,
        PageKind::Product | PageKind::Collection => 1.2 * probability,
        PageKind::Article | PageKind::Forum | PageKind::Listing => {
            let others = [
                PageKind::Service,
                PageKind::Documentation,
                PageKind::Product,
                PageKind::Collection,
            ];
            let other: f32 = others.iter().map(|&kind| page.probability(kind)).sum();
            if other >= MIN_PROBABILITY { 2.0 } else { 0.0 }
        }
    }
}
