//! Copies and reports in a bucket.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::server::{Fault, Server};
use super::{assert_same, corpus, records};
use crate::command::{dechaff, stderr, succeed};

const FIX: [&str; 5] = ["--isolated", "--select", "BP", "--fix-only", "--quiet"];

/// Returns the files below a folder with their content.
fn files(folder: &Path, below: &str) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{below}/{}", path.file_name().unwrap().to_str().unwrap());
        match path.is_dir() {
            true => found.extend(files(&path, &name)),
            false => found.push((name, fs::read(&path).unwrap())),
        }
    }
    found.sort();
    found
}

#[test]
fn copies_match_a_local_folder() {
    let folder = corpus();
    let folder = folder.path();
    let server = Server::start();
    server.put_folder(&folder.join("corpus"), "bucket/corpus");
    let local =
        dechaff(folder, &[&["check", "corpus", "--output-dir", "clean"], &FIX[..]].concat());
    let remote = &["check", "s3://bucket/corpus", "--output-dir", "s3://bucket/corpus/clean"];
    // The second run finds the copies of the first one, and leaves them out as input.
    for _ in 0..2 {
        let output = server.run(folder, &[remote, &FIX[..]].concat());
        assert_same(&output, "s3://bucket/", &local);
        let keys = server.keys("bucket/corpus/clean/");
        let copies = keys.into_iter().map(|key| {
            let content = server.get(&key).unwrap();
            (key.replace("bucket/corpus/clean", ""), content)
        });
        let copies: Vec<_> = copies.collect();
        assert!(copies == files(&folder.join("clean"), ""));
    }
    // From a bucket into a folder, and the other way round.
    server.run(
        folder,
        &[&["check", "s3://bucket/corpus", "--output-dir", "down"], &FIX[..]].concat(),
    );
    assert!(files(&folder.join("down"), "") == files(&folder.join("clean"), ""));
    server
        .run(folder, &[&["check", "corpus", "--output-dir", "s3://bucket/up"], &FIX[..]].concat());
    assert_eq!(server.keys("bucket/up/").len(), files(&folder.join("clean"), "").len());
}

#[test]
fn other_objects_are_not_replaced() {
    let folder = TempDir::new().unwrap();
    let server = Server::start();
    server.put("bucket/in/a.txt", super::text(1));
    server.put("bucket/out/a.txt", "Not a copy.");
    let run = ["check", "s3://bucket/in", "--output-dir", "s3://bucket/out"];
    let output = server.run(folder.path(), &[&run, &FIX[..]].concat());
    assert!(stderr(&output).contains("may not be a copy"), "{}", stderr(&output));
    assert_eq!(server.get("bucket/out/a.txt").unwrap(), b"Not a copy.");
    let output = server.run(
        folder.path(),
        &["check", "s3://bucket/in", "--output-dir", "s3://bucket/in", "--isolated"],
    );
    assert!(stderr(&output).contains("same as the input"), "{}", stderr(&output));
}

/// A shard whose copy is sent in two parts.
fn large_shard() -> Vec<u8> {
    let filler = serde_json::json!({"id": 0, "text": "A word. ".repeat(1_300_000)});
    format!("{}{filler}\n", records(1..3)).into_bytes()
}

#[test]
fn large_copies_are_sent_in_parts() {
    let folder = TempDir::new().unwrap();
    let server = Server::start();
    fs::write(folder.path().join("a.jsonl"), large_shard()).unwrap();
    dechaff(folder.path(), &[&["check", "a.jsonl", "--output-dir", "clean"], &FIX[..]].concat());
    server.fail("PUT bucket/clean/a.jsonl", Fault::Busy);
    server.fail("PUT bucket/clean/a.jsonl", Fault::Lost);
    let run = ["check", "a.jsonl", "--output-dir", "s3://bucket/clean"];
    server.run(folder.path(), &[&run, &FIX[..]].concat());
    let copy = server.get("bucket/clean/a.jsonl").unwrap();
    assert!(copy == fs::read(folder.path().join("clean/a.jsonl")).unwrap());
    assert!(server.has_failed());
    assert_eq!(server.open_uploads(), 0);
}

#[test]
fn failed_uploads_leave_nothing_visible() {
    let folder = TempDir::new().unwrap();
    let server = Server::start();
    fs::write(folder.path().join("a.jsonl"), large_shard()).unwrap();
    let run = [&["check", "a.jsonl", "--output-dir", "s3://bucket/clean"], &FIX[..]].concat();
    server.fail("PUT bucket/clean/a.jsonl", Fault::Hang);
    let mut child = server.command(folder.path(), &run).spawn().unwrap();
    server.wait_for_hanging(1);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(server.get("bucket/clean/a.jsonl"), None);

    for _ in 0..2 {
        server.fail("PUT bucket/clean/a.jsonl", Fault::Denied);
    }
    let open = server.open_uploads();
    let output = server.run(folder.path(), &run);
    let errors = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains("cannot write s3://bucket/clean/a.jsonl"), "{errors}");
    assert_eq!(server.get("bucket/clean/a.jsonl"), None);
    assert_eq!(server.open_uploads(), open, "the parts were not removed");
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_a_run_that_waits() {
    let folder = TempDir::new().unwrap();
    let server = Server::start();
    server.put("bucket/a.txt", super::text(1));
    server.fail("GET bucket/a.txt", Fault::Hang);
    let run = ["check", "s3://bucket/a.txt", "--isolated", "--select", "BP"];
    let mut child = server.command(folder.path(), &run).spawn().unwrap();
    server.wait_for_hanging(1);
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn reports_and_tables_may_be_objects() {
    let folder = corpus();
    let server = Server::start();
    let output = server.run(
        folder.path(),
        &[
            "check",
            "corpus",
            "--isolated",
            "--quiet",
            "--output-format=json",
            "--output-file=s3://bucket/r/report.json",
            "--documents=s3://bucket/r/rows.jsonl",
        ],
    );
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let report = server.get("bucket/r/report.json").unwrap();
    assert!(serde_json::from_slice::<Vec<serde_json::Value>>(&report).unwrap().len() > 10);
    assert!(server.get("bucket/r/rows.jsonl").unwrap().starts_with(b"{"));
}

#[test]
fn downloaded_copies_can_be_undone() {
    let folder = TempDir::new().unwrap();
    let server = Server::start();
    server.put("bucket/in/a.txt", super::text(1));
    let run =
        ["check", "s3://bucket/in", "--output-dir", "s3://bucket/out", "--undo-log=log.jsonl"];
    server.run(folder.path(), &[&run, &FIX[..]].concat());
    let copy = server.get("bucket/out/a.txt").unwrap();
    assert!(copy.len() < super::text(1).len());
    let output = server.run(folder.path(), &["undo", "log.jsonl"]);
    assert!(stderr(&output).contains("--root"), "{}", stderr(&output));
    fs::create_dir(folder.path().join("down")).unwrap();
    fs::write(folder.path().join("down/a.txt"), copy).unwrap();
    succeed(folder.path(), &["undo", "log.jsonl", "--root", "down"]);
    assert_eq!(fs::read_to_string(folder.path().join("down/a.txt")).unwrap(), super::text(1));
}
