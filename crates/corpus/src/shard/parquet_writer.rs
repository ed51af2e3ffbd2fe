//! Rewrites a Parquet file. Row groups with changed texts get a new text column; everything else is
//! copied as bytes.

use std::fmt::Display;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::sync::Arc;

use parquet::basic::Encoding;
use parquet::bloom_filter::Sbbf;
use parquet::column::page::{CompressedPage, PageWriteSpec, PageWriter};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::column::writer::{
    ColumnCloseResult, ColumnWriter, ColumnWriterImpl, get_column_writer, get_typed_column_writer,
};
use parquet::data_type::{ByteArray, ByteArrayType, DataType};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr};
use parquet::file::reader::FileReader;
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::file::writer::{SerializedFileWriter, SerializedPageWriter, TrackedWrite};

use super::input_format::{RecordWriter, ShardFile};
use super::parquet_reader::{
    ParquetReader, catch_parquet_panic, leaf_column, open_parquet, to_count,
};
use super::record::{RecordBody, RecordHandle};
use super::{RecordAction, Shard, ShardItem};
use crate::storage::SourceFile;

/// Rewrites a file row by row.
pub(super) struct ParquetRewriter {
    source: SourceFile,
    reader: SerializedFileReader<SourceFile>,
    metadata: Arc<ParquetMetaData>,
    writer: SerializedFileWriter<File>,
    /// The index of the text column.
    text: usize,
    /// The index of the current row group.
    group: usize,
    /// The text column of the current row group, created with its first row.
    text_column: Option<TextColumn>,
    /// The rows written.
    written: RowHasher,
}

/// Hashes the texts of rows, to verify a file after writing it.
#[derive(Default)]
struct RowHasher {
    hasher: DefaultHasher,
}

impl RowHasher {
    fn add(&mut self, value: Option<&ByteArray>, level: i16) {
        (value.map(ByteArray::data), level).hash(&mut self.hasher);
    }
}

/// The new text column of a row group. It is written to a temporary file, because the columns
/// before it come first in the new file.
struct TextColumn {
    file: File,
    writer: ColumnWriterImpl<'static, ByteArrayType>,
    /// Whether to keep each row of the group so far.
    keep: Vec<bool>,
    is_changed: bool,
}

/// Writes the pages of a column to a file.
struct PageSink(TrackedWrite<File>);

impl PageWriter for PageSink {
    fn write_page(&mut self, page: CompressedPage) -> Result<PageWriteSpec, ParquetError> {
        SerializedPageWriter::new(&mut self.0).write_page(page)
    }

    fn close(&mut self) -> Result<(), ParquetError> {
        SerializedPageWriter::new(&mut self.0).close()
    }
}

impl ParquetRewriter {
    pub(super) fn new(shard: &Shard, file: File) -> io::Result<Self> {
        let source = shard.reopen()?;
        source.keep_blocks()?;
        let reader = open_parquet(source.try_clone()?, true)?;
        let metadata = Arc::new(reader.metadata().clone());
        let text = leaf_column(&metadata, &shard.read_options.text_field);
        let text = text.ok_or_else(|| io::Error::other("the column is gone"))?;
        let file_metadata = metadata.file_metadata();
        let mut properties = WriterProperties::builder()
            .set_key_value_metadata(file_metadata.key_value_metadata().cloned())
            .set_sorting_columns(
                metadata.row_groups().first().and_then(|group| group.sorting_columns().cloned()),
            )
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_offset_index_disabled(metadata.page_index().is_none());
        if let Some(created_by) = file_metadata.created_by() {
            properties = properties.set_created_by(created_by.to_owned());
        }
        let schema = file_metadata.schema_descr().root_schema_ptr();
        let writer = SerializedFileWriter::new(file, schema, Arc::new(properties.build()))?;
        let mut rewriter = Self {
            source,
            reader,
            metadata,
            writer,
            text,
            group: 0,
            text_column: None,
            written: RowHasher::default(),
        };
        rewriter.copy_empty_groups()?;
        Ok(rewriter)
    }

    /// Writes the text of the next row.
    fn write_row(
        &mut self,
        value: Option<&ByteArray>,
        level: i16,
        action: RecordAction<'_>,
    ) -> io::Result<()> {
        if self.group >= self.metadata.num_row_groups() {
            return Err(file_changed());
        }
        let column = match &mut self.text_column {
            Some(column) => column,
            none => {
                none.insert(TextColumn::new(self.metadata.row_group(self.group).column(self.text))?)
            }
        };
        column.is_changed |= !matches!(action, RecordAction::Keep);
        column.keep.push(!matches!(action, RecordAction::Drop));
        let value = match action {
            RecordAction::Keep => Some(value.cloned()),
            RecordAction::Edit(text, _) | RecordAction::Replace(text) => {
                Some(Some(ByteArray::from(text)))
            }
            RecordAction::Drop => None,
        };
        if let Some(value) = value {
            self.written.add(value.as_ref(), level);
            let values: Vec<ByteArray> = value.into_iter().collect();
            column.writer.write_batch(&values, Some(&[level]), None)?;
        }
        if column.keep.len() as u64 == to_count(self.metadata.row_group(self.group).num_rows()) {
            self.finish_group()?;
            self.copy_empty_groups()?;
        }
        Ok(())
    }

    fn copy_empty_groups(&mut self) -> io::Result<()> {
        while self.group < self.metadata.num_row_groups()
            && self.metadata.row_group(self.group).num_rows() == 0
        {
            self.finish_group()?;
        }
        Ok(())
    }

    fn finish_group(&mut self) -> io::Result<()> {
        let group = self.group;
        self.group += 1;
        let changed = self.text_column.take().filter(|column| column.is_changed);
        let (keep, mut text_column) = match changed {
            Some(TextColumn { file, writer, keep, .. }) => (keep, Some((file, writer.close()?))),
            None => (Vec::new(), None),
        };
        let has_dropped_rows = keep.contains(&false);
        let metadata = Arc::clone(&self.metadata);
        let mut output = self.writer.next_row_group()?;
        for column in 0..metadata.row_group(group).num_columns() {
            match text_column.take_if(|_| column == self.text) {
                Some((file, close)) => output.append_column(&file, close)?,
                None if has_dropped_rows => {
                    let (file, close) = catch_parquet_panic(|| {
                        filtered_column(&self.reader, group, column, &keep)
                    })?;
                    output.append_column(&file, close)?;
                }
                None => {
                    let close = copied_column(&metadata, group, column, &self.source);
                    output.append_column(&self.source, close)?;
                }
            }
        }
        output.close()?;
        Ok(())
    }

    /// Finishes the new file and reads it back from `file`, a handle to it. A damaged file may be
    /// readable in place, but not once its columns are copied to other positions.
    fn finish_file(self, shard: &Arc<Shard>, file: File) -> io::Result<()> {
        if self.group < self.metadata.num_row_groups() {
            return Err(file_changed());
        }
        self.writer.close()?;
        let unreadable = |reason: &dyn Display| {
            io::Error::other(format!(
                "the file is damaged: after rewriting, it could not be read ({reason})"
            ))
        };
        let mut read = RowHasher::default();
        let written = ShardFile {
            file: SourceFile::Local(file),
            shard: Arc::clone(shard),
            is_explicit: true,
            count: Arc::default(),
        };
        for item in ParquetReader::open(written).map_err(|error| unreadable(&error))? {
            match item {
                ShardItem::Record(record) => {
                    if let RecordBody::Value(value, level, _) = &record.body {
                        read.add(value.as_ref(), *level);
                    }
                }
                ShardItem::Unreadable(error) => return Err(unreadable(&error)),
            }
        }
        if read.hasher.finish() != self.written.hasher.finish() {
            return Err(unreadable(&"it has other texts"));
        }
        Ok(())
    }
}

impl RecordWriter for ParquetRewriter {
    fn write(&mut self, handle: &RecordHandle, action: RecordAction<'_>) -> io::Result<()> {
        match &handle.body {
            RecordBody::Value(value, level, _) => {
                catch_parquet_panic(|| self.write_row(value.as_ref(), *level, action))
            }
            _ => Ok(()),
        }
    }

    fn finish(self: Box<Self>, shard: &Arc<Shard>, file: File) -> io::Result<()> {
        catch_parquet_panic(|| self.finish_file(shard, file))
    }
}

fn file_changed() -> io::Error {
    io::Error::other("the file has changed since it was opened")
}

impl TextColumn {
    fn new(column: &ColumnChunkMetaData) -> io::Result<Self> {
        let file = tempfile::tempfile()?;
        let writer = get_typed_column_writer(column_writer(column, file.try_clone()?));
        Ok(Self { file, writer, keep: Vec::new(), is_changed: false })
    }
}

/// Returns a writer into `file` that encodes like `column`.
fn column_writer(column: &ColumnChunkMetaData, file: File) -> ColumnWriter<'static> {
    let sink = Box::new(PageSink(TrackedWrite::new(file)));
    get_column_writer(column.column_descr_ptr(), matching_properties(column), sink)
}

/// Returns the properties with which `column` was written, as far as they can be inferred from its
/// metadata.
fn matching_properties(column: &ColumnChunkMetaData) -> WriterPropertiesPtr {
    let has = |encoding: Encoding| column.encodings().any(|used| used == encoding);
    let has_index = column.column_index_offset().is_some();
    let mut properties = WriterProperties::builder()
        .set_compression(column.compression())
        .set_dictionary_enabled(column.dictionary_page_offset().is_some())
        .set_bloom_filter_enabled(column.bloom_filter_offset().is_some())
        .set_statistics_enabled(match column.statistics() {
            _ if has_index => EnabledStatistics::Page,
            Some(_) => EnabledStatistics::Chunk,
            None => EnabledStatistics::None,
        })
        .set_offset_index_disabled(column.offset_index_offset().is_none());
    let special = [
        Encoding::DELTA_LENGTH_BYTE_ARRAY,
        Encoding::DELTA_BYTE_ARRAY,
        Encoding::DELTA_BINARY_PACKED,
        Encoding::BYTE_STREAM_SPLIT,
    ];
    if let Some(encoding) = special.into_iter().find(|encoding| has(*encoding)) {
        properties = properties.set_encoding(encoding);
    }
    Arc::new(properties.build())
}

/// Describes a column chunk to copy byte for byte.
fn copied_column(
    metadata: &ParquetMetaData,
    group: usize,
    column: usize,
    source: &SourceFile,
) -> ColumnCloseResult {
    let row_group = metadata.row_group(group);
    let chunk = row_group.column(column);
    let index = metadata.page_index();
    ColumnCloseResult {
        bytes_written: to_count(chunk.compressed_size()),
        rows_written: to_count(row_group.num_rows()),
        metadata: chunk.clone(),
        bloom_filter: Sbbf::read_from_column_chunk(chunk, source).ok().flatten(),
        column_index: index.and_then(|index| index.column_index(group, column)).cloned(),
        offset_index: index.and_then(|index| index.offset_index(group, column)).cloned(),
    }
}

/// Writes the rows to keep of a column chunk to a temporary file.
fn filtered_column(
    reader: &SerializedFileReader<SourceFile>,
    group: usize,
    column: usize,
    keep: &[bool],
) -> Result<(File, ColumnCloseResult), ParquetError> {
    let metadata = reader.metadata().row_group(group).column(column);
    let file = tempfile::tempfile()?;
    let writer = column_writer(metadata, file.try_clone()?);
    let levels = (metadata.column_descr().max_def_level(), metadata.column_descr().max_rep_level());
    let source = reader.get_row_group(group)?.get_column_reader(column)?;
    let close = match source {
        ColumnReader::BoolColumnReader(source) => filter_rows(source, writer, levels, keep),
        ColumnReader::Int32ColumnReader(source) => filter_rows(source, writer, levels, keep),
        ColumnReader::Int64ColumnReader(source) => filter_rows(source, writer, levels, keep),
        ColumnReader::Int96ColumnReader(source) => filter_rows(source, writer, levels, keep),
        ColumnReader::FloatColumnReader(source) => filter_rows(source, writer, levels, keep),
        ColumnReader::DoubleColumnReader(source) => filter_rows(source, writer, levels, keep),
        ColumnReader::ByteArrayColumnReader(source) => filter_rows(source, writer, levels, keep),
        ColumnReader::FixedLenByteArrayColumnReader(source) => {
            filter_rows(source, writer, levels, keep)
        }
    }?;
    Ok((file, close))
}

/// Copies the rows to keep from `source` to `writer`. A level of 0 means that the column has no
/// such levels.
fn filter_rows<T: DataType>(
    mut source: ColumnReaderImpl<T>,
    writer: ColumnWriter<'_>,
    (max_def_level, max_rep_level): (i16, i16),
    keep: &[bool],
) -> Result<ColumnCloseResult, ParquetError> {
    let mut writer: ColumnWriterImpl<'_, T> = get_typed_column_writer(writer);
    for &keep in keep {
        let mut values = Vec::new();
        let mut def_levels = (max_def_level > 0).then(Vec::new);
        let mut rep_levels = (max_rep_level > 0).then(Vec::new);
        source.read_records(1, def_levels.as_mut(), rep_levels.as_mut(), &mut values)?;
        if keep {
            writer.write_batch(&values, def_levels.as_deref(), rep_levels.as_deref())?;
        }
    }
    writer.close()
}
