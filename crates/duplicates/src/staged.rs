//! Comparing a corpus in steps that are split into independent tasks.
//!
//! A step reads rows of tables that earlier steps wrote, and writes rows of other tables. Its tasks
//! split the work by ranges of documents or keys, so that a task only needs its share in memory.
//! Together, the steps find the same matches as a comparison in one process.

use std::ops::RangeInclusive;
use std::sync::Arc;

use super::element_order::ElementOrder;
pub use super::staged_table::{Base, StagedTable, Step, StepSplit};
use super::store;
use super::{DocumentSet, PendingFindings};

/// The maximum number of values of a row.
pub const MAX_VALUES: usize = 10;

/// The version of tables and steps. A work folder with another version is rejected.
pub const STAGED_VERSION: u32 = 4;

/// A row of a table. Rows are sorted by key, then by values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct StagedRow {
    /// The key for grouping and sorting: a hash, or a [`place_key`].
    pub key: u64,
    /// The values; a table has as many as [`StagedTable::columns`].
    pub values: [u32; MAX_VALUES],
}

impl StagedRow {
    /// Creates a row with these values.
    pub fn new<const N: usize>(key: u64, values: [u32; N]) -> Self {
        let mut row = Self { key, values: [0; MAX_VALUES] };
        row.values.iter_mut().zip(values).for_each(|(slot, value)| *slot = value);
        row
    }
}

/// Splits a hash into two values, the lower half first.
pub fn halves(hash: u64) -> [u32; 2] {
    let [a, b, c, d, e, f, g, h] = hash.to_le_bytes();
    [u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h])]
}

/// Joins the halves of a hash.
pub fn joined(low: u32, high: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

/// Returns the key of an offset in a document. Keys sort by document, then by offset.
pub fn place_key(document: u32, start: u32) -> u64 {
    u64::from(document) << 32 | u64::from(start)
}

/// Returns the document of a [`place_key`].
pub fn key_document(key: u64) -> u32 {
    u32::try_from(key >> 32).unwrap_or(u32::MAX)
}

/// Returns the offset of a [`place_key`].
pub fn key_start(key: u64) -> u32 {
    u32::try_from(key & u64::from(u32::MAX)).unwrap_or(u32::MAX)
}

/// Binary data that a task writes in addition to tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StagedBlob {
    /// Counts of lines without one of their words.
    VariantCounts,
    /// The numbers of shingles of units and of whole documents.
    Totals,
    /// The total number of compared shingles, and the frequency of each.
    ElementCounts,
    /// As `ElementCounts`, of whole documents.
    DocumentElementCounts,
    /// The order of shingles.
    ElementOrder,
    /// The order of shingles of whole documents.
    DocumentElementOrder,
}

impl StagedBlob {
    /// All blobs.
    pub const ALL: [Self; 6] = [
        Self::VariantCounts,
        Self::Totals,
        Self::ElementCounts,
        Self::DocumentElementCounts,
        Self::ElementOrder,
        Self::DocumentElementOrder,
    ];

    /// Returns the last step that reads the blob.
    pub fn last_step(self) -> Step {
        match self {
            Self::VariantCounts => Step::Variants,
            Self::Totals => Step::Count,
            Self::ElementCounts | Self::DocumentElementCounts => Step::Order,
            Self::ElementOrder | Self::DocumentElementOrder => Step::Near,
        }
    }

    /// Returns the name of the blob.
    pub fn name(self) -> &'static str {
        match self {
            Self::VariantCounts => "variant-counts",
            Self::Totals => "totals",
            Self::ElementCounts => "element-counts",
            Self::DocumentElementCounts => "document-element-counts",
            Self::ElementOrder => "element-order",
            Self::DocumentElementOrder => "document-element-order",
        }
    }
}

/// The texts of documents, by number.
pub trait NumberedTexts: Send + Sync {
    /// Returns the text of a document.
    fn text(&self, document: u32) -> Option<Arc<str>>;
}

/// Rows in ascending order.
pub type Rows<'r> = Box<dyn Iterator<Item = store::Result<StagedRow>> + 'r>;

/// The input of a task.
pub trait StepInput: NumberedTexts {
    /// Returns the range of keys or places that the task works on.
    fn share(&self) -> RangeInclusive<u64>;

    /// Returns the rows of a table with these keys that the sketches and earlier steps wrote.
    ///
    /// # Errors
    ///
    /// A file cannot be read or is damaged.
    fn rows(&self, table: StagedTable, keys: RangeInclusive<u64>) -> store::Result<Rows<'_>>;

    /// Returns the rows with one of `keys`, which are sorted.
    ///
    /// # Errors
    ///
    /// A file cannot be read or is damaged.
    fn rows_of(&self, table: StagedTable, keys: Arc<[u64]>) -> store::Result<Rows<'_>>;

    /// Calls `visit` with `blob` as written by each task of the sketch or an earlier step.
    ///
    /// # Errors
    ///
    /// A file cannot be read or is damaged, or `visit` fails.
    fn blobs(
        &self,
        blob: StagedBlob,
        visit: &mut dyn FnMut(&[u8]) -> store::Result<()>,
    ) -> store::Result<()>;

    /// Returns the soft limit for the memory of the task, in bytes.
    fn memory(&self) -> usize;

    /// Fails if the task should end early.
    ///
    /// # Errors
    ///
    /// The run was interrupted.
    fn check_interrupt(&self) -> store::Result<()>;
}

/// Calls `visit` with the rows of each key in `keys`, in order.
///
/// # Errors
///
/// A file cannot be read or is damaged, or `visit` fails.
pub fn for_each_group(
    input: &dyn StepInput,
    table: StagedTable,
    keys: RangeInclusive<u64>,
    visit: &mut dyn FnMut(&mut [StagedRow]) -> store::Result<()>,
) -> store::Result<()> {
    let mut group: Vec<StagedRow> = Vec::new();
    for row in input.rows(table, keys)? {
        let row = row?;
        if group.last().is_some_and(|last| last.key != row.key) {
            visit(&mut group)?;
            group.clear();
        }
        group.push(row);
    }
    if group.is_empty() { Ok(()) } else { visit(&mut group) }
}

/// The output of a task.
pub trait StepOutput {
    /// Adds a row to a table. The order of rows does not matter.
    ///
    /// # Errors
    ///
    /// A file cannot be written.
    fn row(&mut self, table: StagedTable, row: StagedRow) -> store::Result<()>;

    /// Writes `bytes` as `blob`.
    ///
    /// # Errors
    ///
    /// A file cannot be written.
    fn blob(&mut self, blob: StagedBlob, bytes: &[u8]) -> store::Result<()>;
}

/// Totals over the sketches of a task.
#[derive(Debug, Clone)]
pub struct SketchCounts {
    /// The frequency of lines without one of their words.
    pub variants: ElementOrder,
    /// The number of shingles of units that may be compared.
    pub elements: u64,
    /// The number of shingles of whole documents.
    pub document_elements: u64,
}

impl SketchCounts {
    /// Creates counts for texts of about `bytes`.
    pub fn new(bytes: u64) -> Self {
        const BYTES_PER_COUNTER: u64 = 4;
        let counters = usize::try_from(bytes / BYTES_PER_COUNTER).unwrap_or(usize::MAX);
        let variants = ElementOrder::with_capacity(counters);
        Self { variants, elements: 0, document_elements: 0 }
    }

    /// Writes the counts.
    ///
    /// # Errors
    ///
    /// A file cannot be written.
    pub fn write(&self, output: &mut dyn StepOutput) -> store::Result<()> {
        output.blob(StagedBlob::VariantCounts, self.variants.as_bytes())?;
        let totals = [self.elements, self.document_elements].map(u64::to_le_bytes).concat();
        output.blob(StagedBlob::Totals, &totals)
    }
}

/// A check that can compare documents in steps.
pub trait StagedCheck: Send + Sync {
    /// Returns why the rules cannot run in steps with the same findings as in one process, if they
    /// cannot.
    fn refusal(&self) -> Option<String>;

    /// Whether the rules need a step.
    fn has_step(&self, step: Step) -> bool;

    /// Adds the rows of the sketch of document `number`.
    ///
    /// # Errors
    ///
    /// A file cannot be written, or the sketch is damaged.
    fn sketch_rows(
        &self,
        number: u32,
        sketch: &[u8],
        output: &mut dyn StepOutput,
    ) -> store::Result<()>;

    /// Adds a sketch to the totals that later steps need.
    fn count(&self, sketch: &[u8], counts: &mut SketchCounts);

    /// Runs a task.
    ///
    /// # Errors
    ///
    /// The input cannot be read, or the output cannot be written.
    fn run_step(
        &self,
        step: Step,
        input: &dyn StepInput,
        output: &mut dyn StepOutput,
    ) -> store::Result<()>;

    /// Whether a match in the table of matches may have a fix that is applied: only safe ones, or
    /// all.
    fn may_delete(&self, _row: &StagedRow, _only_safe: bool) -> bool {
        false
    }

    /// Returns the table with the matches of the check, and the index of the value with the number
    /// of the other document, if there is one.
    fn matches(&self) -> (StagedTable, Option<usize>);

    /// Turns rows of the table of matches, whose documents are numbered as in `documents`, into
    /// findings.
    ///
    /// # Errors
    ///
    /// There are too many, or a row is damaged.
    fn pending<'d>(
        &'d self,
        rows: &[StagedRow],
        documents: DocumentSet<'d>,
    ) -> store::Result<Box<dyn PendingFindings + 'd>>;
}
