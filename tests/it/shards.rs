//! Shards: findings and fixes do not depend on the format, and a fix changes no byte outside of its
//! text.

#[cfg(feature = "arrow")]
mod arrow;
mod codecs;
mod csv;
mod dolma;
mod interrupt;
mod json_edits;
mod unreadable;
mod warc;

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use dechaff::rule::{MarkedText, Registry};
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::record::RowAccessor;
use parquet::schema::parser::parse_message_type;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::command::{dechaff, stderr};

/// The schema of the Parquet files. Only `doc.text` may change.
const SCHEMA: &str = "message schema {
    OPTIONAL BYTE_ARRAY id (STRING);
    OPTIONAL group doc { OPTIONAL BYTE_ARRAY text (STRING); OPTIONAL DOUBLE score; }
    REQUIRED group tags (LIST) { REPEATED group list { OPTIONAL INT64 element; } }
}";

const ROWS_PER_GROUP: usize = 7;

/// The seeds, examples of rules, and a few texts with special characters or copies.
fn documents() -> Vec<String> {
    let mut seeds: Vec<_> =
        fs::read_dir("seeds").unwrap().map(|entry| entry.unwrap().path()).collect();
    seeds.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    seeds.sort();
    let mut texts: Vec<String> =
        seeds.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let registry = Registry::embedded().unwrap();
    let examples = registry.rules().iter().filter_map(|rule| rule.examples().first());
    let bad = examples.flat_map(|example| example.bad.iter().flat_map(|bad| bad.texts()).take(1));
    texts.extend(bad.map(|text| MarkedText::parse(text).text).step_by(3));
    texts.extend([
        texts[1].clone(),
        "Ü 😀\t\"quoted\" \\ back\r\nLeave a Comment\r\n".to_owned(),
        String::new(),
    ]);
    texts
}

fn record_line(index: usize, text: &str) -> String {
    let text = serde_json::to_string(text).unwrap();
    format!(
        "{{\"id\": \"doc-{index}\",\t\"n\":1.50e+3,  \"text\" : {text}, \"meta\":{{\"text\":\"x\\/ü\"}}}}\n"
    )
}

fn json_lines(texts: &[String]) -> String {
    texts.iter().enumerate().map(|(index, text)| record_line(index, text)).collect()
}

/// Compresses a text into two gzip members.
fn gzip(text: &str) -> Vec<u8> {
    let member = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let middle = text.len() / 2;
    let middle = (middle..).find(|at| text.is_char_boundary(*at)).unwrap();
    [member(&text[..middle]), member(&text[middle..])].concat()
}

/// Compresses a text into two Zstandard frames.
fn zstd(text: &str) -> Vec<u8> {
    let middle = (text.len() / 3..).find(|at| text.is_char_boundary(*at)).unwrap();
    let frame = |text: &str| zstd::stream::encode_all(text.as_bytes(), 1).unwrap();
    [frame(&text[..middle]), frame(&text[middle..])].concat()
}

fn write_parquet(path: &Path, texts: &[String]) {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_key_value_metadata(Some(vec![KeyValue::new("origin".into(), "test".to_owned())]))
        .build();
    let schema = Arc::new(parse_message_type(SCHEMA).unwrap());
    let mut writer =
        SerializedFileWriter::new(File::create(path).unwrap(), schema, Arc::new(properties))
            .unwrap();
    for (number, texts) in texts.chunks(ROWS_PER_GROUP).enumerate() {
        let mut group = writer.next_row_group().unwrap();
        let strings = |values: Vec<String>| {
            values.into_iter().map(|value| ByteArray::from(&*value)).collect::<Vec<_>>()
        };
        let ids = (0..texts.len())
            .map(|index| format!("doc-{}", number * ROWS_PER_GROUP + index))
            .collect();
        let mut column = group.next_column().unwrap().unwrap();
        column
            .typed::<ByteArrayType>()
            .write_batch(&strings(ids), Some(&vec![1; texts.len()]), None)
            .unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column
            .typed::<ByteArrayType>()
            .write_batch(&strings(texts.to_vec()), Some(&vec![2; texts.len()]), None)
            .unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        // Every second score is null.
        let levels: Vec<i16> =
            (0..texts.len()).map(|index| if index % 2 == 0 { 2 } else { 1 }).collect();
        let scores: Vec<f64> = (0..texts.len()).step_by(2).map(|index| index as f64).collect();
        column.typed::<DoubleType>().write_batch(&scores, Some(&levels), None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        // Two tags per row.
        let tags: Vec<i64> = (0..2 * texts.len() as i64).collect();
        let repeats: Vec<i16> = (0..tags.len()).map(|index| (index % 2) as i16).collect();
        column
            .typed::<Int64Type>()
            .write_batch(&tags, Some(&vec![2; tags.len()]), Some(&repeats))
            .unwrap();
        column.close().unwrap();
        group.close().unwrap();
    }
    writer.close().unwrap();
}

/// Reads the texts of a Parquet file, and its other columns in debug format.
fn read_parquet(path: &Path) -> (Vec<String>, Vec<String>) {
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    let rows = reader.get_row_iter(None).unwrap().map(Result::unwrap);
    let (mut texts, mut others) = (Vec::new(), Vec::new());
    for row in rows {
        let doc = row.get_group(1).unwrap();
        texts.push(doc.get_string(0).unwrap().clone());
        others.push(format!(
            "{:?} {:?} {:?}",
            row.get_string(0),
            doc.get_double(1).ok(),
            row.get_list(2).unwrap()
        ));
    }
    (texts, others)
}

fn texts_of(lines: &str) -> Vec<String> {
    let text = |line: &str| {
        serde_json::from_str::<Value>(line).unwrap()["text"].as_str().unwrap().to_owned()
    };
    lines.lines().map(text).collect()
}

/// Creates a directory with the documents as text files and in each kind of shard.
fn corpus() -> (TempDir, Vec<String>) {
    let folder = TempDir::new().unwrap();
    let texts = documents();
    fs::create_dir(folder.path().join("loose")).unwrap();
    for (index, text) in texts.iter().enumerate() {
        fs::write(folder.path().join(format!("loose/{index:04}.txt")), text).unwrap();
    }
    let lines = json_lines(&texts);
    fs::write(folder.path().join("shard.jsonl"), &lines).unwrap();
    fs::write(folder.path().join("shard.jsonl.gz"), gzip(&lines)).unwrap();
    fs::write(folder.path().join("shard.jsonl.zst"), zstd(&lines)).unwrap();
    write_parquet(&folder.path().join("shard.parquet"), &texts);
    (folder, texts)
}

/// Returns the findings of a run, with the numbers of documents instead of their names.
fn findings(folder: &Path, arguments: &[&str]) -> Vec<Value> {
    let arguments = [&["check", "--output-format", "json-lines"], arguments].concat();
    let output = dechaff(folder, &arguments);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let number = |place: &mut Value| {
        let number = match &place["record"] {
            Value::Null => place["path"].as_str().unwrap()[6..10].parse::<u64>().unwrap(),
            record => record["index"].as_u64().unwrap() - 1,
        };
        place["path"] = json!(number);
        place["record"] = Value::Null;
    };
    let lines = String::from_utf8(output.stdout).unwrap();
    let mut findings: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for finding in &mut findings {
        number(finding);
        finding["labels"].as_array_mut().unwrap().iter_mut().for_each(number);
    }
    findings
}

#[test]
fn findings_are_the_same_in_every_format() {
    let (folder, _) = corpus();
    let loose = findings(folder.path(), &["loose"]);
    assert!(loose.len() > 50, "{}", loose.len());
    for name in ["shard.jsonl", "shard.jsonl.gz", "shard.jsonl.zst"] {
        // Little memory, so that texts spill to disk.
        let found = findings(folder.path(), &[name, "--memory", "64KB"]);
        assert!(found == loose, "{name}: {} findings, not {}", found.len(), loose.len());
    }
    let found = findings(folder.path(), &["shard.parquet", "--text-field", "doc.text"]);
    assert!(found == loose, "parquet: {} findings, not {}", found.len(), loose.len());
    // By a glob pattern.
    let found = findings(folder.path(), &["shard.js*l", "--text-field", "text"]);
    assert!(found == loose);
}

#[test]
fn fixes_are_the_same_in_every_format_and_change_nothing_else() {
    let (folder, before) = corpus();
    let path = |name: &str| folder.path().join(name);
    let (_, others) = read_parquet(&path("shard.parquet"));
    let fix = &["--fix-only", "--unsafe-fixes", "--max-removed", "1", "-q"];
    for one in [
        &["loose"][..],
        &["shard.jsonl", "--trail", "trail.jsonl"],
        &["shard.jsonl.gz"],
        &["shard.jsonl.zst"],
        &["shard.parquet", "--text-field", "doc.text"],
    ] {
        let output = dechaff(folder.path(), &[&["check"], one, fix].concat());
        assert!(output.status.success(), "{one:?}: {}", stderr(&output));
    }
    let loose: Vec<String> = (0..before.len())
        .map(|index| fs::read_to_string(path(&format!("loose/{index:04}.txt"))).unwrap())
        .collect();
    assert_ne!(loose, before);
    let lines = fs::read_to_string(path("shard.jsonl")).unwrap();
    assert_eq!(texts_of(&lines), loose);
    // Everything but the text has the same bytes.
    assert_eq!(lines, json_lines(&loose));
    let mut unpacked = String::new();
    let mut decoder =
        flate2::read::MultiGzDecoder::new(File::open(path("shard.jsonl.gz")).unwrap());
    std::io::Read::read_to_string(&mut decoder, &mut unpacked).unwrap();
    assert_eq!(unpacked, lines);
    let unpacked = zstd::stream::decode_all(File::open(path("shard.jsonl.zst")).unwrap()).unwrap();
    assert_eq!(unpacked, lines.as_bytes());

    let (texts, after) = read_parquet(&path("shard.parquet"));
    assert_eq!(texts, loose);
    assert_eq!(after, others);
    let reader = SerializedFileReader::new(File::open(path("shard.parquet")).unwrap()).unwrap();
    let metadata = reader.metadata();
    assert_eq!(metadata.num_row_groups(), before.len().div_ceil(ROWS_PER_GROUP));
    assert_eq!(metadata.file_metadata().key_value_metadata().unwrap()[0].key, "origin");
    let is_zstd = |compression| matches!(compression, Compression::ZSTD(_));
    assert!(
        metadata
            .row_groups()
            .iter()
            .flat_map(|group| group.columns())
            .all(|column| is_zstd(column.compression()))
    );

    // Undo.
    let undone = dechaff(folder.path(), &["undo", "trail.jsonl"]);
    assert!(undone.status.success(), "{}", stderr(&undone));
    assert_eq!(fs::read_to_string(path("shard.jsonl")).unwrap(), json_lines(&before));
}

#[test]
fn changes_in_parquet_can_be_undone() {
    let (folder, before) = corpus();
    let path = folder.path().join("shard.parquet");
    let fix = [
        "check",
        "shard.parquet",
        "--text-field",
        "doc.text",
        "--fix",
        "--trail",
        "trail.jsonl",
        "-q",
    ];
    dechaff(folder.path(), &fix);
    assert_ne!(read_parquet(&path).0, before);
    // The changes of one rule, then all others.
    for rules in [&["--rule", "BP001"][..], &[]] {
        let arguments = [&["undo", "trail.jsonl", "--text-field", "doc.text"], rules].concat();
        let undone = dechaff(folder.path(), &arguments);
        assert!(undone.status.success(), "{}", stderr(&undone));
    }
    assert_eq!(read_parquet(&path).0, before);
}

#[test]
fn fields_can_be_configured() {
    let (folder, before) = corpus();
    let path = folder.path().join("shard.parquet");
    let configured = |size: &str| {
        let options = format!("text-field = \"doc.text\"\nmax-record = \"{size}\"\n");
        fs::write(folder.path().join("dechaff.toml"), options).unwrap();
    };
    let run = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_dechaff"))
            .current_dir(folder.path())
            .args(arguments)
            .output()
            .unwrap()
    };
    configured("1GB");
    assert_eq!(
        run(&["check", "shard.parquet", "--fix-only", "--trail", "trail.jsonl", "-q"])
            .status
            .code(),
        Some(0)
    );
    assert_ne!(read_parquet(&path).0, before);
    let undone = run(&["undo", "trail.jsonl"]);
    assert!(undone.status.success(), "{}", stderr(&undone));
    assert_eq!(read_parquet(&path).0, before);
    // A flag overrides the configuration.
    assert_eq!(run(&["check", "shard.jsonl", "--text-field", "text", "-q"]).status.code(), Some(1));
    configured("2KB");
    assert!(stderr(&run(&["check", "shard.parquet"])).contains("larger than 2048 bytes"));
    configured("2 beards");
    let refused = stderr(&run(&["check", "shard.parquet"]));
    assert!(refused.contains("dechaff.toml:2:14"), "{refused}");
}

#[test]
fn shards_without_findings_are_unchanged() {
    let folder = TempDir::new().unwrap();
    let texts = ["The talks go on in Muscat next week, both sides said on Monday.".to_owned()];
    // No final newline, a blank line, and a malformed one.
    let lines = format!(
        "\u{feff}{}\r\n \n{{oops\n{}",
        json_lines(&texts).trim_end(),
        json_lines(&texts).trim_end()
    );
    fs::write(folder.path().join("a.jsonl"), &lines).unwrap();
    fs::write(folder.path().join("a.jsonl.gz"), gzip(&lines)).unwrap();
    write_parquet(&folder.path().join("a.parquet"), &texts);
    let state = |name: &str| {
        let path = folder.path().join(name);
        (fs::read(&path).unwrap(), path.metadata().unwrap().modified().unwrap())
    };
    let names = ["a.jsonl", "a.jsonl.gz", "a.parquet"];
    let before = names.map(state);
    let select = ["--select", "BP,MT", "--skip-bad-records"];
    let fix = |more: &[&str]| {
        dechaff(folder.path(), &[&["check", "--fix", "."], &select[..], more].concat())
    };
    assert!(fix(&[]).status.success());
    assert!(fix(&["--text-field", "doc.text"]).status.success());
    assert_eq!(names.map(state), before);
    // Copies have the same bytes.
    let output =
        dechaff(folder.path(), &[&["check", ".", "--output-dir", "copies"], &select[..]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    for (name, before) in names.iter().zip(&before).take(2) {
        assert_eq!(fs::read(folder.path().join("copies").join(name)).unwrap(), before.0);
    }
}

#[test]
fn drop_empty_drops_blank_records_from_copies() {
    let (folder, _) = corpus();
    let texts = [
        "Leave a Comment\n".to_owned(),
        "The talks go on.".to_owned(),
        "Be the first to comment".to_owned(),
    ];
    fs::write(folder.path().join("b.jsonl"), json_lines(&texts)).unwrap();
    write_parquet(&folder.path().join("b.parquet"), &texts);
    let fix = |name: &str, more: &[&str]| {
        let fix =
            ["check", name, "--output-dir", "copies", "--max-removed", "1", "-q", "--select", "BP"];
        let output = dechaff(folder.path(), &[&fix[..], more].concat());
        assert!(output.status.success(), "{}", stderr(&output));
    };
    fix("b.jsonl", &[]);
    let copy = folder.path().join("copies/b.jsonl");
    assert_eq!(texts_of(&fs::read_to_string(&copy).unwrap()), ["", "The talks go on.", ""]);
    fix("b.jsonl", &["--drop-empty"]);
    assert_eq!(fs::read_to_string(&copy).unwrap(), record_line(1, "The talks go on."));
    fix("b.parquet", &["--drop-empty", "--text-field", "doc.text"]);
    let (kept, others) = read_parquet(&folder.path().join("copies/b.parquet"));
    assert_eq!(kept, ["The talks go on."]);
    assert_eq!(others, [read_parquet(&folder.path().join("b.parquet")).1[1].clone()]);
}

#[test]
fn a_compressed_document_is_fixed_in_place() {
    let folder = TempDir::new().unwrap();
    let text =
        "The talks go on in Muscat next week, both sides said on Monday.\n\nLeave a Comment\n";
    let path = folder.path().join("a.md.gz");
    fs::write(&path, gzip(text)).unwrap();
    dechaff(folder.path(), &["check", ".", "--fix", "-q", "--trail", "trail.jsonl"]);
    let read = || {
        let mut unpacked = String::new();
        let mut decoder = flate2::read::MultiGzDecoder::new(File::open(&path).unwrap());
        std::io::Read::read_to_string(&mut decoder, &mut unpacked).unwrap();
        unpacked
    };
    assert_eq!(read(), "The talks go on in Muscat next week, both sides said on Monday.\n");
    let undone = dechaff(folder.path(), &["undo", "trail.jsonl"]);
    assert!(undone.status.success(), "{}", stderr(&undone));
    assert_eq!(read(), text);
}

#[test]
fn a_shard_from_stdin_is_fixed_to_stdout() {
    let texts =
        ["The talks go on in Muscat next week, both sides said on Monday.\n\nLeave a Comment\n"
            .to_owned()];
    let run = |bytes: &[u8], arguments: &[&str]| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_dechaff"))
            .args(["check", "-"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(bytes).unwrap();
        child.wait_with_output().unwrap()
    };
    let fixed = run(json_lines(&texts).as_bytes(), &["--format", "jsonl", "--fix"]);
    assert_eq!(
        texts_of(&String::from_utf8(fixed.stdout).unwrap())[0],
        texts[0][..texts[0].len() - 17]
    );
    let checked = run(
        &gzip(&json_lines(&texts)),
        &["--stdin-filename", "a.jsonl.gz", "--output-format", "concise"],
    );
    let message = String::from_utf8(checked.stdout).unwrap();
    assert!(message.contains("a.jsonl.gz: record 1 (id \"doc-0\"):3:1: BP001"), "{message}");
}

#[test]
fn lone_surrogates_are_reported_as_such() {
    let folder = TempDir::new().unwrap();
    let lines = concat!(
        r#"{"text": "It failed \ud83d and went on."}"#,
        "\n",
        r#"{"text": "Both \udf78\uD83C are swapped."}"#,
        "\n",
        r#"{"text": "A glass: \ud83c\udf78.", "meta": "\ud83d"}"#,
        "\n",
    );
    fs::write(folder.path().join("a.jsonl"), lines).unwrap();
    let output = dechaff(folder.path(), &["check", "a.jsonl", "--isolated", "--select", "EN001"]);
    let report = String::from_utf8(output.stdout).unwrap();
    assert!(report.contains(r"lone surrogate `\ud83d`"), "{report}");
    assert!(report.contains(r"lone surrogate `\udf78`"), "{report}");
    assert!(report.contains("2 escapes of this record are unpaired surrogates"), "{report}");
    assert!(!report.contains("UTF-8") && !report.contains("record 3"), "{report}");
}

#[test]
fn the_diff_of_a_record_says_that_it_is_not_a_patch() {
    let folder = TempDir::new().unwrap();
    let texts =
        ["The talks go on in Muscat next week, both sides said on Monday.\n\nLeave a Comment\n"
            .to_owned()];
    fs::write(folder.path().join("a.jsonl"), json_lines(&texts)).unwrap();
    let output = dechaff(folder.path(), &["check", "a.jsonl", "--diff"]);
    let message = String::from_utf8(output.stdout).unwrap();
    assert!(
        message.starts_with(
            "# a.jsonl: record 1 (id \"doc-0\"): changes to the text of a record; not a patch"
        ),
        "{message}"
    );
    assert!(message.contains("\n-Leave a Comment\n"));
    assert_eq!(texts_of(&fs::read_to_string(folder.path().join("a.jsonl")).unwrap()), texts);
}

#[cfg(not(feature = "arrow"))]
#[test]
fn arrow_needs_a_build_with_its_feature() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/arrow");
    let expected =
        "Arrow data, which this build does not read; build dechaff with `--features arrow`";
    for path in [".", "pages.feather"] {
        let output = dechaff(&folder, &["check", path, "--isolated"]);
        assert_eq!(output.status.code(), Some(2), "{path}");
        assert!(stderr(&output).contains(expected), "{path}: {}", stderr(&output));
    }
}
