//! Lines that recur on the pages of a site: `--group-by` and ND007.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use dechaff::linter::Linter;
use dechaff::rule::Registry;
use dechaff::text::{Document, Origin, TextProvider};
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::command::dechaff;

const FOOTER: &str = "The Valley Paper since 1902";

/// The text of a page with nothing else in common with the others.
fn page(number: usize) -> String {
    const NOUNS: [&str; 6] = ["ferry", "council", "harbour", "baker", "engineer", "orchard"];
    let noun = NOUNS[number % NOUNS.len()];
    format!(
        "{noun} number {number}\n\nOn day {number} the {noun} of village {number} was seen by {number} people who had never \
         heard of it before.\n\n{FOOTER}\n"
    )
}

/// The lines of the findings of a run, as `(record, line)`.
fn found(output: &Output) -> Vec<(u64, u64)> {
    assert!(output.status.code() < Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    let findings = String::from_utf8(output.stdout.clone()).unwrap();
    let findings = findings.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let place = |finding: Value| {
        assert_eq!(finding["code"], "ND007");
        (
            finding["record"]["index"].as_u64().unwrap_or(0),
            finding["start"]["line"].as_u64().unwrap(),
        )
    };
    findings.map(place).collect()
}

const JSON: [&str; 4] = ["--select", "ND007", "--output-format", "json-lines"];

fn check(folder: &Path, path: &str, group_by: &str) -> Output {
    dechaff(folder, &[&["check", path, "--group-by", group_by], &JSON[..]].concat())
}

fn write_json_lines(path: &Path, urls: &[&str]) {
    let record = |(number, url): (usize, &&str)| {
        json!({"page": {"url": url}, "text": page(number)}).to_string() + "\n"
    };
    fs::write(path, urls.iter().enumerate().map(record).collect::<String>()).unwrap();
}

#[test]
fn records_are_grouped_by_registered_domain() {
    let folder = TempDir::new().unwrap();
    let urls = [
        "https://www.example.co.uk/1",
        "http://news.example.co.uk/2",
        "EXAMPLE.co.uk",
        "https://example.co.uk:8080/4?a=b",
        "https://example.co.uk./5",
        "https://another.co.uk/6",
    ];
    write_json_lines(&folder.path().join("a.jsonl"), &urls);
    let output = check(folder.path(), "a.jsonl", "page.url");
    assert_eq!(found(&output), [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]);
    let stdin = File::open(folder.path().join("a.jsonl")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_dechaff"));
    let arguments =
        [&["check", "-", "--format", "jsonl", "--group-by", "page.url"], &JSON[..]].concat();
    let output = command.args(arguments).stdin(stdin).output().unwrap();
    assert_eq!(found(&output).len(), 5);
    write_json_lines(&folder.path().join("a.jsonl"), &urls[..4]);
    assert!(
        found(&check(folder.path(), "a.jsonl", "page.url")).is_empty(),
        "a site of four pages is too small"
    );
}

#[test]
fn files_are_grouped_by_folder() {
    let folder = TempDir::new().unwrap();
    for (name, pages) in [("valley", 6), ("hill", 3)] {
        fs::create_dir(folder.path().join(name)).unwrap();
        for number in 0..pages {
            fs::write(folder.path().join(name).join(format!("{number}.txt")), page(number))
                .unwrap();
        }
    }
    let output = check(folder.path(), ".", "path");
    assert_eq!(found(&output).len(), 6);
    let text = dechaff(folder.path(), &["check", ".", "--group-by", "path", "--select", "ND007"]);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("on 6 of 6 pages of valley, below the text"), "{text}");
    fs::write(folder.path().join("dechaff.toml"), "group-by = \"path\"\n").unwrap();
    assert_eq!(found(&dechaff(folder.path(), &[&["check", "."], &JSON[..]].concat())).len(), 6);
}

#[test]
fn parquet_is_grouped_by_column() {
    let folder = TempDir::new().unwrap();
    let schema =
        "message schema { OPTIONAL BYTE_ARRAY url (STRING); OPTIONAL BYTE_ARRAY text (STRING); }";
    let file = File::create(folder.path().join("a.parquet")).unwrap();
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut writer =
        SerializedFileWriter::new(file, schema, Arc::new(WriterProperties::default())).unwrap();
    let mut rows = writer.next_row_group().unwrap();
    // The third row has no URL.
    let urls = [1, 2, 4, 5, 6, 7]
        .map(|number| ByteArray::from(format!("https://example.org/{number}").as_str()));
    let mut column = rows.next_column().unwrap().unwrap();
    column.typed::<ByteArrayType>().write_batch(&urls, Some(&[1, 1, 0, 1, 1, 1, 1]), None).unwrap();
    column.close().unwrap();
    let texts: Vec<ByteArray> =
        (0..7).map(|number| ByteArray::from(page(number).as_str())).collect();
    let mut column = rows.next_column().unwrap().unwrap();
    column.typed::<ByteArrayType>().write_batch(&texts, Some(&[1; 7]), None).unwrap();
    column.close().unwrap();
    rows.close().unwrap();
    writer.close().unwrap();
    let records: Vec<u64> = found(&check(folder.path(), "a.parquet", "url"))
        .iter()
        .map(|(record, _)| *record)
        .collect();
    assert_eq!(records, [1, 2, 4, 5, 6, 7]);
}

#[test]
fn fixing_removes_the_line_from_every_page_and_converges() {
    let folder = TempDir::new().unwrap();
    write_json_lines(&folder.path().join("a.jsonl"), &["https://example.org"; 6]);
    let fix = [
        "check",
        "a.jsonl",
        "--group-by",
        "page.url",
        "--select",
        "ND007",
        "--fix-only",
        "--unsafe-fixes",
    ];
    assert_eq!(dechaff(folder.path(), &fix).status.code(), Some(0));
    let fixed = fs::read_to_string(folder.path().join("a.jsonl")).unwrap();
    assert!(!fixed.contains(FOOTER), "{fixed}");
    assert!(found(&check(folder.path(), "a.jsonl", "page.url")).is_empty());
    assert_eq!(dechaff(folder.path(), &fix).status.code(), Some(0));
    assert_eq!(fs::read_to_string(folder.path().join("a.jsonl")).unwrap(), fixed);
}

#[test]
fn a_line_is_not_also_reported_as_a_duplicate() {
    let folder = TempDir::new().unwrap();
    write_json_lines(&folder.path().join("a.jsonl"), &["https://example.org"; 6]);
    let arguments = [
        "check",
        "a.jsonl",
        "--select",
        "ND",
        "--group-by",
        "page.url",
        "--output-format",
        "json-lines",
    ];
    let places = found(&dechaff(folder.path(), &arguments));
    assert_eq!(places, [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5), (6, 5)]);
}

#[test]
fn documents_without_a_group_are_an_error() {
    let folder = TempDir::new().unwrap();
    write_json_lines(&folder.path().join("a.jsonl"), &["https://example.org"; 6]);
    fs::write(folder.path().join("b.txt"), page(1)).unwrap();
    let error = |output: Output| {
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    let message = error(check(folder.path(), "a.jsonl", "link"));
    assert!(message.contains("no record has a string or number in the field `link`"), "{message}");
    let message = error(check(folder.path(), "b.txt", "url"));
    assert!(message.contains("`--group-by path`"), "{message}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_dechaff"));
    let mut child = command
        .args(["check", "-", "--group-by", "path"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(page(1).as_bytes()).unwrap();
    let message = error(child.wait_with_output().unwrap());
    assert!(message.contains("standard input has none"), "{message}");
}

/// Provides the texts of a list of documents.
struct Texts(Vec<(Arc<Origin>, String)>);

impl TextProvider for Texts {
    fn text(&self, origin: &Origin) -> Option<Arc<str>> {
        self.0.iter().find(|(own, _)| **own == *origin).map(|(_, text)| text.as_str().into())
    }
}

/// The findings of all pages, sorted, with the notes that state how often a line recurs.
fn site_findings(texts: &Texts, order: &[usize]) -> Vec<String> {
    let registry = Registry::embedded().unwrap();
    let linter =
        Linter::from_rules(registry.rules().iter().filter(|rule| rule.info.code == "ND007"))
            .unwrap();
    let sketch = |index: &usize| {
        let (origin, text) = &texts.0[*index];
        let site = if index.is_multiple_of(5) { "example.com" } else { "example.org" };
        linter.sketch(&Document::parse(Arc::clone(origin), text).with_site(Some(site.into())))
    };
    let findings = linter.compare(order.iter().map(sketch), texts).unwrap();
    findings
        .iter()
        .map(|finding| format!("{} {:?} {:?}", finding.origin, finding.span, finding.notes))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_documents_does_not_matter(
        lines in prop::collection::vec(prop::collection::vec(0_usize..6, 0..6), 8..20),
        order in Just(()).prop_perturb(|(), mut random| random.random::<u64>()),
    ) {
        const LINES: [&str; 6] = ["Home", "- Sport", "Ask the miller.", "## More", "2. Stop", FOOTER];
        let text = |(number, lines): (usize, &Vec<usize>)| {
            let (above, below) = lines.split_at(lines.len() / 2);
            let join = |lines: &[usize]| lines.iter().map(|line| LINES[*line]).collect::<Vec<_>>().join("\n");
            let text = format!("{}\n\n{}\n{}\n", join(above), page(number), join(below));
            (Arc::new(Origin::file(format!("{number:02}.txt"))), text)
        };
        let texts = Texts(lines.iter().enumerate().map(text).collect());
        let forward: Vec<usize> = (0..texts.0.len()).collect();
        let mut shuffled = forward.clone();
        shuffled.sort_by_key(|index| (*index as u64 + 1).wrapping_mul(order | 1));
        prop_assert_eq!(site_findings(&texts, &forward), site_findings(&texts, &shuffled));
    }
}
