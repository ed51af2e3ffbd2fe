//! Writes a table with one row per document, as JSON Lines, CSV or Parquet.
//!
//! Rows are written as they arrive; Parquet buffers one row group. The file is renamed into place
//! by [`TableWriter::finish`].

use std::io;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;

use super::atomic_write::{OutputFile, WriteError};
use dechaff_engine::report::Medium;

/// A row of a table.
pub(super) trait TableRow: Sized {
    /// Returns the row as a JSON object on one line.
    fn json(&self) -> String;

    /// Returns the row as CSV (RFC 4180), with the line end.
    fn csv(&self) -> String;

    /// Writes all columns of a row group, in the order of the schema.
    ///
    /// # Errors
    ///
    /// Writing fails.
    fn write_columns(columns: &mut ColumnWriters<'_, '_, Self>) -> Result<(), ParquetError>;
}

/// A table being written.
pub(super) enum TableWriter<R> {
    JsonLines(OutputFile),
    Csv(OutputFile),
    Parquet(Box<ParquetTable<R>>),
}

/// A Parquet file being written.
pub(super) struct ParquetTable<R> {
    writer: SerializedFileWriter<OutputFile>,
    /// The rows of the next row group.
    rows: Vec<R>,
}

/// Why a table cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file extension does not imply a format.
    #[error("{0}: the extension must be .jsonl, .csv or .parquet")]
    UnknownFormat(String),
    /// Writing the file failed.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The encoder failed.
    #[error("cannot write the Parquet file: {0}")]
    Parquet(#[from] ParquetError),
}

impl<R: TableRow> TableWriter<R> {
    /// Starts to write the table at `path`, in the format of its extension.
    ///
    /// # Errors
    ///
    /// The extension is unknown, or the file cannot be created.
    pub(super) fn create(
        path: &Path,
        csv_header: &str,
        schema: impl FnOnce() -> Result<Type, ParquetError>,
    ) -> Result<Self, TableError> {
        let extension =
            path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
        let create = || OutputFile::create(path);
        Ok(match extension.as_deref() {
            Some("jsonl" | "ndjson") => Self::JsonLines(create()?),
            Some("csv") => {
                let mut file = create()?;
                file.write(csv_header)?;
                Self::Csv(file)
            }
            Some("parquet") => {
                Self::Parquet(Box::new(ParquetTable::new(create()?, Arc::new(schema()?))?))
            }
            _ => return Err(TableError::UnknownFormat(path.display().to_string())),
        })
    }

    /// Appends a row.
    ///
    /// # Errors
    ///
    /// Writing fails.
    pub(super) fn add(&mut self, row: R) -> Result<(), TableError> {
        match self {
            Self::JsonLines(file) => {
                file.write(&Medium::Json.sanitize(&row.json()))?;
                file.write("\n")?;
            }
            Self::Csv(file) => file.write(&Medium::Text.sanitize(&row.csv()))?,
            Self::Parquet(table) => table.add(row)?,
        }
        Ok(())
    }

    /// Completes the file and renames it into place.
    ///
    /// # Errors
    ///
    /// Writing fails. An existing file is then unchanged.
    pub(super) fn finish(self) -> Result<(), TableError> {
        let file = match self {
            Self::JsonLines(file) | Self::Csv(file) => file,
            Self::Parquet(table) => table.finish()?,
        };
        Ok(file.finish()?)
    }
}

impl<R: TableRow> ParquetTable<R> {
    fn new(file: OutputFile, schema: Arc<Type>) -> Result<Self, ParquetError> {
        let codec = Compression::ZSTD(ZstdLevel::default());
        let properties = WriterProperties::builder().set_compression(codec).build();
        let writer = SerializedFileWriter::new(file, schema, Arc::new(properties))?;
        Ok(Self { writer, rows: Vec::new() })
    }

    fn add(&mut self, row: R) -> Result<(), ParquetError> {
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

    fn write_group(&mut self) -> Result<(), ParquetError> {
        let rows = std::mem::take(&mut self.rows);
        let mut group = ColumnWriters { group: self.writer.next_row_group()?, rows: &rows };
        R::write_columns(&mut group)?;
        group.group.close()?;
        Ok(())
    }
}

/// Writes the columns of a row group one by one.
pub(super) struct ColumnWriters<'w, 'r, R> {
    group: SerializedRowGroupWriter<'w, OutputFile>,
    /// The rows of the group.
    pub(super) rows: &'r [R],
}

impl<'r, R> ColumnWriters<'_, 'r, R> {
    /// Writes the next column, with definition and repetition levels if it has them.
    pub(super) fn column<T: DataType>(
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

    pub(super) fn strings(
        &mut self,
        of: impl Fn(&'r R) -> Option<&'r str>,
    ) -> Result<(), ParquetError> {
        let values: Vec<ByteArray> = self.rows.iter().filter_map(of).map(ByteArray::from).collect();
        self.column::<ByteArrayType>(&values, None, None)
    }

    pub(super) fn optional_strings(
        &mut self,
        of: impl Fn(&'r R) -> Option<&'r str>,
    ) -> Result<(), ParquetError> {
        let levels: Vec<i16> = self.rows.iter().map(|row| i16::from(of(row).is_some())).collect();
        let values: Vec<ByteArray> = self.rows.iter().filter_map(of).map(ByteArray::from).collect();
        self.column::<ByteArrayType>(&values, Some(&levels), None)
    }

    pub(super) fn integers(&mut self, of: impl Fn(&R) -> usize) -> Result<(), ParquetError> {
        let values: Vec<i64> = self.rows.iter().map(|row| integer(of(row))).collect();
        self.column::<Int64Type>(&values, None, None)
    }

    pub(super) fn optional_integers(
        &mut self,
        of: impl Fn(&R) -> Option<u64>,
    ) -> Result<(), ParquetError> {
        let levels: Vec<i16> = self.rows.iter().map(|row| i16::from(of(row).is_some())).collect();
        let values: Vec<i64> = self.rows.iter().filter_map(of).map(integer).collect();
        self.column::<Int64Type>(&values, Some(&levels), None)
    }

    pub(super) fn doubles(&mut self, of: impl Fn(&R) -> f64) -> Result<(), ParquetError> {
        let values: Vec<f64> = self.rows.iter().map(of).collect();
        self.column::<DoubleType>(&values, None, None)
    }

    pub(super) fn optional_doubles(
        &mut self,
        of: impl Fn(&R) -> Option<f64>,
    ) -> Result<(), ParquetError> {
        let levels: Vec<i16> = self.rows.iter().map(|row| i16::from(of(row).is_some())).collect();
        let values: Vec<f64> = self.rows.iter().filter_map(of).collect();
        self.column::<DoubleType>(&values, Some(&levels), None)
    }
}

/// Converts a count to Parquet's integer type.
pub(super) fn integer(number: impl TryInto<i64>) -> i64 {
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
