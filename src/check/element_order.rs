//! An order of set elements that puts rare ones first.

/// The number of bits of a set element. A join uses the byte above them.
pub const ELEMENT_BITS: u32 = 56;

/// Orders elements by the number of sets with them, from a table with collisions that saturates at
/// 255, and elements with the same number by their value.
///
/// A join is exact with any order. An index keeps the order of its first documents, because the
/// prefixes of its sets are posted by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElementOrder {
    table: Vec<u8>,
    shift: u32,
}

const MIN_BITS: u32 = 10;
const MAX_BITS: u32 = 26;

impl ElementOrder {
    /// Creates an order with a table for about `elements` elements, of which none is counted yet.
    pub fn with_capacity(elements: usize) -> Self {
        let bits = elements.next_power_of_two().trailing_zeros().clamp(MIN_BITS, MAX_BITS);
        Self { table: vec![0; 1 << bits], shift: ELEMENT_BITS - bits }
    }

    /// Returns the order with the table `bytes`, or `None` if that has an invalid size.
    pub fn from_bytes(table: Vec<u8>) -> Option<Self> {
        let bits = table.len().checked_ilog2()?;
        let is_valid = table.len() == 1 << bits && (MIN_BITS..=MAX_BITS).contains(&bits);
        is_valid.then(|| Self { table, shift: ELEMENT_BITS - bits })
    }

    /// Returns the table.
    pub fn as_bytes(&self) -> &[u8] {
        &self.table
    }

    /// Counts an element of a set.
    #[inline]
    pub fn count(&mut self, element: u64) {
        let slot = self.slot(element);
        if let Some(count) = self.table.get_mut(slot) {
            *count = count.saturating_add(1);
        }
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the shift leaves 26 bits or fewer")]
    fn slot(&self, element: u64) -> usize {
        (element >> self.shift) as usize
    }

    /// Returns the element with its count in the highest byte, so that keys sort by rarity.
    #[inline]
    pub(super) fn key(&self, element: u64) -> u64 {
        let count = self.table.get(self.slot(element)).copied().unwrap_or(0);
        u64::from(count) << ELEMENT_BITS | element
    }
}
