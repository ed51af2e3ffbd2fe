//! Report output: files are replaced atomically, and the CI environment only sets defaults.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

const PAGE: &str =
    "The talks go on in Muscat next week, both sides said on Monday.\n\nLeave a Comment\n";

fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("page.txt"), PAGE).unwrap();
    folder
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dechaff"));
    command
        .current_dir(folder)
        .arg("check")
        .args(arguments)
        .env_remove("GITHUB_ACTIONS")
        .env_remove("GITLAB_CI");
    command.env_remove("COLUMNS");
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn ci_environment_sets_the_default_format() {
    let folder = folder();
    let printed = |variable: &str, arguments: &[&str]| {
        let output = command(folder.path(), arguments).env(variable, "true").output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(
        printed("GITHUB_ACTIONS", &["page.txt"]).starts_with("::warning file=page.txt,line=3,")
    );
    assert!(
        printed("GITHUB_ACTIONS", &["page.txt", "--output-format", "concise"])
            .starts_with("page.txt:3:1: BP001")
    );
    assert!(printed("GITLAB_CI", &["page.txt"]).starts_with("warning[BP001]"));
    assert_eq!(printed("GITLAB_CI", &["page.txt", "--output-file", "quality.json"]), "");
    let report = fs::read_to_string(folder.path().join("quality.json")).unwrap();
    assert!(report.contains("\"check_name\":\"comment-prompt\""), "{report}");
}

#[test]
fn force_color_is_honoured_unless_no_color_is_set() {
    let folder = folder();
    let colored = |variables: &[(&str, &str)], arguments: &[&str]| {
        let mut command = command(folder.path(), arguments);
        for name in ["NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
            command.env_remove(name);
        }
        let output = command.envs(variables.iter().copied()).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        String::from_utf8(text).unwrap().contains('\u{1b}')
    };
    let page = &["page.txt"][..];
    assert!(!colored(&[], page));
    assert!(colored(&[("FORCE_COLOR", "1")], page));
    assert!(colored(&[("FORCE_COLOR", "true"), ("CLICOLOR", "0")], page));
    assert!(!colored(&[("FORCE_COLOR", "0"), ("CLICOLOR_FORCE", "1")], page));
    assert!(colored(&[("FORCE_COLOR", ""), ("CLICOLOR_FORCE", "1")], page));
    assert!(!colored(&[("FORCE_COLOR", "1"), ("NO_COLOR", "1")], page));
    assert!(!colored(&[("FORCE_COLOR", "1")], &["page.txt", "--color", "never"]));
    assert!(colored(&[("NO_COLOR", "1")], &["page.txt", "--color", "always"]));
    // Configuration errors are printed to standard error.
    assert!(colored(&[("FORCE_COLOR", "1")], &["page.txt", "--select", "BP0001"]));
    assert!(!colored(
        &[("FORCE_COLOR", "0"), ("CLICOLOR_FORCE", "1")],
        &["page.txt", "--select", "BP0001"]
    ));
}

#[test]
fn excerpts_and_labels_fit_the_width() {
    use unicode_width::UnicodeWidthStr;
    let folder = folder();
    for name in ["harbour.md", "table.md"] {
        fs::copy(Path::new("tests/cli/labels.in").join(name), folder.path().join(name)).unwrap();
    }
    let printed = |columns: &str| {
        let mut command =
            command(folder.path(), &["harbour.md", "table.md", "--select", "MS001,MT"]);
        String::from_utf8(command.env("COLUMNS", columns).output().unwrap().stdout).unwrap()
    };
    for columns in [40, 60, 80, 200] {
        let text = printed(&columns.to_string());
        // Labels are wrapped between words, so no word is lost.
        let words: Vec<&str> =
            text.split([' ', '\n', '|', '^', '-']).filter(|word| !word.is_empty()).collect();
        let words = words.join(" ");
        assert!(
            words.contains("“The Imperative for Dialogue Between the Harbours of Two Countries”"),
            "{text}"
        );
        assert!(
            words.contains("the end of the title is unclear")
                && words.contains("parsed as a table row"),
            "{text}"
        );
        for line in text.lines().filter(|line| line.contains('|')) {
            assert!(line.width() <= columns, "{columns}: {line}");
        }
    }
    assert_eq!(printed(""), printed("100"));
    assert_eq!(printed("wide"), printed("100"));
}

#[test]
fn jobs_does_not_change_the_output() {
    let folder = folder();
    let expected = run(folder.path(), &["page.txt"]).stdout;
    for jobs in [&["--jobs", "1"][..], &["-j", "3"], &["-j2"]] {
        assert_eq!(run(folder.path(), &[&["page.txt"], jobs].concat()).stdout, expected);
    }
    for jobs in ["0", "-1", "many"] {
        let output = run(folder.path(), &["page.txt", &format!("--jobs={jobs}")]);
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(message.contains("expected a number of threads, at least 1"), "{message}");
    }
}

#[test]
fn failed_run_keeps_the_old_report_and_leaves_no_temporary_file() {
    let folder = folder();
    fs::write(folder.path().join("out.sarif"), "old").unwrap();
    let arguments = ["missing.txt", "--output-format", "sarif", "--output-file", "out.sarif"];
    assert_eq!(run(folder.path(), &arguments).status.code(), Some(2));
    assert_eq!(fs::read_to_string(folder.path().join("out.sarif")).unwrap(), "old");
    assert_eq!(names(folder.path()), ["out.sarif", "page.txt"]);
}

#[test]
fn quiet_run_replaces_the_whole_report() {
    let folder = folder();
    let path = folder.path().join("out.json");
    fs::write(&path, "x".repeat(100_000)).unwrap();
    let output = run(
        folder.path(),
        &["page.txt", "-q", "--output-format", "json", "--output-file", "out.json"],
    );
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    assert_eq!(
        serde_json::from_str::<Vec<serde_json::Value>>(&fs::read_to_string(&path).unwrap())
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn closed_stdout_does_not_truncate_the_report() {
    let folder = folder();
    for index in 0..600 {
        fs::write(folder.path().join(format!("{index}.txt")), PAGE).unwrap();
    }
    let arguments =
        [".", "--output-format", "full", "--output-format", "json-lines", "--output-file", "out"];
    let mut child = command(folder.path(), &arguments)
        .arg("--select=BP001")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    child.wait().unwrap();
    assert_eq!(fs::read_to_string(folder.path().join("out")).unwrap().lines().count(), 601);
}

#[cfg(unix)]
#[test]
fn writes_reports_through_symlinks_and_pipes() {
    use std::os::unix::fs::FileTypeExt;

    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("target"), "old").unwrap();
    std::os::unix::fs::symlink("target", at("link")).unwrap();
    run(folder.path(), &["page.txt", "--output-format", "concise", "--output-file", "link"]);
    assert!(at("link").is_symlink());
    assert!(fs::read_to_string(at("target")).unwrap().starts_with("page.txt:3:1: BP001"));

    if !Command::new("mkfifo").arg(at("pipe")).status().is_ok_and(|status| status.success()) {
        println!("skipped: there is no mkfifo");
        return;
    }
    let pipe = at("pipe");
    let reader = std::thread::spawn(move || fs::read_to_string(pipe).unwrap());
    run(folder.path(), &["page.txt", "--output-format", "concise", "--output-file", "pipe"]);
    assert!(reader.join().unwrap().starts_with("page.txt:3:1: BP001"));
    assert!(fs::symlink_metadata(at("pipe")).unwrap().file_type().is_fifo());
}

#[test]
fn fixing_stdin_writes_the_report_file() {
    let folder = folder();
    let arguments =
        ["-", "--fix", "--select=BP001", "--output-format", "json", "--output-file", "out.json"];
    let mut child = command(folder.path(), &arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), PAGE.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        PAGE.lines().next().unwrap().to_owned() + "\n"
    );
    assert_eq!(fs::read_to_string(folder.path().join("out.json")).unwrap(), "[]\n");
}

const MENU: &str = "# Rivers\n\nThe river rises in the hills above the town, and both banks flood every spring.\n\n\
                    Leave a Comment\n\nLeave a Comment\n\nLeave a Comment\n\nLeave a Comment\n";

fn printed(folder: &Path, arguments: &[&str]) -> String {
    String::from_utf8(run(folder, arguments).stdout).unwrap()
}

#[test]
fn runs_of_equal_findings_fold_and_still_count() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("menu.txt"), MENU).unwrap();
    let arguments = ["menu.txt", "--select", "BP001", "--output-format"];
    let format = |format: &str, more: &[&str]| {
        printed(folder.path(), &[&arguments[..], &[format], more].concat())
    };

    let concise = format("concise", &[]);
    let (line, summary) = concise.split_once('\n').unwrap();
    assert!(
        line.ends_with("(safe fix): “Leave a Comment”, and 3 more lines, to line 11"),
        "{line}"
    );
    assert!(summary.starts_with("1 file checked: 4 findings in 1 file (4 fixable"), "{summary}");
    assert_eq!(format("concise", &["--no-fold"]).matches("BP001").count(), 4);

    let full = format("full", &[]);
    assert_eq!(full.matches("warning[BP001]").count(), 1, "{full}");
    assert!(full.contains("= note: and 3 more lines, to line 11"), "{full}");
    assert_eq!(format("full", &["--no-fold"]).matches("warning[BP001]").count(), 4);

    for whole in ["json-lines", "grouped"] {
        assert_eq!(format(whole, &[]).matches("BP001").count(), 4, "{whole}");
    }
    run(folder.path(), &["menu.txt", "--select", "BP001", "--write-baseline", "baseline.json"]);
    let known = format("concise", &["--baseline", "baseline.json"]);
    assert!(known.contains("4 known findings left out"), "{known}");
    assert_eq!(
        run(folder.path(), &["menu.txt", "--select", "BP001", "--max-findings", "3"]).status.code(),
        Some(1)
    );
    assert_eq!(
        run(folder.path(), &["menu.txt", "--select", "BP001", "--max-findings", "4"]).status.code(),
        Some(0)
    );
}

#[test]
fn two_findings_and_interrupted_runs_do_not_fold() {
    let folder = TempDir::new().unwrap();
    let broken = MENU.replacen(
        "Leave a Comment\n\nLeave",
        "Leave a Comment\n\nThe mill closed in 1950.\n\nLeave",
        2,
    );
    fs::write(folder.path().join("broken.txt"), &broken).unwrap();
    let concise =
        printed(folder.path(), &["broken.txt", "--select", "BP001", "--output-format", "concise"]);
    assert_eq!(concise.matches("BP001").count(), 4, "{concise}");
    assert!(!concise.contains("more line"), "{concise}");
}
