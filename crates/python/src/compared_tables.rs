//! Tables about the documents of a comparison, identified by file, record and ID.

use std::sync::Arc;

use arrow_array::builder::{Int64Builder, LargeStringBuilder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::ArrowError;
use dechaff::corpus::Source;
use dechaff::duplicates::store::{self, StoreError};
use dechaff::finding::Finding;
use dechaff::fix::FixOutcome;
use dechaff::linter::Linter;
use dechaff::text::Origin;

use crate::columns::{FindingTable, to_i64};
use crate::rows::{FindingRow, Place};

type Columns = Vec<(&'static str, ArrayRef, bool)>;

/// Columns that identify documents.
#[derive(Default)]
struct DocumentColumns {
    path: StringBuilder,
    record: Int64Builder,
    id: StringBuilder,
}

impl DocumentColumns {
    fn append(&mut self, origin: Option<&Origin>) {
        let record = origin.and_then(|origin| origin.record.as_ref());
        self.path.append_option(origin.map(|origin| &origin.path));
        self.record.append_option(record.and_then(|record| i64::try_from(record.index).ok()));
        self.id.append_option(record.and_then(|record| record.id.as_deref()));
    }

    /// Returns the columns. The path is only nullable for originals.
    fn finish(mut self, [path, record, id]: [&'static str; 3], is_optional: bool) -> Columns {
        vec![
            (path, Arc::new(self.path.finish()), is_optional),
            (record, Arc::new(self.record.finish()), true),
            (id, Arc::new(self.id.finish()), true),
        ]
    }
}

const DOCUMENT: [&str; 3] = ["path", "record", "id"];
const ORIGINAL: [&str; 3] = ["original_path", "original_record", "original_id"];
const ORIGINAL_PLACE: [&str; 4] =
    ["original_start", "original_end", "original_start_byte", "original_end_byte"];

/// A table with one row per finding, with the position of the original of a copy.
#[derive(Default)]
pub(crate) struct ComparedFindings {
    documents: DocumentColumns,
    findings: FindingTable,
    originals: DocumentColumns,
    original_places: [Int64Builder; 4],
}

impl ComparedFindings {
    pub(crate) fn append(
        &mut self,
        origin: &Origin,
        finding: &Finding,
        row: &FindingRow,
        linter: &Linter,
    ) {
        self.documents.append(Some(origin));
        self.findings.append(0, row);
        // The original of a copy is the first label after the finding's own, if it has one.
        let label = finding.labels.first().filter(|_| linter.is_corpus_rule(&finding.rule.code));
        let place = row.labels.get(finding.label.iter().len()).filter(|_| label.is_some());
        self.originals.append(label.map(|label| label.origin.as_deref().unwrap_or(origin)));
        let values = place.map(|label| {
            let Place { start, end, span_bytes } = label.place;
            [start, end, span_bytes.0, span_bytes.1]
        });
        for (at, builder) in self.original_places.iter_mut().enumerate() {
            builder.append_option(values.and_then(|values| values.get(at).copied().map(to_i64)));
        }
    }

    /// Returns the table.
    ///
    /// # Errors
    ///
    /// It is too large.
    pub(crate) fn finish(self) -> store::Result<RecordBatch> {
        let mut columns = self.documents.finish(DOCUMENT, false);
        // Documents of files have no row number.
        columns.extend(self.findings.columns().into_iter().filter(|(name, ..)| *name != "row"));
        columns.extend(self.originals.finish(ORIGINAL, true));
        let places = ORIGINAL_PLACE.into_iter().zip(self.original_places);
        columns.extend(
            places.map(|(name, mut builder)| (name, Arc::new(builder.finish()) as ArrayRef, true)),
        );
        batch(columns)
    }
}

/// A table with one row per document, including unchanged ones.
#[derive(Default)]
pub(crate) struct ComparedTexts {
    documents: DocumentColumns,
    text: LargeStringBuilder,
    removed_bytes: Int64Builder,
    refusal: StringBuilder,
}

impl ComparedTexts {
    pub(crate) fn append(&mut self, source: &Source, outcome: &FixOutcome) {
        self.documents.append(Some(&source.origin));
        let fixed = outcome.fixed.as_ref();
        self.text.append_value(fixed.map_or(&*source.text, |fixed| &fixed.text));
        let changes = fixed.map(|fixed| fixed.changes.as_slice()).unwrap_or_default();
        self.removed_bytes.append_value(to_i64(changes.iter().map(|one| one.span.len()).sum()));
        self.refusal.append_option(outcome.refusal.as_ref().map(ToString::to_string));
    }

    /// Returns the table.
    ///
    /// # Errors
    ///
    /// It is too large.
    pub(crate) fn finish(mut self) -> store::Result<RecordBatch> {
        let mut columns = self.documents.finish(DOCUMENT, false);
        let own: [(&'static str, ArrayRef, bool); 3] = [
            ("text", Arc::new(self.text.finish()), false),
            ("removed_bytes", Arc::new(self.removed_bytes.finish()), false),
            ("refusal", Arc::new(self.refusal.finish()), true),
        ];
        columns.extend(own);
        batch(columns)
    }
}

fn batch(columns: Columns) -> store::Result<RecordBatch> {
    let failed = |error: ArrowError| StoreError { message: error.to_string() };
    RecordBatch::try_from_iter_with_nullable(columns).map_err(failed)
}
