//! Restoring records of shards.

use std::fs;

use serde_json::json;
use tempfile::TempDir;

use super::{KEPT, fix, forge, refusal, succeeds, text};

#[test]
fn json_lines_are_restored_byte_for_byte() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("corpus")).unwrap();
    let path = folder.path().join("corpus/a.jsonl");
    let removed = [
        "Leave a Comment",
        "Leave a Comment °",
        r"Leave a Comment \u00b0",
        r"Le\u0061ve a Comment",
        r"Leave a Comment \ud83d\ude00",
        r"Leave a\tComment",
        r"Leave a Comment \/",
        "© 2024 Example \\\"Inc\\\"",
        r"\u00a9 2024 Example Inc. All rights reserved.",
    ];
    let kept = ["caf\\u00e9 ", "café ", "", "\\/ "];
    let mut lines = String::new();
    for (index, removed) in removed.iter().enumerate() {
        for kept in kept {
            lines.push_str(&format!(
                "{{\"id\":{index}, \"text\" : \"{kept}{KEPT}\\n\\n{removed}\\n\\n{kept}Then {index}.\"}}\r\n"
            ));
        }
    }
    fs::write(&path, &lines).unwrap();
    fix(folder.path());
    let fixed = fs::read_to_string(&path).unwrap();
    assert!(
        fixed.lines().zip(lines.lines()).filter(|(fixed, line)| fixed != line).count() >= 20,
        "{fixed}"
    );
    succeeds(folder.path(), &["undo", "log.jsonl"]);
    assert_eq!(fs::read_to_string(&path).unwrap(), lines);
}

#[test]
fn forged_json_in_the_log_is_rejected() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("corpus")).unwrap();
    let path = folder.path().join("corpus/a.jsonl");
    fs::write(&path, format!("{{\"text\": \"{KEPT}\\n\\nLe\\u0061ve a Comment\"}}\n")).unwrap();
    fix(folder.path());
    let fixed = fs::read(&path).unwrap();
    let log = fs::read_to_string(folder.path().join("log.jsonl")).unwrap();
    let (header, entry) = log.split_once('\n').unwrap();
    let raw = "\\n\\nLeave a Comment\", \"injected\": \"";
    let forged = forge(entry.trim_end(), |value| value["raw"] = json!(raw));
    fs::write(folder.path().join("log.jsonl"), format!("{header}\n{forged}")).unwrap();
    refusal(folder.path(), &["undo", "log.jsonl"]);
    assert_eq!(fs::read(&path).unwrap(), fixed);
}

fn records(texts: &[&str]) -> String {
    let line = |(index, text): (usize, &&str)| {
        format!("{}\n", json!({"id": format!("doc-{index}"), "text": text, "n": 1.5}))
    };
    texts.iter().enumerate().map(line).collect()
}

#[test]
fn dropped_records_are_reported_or_restored() {
    let long = format!("{KEPT}\n\nLeave a Comment");
    let texts = ["Leave a Comment", &long, "Be the first to comment", "", KEPT, "Leave a Comment"];
    let lines = records(&texts);
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a.jsonl"), &lines).unwrap();
    let copy = folder.path().join("clean/a.jsonl");
    let run = [
        "check",
        "a.jsonl",
        "--output-dir",
        "clean",
        "--drop-empty",
        "--max-removed",
        "1",
        "--select",
        "BP",
    ];
    let run = [&run[..], &["--fix-only", "-q", "--undo-log", "log.jsonl"]].concat();
    succeeds(folder.path(), &run);
    assert_eq!(fs::read_to_string(&copy).unwrap().lines().count(), 2);
    let message = refusal(folder.path(), &["undo", "log.jsonl"]);
    for (index, id) in [(1, 0), (3, 2), (4, 3), (6, 5)] {
        let expected = format!(
            "record {index} of the original (id \"doc-{id}\") was left out of the copy and cannot be restored"
        );
        assert!(message.contains(&expected), "{expected}: {message}");
    }
    assert_eq!(message.matches("was left out").count(), 4, "{message}");
    // The other records are restored.
    let restored = fs::read_to_string(&copy).unwrap();
    assert_eq!(
        restored,
        lines
            .lines()
            .enumerate()
            .filter(|(at, _)| [1, 4].contains(at))
            .map(|(_, line)| format!("{line}\n"))
            .collect::<String>()
    );

    // With --keep-dropped, they are put back, whatever earlier runs did.
    let keep = [&run[..], &["--keep-dropped"]].concat();
    for _ in 0..2 {
        succeeds(folder.path(), &run);
        succeeds(folder.path(), &keep);
        let message = refusal(folder.path(), &["undo", "log.jsonl", "--rule", "BP003"]);
        assert!(
            message.contains("undo all changes at once") || message.contains("no change"),
            "{message}"
        );
        succeeds(folder.path(), &keep);
        succeeds(folder.path(), &["undo", "log.jsonl"]);
        assert_eq!(fs::read_to_string(&copy).unwrap(), lines);
        assert!(refusal(folder.path(), &["undo", "log.jsonl"]).contains("nothing to undo"));
    }
}

#[test]
fn an_unreadable_changed_record_is_reported() {
    for damage in ["{\"text\": \"cut o\n", "{\"id\": 1}\n", "\n"] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("corpus/a.jsonl");
        fs::create_dir(folder.path().join("corpus")).unwrap();
        let original = records(&[&text(0), &text(1)]);
        fs::write(&path, &original).unwrap();
        fix(folder.path());
        let fixed = fs::read_to_string(&path).unwrap();
        let (first, _) = fixed.split_once('\n').unwrap();
        fs::write(&path, format!("{first}\n{damage}")).unwrap();
        let message = refusal(folder.path(), &["undo", "log.jsonl"]);
        assert!(message.contains("a changed record cannot be restored"), "{damage}: {message}");
        let (first, _) = original.split_once('\n').unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{first}\n{damage}"));
    }
}
