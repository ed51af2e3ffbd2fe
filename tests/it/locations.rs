//! URLs as paths, whether or not the build has object stores.

use std::fs;

use tempfile::TempDir;

use crate::command::{dechaff, fail, stdout};

#[test]
fn file_urls_are_local_paths() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a b");
    fs::create_dir(&path).unwrap();
    fs::write(path.join("c.txt"), "A sentence.\n\nLeave a Comment\n").unwrap();
    let url = format!("file://{}", path.to_str().unwrap().replace(' ', "%20"));
    let check = ["check", &url, "--isolated", "--select=BP", "--output-format=concise"];
    let output = dechaff(folder.path(), &check);
    let found = stdout(&output);
    assert!(found.starts_with(&format!("{}/c.txt:3:1: BP001", path.display())), "{found}");
}

#[test]
fn other_urls_are_an_error() {
    let folder = TempDir::new().unwrap();
    let unknown = fail(folder.path(), &["check", "ftp://host/a.txt"]);
    assert!(unknown.contains("`ftp://` is not supported"), "{unknown}");
    let copies = fail(folder.path(), &["check", ".", "--output-dir", "memory://out"]);
    assert!(copies.contains("`memory://` is not supported"), "{copies}");
    assert!(fs::read_dir(folder.path()).unwrap().next().is_none());
}

#[cfg(not(feature = "object-store"))]
#[test]
fn the_error_of_a_build_without_object_stores_names_the_feature() {
    let folder = TempDir::new().unwrap();
    for arguments in [
        &["check", "s3://bucket/corpus"][..],
        &["check", ".", "--against", "gs://bucket/seen.dxi"],
        &["index", "add", "az://container/seen.dxi", "."],
        &["compare", "sketch", "s3://bucket/work", "."],
    ] {
        let error = fail(folder.path(), arguments);
        assert!(error.contains("--features object-store"), "{arguments:?}: {error}");
    }
    assert!(fs::read_dir(folder.path()).unwrap().next().is_none());
}
