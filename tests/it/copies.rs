//! `--output-dir`: where copies go. They do not replace other files and are not checked as input.

use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::command::{dechaff, stderr, stdout};

const KEPT: &str =
    "The talks go on in Muscat next week, both sides said on Monday after a long day.";

/// Returns a sentence that is different for each seed.
fn prose(seed: &str) -> String {
    const WORDS: [&str; 12] = [
        "river", "council", "market", "school", "harbour", "winter", "report", "engine", "garden",
        "village", "museum", "budget",
    ];
    let digest = Sha256::digest(seed);
    let words: Vec<&str> =
        digest.iter().map(|byte| WORDS[usize::from(*byte) % WORDS.len()]).collect();
    format!("The {} opened.", words.join(" and the "))
}

/// Creates a directory with a file at each of `paths`, with different texts.
fn tree(paths: &[&str]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for path in paths {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("{}\n\nLeave a Comment\n", prose(&path.to_string_lossy())))
            .unwrap();
    }
    folder
}

/// Lists the files below a directory, sorted, without hidden ones.
fn listing(folder: &Path) -> Vec<String> {
    fn visit(folder: &Path, root: &Path, all: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                visit(&path, root, all);
            } else if !path.file_name().unwrap().to_str().unwrap().starts_with('.') {
                all.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    let mut all = Vec::new();
    visit(folder, folder, &mut all);
    all.sort();
    all
}

#[test]
fn copies_are_nested_only_to_avoid_name_clashes() {
    let folder = tree(&["corpus/a.txt", "corpus/deep/b.txt", "more/a.txt", "other/corpus/a.txt"]);
    let root = folder.path().to_str().unwrap().to_owned();
    let absolute = format!("{root}/corpus");
    for (inputs, expected) in [
        (&["corpus"][..], &["a.txt", "deep/b.txt"][..]),
        (&["./corpus/"], &["a.txt", "deep/b.txt"]),
        (&["more/../corpus"], &["a.txt", "deep/b.txt"]),
        (&[&absolute], &["a.txt", "deep/b.txt"]),
        (&["corpus/deep/b.txt"], &["b.txt"]),
        (&["corpus/a.txt", "corpus/deep/b.txt"], &["a.txt", "b.txt"]),
        (&["corpus", "more"], &["corpus/a.txt", "corpus/deep/b.txt", "more/a.txt"]),
        (&["corpus", "other/corpus"], &["corpus/a.txt", "corpus/deep/b.txt", "other/corpus/a.txt"]),
        (&["corpus/a.txt", "more/a.txt"], &["corpus/a.txt", "more/a.txt"]),
        (&["*/a.txt"], &["corpus/a.txt", "more/a.txt"]),
    ] {
        let output =
            dechaff(folder.path(), &[&["check"], inputs, &["--output-dir", "clean"]].concat());
        assert!(output.status.success(), "{inputs:?}: {}", stderr(&output));
        assert_eq!(listing(&folder.path().join("clean")), expected, "{inputs:?}");
        let count = format!("{} file", expected.len());
        assert!(stdout(&output).contains(&count), "{inputs:?}: {}", stdout(&output));
        fs::remove_dir_all(folder.path().join("clean")).unwrap();
    }
}

#[test]
fn copies_inside_the_input_are_skipped_by_later_runs() {
    let folder = tree(&["corpus/a.txt", "corpus/b.txt"]);
    for _ in 0..3 {
        let output = dechaff(folder.path(), &["check", "corpus", "--output-dir", "corpus/clean"]);
        assert!(output.status.success(), "{}", stderr(&output));
        assert_eq!(listing(&folder.path().join("corpus/clean")), ["a.txt", "b.txt"]);
        assert!(!stderr(&output).contains("skipped"), "{}", stderr(&output));
    }
    for input in ["corpus", "."] {
        let output = dechaff(folder.path(), &["check", input]);
        assert!(
            stdout(&output).contains("2 files checked: 2 findings in 2 files"),
            "{}",
            stdout(&output)
        );
        assert!(
            stderr(&output).contains("corpus/clean: skipped, because it contains copies"),
            "{}",
            stderr(&output)
        );
        assert!(stderr(&dechaff(folder.path(), &["check", input, "-q"])).is_empty());
    }
    // Passed explicitly, they are checked. The report after a fix is about its copies.
    assert!(
        stdout(&dechaff(folder.path(), &["check", "corpus/clean"]))
            .contains("2 files checked: no findings")
    );
    fs::write(folder.path().join("corpus/clean/own.txt"), format!("{KEPT}\n\nLeave a Comment\n"))
        .unwrap();
    let output = dechaff(folder.path(), &["check", "corpus", "--output-dir", "corpus/clean"]);
    assert!(stdout(&output).contains("2 files checked: 2 findings fixed"), "{}", stdout(&output));
}

#[test]
fn copies_only_replace_copies() {
    let folder = tree(&["corpus/a.txt", "corpus/own/b.txt", "notes/a.txt", "notes/c.txt"]);
    let before = fs::read(folder.path().join("notes/a.txt")).unwrap();
    for directory in ["corpus", "corpus/own"] {
        let output = dechaff(folder.path(), &["check", "corpus", "--output-dir", directory]);
        assert_eq!(output.status.code(), Some(2));
        assert!(
            stderr(&output).contains("same as the input")
                || stderr(&output).contains("Name a new directory")
        );
        assert_eq!(listing(&folder.path().join("corpus")), ["a.txt", "own/b.txt"]);
    }
    for _ in 0..2 {
        let output = dechaff(folder.path(), &["check", "corpus/a.txt", "--output-dir", "notes"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains("notes/a.txt: the file exists"), "{}", stderr(&output));
        assert_eq!(fs::read(folder.path().join("notes/a.txt")).unwrap(), before);
    }
    // A directory with other files is not an output directory.
    dechaff(folder.path(), &["check", "corpus/own", "--output-dir", "notes"]);
    assert_eq!(listing(&folder.path().join("notes")), ["a.txt", "b.txt", "c.txt"]);
    assert!(stdout(&dechaff(folder.path(), &["check", "."])).contains("5 files checked"));
}

#[test]
fn a_fix_without_an_undo_log_says_so_once() {
    let folder = tree(&["corpus/a.txt", "corpus/b.txt"]);
    let run = |more: &[&str]| {
        fs::write(folder.path().join("corpus/a.txt"), format!("{KEPT}\n\nLeave a Comment\n"))
            .unwrap();
        stderr(&dechaff(folder.path(), &[&["check", "corpus"], more].concat()))
    };
    for fix in ["--fix", "--fix-only"] {
        let told = run(&[fix]);
        assert_eq!(told.matches("--undo-log").count(), 1, "{told}");
        assert!(!run(&[fix, "-q"]).contains("--undo-log"));
        assert!(!run(&[fix, "--undo-log", "log"]).contains("these fixes cannot be undone"));
    }
    assert!(!run(&["--output-dir", "clean"]).contains("these fixes cannot be undone"));
    assert!(!run(&["--diff"]).contains("these fixes cannot be undone"));
    run(&["--fix", "-q"]);
    assert!(
        !stderr(&dechaff(folder.path(), &["check", "corpus", "--fix"]))
            .contains("these fixes cannot be undone")
    );
}
