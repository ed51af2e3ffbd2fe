//! How far the model can be trusted on a kind of page.

use crate::text::{PageKind, PageKindEstimate};

/// Returns the log odds that a line of the page needs in addition to those that its rule demands.
///
/// The model learned from articles. On service pages and documentation, most of what it reports are
/// headings and claims that are content; on product pages and collections it mistakes some names and
/// prices. It needs more evidence on every page that may well be of these kinds.
pub(super) fn page_caution(page: &PageKindEstimate) -> f32 {
    /// The probability from which a page may be of such a kind.
    const MIN_PROBABILITY: f32 = 0.35;
    let probability = |kinds: [PageKind; 2]| kinds.iter().map(|&kind| page.probability(kind)).sum::<f32>();
    let foreign = probability([PageKind::Service, PageKind::Documentation]);
    let shop = probability([PageKind::Product, PageKind::Collection]);
    match page.kind() {
        PageKind::Service | PageKind::Documentation => 6.0 * foreign,
        _ if foreign + shop >= MIN_PROBABILITY => 2.0,
        _ => 0.0,
    }
}
