//! A plan fixes exactly what was accepted.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use super::{COPIED, Review, corpus, read};

fn check(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dechaff"));
    command.current_dir(folder).arg("check").args(arguments).output().unwrap()
}

#[test]
fn a_plan_fixes_exactly_what_was_accepted() {
    let folder = corpus();
    let record =
        |id: u32, text: &str| serde_json::json!({ "id": id, "text": text }).to_string() + "\n";
    let records = record(1, "A first record.\n\nLeave a Comment\n")
        + &record(2, "A second one.\n\nRelated Posts\n");
    fs::write(folder.path().join("corpus/d.jsonl"), &records).unwrap();
    let originals = ["a.txt", "b.txt", "c.txt", "d.jsonl"]
        .map(|name| (name, read(&folder, &format!("corpus/{name}"))));

    let review = Review::start(folder.path(), &["corpus"]);
    let copy = review.finding("?rule=ND001", COPIED);
    review.decide(&copy, "accept");
    review.decide(&review.finding("?q=c.txt", "Leave a Comment"), "accept");
    review.decide(&review.finding("?q=d.jsonl", "second one"), "accept");
    review.decide(&review.finding("?q=a.txt:7", "Leave a Comment"), "reject");
    assert_eq!(review.post("plan", "").status, 200);
    assert!(review.get("finish").body.contains("3 accepted findings written to dechaff.plan."));
    for (name, original) in &originals {
        assert_eq!(
            read(&folder, &format!("corpus/{name}")),
            *original,
            "a review changes no document"
        );
    }
    review.post("ignore-list", "");
    review.post("ignore-list", "");
    drop(review);

    let fixed = check(
        folder.path(),
        &["corpus", "--fix-only", "--plan", "dechaff.plan", "--undo-log", "dechaff.undo"],
    );
    assert_eq!(fixed.status.code(), Some(0), "{}", String::from_utf8_lossy(&fixed.stderr));
    assert_eq!(read(&folder, "corpus/a.txt"), originals[0].1);
    assert_eq!(
        read(&folder, "corpus/b.txt"),
        "Another page.\n\nThe end is near.\n\nRelated Posts\n"
    );
    assert_eq!(read(&folder, "corpus/c.txt"), "A third page, with a text that nobody else has.\n");
    let expected =
        record(1, "A first record.\n\nLeave a Comment\n") + &record(2, "A second one.\n");
    assert_eq!(read(&folder, "corpus/d.jsonl"), expected);
    let ignored = read(&folder, "dechaff-ignore.txt");
    assert_eq!(ignored.lines().filter(|line| line.starts_with("BP001 ")).count(), 1, "{ignored}");

    // A second time, every text has changed.
    let again = check(folder.path(), &["corpus", "--fix-only", "--plan", "dechaff.plan"]);
    assert_eq!(again.status.code(), Some(2));
    let errors = String::from_utf8_lossy(&again.stderr).into_owned();
    assert_eq!(errors.matches("its text has changed since the review").count(), 3, "{errors}");

    let undone = Command::new(env!("CARGO_BIN_EXE_dechaff"))
        .current_dir(folder.path())
        .args(["undo", "dechaff.undo"])
        .output();
    assert_eq!(undone.unwrap().status.code(), Some(0));
    for (name, original) in &originals {
        assert_eq!(read(&folder, &format!("corpus/{name}")), *original, "{name} is not restored");
    }
}

#[test]
fn a_plan_skips_changed_and_missing_documents() {
    let folder = corpus();
    let review = Review::start(folder.path(), &["corpus", "--plan", "plan.jsonl"]);
    for rule in review.entries("rules") {
        review.decide(&rule.0, "accept");
    }
    review.post("plan", "");
    drop(review);
    fs::write(folder.path().join("corpus/c.txt"), "Changed.\n\nLeave a Comment\n").unwrap();
    fs::remove_file(folder.path().join("corpus/b.txt")).unwrap();
    let fixed = check(folder.path(), &["corpus", "--fix-only", "--plan", "plan.jsonl"]);
    assert_eq!(fixed.status.code(), Some(2));
    let errors = String::from_utf8_lossy(&fixed.stderr).into_owned();
    assert!(
        errors.contains("corpus/c.txt: left alone: its text has changed since the review"),
        "{errors}"
    );
    assert!(
        errors.contains("corpus/b.txt: in the plan, but not among the checked documents"),
        "{errors}"
    );
    assert_eq!(read(&folder, "corpus/c.txt"), "Changed.\n\nLeave a Comment\n");
    assert_eq!(read(&folder, "corpus/a.txt"), format!("A page.\n\n{COPIED}\n\nThe last word.\n"));
}

/// The copy was accepted because another document has the text, and in that document it was
/// accepted as noise.
#[test]
fn a_plan_does_not_remove_the_last_copy() {
    let folder = corpus();
    fs::create_dir(folder.path().join("rules")).unwrap();
    let rule = toml::toml! {
        code = "XX001"
        name = "ministry"
        since = "1"
        fix = "unsafe"
        summary = "what the ministry said"
        why = "For this test."
        find = [{ match = "contains", regex = ["The ministry .*"] }]
        example = [{ bad = "A text.\n\n⟦The ministry said.⟧" }, { allow = "Nothing." }]
    };
    fs::write(folder.path().join("rules/ministry.toml"), rule.to_string()).unwrap();
    let config = "rules = [\"rules\"]\nselect = [\"XX001\", \"ND\"]\nper-file-ignores = { \"b.txt\" = [\"XX001\"] }\n";
    fs::write(folder.path().join("dechaff.toml"), config).unwrap();
    let review = Review::start(folder.path(), &["corpus"]);
    for rule in review.entries("rules") {
        review.decide(&rule.0, "accept");
    }
    assert_eq!(review.counts(), "0 open, 2 accepted, 0 rejected");
    review.post("plan", "");
    drop(review);
    let fixed = check(folder.path(), &["corpus", "--fix-only", "--plan", "dechaff.plan"]);
    assert_eq!(fixed.status.code(), Some(2));
    assert!(!read(&folder, "corpus/a.txt").contains(COPIED));
    assert!(read(&folder, "corpus/b.txt").contains(COPIED));
}

#[test]
fn invalid_plans_and_decisions_are_rejected() {
    let folder = corpus();
    for (content, message) in [
        ("{\"decisions\":1,\"action\":\"undo\"}\n", "not a line of a plan"),
        ("{}", "not a line of a plan"),
        (
            "{\"plan\":2,\"path\":\"a\",\"text_hash\":\"\",\"rule\":\"BP001\",\"start\":0,\"end\":0}",
            "plan version 2",
        ),
        (
            "{\"plan\":1,\"path\":\"a\",\"text_hash\":\"\",\"rule\":\"BP001\",\"start\":5,\"end\":0}",
            "after `end`",
        ),
    ] {
        fs::write(folder.path().join("plan"), content).unwrap();
        let output = check(folder.path(), &["corpus", "--fix", "--plan", "plan"]);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(errors.contains(message), "{errors}");
    }
    let output = check(folder.path(), &["corpus", "--plan", "plan"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("--plan has no effect without --fix"));
    fs::write(folder.path().join("dechaff.decisions"), "not JSON\n").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_dechaff"))
        .current_dir(folder.path())
        .args(["review", "corpus"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("dechaff.decisions:1: not a decision")
    );
}
