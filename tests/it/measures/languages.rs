//! Measures that depend on the language of a document, `fineweb2`.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{json_rows, write};
use crate::command::{dechaff, stderr, stdout};

const GERMAN: &str = "Die Fähre zur Insel fährt um sieben Uhr am Morgen ab, und die Überfahrt dauert \
                      etwas länger als eine Stunde. Die meisten Leute an Bord arbeiten im Hafen.";
const POLISH: &str = "Prom na wyspę odpływa o siódmej rano i płynie do portu trochę dłużej niż \
                      godzinę. Większość ludzi na pokładzie pracuje w porcie i zna się od wielu lat.";
const ENGLISH: &str = "The ferry to the island leaves at seven in the morning, and it takes a little \
                       more than an hour. Most of the people on board work in the harbour.";

/// Measures a file by `fineweb2` and returns the rows.
fn rows(folder: &Path, file: &str, arguments: &[&str]) -> Vec<Value> {
    let base = ["check", file, "--isolated", "-q", "--select", "fineweb2"];
    let output = dechaff(folder, &[&base[..], &["--measures", "rows.jsonl"], arguments].concat());
    assert!(output.status.code().is_some_and(|code| code < 2), "{}", stderr(&output));
    json_rows(&folder.join("rows.jsonl"))
}

/// Returns the languages of rows, and where they come from.
fn languages(rows: &[Value]) -> Vec<(String, String)> {
    let text = |row: &'_ Value, column: &str| row[column].as_str().unwrap_or("-").to_owned();
    let pair = |row: &Value| (text(row, "fineweb2:language"), text(row, "fineweb2:language-from"));
    rows.iter().map(pair).collect()
}

fn owned((code, origin): (&str, &str)) -> (String, String) {
    (code.to_owned(), origin.to_owned())
}

fn shard(folder: &Path, records: &[Value]) {
    let lines: String = records.iter().map(|record| format!("{record}\n")).collect();
    write(folder, "shard.jsonl", &lines);
}

#[test]
fn the_language_comes_from_the_record_or_the_text() {
    let folder = TempDir::new().unwrap();
    let records = [
        json!({"text": GERMAN}),
        json!({"text": POLISH}),
        json!({"text": ENGLISH}),
        json!({"text": ENGLISH, "language": "deu_Latn"}),
        json!({"text": ENGLISH, "lang": "pl"}),
        json!({"text": ENGLISH, "language": "", "lang": "pl"}),
        json!({"text": GERMAN, "language": "unknown"}),
        json!({"text": GERMAN, "language": ["pl"]}),
        json!({"text": "12 + 34"}),
    ];
    shard(folder.path(), &records);
    let rows = rows(folder.path(), "shard.jsonl", &[]);
    let expected = [
        ("de", "text"),
        ("pl", "text"),
        ("en", "text"),
        ("de", "field"),
        ("pl", "field"),
        ("pl", "field"),
        ("de", "text"),
        ("de", "text"),
        ("-", "-"),
    ];
    assert_eq!(languages(&rows), expected.map(owned));
    // There are no thresholds for English or for unidentified languages.
    for at in [2, 8] {
        assert_eq!(rows[at]["fineweb2"], Value::Null);
        assert_eq!(rows[at]["fineweb2:words"], Value::Null);
    }
    assert_eq!(rows[0]["fineweb2"], "min-words");
    // Stop words are those of the language.
    assert_eq!(rows[0]["fineweb2:stop-words"], 4.0);
    assert_eq!(rows[3]["fineweb2:stop-words"], 1.0);
}

#[test]
fn the_field_and_the_language_can_be_set() {
    let folder = TempDir::new().unwrap();
    shard(folder.path(), &[json!({"text": ENGLISH, "meta": {"iso": "ru"}, "language": "de"})]);
    let language = |arguments: &[&str]| {
        let rows = rows(folder.path(), "shard.jsonl", arguments);
        let (code, origin) = &languages(&rows)[0];
        format!("{code} {origin}")
    };
    assert_eq!(language(&[]), "de field");
    assert_eq!(language(&["--language-field", "meta.iso"]), "ru field");
    assert_eq!(language(&["--config", "language-field=\"meta.iso\""]), "ru field");
    assert_eq!(language(&["--language-field", "other"]), "en text");
    assert_eq!(language(&["--config", "rule.fineweb2.language=\"el\""]), "el setting");
    let arguments = ["check", "shard.jsonl", "--config", "rule.fineweb2.language=\"German\""];
    let output = dechaff(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("`German` is no code of a language"), "{}", stderr(&output));
}

#[test]
fn thresholds_of_one_language_can_be_set() {
    let folder = TempDir::new().unwrap();
    shard(folder.path(), &[json!({"text": GERMAN}), json!({"text": POLISH})]);
    let failed = |setting: &str| {
        let rows = rows(folder.path(), "shard.jsonl", &["--config", setting]);
        rows.iter().map(|row| row["fineweb2"].clone()).collect::<Vec<_>>()
    };
    let loose = "rule.fineweb2={min-words=1, languages={de={max-top-2-gram=1, min-stop-words=9}}}";
    assert_eq!(failed(loose), [json!("min-stop-words"), Value::Null]);
}

#[test]
fn a_finding_names_the_language() {
    let folder = TempDir::new().unwrap();
    shard(folder.path(), &[json!({"text": GERMAN}), json!({"text": POLISH, "lang": "pl"})]);
    let arguments =
        ["check", "shard.jsonl", "--isolated", "--select", "QM101", "--output-format", "json"];
    let output = dechaff(folder.path(), &arguments);
    let findings: Vec<Value> = serde_json::from_str(&stdout(&output)).unwrap();
    let notes: Vec<String> = findings.iter().map(|one| one["notes"].to_string()).collect();
    assert!(notes[0].contains("the language is `de`, identified from the text"), "{}", notes[0]);
    assert!(notes[1].contains("the language is `pl`, as the record says"), "{}", notes[1]);
}

#[test]
fn every_format_has_languages() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), "shard.csv", &format!("lang,text\nde,\"{ENGLISH}\"\n"));
    write_parquet(&folder.path().join("shard.parquet"), &[("language", "deu"), ("text", ENGLISH)]);
    for file in ["shard.csv", "shard.parquet"] {
        let rows = rows(folder.path(), file, &[]);
        assert_eq!(languages(&rows), [owned(("de", "field"))], "{file}");
    }
    write(folder.path(), "page.txt", GERMAN);
    assert_eq!(languages(&rows(folder.path(), "page.txt", &[])), [owned(("de", "text"))]);
}

/// Writes a file with one row.
fn write_parquet(path: &Path, columns: &[(&str, &str)]) {
    let fields: String =
        columns.iter().map(|(name, _)| format!("required binary {name} (UTF8); ")).collect();
    let schema = Arc::new(parse_message_type(&format!("message shard {{ {fields} }}")).unwrap());
    let file = File::create(path).unwrap();
    let properties = Arc::new(WriterProperties::builder().build());
    let mut writer = SerializedFileWriter::new(file, schema, properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for (_, value) in columns {
        let mut column = group.next_column().unwrap().unwrap();
        let value = ByteArray::from(*value);
        column.typed::<ByteArrayType>().write_batch(&[value], None, None).unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
}

/// The numbers are those of spaCy 3.8.18 for Polish.
#[test]
fn polish_words_are_split_like_spacy() {
    let chunks = [
        ("05.01.2012", 5),
        ("wyspie...", 4),
        ("...wyspa", 2),
        ("polsko-niemiecki", 3),
        ("dwu-osobowy", 2),
        ("np.", 2),
        ("tys.zł", 1),
        ("10km", 2),
        ("ul.Długa", 3),
        ("„wyspa”", 3),
        ("to(nie)to", 5),
        ("kto?co", 3),
        ("2-3", 3),
        ("tak–nie", 3),
        ("100zł", 1),
        ("A/B", 3),
        ("e-mail:", 4),
        ("--", 2),
        ("x.y", 1),
    ];
    let folder = TempDir::new().unwrap();
    shard(
        folder.path(),
        &chunks.map(|(chunk, _)| json!({"text": format!("{chunk} #"), "lang": "pl"})),
    );
    for ((chunk, expected), row) in chunks.iter().zip(rows(folder.path(), "shard.jsonl", &[])) {
        let words = 1.0 / row["fineweb2:hashes-per-word"].as_f64().unwrap();
        assert_eq!(words.round() as usize, expected + 1, "{chunk}");
    }
}
