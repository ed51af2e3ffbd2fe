//! The text column of a Parquet file, read value by value as it is stored.

use std::collections::VecDeque;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parquet::basic::{Encoding, Type};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_typed_column_reader};
use parquet::data_type::{ByteArray, ByteArrayType, DataType};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::FileReader;
use parquet::file::serialized_reader::{ReadOptionsBuilder, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;

use super::field::among;
use super::{Body, Raw, Shard, Step, pages};
use crate::corpus::read::ReadError;

/// Most bytes of a page, as a multiple of the largest record: a page holds many values, but writers
/// begin another one long before that.
const MAX_PAGE_RECORDS: usize = 2;
/// A page of this many bytes is read however small the largest record may be.
const MIN_MAX_PAGE: usize = 16 << 20;

/// Reads the rows of a file, a few at a time.
pub(super) struct Columns {
    reader: SerializedFileReader<File>,
    file: File,
    text: usize,
    /// Most bytes of a page.
    max_page: usize,
    id: Option<usize>,
    /// Row groups begun.
    begun: usize,
    /// Rows in the groups begun before the current one.
    rows_before: u64,
    group: Option<Group>,
    count: Arc<AtomicU64>,
}

/// The row group that is read.
struct Group {
    text: ColumnReaderImpl<ByteArrayType>,
    /// The level of a text that is there.
    whole: i16,
    id: Option<(ColumnReader, i16)>,
    rows: u64,
    /// Rows handed out.
    done: u64,
    /// Rows asked for at once.
    step: usize,
    ready: VecDeque<(Option<ByteArray>, i16, Option<String>)>,
    /// Bytes of the file that each row stands for.
    bytes_a_row: u64,
}

/// Opens a Parquet file. If its page indexes are kept, pages are where these say, and else one after the other.
pub(super) fn reader(file: File, keeps_indexes: bool) -> Result<SerializedFileReader<File>, ParquetError> {
    let options = ReadOptionsBuilder::new();
    let options = if keeps_indexes { options.with_page_index() } else { options }.build();
    // A broken footer must not end the run, whatever the decoder makes of it.
    guarded(|| SerializedFileReader::new_with_options(file, options))
}

/// Runs a decoder that broken bytes might make panic.
pub(super) fn guarded<T>(decode: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, ParquetError> {
    catch_unwind(AssertUnwindSafe(decode))
        .unwrap_or_else(|_| Err(ParquetError::General("the decoder cannot make sense of it".into())))
}

/// A count in a file's metadata, which may be damaged.
pub(super) fn count_of(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// The column with that path.
pub(super) fn leaf(metadata: &ParquetMetaData, path: &str) -> Option<usize> {
    metadata.file_metadata().schema_descr().columns().iter().position(|column| column.path().string() == path)
}

impl Columns {
    pub(super) fn open(file: File, shard: &Shard, is_named: bool, count: Arc<AtomicU64>) -> Result<Self, ReadError> {
        let bad = |reason: String| ReadError::Bad { place: shard.name.clone(), records: 1, reason };
        let clone = file.try_clone().map_err(|error| ReadError::Io { path: shard.name.clone(), error })?;
        let reader = reader(clone, false).map_err(|error| bad(format!("cannot be read as Parquet: {error}")))?;
        let name = &shard.reading.text_field;
        let schema = reader.metadata().file_metadata().schema_descr_ptr();
        let Some(text) = leaf(reader.metadata(), name) else {
            let columns: Vec<String> = schema.columns().iter().map(|column| column.path().string()).collect();
            let below = |column: &&Arc<ColumnDescriptor>| {
                column.path().string().strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('.'))
            };
            let reason = match schema.columns().iter().find(below) {
                Some(column) if column.max_rep_level() > 0 => {
                    return Err(bad(format!("the column `{name}` holds lists; dechaff needs one string per row")));
                }
                Some(column) => format!(
                    "the column `{name}` has columns of its own; name one of them, such as --text-field {}",
                    column.path().string()
                ),
                None => format!("no column `{name}`{}", among(&columns)),
            };
            return Err(if is_named { bad(reason) } else { ReadError::NoCorpus { path: shard.name.clone(), reason } });
        };
        let column = schema.column(text);
        if column.physical_type() != Type::BYTE_ARRAY || column.max_rep_level() > 0 {
            let what = if column.max_rep_level() > 0 { "lists" } else { "no strings" };
            return Err(bad(format!("the column `{name}` holds {what}; dechaff needs one string per row")));
        }
        let id = leaf(reader.metadata(), &shard.reading.id_field).filter(|id| {
            let column = schema.column(*id);
            matches!(column.physical_type(), Type::BYTE_ARRAY | Type::INT32 | Type::INT64)
                && column.max_rep_level() == 0
        });
        let max_page = shard.reading.max_record.saturating_mul(MAX_PAGE_RECORDS).max(MIN_MAX_PAGE);
        Ok(Self { reader, file, text, max_page, id, begun: 0, rows_before: 0, group: None, count })
    }

    /// The next row, or what cannot be read.
    pub(super) fn next(&mut self, shard: &Arc<Shard>) -> Option<Step> {
        loop {
            if self.group.as_ref().is_none_or(|group| group.done == group.rows) {
                let rows = self.group.take().map_or(0, |group| group.rows);
                self.rows_before = self.rows_before.saturating_add(rows);
                if self.begun == self.reader.num_row_groups() {
                    return None;
                }
                self.begun += 1;
                match guarded(|| self.group(self.begun - 1)) {
                    Ok(group) => self.group = Some(group),
                    Err(error) => {
                        let rows = count_of(self.reader.metadata().row_group(self.begun - 1).num_rows());
                        let damage = self.damage(shard, self.rows_before, rows, &error);
                        self.rows_before = self.rows_before.saturating_add(rows);
                        return Some(damage);
                    }
                }
            }
            let group = self.group.as_mut()?;
            if group.done == group.rows {
                continue;
            }
            if group.ready.is_empty()
                && let Err(error) = guarded(|| group.fill())
            {
                let (done, rows) = (group.done, group.rows);
                group.done = rows;
                return Some(self.damage(shard, self.rows_before.saturating_add(done), rows - done, &error));
            }
            let (value, level, id) = group.ready.pop_front()?;
            group.done += 1;
            self.count.fetch_add(group.bytes_a_row, Ordering::Relaxed);
            let index = self.rows_before.saturating_add(group.done);
            return Some(Step::Record(Raw { shard: Arc::clone(shard), index, body: Body::Value(value, level, id) }));
        }
    }

    fn group(&self, index: usize) -> Result<Group, ParquetError> {
        /// Bytes of text that are read at once.
        const STEP: i64 = 1 << 20;
        /// Most rows that are read at once.
        const MAX_STEP: usize = 1_024;
        let reader = self.reader.get_row_group(index)?;
        let metadata = self.reader.metadata().row_group(index);
        let level = |column: usize| metadata.column(column).column_descr().max_def_level();
        let rows = metadata.num_rows().max(0);
        for column in [self.text].into_iter().chain(self.id) {
            pages::check(&self.file, metadata.column(column), self.max_page)?;
        }
        let column = metadata.column(self.text);
        let mean = column.uncompressed_size() / rows.max(1);
        // A value may repeat what comes before it, so that many of them are large though their page is small.
        let repeats = column.encodings().any(|encoding| encoding == Encoding::DELTA_BYTE_ARRAY);
        let most = if repeats { 1 } else { MAX_STEP };
        Ok(Group {
            text: get_typed_column_reader(reader.get_column_reader(self.text)?),
            whole: level(self.text),
            id: self.id.map(|id| Ok::<_, ParquetError>((reader.get_column_reader(id)?, level(id)))).transpose()?,
            rows: count_of(rows),
            done: 0,
            step: usize::try_from(STEP / mean.max(1)).unwrap_or(0).clamp(1, most),
            ready: VecDeque::new(),
            bytes_a_row: count_of(metadata.compressed_size()) / count_of(rows).max(1),
        })
    }

    fn damage(&self, shard: &Shard, before: u64, rows: u64, error: &ParquetError) -> Step {
        let reason = format!(
            "records {} to {} (row group {}) cannot be read: {error}",
            before.saturating_add(1),
            before.saturating_add(rows),
            self.begun
        );
        Step::Damage(ReadError::Bad { place: shard.name.clone(), records: rows.max(1), reason })
    }
}

impl Group {
    /// Reads the next few rows.
    fn fill(&mut self) -> Result<(), ParquetError> {
        let (values, levels) = read(&mut self.text, self.whole, self.step)?;
        if levels.is_empty() {
            return Err(ParquetError::EOF("the column ends early".into()));
        }
        let ids = match &mut self.id {
            Some((id, whole)) => ids(id, *whole, levels.len())?,
            None => vec![None; levels.len()],
        };
        let mut values = values.into_iter();
        for (level, id) in levels.into_iter().zip(ids) {
            let value = if level == self.whole { values.next() } else { None };
            self.ready.push_back((value, level, id));
        }
        Ok(())
    }
}

/// The next `rows` values of a column without lists, and for each row how much of the path to its value is there.
fn read<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    whole: i16,
    rows: usize,
) -> Result<(Vec<T::T>, Vec<i16>), ParquetError> {
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    let (read, ..) = reader.read_records(rows, Some(&mut levels), None, &mut values)?;
    if whole == 0 {
        levels = vec![0; read];
    }
    Ok((values, levels))
}

/// The next `rows` identifiers.
fn ids(reader: &mut ColumnReader, whole: i16, rows: usize) -> Result<Vec<Option<String>>, ParquetError> {
    fn shown<V>((values, levels): (Vec<V>, Vec<i16>), whole: i16, show: impl Fn(V) -> String) -> Vec<Option<String>> {
        let mut values = values.into_iter();
        levels.iter().map(|level| if *level == whole { values.next().map(&show) } else { None }).collect()
    }
    let mut ids = match reader {
        ColumnReader::ByteArrayColumnReader(reader) => {
            shown(read(reader, whole, rows)?, whole, |id: ByteArray| String::from_utf8_lossy(id.data()).into_owned())
        }
        ColumnReader::Int32ColumnReader(reader) => shown(read(reader, whole, rows)?, whole, |id| id.to_string()),
        ColumnReader::Int64ColumnReader(reader) => shown(read(reader, whole, rows)?, whole, |id| id.to_string()),
        _ => Vec::new(),
    };
    ids.resize(rows, None);
    Ok(ids)
}
