//! Work folders and indexes in a bucket.

use std::fs;
use std::path::Path;

use super::server::{Fault, Server};
use super::{assert_same, corpus};
use crate::command::{dechaff, stderr, stdout, succeed};

const RULES: [&str; 3] = ["--isolated", "--select", "ND"];
const CONCISE: [&str; 2] = ["--output-format", "concise"];

#[track_caller]
fn succeeds(server: &Server, folder: &Path, arguments: &[&str]) -> String {
    let output = server.run(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
    stdout(&output)
}

/// Runs all tasks of a comparison in two shares.
fn compare(server: &Server, folder: &Path, work: &str, paths: &str) {
    let shares = ["1/2", "2/2"];
    for share in shares {
        let sketch = ["compare", "sketch", work, paths, "--partition", share];
        succeeds(server, folder, &[&sketch, &RULES[..]].concat());
    }
    while !server.run(folder, &["compare", "status", work]).status.success() {
        for share in shares {
            succeeds(server, folder, &["compare", "match", work, "--partition", share]);
        }
    }
}

#[test]
fn steps_find_the_same_as_one_process() {
    let folder = corpus();
    let folder = folder.path();
    let server = Server::start();
    server.put_folder(&folder.join("corpus"), "bucket/corpus");
    compare(&server, folder, "s3://bucket/work", "s3://bucket/corpus");
    let check = [&["check", "s3://bucket/corpus"], &RULES[..], &CONCISE].concat();
    let whole = server.run(folder, &check);
    let compared = server.run(folder, &[&check[..], &["--compared", "s3://bucket/work"]].concat());
    assert!(assert_same(&compared, "s3://bucket/", &whole).contains("ND001"));
    // Files that no step reads any more are removed, also in a bucket.
    assert!(server.keys("bucket/work/").iter().all(|key| !key.ends_with("-count.dxw")));
    let again = ["compare", "sketch", "s3://bucket/work", "corpus", "--partition=1/3"];
    let output = server.run(folder, &[&again, &RULES[..]].concat());
    assert!(stderr(&output).contains("belongs to another comparison"), "{}", stderr(&output));
}

#[test]
fn only_the_first_of_two_attempts_at_a_task_counts() {
    let folder = corpus();
    let folder = folder.path();
    let server = Server::start();
    let sketch = |work| [&["compare", "sketch", work, "corpus/drafts"], &RULES[..]].concat();
    succeeds(&server, folder, &sketch("s3://bucket/one"));
    let entry = "work/sketch-00001-of-00001.json";
    let first = server.get("bucket/one/sketch-00001-of-00001.json").unwrap();
    // Another machine completes the task just before this one writes its entry.
    server.fail(
        &format!("PUT bucket/{entry}"),
        Fault::Replaced(format!("bucket/{entry}"), first.clone()),
    );
    succeeds(&server, folder, &sketch("s3://bucket/work"));
    assert_eq!(server.get(&format!("bucket/{entry}")).unwrap(), first);
    assert_eq!(
        server.keys("bucket/work/"),
        ["bucket/work/manifest.json", &format!("bucket/{entry}")]
    );
    // If only the answer is lost, the entry is its own, and its files stay.
    server.fail("PUT bucket/lost/sketch", Fault::Lost);
    let keys = server.keys("bucket/one/").len();
    succeeds(&server, folder, &sketch("s3://bucket/lost"));
    assert_eq!(server.keys("bucket/lost/").len(), keys + usize::from(!server.has_failed()));
}

#[test]
fn a_remote_index_finds_the_same_as_a_local_one() {
    let folder = corpus();
    let folder = folder.path();
    let server = Server::start();
    server.put_folder(&folder.join("corpus/a"), "bucket/old");
    fs::write(folder.join("new.txt"), format!("A new text.\n\n{}\n", super::PARAGRAPH)).unwrap();
    let add = |index, paths| [&["index", "add", index, paths], &RULES[..]].concat();
    let added = succeeds(&server, folder, &add("s3://bucket/old.dxi", "s3://bucket/old"));
    assert_eq!(added, succeed(folder, &add("old.dxi", "corpus/a")));
    let check = |index| [&["check", "new.txt", "--against", index], &RULES[..], &CONCISE].concat();
    let remote = server.run(folder, &check("s3://bucket/old.dxi"));
    let local = dechaff(folder, &check("old.dxi"));
    assert!(assert_same(&remote, "s3://bucket/", &local).contains("ND001"));
    let against = check("s3://bucket/old.dxi");
    let json = server.run(folder, &[&against[..7], &["--output-format=json"]].concat());
    assert!(stdout(&json).contains("\"s3://bucket/old/b.jsonl\""), "{}", stdout(&json));

    let again = succeeds(&server, folder, &add("s3://bucket/old.dxi", "s3://bucket/old"));
    assert!(again.starts_with("added 0 documents"), "{again}");
    succeeds(&server, folder, &add("s3://bucket/old.dxi", "new.txt"));
    assert_eq!(
        succeeds(
            &server,
            folder,
            &["index", "remove", "s3://bucket/old.dxi", "s3://bucket/old/c.*"]
        ),
        "removed 2 documents\n"
    );
    succeeds(&server, folder, &["index", "compact", "s3://bucket/old.dxi"]);
    let verified = succeeds(&server, folder, &["index", "verify", "s3://bucket/old.dxi"]);
    assert!(verified.ends_with("in 1 segment\n"), "{verified}");
    let stat = succeeds(&server, folder, &["index", "stat", "s3://bucket/old.dxi"]);
    assert!(stat.contains("removed    0"), "{stat}");
}

#[test]
fn one_of_two_index_writers_wins() {
    let folder = corpus();
    let folder = folder.path();
    let server = Server::start();
    let add = |index, paths| [&["index", "add", index, paths], &RULES[..]].concat();
    succeeds(&server, folder, &add("s3://bucket/i.dxi", "corpus/drafts"));
    let before = server.keys("bucket/i.dxi/");
    // Another writer replaces the manifest after this one has read it.
    let manifest = "bucket/i.dxi/manifest.json";
    let other = server.get(manifest).unwrap();
    let other = [&other[..], b"\n"].concat();
    server.fail(&format!("PUT {manifest}"), Fault::Replaced(manifest.into(), other.clone()));
    let output = server.run(folder, &add("s3://bucket/i.dxi", "corpus/a-b"));
    let errors = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains("another process changed the index meanwhile"), "{errors}");
    assert_eq!(server.get(manifest).unwrap(), other);
    assert_eq!(server.keys("bucket/i.dxi/"), before, "the loser left files");
    succeeds(&server, folder, &add("s3://bucket/i.dxi", "corpus/a-b"));
    let verified = succeeds(&server, folder, &["index", "verify", "s3://bucket/i.dxi"]);
    assert!(verified.contains("2 documents"), "{verified}");
    let other_files = server.run(folder, &add("s3://bucket", "corpus/a-b"));
    assert!(stderr(&other_files).contains("has other files"), "{}", stderr(&other_files));
}
