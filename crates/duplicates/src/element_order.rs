//! Orders set elements by rarity.

/// The number of bits of a set element. A join uses the byte above them.
pub const ELEMENT_BITS: u32 = 56;

/// Orders elements by the number of sets that contain them, then by value. The numbers come from a
/// table with collisions, which saturates at 255.
///
/// A join is exact with any order. An index keeps the order of its first documents, because it
/// determines the posted prefixes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElementOrder {
    table: Vec<u8>,
    shift: u32,
}

const MIN_BITS: u32 = 10;
const MAX_BITS: u32 = 26;

impl ElementOrder {
    /// Creates an order with an empty table for about `elements` elements.
    pub fn with_capacity(elements: usize) -> Self {
        let elements = elements.min(1 << MAX_BITS);
        let bits = elements.next_power_of_two().trailing_zeros().clamp(MIN_BITS, MAX_BITS);
        Self { table: vec![0; 1 << bits], shift: ELEMENT_BITS - bits }
    }

    /// Returns the order with the table `bytes`, or `None` if that has an invalid size.
    pub fn from_bytes(table: Vec<u8>) -> Option<Self> {
        let bits = table.len().checked_ilog2()?;
        let is_valid = table.len() == 1 << bits && (MIN_BITS..=MAX_BITS).contains(&bits);
        is_valid.then(|| Self { table, shift: ELEMENT_BITS - bits })
    }

    /// Returns an order of the same elements with a table for about `elements`, if that is smaller.
    pub fn folded(&self, elements: usize) -> Self {
        let mut folded = Self::with_capacity(elements);
        if folded.table.len() >= self.table.len() {
            return self.clone();
        }
        let slots = self.table.len() / folded.table.len();
        for (count, counts) in folded.table.iter_mut().zip(self.table.chunks(slots)) {
            *count = counts.iter().fold(0, |sum: u8, count| sum.saturating_add(*count));
        }
        folded
    }

    /// Adds the counts of another table. If that is smaller, the sums may be too high, but never
    /// too low.
    pub fn add(&mut self, other: &Self) {
        if other.table.len() > self.table.len() {
            let larger = other.clone();
            let smaller = std::mem::replace(self, larger);
            return self.add(&smaller);
        }
        let slots = self.table.len() / other.table.len();
        for (counts, other) in self.table.chunks_mut(slots).zip(&other.table) {
            counts.iter_mut().for_each(|count| *count = count.saturating_add(*other));
        }
    }

    /// Returns the count of an element, which may be too high because of collisions.
    pub fn count_of(&self, element: u64) -> u8 {
        self.table.get(self.slot(element)).copied().unwrap_or(0)
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
        u64::from(self.count_of(element)) << ELEMENT_BITS | element
    }
}
