//! Corpora, work folders and indexes in object stores, on a test server.

mod http;
mod hub;
mod moto;
mod reading;
mod server;
mod working;
mod writing;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Output;

use tempfile::TempDir;

const TEXT: &str =
    "The talks go on in Muscat next week, both sides said on Monday.\n\nLeave a Comment\n";

const PARAGRAPH: &str = "The harbour was quiet when the first boats came in before dawn, and the \
    men on the pier said little while they mended the nets by lamplight.";

fn text(number: usize) -> String {
    format!("Report {number} of the watch.\n\n{PARAGRAPH}\n\n{TEXT}")
}

/// Records with a field that makes them large.
fn records(numbers: std::ops::Range<usize>) -> String {
    let record = |number| {
        let noise = "x".repeat(5_000);
        format!("{}\n", serde_json::json!({"id": number, "text": text(number), "noise": noise}))
    };
    numbers.map(record).collect()
}

/// Checks that two commands found the same, wherever the files are, and returns what.
#[track_caller]
fn assert_same(remote: &Output, url: &str, local: &Output) -> String {
    let errors = |output: &Output| {
        let text = String::from_utf8_lossy(&output.stderr).replace(url, "");
        let lines = text.lines().filter(|line| !line.starts_with("dechaff: checking"));
        lines.collect::<Vec<_>>().join("\n")
    };
    assert_eq!(errors(remote), errors(local));
    let found = String::from_utf8_lossy(&remote.stdout).into_owned();
    let here = found.replace(url, "");
    let expected = String::from_utf8_lossy(&local.stdout).replace(url, "");
    let other = here.lines().zip(expected.lines()).find(|(line, expected)| line != expected);
    assert_eq!(other, None);
    assert_eq!(here.len(), expected.len());
    assert_eq!(remote.status.code(), local.status.code());
    found
}

/// Creates a folder with a corpus: documents in each format, and files that are not read.
fn corpus() -> TempDir {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| {
        let path = folder.path().join("corpus").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    };
    let gzip = |content: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(content.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let warc = |number| {
        let text = text(number);
        let head = "WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Target-URI: https://example.org/\r\n";
        format!("{head}Content-Length: {}\r\n\r\n{text}\r\n\r\n", text.len())
    };
    fs::write(path("a b.txt"), text(1)).unwrap();
    fs::write(path("a-b/c.md"), text(2)).unwrap();
    fs::write(path("a/empty.txt"), "").unwrap();
    fs::write(path("a/b.jsonl"), records(3..90)).unwrap();
    fs::write(path("a/c.jsonl.gz"), gzip(&records(5..7))).unwrap();
    fs::write(path("a/d.txt.zst"), zstd::encode_all(text(7).as_bytes(), 1).unwrap()).unwrap();
    fs::write(path("a/e.csv"), format!("id,text\n8,\"{}\"\n", text(8))).unwrap();
    fs::write(path("a/f.warc.gz"), [gzip(&warc(9)), gzip(&warc(10))].concat()).unwrap();
    write_parquet(&path("b/g.parquet"));
    #[cfg(feature = "arrow")]
    write_arrow(&path("b/h.arrow"));
    fs::write(path("b/i.log"), text(11)).unwrap();
    fs::write(path(".hidden/j.txt"), text(12)).unwrap();
    fs::write(path("drafts/k.txt"), text(13)).unwrap();
    folder
}

/// Writes a file with row groups of several blocks, so that no request returns all of it.
fn write_parquet(path: &Path) {
    use parquet::data_type::{ByteArray, ByteArrayType};
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    let schema = "message schema { OPTIONAL BYTE_ARRAY text (STRING); \
                  OPTIONAL BYTE_ARRAY noise; OPTIONAL BYTE_ARRAY id (STRING); }";
    let schema = parquet::schema::parser::parse_message_type(schema).unwrap();
    let file = fs::File::create(path).unwrap();
    let properties = WriterProperties::builder().set_dictionary_enabled(false).build();
    let mut writer = SerializedFileWriter::new(file, schema.into(), properties.into()).unwrap();
    for group in 0..3 {
        let mut rows = writer.next_row_group().unwrap();
        let numbers: Vec<usize> = (0..40).map(|row| 1000 * group + row).collect();
        for column in ["text", "noise", "id"] {
            let value = |number: &usize| match column {
                "text" => ByteArray::from(text(*number).as_str()),
                "noise" => ByteArray::from(vec![b'x'; 30_000]),
                _ => ByteArray::from(number.to_string().as_str()),
            };
            let values: Vec<ByteArray> = numbers.iter().map(value).collect();
            let mut column = rows.next_column().unwrap().unwrap();
            let levels = vec![1; values.len()];
            column.typed::<ByteArrayType>().write_batch(&values, Some(&levels), None).unwrap();
            column.close().unwrap();
        }
        rows.close().unwrap();
    }
    writer.close().unwrap();
}

#[cfg(feature = "arrow")]
fn write_arrow(path: &Path) {
    use arrow_array::{ArrayRef, RecordBatch, StringArray};
    let texts: ArrayRef = std::sync::Arc::new(StringArray::from(vec![text(21), text(22)]));
    let batch = RecordBatch::try_from_iter([("text", texts)]).unwrap();
    let file = fs::File::create(path).unwrap();
    let mut writer = arrow_ipc::writer::FileWriter::try_new(file, &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
}
