//! Documents in a bucket.

use std::fs;

use tempfile::TempDir;

use super::server::{Fault, Server};
use super::{assert_same, corpus, records};
use crate::command::{dechaff, stderr, stdout};

const CONCISE: [&str; 3] = ["--output-format", "concise", "--isolated"];

#[test]
fn findings_match_a_local_folder() {
    let folder = corpus();
    let folder = folder.path();
    let server = Server::start();
    server.put_folder(&folder.join("corpus"), "bucket/corpus");
    // The console of S3 marks a directory with such an object.
    server.put("bucket/corpus/a/", "");
    for extra in [&[][..], &["--memory", "1MB", "--extend-select", "ND008"]] {
        let local = dechaff(folder, &[&["check", "corpus"], &CONCISE[..], extra].concat());
        let arguments = [&["check", "s3://bucket/corpus"], &CONCISE[..], extra].concat();
        let remote = server.run(folder, &arguments);
        let found = assert_same(&remote, "s3://bucket/", &local);
        assert!(found.contains("s3://bucket/corpus/a/c.jsonl.gz: record 2"));
        assert!(found.contains("s3://bucket/corpus/b/g.parquet: record 120"));
        assert_eq!(remote.status.code(), Some(1));
    }
}

#[test]
fn settings_of_the_working_directory_choose_objects() {
    let folder = corpus();
    let server = Server::start();
    server.put_folder(&folder.path().join("corpus"), "bucket/corpus");
    server.put_folder(&folder.path().join("corpus/a-b"), "bucket/corpus/copies");
    server.put("bucket/corpus/copies/.dechaff-copies", "");
    let config =
        "include = [\"*.log\", \"*.txt\"]\nexclude = [\"drafts\", \"s3://bucket/corpus/a\"]\n";
    fs::write(folder.path().join("dechaff.toml"), config).unwrap();
    let paths = |arguments: &[&str]| {
        let output =
            server.run(folder.path(), &[&["check", "--output-format", "json"], arguments].concat());
        let found: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
        let mut paths: Vec<String> =
            found.iter().map(|finding| finding["path"].as_str().unwrap().to_owned()).collect();
        paths.dedup();
        paths
    };
    let log = "s3://bucket/corpus/b/i.log";
    assert_eq!(paths(&["s3://bucket/corpus/"]), ["s3://bucket/corpus/a b.txt", log]);
    assert_eq!(paths(&["s3://bucket/*/[b-z]/*.log"]), [log]);
    assert_eq!(paths(&["s3://bucket/**/i.log", "--select=BP001"]), [log]);
    assert_eq!(paths(&["s3://bucket/corpus/a-b/c.md"]), ["s3://bucket/corpus/a-b/c.md"]);
    // What is excluded is not even listed.
    assert!(server.requests("GET bucket/corpus/drafts/k.txt").is_empty());
}

#[test]
fn failed_requests_are_retried_and_bodies_resumed() {
    let folder = TempDir::new().unwrap();
    let server = Server::start();
    server.put("bucket/a.jsonl", records(0..150));
    fs::write(folder.path().join("a.jsonl"), records(0..150)).unwrap();
    let local = dechaff(folder.path(), &[&["check", "a.jsonl"], &CONCISE[..]].concat());
    server.fail("HEAD bucket/a.jsonl", Fault::Busy);
    for fault in [Fault::Busy, Fault::Busy, Fault::Cut(1_000), Fault::Cut(70_000), Fault::Cut(0)] {
        server.fail("GET bucket/a.jsonl", fault);
    }
    let remote =
        server.run(folder.path(), &[&["check", "s3://bucket/a.jsonl"], &CONCISE[..]].concat());
    assert!(server.has_failed());
    assert_same(&remote, "s3://bucket/", &local);
}

#[test]
fn a_changed_object_is_an_error() {
    let folder = TempDir::new().unwrap();
    let server = Server::start();
    server.put("bucket/a.jsonl", records(0..150));
    server.fail("GET bucket/a.jsonl", Fault::Cut(1_000));
    // When the rest is asked for, the object is another one.
    server.fail("GET bucket/a.jsonl", Fault::Replaced("bucket/a.jsonl".into(), b"{}\n".to_vec()));
    let output =
        server.run(folder.path(), &["check", "s3://bucket/a.jsonl", "--isolated", "--select=BP"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("a.jsonl"), "{}", stderr(&output));

    server.put("bucket/b.jsonl", records(0..150));
    for _ in 0..3 {
        server.fail("GET bucket/b.jsonl", Fault::Cut(usize::MAX));
    }
    let changed = Fault::Replaced("bucket/b.jsonl".into(), records(1..151).into_bytes());
    server.fail("GET bucket/b.jsonl", changed);
    let output = server.run(
        folder.path(),
        &["check", "s3://bucket/b.jsonl", "--isolated", "--select=BP", "--output-dir=out"],
    );
    let errors = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains("the object changed while it was read"), "{errors}");
    assert!(!folder.path().join("out/b.jsonl").exists());
}

#[test]
fn parquet_is_read_in_ranges() {
    let folder = corpus();
    let path = folder.path().join("corpus/b/g.parquet");
    let server = Server::start();
    server.put("bucket/g.parquet", fs::read(&path).unwrap());
    let size = fs::metadata(&path).unwrap().len();
    let output = server.run(
        folder.path(),
        &["check", "s3://bucket/g.parquet", "--isolated", "--select=BP", "--statistics"],
    );
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let requests = server.requests("GET bucket/g.parquet");
    let length = |request: &String| {
        let (start, end) = request.rsplit_once("bytes=").unwrap().1.split_once('-').unwrap();
        end.parse::<u64>().unwrap().min(size - 1) + 1 - start.parse::<u64>().unwrap()
    };
    let read: u64 = requests.iter().map(length).sum();
    assert!(read < size * 2 / 3, "{read} of {size} bytes were read");
    assert!(requests.len() < 25, "{requests:?}");
}

#[test]
fn errors_are_specific_and_leak_no_secrets() {
    let folder = TempDir::new().unwrap();
    let server = Server::start();
    server.put("bucket/a.txt", "A text.");
    let fails = |arguments: &[&str]| {
        let output = server.run(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{}", stdout(&output));
        stderr(&output)
    };
    assert!(fails(&["check", "s3://bucket/b"]).contains("s3://bucket/b: no such file"));
    for _ in 0..3 {
        server.fail("HEAD bucket/a.txt", Fault::Denied);
        server.fail("GET bucket/a.txt", Fault::Denied);
    }
    let denied = fails(&["check", "s3://bucket/a.txt"]);
    assert!(
        denied.contains(
            "cannot read s3://bucket/a.txt: the store denies access with these credentials"
        ),
        "{denied}"
    );
    let fixed = fails(&["check", "s3://bucket/a.txt", "--fix"]);
    assert!(fixed.contains("objects are not changed in place; --output-dir DIR"), "{fixed}");
    assert!(
        fails(&["check", "s3://bucket/a.txt", "--since=HEAD"])
            .contains("only works for local files")
    );
    assert!(fails(&["check", "ftp://host/a.txt"]).contains("`ftp://` is not supported"));
}
