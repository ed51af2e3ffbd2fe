//! How far the model can be trusted on a kind of page.

use crate::text::{PageKind, PageKindEstimate};

/// Returns the log odds that a line of the page needs in addition to those that its rule demands.
///
/// The model learned from articles. On service pages and documentation, most of what it reports are headings and claims
/// that are content; on product pages and collections it mistakes some names and prices.
pub(super) fn page_caution(page: &PageKindEstimate) -> f32 {
    let kind = page.kind();
    let caution = match kind {
        PageKind::Service | PageKind::Documentation => 6.0,
        PageKind::Product | PageKind::Collection => 1.2,
        PageKind::Article | PageKind::Forum | PageKind::Listing => 0.0,
    };
    caution * page.probability(kind)
}
