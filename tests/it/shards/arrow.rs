//! Arrow files and streams: findings and fixes as in other formats, files made by pyarrow
//! (`tests/fixtures/arrow/make.py`), and damage.

mod dictionary;

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, DictionaryArray, Float64Array, LargeStringArray, RecordBatch, StringArray,
    StringViewArray, StructArray,
};
use arrow_ipc::CompressionType;
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use arrow_schema::Schema;
use dechaff::corpus::Codec;
use tempfile::TempDir;

use super::codecs::compress;
use super::{corpus, findings, texts_of};
use crate::command::{dechaff, stderr};

/// Returns batches of seven rows with a text column of some type, an ID and a number.
fn batches(texts: &[String], kind: &str) -> Vec<RecordBatch> {
    let batch = |(number, texts): (usize, &[String])| {
        let ids = (0..texts.len()).map(|row| format!("doc-{}", 7 * number + row));
        let scores = (0..texts.len()).map(|row| (row % 2 == 0).then_some(row as f64));
        let text: ArrayRef = match kind {
            "large" => Arc::new(LargeStringArray::from_iter_values(texts)),
            "view" => Arc::new(StringViewArray::from_iter_values(texts)),
            "dictionary" => {
                Arc::new(texts.iter().map(String::as_str).collect::<DictionaryArray<Int32Type>>())
            }
            _ => Arc::new(StringArray::from_iter_values(texts)),
        };
        let text = match kind {
            "nested" => {
                let other: ArrayRef = Arc::new(StringArray::from_iter_values(texts));
                let doc = StructArray::try_from(vec![("other", other), ("text", text)]).unwrap();
                ("doc", Arc::new(doc) as ArrayRef)
            }
            _ => ("text", text),
        };
        let ids: ArrayRef = Arc::new(StringArray::from_iter_values(ids));
        let scores: ArrayRef = Arc::new(scores.collect::<Float64Array>());
        RecordBatch::try_from_iter([("id", ids), text, ("score", scores)]).unwrap()
    };
    texts.chunks(7).enumerate().map(batch).collect()
}

fn write(path: &Path, batches: &[RecordBatch], compression: Option<CompressionType>) {
    let options = IpcWriteOptions::default().try_with_compression(compression).unwrap();
    let (file, schema): (_, &Schema) = (File::create(path).unwrap(), &batches[0].schema());
    if path.extension().unwrap() == "arrows" {
        let mut writer = StreamWriter::try_new_with_options(file, schema, options).unwrap();
        batches.iter().for_each(|batch| writer.write(batch).unwrap());
        writer.finish().unwrap();
    } else {
        let mut writer = FileWriter::try_new_with_options(file, schema, options).unwrap();
        batches.iter().for_each(|batch| writer.write(batch).unwrap());
        writer.finish().unwrap();
    }
}

fn read(path: &Path) -> Vec<RecordBatch> {
    let file = File::open(path).unwrap();
    if path.extension().unwrap() == "arrows" {
        StreamReader::try_new(file, None).unwrap().map(Result::unwrap).collect()
    } else {
        FileReader::try_new(file, None).unwrap().map(Result::unwrap).collect()
    }
}

#[test]
fn findings_and_fixes_are_the_same_in_arrow() {
    let (folder, texts) = corpus();
    let path = |name: &str| folder.path().join(name);
    let loose = findings(folder.path(), &["loose"]);
    let fix = |name: &str, field: &str| {
        let fix = ["--fix-only", "--unsafe-fixes", "--max-removed", "1", "-q", "--undo-log"];
        let more = ["undo.jsonl", "--text-field", field];
        dechaff(folder.path(), &[&["check", name], &fix[..], &more].concat())
    };
    assert!(fix("shard.jsonl", "text").status.success());
    fs::remove_file(path("undo.jsonl")).unwrap();
    let fixed = texts_of(&fs::read_to_string(path("shard.jsonl")).unwrap());
    let (lz4, zstd) = (Some(CompressionType::LZ4_FRAME), Some(CompressionType::ZSTD));
    for (name, kind, compression) in [
        ("a.feather", "string", lz4),
        ("b.arrow", "view", None),
        ("c.arrows", "large", zstd),
        ("d.arrow", "nested", None),
        ("e.arrows", "dictionary", None),
    ] {
        let before = batches(&texts, kind);
        write(&path(name), &before, compression);
        let field = if kind == "nested" { "doc.text" } else { "text" };
        let found = findings(folder.path(), &[name, "--text-field", field, "--memory", "64KB"]);
        assert!(found == loose, "{name}: {} findings, not {}", found.len(), loose.len());
        let output = fix(name, field);
        assert!(output.status.success(), "{name}: {}", stderr(&output));
        let expected = batches(&fixed, kind);
        let after = read(&path(name));
        // The other texts of a nested column do not change.
        let is_same = |number: usize, after: &RecordBatch| match kind {
            "dictionary" => {
                let texts = |batch: &RecordBatch| {
                    let column = Arc::clone(batch.column(1));
                    let dictionary: DictionaryArray<Int32Type> = column.to_data().into();
                    let texts = dictionary.downcast_dict::<StringArray>().unwrap();
                    texts.into_iter().map(|text| text.unwrap().to_owned()).collect::<Vec<_>>()
                };
                texts(after) == texts(&expected[number])
                    && after.column(1).data_type() == before[number].column(1).data_type()
                    && after.column(0) == before[number].column(0)
            }
            "nested" => {
                let column = |batch: &RecordBatch, at| {
                    let doc = Arc::clone(batch.column(1));
                    let doc = doc.as_any().downcast_ref::<StructArray>().unwrap().clone();
                    Arc::clone(doc.column(at))
                };
                column(after, 1) == column(&expected[number], 1)
                    && column(after, 0) == column(&before[number], 0)
            }
            _ => *after == expected[number],
        };
        assert_eq!(after.len(), expected.len());
        assert!(after.iter().enumerate().all(|(number, after)| is_same(number, after)), "{name}");
        let undone = dechaff(folder.path(), &["undo", "undo.jsonl", "--text-field", field]);
        assert!(undone.status.success(), "{}", stderr(&undone));
        assert!(read(&path(name)) == before, "{name}");
        fs::remove_file(path("undo.jsonl")).unwrap();
    }
    let plain = fs::read(path("b.arrow")).unwrap();
    compress(&path("f.arrow.gz"), Codec::Gzip, &plain);
    assert!(findings(folder.path(), &["f.arrow.gz"]) == loose);
    // Detected from its content.
    fs::write(path("table"), plain).unwrap();
    assert!(findings(folder.path(), &["table"]) == loose);
}

#[test]
fn files_of_pyarrow_are_read_and_rows_dropped() {
    let folder = TempDir::new().unwrap();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/arrow");
    for name in ["pages.feather", "pages.arrows", "dictionary.arrow"] {
        fs::copy(fixtures.join(name), folder.path().join(name)).unwrap();
        let arguments = ["check", name, "--select", "BP001", "--output-format", "concise"];
        let output = dechaff(folder.path(), &arguments);
        assert_eq!(output.status.code(), Some(2), "{name}: {}", stderr(&output));
        let expected = format!("{name}: record 2 (id \"12\"): the column `text` is null");
        assert!(stderr(&output).contains(&expected), "{name}: {}", stderr(&output));
        let report = String::from_utf8(output.stdout).unwrap();
        for place in ["record 1 (id \"11\"):3:1: BP001", "record 4 (id \"14\"):3:1: BP001"] {
            assert!(report.contains(place), "{name}: {report}");
        }
        assert!(report.contains("3 records checked: 2 findings in 2 records"), "{report}");
    }
    let arguments = [
        "check",
        "pages.feather",
        "--output-dir",
        "out",
        "--skip-bad-records",
        "-q",
        "--drop-verdict",
        "drop",
        "--select",
        "BP001",
    ];
    let output = dechaff(folder.path(), &arguments);
    assert!(output.status.success(), "{}", stderr(&output));
    let rows: usize =
        read(&folder.path().join("out/pages.feather")).iter().map(RecordBatch::num_rows).sum();
    assert!((1..=4).contains(&rows), "{rows}");
}

#[test]
fn damaged_arrow_is_reported_and_never_overwritten() {
    let folder = TempDir::new().unwrap();
    let texts: Vec<String> = (0..21)
        .map(|number| format!("Boat {number} goes out at dawn.\n\nLeave a Comment\n"))
        .collect();
    for name in ["a.arrow", "a.arrows"] {
        let path = folder.path().join(name);
        write(&path, &batches(&texts, "string"), None);
        let whole = fs::read(&path).unwrap();
        for length in [whole.len() - 5, whole.len() * 2 / 3, whole.len() / 2, 100, 9] {
            fs::write(&path, &whole[..length]).unwrap();
            let output = dechaff(folder.path(), &["check", name, "--fix", "--select", "BP001"]);
            assert_eq!(output.status.code(), Some(2), "{name}, {length}: {}", stderr(&output));
            let errors = stderr(&output);
            assert!(errors.contains("cannot be read") && !errors.contains("panicked"), "{errors}");
            assert!(fs::read(&path).unwrap() == whole[..length]);
        }
        // Damage anywhere does no harm.
        for at in (0..whole.len()).step_by(whole.len() / 60) {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x81;
            fs::write(&path, &damaged).unwrap();
            let output = dechaff(folder.path(), &["check", name, "--select", "BP001", "-q"]);
            assert!(matches!(output.status.code(), Some(0..=2)), "{name}, {at}");
            assert!(!stderr(&output).contains("panicked"), "{name}, {at}: {}", stderr(&output));
        }
    }
    let path = folder.path().join("b.arrow");
    write(&path, &batches(&texts, "string"), None);
    let output = dechaff(folder.path(), &["check", "b.arrow", "--text-field", "score"]);
    assert!(stderr(&output).contains("the column `score` holds Float64; dechaff needs one string"));
    let output = dechaff(folder.path(), &["check", "b.arrow", "--text-field", "body"]);
    assert!(stderr(&output).contains("no column `body` among `id`, `text`, `score`"));
}
