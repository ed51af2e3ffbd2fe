//! Which files and changes are restored.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::PathBuf;

use serde_json::json;
use tempfile::TempDir;

use super::{FIX, KEPT, corpus, files, fix, forge, refusal, succeeds, text};

#[test]
fn repeated_runs_can_be_undone() {
    let folder = corpus(3);
    let before = files(&folder.path().join("corpus"));
    for _ in 0..3 {
        succeeds(
            folder.path(),
            &["check", "corpus", "--output-dir", "clean", "--trail", "log.jsonl", "--fix-only"],
        );
    }
    let clean = folder.path().join("clean");
    assert!(!fs::read_to_string(clean.join("000.txt")).unwrap().contains("Comment"));
    let message = succeeds(folder.path(), &["undo", "log.jsonl"]);
    assert_eq!(message, "3 passages restored in 3 files\n");
    for (path, bytes) in &before {
        assert_eq!(&fs::read(clean.join(path.file_name().unwrap())).unwrap(), bytes);
    }
    assert_eq!(files(&folder.path().join("corpus")), before);

    // In place, with an undo in between.
    for _ in 0..2 {
        fix(folder.path());
        fix(folder.path());
        assert_ne!(files(&folder.path().join("corpus")), before);
        succeeds(folder.path(), &["undo", "log.jsonl"]);
        assert_eq!(files(&folder.path().join("corpus")), before);
    }
    let message = refusal(folder.path(), &["undo", "log.jsonl"]);
    assert!(message.contains("nothing to undo"), "{message}");
}

#[test]
fn moved_files_are_restored_with_root() {
    let folder = corpus(2);
    let before = files(&folder.path().join("corpus"));
    let texts = |files: BTreeMap<PathBuf, Vec<u8>>| files.into_values().collect::<Vec<_>>();
    for root in ["elsewhere/new name", "elsewhere", "elsewhere/deep"] {
        let (was, now) = (
            folder.path().join("corpus"),
            match root {
                "elsewhere" => "elsewhere/corpus",
                "elsewhere/deep" => "elsewhere/deep/corpus",
                other => other,
            },
        );
        let now = folder.path().join(now);
        fix(folder.path());
        fs::create_dir_all(now.parent().unwrap()).unwrap();
        fs::rename(&was, &now).unwrap();
        let message = refusal(folder.path(), &["undo", "log.jsonl"]);
        assert!(message.contains("--root"), "{message}");
        succeeds(folder.path(), &["undo", "log.jsonl", "--root", root]);
        assert_eq!(texts(files(&now)), texts(before.clone()), "{root}");
        fs::rename(&now, &was).unwrap();
    }
    // A missing file is reported; the others are restored.
    fix(folder.path());
    fs::remove_file(folder.path().join("corpus/001.txt")).unwrap();
    let message = refusal(folder.path(), &["undo", "log.jsonl"]);
    assert!(message.contains("corpus/001.txt: no such file"), "{message}");
    assert_eq!(fs::read_to_string(folder.path().join("corpus/000.txt")).unwrap(), text(0));
}

#[test]
fn files_at_an_absolute_path_are_restored_from_anywhere() {
    let (folder, elsewhere) = (corpus(2), TempDir::new().unwrap());
    let before = files(&folder.path().join("corpus"));
    let input = folder.path().join("corpus");
    succeeds(
        elsewhere.path(),
        &["check", input.to_str().unwrap(), "--fix-only", "-q", "--undo-log", "log.jsonl"],
    );
    assert_ne!(files(&input), before);
    succeeds(elsewhere.path(), &["undo", "log.jsonl"]);
    assert_eq!(files(&input), before);
}

#[test]
fn an_edited_file_is_unchanged_and_the_rest_restored() {
    let folder = corpus(3);
    fix(folder.path());
    let path = folder.path().join("corpus/001.txt");
    fs::File::options().append(true).open(&path).unwrap().write_all(b"More.\n").unwrap();
    let edited = fs::read(&path).unwrap();
    let message = refusal(folder.path(), &["undo", "log.jsonl"]);
    assert!(
        message.contains("corpus/001.txt: the text has changed since it was fixed"),
        "{message}"
    );
    assert_eq!(fs::read(&path).unwrap(), edited);
    assert_eq!(fs::read_to_string(folder.path().join("corpus/002.txt")).unwrap(), text(2));
}

#[test]
fn changes_covered_by_later_ones_are_reported() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("corpus")).unwrap();
    let path = folder.path().join("corpus/a.txt");
    let original = format!("{KEPT}\n\nLeave a Comment\n\n{KEPT} And so on.\n\nShare on Facebook\n");
    fs::write(&path, &original).unwrap();
    for rules in ["BP001", "BP"] {
        succeeds(folder.path(), &[FIX, &["--select", rules]].concat());
    }
    let fixed = fs::read_to_string(&path).unwrap();
    let message = refusal(folder.path(), &["undo", "log.jsonl", "--rule", "BP001"]);
    assert!(message.contains("changed the text later"), "{message}");
    assert_eq!(fs::read_to_string(&path).unwrap(), fixed);
    succeeds(folder.path(), &["undo", "log.jsonl"]);
    assert_eq!(fs::read_to_string(&path).unwrap(), original);
}

#[test]
fn a_copied_log_changes_nothing_outside_the_working_directory() {
    let folder = corpus(1);
    fix(folder.path());
    let log = fs::read(folder.path().join("log.jsonl")).unwrap();
    let fixed = files(&folder.path().join("corpus"));
    let stranger = TempDir::new().unwrap();
    fs::write(stranger.path().join("log.jsonl"), log).unwrap();
    let message = refusal(stranger.path(), &["undo", "log.jsonl"]);
    assert!(message.contains("comes from elsewhere") && message.contains("--root"), "{message}");
    assert_eq!(files(&folder.path().join("corpus")), fixed);
    let root = folder.path().to_str().unwrap();
    succeeds(stranger.path(), &["undo", "log.jsonl", "--root", root]);
    assert_ne!(files(&folder.path().join("corpus")), fixed);
}

#[cfg(unix)]
#[test]
fn log_paths_cannot_leave_the_base_directory() {
    let folder = corpus(1);
    fix(folder.path());
    let log = fs::read_to_string(folder.path().join("log.jsonl")).unwrap();
    let (header, entry) = log.split_once('\n').unwrap();
    let victim = folder.path().join("victim.txt");
    fs::copy(folder.path().join("corpus/000.txt"), &victim).unwrap();
    let fixed = fs::read(&victim).unwrap();
    std::os::unix::fs::symlink("../victim.txt", folder.path().join("corpus/link.txt")).unwrap();
    std::os::unix::fs::symlink("..", folder.path().join("corpus/up")).unwrap();
    for path in [
        "../victim.txt",
        victim.to_str().unwrap(),
        "link.txt",
        "up/victim.txt",
        "x/../../victim.txt",
        "",
    ] {
        let forged =
            format!("{header}\n{}", forge(entry.trim_end(), |value| value["path"] = json!(path)));
        fs::write(folder.path().join("log.jsonl"), forged).unwrap();
        for more in [&[][..], &["--root", "corpus"], &["."]] {
            let message = refusal(folder.path(), &[&["undo", "log.jsonl"], more].concat());
            assert!(
                message.contains("not changed") || message.contains("no such file"),
                "{path}: {message}"
            );
            assert_eq!(fs::read(&victim).unwrap(), fixed, "{path}");
        }
    }
    // Control: a forged line with a harmless change is accepted.
    let forged =
        format!("{header}\n{}", forge(entry.trim_end(), |value| value["version"] = json!("0.0.0")));
    fs::write(folder.path().join("log.jsonl"), forged).unwrap();
    succeeds(folder.path(), &["undo", "log.jsonl"]);
}
