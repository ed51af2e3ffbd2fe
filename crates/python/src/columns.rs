//! Columns of texts, and the tables made of findings and changes.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::builder::{
    Float32Builder, Float64Builder, Int64Builder, LargeStringBuilder, ListBuilder, StringBuilder,
    StringViewBuilder,
};
use arrow_array::cast::AsArray;
use arrow_array::{
    Array, ArrayRef, GenericStringArray, LargeStringArray, OffsetSizeTrait, RecordBatch,
    StringArray, StringViewArray,
};
use arrow_schema::{ArrowError, DataType};
use dechaff::check::measure::{MeasureColumns, MeasureValue};
use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3_arrow::PyRecordBatch;
use pyo3_arrow::input::AnyArray;

use crate::error::Error;
use crate::rows::{ChangeRow, FindingRow, Place};

/// Bytes of text that a thread processes between checks for Ctrl-C.
const SLICE_BYTES: usize = 1 << 20;

/// One chunk of texts.
pub(crate) enum Column {
    Utf8(StringArray),
    LargeUtf8(LargeStringArray),
    Utf8View(StringViewArray),
}

/// The chunks of a column, as any Arrow array or stream, or a list of `str` and `None`.
pub(crate) struct Columns(Vec<Column>);

impl<'py> FromPyObject<'_, 'py> for Columns {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let is_arrow =
            object.hasattr("__arrow_c_array__")? || object.hasattr("__arrow_c_stream__")?;
        if !is_arrow {
            return from_items(&object).map(|column| Self(vec![Column::LargeUtf8(column)]));
        }
        let reader = object.extract::<AnyArray>()?.into_reader()?;
        let kind = reader.field().data_type().clone();
        let mut chunks = Vec::new();
        for chunk in reader {
            chunks.push(Column::new(&chunk.map_err(arrow_error)?)?);
        }
        if chunks.is_empty() {
            // Report a wrong type even if there is nothing to fix.
            chunks.push(Column::new(&arrow_array::new_empty_array(&kind))?);
        }
        Ok(Self(chunks))
    }
}

fn from_items(object: &Bound<'_, PyAny>) -> PyResult<LargeStringArray> {
    if object.hasattr("encode")? {
        return Err(PyTypeError::new_err("expected a column of texts, found a single str"));
    }
    let mut texts = LargeStringBuilder::new();
    for (row, item) in object.try_iter()?.enumerate() {
        let item = item?;
        if item.is_none() {
            texts.append_null();
            continue;
        }
        let text = item.cast::<pyo3::types::PyString>().map_err(|_| {
            let found = item
                .get_type()
                .name()
                .map_or_else(|_| "something else".into(), |name| name.to_string());
            PyTypeError::new_err(format!("expected str or None in row {row}, found {found}"))
        })?;
        texts.append_value(text.to_cow()?);
    }
    Ok(texts.finish())
}

pub(crate) fn arrow_error(error: ArrowError) -> PyErr {
    Error::new_err(error.to_string())
}

impl Columns {
    /// Returns the number of texts and nulls.
    pub(crate) fn rows(&self) -> usize {
        self.0.iter().map(Column::len).sum()
    }

    /// Returns the chunks with the number of the first row of each.
    pub(crate) fn numbered(self) -> impl Iterator<Item = (usize, Column)> {
        self.0.into_iter().scan(0, |next, column| {
            let start = *next;
            *next += column.len();
            Some((start, column))
        })
    }
}

impl Column {
    fn new(array: &ArrayRef) -> PyResult<Self> {
        match array.data_type() {
            DataType::Utf8 => Ok(Self::Utf8(array.as_string::<i32>().clone())),
            DataType::LargeUtf8 => Ok(Self::LargeUtf8(array.as_string::<i64>().clone())),
            DataType::Utf8View => Ok(Self::Utf8View(array.as_string_view().clone())),
            DataType::Null => {
                Self::new(&arrow_cast::cast(array, &DataType::Utf8).map_err(arrow_error)?)
            }
            DataType::Dictionary(_, values) => {
                Self::new(&arrow_cast::cast(array, values).map_err(arrow_error)?)
            }
            other => {
                Err(PyTypeError::new_err(format!("expected a column of strings, found {other}")))
            }
        }
    }

    fn array(&self) -> &dyn Array {
        match self {
            Self::Utf8(array) => array,
            Self::LargeUtf8(array) => array,
            Self::Utf8View(array) => array,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.array().len()
    }

    /// Returns the text of a row, or `None` for a null.
    pub(crate) fn text(&self, row: usize) -> Option<&str> {
        if self.array().is_null(row) {
            return None;
        }
        Some(match self {
            Self::Utf8(array) => array.value(row),
            Self::LargeUtf8(array) => array.value(row),
            Self::Utf8View(array) => array.value(row),
        })
    }

    /// Divides the rows into slices that keep `threads` threads busy for some milliseconds.
    pub(crate) fn slices(&self, threads: usize) -> impl Iterator<Item = Range<usize>> {
        let mut next = 0;
        std::iter::from_fn(move || {
            let start = next;
            let mut bytes = 0;
            while next < self.len() && (next == start || bytes < threads * SLICE_BYTES) {
                bytes += self.text(next).map_or(0, str::len);
                next += 1;
            }
            (next > start).then_some(start..next)
        })
    }
}

/// Collects fixed texts in an array of the same type as the column.
pub(crate) enum FixedTexts {
    /// With 32-bit offsets: the number of bytes must stay below 2 GiB.
    Utf8(StringBuilder, usize),
    LargeUtf8(LargeStringBuilder),
    Utf8View(StringViewBuilder),
}

impl FixedTexts {
    pub(crate) fn new(column: &Column) -> Self {
        let rows = column.len();
        // Most fixes only delete, so the texts need no more room than before.
        match column {
            Column::Utf8(array) => {
                Self::Utf8(StringBuilder::with_capacity(rows, text_bytes(array)), 0)
            }
            Column::LargeUtf8(array) => {
                Self::LargeUtf8(LargeStringBuilder::with_capacity(rows, text_bytes(array)))
            }
            Column::Utf8View(_) => Self::Utf8View(StringViewBuilder::with_capacity(rows)),
        }
    }

    /// Appends the fixed text, or the original if nothing changed.
    pub(crate) fn append(&mut self, original: Option<&str>, fixed: Option<String>) {
        let text = fixed.as_deref().or(original);
        match self {
            Self::Utf8(builder, bytes) => {
                *bytes = bytes.saturating_add(text.map_or(0, str::len));
                // The builder panics beyond the limit; `finish` returns the error.
                if i32::try_from(*bytes).is_ok() {
                    builder.append_option(text);
                }
            }
            Self::LargeUtf8(builder) => builder.append_option(text),
            Self::Utf8View(builder) => builder.append_option(text),
        }
    }

    pub(crate) fn finish(self) -> PyResult<ArrayRef> {
        Ok(match self {
            Self::Utf8(_, bytes) if i32::try_from(bytes).is_err() => {
                return Err(PyOverflowError::new_err(
                    "the fixed texts of a chunk take more than 2 GiB; use the type large_string",
                ));
            }
            Self::Utf8(mut builder, _) => Arc::new(builder.finish()),
            Self::LargeUtf8(mut builder) => Arc::new(builder.finish()),
            Self::Utf8View(mut builder) => Arc::new(builder.finish()),
        })
    }
}

/// Returns the bytes of all texts in an array.
fn text_bytes<O: OffsetSizeTrait>(array: &GenericStringArray<O>) -> usize {
    let offsets = array.value_offsets();
    offsets
        .first()
        .zip(offsets.last())
        .map_or(0, |(first, last)| last.as_usize() - first.as_usize())
}

/// The columns `row`, `start`, `end`, `start_byte` and `end_byte`.
#[derive(Default)]
struct PlaceColumns([Int64Builder; 5]);

const PLACE_NAMES: [&str; 5] = ["row", "start", "end", "start_byte", "end_byte"];

pub(crate) fn to_i64(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl PlaceColumns {
    fn append(&mut self, row: usize, place: Place) {
        let values = [row, place.start, place.end, place.span_bytes.0, place.span_bytes.1];
        for (builder, value) in self.0.iter_mut().zip(values) {
            builder.append_value(to_i64(value));
        }
    }

    fn finish(mut self) -> Vec<(&'static str, ArrayRef, bool)> {
        let arrays = self.0.iter_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef);
        PLACE_NAMES.into_iter().zip(arrays).map(|(name, array)| (name, array, false)).collect()
    }
}

fn batch(columns: Vec<(&'static str, ArrayRef, bool)>) -> PyResult<PyRecordBatch> {
    RecordBatch::try_from_iter_with_nullable(columns).map(PyRecordBatch::new).map_err(arrow_error)
}

/// A table with a row for each finding.
#[derive(Default)]
pub(crate) struct FindingTable {
    places: PlaceColumns,
    line: Int64Builder,
    column: Int64Builder,
    code: StringBuilder,
    name: StringBuilder,
    severity: StringBuilder,
    message: StringBuilder,
    help: StringBuilder,
    fix: StringBuilder,
    probability: Float32Builder,
    fingerprint: StringBuilder,
}

impl FindingTable {
    pub(crate) fn append(&mut self, row: usize, finding: &FindingRow) {
        self.places.append(row, finding.place);
        self.line.append_value(to_i64(finding.line));
        self.column.append_value(to_i64(finding.column));
        self.code.append_value(&finding.code);
        self.name.append_value(&finding.name);
        self.severity.append_value(&finding.severity);
        self.message.append_value(&finding.message);
        self.help.append_option(finding.help.as_deref());
        self.fix.append_option(finding.applicability());
        self.probability.append_option(finding.probability);
        self.fingerprint.append_value(&finding.fingerprint);
    }

    pub(crate) fn finish(self) -> PyResult<PyRecordBatch> {
        batch(self.columns())
    }

    /// Returns the names and values of the columns, and whether they may be null.
    pub(crate) fn columns(mut self) -> Vec<(&'static str, ArrayRef, bool)> {
        let mut columns = self.places.finish();
        columns.extend([
            ("line", Arc::new(self.line.finish()) as ArrayRef, false),
            ("column", Arc::new(self.column.finish()), false),
            ("code", Arc::new(self.code.finish()), false),
            ("name", Arc::new(self.name.finish()), false),
            ("severity", Arc::new(self.severity.finish()), false),
            ("message", Arc::new(self.message.finish()), false),
            ("help", Arc::new(self.help.finish()), true),
            ("fix", Arc::new(self.fix.finish()), true),
            ("probability", Arc::new(self.probability.finish()), true),
            ("fingerprint", Arc::new(self.fingerprint.finish()), false),
        ]);
        columns
    }
}

/// A table with a row for each change.
#[derive(Default)]
pub(crate) struct Changes {
    places: PlaceColumns,
    removed: LargeStringBuilder,
    inserted: LargeStringBuilder,
    rules: ListBuilder<StringBuilder>,
}

impl Changes {
    pub(crate) fn append(&mut self, row: usize, change: &ChangeRow) {
        self.places.append(row, change.place);
        self.removed.append_value(&change.removed);
        self.inserted.append_value(&change.inserted);
        self.rules.append_value(change.rules.iter().map(Some));
    }

    pub(crate) fn finish(mut self) -> PyResult<PyRecordBatch> {
        let mut columns = self.places.finish();
        columns.extend([
            ("removed", Arc::new(self.removed.finish()) as ArrayRef, false),
            ("inserted", Arc::new(self.inserted.finish()), false),
            ("rules", Arc::new(self.rules.finish()), false),
        ]);
        batch(columns)
    }
}

/// A table with a row for each text and a column for each measure.
pub(crate) struct MeasureTable(Vec<(String, MeasureBuilder)>);

enum MeasureBuilder {
    Number(Float64Builder),
    Text(StringBuilder),
}

impl MeasureTable {
    pub(crate) fn new(columns: &MeasureColumns) -> Self {
        let column = |(name, is_number): (String, bool)| match is_number {
            true => (name, MeasureBuilder::Number(Float64Builder::default())),
            false => (name, MeasureBuilder::Text(StringBuilder::default())),
        };
        Self(columns.names().into_iter().map(column).collect())
    }

    /// Appends a row with the measures of a document, or a row of nulls if it has no text.
    pub(crate) fn append(&mut self, values: Option<Vec<MeasureValue>>) {
        let mut values = values.unwrap_or_default().into_iter();
        for (_, builder) in &mut self.0 {
            match (builder, values.next()) {
                (MeasureBuilder::Number(builder), Some(MeasureValue::Number(value))) => {
                    builder.append_option(value)
                }
                (
                    MeasureBuilder::Text(builder),
                    Some(MeasureValue::Failed(text) | MeasureValue::Language(text)),
                ) => builder.append_option(text),
                (MeasureBuilder::Number(builder), _) => builder.append_null(),
                (MeasureBuilder::Text(builder), _) => builder.append_null(),
            }
        }
    }

    pub(crate) fn finish(self) -> PyResult<PyRecordBatch> {
        let columns = self.0.into_iter().map(|(name, builder)| {
            let array: ArrayRef = match builder {
                MeasureBuilder::Number(mut builder) => Arc::new(builder.finish()),
                MeasureBuilder::Text(mut builder) => Arc::new(builder.finish()),
            };
            (name, array, true)
        });
        let batch = RecordBatch::try_from_iter_with_nullable(columns);
        batch.map(PyRecordBatch::new).map_err(arrow_error)
    }
}
