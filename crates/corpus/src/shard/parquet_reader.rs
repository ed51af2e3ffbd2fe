//! Reads the text and ID columns of Parquet files.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parquet::basic::{Compression, Encoding, Type};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_typed_column_reader};
use parquet::data_type::{ByteArray, ByteArrayType, DataType};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::FileReader;
use parquet::file::serialized_reader::{ReadOptionsBuilder, SerializedFileReader};
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};

use super::input_format::ShardFile;
use super::json_fields::field_list;
use super::labels::{MAX_LABEL_FIELDS, RecordLabels};
use super::parquet_pages::check_page_sizes;
use super::record::RecordBody;
use super::{RawRecord, ReadOptions, Shard, ShardItem};
use crate::decoder_panic;
use crate::read::ReadError;
use crate::storage::SourceFile;

/// Maximum page size as a multiple of the maximum record size. Writers start a new page long before
/// that.
const MAX_PAGE_RECORDS: usize = 2;
/// Pages up to this size are read even if the maximum record size is small.
const MIN_MAX_PAGE_BYTES: usize = 16 << 20;

/// The error for a file with Brotli pages.
const MISSING_CODEC: &str = "its pages are compressed with Brotli, which this build does not \
    decompress; build dechaff with `--features codecs`, or write the file with another codec";

/// Reads the records of a file in small batches of rows.
pub(super) struct ParquetReader {
    shard: Arc<Shard>,
    file: ParquetFile,
    /// The number of row groups started.
    groups_started: usize,
    /// The number of rows in the row groups before the current one.
    rows_before: u64,
    group: Option<RowGroup>,
    /// Counts the bytes read.
    count: Arc<AtomicU64>,
}

/// A file whose row groups are decoded.
struct ParquetFile {
    reader: SerializedFileReader<SourceFile>,
    /// The same file, to check pages before they are decoded.
    pages: SourceFile,
    columns: Columns,
    max_page_bytes: usize,
}

/// The indexes of the leaf columns to read.
struct Columns {
    text: usize,
    id: Option<usize>,
    labels: [Option<usize>; MAX_LABEL_FIELDS],
}

/// The row group being read.
struct RowGroup {
    text: ColumnReaderImpl<ByteArrayType>,
    /// The definition level of a text that is not null.
    max_level: i16,
    /// The ID column, and the definition level of an ID that is not null.
    id: Option<(ColumnReader, i16)>,
    /// The same for the columns of labels.
    labels: [Option<(ColumnReader, i16)>; MAX_LABEL_FIELDS],
    rows: u64,
    /// The number of rows returned.
    rows_done: u64,
    batch_rows: usize,
    /// The rows of the current batch.
    batch: VecDeque<RowValues>,
    /// Average compressed size of a row, for progress.
    bytes_per_row: u64,
}

/// The values of a row.
struct RowValues {
    text: Option<ByteArray>,
    /// The definition level of the text.
    level: i16,
    id: Option<String>,
    labels: RecordLabels,
}

/// Opens a Parquet file. With `with_page_index`, pages are located through the page index,
/// otherwise read one after the other.
pub(super) fn open_parquet(
    file: SourceFile,
    with_page_index: bool,
) -> Result<SerializedFileReader<SourceFile>, ParquetError> {
    let options = ReadOptionsBuilder::new();
    let options = if with_page_index { options.with_page_index() } else { options }.build();
    catch_parquet_panic(|| SerializedFileReader::new_with_options(file, options))
}

/// Turns a panic of the decoder or encoder on corrupt data into an error.
pub(super) fn catch_parquet_panic<T, E: From<ParquetError>>(
    decode: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    decoder_panic::catch_decoder_panic(decode)
        .unwrap_or_else(|| Err(ParquetError::General("the data is malformed".into()).into()))
}

/// Converts a count from the metadata, which is negative only in a corrupt file.
pub(super) fn to_count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// Returns the index of the leaf column at `path`.
pub(super) fn leaf_column(metadata: &ParquetMetaData, path: &str) -> Option<usize> {
    metadata
        .file_metadata()
        .schema_descr()
        .columns()
        .iter()
        .position(|column| column.path().string() == path)
}

/// Why a file has no usable text column.
enum ColumnError {
    /// The file may not be a corpus.
    Missing(String),
    /// The column has the wrong type.
    Invalid(String),
}

impl Columns {
    fn find(metadata: &ParquetMetaData, options: &ReadOptions) -> Result<Self, ColumnError> {
        let text_field = options.text_field.as_str();
        let schema = metadata.file_metadata().schema_descr();
        let Some(text) = leaf_column(metadata, text_field) else {
            return Err(missing_column(schema, text_field));
        };
        let column = schema.column(text);
        if column.physical_type() != Type::BYTE_ARRAY || column.max_rep_level() > 0 {
            let content = if column.max_rep_level() > 0 { "lists" } else { "no strings" };
            let reason = format!(
                "the column `{text_field}` holds {content}; dechaff needs one string per row"
            );
            return Err(ColumnError::Invalid(reason));
        }
        let is_scalar = |column: &usize| {
            let column = schema.column(*column);
            matches!(column.physical_type(), Type::BYTE_ARRAY | Type::INT32 | Type::INT64)
                && column.max_rep_level() == 0
        };
        let id = leaf_column(metadata, &options.id_field).filter(is_scalar);
        let scalar = |field| leaf_column(metadata, field).filter(is_scalar);
        let labels = options.label_fields().map(|field| field.and_then(scalar));
        Ok(Self { text, id, labels })
    }

    /// Whether the columns have a compression that this build does not support.
    fn need_missing_codec(&self, metadata: &ParquetMetaData) -> bool {
        let labels = self.labels.into_iter().flatten();
        let mut columns = [self.text].into_iter().chain(self.id).chain(labels);
        let is_missing = |compression| matches!(compression, Compression::BROTLI(_));
        let groups = metadata.row_groups();
        let is_missing_in =
            |at| groups.iter().any(|group| is_missing(group.column(at).compression()));
        cfg!(not(feature = "codecs")) && columns.any(is_missing_in)
    }
}

fn missing_column(schema: &SchemaDescriptor, name: &str) -> ColumnError {
    let is_nested = |column: &&Arc<ColumnDescriptor>| {
        column.path().string().strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
    };
    match schema.columns().iter().find(is_nested) {
        Some(column) if column.max_rep_level() > 0 => ColumnError::Invalid(format!(
            "the column `{name}` holds lists; dechaff needs one string per row"
        )),
        Some(column) => ColumnError::Missing(format!(
            "the column `{name}` has nested columns; use one of them, such as --text-field {}",
            column.path().string()
        )),
        None => {
            let columns: Vec<String> =
                schema.columns().iter().map(|column| column.path().string()).collect();
            ColumnError::Missing(format!("no column `{name}`{}", field_list(&columns)))
        }
    }
}

impl ParquetReader {
    /// Starts to read `file`.
    ///
    /// # Errors
    ///
    /// The file is not Parquet or has no text column.
    pub(super) fn open(file: ShardFile) -> Result<Self, ReadError> {
        let shard = Arc::clone(&file.shard);
        let options = &shard.read_options;
        // The footer is at the end, and the columns are read side by side.
        file.file.keep_blocks().map_err(|error| file.io_error(error))?;
        let clone = file.file.try_clone().map_err(|error| file.io_error(error))?;
        let reader = open_parquet(clone, false)
            .map_err(|error| file.unreadable(format!("cannot be read as Parquet: {error}")))?;
        let columns = Columns::find(reader.metadata(), options);
        let columns = columns.map_err(|error| match error {
            ColumnError::Missing(reason) => file.no_text_field(reason),
            ColumnError::Invalid(reason) => file.unreadable(reason),
        })?;
        if columns.need_missing_codec(reader.metadata()) {
            return Err(file.unreadable(MISSING_CODEC.into()));
        }
        let max_page_bytes =
            options.max_record.saturating_mul(MAX_PAGE_RECORDS).max(MIN_MAX_PAGE_BYTES);
        Ok(Self {
            file: ParquetFile { reader, pages: file.file, columns, max_page_bytes },
            groups_started: 0,
            rows_before: 0,
            group: None,
            count: file.count,
            shard,
        })
    }

    /// Reports `rows` rows of the current row group, after the first `before` rows of the file.
    fn unreadable_rows(&self, before: u64, rows: u64, error: &ParquetError) -> ShardItem {
        let reason = format!(
            "records {} to {} (row group {}) cannot be read: {error}",
            before.saturating_add(1),
            before.saturating_add(rows),
            self.groups_started
        );
        let place = self.shard.name.clone();
        ShardItem::Unreadable(ReadError::UnreadableRecords { place, records: rows.max(1), reason })
    }
}

impl ParquetFile {
    /// Returns the number of rows of row group `index`.
    fn row_count(&self, index: usize) -> u64 {
        to_count(self.reader.metadata().row_group(index).num_rows())
    }

    /// Starts row group `index`.
    fn open_group(&self, index: usize) -> Result<RowGroup, ParquetError> {
        const BATCH_BYTES: i64 = 1 << 20;
        const MAX_BATCH_ROWS: usize = 1_024;
        let Columns { text, id, labels } = self.columns;
        let reader = self.reader.get_row_group(index)?;
        let metadata = self.reader.metadata().row_group(index);
        let max_level = |column: usize| metadata.column(column).column_descr().max_def_level();
        for column in [text].into_iter().chain(id).chain(labels.into_iter().flatten()) {
            check_page_sizes(&self.pages, metadata.column(column), self.max_page_bytes)?;
        }
        let rows = metadata.num_rows().max(0);
        let column = metadata.column(text);
        let bytes_per_text = column.uncompressed_size() / rows.max(1);
        // Delta-encoded values share prefixes, so that a small page can expand to many large
        // values.
        let is_delta_encoded =
            column.encodings().any(|encoding| encoding == Encoding::DELTA_BYTE_ARRAY);
        let max_batch_rows = if is_delta_encoded { 1 } else { MAX_BATCH_ROWS };
        let scalar_column =
            |column| Ok::<_, ParquetError>((reader.get_column_reader(column)?, max_level(column)));
        let scalar_label = |column: Option<usize>| column.map(scalar_column).transpose();
        let [group, language, other] = labels;
        Ok(RowGroup {
            text: get_typed_column_reader(reader.get_column_reader(text)?),
            max_level: max_level(text),
            id: id.map(scalar_column).transpose()?,
            labels: [scalar_label(group)?, scalar_label(language)?, scalar_label(other)?],
            rows: to_count(rows),
            rows_done: 0,
            batch_rows: usize::try_from(BATCH_BYTES / bytes_per_text.max(1))
                .unwrap_or(0)
                .clamp(1, max_batch_rows),
            batch: VecDeque::new(),
            bytes_per_row: to_count(metadata.compressed_size()) / to_count(rows).max(1),
        })
    }
}

impl Iterator for ParquetReader {
    type Item = ShardItem;

    fn next(&mut self) -> Option<ShardItem> {
        loop {
            if self.group.as_ref().is_none_or(|group| group.rows_done == group.rows) {
                let rows = self.group.take().map_or(0, |group| group.rows);
                self.rows_before = self.rows_before.saturating_add(rows);
                let index = self.groups_started;
                if index == self.file.reader.num_row_groups() {
                    return None;
                }
                self.groups_started += 1;
                match catch_parquet_panic(|| self.file.open_group(index)) {
                    Ok(group) => self.group = Some(group),
                    Err(error) => {
                        let rows = self.file.row_count(index);
                        let item = self.unreadable_rows(self.rows_before, rows, &error);
                        self.rows_before = self.rows_before.saturating_add(rows);
                        return Some(item);
                    }
                }
            }
            let group = self.group.as_mut()?;
            if group.rows_done == group.rows {
                continue;
            }
            if group.batch.is_empty()
                && let Err(error) = catch_parquet_panic(|| group.read_batch())
            {
                let (done, rows) = (group.rows_done, group.rows);
                group.rows_done = rows;
                return Some(self.unreadable_rows(
                    self.rows_before.saturating_add(done),
                    rows - done,
                    &error,
                ));
            }
            let RowValues { text, level, id, labels } = group.batch.pop_front()?;
            group.rows_done += 1;
            self.count.fetch_add(group.bytes_per_row, Ordering::Relaxed);
            let index = self.rows_before.saturating_add(group.rows_done);
            let body = RecordBody::Value(text, level, id);
            let record = RawRecord { shard: Arc::clone(&self.shard), index, labels, body };
            return Some(ShardItem::Record(record));
        }
    }
}

impl RowGroup {
    fn read_batch(&mut self) -> Result<(), ParquetError> {
        let (values, levels) = read_values(&mut self.text, self.max_level, self.batch_rows)?;
        if levels.is_empty() {
            return Err(ParquetError::EOF("the column ends early".into()));
        }
        let rows = levels.len();
        let read_column = |column: &mut Option<(ColumnReader, i16)>| match column {
            Some((column, max_level)) => read_scalars(column, *max_level, rows),
            None => Ok(vec![None; rows]),
        };
        let ids = read_column(&mut self.id)?;
        let [group, language, other] = &mut self.labels;
        let labels = [read_column(group)?, read_column(language)?, read_column(other)?];
        let mut labels = labels.map(Vec::into_iter);
        let mut values = values.into_iter();
        for (level, id) in levels.into_iter().zip(ids) {
            let text = if level == self.max_level { values.next() } else { None };
            let labels = RecordLabels::new(labels.each_mut().map(|label| label.next().flatten()));
            self.batch.push_back(RowValues { text, level, id, labels });
        }
        Ok(())
    }
}

/// Reads `rows` rows of a column without lists. Returns the values that are not null, and each
/// row's definition level.
fn read_values<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    max_level: i16,
    rows: usize,
) -> Result<(Vec<T::T>, Vec<i16>), ParquetError> {
    let mut values = Vec::new();
    let mut levels = Vec::new();
    let (read, ..) = reader.read_records(rows, Some(&mut levels), None, &mut values)?;
    if max_level == 0 {
        levels = vec![0; read];
    }
    Ok((values, levels))
}

/// Reads the strings or numbers of `rows` rows.
fn read_scalars(
    reader: &mut ColumnReader,
    max_level: i16,
    rows: usize,
) -> Result<Vec<Option<String>>, ParquetError> {
    let mut scalars = match reader {
        ColumnReader::ByteArrayColumnReader(reader) => {
            read_scalars_as(reader, max_level, rows, |text| {
                String::from_utf8_lossy(text.data()).into_owned()
            })?
        }
        ColumnReader::Int32ColumnReader(reader) => {
            read_scalars_as(reader, max_level, rows, i32::to_string)?
        }
        ColumnReader::Int64ColumnReader(reader) => {
            read_scalars_as(reader, max_level, rows, i64::to_string)?
        }
        _ => Vec::new(),
    };
    scalars.resize(rows, None);
    Ok(scalars)
}

fn read_scalars_as<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    max_level: i16,
    rows: usize,
    format: impl Fn(&T::T) -> String,
) -> Result<Vec<Option<String>>, ParquetError> {
    let (values, levels) = read_values(reader, max_level, rows)?;
    let mut values = values.iter();
    let scalar = |level: &i16| if *level == max_level { values.next().map(&format) } else { None };
    Ok(levels.iter().map(scalar).collect())
}
