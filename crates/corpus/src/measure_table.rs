//! The table of measures that `--measures` writes: one row per document, one column per measure.

use std::path::Path;
use std::sync::Arc;

use parquet::basic::{LogicalType, Repetition, Type as PhysicalType};
use parquet::errors::ParquetError;
use parquet::schema::types::Type;

use super::table_writer::{ColumnWriters, TableError, TableRow, TableWriter};
use dechaff_checks::measure::{MeasureColumns, MeasureValue};
use dechaff_engine::report::quoted;
use dechaff_text::Origin;

/// A table of measures being written.
pub struct MeasureTable {
    writer: TableWriter<MeasureRow>,
    names: ColumnNames,
}

/// The names of the columns, and whether they are numeric.
type ColumnNames = Arc<[(String, bool)]>;

/// The measures of a document.
struct MeasureRow {
    names: ColumnNames,
    origin: Arc<Origin>,
    bytes: usize,
    values: Vec<MeasureValue>,
}

/// The names of the columns before the measures.
const FIRST: [&str; 4] = ["path", "record_index", "record_id", "bytes"];

impl MeasureTable {
    /// Starts to write the table at `path`, in the format of its extension.
    ///
    /// # Errors
    ///
    /// The extension is unknown, or the file cannot be created.
    pub fn create(path: &Path, columns: &MeasureColumns) -> Result<Self, TableError> {
        let names: ColumnNames = columns.names().into();
        let header = FIRST.iter().copied().chain(names.iter().map(|(name, _)| name.as_str()));
        let header = header.collect::<Vec<_>>().join(",") + "\n";
        Ok(Self { writer: TableWriter::create(path, &header, || schema(&names))?, names })
    }

    /// Appends the row of the document from `origin` with `bytes` of text.
    ///
    /// # Errors
    ///
    /// Writing fails.
    pub fn add(
        &mut self,
        origin: &Arc<Origin>,
        bytes: usize,
        values: Vec<MeasureValue>,
    ) -> Result<(), TableError> {
        let names = Arc::clone(&self.names);
        self.writer.add(MeasureRow { names, origin: Arc::clone(origin), bytes, values })
    }

    /// Completes the file and renames it into place.
    ///
    /// # Errors
    ///
    /// Writing fails. An existing file is then unchanged.
    pub fn finish(self) -> Result<(), TableError> {
        self.writer.finish()
    }
}

/// Returns the schema of a Parquet file with these measures.
fn schema(names: &[(String, bool)]) -> Result<Type, ParquetError> {
    let column = |name: &str, physical, is_required: bool| {
        let repetition = if is_required { Repetition::REQUIRED } else { Repetition::OPTIONAL };
        let builder = Type::primitive_type_builder(name, physical).with_repetition(repetition);
        let logical = (physical == PhysicalType::BYTE_ARRAY).then_some(LogicalType::String);
        Ok::<_, ParquetError>(Arc::new(builder.with_logical_type(logical).build()?))
    };
    let mut fields = vec![
        column("path", PhysicalType::BYTE_ARRAY, true)?,
        column("record_index", PhysicalType::INT64, false)?,
        column("record_id", PhysicalType::BYTE_ARRAY, false)?,
        column("bytes", PhysicalType::INT64, true)?,
    ];
    for (name, is_number) in names {
        let physical = if *is_number { PhysicalType::DOUBLE } else { PhysicalType::BYTE_ARRAY };
        fields.push(column(name, physical, false)?);
    }
    Type::group_type_builder("measures").with_fields(fields).build()
}

impl MeasureRow {
    fn record_index(&self) -> Option<u64> {
        self.origin.record.as_ref().map(|record| record.index)
    }

    fn record_id(&self) -> Option<&str> {
        self.origin.record.as_ref().and_then(|record| record.id.as_deref())
    }

    fn number(&self, column: usize) -> Option<f64> {
        match self.values.get(column) {
            Some(MeasureValue::Number(value)) => *value,
            _ => None,
        }
    }

    fn text(&self, column: usize) -> Option<&str> {
        match self.values.get(column) {
            Some(MeasureValue::Failed(text) | MeasureValue::Language(text)) => text.as_deref(),
            _ => None,
        }
    }
}

impl TableRow for MeasureRow {
    fn json(&self) -> String {
        let json = |value: serde_json::Value| value.to_string();
        let first = [
            json(self.origin.path.as_str().into()),
            json(self.record_index().into()),
            json(self.record_id().into()),
            json(self.bytes.into()),
        ];
        let values = self.values.iter().map(|value| match value {
            MeasureValue::Number(number) => json((*number).into()),
            MeasureValue::Failed(text) | MeasureValue::Language(text) => {
                json(text.as_deref().into())
            }
        });
        let names = FIRST.iter().copied().chain(self.names.iter().map(|(name, _)| name.as_str()));
        let fields = names.zip(first.into_iter().chain(values));
        let fields = fields.map(|(name, value)| format!("\"{name}\":{value}"));
        format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
    }

    fn csv(&self) -> String {
        let first = [
            quoted(&self.origin.path),
            self.record_index().map(|index| index.to_string()).unwrap_or_default(),
            quoted(self.record_id().unwrap_or_default()),
            self.bytes.to_string(),
        ];
        let values = self.values.iter().map(|value| match value {
            MeasureValue::Number(number) => {
                number.map(|number| number.to_string()).unwrap_or_default()
            }
            MeasureValue::Failed(text) | MeasureValue::Language(text) => {
                text.clone().unwrap_or_default()
            }
        });
        first.into_iter().chain(values).collect::<Vec<_>>().join(",") + "\n"
    }

    fn write_columns(columns: &mut ColumnWriters<'_, '_, Self>) -> Result<(), ParquetError> {
        columns.strings(|row| Some(&row.origin.path))?;
        columns.optional_integers(Self::record_index)?;
        columns.optional_strings(Self::record_id)?;
        columns.integers(|row| row.bytes)?;
        let names = columns.rows.first().map(|row| Arc::clone(&row.names));
        for (column, (_, is_number)) in names.iter().flat_map(|names| names.iter()).enumerate() {
            match is_number {
                true => columns.optional_doubles(|row| row.number(column))?,
                false => columns.optional_strings(|row| row.text(column))?,
            }
        }
        Ok(())
    }
}
