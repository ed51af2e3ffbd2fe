//! A Parquet file written again: the text column of row groups that changed, and all else copied as the bytes it is.

use std::fs::File;
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

use super::columns::{count_of, guarded, leaf, reader};
use super::{Fate, Shard};

/// The new file.
pub(super) struct Table {
    source: File,
    reader: SerializedFileReader<File>,
    metadata: Arc<ParquetMetaData>,
    writer: SerializedFileWriter<File>,
    text: usize,
    /// The row group that is written.
    group: usize,
    /// The text column of that group, begun with its first row.
    texts: Option<Texts>,
}

/// The text column of a row group, written to a file of its own until it is known what goes before it.
struct Texts {
    file: File,
    writer: ColumnWriterImpl<'static, ByteArrayType>,
    /// For each row of the group so far, whether it stays.
    stays: Vec<bool>,
    is_changed: bool,
}

/// Writes the pages of a column to a file of their own.
struct Pages(TrackedWrite<File>);

impl PageWriter for Pages {
    fn write_page(&mut self, page: CompressedPage) -> Result<PageWriteSpec, ParquetError> {
        SerializedPageWriter::new(&mut self.0).write_page(page)
    }

    fn close(&mut self) -> Result<(), ParquetError> {
        SerializedPageWriter::new(&mut self.0).close()
    }
}

impl Table {
    pub(super) fn begin(shard: &Shard, file: File) -> io::Result<Self> {
        let source = File::open(&shard.path)?;
        let reader = reader(source.try_clone()?, true)?;
        let metadata = Arc::new(reader.metadata().clone());
        let text = leaf(&metadata, &shard.reading.text_field).ok_or_else(|| io::Error::other("the column is gone"))?;
        let schema = metadata.file_metadata().schema_descr().root_schema_ptr();
        let mut properties = WriterProperties::builder()
            .set_key_value_metadata(metadata.file_metadata().key_value_metadata().cloned())
            .set_sorting_columns(metadata.row_groups().first().and_then(|group| group.sorting_columns().cloned()))
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_offset_index_disabled(metadata.page_index().is_none());
        if let Some(created_by) = metadata.file_metadata().created_by() {
            properties = properties.set_created_by(created_by.to_owned());
        }
        let writer = SerializedFileWriter::new(file, schema, Arc::new(properties.build()))?;
        let mut table = Self { source, reader, metadata, writer, text, group: 0, texts: None };
        table.skip_empty()?;
        Ok(table)
    }

    /// Writes the next row's text.
    pub(super) fn row(&mut self, value: Option<&ByteArray>, level: i16, fate: Fate<'_>) -> io::Result<()> {
        if self.group >= self.metadata.num_row_groups() {
            return Err(io::Error::other("the file has changed since it was opened"));
        }
        let texts = match &mut self.texts {
            Some(texts) => texts,
            none => none.insert(Texts::begin(self.metadata.row_group(self.group).column(self.text))?),
        };
        texts.is_changed |= !matches!(fate, Fate::Keep);
        texts.stays.push(!matches!(fate, Fate::Drop));
        let value = match fate {
            Fate::Keep => Some(value.cloned()),
            Fate::Change(text, _) | Fate::Become(text) => Some(Some(ByteArray::from(text))),
            Fate::Drop => None,
        };
        if let Some(value) = value {
            let values: Vec<ByteArray> = value.into_iter().collect();
            texts.writer.write_batch(&values, Some(&[level]), None)?;
        }
        if texts.stays.len() as u64 == count_of(self.metadata.row_group(self.group).num_rows()) {
            self.end_group()?;
            self.skip_empty()?;
        }
        Ok(())
    }

    /// Copies row groups that have no rows.
    fn skip_empty(&mut self) -> io::Result<()> {
        while self.group < self.metadata.num_row_groups() && self.metadata.row_group(self.group).num_rows() == 0 {
            self.end_group()?;
        }
        Ok(())
    }

    fn end_group(&mut self) -> io::Result<()> {
        let group = self.group;
        self.group += 1;
        let texts = self.texts.take().filter(|texts| texts.is_changed);
        let (stays, mut texts) = match texts {
            Some(Texts { file, writer, stays, .. }) => (stays, Some((file, writer.close()?))),
            None => (Vec::new(), None),
        };
        let has_dropped = stays.contains(&false);
        let metadata = Arc::clone(&self.metadata);
        let mut output = self.writer.next_row_group()?;
        for column in 0..metadata.row_group(group).num_columns() {
            match texts.take_if(|_| column == self.text) {
                Some((file, close)) => output.append_column(&file, close)?,
                None if has_dropped => {
                    let (file, close) = guarded(|| filtered(&self.reader, group, column, &stays))?;
                    output.append_column(&file, close)?;
                }
                None => output.append_column(&self.source, as_it_is(&metadata, group, column, &self.source))?,
            }
        }
        output.close()?;
        Ok(())
    }

    pub(super) fn finish(self) -> io::Result<()> {
        if self.group < self.metadata.num_row_groups() {
            return Err(io::Error::other("the file has changed since it was opened"));
        }
        self.writer.close()?;
        Ok(())
    }
}

impl Texts {
    fn begin(column: &ColumnChunkMetaData) -> io::Result<Self> {
        let file = tempfile::tempfile()?;
        let writer = get_typed_column_writer(pages(column, file.try_clone()?));
        Ok(Self { file, writer, stays: Vec::new(), is_changed: false })
    }
}

/// A writer of such a column as `column`, onto `file`.
fn pages(column: &ColumnChunkMetaData, file: File) -> ColumnWriter<'static> {
    get_column_writer(column.column_descr_ptr(), like(column), Box::new(Pages(TrackedWrite::new(file))))
}

/// Properties that write a column as `column` was written, as far as its metadata tells.
fn like(column: &ColumnChunkMetaData) -> WriterPropertiesPtr {
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
    let other = [
        Encoding::DELTA_LENGTH_BYTE_ARRAY,
        Encoding::DELTA_BYTE_ARRAY,
        Encoding::DELTA_BINARY_PACKED,
        Encoding::BYTE_STREAM_SPLIT,
    ];
    if let Some(encoding) = other.into_iter().find(|encoding| has(*encoding)) {
        properties = properties.set_encoding(encoding);
    }
    Arc::new(properties.build())
}

/// A column chunk to be copied byte for byte.
fn as_it_is(metadata: &ParquetMetaData, group: usize, column: usize, source: &File) -> ColumnCloseResult {
    let (rows, chunk) = (metadata.row_group(group).num_rows(), metadata.row_group(group).column(column));
    let index = metadata.page_index();
    ColumnCloseResult {
        bytes_written: count_of(chunk.compressed_size()),
        rows_written: count_of(rows),
        metadata: chunk.clone(),
        bloom_filter: Sbbf::read_from_column_chunk(chunk, source).ok().flatten(),
        column_index: index.and_then(|index| index.column_index(group, column)).cloned(),
        offset_index: index.and_then(|index| index.offset_index(group, column)).cloned(),
    }
}

/// A column chunk without the rows that do not stay, in a file of its own.
fn filtered(
    reader: &SerializedFileReader<File>,
    group: usize,
    column: usize,
    stays: &[bool],
) -> Result<(File, ColumnCloseResult), ParquetError> {
    let metadata = reader.metadata().row_group(group).column(column);
    let file = tempfile::tempfile()?;
    let writer = pages(metadata, file.try_clone()?);
    let levels = (metadata.column_descr().max_def_level(), metadata.column_descr().max_rep_level());
    let source = reader.get_row_group(group)?.get_column_reader(column)?;
    let close = match source {
        ColumnReader::BoolColumnReader(source) => filter(source, writer, levels, stays),
        ColumnReader::Int32ColumnReader(source) => filter(source, writer, levels, stays),
        ColumnReader::Int64ColumnReader(source) => filter(source, writer, levels, stays),
        ColumnReader::Int96ColumnReader(source) => filter(source, writer, levels, stays),
        ColumnReader::FloatColumnReader(source) => filter(source, writer, levels, stays),
        ColumnReader::DoubleColumnReader(source) => filter(source, writer, levels, stays),
        ColumnReader::ByteArrayColumnReader(source) => filter(source, writer, levels, stays),
        ColumnReader::FixedLenByteArrayColumnReader(source) => filter(source, writer, levels, stays),
    }?;
    Ok((file, close))
}

fn filter<T: DataType>(
    mut source: ColumnReaderImpl<T>,
    writer: ColumnWriter<'_>,
    (whole, depth): (i16, i16),
    stays: &[bool],
) -> Result<ColumnCloseResult, ParquetError> {
    let mut writer: ColumnWriterImpl<'_, T> = get_typed_column_writer(writer);
    for &stays in stays {
        let (mut values, mut levels, mut repeats) = (Vec::new(), Vec::new(), Vec::new());
        let levels = (whole > 0).then_some(&mut levels);
        let repeats = (depth > 0).then_some(&mut repeats);
        let (mut levels, mut repeats) = (levels, repeats);
        source.read_records(1, levels.as_deref_mut(), repeats.as_deref_mut(), &mut values)?;
        if stays {
            writer.write_batch(
                &values,
                levels.map(|levels| levels.as_slice()),
                repeats.map(|repeats| repeats.as_slice()),
            )?;
        }
    }
    writer.close()
}
