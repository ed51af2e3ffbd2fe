//! Fixing duplicates converges, and produces the same texts whatever the form of output.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

#[allow(dead_code, reason = "other tests use the rest")]
use crate::command::dechaff;
use crate::planted;

fn texts(folder: &Path) -> BTreeMap<PathBuf, String> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let paths = paths.filter(|path| path.extension().is_some_and(|extension| extension == "txt"));
    paths
        .map(|path| (PathBuf::from(path.file_name().unwrap()), fs::read_to_string(&path).unwrap()))
        .collect()
}

/// Generates documents from few sentences, so that deleting one copy makes the rest of a paragraph
/// a copy of another.
fn documents(count: usize, seed: u64) -> Vec<String> {
    let mut random = planted::Random(seed);
    let paragraphs = planted::paragraphs(40, seed);
    let sentences: Vec<String> = paragraphs
        .iter()
        .map(|paragraph| {
            let length = 7 + random.below(28);
            let words: Vec<&str> = paragraph.split_whitespace().take(length).collect();
            format!("Then {}.", words.join(" ").trim_end_matches(['.', ',']))
        })
        .collect();
    let mut paragraph = || {
        let sentences: Vec<&str> = (0..1 + random.below(4))
            .map(|_| sentences[random.below(sentences.len())].as_str())
            .collect();
        sentences.join(" ")
    };
    (0..count)
        .map(|_| (0..8).map(|_| paragraph()).collect::<Vec<_>>().join("\n\n") + "\n")
        .collect()
}

fn corpus(seed: u64) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (number, text) in documents(12, seed).iter().enumerate() {
        fs::write(folder.path().join(format!("{number:02}.txt")), text).unwrap();
    }
    folder
}

const FIX: [&str; 6] = ["check", ".", "--unsafe-fixes", "--max-removed", "1", "-q"];

#[test]
fn fixing_is_idempotent_in_place_as_copies_and_in_shards() {
    for seed in 1..=4 {
        let fixed = corpus(seed);
        dechaff(fixed.path(), &[&FIX[..], &["--fix", "--trail", "trail"]].concat());
        let once = texts(fixed.path());
        assert_ne!(once, texts(corpus(seed).path()));
        dechaff(fixed.path(), &[&FIX[..], &["--fix"]].concat());
        assert_eq!(texts(fixed.path()), once, "a second run, seed {seed}");
        assert!(dechaff(fixed.path(), &["undo", "trail"]).status.success());
        assert_eq!(
            texts(fixed.path()),
            texts(corpus(seed).path()),
            "what is taken back, seed {seed}"
        );

        let copied = corpus(seed);
        dechaff(copied.path(), &[&FIX[..], &["--output-dir", "clean"]].concat());
        assert_eq!(texts(&copied.path().join("clean")), once, "copies, seed {seed}");

        let shard = TempDir::new().unwrap();
        let line = |text: String| serde_json::json!({ "text": text }).to_string() + "\n";
        let lines: String = documents(12, seed).into_iter().map(line).collect();
        fs::write(shard.path().join("a.jsonl"), lines).unwrap();
        dechaff(shard.path(), &[&FIX[..], &["--fix"]].concat());
        let records = fs::read_to_string(shard.path().join("a.jsonl")).unwrap();
        let records =
            records.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let records: Vec<String> =
            records.map(|record| record["text"].as_str().unwrap().to_owned()).collect();
        assert_eq!(records, once.values().cloned().collect::<Vec<_>>(), "a shard, seed {seed}");
    }
}

#[test]
fn fixing_stdin_is_idempotent() {
    let fix = |text: &str| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_dechaff"))
            .args(["check", "-", "--fix", "--unsafe-fixes", "--max-removed", "1", "-q"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
    };
    for seed in 1..=4 {
        let text = documents(12, seed).join("\n");
        let once = fix(&text);
        assert_ne!(once, text);
        assert_eq!(fix(&once), once, "seed {seed}");
    }
}

#[test]
fn deletes_all_but_one_recurring_line_in_one_run() {
    let folder = TempDir::new().unwrap();
    for number in 0..9 {
        let text = format!("{}\n\nPhoto {number} of 30\n", planted::paragraphs(9, 7)[number]);
        fs::write(folder.path().join(format!("{number}.txt")), text).unwrap();
    }
    dechaff(folder.path(), &["check", ".", "--select", "ND005", "--fix", "--unsafe-fixes", "-q"]);
    let held = |text: &&String| text.contains("Photo");
    assert_eq!(texts(folder.path()).values().filter(held).count(), 1);
}
