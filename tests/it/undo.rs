//! `dechaff undo` restores every change that was applied, and nothing else, even if the run was
//! interrupted.

mod files;
mod log;
mod records;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::command::{dechaff, stderr};

const KEPT: &str =
    "The talks go on in Muscat next week, both sides said on Monday after a long day.";

fn succeeds(folder: &Path, arguments: &[&str]) -> String {
    let output = dechaff(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a command that must fail with exit code 2, and returns its error message.
fn refusal(folder: &Path, arguments: &[&str]) -> String {
    let output = dechaff(folder, arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
    stderr(&output)
}

fn text(number: usize) -> String {
    format!("{KEPT} It was day {number} of {}.\n\nLeave a Comment\n", number * 7_919 % 10_007)
}

/// Creates a directory `corpus` with texts.
fn corpus(count: usize) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("corpus")).unwrap();
    for number in 0..count {
        fs::write(folder.path().join(format!("corpus/{number:03}.txt")), text(number)).unwrap();
    }
    folder
}

fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    all
}

const FIX: &[&str] = &["check", "corpus", "--fix-only", "-q", "--undo-log", "log.jsonl"];

fn fix(folder: &Path) {
    succeeds(folder, FIX);
}

/// Changes fields of a log line, and updates its checksum.
fn forge(line: &str, change: impl Fn(&mut Value)) -> String {
    let mut value: Value = serde_json::from_str(line).unwrap();
    change(&mut value);
    value.as_object_mut().unwrap().remove("sum");
    let mut line = value.to_string();
    line.pop();
    let digits: String =
        Sha256::digest(&line).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{line},\"sum\":\"{digits}\"}}\n")
}
