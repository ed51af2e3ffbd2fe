//! Shards of JSON Lines and CSV: read, changed, rewritten and undone, compared byte by byte. Web
//! archives: copied.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use dechaff::corpus::{
    Codec, CompressedWriter, Format, InputFile, LogEntry, LogLine, LogLocation, OpenedFile,
    OriginalText, ReadOptions, RecordAction, RecordHandle, Rewriter, ShardItem, Source,
    log_entries, logged_files, open, restore,
};
use dechaff::text::Record;
use tempfile::TempDir;

use super::input::{self, Control};
use super::shared;

thread_local! {
    static FOLDER: TempDir = tempfile::tempdir().expect("a temporary folder can be made");
}

/// The first bytes choose how the file is compressed and what changes in its records; the rest is
/// the file.
pub fn run(input: &[u8]) {
    let (mut control, bytes) = Control::split(input, 24);
    let options = control.byte();
    let (ending, codec) = match (options % 4, options >> 6) {
        (0, _) | (1, 0) => ("", Codec::None),
        #[cfg(feature = "codecs")]
        (1, 2) => (".xz", Codec::Xz),
        #[cfg(feature = "codecs")]
        (1, 3) => (".br", Codec::Brotli),
        (1, _) => (".lz4", Codec::Lz4),
        (2, _) => (".gz", Codec::Gzip),
        _ => (".zst", Codec::Zstd),
    };
    let format = match (options >> 4) % 4 {
        0 | 1 => "jsonl",
        2 => "csv",
        _ => "warc",
    };
    let name = format!("a.{format}{ending}");
    // Damaged compressed files cannot be decompressed, so their changes are not checked.
    let is_raw = options & 4 != 0;
    let bytes = if is_raw { bytes.to_vec() } else { compressed(codec, bytes) };
    let max_record = if options & 8 == 0 { 1 << 20 } else { 64 };
    let read_options = ReadOptions { max_record, ..ReadOptions::default() };
    FOLDER.with(|folder| check(&folder.path().join(&name), &bytes, &read_options, &mut control));
}

pub fn seeds() -> Vec<Vec<u8>> {
    let lines = [
        "{\"id\":\"\\u00e4\",\"text\":\"First \\ud83d\\ude00 text.\\n\\nShare this:\"}\r\n{\"text\" : \"\\/ ü\"}\n\n{\"id\":2,\"text\":\"a\"}",
        "\u{feff}{\"text\":\"One.\",\"text\":\"Two \\\"three\\\".\"}\n{\"text\":null}\n{\"text\":\"\\ud800 lone\"}\nnot JSON\n",
        "{\"doc\":{\"text\":\"x\"},\"te\\u0078t\":\"Words and more words.\"}\n[1]\n{\"text\":\"\"}\n",
    ];
    let mut seeds = Vec::new();
    for options in 0..16_u8 {
        for line in lines {
            let control: Vec<u8> =
                (0..23_u8).map(|number| number.wrapping_mul(29).wrapping_add(options)).collect();
            let codec = if options % 4 == 2 { Codec::Gzip } else { Codec::Zstd };
            let is_compressed = options & 4 != 0 && options % 4 > 1;
            let bytes = if is_compressed {
                compressed(codec, line.as_bytes())
            } else {
                line.as_bytes().to_vec()
            };
            seeds.push([&[options], &control[..], &bytes].concat());
        }
    }
    let rows = "\u{feff}id,text,\"n\"\r\n1,\"a \"\"b\"\",\r\nc\",\r\n\r\n2,Share this:,x\n3,\"\",\n4,5\" disks,\"\"";
    let archive = "WARC/1.0\r\nWARC-Type: conversion\r\nContent-Length: 11\r\n\r\nShare this:\r\n\r\n\
                   WARC/1.1\nWARC-Type: response\nContent-Type: application/http\nContent-Length: 89\n\n\
                   HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n\n\n";
    for (format, content) in [(0x20, rows), (0x30, archive)] {
        for codec in [0x00, 0x41, 0x81, 0xC1, 0x02, 0x03, 0x08] {
            let control = (0..23_u8).map(|number| number.wrapping_mul(37).wrapping_add(codec));
            let control: Vec<u8> = control.collect();
            seeds.push([&[format | codec], &control[..], content.as_bytes()].concat());
        }
    }
    let examples = shared::examples();
    let records = examples.chunks(40).map(|texts| {
        texts
            .iter()
            .map(|text| format!("{}\n", serde_json::json!({ "text": text })))
            .collect::<String>()
    });
    seeds.extend(records.take(10).map(|lines| [&[0; 1], &[61; 23][..], lines.as_bytes()].concat()));
    seeds
}

pub(super) fn compressed(codec: Codec, bytes: &[u8]) -> Vec<u8> {
    match codec {
        Codec::None => bytes.to_vec(),
        Codec::Gzip => {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(bytes).expect("memory does not fail");
            encoder.finish().expect("memory does not fail")
        }
        Codec::Zstd => zstd::bulk::compress(bytes, 1).expect("memory does not fail"),
        codec => FOLDER.with(|folder| {
            let path = folder.path().join("packed");
            let mut writer = CompressedWriter::create(&path, codec).expect("a file can be written");
            writer.write_all(bytes).expect("a file can be written");
            writer.finish().expect("a file can be written");
            fs::read(&path).expect("the file is there")
        }),
    }
}

/// Decompresses `bytes` as far as possible.
fn decompressed(codec: Codec, bytes: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    if let Ok(mut reader) = codec.decoder(bytes) {
        let _ = reader.read_to_end(&mut content);
    }
    content
}

fn check(path: &Path, bytes: &[u8], read_options: &ReadOptions, control: &mut Control<'_>) {
    fs::write(path, bytes).expect("a file can be written");
    // Content decides on the codec, not the name, except for Brotli.
    let codec = Format::from_file(path, None).expect("the file is there").codec;
    let mut log = Vec::new();
    let mut texts = BTreeMap::new();
    let is_written = rewrite(path, read_options, |handle, source| {
        let changes = input::changes(&source.text, control);
        if changes.is_empty() {
            return None;
        }
        let after = input::changed(&source.text, &changes);
        let raw =
            handle.spellings(changes.iter().map(|change| change.span)).expect("the changes fit");
        let record = Record { index: handle.index, id: None };
        let place = LogLocation { base: "/", path: "a", record: Some(&record) };
        log.extend(log_entries(
            place,
            OriginalText { text: &source.text, raw: &raw },
            &after,
            &changes,
        ));
        texts.insert(handle.index, after.clone());
        Some(OwnedAction::Edit(
            after,
            changes.into_iter().map(|change| (change.span, change.content)).collect(),
        ))
    });
    let now = fs::read(path).expect("the file is there");
    if is_written != Some(true) || texts.is_empty() {
        assert_eq!(now, bytes, "a file that is not written stays as it is");
        return;
    }
    // Rows of CSV may have many lines.
    if path.to_string_lossy().contains(".jsonl") {
        check_other_lines(&decompressed(codec, bytes), &decompressed(codec, &now), &texts);
    }

    let change_sets = logged_files(
        log.into_iter().map(|entry: LogEntry| LogLine::Entry(Box::new(entry))).collect(),
    );
    let mut change_sets =
        change_sets.into_values().next().map(|file| file.documents).unwrap_or_default();
    // A change may have made a record longer than the limit.
    let is_restored = rewrite(path, &ReadOptions::default(), |handle, source| {
        let change_sets = change_sets.remove(&Some(handle.index))?;
        assert_eq!(
            texts.get(&handle.index).map(String::as_str),
            Some(&*source.text),
            "the change is read again"
        );
        let restored =
            restore(&source.text, &change_sets, |_| true).expect("the undo log leads back");
        for replacements in &restored.replacements {
            handle.restore(replacements).expect("the passages fit");
        }
        Some(OwnedAction::Replace(restored.text))
    });
    assert_eq!(is_restored, Some(true));
    assert!(change_sets.is_empty(), "every changed record is found again");
    let restored = fs::read(path).expect("the file is there");
    assert_eq!(
        decompressed(codec, &restored),
        decompressed(codec, bytes),
        "undo leads back, byte for byte"
    );
}

/// A [`RecordAction`] with its own texts.
enum OwnedAction {
    Edit(String, Vec<(dechaff::text::Span, String)>),
    Replace(String),
}

/// Rewrites the file. `action` decides what to do with each record that can be changed. Returns
/// `None` if the file cannot be opened as a shard, and `Some(false)` if a part of it cannot be
/// read.
fn rewrite(
    path: &Path,
    read_options: &ReadOptions,
    mut action: impl FnMut(&mut RecordHandle, &Source) -> Option<OwnedAction>,
) -> Option<bool> {
    let (shard, records) =
        match open(&InputFile::new(path.to_owned(), true), read_options, &Arc::default()) {
            Ok(OpenedFile::Shard(shard, records)) => (shard, records),
            Ok(OpenedFile::Plain) => return None,
            Err(error) => {
                let _ = error.to_string();
                return None;
            }
        };
    let copy = shard.format.copy_path(path);
    let target = (!shard.is_rewritable()).then_some(&*copy);
    let mut rewriter = Rewriter::new(&shard, target).expect("a file can be written");
    for item in records {
        let raw = match item {
            ShardItem::Record(raw) => raw,
            ShardItem::Unreadable(error) => {
                let _ = error.to_string();
                rewriter.mark_damaged();
                continue;
            }
        };
        let (mut handle, decoded) = raw.decode();
        // Like the command line, do not change records that were decoded lossily.
        let source = decoded.ok().flatten().filter(|source| source.decoding.is_none());
        let action = source.and_then(|source| action(&mut handle, &source));
        let action = match &action {
            None => RecordAction::Keep,
            Some(OwnedAction::Edit(text, _)) if target.is_some() => RecordAction::Replace(text),
            Some(OwnedAction::Edit(text, changes)) => RecordAction::Edit(
                text,
                changes.iter().map(|(span, content)| (*span, content.as_str())).collect(),
            ),
            Some(OwnedAction::Replace(text)) => RecordAction::Replace(text),
        };
        rewriter.write_record(&handle, action).expect("the change fits the record");
    }
    let is_whole = rewriter.finish(|_| Ok(())).expect("a file can be written");
    // Positions differ in the copy of an archive, so changes are not undone here.
    target.is_none().then_some(is_whole)
}

/// Lines without a change keep their bytes.
fn check_other_lines(before: &[u8], after: &[u8], changed: &BTreeMap<u64, String>) {
    let lines = |bytes: &[u8]| {
        bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>()
    };
    let (before, after) = (lines(before), lines(after));
    assert_eq!(before.len(), after.len());
    for (number, (before, after)) in (1_u64..).zip(before.iter().zip(&after)) {
        assert!(before == after || changed.contains_key(&number), "line {number} changed");
    }
}
