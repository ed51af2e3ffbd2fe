//! Fixing files: applied fixes, undo, and robustness against crashes and full disks.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use dechaff::text::words;
use serde::Deserialize;
use tempfile::TempDir;

#[derive(Deserialize)]
struct Label {
    file: String,
    start: usize,
    end: usize,
    label: String,
}

fn dechaff(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dechaff"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap()
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

#[test]
fn output_dir_must_not_overwrite_the_originals() {
    let folder = copy_of_seeds();
    let fixed = dechaff(folder.path(), &["check", ".", "--output-dir", ".", "-q"]);
    assert_eq!(fixed.status.code(), Some(2));
    assert_eq!(files(folder.path()), files(Path::new("seeds")));
}

#[test]
fn keeps_line_endings_bom_and_final_newline() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.txt");
    let prose = "The talks go on in Muscat next week, both sides said on Monday after a long day.";
    for (before, after) in [
        (format!("\u{FEFF}{prose}\r\n\r\nLeave a Comment\r\n"), format!("\u{FEFF}{prose}\r\n")),
        (format!("{prose}\n\nLeave a Comment"), prose.to_owned()),
        (
            format!("Leave a Comment\r\n\n{prose}\r\nAnd so on.\n"),
            format!("{prose}\r\nAnd so on.\n"),
        ),
    ] {
        fs::write(&path, &before).unwrap();
        dechaff(folder.path(), &["check", "a.txt", "--fix", "-q"]);
        assert_eq!(fs::read_to_string(&path).unwrap(), after);
    }
}

#[test]
fn writes_fixed_stdin_to_stdout() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_dechaff"))
        .args(["check", "-", "--fix"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let text =
        "The talks go on in Muscat next week, both sides said on Monday.\n\nLeave a Comment\n";
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "The talks go on in Muscat next week, both sides said on Monday.\n"
    );
    assert!(String::from_utf8(output.stderr).unwrap().contains("1 finding fixed"));
    assert!(output.status.success());
}

/// Names that must be quoted in a patch, and one that need not be.
#[cfg(unix)]
const ODD_NAMES: [&str; 4] = ["say \"so\".txt", "tab\there.txt", "new\nline.txt", "schön 海.txt"];
#[cfg(not(unix))]
const ODD_NAMES: [&str; 1] = ["schön 海.txt"];

#[test]
fn git_apply_accepts_the_diff() {
    let folder = copy_of_seeds();
    for name in ODD_NAMES {
        fs::write(
            folder.path().join(name),
            "The harbour was quiet when the boats came in.\n\nLeave a Comment\n",
        )
        .unwrap();
    }
    let before = files(folder.path());
    let difference = dechaff(folder.path(), &["check", ".", "--diff", "--unsafe-fixes"]);
    assert_eq!(difference.status.code(), Some(1));
    assert_eq!(files(folder.path()), before, "--diff writes nothing");
    fs::write(folder.path().join("changes.patch"), &difference.stdout).unwrap();
    let applied = Command::new("git")
        .current_dir(folder.path())
        .args(["apply", "--whitespace=nowarn", "changes.patch"])
        .output();
    let Ok(applied) = applied else {
        eprintln!("skipped: git is not installed");
        return;
    };
    assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
    let patched = files(folder.path());
    let other = copy_of_seeds();
    for name in ODD_NAMES {
        fs::write(
            other.path().join(name),
            "The harbour was quiet when the boats came in.\n\nLeave a Comment\n",
        )
        .unwrap();
    }
    dechaff(other.path(), &["check", ".", "--fix", "--unsafe-fixes", "-q"]);
    assert_eq!(patched, files(other.path()));
}

#[test]
fn output_dir_gets_fixed_copies_and_originals_are_unchanged() {
    let folder = copy_of_seeds();
    dechaff(folder.path(), &["check", ".", "--output-dir", "clean", "--unsafe-fixes", "-q"]);
    assert_eq!(files(folder.path()), files(Path::new("seeds")));
    let other = copy_of_seeds();
    dechaff(other.path(), &["check", ".", "--fix", "--unsafe-fixes", "-q"]);
    assert_eq!(files(&folder.path().join("clean")), files(other.path()));
}

#[test]
fn output_of_a_run_is_not_input_of_the_next() {
    let folder = copy_of_seeds();
    let arguments = ["check", ".", "--output-dir", "clean", "--unsafe-fixes", "-q"];
    dechaff(folder.path(), &arguments);
    let once = files(&folder.path().join("clean"));
    dechaff(folder.path(), &arguments);
    assert_eq!(files(&folder.path().join("clean")), once);
    assert!(!folder.path().join("clean/clean").exists());
    let checked = String::from_utf8(
        dechaff(folder.path(), &["check", "clean", "--output-dir", "cleaner", "-q"]).stderr,
    );
    assert_eq!(files(&folder.path().join("cleaner")), once, "{checked:?}");

    let listed = copy_of_seeds();
    fs::write(listed.path().join("dechaff.toml"), "ignore-list = \"known.txt\"\n").unwrap();
    fs::write(listed.path().join("known.txt"), "").unwrap();
    let checked =
        dechaff(listed.path(), &["check", ".", "--exit-zero", "--output-format", "concise"]);
    let count = files(Path::new("seeds")).len();
    assert!(String::from_utf8(checked.stdout).unwrap().contains(&format!("{count} files checked")));
}

#[cfg(unix)]
#[test]
fn respects_read_only_files_and_symlinks() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = TempDir::new().unwrap();
    let text =
        "The talks go on in Muscat next week, both sides said on Monday.\n\nLeave a Comment\n";
    let (locked, target, link) = (
        folder.path().join("locked.txt"),
        folder.path().join("target.text"),
        folder.path().join("link.txt"),
    );
    fs::write(&locked, text).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o444)).unwrap();
    fs::write(&target, text).unwrap();
    fs::set_permissions(&target, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("target.text", &link).unwrap();

    let fixed = dechaff(folder.path(), &["check", "locked.txt", "link.txt", "--fix", "-q"]);
    // Root can write the file; its permissions are preserved.
    if fs::OpenOptions::new().write(true).open(&locked).is_ok() {
        assert_ne!(fixed.status.code(), Some(2));
        assert!(!fs::read_to_string(&locked).unwrap().contains("Comment"));
    } else {
        assert_eq!(fixed.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&fixed.stderr).contains("read-only"));
        assert_eq!(fs::read_to_string(&locked).unwrap(), text);
    }
    assert_eq!(locked.metadata().unwrap().permissions().mode() & 0o777, 0o444);
    assert!(link.symlink_metadata().unwrap().is_symlink());
    assert!(!fs::read_to_string(&target).unwrap().contains("Comment"));
    assert_eq!(target.metadata().unwrap().permissions().mode() & 0o777, 0o640);
}

#[cfg(target_os = "linux")]
#[test]
fn full_disk_keeps_the_old_files() {
    let folder = copy_of_seeds();
    // Files are limited to 512 bytes, so the temporary file cannot be completed.
    let script = format!(
        "trap '' XFSZ; ulimit -f 1; exec {} check . --fix -q",
        env!("CARGO_BIN_EXE_dechaff")
    );
    let output =
        Command::new("bash").current_dir(folder.path()).args(["-c", &script]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(files(folder.path()), files(Path::new("seeds")));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 5, "no temporary file is left");
}

#[test]
fn killed_process_leaves_each_file_old_or_new() {
    const RUNS: u64 = 200;
    // With few rules, most of the time is spent on writing.
    const FIX: &[&str] = &["check", ".", "--select", "MT,BP038", "--fix", "--unsafe-fixes", "-q"];
    let folder = copy_of_seeds();
    let start = std::time::Instant::now();
    dechaff(folder.path(), FIX);
    let whole = start.elapsed();
    let fixed = files(folder.path());
    let original = files(Path::new("seeds"));
    assert_ne!(fixed, original);

    for run in 0..RUNS {
        let folder = copy_of_seeds();
        let mut child = Command::new(env!("CARGO_BIN_EXE_dechaff"))
            .current_dir(folder.path())
            .args(FIX)
            .args(["--trail", "trail.jsonl"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Spread over the whole run, more densely towards the end, where files are written.
        let share = (run as f64 / RUNS as f64).sqrt();
        std::thread::sleep(Duration::from_secs_f64(whole.as_secs_f64() * share));
        let _ = child.kill();
        child.wait().unwrap();
        for (name, text) in files(folder.path()) {
            assert!(
                text == original[&name] || text == fixed[&name],
                "run {run}: {} is damaged",
                name.display()
            );
        }
        assert_eq!(files(folder.path()).len(), original.len(), "run {run}: a file is missing");
        if folder.path().join("trail.jsonl").exists()
            && fs::read(folder.path().join("trail.jsonl")).unwrap().len() > 2
        {
            dechaff(folder.path(), &["undo", "trail.jsonl"]);
            assert_eq!(files(folder.path()), original, "run {run}: the trail does not lead back");
        }
    }
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
