//! Shards: the same documents are found faulty and fixed alike in whatever they come, and every byte that is not theirs stays.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use dechaff::corpus::{InputFile, OpenedFile, ReadOptions, RecordAction, Rewriter, ShardItem, open};
use dechaff::rule::{Marked, Registry};
use dechaff::text::Span;
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::record::RowAccessor;
use parquet::schema::parser::parse_message_type;
use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

/// What a table of documents holds besides.
const SCHEMA: &str = "message schema {
    OPTIONAL BYTE_ARRAY id (STRING);
    OPTIONAL group doc { OPTIONAL BYTE_ARRAY text (STRING); OPTIONAL DOUBLE score; }
    REQUIRED group tags (LIST) { REPEATED group list { OPTIONAL INT64 element; } }
}";

/// Rows of a row group.
const GROUP: usize = 7;

fn dechaff(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dechaff")).current_dir(folder).args(arguments).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The seeds, and what the rules' examples hold, some of it twice.
fn documents() -> Vec<String> {
    let mut seeds: Vec<_> = fs::read_dir("seeds").unwrap().map(|entry| entry.unwrap().path()).collect();
    seeds.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    seeds.sort();
    let mut texts: Vec<String> = seeds.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let registry = Registry::embedded().unwrap();
    let examples = registry.rules().iter().filter_map(|rule| rule.examples.first());
    let bad = examples.flat_map(|example| example.bad.iter().flat_map(|bad| bad.texts()).take(1));
    texts.extend(bad.map(|text| Marked::parse(text).text).step_by(3));
    texts.extend([texts[1].clone(), "Ü 😀\t\"quoted\" \\ back\r\nLeave a Comment\r\n".to_owned(), String::new()]);
    texts
}

fn line(index: usize, text: &str) -> String {
    let text = serde_json::to_string(text).unwrap();
    format!("{{\"id\": \"doc-{index}\",\t\"n\":1.50e+3,  \"text\" : {text}, \"meta\":{{\"text\":\"x\\/ü\"}}}}\n")
}

fn json_lines(texts: &[String]) -> String {
    texts.iter().enumerate().map(|(index, text)| line(index, text)).collect()
}

/// Two members, or two frames.
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
    let mut writer = SerializedFileWriter::new(File::create(path).unwrap(), schema, Arc::new(properties)).unwrap();
    for (number, texts) in texts.chunks(GROUP).enumerate() {
        let mut group = writer.next_row_group().unwrap();
        let strings =
            |values: Vec<String>| values.into_iter().map(|value| ByteArray::from(&*value)).collect::<Vec<_>>();
        let ids = (0..texts.len()).map(|index| format!("doc-{}", number * GROUP + index)).collect();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<ByteArrayType>().write_batch(&strings(ids), Some(&vec![1; texts.len()]), None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column
            .typed::<ByteArrayType>()
            .write_batch(&strings(texts.to_vec()), Some(&vec![2; texts.len()]), None)
            .unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        // Every second score is null.
        let levels: Vec<i16> = (0..texts.len()).map(|index| if index % 2 == 0 { 2 } else { 1 }).collect();
        let scores: Vec<f64> = (0..texts.len()).step_by(2).map(|index| index as f64).collect();
        column.typed::<DoubleType>().write_batch(&scores, Some(&levels), None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        // Two tags a row.
        let tags: Vec<i64> = (0..2 * texts.len() as i64).collect();
        let repeats: Vec<i16> = (0..tags.len()).map(|index| (index % 2) as i16).collect();
        column.typed::<Int64Type>().write_batch(&tags, Some(&vec![2; tags.len()]), Some(&repeats)).unwrap();
        column.close().unwrap();
        group.close().unwrap();
    }
    writer.close().unwrap();
}

/// The texts of a table, and all its other columns as text.
fn read_parquet(path: &Path) -> (Vec<String>, Vec<String>) {
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    let rows = reader.get_row_iter(None).unwrap().map(Result::unwrap);
    let (mut texts, mut others) = (Vec::new(), Vec::new());
    for row in rows {
        let doc = row.get_group(1).unwrap();
        texts.push(doc.get_string(0).unwrap().clone());
        others.push(format!("{:?} {:?} {:?}", row.get_string(0), doc.get_double(1).ok(), row.get_list(2).unwrap()));
    }
    (texts, others)
}

fn texts_of(lines: &str) -> Vec<String> {
    let text = |line: &str| serde_json::from_str::<Value>(line).unwrap()["text"].as_str().unwrap().to_owned();
    lines.lines().map(text).collect()
}

/// A folder with the documents as loose files and as shards.
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

/// Findings with the documents' numbers in place of their names.
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
    let mut findings: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for finding in &mut findings {
        number(finding);
        finding["labels"].as_array_mut().unwrap().iter_mut().for_each(number);
    }
    findings
}

#[test]
fn the_same_documents_have_the_same_findings_in_whatever_they_come() {
    let (folder, _) = corpus();
    let loose = findings(folder.path(), &["loose"]);
    assert!(loose.len() > 50, "{}", loose.len());
    for name in ["shard.jsonl", "shard.jsonl.gz", "shard.jsonl.zst"] {
        // Little memory, so that texts go to the disk.
        let found = findings(folder.path(), &[name, "--memory", "64KB"]);
        assert!(found == loose, "{name}: {} findings, not {}", found.len(), loose.len());
    }
    let found = findings(folder.path(), &["shard.parquet", "--text-field", "doc.text"]);
    assert!(found == loose, "parquet: {} findings, not {}", found.len(), loose.len());
    // From standard input, and by a pattern.
    let found = findings(folder.path(), &["shard.js*l", "--text-field", "text"]);
    assert!(found == loose);
}

#[test]
fn the_same_documents_are_fixed_alike_and_nothing_else_changes() {
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
    let loose: Vec<String> =
        (0..before.len()).map(|index| fs::read_to_string(path(&format!("loose/{index:04}.txt"))).unwrap()).collect();
    assert_ne!(loose, before);
    let lines = fs::read_to_string(path("shard.jsonl")).unwrap();
    assert_eq!(texts_of(&lines), loose);
    // All but the text is the same, byte for byte.
    assert_eq!(lines, json_lines(&loose));
    let mut unpacked = String::new();
    let mut decoder = flate2::read::MultiGzDecoder::new(File::open(path("shard.jsonl.gz")).unwrap());
    std::io::Read::read_to_string(&mut decoder, &mut unpacked).unwrap();
    assert_eq!(unpacked, lines);
    let unpacked = zstd::stream::decode_all(File::open(path("shard.jsonl.zst")).unwrap()).unwrap();
    assert_eq!(unpacked, lines.as_bytes());

    let (texts, after) = read_parquet(&path("shard.parquet"));
    assert_eq!(texts, loose);
    assert_eq!(after, others);
    let reader = SerializedFileReader::new(File::open(path("shard.parquet")).unwrap()).unwrap();
    let metadata = reader.metadata();
    assert_eq!(metadata.num_row_groups(), before.len().div_ceil(GROUP));
    assert_eq!(metadata.file_metadata().key_value_metadata().unwrap()[0].key, "origin");
    let is_zstd = |compression| matches!(compression, Compression::ZSTD(_));
    assert!(metadata.row_groups().iter().flat_map(|group| group.columns()).all(|column| is_zstd(column.compression())));

    // And back again.
    let undone = dechaff(folder.path(), &["undo", "trail.jsonl"]);
    assert!(undone.status.success(), "{}", stderr(&undone));
    assert_eq!(fs::read_to_string(path("shard.jsonl")).unwrap(), json_lines(&before));
}

#[test]
fn changes_in_a_table_can_be_taken_back() {
    let (folder, before) = corpus();
    let path = folder.path().join("shard.parquet");
    let fix = ["check", "shard.parquet", "--text-field", "doc.text", "--fix", "--trail", "trail.jsonl", "-q"];
    dechaff(folder.path(), &fix);
    assert_ne!(read_parquet(&path).0, before);
    // One rule's changes, then all others.
    for rules in [&["--rule", "BP001"][..], &[]] {
        let arguments = [&["undo", "trail.jsonl", "--text-field", "doc.text"], rules].concat();
        let undone = dechaff(folder.path(), &arguments);
        assert!(undone.status.success(), "{}", stderr(&undone));
    }
    assert_eq!(read_parquet(&path).0, before);
}

#[test]
fn a_configuration_can_name_the_fields() {
    let (folder, before) = corpus();
    let path = folder.path().join("shard.parquet");
    let configured = |size: &str| {
        let options = format!("text-field = \"doc.text\"\nmax-record = \"{size}\"\n");
        fs::write(folder.path().join("dechaff.toml"), options).unwrap();
    };
    let run = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_dechaff")).current_dir(folder.path()).args(arguments).output().unwrap()
    };
    configured("1GB");
    assert_eq!(run(&["check", "shard.parquet", "--fix-only", "--trail", "trail.jsonl", "-q"]).status.code(), Some(0));
    assert_ne!(read_parquet(&path).0, before);
    let undone = run(&["undo", "trail.jsonl"]);
    assert!(undone.status.success(), "{}", stderr(&undone));
    assert_eq!(read_parquet(&path).0, before);
    // An argument counts for more.
    assert_eq!(run(&["check", "shard.jsonl", "--text-field", "text", "-q"]).status.code(), Some(1));
    configured("2KB");
    assert!(stderr(&run(&["check", "shard.parquet"])).contains("larger than 2048 bytes"));
    configured("2 beards");
    let refused = stderr(&run(&["check", "shard.parquet"]));
    assert!(refused.contains("dechaff.toml:2:14"), "{refused}");
}

#[test]
fn shards_without_findings_are_not_touched() {
    let folder = TempDir::new().unwrap();
    let texts = ["The talks go on in Muscat next week, both sides said on Monday.".to_owned()];
    // No line end after the last line, one blank line, and one that is no JSON.
    let lines = format!("\u{feff}{}\r\n \n{{oops\n{}", json_lines(&texts).trim_end(), json_lines(&texts).trim_end());
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
    let fix = |more: &[&str]| dechaff(folder.path(), &[&["check", "--fix", "."], &select[..], more].concat());
    assert!(fix(&[]).status.success());
    assert!(fix(&["--text-field", "doc.text"]).status.success());
    assert_eq!(names.map(state), before);
    // Copies are those same bytes.
    let output = dechaff(folder.path(), &[&["check", ".", "--output-dir", "copies"], &select[..]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    for (name, before) in names.iter().zip(&before).take(2) {
        assert_eq!(fs::read(folder.path().join("copies").join(name)).unwrap(), before.0);
    }
}

#[test]
fn blank_records_are_kept_or_left_out_of_copies() {
    let (folder, _) = corpus();
    let texts = ["Leave a Comment\n".to_owned(), "The talks go on.".to_owned(), "Be the first to comment".to_owned()];
    fs::write(folder.path().join("b.jsonl"), json_lines(&texts)).unwrap();
    write_parquet(&folder.path().join("b.parquet"), &texts);
    let fix = |name: &str, more: &[&str]| {
        let fix = ["check", name, "--output-dir", "copies", "--max-removed", "1", "-q", "--select", "BP"];
        let output = dechaff(folder.path(), &[&fix[..], more].concat());
        assert!(output.status.success(), "{}", stderr(&output));
    };
    fix("b.jsonl", &[]);
    let copy = folder.path().join("copies/b.jsonl");
    assert_eq!(texts_of(&fs::read_to_string(&copy).unwrap()), ["", "The talks go on.", ""]);
    fix("b.jsonl", &["--drop-empty"]);
    assert_eq!(fs::read_to_string(&copy).unwrap(), line(1, "The talks go on."));
    fix("b.parquet", &["--drop-empty", "--text-field", "doc.text"]);
    let (kept, others) = read_parquet(&folder.path().join("copies/b.parquet"));
    assert_eq!(kept, ["The talks go on."]);
    assert_eq!(others, [read_parquet(&folder.path().join("b.parquet")).1[1].clone()]);
}

#[test]
fn a_compressed_document_is_fixed_in_its_file() {
    let folder = TempDir::new().unwrap();
    let text = "The talks go on in Muscat next week, both sides said on Monday.\n\nLeave a Comment\n";
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
fn a_shard_from_standard_input_is_fixed_onto_standard_output() {
    let texts = ["The talks go on in Muscat next week, both sides said on Monday.\n\nLeave a Comment\n".to_owned()];
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
    assert_eq!(texts_of(&String::from_utf8(fixed.stdout).unwrap())[0], texts[0][..texts[0].len() - 17]);
    let checked = run(&gzip(&json_lines(&texts)), &["--stdin-filename", "a.jsonl.gz", "--output-format", "concise"]);
    let told = String::from_utf8(checked.stdout).unwrap();
    assert!(told.contains("a.jsonl.gz: record 1 (id \"doc-0\"):3:1: BP001"), "{told}");
}

#[test]
fn json_that_is_not_json_lines_is_one_error_with_the_remedy() {
    let folder = TempDir::new().unwrap();
    let record = "{\"id\": 1, \"text\": \"Leave a Comment\"}";
    let array = format!("[\n  {record},\n  {record}\n]\n");
    fs::write(folder.path().join("array.json"), &array).unwrap();
    fs::write(folder.path().join("array.jsonl"), format!("[{record},{record}]")).unwrap();
    fs::write(folder.path().join("array.jsonl.gz"), gzip(&array)).unwrap();
    fs::write(folder.path().join("pretty.json"), "{\n  \"id\": 1,\n  \"text\": \"Leave a Comment\"\n}\n").unwrap();
    let array = "a JSON array, not JSON Lines, which has one object per line; convert it with";
    for (file, expected) in [
        ("array.json", format!("array.json: {array}: jq -c '.[]' array.json > array.jsonl")),
        ("array.jsonl", format!("array.jsonl: {array}: jq -c '.[]' array.jsonl > array-lines.jsonl")),
        ("array.jsonl.gz", format!("array.jsonl.gz: {array}: gzip -dc array.jsonl.gz | jq -c '.[]' > array.jsonl")),
        ("pretty.json", "pretty.json: pretty-printed JSON, not JSON Lines".to_owned()),
    ] {
        let output = dechaff(folder.path(), &["check", file, "--isolated"]);
        assert_eq!(output.status.code(), Some(2), "{file}");
        assert!(stderr(&output).contains(&expected), "{file}: {}", stderr(&output));
        assert_eq!(stderr(&output).matches("error").count(), 1, "{file}: {}", stderr(&output));
        let report = String::from_utf8(output.stdout).unwrap();
        assert!(!report.contains("BP001"), "{report}");
    }
}

#[test]
fn a_lone_surrogate_is_called_so() {
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
fn what_cannot_be_read_is_told_and_counted_and_the_rest_goes_on() {
    let folder = TempDir::new().unwrap();
    let good = line(0, "The talks go on in Muscat next week, both sides said on Monday.\n\nLeave a Comment\n");
    let long = line(9, &"x".repeat(5_000));
    let bad =
        "{\"text\": \"a\n{\"id\": 7, \"body\": \"a\"}\n{\"text\": null}\n{\"text\": 3}\n{\"text\": 4}\n{\"text\": 5}\n";
    fs::write(folder.path().join("a.jsonl"), format!("{good}{bad}{long}{good}")).unwrap();
    let packed = gzip(&good.repeat(200));
    fs::write(folder.path().join("b.jsonl.gz"), &packed[..packed.len() - 20]).unwrap();
    let check = |more: &[&str]| {
        let arguments = ["check", "a.jsonl", "b.jsonl.gz", "--select", "BP001"];
        dechaff(folder.path(), &[&arguments[..], more].concat())
    };
    let output = check(&["--max-record", "4KB", "--output-format", "concise"]);
    assert_eq!(output.status.code(), Some(2));
    let told = stderr(&output);
    for expected in [
        "a.jsonl: record 2: malformed JSON: ",
        "a.jsonl: record 3 (id \"7\"): no field `text`",
        "a.jsonl: record 4: the field `text` is null, not a string",
        "a.jsonl: record 5: the field `text` is a number, not a string",
        "a.jsonl: records 6 to 7: the field `text` is a number, not a string",
        "a.jsonl: record 8: larger than 4096 bytes; --max-record allows more",
        "b.jsonl.gz: cannot be read past record ",
    ] {
        assert!(told.contains(expected), "{expected} is not in\n{told}");
    }
    let report = String::from_utf8(output.stdout).unwrap();
    assert!(report.contains("a.jsonl: record 9 (id \"doc-0\"):3:1: BP001"), "{report}");
    assert!(report.contains("; 8 records could not be read"), "{report}");
    assert_eq!(check(&["--max-record", "4KB", "--skip-bad-records"]).status.code(), Some(1));

    // The shard of which a part is missing stays; in the other the bad lines do.
    let before = fs::read(folder.path().join("b.jsonl.gz")).unwrap();
    let output = check(&["--fix"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("b.jsonl.gz: left as it was, since a part of it cannot be read"));
    assert_eq!(fs::read(folder.path().join("b.jsonl.gz")).unwrap(), before);
    let fixed = fs::read_to_string(folder.path().join("a.jsonl")).unwrap();
    assert!(fixed.contains(bad) && fixed.contains(&long) && !fixed.contains("Leave"));
}

#[test]
fn broken_tables_are_told_and_bring_nothing_down() {
    let (folder, _) = corpus();
    let path = folder.path().join("shard.parquet");
    let whole = fs::read(&path).unwrap();
    let rows = documents().len();
    for round in 0..60_usize {
        let mut broken = whole.clone();
        // Anywhere, but mostly not in the footer.
        let at = round * 7_919 * 31 % broken.len();
        let end = (at + 1 + round % 40).min(broken.len());
        for byte in &mut broken[at..end] {
            *byte = byte.wrapping_mul(31).wrapping_add(round as u8 + 1);
        }
        fs::write(&path, &broken).unwrap();
        let arguments = ["check", "shard.parquet", "--text-field", "doc.text", "--select", "BP001", "--fix"];
        let output = dechaff(folder.path(), &arguments);
        let code = output.status.code();
        assert!(matches!(code, Some(0..=2)), "round {round}: {code:?}: {}", stderr(&output));
        if code == Some(2) && fs::read(&path).unwrap() != broken {
            panic!("round {round}: a shard of which a part cannot be read was written");
        }
    }
    assert!(rows > GROUP);
    let other = TempDir::new().unwrap();
    write_parquet(&other.path().join("a.parquet"), &documents()[..2]);
    let output = dechaff(other.path(), &["check", "a.parquet"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output)
            .contains("no column `text` among `id`, `doc.text`, `doc.score`, `tags.list.element`; give --text-field")
    );
}

#[test]
fn other_json_in_a_directory_is_no_corpus() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a.txt"), "The talks go on.\n").unwrap();
    fs::write(folder.path().join("notes.jsonl"), "{\"path\": \"a.txt\", \"removed\": \"x\"}\n").unwrap();
    let output = dechaff(folder.path(), &["check", "."]);
    assert!(output.status.success());
    assert!(stderr(&output).contains("skipped notes.jsonl: its records have no field `text`"));
    assert_eq!(dechaff(folder.path(), &["check", "notes.jsonl"]).status.code(), Some(2));
}

#[test]
fn the_difference_of_a_record_says_that_it_is_no_patch() {
    let folder = TempDir::new().unwrap();
    let texts = ["The talks go on in Muscat next week, both sides said on Monday.\n\nLeave a Comment\n".to_owned()];
    fs::write(folder.path().join("a.jsonl"), json_lines(&texts)).unwrap();
    let output = dechaff(folder.path(), &["check", "a.jsonl", "--diff"]);
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.starts_with("# a.jsonl: record 1 (id \"doc-0\"): its text as it would change; not a patch"), "{told}");
    assert!(told.contains("\n-Leave a Comment\n"));
    assert_eq!(texts_of(&fs::read_to_string(folder.path().join("a.jsonl")).unwrap()), texts);
}

/// A shard that takes a while.
fn large_shard(folder: &Path) -> String {
    let text = "The talks go on in Muscat next week, both sides said on Monday.\n\nLeave a Comment\n".repeat(20);
    let lines: String = (0..300).map(|index| line(index, &text)).collect();
    fs::write(folder.join("a.jsonl"), &lines).unwrap();
    lines
}

#[cfg(unix)]
#[test]
fn a_killed_or_interrupted_process_leaves_a_shard_old_or_new() {
    const RUNS: u32 = 6;
    let folder = TempDir::new().unwrap();
    let before = large_shard(folder.path());
    let fix = ["check", "a.jsonl", "--select", "BP001", "--fix-only", "--trail", "trail.jsonl", "--max-removed", "1"];
    let start = std::time::Instant::now();
    assert!(dechaff(folder.path(), &fix).status.success());
    let whole = start.elapsed();
    let after = fs::read_to_string(folder.path().join("a.jsonl")).unwrap();
    assert_ne!(after, before);
    for run in 0..2 * RUNS {
        let folder = TempDir::new().unwrap();
        large_shard(folder.path());
        let mut child = Command::new(env!("CARGO_BIN_EXE_dechaff"))
            .current_dir(folder.path())
            .args(fix)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::thread::sleep(whole.mul_f64(f64::from(run / 2) / f64::from(RUNS)).max(Duration::from_millis(5)));
        if run % 2 == 0 {
            let _ = child.kill();
            child.wait().unwrap();
        } else {
            Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
            let output = child.wait_with_output().unwrap();
            // Before the handler is there, the signal ends the process.
            assert!(matches!(output.status.code(), None | Some(0 | 130)), "{:?} {}", output.status, stderr(&output));
            let left = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
            let temporary = left.iter().filter(|name| name.to_string_lossy().starts_with(".dechaff"));
            assert!(temporary.count() == 0 || output.status.code().is_none(), "{left:?}");
        }
        let now = fs::read_to_string(folder.path().join("a.jsonl")).unwrap();
        assert!(now == before || now == after, "run {run}: the shard is damaged");
        if folder.path().join("trail.jsonl").metadata().is_ok_and(|trail| trail.len() > 2) {
            dechaff(folder.path(), &["undo", "trail.jsonl"]);
            assert!(fs::read_to_string(folder.path().join("a.jsonl")).unwrap() == before, "run {run}: not led back");
        }
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_check_says_how_far_it_came() {
    const RECORDS: usize = 60_000;
    let folder = TempDir::new().unwrap();
    let text =
        |index: usize| format!("The talks number {index} go on in Muscat, both sides said in hall {}.", index % 97);
    let lines: String = (0..RECORDS).map(|index| line(index, &text(index))).collect();
    fs::write(folder.path().join("a.jsonl"), lines).unwrap();
    let size = fs::metadata(folder.path().join("a.jsonl")).unwrap().len() as f64 / f64::from(1 << 20);
    for delay in [300, 700, 1_500] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dechaff"));
        command.current_dir(folder.path()).args(["check", "a.jsonl", "--isolated"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(delay));
        Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        let output = child.wait_with_output().unwrap();
        // It may have ended before, be in the middle of the comparison, or not listen yet.
        let message = stderr(&output);
        let Some(rest) = message.split("interrupted after ").nth(1) else { continue };
        assert_eq!(output.status.code(), Some(130));
        assert!(rest.contains(&format!(" of {size:.2} MiB; ")), "{message}");
        let printed = String::from_utf8(output.stdout).unwrap();
        match rest.starts_with("comparing ") {
            true => assert_eq!(printed, "no files checked\n"),
            false => {
                assert!(rest.starts_with("checking ") && !printed.contains("nothing remains"), "{message}{printed}")
            }
        }
    }
}

/// JSON of any sort, written in any way.
fn odd_json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("1.50e+03".to_owned()),
        Just("-0".to_owned()),
        Just("123456789012345678901234567890.10".to_owned()),
        Just(r#""\ud800 lone \/ \u0041""#.to_owned()),
        "[a-zé😀 ]{0,8}".prop_map(|text| format!("\"{text}\"")),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(|items| format!("[ {} ]", items.join(" ,\t"))),
            proptest::collection::vec(("[a-z]{1,3}", inner), 0..3).prop_map(|fields| {
                let fields: Vec<String> = fields.iter().map(|(name, value)| format!("\"{name}\" : {value}")).collect();
                format!("{{{}}}", fields.join(","))
            }),
        ]
    })
}

/// A character as JSON, in one of the ways to write it, and what it stands for.
fn odd_character() -> impl Strategy<Value = (String, String)> {
    prop_oneof![
        "[ -!#-\\[\\]-~é中😀]".prop_map(|text: String| (text.clone(), text)),
        "[a-zé中😀\n\t]".prop_map(|text: String| {
            let units = text.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect();
            (units, text)
        }),
        Just((r"\/".to_owned(), "/".to_owned())),
        Just((r"\n".to_owned(), "\n".to_owned())),
        Just((r#"\""#.to_owned(), "\"".to_owned())),
        Just((r"\\".to_owned(), "\\".to_owned())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_byte_but_those_of_the_change_stays(
        fields in proptest::collection::vec(("[a-z]{1,4}", odd_json()), 0..4),
        characters in proptest::collection::vec(odd_character(), 0..30),
        cut in (0.0..1.0, 0.0..1.0),
        inserted in prop_oneof![Just(String::new()), "[a-zü\n\"]{0,4}"],
        end in prop_oneof![Just("\n"), Just("\r\n"), Just("")],
    ) {
        let (from, to): (f64, f64) = cut;
        let (from, to) = (from.min(to), from.max(to));
        let at = |share: f64| (share * characters.len() as f64) as usize;
        let (from, to) = (at(from), at(to));
        let literal = |part: &[(String, String)]| part.iter().map(|(json, _)| json.as_str()).collect::<String>();
        let text = |part: &[(String, String)]| part.iter().map(|(_, text)| text.as_str()).collect::<String>();
        // A field of the same name before it; the last counts.
        let others: String = fields.iter().map(|(name, value)| format!("\"{name}\":{value} ,")).collect();
        let (before, after) = (format!("{{ {others}\"text\": 1, \"text\" :"), format!(" , \"tail\" : {{\"text\":\"x\"}}}}{end}"));
        let line = format!("{before}\"{}\"{after}", literal(&characters));

        let folder = TempDir::new().unwrap();
        let (path, target) = (folder.path().join("a.jsonl"), folder.path().join("b.jsonl"));
        fs::write(&path, &line).unwrap();
        let opened = open(&InputFile::new(path, true), &ReadOptions::default(), &Arc::default()).unwrap();
        let OpenedFile::Shard(shard, mut records) = opened else { panic!("no shard") };
        let Some(ShardItem::Record(raw)) = records.next() else { panic!("no record") };
        let (handle, source) = raw.decode();
        let source = source.unwrap().unwrap();
        prop_assert_eq!(&*source.text, &text(&characters));
        let span = Span::new(text(&characters[..from]).len(), text(&characters[..to]).len());
        let fixed = format!("{}{inserted}{}", text(&characters[..from]), text(&characters[to..]));
        let mut rewriter = Rewriter::new(&shard, Some(&target)).unwrap();
        rewriter.write_record(&handle, RecordAction::Edit(&fixed, vec![(span, inserted.as_str())])).unwrap();
        prop_assert!(rewriter.finish(|_| Ok(())).unwrap());

        let written = fs::read_to_string(&target).unwrap();
        let expected = (format!("{before}\"{}", literal(&characters[..from])), format!("{}\"{after}", literal(&characters[to..])));
        prop_assert!(written.starts_with(&expected.0) && written.ends_with(&expected.1), "{} from {}", written, line);
        let middle = &written[expected.0.len()..written.len() - expected.1.len()];
        prop_assert_eq!(serde_json::from_str::<String>(&format!("\"{middle}\"")).unwrap(), inserted);
        prop_assert!(!line.is_ascii() || middle.is_ascii());
    }
}

#[test]
fn the_mixer_of_dolma_takes_the_attributes() {
    // A Python that has the package `dolma`, such as /path/to/venv/bin/python.
    let Ok(python) = std::env::var("DOLMA_PYTHON") else {
        eprintln!("skipped: DOLMA_PYTHON does not name a Python with the package dolma");
        return;
    };
    let folder = TempDir::new().unwrap();
    let texts: Vec<String> = documents().into_iter().filter(|text| !text.is_empty()).collect();
    let lines: Vec<String> = texts.iter().enumerate().map(|(index, text)| line(index, text)).collect();
    let path = folder.path().join("documents/en/a.json.gz");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, gzip(&lines.concat())).unwrap();
    let arguments = ["check", "documents", "--output-format", "dolma", "--output-dir", ".", "--ignore", "ND"];
    let output = dechaff(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(folder.path().join("attributes/dechaff/en/a.json.gz").exists());
    let mixed = Command::new(python).arg("scripts/dolma_mix.py").arg(folder.path()).output().unwrap();
    assert!(mixed.status.success(), "{}", stderr(&mixed));

    // What the mixer makes of it is what one round of safe fixes removes.
    let mut unpacked = String::new();
    let mut decoder =
        flate2::read::MultiGzDecoder::new(File::open(folder.path().join("mixed/mixed-0000.json.gz")).unwrap());
    std::io::Read::read_to_string(&mut decoder, &mut unpacked).unwrap();
    let mixed = texts_of(&unpacked);
    assert_eq!(mixed.len(), texts.len());
    assert_ne!(mixed, texts);
    let mut found: Vec<Vec<(usize, usize)>> = vec![Vec::new(); texts.len()];
    let arguments = ["check", "documents", "--output-format", "json-lines", "--ignore", "ND"];
    let output = dechaff(folder.path(), &arguments);
    for finding in String::from_utf8(output.stdout).unwrap().lines() {
        let finding: Value = serde_json::from_str(finding).unwrap();
        let edits = finding["fix"]["edits"].as_array().cloned().unwrap_or_default();
        if finding["fix"]["applicability"] == "safe" && edits.iter().all(|edit| edit["content"] == "") {
            let index = finding["record"]["index"].as_u64().unwrap() as usize - 1;
            let place = |edit: &Value, name: &str| edit[name].as_u64().unwrap() as usize;
            found[index].extend(edits.iter().map(|edit| (place(edit, "start"), place(edit, "end"))));
        }
    }
    for ((text, mixed), spans) in texts.iter().zip(&mixed).zip(&found) {
        let is_kept = |at: usize| !spans.iter().any(|(start, end)| (*start..*end).contains(&at));
        let expected: String =
            text.char_indices().filter(|(at, _)| is_kept(*at)).map(|(_, character)| character).collect();
        assert_eq!(*mixed, expected);
    }
}
