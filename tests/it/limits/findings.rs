//! Findings beyond the limit per rule and document are counted, and fixed in rounds.

use std::fs;
use std::path::Path;

use super::{RunResult, corpus, run_to_file, tail};

/// Returns a text with `count` requests for a comment, each below a different sentence.
fn comment_prompts(count: usize) -> String {
    let paragraph = |number| {
        format!(
            "The council number {number} met on Monday and agreed on much.\n\nLeave a Comment\n\n"
        )
    };
    (0..count).map(paragraph).collect()
}

/// Runs only the rule about comment prompts, to save time.
fn check_comment_prompts(folder: &Path, format: &str, more: &[&str]) -> RunResult {
    let arguments =
        ["check", "a.txt", "--isolated", "--select", "BP001,SU", "--output-format", format];
    run_to_file(folder, &[&arguments, more].concat())
}

#[test]
fn findings_beyond_the_limit_are_counted() {
    let folder = corpus();
    let path = folder.path().join("a.txt");
    fs::write(&path, comment_prompts(10_000)).unwrap();
    let RunResult { code, printed, .. } = check_comment_prompts(folder.path(), "concise", &[]);
    assert_eq!(code, Some(1));
    assert!(printed.contains("1 file checked: 10000 findings in 1 file"), "{}", tail(&printed));
    fs::write(&path, comment_prompts(10_003)).unwrap();
    let RunResult { code, printed, .. } = check_comment_prompts(folder.path(), "concise", &[]);
    assert_eq!(code, Some(1));
    assert!(
        printed.contains("1 file checked: at least 10000 findings in 1 file"),
        "{}",
        tail(&printed)
    );
    let RunResult { printed, .. } = check_comment_prompts(folder.path(), "json-lines", &[]);
    assert!(printed.contains("\"unlisted\":3}"), "{}", tail(&printed));
}

#[test]
fn findings_beyond_the_limit_can_be_suppressed() {
    let folder = corpus();
    let path = folder.path().join("a.txt");
    let prompts = comment_prompts(10_003);
    fs::write(&path, format!("<!-- dechaff: ignore-file[BP001] -->\n\n{prompts}")).unwrap();
    let RunResult { code, printed, .. } = check_comment_prompts(folder.path(), "concise", &[]);
    assert_eq!(code, Some(0), "{}", tail(&printed));
    // If only those listed are suppressed, the note on the others is still printed.
    let suppressed = format!(
        "<!-- dechaff: ignore-start[BP001] -->\n\n{prompts}\n\n<!-- dechaff: ignore-end -->\n\n"
    );
    fs::write(&path, suppressed + &comment_prompts(1)).unwrap();
    let RunResult { code, printed, .. } = check_comment_prompts(folder.path(), "json-lines", &[]);
    assert_eq!(code, Some(1), "{}", tail(&printed));
    assert!(printed.contains("\"unlisted\":1}"), "{}", tail(&printed));
}

#[test]
fn fixes_beyond_the_limit_are_applied() {
    let folder = corpus();
    let path = folder.path().join("a.txt");
    fs::write(&path, comment_prompts(60_000)).unwrap();
    let RunResult { code, printed, .. } =
        check_comment_prompts(folder.path(), "concise", &["--fix"]);
    assert_eq!(code, Some(0), "{}", tail(&printed));
    assert!(printed.contains("60000 findings fixed"), "{}", tail(&printed));
    let fixed = fs::read_to_string(path).unwrap();
    assert!(!fixed.contains("Comment"));
    assert_eq!(fixed.matches("The council").count(), 60_000);
}

#[test]
fn a_long_line_of_defects_is_fixed_in_parts() {
    let folder = corpus();
    let path = folder.path().join("a.txt");
    let arguments = [
        "check",
        "a.txt",
        "--isolated",
        "--select",
        "EN003,MS008,MS009",
        "--fix",
        "--unsafe-fixes",
        "--max-removed",
        "1",
    ];
    fs::write(&path, "te\u{ad}xt <b>x</b> &amp; ".repeat(12_000)).unwrap();
    let RunResult { code, printed, .. } = run_to_file(folder.path(), &arguments);
    assert_eq!(code, Some(0), "{}", tail(&printed));
    assert_eq!(fs::read_to_string(path).unwrap().trim_end(), "text x & ".repeat(12_000).trim_end());
}

#[test]
fn duplicates_beyond_the_limit_are_counted() {
    let folder = corpus();
    let path = folder.path().join("a.txt");
    let arguments =
        ["check", "a.txt", "--isolated", "--select", "ND001,SU", "--output-format", "json-lines"];
    let paragraphs =
        "The council met on Monday evening and agreed on the new road.\n\n".repeat(10_004);
    fs::write(&path, &paragraphs).unwrap();
    let RunResult { code, printed, .. } = run_to_file(folder.path(), &arguments);
    assert_eq!((code, printed.lines().count()), (Some(1), 10_000), "{}", tail(&printed));
    assert!(printed.contains("\"unlisted\":3}"), "{}", tail(&printed));
    fs::write(&path, format!("<!-- dechaff: ignore-file[ND001] -->\n\n{paragraphs}")).unwrap();
    let RunResult { code, printed, .. } = run_to_file(folder.path(), &arguments);
    assert_eq!(code, Some(0), "{}", tail(&printed));
}

/// There are more candidate matches than are kept until the end of the text is known.
#[test]
fn long_texts_are_searched_at_their_edges() {
    let folder = corpus();
    let rule = r#"
        code = "XX001"
        name = "harbour"
        summary = "harbour at the edge of a text"
        why = "it is not part of the text"
        since = "1.0.0"
        [[find]]
        where = "sentence"
        near = "start-or-end"
        match = "contains"
        en = "harbour"
        [[example]]
        bad = "⟦The harbour opened.⟧"
        [[example]]
        allow = "The port opened."
    "#;
    fs::write(folder.path().join("rules.toml"), rule).unwrap();
    let count = 300_000;
    let paragraph = "The harbour opened. It was the first of its kind for many years, and people came to see it.";
    fs::write(folder.path().join("a.txt"), format!("{paragraph}\n\n").repeat(count)).unwrap();
    let arguments =
        ["check", "a.txt", "--isolated", "--config", "rules = ['rules.toml']", "--select", "XX001"];
    let RunResult { printed, .. } =
        run_to_file(folder.path(), &[&arguments[..], &["--output-format", "concise"]].concat());
    let lines: Vec<&str> = printed.lines().filter_map(|line| line.strip_prefix("a.txt:")).collect();
    assert_eq!(lines.len(), 2, "{}", tail(&printed));
    assert!(
        lines[0].starts_with("1:") && lines[1].starts_with(&format!("{}:", 2 * count - 1)),
        "{lines:?}"
    );
}
