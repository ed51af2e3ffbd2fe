//! Fixing files: applied fixes, undo, and robustness against crashes and full disks.

mod output;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use dechaff::text::words;
use serde::Deserialize;
use tempfile::TempDir;

use crate::command::dechaff;

#[derive(Deserialize)]
struct Label {
    file: String,
    start: usize,
    end: usize,
    label: String,
}

fn copy_of_seeds() -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in files(Path::new("seeds")) {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let text_files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let text_files =
        text_files.filter(|path| path.extension().is_some_and(|extension| extension == "txt"));
    text_files
        .map(|path| (PathBuf::from(path.file_name().unwrap()), fs::read(&path).unwrap()))
        .collect()
}

fn words_of(text: &str) -> Vec<&str> {
    words(text).map(|word| &text[word.range()]).collect()
}

#[test]
fn fixing_the_seeds_removes_only_labelled_words() {
    let folder = copy_of_seeds();
    dechaff(folder.path(), &["check", ".", "--fix", "--unsafe-fixes", "-q"]);
    let labels: Vec<Label> = include_str!("../fixtures/seed-labels.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for (name, original) in files(Path::new("seeds")) {
        let original = String::from_utf8(original).unwrap();
        let fixed = fs::read_to_string(folder.path().join(&name)).unwrap();
        let without = |kinds: &[&str]| {
            let mut text = original.clone().into_bytes();
            let of_file = labels.iter().filter(|label| Path::new(&label.file) == name);
            for label in of_file.filter(|label| kinds.contains(&label.label.as_str())) {
                text[label.start..label.end].fill(b' ');
            }
            String::from_utf8(text).unwrap()
        };
        let (with_optional, bare) = (without(&["remove"]), without(&["remove", "optional"]));
        let fixed = words_of(&fixed);
        assert!(
            fixed == words_of(&with_optional) || fixed == words_of(&bare),
            "{}: {} words, not {} or {}",
            name.display(),
            fixed.len(),
            words_of(&with_optional).len(),
            words_of(&bare).len()
        );
    }
}

#[test]
fn fix_is_idempotent_and_undo_restores_the_bytes() {
    let folder = copy_of_seeds();
    let fix = &["check", ".", "--fix", "--unsafe-fixes", "--trail", "trail.jsonl", "-q"];
    dechaff(folder.path(), fix);
    let once = files(folder.path());
    assert_ne!(once, files(Path::new("seeds")));
    dechaff(folder.path(), fix);
    assert_eq!(files(folder.path()), once);

    let undone = dechaff(folder.path(), &["undo", "trail.jsonl"]);
    assert!(undone.status.success(), "{}", String::from_utf8_lossy(&undone.stderr));
    assert_eq!(files(folder.path()), files(Path::new("seeds")));
}

#[test]
fn undoes_one_file_by_any_spelling_of_its_path() {
    let folder = copy_of_seeds();
    dechaff(folder.path(), &["check", ".", "--fix", "--trail", "trail.jsonl", "-q"]);
    let name = "001_c939593177198e66.txt";
    assert!(
        dechaff(folder.path(), &["undo", "trail.jsonl", &format!("./x/../{name}")])
            .status
            .success()
    );
    let (now, before) = (files(folder.path()), files(Path::new("seeds")));
    assert_eq!(now[Path::new(name)], before[Path::new(name)]);
    assert_ne!(now, before);
    let whole = folder.path().canonicalize().unwrap();
    assert!(
        dechaff(folder.path(), &["undo", "trail.jsonl", whole.to_str().unwrap()]).status.success()
    );
    assert_eq!(files(folder.path()), before);
}

#[test]
fn undoes_the_changes_of_one_rule() {
    let folder = copy_of_seeds();
    dechaff(folder.path(), &["check", ".", "--fix", "--trail", "trail.jsonl", "-q"]);
    let undone = dechaff(folder.path(), &["undo", "trail.jsonl", "--rule", "comment-prompt"]);
    assert!(undone.status.success());
    let text = fs::read_to_string(folder.path().join("001_c939593177198e66.txt")).unwrap();
    assert!(text.ends_with("Leave a Comment"));
    assert!(dechaff(folder.path(), &["undo", "trail.jsonl", "--rule", "BP"]).status.success());
    assert_eq!(
        dechaff(folder.path(), &["undo", "trail.jsonl", "--rule", "BP"]).status.code(),
        Some(2),
        "none is left"
    );
    // The remaining entries of the undo log still apply.
    assert!(dechaff(folder.path(), &["undo", "trail.jsonl"]).status.success());
    assert_eq!(files(folder.path()), files(Path::new("seeds")));
}

#[test]
fn undo_refuses_files_changed_since_fixing() {
    let folder = copy_of_seeds();
    dechaff(folder.path(), &["check", ".", "--fix", "--trail", "trail.jsonl", "-q"]);
    let path = folder.path().join("001_c939593177198e66.txt");
    fs::write(&path, "Something else.").unwrap();
    let undone = dechaff(folder.path(), &["undo", "trail.jsonl"]);
    assert_eq!(undone.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&undone.stderr).contains("has changed since"));
    assert_eq!(fs::read_to_string(&path).unwrap(), "Something else.");
}

#[test]
fn max_removed_prevents_fixing() {
    let folder = TempDir::new().unwrap();
    let text = "The talks go on.\n\nLeave a Comment\n\nBe the first to comment\n";
    fs::write(folder.path().join("a.txt"), text).unwrap();
    let fixed = dechaff(folder.path(), &["check", "a.txt", "--fix", "-q"]);
    assert!(String::from_utf8_lossy(&fixed.stderr).contains("--max-removed"));
    assert_eq!(fs::read_to_string(folder.path().join("a.txt")).unwrap(), text);
    dechaff(folder.path(), &["check", "a.txt", "--fix", "-q", "--max-removed", "1"]);
    assert_eq!(fs::read_to_string(folder.path().join("a.txt")).unwrap(), "The talks go on.\n");
}

#[test]
fn safe_fixes_apply_if_unsafe_ones_exceed_max_removed() {
    let paragraph = |number: usize| {
        let words = [
            "river", "council", "market", "school", "harbour", "winter", "report", "engine",
            "garden",
        ];
        let word = |at: usize| words[(at * at + number * 5 + at * number) % words.len()];
        let text: Vec<&str> = (0..40).map(word).collect();
        format!("The {} came in {number}.", text.join(" and the "))
    };
    let (one, two, own) = (paragraph(1), paragraph(2), paragraph(3));
    for (b, safe) in [
        // A safe fix within the document.
        (format!("{one}\n\n{two}\n\nLeave a Comment\n"), format!("{one}\n\n{two}\n")),
        // A safe fix of a duplicate within the document.
        (format!("{one}\n\n{one}\n\n{one}\n\n{two}\n\n{own}\n"), String::new()),
    ] {
        let folder = TempDir::new().unwrap();
        let write = || {
            fs::write(folder.path().join("a.txt"), format!("{one}\n\n{two}\n")).unwrap();
            fs::write(folder.path().join("b.txt"), &b).unwrap();
        };
        let read = || fs::read_to_string(folder.path().join("b.txt")).unwrap();
        write();
        dechaff(folder.path(), &["check", ".", "--fix-only", "--max-removed", "0.6"]);
        let with_safe = read();
        assert!(safe.is_empty() || with_safe == safe, "{with_safe}");
        assert_ne!(with_safe, b);
        write();
        let output = dechaff(
            folder.path(),
            &["check", ".", "--fix-only", "--unsafe-fixes", "--max-removed", "0.6"],
        );
        let printed = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(read(), with_safe, "{printed}");
        assert!(
            printed.contains("b.txt: unsafe fixes were held back, only safe ones applied: "),
            "{printed}"
        );
        assert!(printed.contains("--max-removed"), "{printed}");
        let once = read();
        dechaff(
            folder.path(),
            &["check", ".", "--fix-only", "--unsafe-fixes", "--max-removed", "0.6"],
        );
        assert_eq!(read(), once);
    }
}

#[test]
fn summary_does_not_suggest_the_flag_in_use() {
    let folder = TempDir::new().unwrap();
    fs::write(
        folder.path().join("a.txt"),
        "The talks go on.\n\nLeave a Comment\n\nBe the first to comment\n",
    )
    .unwrap();
    for more in [&[][..], &["--unsafe-fixes"]] {
        let arguments = [&["check", "a.txt", "--fix", "--output-format", "concise"], more].concat();
        let output = dechaff(folder.path(), &arguments);
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(printed.contains("fixable, but not fixed)"), "{printed}");
        assert!(!printed.contains("fixable with --fix"), "{printed}");
    }
}

#[test]
fn file_reached_by_two_paths_is_checked_once() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.txt");
    let text = "The committee met on Thursday to discuss the new bridge over the river, and it heard from six residents \
                who live on the eastern bank and fear the noise of the traffic.\n";
    fs::write(&path, text).unwrap();
    for paths in [["a.txt", "./a.txt"], ["a.txt", "."], [".", folder.path().to_str().unwrap()]] {
        let arguments =
            [&["check", "--fix", "--unsafe-fixes", "--max-removed", "1"], &paths[..]].concat();
        let fixed = dechaff(folder.path(), &arguments);
        assert!(fixed.status.success(), "{}", String::from_utf8_lossy(&fixed.stdout));
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

#[test]
fn undo_reports_and_keeps_malformed_log_lines() {
    let folder = copy_of_seeds();
    let trail = folder.path().join("trail.jsonl");
    fs::write(&trail, "{\"path\": \"half a li").unwrap();
    dechaff(folder.path(), &["check", ".", "--fix", "--trail", "trail.jsonl", "-q"]);
    let undone = dechaff(folder.path(), &["undo", "trail.jsonl"]);
    assert!(
        String::from_utf8_lossy(&undone.stderr)
            .contains("trail.jsonl:1: the line is incomplete or was edited")
    );
    assert_eq!(files(folder.path()), files(Path::new("seeds")));
    assert!(fs::read_to_string(&trail).unwrap().starts_with("{\"path\": \"half a li\n"));
}

#[test]
fn rejects_fixing_stdin_together_with_files() {
    let folder = copy_of_seeds();
    let fixed = dechaff(folder.path(), &["check", "--fix", "-", "001_c939593177198e66.txt"]);
    assert_eq!(fixed.status.code(), Some(2));
    assert_eq!(files(folder.path()), files(Path::new("seeds")));
}

/// Safe fixes once deleted such copies, leaving questions without answers and lists without items.
#[test]
fn safe_fix_keeps_duplicates_below_a_question_heading_or_list_title() {
    let folder = TempDir::new().unwrap();
    let answer = "Yes, the desk can be moved by one person, since it weighs less than a chair.";
    let items = "- A draft of the plan is sent within three working days.\n- Two rounds of changes are made to the plan.\n";
    for text in [
        format!("{answer}\n\n**Is the desk easy to move?**\n\n{answer}\n"),
        format!("{answer}\n\nIs the desk easy to move?\n\n{answer}\n"),
        format!("{answer}\n\n## Moving the desk\n\n{answer}\n"),
        format!("Small plan\n\n{items}\nLarge plan\n\n{items}"),
    ] {
        let path = folder.path().join("a.md");
        fs::write(&path, &text).unwrap();
        let checked = dechaff(folder.path(), &["check", "a.md", "--output-format", "concise"]);
        assert!(String::from_utf8(checked.stdout).unwrap().contains("ND001"), "{text}");
        dechaff(folder.path(), &["check", "a.md", "--fix", "--max-removed", "1", "-q"]);
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

#[test]
fn safe_fix_deletes_only_list_markers_that_an_extractor_left() {
    let folder = tempfile::tempdir().unwrap();
    let left = "She packed:\n\n- a lamp\n- \n- a rope\n\nThey left.\n";
    let texts = [
        (left, "She packed:\n\n- a lamp\n- a rope\n\nThey left.\n"),
        // Typed without a blank, or with text below that may be its own.
        ("- a lamp\n-\n- a rope\n", "- a lamp\n-\n- a rope\n"),
        ("- a lamp\n- \n        a rope\n", "- a lamp\n- \n        a rope\n"),
        ("- a lamp\n- \n    - a rope\n", "- a lamp\n- \n    - a rope\n"),
    ];
    for (text, fixed) in texts {
        let file = folder.path().join("a.md");
        fs::write(&file, text).unwrap();
        dechaff(folder.path(), &["check", "--isolated", "--fix", "--select", "MS011", "a.md"]);
        assert_eq!(fs::read_to_string(&file).unwrap(), fixed);
    }
}
