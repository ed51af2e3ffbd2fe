//! Quality measures: the `QM` rules, the table written by `--measures`, and verdicts.

mod languages;
mod sets;

use std::fs::{self, File};
use std::path::Path;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::Value;
use tempfile::TempDir;

use crate::command::{dechaff, stderr, stdout};

/// The expected values of this page are what datatrove 0.10.1 and Dolma 1.2.1 return for it.
const PAGE: &str = "\
The lamp that we sold yesterday isn't blue.

The shade costs #5, with tax.

Order now…
Order now…
";

fn write(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).unwrap();
}

fn json_rows(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Runs `--measures` on one page and returns its row.
fn row(text: &str, arguments: &[&str]) -> Value {
    let folder = TempDir::new().unwrap();
    write(folder.path(), "page.txt", text);
    let measures = ["check", "page.txt", "--isolated", "--measures", "rows.jsonl"];
    let output = dechaff(folder.path(), &[&measures[..], arguments].concat());
    assert!(output.status.code().is_some_and(|code| code < 2), "{}", stderr(&output));
    json_rows(&folder.path().join("rows.jsonl")).remove(0)
}

fn assert_values(row: &Value, set: &str, values: &[(&str, f64)]) {
    for (name, expected) in values {
        let actual = row[format!("{set}:{name}")].as_f64().unwrap();
        assert!((actual - expected).abs() < 1e-9, "{set}:{name}: {actual} instead of {expected}");
    }
}

#[test]
fn sets_count_like_their_implementations() {
    let row = row(PAGE, &[]);
    // "is", "n't", "#", "5", "…" and punctuation are separate tokens; "#5" is one
    // whitespace-separated word.
    let values = [
        ("words", 19.0),
        ("mean-word-length", 72.0 / 19.0),
        ("hashes-per-word", 1.0 / 25.0),
        ("ellipses-per-word", 2.0 / 25.0),
        ("bullet-lines", 0.0),
        ("ellipsis-lines", 2.0 / 6.0),
        ("alphabetic-words", 18.0 / 25.0),
        ("stop-words", 2.0),
    ];
    assert_values(&row, "gopher-quality@datatrove", &values);
    let values = [
        ("words", 18.0),
        ("median-word-length", 4.0),
        ("symbol-words", 3.0 / 18.0),
        ("alphabetic-words", 17.0 / 18.0),
        // "The" is capitalized.
        ("required-words", 2.0),
        ("ellipsis-lines", 2.0 / 5.0),
        ("repeated-lines", 2.0 / 5.0),
        ("repeated-line-characters", 20.0 / 78.0),
        ("top-2-gram", 18.0 / 78.0),
        ("repeated-5-grams", 0.0),
    ];
    assert_values(&row, "gopher@dolma-v2", &values);
    // The blank lines and the end after the last line feed are repeats too.
    assert_values(&row, "gopher@dolma-v1", &[("repeated-lines", 5.0 / 7.0)]);
    let values = [
        ("lines", 4.0),
        ("punctuated-lines", 0.5),
        ("short-lines", 0.75),
        ("repeated-line-characters", 10.0 / 92.0),
        ("line-feeds-per-word", 6.0 / 25.0),
    ];
    assert_values(&row, "fineweb@datatrove", &values);
    assert_values(&row, "c4-page@datatrove", &[("brace-lines", 0.0), ("sentences", 2.0)]);
    let values = [("characters", 98.0), ("repeated-lines", 0.2), ("repeated-paragraphs", 0.0)];
    assert_values(&row, "gopher-repetition@datatrove", &values);
    assert_eq!(row["gopher-quality@datatrove"], "min-words");
    assert_eq!(row["gopher-repetition@datatrove"], "max-top-3-gram");
    assert_eq!(row["c4-page@datatrove"], "min-sentences");
    assert_eq!(row["fineweb@datatrove"], "max-short-lines");
}

#[test]
fn the_table_has_the_measures_of_the_selected_rules() {
    let row = row(PAGE, &["--select", "fineweb@datatrove"]);
    let columns: Vec<&String> = row.as_object().unwrap().keys().collect();
    assert!(columns.iter().all(|name| !name.starts_with("gopher")), "{columns:?}");
    assert_eq!(row["path"], "page.txt");
    assert_eq!(row["bytes"], 102);
}

#[test]
fn all_formats_have_the_same_rows() {
    let folder = TempDir::new().unwrap();
    let shard = format!(
        "{}\n{}\n{}\n",
        serde_json::json!({"id": "a", "text": PAGE}),
        serde_json::json!({"id": "b, \"c\"", "text": ""}),
        serde_json::json!({"text": "One line."}),
    );
    write(folder.path(), "shard.jsonl", &shard);
    for format in ["jsonl", "csv", "parquet"] {
        let name = format!("rows.{format}");
        let arguments = ["check", "shard.jsonl", "--isolated", "-q", "--measures", &name];
        let output = dechaff(folder.path(), &arguments);
        assert!(output.status.code().is_some_and(|code| code < 2), "{}", stderr(&output));
    }
    let rows = json_rows(&folder.path().join("rows.jsonl"));
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[1]["record_id"], "b, \"c\"");
    assert_eq!(rows[1]["fineweb@datatrove"], "min-lines");
    assert_eq!(rows[1]["fineweb@datatrove:punctuated-lines"], Value::Null);

    let csv = fs::read_to_string(folder.path().join("rows.csv")).unwrap();
    let header: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
    let first: Vec<&str> = csv.lines().nth(1).unwrap().split(',').collect();
    let at = header.iter().position(|name| *name == "fineweb@datatrove:lines").unwrap();
    assert_eq!(first[at], "4");
    assert!(csv.lines().nth(2).unwrap().starts_with("shard.jsonl,2,\"b, \"\"c\"\"\",0,"));

    let file = File::open(folder.path().join("rows.parquet")).unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    for (json, row) in rows.iter().zip(reader.get_row_iter(None).unwrap()) {
        let row = row.unwrap();
        assert_eq!(row.get_column_iter().count(), json.as_object().unwrap().len());
        for (name, field) in row.get_column_iter() {
            let value = match field {
                Field::Null => Value::Null,
                Field::Str(text) => text.as_str().into(),
                Field::Long(number) => (*number).into(),
                Field::Double(number) => (*number).into(),
                other => panic!("no such column: {other}"),
            };
            assert_eq!(&value, &json[name], "{name}");
        }
    }
}

#[test]
fn a_finding_says_value_threshold_and_passage() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), "page.txt", PAGE);
    let arguments = [
        "check",
        "page.txt",
        "--isolated",
        "--output-format",
        "json",
        "--select",
        "fineweb@datatrove",
    ];
    let output = dechaff(folder.path(), &arguments);
    let findings: Vec<Value> = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(findings.len(), 1, "one finding per document and set");
    let finding = &findings[0];
    assert_eq!(finding["message"], "75 % of lines are short; at most 67 % allowed");
    assert_eq!(finding["start"]["offset"], 0);
    assert_eq!(finding["fix"], Value::Null);
    let notes = finding["notes"].to_string();
    assert!(notes.contains("`max-short-lines = 0.67` in fineweb@datatrove"), "{notes}");
    assert!(notes.contains("also 11 % of characters are in repeats of lines"), "{notes}");
    let label = &finding["labels"][0];
    assert_eq!(label["message"], "short lines");
    assert_eq!(label["start"]["line"], 3);
}

#[test]
fn measures_run_only_if_they_are_selected() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), "page.txt", "One line only.\n");
    let codes = |arguments: &[&str]| {
        let base = ["check", "page.txt", "--isolated", "--output-format", "json"];
        let output = dechaff(folder.path(), &[&base[..], arguments].concat());
        let findings: Vec<Value> = serde_json::from_str(&stdout(&output)).unwrap();
        findings.iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert!(codes(&[]).is_empty());
    assert!(codes(&["--select", "ALL"]).is_empty());
    assert!(codes(&["--select", "QM0"]).len() > 3);
    assert_eq!(codes(&["--extend-select", "gopher@dolma-v2"]), ["QM003"]);
}

#[test]
fn a_threshold_is_a_parameter() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), "page.txt", PAGE);
    let run = |setting: &str| {
        let select = ["--select", "QM006", "--config", setting];
        dechaff(folder.path(), &[&["check", "page.txt", "-q"], &select[..]].concat())
    };
    let loose = "rule.QM006={max-short-lines=1, max-repeated-line-characters=1}";
    assert_eq!(run(loose).status.code(), Some(0));
    let own = "rule.QM006={max-short-lines=1, max-repeated-line-characters=1, min-lines=5}";
    assert_eq!(run(own).status.code(), Some(1));
    let output = run("rule.QM006={max-long-lines=1}");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("QM006 has no parameter `max-long-lines`"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_page_that_fails_is_dropped() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), "page.txt", PAGE);
    let arguments =
        ["check", "page.txt", "--isolated", "-q", "--select", "QM006", "--documents", "rows.jsonl"];
    dechaff(folder.path(), &arguments);
    let row = json_rows(&folder.path().join("rows.jsonl")).remove(0);
    assert_eq!(row["verdict"], "drop");
    assert_eq!(row["threshold"], "QM006");
    assert_eq!(
        row["reason"],
        "fineweb@datatrove fails: 75 % of lines are short; at most 67 % allowed"
    );
    // The page as a whole is no doubtful passage.
    assert_eq!(row["doubtful_share"], 0.0);
}

#[test]
fn any_text_can_be_measured() {
    let texts = [
        "",
        " ",
        "\n\n\n",
        "\u{2028}",
        "...",
        "…",
        "'",
        "[",
        "[1",
        "{",
        "US$",
        "$",
        "+",
        "°C.",
        ":)",
        ")):(",
        "\u{feff}\u{200b}",
        "a\u{301}.",
        "क्षि।",
        "0.0.0.0",
        "http://",
        "a@b@c.",
        "-----",
        "--a",
        "１２",
        "\u{1f600}\u{1f600}",
        "\r\r\n\x0b\x1c",
        "…a…b…",
        "A.B.C",
        "don’t",
        "\0",
    ];
    let folder = TempDir::new().unwrap();
    let record = |text: &str| format!("{}\n", serde_json::json!({ "text": text }));
    let mut shard: String = texts.iter().map(|text| record(text)).collect();
    shard.push_str(&record(&texts.concat()));
    shard.push_str(&record(&"x".repeat(2_000)));
    shard.push_str(&record(&texts.join(" \n").repeat(50)));
    write(folder.path(), "shard.jsonl", &shard);
    let arguments =
        ["check", "shard.jsonl", "--isolated", "-q", "--select", "QM", "--measures", "rows.jsonl"];
    let output = dechaff(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert_eq!(json_rows(&folder.path().join("rows.jsonl")).len(), texts.len() + 3);
}

#[test]
fn a_preset_has_priority_over_files_and_less_than_options() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), "page.txt", "One line only.\n");
    write(folder.path(), "dechaff.toml", "preset = \"dolma3\"\n");
    let run = |arguments: &[&str]| {
        let base = ["check", "page.txt", "--output-format", "concise"];
        let output = dechaff(folder.path(), &[&base[..], arguments].concat());
        (output.status.code(), stdout(&output), stderr(&output))
    };
    assert!(run(&[]).1.contains("QM010"));
    let (_, found, _) = run(&["--preset", "fineweb"]);
    assert!(found.contains("QM001") && found.contains("QM006"), "{found}");
    let (code, found, _) = run(&["--preset", "fineweb", "--select", "BP"]);
    assert_eq!(code, Some(0), "{found}");
    let (code, _, error) = run(&["--preset", "finewebb"]);
    assert_eq!(code, Some(2));
    assert!(error.contains("did you mean `fineweb`?"), "{error}");
}

#[test]
fn every_preset_is_documented_and_works() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), "page.txt", "The harbour opens at six in the morning.\n");
    let page = fs::read_to_string("docs/measures.md").unwrap();
    let schema = fs::read_to_string("docs/dechaff.schema.json").unwrap();
    for (name, _) in dechaff::config::PRESETS {
        let output = dechaff(folder.path(), &["check", "page.txt", "--preset", name]);
        assert!(output.status.code().is_some_and(|code| code < 2), "{}", stderr(&output));
        assert!(page.contains(&format!("| `{name}` |")), "docs/measures.md lacks {name}");
        assert!(schema.contains(&format!("`{name}`")), "the schema lacks {name}");
    }
}

#[test]
fn each_line_dropped_by_a_filter_is_reported() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), "page.txt", "Opening hours\n\nThe harbour opens at six.\n\nSHARE\n");
    let found = |rule: &str| {
        let arguments =
            ["check", "page.txt", "--isolated", "--output-format", "json", "--select", rule];
        let output = dechaff(folder.path(), &arguments);
        let findings: Vec<Value> = serde_json::from_str(&stdout(&output)).unwrap();
        let lines = findings.iter().map(|one| {
            assert_eq!(one["fix"]["applicability"], "unsafe");
            one["start"]["line"].as_u64().unwrap()
        });
        lines.collect::<Vec<_>>()
    };
    assert_eq!(found("c4-lines@datatrove"), [1, 5]);
    assert_eq!(found("refinedweb-lines@dclm"), [5]);
}

/// The numbers are those of spaCy 3.8.18.
#[test]
fn words_are_split_like_spacy() {
    let chunks = [
        ("don’t", 2),
        ("cannot", 2),
        ("id.", 2),
        ("John’s", 2),
        ("U.S.", 1),
        ("e.g.,", 2),
        ("Inc.All", 2),
        ("J.P.Morgan", 1),
        ("foo.Bar.", 4),
        ("www.foo.com.", 2),
        ("foo@bar.com", 1),
        ("AT&T", 1),
        ("C++", 1),
        ("100+", 2),
        ("10km", 2),
        ("2011г.", 3),
        ("$5", 2),
        ("1,000", 1),
        ("(6-8)", 4),
        ("(see below):", 4),
        ("...foo-bar", 4),
        ("foo--bar", 3),
        ("__init__", 5),
        ("x…y", 3),
        ("voters,’’", 3),
        ("©2020", 2),
    ];
    let folder = TempDir::new().unwrap();
    let records = chunks.map(|(chunk, _)| serde_json::json!({ "text": format!("{chunk} #") }));
    write(folder.path(), "shard.jsonl", &records.map(|record| format!("{record}\n")).concat());
    let arguments = ["check", "shard.jsonl", "--isolated", "-q", "--measures", "rows.jsonl"];
    dechaff(folder.path(), &arguments);
    for ((chunk, expected), row) in chunks.iter().zip(json_rows(&folder.path().join("rows.jsonl")))
    {
        let words = 1.0 / row["gopher-quality@datatrove:hashes-per-word"].as_f64().unwrap();
        assert_eq!(words.round() as usize, expected + 1, "{chunk}");
    }
}
