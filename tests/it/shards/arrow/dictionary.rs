//! Texts in a dictionary, as pandas writes categories, are fixed and restored.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowDictionaryKeyType, Int8Type, Int32Type};
use arrow_array::{
    Array, ArrayRef, DictionaryArray, LargeStringArray, PrimitiveArray, RecordBatch, StringArray,
    StructArray,
};
use arrow_buffer::NullBuffer;
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_ipc::writer::{DictionaryHandling, FileWriter, IpcWriteOptions, StreamWriter};
use tempfile::TempDir;

use crate::command::{dechaff, stderr};

/// A text with a line that is removed, and what is left of it.
fn boat(number: usize) -> String {
    format!("Boat {number} goes out at dawn.\n\nLeave a Comment\n")
}

fn fixed_boat(number: usize) -> String {
    format!("Boat {number} goes out at dawn.\n")
}

fn dictionary<K: ArrowDictionaryKeyType>(
    keys: impl IntoIterator<Item = Option<K::Native>>,
    values: ArrayRef,
) -> ArrayRef
where
    PrimitiveArray<K>: FromIterator<Option<K::Native>>,
{
    let keys = keys.into_iter().collect::<PrimitiveArray<K>>();
    Arc::new(DictionaryArray::<K>::try_new(keys, values).unwrap())
}

fn strings(texts: &[String]) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(texts))
}

fn batch(text: ArrayRef) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable([("text", text, true)]).unwrap()
}

fn write(path: &Path, batches: &[RecordBatch]) {
    let (file, schema) = (File::create(path).unwrap(), batches[0].schema());
    let options = IpcWriteOptions::default();
    if path.extension().unwrap() == "arrows" {
        let mut writer = StreamWriter::try_new_with_options(file, &schema, options).unwrap();
        batches.iter().for_each(|batch| writer.write(batch).unwrap());
        writer.finish().unwrap();
    } else {
        let options = options.with_dictionary_handling(DictionaryHandling::Delta);
        let mut writer = FileWriter::try_new_with_options(file, &schema, options).unwrap();
        batches.iter().for_each(|batch| writer.write(batch).unwrap());
        writer.finish().unwrap();
    }
}

fn read(path: &Path) -> Vec<RecordBatch> {
    let file = File::open(path).unwrap();
    match path.extension().unwrap() == "arrows" {
        true => StreamReader::try_new(file, None).unwrap().map(Result::unwrap).collect(),
        false => FileReader::try_new(file, None).unwrap().map(Result::unwrap).collect(),
    }
}

/// Returns the text in each row of a column.
fn texts(column: &ArrayRef) -> Vec<Option<String>> {
    let dictionary = column.as_any_dictionary();
    let keys = dictionary.normalized_keys().into_iter().enumerate();
    let text = |(row, key): (usize, usize)| {
        (!column.is_null(row)).then(|| match dictionary.values().as_string_opt::<i32>() {
            Some(values) => values.value(key).to_owned(),
            None => dictionary.values().as_string::<i64>().value(key).to_owned(),
        })
    };
    keys.map(text).collect()
}

fn fix(folder: &Path, name: &str, more: &[&str]) -> std::process::Output {
    let arguments = ["check", name, "--isolated", "--select", "BP001", "--fix-only", "-q"];
    let undo = ["--undo-log", "undo.jsonl", "--skip-bad-records", "--max-removed", "1"];
    dechaff(folder, &[&arguments[..], &undo, more].concat())
}

fn undo(folder: &Path, more: &[&str]) {
    let output = dechaff(folder, &[&["undo", "undo.jsonl"], more].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    fs::remove_file(folder.join("undo.jsonl")).unwrap();
}

/// The rows of several batches share the categories of a file; one category has no rows, and one
/// row has none.
#[test]
fn categories_keep_their_order_and_type() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.feather");
    let categories = [boat(0), "An empty category.\n".into(), "Nets are mended.\n".into(), boat(1)];
    let values = strings(&categories);
    let keys = [vec![Some(3), Some(0), None], vec![Some(2), Some(3), Some(0), Some(0)]];
    let before: Vec<RecordBatch> =
        keys.map(|keys| batch(dictionary::<Int8Type>(keys, Arc::clone(&values)))).into();
    write(&path, &before);
    assert!(fix(folder.path(), "a.feather", &[]).status.success());
    let after = read(&path);
    let expected = [fixed_boat(0), categories[1].clone(), categories[2].clone(), fixed_boat(1)];
    for (before, after) in before.iter().zip(&after) {
        let (old, new) = (before.column(0), after.column(0));
        assert_eq!(new.data_type(), old.data_type());
        // Each new text takes the place of the old one, so the keys are the same.
        let (old, new) = (old.as_dictionary::<Int8Type>(), new.as_dictionary::<Int8Type>());
        assert_eq!(new.keys(), old.keys());
        assert_eq!(**new.values(), *strings(&expected));
    }
    assert_eq!(after.len(), 2);
    undo(folder.path(), &[]);
    assert!(read(&path) == before);
}

/// 128 is as many as keys of a byte can name, so no old text may stay beside its new one.
#[test]
fn a_full_dictionary_can_be_fixed() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.arrow");
    let values = strings(&(0..128).map(boat).collect::<Vec<_>>());
    let before = [batch(dictionary::<Int8Type>((0..=127).map(Some), values))];
    write(&path, &before);
    assert!(fix(folder.path(), "a.arrow", &[]).status.success());
    let expected: Vec<_> = (0..128).map(|number| Some(fixed_boat(number))).collect();
    assert_eq!(texts(read(&path)[0].column(0)), expected);
    undo(folder.path(), &[]);
    assert!(read(&path) == before);
}

#[test]
fn one_category_can_be_split() {
    // Only the second copy of a text is a finding, so its category has to be split.
    let long = "The ministry said on Tuesday that the talks would resume in Muscat next week, and that \
                both sides had agreed to bring their own experts along for the first time.";
    let text = format!("{long}\n\nThe last word.\n");
    for (count, is_full) in [(3, false), (128, true)] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("a.arrow");
        let mut categories: Vec<String> = (2..count).map(fixed_boat).collect();
        categories.extend([text.clone(), "Nets are mended.\n".into()]);
        let at = i8::try_from(count - 2).unwrap();
        let keys = (0..=at + 1).chain([at]).map(Some);
        let before = [batch(dictionary::<Int8Type>(keys, strings(&categories)))];
        write(&path, &before);
        let whole = fs::read(&path).unwrap();
        let more = ["--extend-select", "ND001", "--unsafe-fixes"];
        let output = fix(folder.path(), "a.arrow", &more);
        if is_full {
            assert_eq!(output.status.code(), Some(2));
            let message =
                "too many for a dictionary with keys of type Int8; write the column as strings";
            assert!(stderr(&output).contains(message), "{}", stderr(&output));
            assert!(fs::read(&path).unwrap() == whole);
            continue;
        }
        assert!(output.status.success(), "{}", stderr(&output));
        let after = texts(read(&path)[0].column(0));
        assert_eq!(after.first().unwrap().as_deref(), Some(&*fixed_boat(2)));
        assert_eq!(after[1].as_deref(), Some(&*text));
        assert_eq!(after[3].as_deref(), Some("The last word.\n"));
        undo(folder.path(), &[]);
        assert_eq!(texts(read(&path)[0].column(0)), texts(before[0].column(0)));
    }
}

#[test]
fn dictionaries_grow_in_files_and_are_replaced_in_streams() {
    let folder = TempDir::new().unwrap();
    let categories: Vec<String> = (0..4).map(boat).collect();
    let keys = || [Some(0), Some(1)];
    let grown = [
        batch(dictionary::<Int32Type>(keys(), strings(&categories[..2]))),
        batch(dictionary::<Int32Type>([Some(3), Some(2)], strings(&categories))),
    ];
    let replaced = [
        batch(dictionary::<Int32Type>(keys(), strings(&categories[..2]))),
        batch(dictionary::<Int32Type>(keys(), strings(&categories[2..]))),
        batch(dictionary::<Int32Type>([], strings(&[]))),
    ];
    for (name, before) in [("a.arrow", &grown[..]), ("a.arrows", &grown), ("b.arrows", &replaced)] {
        let path = folder.path().join(name);
        write(&path, before);
        let output = fix(folder.path(), name, &[]);
        assert!(output.status.success(), "{name}: {}", stderr(&output));
        let after = read(&path);
        assert_eq!(after.len(), before.len());
        let found: Vec<_> = after.iter().take(2).flat_map(|batch| texts(batch.column(0))).collect();
        let order = if before.len() == 2 { [0, 1, 3, 2] } else { [0, 1, 2, 3] };
        assert_eq!(found, order.map(|number| Some(fixed_boat(number))), "{name}");
        undo(folder.path(), &[]);
        let restored: Vec<_> =
            read(&path).iter().take(2).flat_map(|batch| texts(batch.column(0))).collect();
        assert_eq!(restored, order.map(|number| Some(boat(number))), "{name}");
    }
}

#[test]
fn nested_categories_are_fixed_and_rows_dropped() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.arrow");
    let values: ArrayRef =
        Arc::new(LargeStringArray::from_iter_values([boat(0), "Leave a Comment\n".into()]));
    let text = dictionary::<Int32Type>([Some(0), Some(1), Some(0)], values);
    let doc = StructArray::try_from(vec![("text", text)]).unwrap();
    let (fields, columns, _) = doc.into_parts();
    // The first row has a key, but no document.
    let nulls = NullBuffer::from(vec![false, true, true]);
    let doc = StructArray::new(fields, columns, Some(nulls));
    let doc = RecordBatch::try_from_iter_with_nullable([("doc", Arc::new(doc) as ArrayRef, true)]);
    write(&path, &[doc.unwrap()]);
    let arguments = [
        "check",
        "a.arrow",
        "--isolated",
        "--select",
        "BP001",
        "--text-field",
        "doc.text",
        "--skip-bad-records",
        "--output-dir",
        "out",
        "--drop-empty",
        "--max-removed",
        "1",
    ];
    let output = dechaff(folder.path(), &arguments);
    assert!(output.status.success(), "{}", stderr(&output));
    let after = read(&folder.path().join("out/a.arrow"));
    let doc = after[0].column(0).as_struct();
    assert!(doc.is_null(0) && doc.is_valid(1));
    let text = doc.column(0);
    assert_eq!((text.len(), &texts(text)[1]), (2, &Some(fixed_boat(0))));
    // Nothing of the dropped and the fixed text is left.
    assert_eq!(text.as_any_dictionary().values().len(), 1);
}
