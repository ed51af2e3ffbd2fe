//! `dechaff compare` and `dechaff check --compared`: reports, files and errors.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::command::{dechaff, fail, stderr, stdout, succeed};
use crate::index::shared_texts;
use crate::planted::Random;

/// Creates a folder with documents that share text, in several formats.
fn corpus() -> TempDir {
    let folder = TempDir::new().unwrap();
    let mut texts = shared_texts(&mut Random(5), 40);
    for (at, text) in texts.iter_mut().enumerate().filter(|(at, _)| at % 3 == 0) {
        *text += &format!("\n\nPhoto {at} by Anna Mason");
    }
    let path = |name: &str| folder.path().join("corpus").join(name);
    fs::create_dir_all(path("b")).unwrap();
    let record = |(id, text): (usize, &String)| format!("{}\n", json!({"id": id, "text": text}));
    let records =
        |range: std::ops::Range<usize>| range.clone().zip(&texts[range]).map(record).collect();
    let compressed: String = records(0..12);
    fs::write(path("c.jsonl.zst"), zstd::encode_all(compressed.as_bytes(), 1).unwrap()).unwrap();
    let plain: String = records(12..24);
    fs::write(path("b-2.jsonl"), plain).unwrap();
    for (number, text) in texts[24..].iter().enumerate() {
        fs::write(path(&format!("b/{number}.txt")), text).unwrap();
    }
    folder
}

const SETTINGS: [&str; 3] = ["--isolated", "--select", "ND,ND006,ND008"];

const PARAGRAPHS: [&str; 3] = ["--isolated", "--select", "ND001"];

fn sketch(folder: &Path, partition: &str) -> String {
    let arguments = ["compare", "sketch", "work", "corpus", "--partition", partition];
    succeed(folder, &[&arguments[..], &SETTINGS].concat())
}

/// Runs all steps in `shares` shares.
fn compare(folder: &Path, shares: u32) {
    const MAX_ROUNDS: usize = 20;
    for _ in 0..MAX_ROUNDS {
        if dechaff(folder, &["compare", "status", "work"]).status.success() {
            return;
        }
        for share in 1..=shares {
            let partition = format!("{share}/{shares}");
            succeed(folder, &["compare", "match", "work", "--partition", &partition]);
        }
    }
    panic!("{}", stdout(&dechaff(folder, &["compare", "status", "work"])));
}

/// Compares the paragraphs of the corpus in `shares` shares.
fn compare_paragraphs(folder: &Path, shares: u32) {
    let sketch = ["compare", "sketch", "work", "corpus"];
    succeed(folder, &[&sketch[..], &PARAGRAPHS].concat());
    compare(folder, shares);
}

/// Writes copies without the repeated paragraphs that `compare_paragraphs` found to `output`.
fn remove_copies(folder: &Path, output: &str, arguments: &[&str]) -> Output {
    let fix = ["check", "corpus", "--compared", "work", "--unsafe-fixes", "--max-removed=1"];
    let output = ["--output-dir", output, "--fix-only"];
    dechaff(folder, &[&fix[..], &PARAGRAPHS, &output, arguments].concat())
}

/// Returns the findings of a check, in order of their places.
fn findings(folder: &Path, arguments: &[&str]) -> Vec<Value> {
    let check = ["check", "corpus", "--output-format=json"];
    let output = dechaff(folder, &[&check[..], &SETTINGS, arguments].concat());
    let mut findings: Vec<Value> = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", stderr(&output)));
    sort(&mut findings);
    findings
}

fn sort(findings: &mut [Value]) {
    findings.sort_by_key(|finding| finding.to_string());
}

#[test]
fn shares_report_what_one_run_reports() {
    let folder = corpus();
    let folder = folder.path();
    for partition in ["2/3", "3/3", "1/3"] {
        sketch(folder, partition);
    }
    assert!(sketch(folder, "2/3").contains("share 2/3 was done before"));
    compare(folder, 2);
    let expected = findings(folder, &[]);
    let codes = ["ND001", "ND002", "ND003", "ND004", "ND005"];
    let has = |code: &&str| expected.iter().any(|finding| finding["code"] == **code);
    assert_eq!(codes.iter().filter(|code| !has(code)).collect::<Vec<_>>(), Vec::<&&str>::new());
    for shares in [1, 4] {
        let mut found = Vec::new();
        for share in 1..=shares {
            let partition = format!("{share}/{shares}");
            found.extend(findings(folder, &["--compared", "work", "--partition", &partition]));
        }
        sort(&mut found);
        assert_eq!(found, expected);
    }
    let status: Value = serde_json::from_str(&succeed(
        folder,
        &["compare", "status", "work", "--output-format=json"],
    ))
    .unwrap();
    assert_eq!(status["is_done"], true);
    assert_eq!(status["documents"], 40);
}

/// Returns the paragraphs of all documents in a folder.
fn paragraphs(folder: &Path) -> Vec<String> {
    let mut paragraphs = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            paragraphs.extend(self::paragraphs(&entry));
            continue;
        }
        if entry.file_name().is_some_and(|name| name.to_str().unwrap().starts_with('.')) {
            continue;
        }
        let mut bytes = fs::read(&entry).unwrap();
        if entry.extension().is_some_and(|extension| extension == "zst") {
            bytes = zstd::decode_all(&bytes[..]).unwrap();
        }
        let text = String::from_utf8(bytes).unwrap();
        let texts: Vec<String> = match entry.extension().is_some_and(|name| name == "txt") {
            true => vec![text],
            false => text
                .lines()
                .map(|line| {
                    serde_json::from_str::<Value>(line).unwrap()["text"].as_str().unwrap().into()
                })
                .collect(),
        };
        paragraphs.extend(texts.iter().flat_map(|text| text.split("\n\n")).map(str::to_owned));
    }
    paragraphs.retain(|paragraph| !paragraph.trim().is_empty());
    paragraphs
}

/// Shares are fixed independently, and one copy of each text stays.
#[test]
fn shares_are_fixed_and_no_last_copy_is_removed() {
    let folder = corpus();
    let folder = folder.path();
    compare_paragraphs(folder, 2);
    for share in ["1/3", "2/3", "3/3"] {
        let output = remove_copies(folder, "fixed", &["--partition", share]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    }
    let (before, after) = (paragraphs(&folder.join("corpus")), paragraphs(&folder.join("fixed")));
    assert!(after.len() < before.len() * 3 / 4, "{} of {}", after.len(), before.len());
    let distinct = |texts: &[String]| texts.iter().cloned().collect::<BTreeSet<_>>();
    let is_long = |text: &&String| text.split(' ').count() > 6;
    let (before, after) = (distinct(&before), distinct(&after));
    assert_eq!(
        before.iter().filter(is_long).collect::<Vec<_>>(),
        after.iter().filter(is_long).collect::<Vec<_>>()
    );
    let in_place = ["check", "corpus", "--compared", "work", "--fix", "--partition", "1/2"];
    let in_place = fail(folder, &[&in_place[..], &PARAGRAPHS].concat());
    assert!(in_place.contains("write copies with --output-dir DIR"), "{in_place}");
    let other_rules = ["check", "corpus", "--compared", "work", "--diff", "--isolated"];
    let other_rules = fail(folder, &[&other_rules[..], &["--select", "ND001,BP"]].concat());
    assert!(other_rules.contains("only copies can be removed"), "{other_rules}");
}

#[test]
fn a_task_that_was_killed_leaves_nothing_behind() {
    let folder = corpus();
    let folder = folder.path();
    sketch(folder, "1/2");
    let status = dechaff(folder, &["compare", "status", "work"]);
    assert_eq!(status.status.code(), Some(1));
    assert!(stdout(&status).contains("sketch     1 of 2 done, left: 2"), "{}", stdout(&status));
    let unfinished = folder.join("work/sketch-00002-of-00002-00000000-0000-lines.dxw");
    fs::write(&unfinished, "half a file").unwrap();
    let early = fail(folder, &["compare", "match", "work"]);
    assert!(early.contains("shares of the sketch are missing: 2;"), "{early}");
    sketch(folder, "2/2");
    compare(folder, 1);
    assert!(!unfinished.exists());
    let files = fs::read_dir(folder.join("work")).unwrap().map(|file| file.unwrap().file_name());
    let mut kept: Vec<String> = files
        .map(|name| name.to_str().unwrap().to_owned())
        .filter(|name| name.ends_with(".dxw"))
        .map(|name| name.split('-').next().unwrap().to_owned())
        .collect();
    kept.dedup();
    assert!(kept.iter().all(|stage| stage != "post" && stage != "count"), "{kept:?}");
}

#[test]
fn a_damaged_file_is_an_error() {
    let folder = corpus();
    let folder = folder.path();
    sketch(folder, "1/1");
    let files = fs::read_dir(folder.join("work")).unwrap().map(|file| file.unwrap().path());
    let lines = files.into_iter().find(|path| path.to_str().unwrap().ends_with("-lines.dxw"));
    let lines = lines.unwrap();
    let mut bytes = fs::read(&lines).unwrap();
    bytes[40] ^= 1;
    fs::write(&lines, bytes).unwrap();
    let error = fail(folder, &["compare", "match", "work"]);
    assert!(error.contains("cannot do share 1/1 of the step lines"), "{error}");
    assert!(error.contains("-lines.dxw: the file is damaged"), "{error}");
    fs::remove_file(&lines).unwrap();
    let error = fail(folder, &["compare", "match", "work"]);
    assert!(error.contains("-lines.dxw: cannot be read"), "{error}");
}

#[test]
fn a_damaged_file_stops_fixes() {
    let folder = corpus();
    let folder = folder.path();
    compare_paragraphs(folder, 1);
    assert_eq!(remove_copies(folder, "fixed", &[]).status.code(), Some(0));
    let fixed = paragraphs(&folder.join("fixed"));
    let files = fs::read_dir(folder.join("work")).unwrap().map(|file| file.unwrap().path());
    let mut stopped = 0;
    for file in files.filter(|file| file.extension().is_some_and(|name| name == "dxw")) {
        let bytes = fs::read(&file).unwrap();
        let mut damaged = bytes.clone();
        let middle = damaged.len() / 2;
        damaged[middle] ^= 1;
        fs::write(&file, damaged).unwrap();
        let output = remove_copies(folder, "copies", &[]);
        match output.status.code() {
            Some(2) => {
                let error = stderr(&output);
                assert!(error.contains("damaged"), "{}: {error}", file.display());
                stopped += 1;
            }
            code => {
                assert_eq!(code, Some(0), "{}: {}", file.display(), stderr(&output));
                assert_eq!(paragraphs(&folder.join("copies")), fixed, "{}", file.display());
            }
        }
        fs::write(&file, bytes).unwrap();
        fs::remove_dir_all(folder.join("copies")).unwrap_or_default();
    }
    assert!(stopped > 0, "no damaged file stopped the fixes");
}

#[test]
fn inputs_of_another_comparison_are_refused() {
    let folder = corpus();
    let folder = folder.path();
    let check = |more: &[&str]| {
        let check = ["check", "corpus", "--isolated", "--compared", "work"];
        fail(folder, &[&check[..], more].concat())
    };
    let select = ["--select", "ND,ND006,ND008"];
    assert!(check(&select).contains("no work folder here"));
    sketch(folder, "1/1");
    assert!(check(&select).contains("the comparison is not done: shares of variants are missing"));
    compare(folder, 1);
    assert!(check(&["--select", "ND001"]).contains("select the same ones"));
    assert!(check(&["--select", "BP"]).contains("none of the selected rules compares documents"));
    let stdin = [&["-"][..], &select].concat();
    assert!(check(&stdin).contains("standard input and pipes are not part of the comparison"));
    assert!(check(&["--partition", "3/2"]).contains("expected K/N with K from 1 to N"));
    assert!(check(&[&select[..], &["--group-by", "path"]].concat()).contains("reading options"));
    // The text of a document has changed, and not its size.
    let document = folder.join("corpus/b/0.txt");
    let text = fs::read_to_string(&document).unwrap();
    fs::write(&document, text.replacen("The", "Tho", 1)).unwrap();
    let changed = check(&select);
    assert!(changed.contains("b/0.txt: the document is not in the comparison, or has changed"));
    fs::write(&document, "Another text.").unwrap();
    assert!(check(&select).contains("it was made of other files"));
    let another = ["compare", "sketch", "work", "corpus"];
    let another = fail(folder, &[&another[..], &SETTINGS].concat());
    assert!(another.contains("the work folder belongs to another comparison"), "{another}");
    let not_empty = ["compare", "sketch", "corpus", "corpus"];
    let not_empty = fail(folder, &[&not_empty[..], &SETTINGS].concat());
    assert!(not_empty.contains("the directory has other files but is not a work folder"));
}

/// Compares the pages of two sites, one per folder, in steps.
fn compare_sites(folder: &Path, work: &str, select: &str) {
    for share in ["2/2", "1/2"] {
        let sketch = ["compare", "sketch", work, "corpus", "--isolated", "--select", select];
        succeed(folder, &[&sketch[..], &["--group-by", "path", "--partition", share]].concat());
    }
    while !dechaff(folder, &["compare", "status", work]).status.success() {
        for share in ["3/3", "1/3", "2/3"] {
            succeed(folder, &["compare", "match", work, "--partition", share]);
        }
    }
}

#[test]
fn lines_of_sites_are_counted_in_steps() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    for (site, pages) in [("a-gazette-with-quite-a-long-name", 7), ("paper", 6), ("small", 2)] {
        let path = folder.join("corpus").join(site);
        fs::create_dir_all(&path).unwrap();
        for page in 0..pages {
            let text = format!(
                "On day {page} the ferry of the {site} was seen by {page} people who had never \
                 heard of it before.\n\nThe {site} since 1902\n"
            );
            fs::write(path.join(format!("{page}.txt")), text).unwrap();
        }
    }
    compare_sites(folder, "work", "ND");
    let check = |more: &[&str]| {
        let check = ["check", "corpus", "--isolated", "--select=ND", "--output-format=json"];
        let output = dechaff(folder, &[&check[..], &["--group-by", "path"], more].concat());
        serde_json::from_slice::<Vec<Value>>(&output.stdout).unwrap()
    };
    let expected = check(&[]);
    assert_eq!(expected.iter().filter(|finding| finding["code"] == "ND007").count(), 13);
    assert_eq!(check(&["--compared", "work"]), expected);
    let fix = ["check", "corpus", "--isolated", "--group-by", "path", "--unsafe-fixes"];
    let fix = [&fix[..], &["--output-dir", "fixed", "--fix-only", "--max-removed=1"]].concat();
    let error = fail(folder, &[&fix[..], &["--select=ND", "--compared", "work"]].concat());
    assert!(error.contains("in a comparison of their own with `--select ND007`"), "{error}");
    compare_sites(folder, "sites", "ND007");
    succeed(folder, &[&fix[..], &["--select=ND007", "--compared", "sites"]].concat());
    let is_chrome = |text: &String| text.trim_end().ends_with("since 1902");
    assert_eq!(paragraphs(&folder.join("fixed")).iter().filter(|text| is_chrome(text)).count(), 2);
}
