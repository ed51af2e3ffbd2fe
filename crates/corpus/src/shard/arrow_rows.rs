//! Reads the rows of Arrow files and streams.

use std::io::BufRead;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Fields};
use parquet::data_type::ByteArray;

use super::arrow_batches::ArrowBatches;
use super::input_format::{ShardFile, ShardItems};
use super::json_fields::field_list;
use super::labels::{MAX_LABEL_FIELDS, RecordLabels};
use super::record::{RawRecord, RecordBody};
use super::stream::{counted_decoder, damage};
use super::{ReadOptions, Shard, ShardItem};
use crate::read::ReadError;

/// Starts to read the rows of a file or stream.
pub(super) fn read(file: ShardFile) -> Result<ShardItems, ReadError> {
    let shard = Arc::clone(&file.shard);
    let is_explicit = file.is_explicit;
    let reader = counted_decoder(file)?;
    let unreadable =
        |reason| ReadError::UnreadableRecords { place: shard.name.clone(), records: 1, reason };
    let batches = ArrowBatches::open(reader)
        .map_err(|error| unreadable(format!("cannot be read as Arrow: {error}")))?;
    let columns = ArrowColumns::find(batches.schema.fields(), &shard.read_options);
    let columns = columns.map_err(|reason| match is_explicit {
        true => unreadable(reason),
        false => ReadError::NotACorpus { path: shard.name.clone(), reason },
    })?;
    Ok(Box::new(ArrowRows {
        shard,
        batches,
        columns,
        batch: None,
        row: 0,
        index: 0,
        is_done: false,
    }))
}

/// The positions of a column and of those nested in it.
pub(super) type ColumnPath = Vec<usize>;

/// The columns to read.
pub(super) struct ArrowColumns {
    pub(super) text: ColumnPath,
    /// Whether the texts are in a dictionary.
    pub(super) has_dictionary: bool,
    id: Option<ColumnPath>,
    labels: [Option<ColumnPath>; MAX_LABEL_FIELDS],
}

impl ArrowColumns {
    /// # Errors
    ///
    /// There is no text column, or it does not contain strings.
    pub(super) fn find(fields: &Fields, options: &ReadOptions) -> Result<Self, String> {
        let name = &options.text_field;
        let Some((text, kind)) = find_column(fields, name) else {
            let names: Vec<String> = fields.iter().map(|field| field.name().clone()).collect();
            return Err(format!("no column `{name}`{}", field_list(&names)));
        };
        if !is_text(&kind) {
            return Err(format!(
                "the column `{name}` holds {kind}; dechaff needs one string per row"
            ));
        }
        let scalar = |name: &str| {
            let (path, kind) = find_column(fields, name)?;
            (is_text(&kind) || kind.is_integer()).then_some(path)
        };
        let id = scalar(&options.id_field);
        let labels = options.label_fields().map(|field| field.and_then(scalar));
        let has_dictionary = matches!(kind, DataType::Dictionary(..));
        Ok(Self { text, has_dictionary, id, labels })
    }
}

/// Finds a column by name, or by a dotted path into structs.
fn find_column(fields: &Fields, name: &str) -> Option<(ColumnPath, DataType)> {
    if let Some((position, field)) = fields.find(name) {
        return Some((vec![position], field.data_type().clone()));
    }
    fields.iter().enumerate().find_map(|(position, field)| {
        let rest = name.strip_prefix(field.name().as_str())?.strip_prefix('.')?;
        let DataType::Struct(inner) = field.data_type() else { return None };
        let (path, kind) = find_column(inner, rest)?;
        Some(([&[position], &path[..]].concat(), kind))
    })
}

fn is_text(kind: &DataType) -> bool {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

/// The column at `path`, and the columns that contain it, which may be null in a row.
pub(super) struct Column<'a> {
    pub(super) array: &'a ArrayRef,
    parents: Vec<&'a ArrayRef>,
}

impl<'a> Column<'a> {
    pub(super) fn at(batch: &'a RecordBatch, path: &[usize]) -> Option<Self> {
        let (first, rest) = path.split_first()?;
        let mut array = batch.columns().get(*first)?;
        let mut parents = Vec::new();
        for position in rest {
            parents.push(array);
            array = array.as_struct_opt()?.columns().get(*position)?;
        }
        Some(Self { array, parents })
    }

    pub(super) fn has_null_parent(&self, row: usize) -> bool {
        self.parents.iter().any(|parent| parent.is_null(row))
    }

    /// Returns the string or integer in a row.
    fn scalar(&self, row: usize) -> Option<String> {
        if self.has_null_parent(row) {
            return None;
        }
        string_at(self.array, row).map(str::to_owned).or_else(|| integer_at(self.array, row))
    }
}

/// Returns the string in a row, or `None` if it is null or not a string.
pub(super) fn string_at(array: &dyn Array, row: usize) -> Option<&str> {
    if row >= array.len() || array.is_null(row) {
        return None;
    }
    match array.data_type() {
        DataType::Utf8 => array.as_string_opt::<i32>().map(|array| array.value(row)),
        DataType::LargeUtf8 => array.as_string_opt::<i64>().map(|array| array.value(row)),
        DataType::Utf8View => array.as_string_view_opt().map(|array| array.value(row)),
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary_opt()?;
            let key = integer_at(dictionary.keys(), row)?.parse().ok()?;
            string_at(dictionary.values(), key)
        }
        _ => None,
    }
}

fn integer_at(array: &dyn Array, row: usize) -> Option<String> {
    fn value<T: ArrowPrimitiveType<Native: ToString>>(
        array: &dyn Array,
        row: usize,
    ) -> Option<String> {
        array.as_primitive_opt::<T>().map(|array| array.value(row).to_string())
    }
    if row >= array.len() || array.is_null(row) {
        return None;
    }
    match array.data_type() {
        DataType::Int8 => value::<Int8Type>(array, row),
        DataType::Int16 => value::<Int16Type>(array, row),
        DataType::Int32 => value::<Int32Type>(array, row),
        DataType::Int64 => value::<Int64Type>(array, row),
        DataType::UInt8 => value::<UInt8Type>(array, row),
        DataType::UInt16 => value::<UInt16Type>(array, row),
        DataType::UInt32 => value::<UInt32Type>(array, row),
        DataType::UInt64 => value::<UInt64Type>(array, row),
        _ => None,
    }
}

/// The rows of a file or stream.
struct ArrowRows {
    shard: Arc<Shard>,
    batches: ArrowBatches<Box<dyn BufRead + Send>>,
    columns: ArrowColumns,
    batch: Option<RecordBatch>,
    /// The next row of the batch.
    row: usize,
    /// The number of rows read.
    index: u64,
    is_done: bool,
}

impl Iterator for ArrowRows {
    type Item = ShardItem;

    fn next(&mut self) -> Option<ShardItem> {
        while !self.is_done {
            if let Some(batch) = self.batch.as_ref().filter(|batch| self.row < batch.num_rows()) {
                let scalar =
                    |path: &Option<ColumnPath>| Column::at(batch, path.as_ref()?)?.scalar(self.row);
                let text = Column::at(batch, &self.columns.text);
                let text = text.and_then(|column| column.scalar(self.row));
                let id = scalar(&self.columns.id);
                let labels = self.columns.labels.each_ref().map(scalar);
                let labels = RecordLabels::new(labels);
                self.row += 1;
                self.index += 1;
                let text = text.map(|text| ByteArray::from(text.into_bytes()));
                let body = RecordBody::Value(text, 0, id);
                let shard = Arc::clone(&self.shard);
                let record = RawRecord { shard, index: self.index, labels, body };
                return Some(ShardItem::Record(record));
            }
            (self.batch, self.row) = (None, 0);
            match self.batches.next() {
                Ok(Some(batch)) => self.batch = Some(batch),
                Ok(None) => self.is_done = true,
                Err(error) => {
                    self.is_done = true;
                    let error = damage(&self.shard, self.index, &error);
                    return Some(ShardItem::Unreadable(error));
                }
            }
        }
        None
    }
}
