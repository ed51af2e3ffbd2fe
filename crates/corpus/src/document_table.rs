//! The table of documents that `--documents` writes.

use std::path::Path;

use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::schema::parser::parse_message_type;

use super::table_writer::{ColumnWriters, TableError, TableRow, TableWriter, integer};
use dechaff_engine::report::DocumentRow;

const SCHEMA: &str = "message documents {
    REQUIRED BYTE_ARRAY path (STRING);
    OPTIONAL INT64 record_index;
    OPTIONAL BYTE_ARRAY record_id (STRING);
    REQUIRED INT64 words;
    REQUIRED INT64 bytes;
    REQUIRED BYTE_ARRAY page_kind (STRING);
    REQUIRED DOUBLE page_kind_probability;
    REQUIRED INT64 findings;
    REQUIRED GROUP findings_by_rule (MAP) {
        REPEATED GROUP key_value {
            REQUIRED BYTE_ARRAY key (STRING);
            REQUIRED INT64 value;
        }
    }
    REQUIRED DOUBLE safe_removed_share;
    REQUIRED DOUBLE removed_share;
    REQUIRED DOUBLE noise_share;
    REQUIRED DOUBLE duplicated_share;
    REQUIRED DOUBLE doubtful_share;
    REQUIRED DOUBLE unique_share;
    OPTIONAL BYTE_ARRAY nearest_path (STRING);
    OPTIONAL INT64 nearest_record_index;
    OPTIONAL BYTE_ARRAY nearest_record_id (STRING);
    REQUIRED DOUBLE nearest_share;
    REQUIRED BYTE_ARRAY verdict (STRING);
    REQUIRED BYTE_ARRAY reason (STRING);
    OPTIONAL BYTE_ARRAY threshold (STRING);
}";

/// A table of documents being written.
pub struct DocumentTable(TableWriter<DocumentRow>);

impl DocumentTable {
    /// Starts to write the table at `path`, in the format of its extension.
    ///
    /// # Errors
    ///
    /// The extension is unknown, or the file cannot be created.
    pub fn create(path: &Path) -> Result<Self, TableError> {
        let schema = || parse_message_type(SCHEMA);
        Ok(Self(TableWriter::create(path, &DocumentRow::csv_header(), schema)?))
    }

    /// Appends a row.
    ///
    /// # Errors
    ///
    /// Writing fails.
    pub fn add(&mut self, row: DocumentRow) -> Result<(), TableError> {
        self.0.add(row)
    }

    /// Completes the file and renames it into place.
    ///
    /// # Errors
    ///
    /// Writing fails. An existing file is then unchanged.
    pub fn finish(self) -> Result<(), TableError> {
        self.0.finish()
    }
}

impl TableRow for DocumentRow {
    fn json(&self) -> String {
        self.json()
    }

    fn csv(&self) -> String {
        self.csv()
    }

    fn write_columns(columns: &mut ColumnWriters<'_, '_, Self>) -> Result<(), ParquetError> {
        columns.strings(|row| Some(&row.path))?;
        columns.optional_integers(|row| row.record_index)?;
        columns.optional_strings(|row| row.record_id.as_deref())?;
        columns.integers(|row| row.words)?;
        columns.integers(|row| row.bytes)?;
        columns.strings(|row| Some(row.page_kind))?;
        columns.doubles(|row| row.page_kind_probability)?;
        columns.integers(|row| row.findings)?;
        write_rule_counts(columns)?;
        columns.doubles(|row| row.safe_removed_share)?;
        columns.doubles(|row| row.removed_share)?;
        columns.doubles(|row| row.noise_share)?;
        columns.doubles(|row| row.duplicated_share)?;
        columns.doubles(|row| row.doubtful_share)?;
        columns.doubles(|row| row.unique_share)?;
        columns.optional_strings(|row| row.nearest_path.as_deref())?;
        columns.optional_integers(|row| row.nearest_record_index)?;
        columns.optional_strings(|row| row.nearest_record_id.as_deref())?;
        columns.doubles(|row| row.nearest_share)?;
        columns.strings(|row| Some(row.decision.verdict.name()))?;
        columns.strings(|row| Some(&row.decision.reason))?;
        columns.optional_strings(|row| row.decision.threshold.as_deref())?;
        Ok(())
    }
}

/// Writes the keys and the values of the map from rules to numbers of findings.
fn write_rule_counts(columns: &mut ColumnWriters<'_, '_, DocumentRow>) -> Result<(), ParquetError> {
    let (mut definition, mut repetition) = (Vec::new(), Vec::new());
    for row in columns.rows {
        let entries = row.findings_by_rule.len();
        definition.extend((0..entries.max(1)).map(|_| i16::from(entries > 0)));
        repetition.extend((0..entries.max(1)).map(|index| i16::from(index > 0)));
    }
    let rules = columns.rows.iter().flat_map(|row| &row.findings_by_rule);
    let codes: Vec<ByteArray> =
        rules.clone().map(|(code, _)| ByteArray::from(code.as_str())).collect();
    let counts: Vec<i64> = rules.map(|(_, count)| integer(*count)).collect();
    columns.column::<ByteArrayType>(&codes, Some(&definition), Some(&repetition))?;
    columns.column::<Int64Type>(&counts, Some(&definition), Some(&repetition))
}
