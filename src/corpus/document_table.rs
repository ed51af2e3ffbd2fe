//! The table of documents that `--documents` writes, as JSON Lines, CSV or Parquet.
//!
//! Rows are written as they come; Parquet buffers one row group. The file is renamed into place by
//! [`DocumentTable::finish`].

use std::io;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

use super::atomic_write::{OutputFile, WriteError};
use crate::report::{DocumentRow, Medium};

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
pub struct DocumentTable(TableWriter);

enum TableWriter {
    JsonLines(OutputFile),
    Csv(OutputFile),
    Parquet(Box<ParquetTable>),
}

struct ParquetTable {
    writer: SerializedFileWriter<OutputFile>,
    /// The rows of the next row group.
    rows: Vec<DocumentRow>,
}

/// Why a table cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The name of the file does not say which format it is to have.
    #[error("{0}: name it FILE.jsonl, FILE.csv or FILE.parquet, which decides the format")]
    UnknownFormat(String),
    /// Writing the file failed.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The encoder failed.
    #[error("cannot write the Parquet file: {0}")]
    Parquet(#[from] ParquetError),
}

impl DocumentTable {
    /// Starts to write the table at `path`, in the format of its extension.
    ///
    /// # Errors
    ///
    /// The extension is unknown, or the file cannot be created.
    pub fn create(path: &Path) -> Result<Self, TableError> {
        let extension =
            path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
        let create = || OutputFile::create(path);
        Ok(Self(match extension.as_deref() {
            Some("jsonl" | "ndjson") => TableWriter::JsonLines(create()?),
            Some("csv") => {
                let mut file = create()?;
                file.write(&DocumentRow::csv_header())?;
                TableWriter::Csv(file)
            }
            Some("parquet") => TableWriter::Parquet(Box::new(ParquetTable::new(create()?)?)),
            _ => return Err(TableError::UnknownFormat(path.display().to_string())),
        }))
    }

    /// Appends a row.
    ///
    /// # Errors
    ///
    /// Writing fails.
    pub fn add(&mut self, row: DocumentRow) -> Result<(), TableError> {
        match &mut self.0 {
            TableWriter::JsonLines(file) => {
                file.write(&Medium::Json.sanitize(&row.json()))?;
                file.write("\n")?;
            }
            TableWriter::Csv(file) => file.write(&Medium::Text.sanitize(&row.csv()))?,
            TableWriter::Parquet(table) => table.add(row)?,
        }
        Ok(())
    }

    /// Completes the file and renames it into place.
    ///
    /// # Errors
    ///
    /// Writing fails. An existing file is then unchanged.
    pub fn finish(self) -> Result<(), TableError> {
        let file = match self.0 {
            TableWriter::JsonLines(file) | TableWriter::Csv(file) => file,
            TableWriter::Parquet(table) => table.finish()?,
        };
        Ok(file.finish()?)
    }
}

impl ParquetTable {
    fn new(file: OutputFile) -> Result<Self, ParquetError> {
        let codec = Compression::ZSTD(ZstdLevel::default());
        let properties = WriterProperties::builder().set_compression(codec).build();
        let schema = Arc::new(parse_message_type(SCHEMA)?);
        Ok(Self {
            writer: SerializedFileWriter::new(file, schema, Arc::new(properties))?,
            rows: Vec::new(),
        })
    }

    fn add(&mut self, row: DocumentRow) -> Result<(), ParquetError> {
        const ROWS_PER_GROUP: usize = 20_000;
        self.rows.push(row);
        if self.rows.len() < ROWS_PER_GROUP { Ok(()) } else { self.write_group() }
    }

    fn finish(mut self) -> Result<OutputFile, ParquetError> {
        if !self.rows.is_empty() {
            self.write_group()?;
        }
        self.writer.into_inner()
    }

    /// Writes the columns of the buffered rows in the order of the schema.
    fn write_group(&mut self) -> Result<(), ParquetError> {
        let rows = std::mem::take(&mut self.rows);
        let mut group = ColumnWriters { group: self.writer.next_row_group()?, rows: &rows };
        group.strings(|row| Some(&row.path))?;
        group.optional_integers(|row| row.record_index)?;
        group.optional_strings(|row| row.record_id.as_deref())?;
        group.integers(|row| row.words)?;
        group.integers(|row| row.bytes)?;
        group.strings(|row| Some(row.page_kind))?;
        group.shares(|row| row.page_kind_probability)?;
        group.integers(|row| row.findings)?;
        group.rule_counts()?;
        group.shares(|row| row.safe_removed_share)?;
        group.shares(|row| row.removed_share)?;
        group.shares(|row| row.noise_share)?;
        group.shares(|row| row.duplicated_share)?;
        group.shares(|row| row.doubtful_share)?;
        group.shares(|row| row.unique_share)?;
        group.optional_strings(|row| row.nearest_path.as_deref())?;
        group.optional_integers(|row| row.nearest_record_index)?;
        group.optional_strings(|row| row.nearest_record_id.as_deref())?;
        group.shares(|row| row.nearest_share)?;
        group.strings(|row| Some(row.decision.verdict.name()))?;
        group.strings(|row| Some(&row.decision.reason))?;
        group.optional_strings(|row| row.decision.threshold.as_deref())?;
        group.group.close()?;
        Ok(())
    }
}

/// Writes the columns of a row group one by one.
struct ColumnWriters<'w, 'r> {
    group: SerializedRowGroupWriter<'w, OutputFile>,
    rows: &'r [DocumentRow],
}

impl<'r> ColumnWriters<'_, 'r> {
    /// Writes the next column, with definition and repetition levels if it has them.
    fn column<T: DataType>(
        &mut self,
        values: &[T::T],
        definition: Option<&[i16]>,
        repetition: Option<&[i16]>,
    ) -> Result<(), ParquetError> {
        let Some(mut column) = self.group.next_column()? else {
            return Err(ParquetError::General("the schema has too few columns".into()));
        };
        column.typed::<T>().write_batch(values, definition, repetition)?;
        column.close()
    }

    fn strings(
        &mut self,
        of: impl Fn(&'r DocumentRow) -> Option<&'r str>,
    ) -> Result<(), ParquetError> {
        let values: Vec<ByteArray> = self.rows.iter().filter_map(of).map(ByteArray::from).collect();
        self.column::<ByteArrayType>(&values, None, None)
    }

    fn optional_strings(
        &mut self,
        of: impl Fn(&'r DocumentRow) -> Option<&'r str>,
    ) -> Result<(), ParquetError> {
        let levels: Vec<i16> = self.rows.iter().map(|row| i16::from(of(row).is_some())).collect();
        let values: Vec<ByteArray> = self.rows.iter().filter_map(of).map(ByteArray::from).collect();
        self.column::<ByteArrayType>(&values, Some(&levels), None)
    }

    fn integers(&mut self, of: impl Fn(&DocumentRow) -> usize) -> Result<(), ParquetError> {
        let values: Vec<i64> = self.rows.iter().map(|row| integer(of(row))).collect();
        self.column::<Int64Type>(&values, None, None)
    }

    fn optional_integers(
        &mut self,
        of: impl Fn(&DocumentRow) -> Option<u64>,
    ) -> Result<(), ParquetError> {
        let levels: Vec<i16> = self.rows.iter().map(|row| i16::from(of(row).is_some())).collect();
        let values: Vec<i64> = self.rows.iter().filter_map(of).map(integer).collect();
        self.column::<Int64Type>(&values, Some(&levels), None)
    }

    fn shares(&mut self, of: impl Fn(&DocumentRow) -> f64) -> Result<(), ParquetError> {
        let values: Vec<f64> = self.rows.iter().map(of).collect();
        self.column::<DoubleType>(&values, None, None)
    }

    /// Writes the keys and the values of the map from rules to numbers of findings.
    fn rule_counts(&mut self) -> Result<(), ParquetError> {
        let (mut definition, mut repetition) = (Vec::new(), Vec::new());
        for row in self.rows {
            let entries = row.findings_by_rule.len();
            definition.extend((0..entries.max(1)).map(|_| i16::from(entries > 0)));
            repetition.extend((0..entries.max(1)).map(|index| i16::from(index > 0)));
        }
        let rules = self.rows.iter().flat_map(|row| &row.findings_by_rule);
        let codes: Vec<ByteArray> =
            rules.clone().map(|(code, _)| ByteArray::from(code.as_str())).collect();
        let counts: Vec<i64> = rules.map(|(_, count)| integer(*count)).collect();
        self.column::<ByteArrayType>(&codes, Some(&definition), Some(&repetition))?;
        self.column::<Int64Type>(&counts, Some(&definition), Some(&repetition))
    }
}

fn integer(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

impl io::Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream().flush()
    }
}
