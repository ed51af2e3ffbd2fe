//! Rewrites Arrow files and streams whose texts are in a dictionary, such as categoricals of
//! pandas.
//!
//! A file has one dictionary, before its first batch, so nothing can be written until all texts are
//! known. Changes are kept in memory, which takes no more than the dictionary does, and the batches
//! are then read a second time. When a stream replaces its dictionary, the rows so far are written.

use std::fs::File;
use std::io::{self, BufRead};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowDictionaryKeyType, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, DictionaryArray, PrimitiveArray, RecordBatch};
use arrow_buffer::ArrowNativeType;
use arrow_schema::{ArrowError, DataType};
use rustc_hash::FxHashMap;

use super::arrow_batches::{ArrowBatches, catch_panic};
use super::arrow_output::{ArrowOutput, replace_column, text_array};
use super::arrow_rows::{Column, ColumnPath, string_at};
use super::input_format::RecordWriter;
use super::record::{RecordBody, RecordHandle};
use super::{RecordAction, Shard};

type Batches = ArrowBatches<Box<dyn BufRead + Send>>;

/// Writes batches once all texts of their dictionary are known.
pub(super) struct DictionaryRewriter {
    /// Reads the batches of the rows passed to the writer.
    ahead: Batches,
    next_batch: Option<RecordBatch>,
    /// The keys of the rows of a batch, and the number of rows passed so far.
    keys: Vec<Option<usize>>,
    row: usize,
    /// Reads the same batches again, to write them.
    behind: Batches,
    output: ArrowOutput,
    text: ColumnPath,
    edits: DictionaryEdits,
}

impl DictionaryRewriter {
    /// Starts to rewrite a file. `ahead` has returned its first batch, `behind` none.
    pub(super) fn new(
        (ahead, next_batch): (Batches, Option<RecordBatch>),
        behind: Batches,
        output: ArrowOutput,
        text: ColumnPath,
    ) -> Self {
        let edits = DictionaryEdits::default();
        Self { ahead, next_batch, keys: Vec::new(), row: 0, behind, output, text, edits }
    }

    /// Goes to the next row.
    fn next_row(&mut self) -> io::Result<Option<usize>> {
        while self.row >= self.keys.len() {
            if !self.next_batch()? {
                return Err(changed());
            }
        }
        self.row += 1;
        Ok(self.keys.get(self.row - 1).copied().flatten())
    }

    /// Goes to the next batch. Returns whether there is one.
    fn next_batch(&mut self) -> io::Result<bool> {
        let Some(batch) = self.next_batch.take() else { return Ok(false) };
        let (values, keys) = catch_panic(|| dictionary_of(&batch, &self.text))?;
        if !self.edits.is_continued_by(&values) {
            if self.ahead.is_file {
                return Err(io::Error::other(
                    "the file replaces its text dictionary, which is not supported",
                ));
            }
            self.write_batches()?;
        }
        self.edits.add_batch(values);
        (self.keys, self.row) = (keys, 0);
        self.next_batch = self.ahead.next()?;
        Ok(true)
    }

    /// Writes the batches that share a dictionary.
    fn write_batches(&mut self) -> io::Result<()> {
        let edits = std::mem::take(&mut self.edits);
        let mut rows = NewRows::new(&edits)?;
        for _ in 0..edits.batches {
            let batch = self.behind.next()?.ok_or_else(changed)?;
            let batch = catch_panic(|| rows.new_batch(batch, &self.text))?;
            self.output.write(&batch)?;
        }
        Ok(())
    }
}

impl RecordWriter for DictionaryRewriter {
    fn write(&mut self, handle: &RecordHandle, action: RecordAction<'_>) -> io::Result<()> {
        if !matches!(handle.body, RecordBody::Value(..)) {
            return Ok(());
        }
        let key = self.next_row()?;
        self.edits.add_row(key, action);
        Ok(())
    }

    fn finish(mut self: Box<Self>, _: &Arc<Shard>, _: File) -> io::Result<()> {
        // Batches without rows may follow.
        while self.row >= self.keys.len() && self.next_batch()? {}
        if self.row < self.keys.len() {
            return Err(changed());
        }
        self.write_batches()?;
        self.output.finish()
    }
}

fn changed() -> io::Error {
    io::Error::other("the file has changed since it was opened")
}

/// Returns the dictionary of a batch, and the key of each row.
fn dictionary_of(
    batch: &RecordBatch,
    path: &[usize],
) -> io::Result<(ArrayRef, Vec<Option<usize>>)> {
    let column = Column::at(batch, path).ok_or_else(changed)?;
    let dictionary = column.array.as_any_dictionary_opt().ok_or_else(changed)?;
    let is_null = |row| column.has_null_parent(row) || dictionary.keys().is_null(row);
    let values = Arc::clone(dictionary.values());
    let keys = match values.is_empty() {
        true => vec![None; batch.num_rows()],
        false => {
            let keys = dictionary.normalized_keys().into_iter().enumerate();
            keys.map(|(row, key)| (!is_null(row)).then_some(key)).collect()
        }
    };
    Ok((values, keys))
}

/// The changes to the rows that share a dictionary.
#[derive(Default)]
struct DictionaryEdits {
    values: Option<ArrayRef>,
    batches: usize,
    rows: usize,
    /// How each value of the dictionary is used.
    uses: Vec<ValueUse>,
    new_texts: Vec<String>,
    /// The positions of the new texts.
    known_texts: FxHashMap<String, usize>,
    /// The rows that change, in order.
    edits: Vec<(usize, RowEdit)>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum ValueUse {
    /// By no row. A category without rows is kept.
    #[default]
    Unused,
    /// By a row that is unchanged.
    Kept,
    /// Only by rows that change or are dropped.
    Replaced,
}

#[derive(Clone, Copy)]
enum RowEdit {
    Drop,
    /// The old key, and the position of the new text.
    Text(Option<usize>, usize),
}

impl DictionaryEdits {
    /// Whether `values` are equal to or extend the dictionary so far.
    fn is_continued_by(&self, values: &ArrayRef) -> bool {
        let Some(own) = &self.values else { return true };
        own.to_data().ptr_eq(&values.to_data())
            || own.len() <= values.len() && **own == *values.slice(0, own.len())
    }

    fn add_batch(&mut self, values: ArrayRef) {
        self.uses.resize(values.len(), ValueUse::Unused);
        self.values = Some(values);
        self.batches += 1;
    }

    fn add_row(&mut self, key: Option<usize>, action: RecordAction<'_>) {
        let slot = key.and_then(|key| self.uses.get_mut(key));
        match (&action, slot) {
            (RecordAction::Keep, Some(slot)) => *slot = ValueUse::Kept,
            (_, Some(slot)) if *slot == ValueUse::Unused => *slot = ValueUse::Replaced,
            _ => {}
        }
        match action {
            RecordAction::Keep => {}
            RecordAction::Drop => self.edits.push((self.rows, RowEdit::Drop)),
            RecordAction::Edit(text, _) | RecordAction::Replace(text) => {
                let text = self.new_text(text);
                self.edits.push((self.rows, RowEdit::Text(key, text)));
            }
        }
        self.rows += 1;
    }

    fn new_text(&mut self, text: &str) -> usize {
        if let Some(known) = self.known_texts.get(text) {
            return *known;
        }
        let position = self.new_texts.len();
        self.known_texts.insert(text.to_owned(), position);
        self.new_texts.push(text.to_owned());
        position
    }
}

/// The rows of some batches with their new dictionary.
struct NewRows<'e> {
    edits: std::slice::Iter<'e, (usize, RowEdit)>,
    row: usize,
    values: ArrayRef,
    /// The new key of each old value that is kept.
    value_keys: Vec<Option<usize>>,
    /// The key of each new text.
    text_keys: Vec<usize>,
}

impl<'e> NewRows<'e> {
    /// Builds the new dictionary. A new text takes the position of the text that it replaces if no
    /// row keeps that; other new texts are appended.
    fn new(edits: &'e DictionaryEdits) -> io::Result<Self> {
        let empty: ArrayRef = text_array(&DataType::Utf8, &[])?;
        let old = edits.values.as_ref().unwrap_or(&empty);
        let is_kept = |slot: usize| edits.uses.get(slot) != Some(&ValueUse::Replaced);
        let mut slots: Vec<Option<&str>> =
            (0..old.len()).map(|slot| string_at(old, slot)).collect();
        let mut is_filled: Vec<bool> = (0..old.len()).map(is_kept).collect();
        let mut kept: FxHashMap<&str, usize> = FxHashMap::default();
        for (slot, text) in slots.iter().enumerate().filter(|(slot, _)| is_kept(*slot)) {
            text.map(|text| kept.entry(text).or_insert(slot));
        }
        let mut text_slots: Vec<Option<usize>> = vec![None; edits.new_texts.len()];
        for (_, edit) in &edits.edits {
            let RowEdit::Text(old_key, position) = *edit else { continue };
            let (Some(text), Some(text_slot)) =
                (edits.new_texts.get(position), text_slots.get_mut(position))
            else {
                continue;
            };
            if text_slot.is_some() {
                continue;
            }
            let free = old_key.filter(|key| is_filled.get(*key) == Some(&false));
            let slot = kept.get(&**text).copied().or(free).unwrap_or(slots.len());
            if slot == slots.len() {
                slots.push(None);
                is_filled.push(false);
            }
            if let (Some(place), Some(filled)) = (slots.get_mut(slot), is_filled.get_mut(slot)) {
                (*place, *filled) = (Some(text.as_str()), true);
            }
            *text_slot = Some(slot);
        }
        let mut next_key = 0;
        let slot_keys: Vec<Option<usize>> = is_filled
            .iter()
            .map(|filled| {
                let key = filled.then_some(next_key);
                next_key += usize::from(*filled);
                key
            })
            .collect();
        let texts = slots.iter().zip(&is_filled).filter(|(_, filled)| **filled);
        let texts: Vec<Option<&str>> = texts.map(|(text, _)| *text).collect();
        let key_of = |slot: Option<usize>| slot_keys.get(slot?).copied().flatten();
        Ok(Self {
            edits: edits.edits.iter(),
            row: 0,
            values: text_array(old.data_type(), &texts)?,
            value_keys: (0..old.len()).map(|slot| key_of(Some(slot))).collect(),
            text_keys: text_slots.iter().map(|slot| key_of(*slot).unwrap_or(0)).collect(),
        })
    }

    /// Returns the next batch with its new keys.
    fn new_batch(&mut self, batch: RecordBatch, path: &[usize]) -> io::Result<RecordBatch> {
        let (_, old_keys) = dictionary_of(&batch, path)?;
        // The key of a row whose struct is null is never read.
        let unread = (!self.values.is_empty()).then_some(0);
        let column = Column::at(&batch, path).ok_or_else(changed)?;
        let fallback = |row| if column.array.is_null(row) { None } else { unread };
        let moved = |key: Option<usize>| self.value_keys.get(key?).copied().flatten();
        let mut keys: Vec<Option<usize>> = old_keys
            .into_iter()
            .enumerate()
            .map(|(row, key)| moved(key).or_else(|| fallback(row)))
            .collect();
        let mut keep = vec![true; keys.len()];
        let end = self.row + keys.len();
        while let Some((row, edit)) = self.edits.as_slice().first().filter(|(row, _)| *row < end) {
            let at = row - self.row;
            match edit {
                RowEdit::Drop => keep.iter_mut().skip(at).take(1).for_each(|keep| *keep = false),
                RowEdit::Text(_, text) => {
                    let key = self.text_keys.get(*text).copied();
                    keys.iter_mut().skip(at).take(1).for_each(|old| *old = key);
                }
            }
            self.edits.next();
        }
        self.row = end;
        let values = &self.values;
        replace_column(batch, path, keep, &mut |column| {
            with_keys(column.data_type(), &keys, values)
        })
    }
}

/// Returns a dictionary array of type `kind`.
fn with_keys(kind: &DataType, keys: &[Option<usize>], values: &ArrayRef) -> io::Result<ArrayRef> {
    let DataType::Dictionary(key_type, _) = kind else { return Err(changed()) };
    let array = match **key_type {
        DataType::Int8 => keyed::<Int8Type>(keys, values),
        DataType::Int16 => keyed::<Int16Type>(keys, values),
        DataType::Int32 => keyed::<Int32Type>(keys, values),
        DataType::Int64 => keyed::<Int64Type>(keys, values),
        DataType::UInt8 => keyed::<UInt8Type>(keys, values),
        DataType::UInt16 => keyed::<UInt16Type>(keys, values),
        DataType::UInt32 => keyed::<UInt32Type>(keys, values),
        DataType::UInt64 => keyed::<UInt64Type>(keys, values),
        _ => Err(ArrowError::DictionaryKeyOverflowError),
    };
    array.map_err(|error| match error {
        ArrowError::DictionaryKeyOverflowError => io::Error::other(format!(
            "the fixed texts are {} and too many for a dictionary with keys of type {key_type}; \
             write the column as strings",
            values.len()
        )),
        error => io::Error::other(error),
    })
}

fn keyed<K: ArrowDictionaryKeyType>(
    keys: &[Option<usize>],
    values: &ArrayRef,
) -> Result<ArrayRef, ArrowError> {
    let native = |key: &Option<usize>| {
        key.map(|key| K::Native::from_usize(key).ok_or(ArrowError::DictionaryKeyOverflowError))
            .transpose()
    };
    let keys = keys.iter().map(native).collect::<Result<PrimitiveArray<K>, _>>()?;
    Ok(Arc::new(DictionaryArray::<K>::try_new(keys, Arc::clone(values))?))
}
