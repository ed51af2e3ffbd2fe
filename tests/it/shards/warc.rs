//! WARC and WET files made by warcio and FastWARC; `tests/fixtures/warc/make.py` says how.

use std::fs;
use std::path::Path;

use dechaff::corpus::Codec;
use serde_json::Value;
use tempfile::TempDir;

use super::codecs::{compress, decompress};
use crate::command::{dechaff, stderr};

/// Creates a directory with both archives.
fn archives() -> TempDir {
    let folder = TempDir::new().unwrap();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/warc");
    for name in ["pages.warc.gz", "pages.warc.wet.gz"] {
        fs::copy(fixtures.join(name), folder.path().join(name)).unwrap();
    }
    folder
}

/// Checks a file, and returns its standard output and error.
fn check(folder: &Path, name: &str, code: i32, more: &[&str]) -> (String, String) {
    let arguments = ["check", name, "--isolated", "--select", "BP001"];
    let output = dechaff(folder, &[&arguments[..], more].concat());
    assert_eq!(output.status.code(), Some(code), "{name}: {}", stderr(&output));
    let report = String::from_utf8(output.stdout.clone()).unwrap();
    (report, stderr(&output))
}

fn lines(path: &Path) -> Vec<Value> {
    let text = String::from_utf8(decompress(path, Codec::Gzip)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn texts_of_a_wet_file_are_checked() {
    let folder = archives();
    let concise = ["--output-format", "concise"];
    let (report, warnings) = check(folder.path(), "pages.warc.wet.gz", 1, &concise);
    let id = "urn:uuid:00000000-0000-4000-8000-00000000000";
    for record in [2, 4] {
        let line =
            format!("pages.warc.wet.gz: record {record} (id \"{id}{}\"):3:1: BP001", record - 1);
        assert!(report.contains(&line), "{line} is not in\n{report}");
    }
    assert!(report.contains("3 records checked: 2 findings in 2 records"), "{report}");
    assert_eq!(warnings, "");
    let (page, _) = check(folder.path(), "pages.warc.wet.gz", 1, &["--output-format", "html"]);
    assert!(page.contains("Leave a Comment"));
    let by_url = ["--id-field", "url", "--output-format", "concise"];
    let (report, _) = check(folder.path(), "pages.warc.wet.gz", 1, &by_url);
    assert!(report.contains("record 2 (id \"https://www.example.org/ferry.txt\")"), "{report}");
}

#[test]
fn plain_texts_of_a_warc_file_are_checked() {
    let folder = archives();
    let (report, warnings) =
        check(folder.path(), "pages.warc.gz", 1, &["--output-format", "concise"]);
    assert!(report.contains("record 3 (id \"urn:uuid:"), "{report}");
    assert!(report.contains("record 9 (id \"urn:uuid:"), "{report}");
    if cfg!(feature = "html") {
        assert!(report.contains("4 records checked: 2 findings in 2 records"), "{report}");
        assert_eq!(warnings, "");
        return;
    }
    assert!(report.contains("3 records checked: 2 findings in 2 records"), "{report}");
    assert!(report.contains("; 1 record skipped"), "{report}");
    let expected = "pages.warc.gz: skipped 1 page in HTML; to extract their text, build dechaff";
    assert_eq!(warnings.matches(expected).count(), 1, "{warnings}");
}

#[test]
fn copies_are_json_lines_and_undo_works_in_them() {
    let folder = archives();
    let fix = ["--undo-log", "undo.jsonl", "--output-dir", "out", "--group-by", "url"];
    for (name, copy) in
        [("pages.warc.wet.gz", "pages.warc.jsonl.gz"), ("pages.warc.gz", "pages.jsonl.gz")]
    {
        let (report, _) = check(folder.path(), name, 0, &fix);
        assert!(report.contains("2 findings fixed in 2 records"), "{report}");
        let path = folder.path().join("out").join(copy);
        let records = lines(&path);
        let ferry = &records[0];
        let text = "The ferry to the island leaves at seven, and the last boat back is at nine in \
                    the evening.\n";
        assert_eq!(ferry["text"], text);
        assert_eq!(ferry["url"], "https://www.example.org/ferry.txt");
        let id = ferry["id"].as_str().unwrap();
        assert!(id.starts_with("urn:uuid:00000000-0000-4000-8000-"), "{id}");
        let undone = dechaff(folder.path(), &["undo", "undo.jsonl"]);
        assert!(undone.status.success(), "{}", stderr(&undone));
        assert_eq!(lines(&path)[0]["text"], format!("{text}\nLeave a Comment\n"));
        fs::remove_file(folder.path().join("undo.jsonl")).unwrap();
    }
    // The bridge was sent compressed and in chunks.
    let bridge = &lines(&folder.path().join("out/pages.jsonl.gz"));
    let bridge = bridge.iter().find(|record| record["url"] == "https://example.net/bridge.txt");
    assert!(bridge.unwrap()["text"].as_str().unwrap().starts_with("The bridge over the Norde"));
}

#[test]
fn archives_are_not_fixed_in_place() {
    let folder = archives();
    let before = fs::read(folder.path().join("pages.warc.wet.gz")).unwrap();
    let (_, error) = check(folder.path(), "pages.warc.wet.gz", 2, &["--fix"]);
    let expected = "pages.warc.wet.gz: dechaff cannot write warc; --output-dir DIR";
    assert_eq!(error.matches(expected).count(), 1, "{error}");
    assert_eq!(fs::read(folder.path().join("pages.warc.wet.gz")).unwrap(), before);
    // Without anything to fix there is nothing to refuse.
    let arguments = ["check", "pages.warc.wet.gz", "--fix", "--select", "MS001"];
    assert_eq!(dechaff(folder.path(), &arguments).status.code(), Some(0));
}

#[test]
fn damaged_archives_are_read_up_to_the_damage() {
    let folder = archives();
    let packed = fs::read(folder.path().join("pages.warc.wet.gz")).unwrap();
    let plain = decompress(&folder.path().join("pages.warc.wet.gz"), Codec::Gzip);
    let second = String::from_utf8(plain.clone()).unwrap().find("The bridge").unwrap();
    let files = [
        ("cut.warc.wet.gz", packed[..packed.len() - 40].to_vec(), "past record 3"),
        ("cut.wet", plain[..second + 10].to_vec(), "past record 2: the file ends within a record"),
        (
            "text.wet",
            [&plain[..], b"\r\nno record\r\n"].concat(),
            "past record 4: no WARC record follows",
        ),
        ("none.warc", b"no record\n".to_vec(), "cannot be read: no WARC record follows"),
    ];
    for (name, bytes, expected) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
        let (report, error) = check(folder.path(), name, 2, &["--output-format", "concise"]);
        assert!(error.contains(expected), "{name}: {error}");
        assert_eq!(report.contains("record 2 (id"), name != "none.warc", "{name}: {report}");
        assert!(report.contains("1 record could not be read"), "{name}: {report}");
        let copy = ["--output-dir", "out", "-q"];
        let (_, error) = check(folder.path(), name, 2, &copy);
        assert!(error.contains("not copied") || name == "none.warc", "{name}: {error}");
    }
    fs::write(folder.path().join("empty.warc"), "").unwrap();
    check(folder.path(), "empty.warc", 2, &[]);
}

#[test]
fn records_larger_than_allowed_are_skipped_with_any_compression() {
    let folder = archives();
    let plain = decompress(&folder.path().join("pages.warc.wet.gz"), Codec::Gzip);
    fs::write(folder.path().join("a.wet"), &plain).unwrap();
    compress(&folder.path().join("a.wet.zst"), Codec::Zstd, &plain);
    // Detected from its content.
    fs::write(folder.path().join("archive"), &plain).unwrap();
    for name in ["a.wet", "a.wet.zst", "archive"] {
        let more = ["--max-record", "110", "--output-format", "concise"];
        let (report, error) = check(folder.path(), name, 2, &more);
        assert!(error.contains(": larger than 110 bytes; raise the limit"), "{name}: {error}");
        assert!(report.contains("record 2 (id"), "{name}: {report}");
        assert!(report.contains("2 records checked"), "{name}: {report}");
    }
}

#[cfg(feature = "html")]
#[test]
fn the_main_text_of_pages_is_extracted() {
    let folder = archives();
    let (report, _) = check(folder.path(), "pages.warc.gz", 0, &["--output-dir", "out"]);
    assert!(report.contains("4 records checked"), "{report}");
    let records = lines(&folder.path().join("out/pages.jsonl.gz"));
    let page = records.iter().find(|record| record["url"] == "https://www.example.org/mill.html");
    let text = page.unwrap()["text"].as_str().unwrap();
    assert!(text.contains("grinds twice a day") && text.contains("In summer, visitors"), "{text}");
    assert!(!text.contains("About us"), "{text}");
}

/// Each page exceeds one bound: depth, elements, reopened formatting, attributes, deep text,
/// entities and headings. Without the bounds, some take minutes or overflow the stack.
#[cfg(feature = "html")]
#[test]
fn hostile_pages_are_bad_records() {
    let fonts: String = (0..300).map(|number| format!("<font a={number}>")).collect();
    let pages = [
        ("<div>".repeat(300), "is nested too deeply"),
        (format!("<table>{}", "<b>".repeat(300)), "is nested too deeply"),
        ("<br>".repeat(110_000), "has too many elements"),
        (format!("{fonts}{}", "<p>x".repeat(10)), "is nested too deeply"),
        (format!("<div {}>", "a ".repeat(50_000)), "has tags with too many attributes"),
        (format!("{}{}", "<div>".repeat(200), "x".repeat(600_000)), "deeply nested"),
        (format!("{}{}", "x".repeat(1_000_000), "&amp;".repeat(60_000)), "has too many entities"),
        (
            format!("<h1>{}</h1>{}", "long ".repeat(8_000), "<h2>title</h2>".repeat(1_000)),
            "has too many headings for its title",
        ),
    ];
    // Much white space and long texts are not many attributes.
    let harmless = [(" \t".repeat(200_000), ""), ("a b, ".repeat(60_000), "")];
    let article = "<article><p>The mill of the village grinds twice a day.</p></article>";
    let html = |page: &str| format!("<html><body>{article}{page}</body></html>");
    let mut archive = Vec::new();
    for (page, _) in pages.iter().chain(&harmless) {
        let content = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n{}", html(page));
        let head = format!(
            "WARC/1.0\r\nWARC-Type: response\r\nContent-Type: application/http\r\nContent-Length: {}\r\n\r\n",
            content.len()
        );
        archive.extend([head.as_bytes(), content.as_bytes(), b"\r\n\r\n"].concat());
    }
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("hostile.warc"), archive).unwrap();
    let (report, errors) = check(folder.path(), "hostile.warc", 2, &[]);
    assert!(
        report.contains("2 records checked: no findings; 8 records could not be read"),
        "{report}"
    );
    for (number, (_, bound)) in pages.iter().enumerate() {
        let error = format!("hostile.warc: record {}: cannot extract text", number + 1);
        let line = errors.lines().find(|line| line.contains(&error));
        assert!(line.is_some_and(|line| line.contains(bound)), "{bound}: {errors}");
    }
    assert!(!errors.contains("panicked"), "{errors}");
    let arguments = ["--skip-bad-records"];
    check(folder.path(), "hostile.warc", 0, &arguments);
}
