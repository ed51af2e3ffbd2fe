//! Comparing a corpus in steps that are split into independent tasks.
//!
//! A step reads rows of tables that earlier steps wrote, and writes rows of others. Its tasks share
//! the work by ranges of documents or of keys, so that no task needs more than its share in memory.
//! The steps together find what a comparison in one process finds.

use std::ops::RangeInclusive;
use std::sync::Arc;

use super::element_order::ElementOrder;
use super::store;
use super::{DocumentSet, PendingFindings};

/// The maximum number of values of a row.
pub const MAX_VALUES: usize = 10;

/// The version of tables and steps. A work folder of another version is refused.
pub const STAGED_VERSION: u32 = 2;

/// A row of a table. Rows are sorted by key, then by values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct StagedRow {
    /// What rows are grouped and sorted by: a hash, or a [`place_key`].
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

/// The key of an offset in a document. Keys sort by document, then by offset.
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

macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $columns:literal;)*) => {
        /// A table. The documentation of each lists its key, then its values.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum StagedTable {
            $($(#[$doc])* $name),*
        }

        impl StagedTable {
            /// All tables.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Returns the name of the table.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text),*
                }
            }

            /// Returns the number of values of a row.
            pub fn columns(self) -> usize {
                match self {
                    $(Self::$name => $columns),*
                }
            }
        }
    };
}

tables! {
    /// Place; end, words, kind, number of shingles.
    Units = "units", 4;
    /// Hash of the text; document, start, end, words, kind, number of shingles.
    Exact = "exact", 6;
    /// Hash of the words but for numbers; document, start, end, words, halves of the hash of the text.
    Lines = "lines", 6;
    /// Hash of a sentence; document, start of the unit, start, end, words.
    Sentences = "sentences", 5;
    /// Hash of a few words in a row; document, start and end of the unit, start.
    Passages = "passages", 4;
    /// Place of a document; words, order, number of shingles.
    Documents = "documents", 3;
    /// Hash of all words of a document; document, words, order.
    DocumentHashes = "document-hashes", 3;
    /// Hash of a line without one of its words; halves of the hash of the line, number of lines,
    /// document, start and end of the first.
    Variants = "variants", 6;
    /// As `variants`, but for all documents, and without those that too few lines have.
    VariantGroups = "variant-groups", 6;
    /// Hash of a line; halves of the hash of the line that it counts as.
    MergedLines = "merged-lines", 2;
    /// Place of a unit that is reported.
    Claims = "claims", 0;
    /// Place of a document that is equal to another one; that one.
    EqualDocuments = "equal-documents", 1;
    /// Mixed shingle; order, document, start, end, number of shingles, position in the prefix, halves
    /// of the shingle before it in the prefix, halves of the signature.
    Near = "near", 10;
    /// As `near`, of whole documents.
    NearDocuments = "near-documents", 10;
    /// Place; end; order, document, start and end of the most similar; shared, union, matches,
    /// whether some may be missing; order.
    Best = "best", 10;
    /// Order and document; order and document of a candidate, similarity in millionths.
    Candidates = "candidates", 3;
    /// Place of a repeated sentence; rule, end, document, start and end of the original, more copies.
    SentenceMatches = "sentence-matches", 6;
    /// Place of a unit; its end, start of the shared words; document, start and end of the earlier
    /// unit, start of the shared words there.
    Seeds = "seeds", 6;
    /// Place of a copy; rule, end, document, start and end of the original, more copies, kind of
    /// evidence and three numbers.
    Matches = "matches", 10;
    /// Place of a document that is a copy; rule, the document that stays.
    DocumentMatches = "document-matches", 2;
}

impl StagedTable {
    /// Whether the first value is the number of a document. Rows that a sketch task writes have
    /// numbers within the task.
    pub fn has_document(self) -> bool {
        matches!(
            self,
            Self::Exact | Self::Lines | Self::Sentences | Self::Passages | Self::DocumentHashes
        )
    }

    /// Whether keys are places in documents numbered within the task that sketched them.
    pub fn is_keyed_by_place(self) -> bool {
        matches!(self, Self::Units | Self::Documents)
    }

    /// Returns the last step that reads the table, unless a run reads it after all steps.
    pub fn last_step(self) -> Option<Step> {
        Some(match self {
            Self::Exact | Self::DocumentHashes => Step::Exact,
            Self::Lines | Self::MergedLines => Step::Lines,
            Self::Variants => Step::Group,
            Self::VariantGroups => Step::Merge,
            Self::Near | Self::NearDocuments => Step::Near,
            Self::Best | Self::Candidates | Self::EqualDocuments | Self::Documents => Step::Keep,
            Self::Sentences | Self::Passages => Step::Parts,
            Self::Units | Self::Claims | Self::SentenceMatches | Self::Seeds => Step::Extend,
            Self::Matches | Self::DocumentMatches => return None,
        })
    }

    /// Whether a value is half a hash, which takes four bytes.
    pub fn is_hash(self, column: usize) -> bool {
        matches!((self, column), (Self::Near | Self::NearDocuments, 6..))
    }

    /// Returns what a value is close to, so that the difference is stored.
    pub fn base(self, column: usize) -> Option<Base> {
        let on_key = matches!(
            (self, column),
            (Self::Units | Self::Best, 0)
                | (Self::Seeds, 0 | 1)
                | (Self::SentenceMatches | Self::Matches, 1)
        );
        let on_value = match (self, column) {
            (Self::Exact | Self::Lines, 2) => 1,
            (Self::Sentences, 2) | (Self::Passages, 2 | 3) => 1,
            (Self::Sentences, 3) | (Self::Near, 3) => 2,
            (Self::Variants | Self::VariantGroups, 5) | (Self::Best, 4) => column - 1,
            (Self::Seeds, 4 | 5) => 3,
            (Self::SentenceMatches | Self::Matches, 4) => 3,
            _ => return on_key.then_some(Base::Start),
        };
        Some(Base::Value(on_value))
    }
}

/// What a value is stored as the difference from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// The offset in the key.
    Start,
    /// An earlier value.
    Value(usize),
}

/// Bytes that a task writes beside tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StagedBlob {
    /// Counts of lines without one of their words.
    VariantCounts,
    /// The numbers of shingles of units and of whole documents.
    Totals,
    /// The number of shingles that are compared, and how frequent each is.
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

/// How the tasks of a step share the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepSplit {
    /// Each task takes a range of documents.
    Documents,
    /// Each task takes a range of keys.
    Keys,
    /// One task does all of it.
    Single,
}

macro_rules! steps {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $split:ident;)*) => {
        /// A step, after the documents are sketched. Steps run in this order.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Step {
            $($(#[$doc])* $name),*
        }

        impl Step {
            /// All steps, in order.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Returns the name of the step.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text),*
                }
            }

            /// Returns how tasks share the work.
            pub fn split(self) -> StepSplit {
                match self {
                    $(Self::$name => StepSplit::$split),*
                }
            }
        }
    };
}

steps! {
    /// Lines that may differ from a frequent one in a word.
    Variants = "variants", Documents;
    /// Which of them are enough.
    Group = "group", Keys;
    /// Which lines count as the same.
    Merge = "merge", Single;
    /// Recurring lines.
    Lines = "lines", Keys;
    /// Units and documents with equal text.
    Exact = "exact", Keys;
    /// How frequent shingles are.
    Count = "count", Documents;
    /// The order of shingles.
    Order = "order", Single;
    /// The rarest shingles of each unit and document.
    Post = "post", Documents;
    /// Pairs that are similar.
    Near = "near", Keys;
    /// What stays of similar units and documents.
    Keep = "keep", Single;
    /// Repeated sentences, and passages that may be shared.
    Parts = "parts", Keys;
    /// Shared passages.
    Extend = "extend", Documents;
}

/// The texts of documents that are known by number.
pub trait NumberedTexts: Send + Sync {
    /// Returns the text of a document.
    fn text(&self, document: u32) -> Option<Arc<str>>;
}

/// Rows in ascending order.
pub type Rows<'r> = Box<dyn Iterator<Item = store::Result<StagedRow>> + 'r>;

/// What a task reads.
pub trait StepInput: NumberedTexts {
    /// Returns the keys, or the places, that the task is to work on.
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

    /// Calls `visit` with what each task of the sketches or an earlier step wrote as `blob`.
    ///
    /// # Errors
    ///
    /// A file cannot be read or is damaged, or `visit` fails.
    fn blobs(
        &self,
        blob: StagedBlob,
        visit: &mut dyn FnMut(&[u8]) -> store::Result<()>,
    ) -> store::Result<()>;

    /// Returns the soft limit in bytes for what the task holds in memory.
    fn memory(&self) -> usize;

    /// Fails if the task is to end early.
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

/// What a task writes.
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

/// What the sketches of a task have in all.
#[derive(Debug, Clone)]
pub struct SketchCounts {
    /// How frequent lines without one of their words are.
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
    /// Returns why the rules cannot be run in steps with the findings of one process, if so.
    fn refusal(&self) -> Option<String>;

    /// Whether a step has anything to do for the rules.
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

    /// Counts what later steps need to know about all sketches.
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

    /// Returns the table with the matches of the check, and which value is the number of the other
    /// document.
    fn matches(&self) -> (StagedTable, usize);

    /// Turns rows of the table of matches, whose documents are numbered as in `documents`, into
    /// findings.
    ///
    /// # Errors
    ///
    /// There are too many, or a row is damaged.
    fn pending<'d>(
        &'d self,
        rows: Vec<StagedRow>,
        documents: DocumentSet<'d>,
    ) -> store::Result<Box<dyn PendingFindings + 'd>>;
}
