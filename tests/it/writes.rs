//! Writing: hard links, temporary files of killed runs, and concurrent writes by other processes.

#![cfg(unix)]
use std::fs;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use dechaff::corpus::{AtomicFile, remove_stale_files, replace};
use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

use crate::command::{dechaff, stderr};

const TEXT: &str =
    "The talks go on in Muscat next week, both sides said on Monday.\n\nLeave a Comment\n";

fn temporary_files(folder: &Path) -> Vec<PathBuf> {
    let all = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    all.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(".dechaff-"))
        .collect()
}

#[test]
fn hard_links_are_refused_and_kept() {
    let folder = TempDir::new().unwrap();
    let line = format!("{}\n", serde_json::json!({ "text": TEXT }));
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(TEXT.as_bytes()).unwrap();
    let contents = [
        ("a.txt", TEXT.as_bytes().to_vec()),
        ("b.jsonl", line.into_bytes()),
        ("c.txt.gz", packed.finish().unwrap()),
    ];
    for (name, content) in &contents {
        fs::write(folder.path().join(name), content).unwrap();
        fs::hard_link(folder.path().join(name), folder.path().join(format!("{name}.snapshot")))
            .unwrap();
    }
    let output = dechaff(
        folder.path(),
        &["check", ".", "--fix-only", "--select", "BP", "--undo-log", "log"],
    );
    assert_eq!(output.status.code(), Some(2));
    for (name, content) in &contents {
        assert!(
            stderr(&output).contains(&format!("{name}: the file has 2 hard links")),
            "{}",
            stderr(&output)
        );
        assert_eq!(&fs::read(folder.path().join(name)).unwrap(), content);
        assert_eq!(folder.path().join(name).metadata().unwrap().nlink(), 2);
    }
    // Without a fix, hard links do not matter; nor do they for copies.
    assert!(
        dechaff(folder.path(), &["check", ".", "--fix-only", "--select", "MT"]).status.success()
    );
    assert!(
        dechaff(folder.path(), &["check", ".", "--output-dir", "clean", "--select", "BP"])
            .status
            .success()
    );
}

#[test]
fn stale_temporary_files_are_removed_by_the_next_run() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("deep")).unwrap();
    let stale = |name: &str| folder.path().join(name).join(".dechaff-Ab12Cd.tmp");
    let run = |arguments: &[&str]| {
        fs::write(folder.path().join("a.txt"), TEXT).unwrap();
        fs::write(folder.path().join("deep/b.txt"), "Nothing to fix is in here.\n").unwrap();
        for name in ["", "deep"] {
            fs::write(stale(name), "half a text").unwrap();
        }
        dechaff(folder.path(), arguments)
    };
    // A check removes nothing.
    run(&["check", "."]);
    assert!(stale("").exists() && stale("deep").exists());
    for arguments in [
        &["check", ".", "--fix-only", "--undo-log", "log"][..],
        &["check", ".", "--fix-only", "--select", "MT"],
    ] {
        assert!(run(arguments).status.success());
        assert!(!stale("").exists() && !stale("deep").exists());
    }
    run(&["check", ".", "--fix-only", "--undo-log", "log"]);
    fs::write(stale(""), "half a text").unwrap();
    assert!(dechaff(folder.path(), &["undo", "log"]).status.success());
    assert!(!stale("").exists());
    // Other files, directories and links are kept.
    for name in [".dechaff.toml", ".dechaff-notes", "dechaff-x.tmp", ".dechaff-copies"] {
        fs::write(folder.path().join(name), "").unwrap();
    }
    fs::create_dir(folder.path().join(".dechaff-dir.tmp")).unwrap();
    std::os::unix::fs::symlink("a.txt", folder.path().join(".dechaff-link.tmp")).unwrap();
    assert_eq!(remove_stale_files(folder.path()), 0);
    assert_eq!(temporary_files(folder.path()).len(), 4);
}

#[test]
fn a_locked_temporary_file_is_not_stale() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.txt");
    fs::write(&path, TEXT).unwrap();
    let pending = AtomicFile::new_replacing(&path).unwrap();
    assert_eq!(temporary_files(folder.path()).len(), 1);
    assert_eq!(remove_stale_files(folder.path()), 0);
    dechaff(folder.path(), &["check", ".", "--fix-only", "-q"]);
    assert_eq!(temporary_files(folder.path()).len(), 1);
    drop(pending);
    assert_eq!(temporary_files(folder.path()).len(), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_replaced_just_before_the_rename_is_restored() {
    let folder = TempDir::new().unwrap();
    let (path, other) = (folder.path().join("a.txt"), folder.path().join("b.txt"));
    fs::write(&path, "old").unwrap();
    // Between the comparison and the rename.
    let error = replace(&path, b"old", b"new", || {
        fs::write(&other, "from elsewhere")?;
        fs::rename(&other, &path)
    });
    assert!(error.unwrap_err().to_string().contains("changed since it was read"));
    assert_eq!(fs::read_to_string(&path).unwrap(), "from elsewhere");
    let error = replace(&path, b"from elsewhere", b"new", || {
        fs::File::options().append(true).open(&path)?.write_all(b", and more")
    });
    assert!(error.unwrap_err().to_string().contains("changed since it was read"));
    assert_eq!(fs::read_to_string(&path).unwrap(), "from elsewhere, and more");
    assert!(
        replace(&path, b"from elsewhere, and more", b"new", || fs::remove_file(&path)).is_err()
    );
    assert!(!path.exists());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// Another process repeatedly replaces files with longer ones. None of its lines is lost.
#[cfg(target_os = "linux")]
#[test]
fn no_concurrent_replacement_is_lost() {
    let folder = TempDir::new().unwrap();
    let names: Vec<PathBuf> =
        (0..40).map(|number| folder.path().join(format!("{number}.txt"))).collect();
    for path in &names {
        fs::write(path, TEXT).unwrap();
    }
    let mut child = Command::new(env!("CARGO_BIN_EXE_dechaff"))
        .current_dir(folder.path())
        .args(["check", ".", "--fix-only", "-q", "--select", "BP001"])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut written = vec![String::new(); names.len()];
    let mut round = 0;
    while child.try_wait().unwrap().is_none() {
        for (path, last) in names.iter().zip(&mut written) {
            *last = format!("Line {round} of another process.\n\n{TEXT}");
            let beside = folder.path().join("beside");
            fs::write(&beside, &*last).unwrap();
            fs::rename(&beside, path).unwrap();
            round += 1;
        }
    }
    for (path, last) in names.iter().zip(&written).filter(|(_, last)| !last.is_empty()) {
        let now = fs::read_to_string(path).unwrap();
        let fixed = last.replace("\n\nLeave a Comment\n", "\n");
        assert!(now == *last || now == fixed, "{}: {now:?}, not {last:?}", path.display());
    }
    assert_eq!(temporary_files(folder.path()).len(), 0);
}

/// Another process appends lines, opening the file each time, while the files are fixed repeatedly.
#[cfg(target_os = "linux")]
#[test]
fn no_concurrently_appended_line_is_lost() {
    const RUNS: u64 = 4;
    /// Lines per file and run.
    const LINES: u64 = 25;
    let folder = TempDir::new().unwrap();
    let names: Vec<PathBuf> =
        (0..20).map(|number| folder.path().join(format!("{number}.jsonl"))).collect();
    let line = |number: u64| format!("{}\n", serde_json::json!({"id": number, "text": TEXT}));
    for path in &names {
        fs::write(path, line(0)).unwrap();
    }
    let mut appended = vec![0_u64; names.len()];
    for run in 1..=RUNS {
        let mut child = Command::new(env!("CARGO_BIN_EXE_dechaff"))
            .current_dir(folder.path())
            .args([
                "check",
                ".",
                "--fix-only",
                "-q",
                "--isolated",
                "--select",
                "BP001",
                "--undo-log",
                "log",
            ])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while child.try_wait().unwrap().is_none() {
            for (path, count) in
                names.iter().zip(&mut appended).filter(|(_, count)| **count < run * LINES)
            {
                *count += 1;
                // The file may have been replaced between opening and writing: write again.
                loop {
                    let mut file = fs::File::options().append(true).open(path).unwrap();
                    file.write_all(line(*count).as_bytes()).unwrap();
                    if file.metadata().unwrap().ino() == path.metadata().unwrap().ino() {
                        break;
                    }
                }
            }
        }
    }
    for (path, count) in names.iter().zip(&appended) {
        let text = fs::read_to_string(path).unwrap();
        let mut ids: Vec<u64> = text
            .lines()
            .map(|line| {
                serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].as_u64().unwrap()
            })
            .collect();
        ids.dedup();
        assert_eq!(ids, (0..=*count).collect::<Vec<u64>>(), "{}", path.display());
    }
    assert_eq!(temporary_files(folder.path()).len(), 0);
}
