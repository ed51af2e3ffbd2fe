//! The steps of a comparison and the tables that they read and write.

/// How the work of a step is split into tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepSplit {
    /// Each task takes a range of documents.
    Documents,
    /// Each task takes a range of keys.
    Keys,
    /// A single task does everything.
    Single,
}

macro_rules! steps {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $split:ident;)*) => {
        /// A step after sketching. Steps run in this order.
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

            /// Returns how the work is split into tasks.
            pub fn split(self) -> StepSplit {
                match self {
                    $(Self::$name => StepSplit::$split),*
                }
            }
        }
    };
}

steps! {
    /// Finds lines that may differ from a frequent one in one word.
    Variants = "variants", Documents;
    /// Drops variants of too few lines.
    Group = "group", Keys;
    /// Decides which lines count as the same.
    Merge = "merge", Single;
    /// Finds recurring lines, in the corpus and on sites.
    Lines = "lines", Keys;
    /// Finds units and documents with equal text.
    Exact = "exact", Keys;
    /// Counts shingles.
    Count = "count", Documents;
    /// Orders shingles by frequency.
    Order = "order", Single;
    /// Writes the rarest shingles of each unit and document.
    Post = "post", Documents;
    /// Finds similar pairs.
    Near = "near", Keys;
    /// Decides which similar units and documents stay.
    Keep = "keep", Single;
    /// Finds repeated sentences, and seeds of shared passages.
    Parts = "parts", Keys;
    /// Finds shared passages.
    Extend = "extend", Documents;
}

macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $columns:literal;)*) => {
        /// A table. The documentation of each table lists its key, then its values.
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
    /// Hash of the words except numbers; document, start, end, words, halves of the hash of the
    /// text.
    Lines = "lines", 6;
    /// Hash of a sentence; document, start of the unit, start, end, words.
    Sentences = "sentences", 5;
    /// Hash of a few words in a row; document, start and end of the unit, start, context.
    Passages = "passages", 5;
    /// Place of a document; words, order, number of shingles.
    Documents = "documents", 3;
    /// Hash of all words of a document; document, words, order.
    DocumentHashes = "document-hashes", 3;
    /// Hash of a line without one of its words; halves of the hash of the line, number of lines,
    /// document, start and end of the first.
    Variants = "variants", 6;
    /// As `variants`, but for all documents, and without variants of too few lines.
    VariantGroups = "variant-groups", 6;
    /// Hash of a line; halves of the hash of the line that it is merged with.
    MergedLines = "merged-lines", 2;
    /// Place of a reported unit.
    Claims = "claims", 0;
    /// Place of a document that equals another one; the other document.
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
    /// Hash of a site; document, index of a part of the site's name, its length, its bytes.
    Sites = "sites", 10;
    /// Hash of a site and a line; document.
    SiteLines = "site-lines", 1;
    /// Place of a document; number of pages with a line, halves of the hash of the site and the line.
    /// At the places after it, the parts of the name of the site: number of pages of the site,
    /// length, bytes.
    SiteMatches = "site-matches", 9;
}

impl StagedTable {
    /// Whether the first value is the number of a document. Rows that a sketch task writes have
    /// numbers within the task.
    pub fn has_document(self) -> bool {
        matches!(
            self,
            Self::Exact
                | Self::Lines
                | Self::Sentences
                | Self::Passages
                | Self::DocumentHashes
                | Self::Sites
                | Self::SiteLines
        )
    }

    /// Whether keys are places with documents numbered within the task that sketched them.
    pub fn is_keyed_by_place(self) -> bool {
        matches!(self, Self::Units | Self::Documents)
    }

    /// Returns the last step that reads the table; `None` if a run reads it after all steps.
    pub fn last_step(self) -> Option<Step> {
        Some(match self {
            Self::Exact | Self::DocumentHashes => Step::Exact,
            Self::Lines | Self::MergedLines | Self::Sites | Self::SiteLines => Step::Lines,
            Self::Variants => Step::Group,
            Self::VariantGroups => Step::Merge,
            Self::Near | Self::NearDocuments => Step::Near,
            Self::Best | Self::Candidates | Self::EqualDocuments | Self::Documents => Step::Keep,
            Self::Sentences | Self::Passages => Step::Parts,
            Self::Units | Self::Claims | Self::SentenceMatches | Self::Seeds => Step::Extend,
            Self::Matches | Self::DocumentMatches | Self::SiteMatches => return None,
        })
    }

    /// Whether a value is half a hash, which takes four bytes.
    pub fn is_hash(self, column: usize) -> bool {
        matches!(
            (self, column),
            (Self::Near | Self::NearDocuments, 6..) | (Self::SiteMatches, 1..=2)
        )
    }

    /// Returns the reference of a value, which is stored as the difference from it.
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

/// The reference of a value that is stored as a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// The offset in the key.
    Start,
    /// An earlier value.
    Value(usize),
}
