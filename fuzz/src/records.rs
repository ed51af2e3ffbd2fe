//! Shards of JSON Lines: read, changed, written again and undone, compared byte by byte.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use dechaff::corpus::{
    Carrier, Codec, Entry, Fate, Input, LogLine, LogPlace, Opened, Original, Reading, Rewriter, ShardStep, Source,
    entries, logged_files, open, restore,
};
use dechaff::text::Record;
use tempfile::TempDir;

use super::input::{self, Control};
use super::shared;

thread_local! {
    static FOLDER: TempDir = tempfile::tempdir().expect("a temporary folder can be made");
}

/// The first bytes choose how the file is compressed and what changes in its records; the rest is the file.
pub fn run(input: &[u8]) {
    let (mut control, bytes) = Control::split(input, 24);
    let options = control.byte();
    let (name, codec) = match options % 4 {
        0 | 1 => ("a.jsonl", Codec::None),
        2 => ("a.jsonl.gz", Codec::Gzip),
        _ => ("a.jsonl.zst", Codec::Zstd),
    };
    // Compressed bytes that are damaged come to no whole file, and their changes are not checked.
    let is_raw = options & 4 != 0;
    let bytes = if is_raw { bytes.to_vec() } else { compressed(codec, bytes) };
    let max_record = if options & 8 == 0 { 1 << 20 } else { 64 };
    let reading = Reading { max_record, ..Reading::default() };
    FOLDER.with(|folder| check(&folder.path().join(name), &bytes, codec, &reading, &mut control));
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
            let control: Vec<u8> = (0..23_u8).map(|number| number.wrapping_mul(29).wrapping_add(options)).collect();
            let codec = if options % 4 == 2 { Codec::Gzip } else { Codec::Zstd };
            let is_compressed = options & 4 != 0 && options % 4 > 1;
            let bytes = if is_compressed { compressed(codec, line.as_bytes()) } else { line.as_bytes().to_vec() };
            seeds.push([&[options], &control[..], &bytes].concat());
        }
    }
    let examples = shared::examples();
    let records = examples
        .chunks(40)
        .map(|texts| texts.iter().map(|text| format!("{}\n", serde_json::json!({ "text": text }))).collect::<String>());
    seeds.extend(records.take(10).map(|lines| [&[0; 1], &[61; 23][..], lines.as_bytes()].concat()));
    seeds
}

pub(super) fn compressed(codec: Codec, bytes: &[u8]) -> Vec<u8> {
    match codec {
        Codec::None => bytes.to_vec(),
        Codec::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(bytes).expect("memory does not fail");
            encoder.finish().expect("memory does not fail")
        }
        Codec::Zstd => zstd::bulk::compress(bytes, 1).expect("memory does not fail"),
    }
}

/// What `bytes` come to, as far as they can be decompressed.
fn decompressed(codec: Codec, bytes: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    if let Ok(mut reader) = codec.decoder(bytes) {
        let _ = reader.read_to_end(&mut content);
    }
    content
}

fn check(path: &Path, bytes: &[u8], codec: Codec, reading: &Reading, control: &mut Control<'_>) {
    fs::write(path, bytes).expect("a file can be written");
    let mut log = Vec::new();
    let mut texts = BTreeMap::new();
    let is_written = rewrite(path, reading, |carrier, source| {
        let changes = input::changes(&source.text, control);
        if changes.is_empty() {
            return None;
        }
        let after = input::changed(&source.text, &changes);
        let raw = carrier.spellings(changes.iter().map(|change| change.span)).expect("the changes fit");
        let record = Record { index: carrier.index, id: None };
        let place = LogPlace { base: "/", path: "a", record: Some(&record) };
        log.extend(entries(place, Original { text: &source.text, raw: &raw }, &after, &changes));
        texts.insert(carrier.index, after.clone());
        Some(Fated::Change(after, changes.into_iter().map(|change| (change.span, change.content)).collect()))
    });
    let now = fs::read(path).expect("the file is there");
    if is_written != Some(true) || texts.is_empty() {
        assert_eq!(now, bytes, "a file that is not written stays as it is");
        return;
    }
    check_other_lines(&decompressed(codec, bytes), &decompressed(codec, &now), &texts);

    let steps = logged_files(log.into_iter().map(|entry: Entry| LogLine::Entry(Box::new(entry))).collect());
    let mut steps = steps.into_values().next().map(|file| file.documents).unwrap_or_default();
    // A change may have made a record longer than the first reading admits.
    let is_restored = rewrite(path, &Reading::default(), |carrier, source| {
        let steps = steps.remove(&Some(carrier.index))?;
        assert_eq!(texts.get(&carrier.index).map(String::as_str), Some(&*source.text), "the change is read again");
        let restored = restore(&source.text, &steps, |_| true).expect("the undo log leads back");
        for replacements in &restored.replacements {
            carrier.restore(replacements).expect("the passages fit");
        }
        Some(Fated::Become(restored.text))
    });
    assert_eq!(is_restored, Some(true));
    assert!(steps.is_empty(), "every changed record is found again");
    let restored = fs::read(path).expect("the file is there");
    assert_eq!(decompressed(codec, &restored), decompressed(codec, bytes), "undo leads back, byte for byte");
}

/// What becomes of a record.
enum Fated {
    Change(String, Vec<(dechaff::text::Span, String)>),
    Become(String),
}

/// Writes the file again; `fate` decides on the records that can be changed. `None` if it cannot be opened as a shard, and
/// `Some(false)` if a part of it cannot be read.
fn rewrite(
    path: &Path,
    reading: &Reading,
    mut fate: impl FnMut(&mut Carrier, &Source) -> Option<Fated>,
) -> Option<bool> {
    let (shard, records) = match open(&Input::of(path.to_owned(), true), reading, &Arc::default()) {
        Ok(Opened::Shard(shard, records)) => (shard, records),
        Ok(Opened::Plain) => return None,
        Err(error) => {
            let _ = error.to_string();
            return None;
        }
    };
    let mut rewriter = Rewriter::begin(&shard, None).expect("a file can be written");
    for step in records {
        let raw = match step {
            ShardStep::Record(raw) => raw,
            ShardStep::Damage(error) => {
                let _ = error.to_string();
                rewriter.miss();
                continue;
            }
        };
        let (mut carrier, decoded) = raw.decode();
        // As the command line does, records that were not read as they are stay as they are.
        let source = decoded.ok().flatten().filter(|source| source.decoding.is_none());
        let fate = source.and_then(|source| fate(&mut carrier, &source));
        let fate = match &fate {
            None => Fate::Keep,
            Some(Fated::Change(text, changes)) => {
                Fate::Change(text, changes.iter().map(|(span, content)| (*span, content.as_str())).collect())
            }
            Some(Fated::Become(text)) => Fate::Become(text),
        };
        rewriter.record(&carrier, fate).expect("the change fits the record");
    }
    Some(rewriter.finish(|_| Ok(())).expect("a file can be written"))
}

/// Lines without a change keep their bytes.
fn check_other_lines(before: &[u8], after: &[u8], changed: &BTreeMap<u64, String>) {
    let lines = |bytes: &[u8]| bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>();
    let (before, after) = (lines(before), lines(after));
    assert_eq!(before.len(), after.len());
    for (number, (before, after)) in (1_u64..).zip(before.iter().zip(&after)) {
        assert!(before == after || changed.contains_key(&number), "line {number} changed");
    }
}
