//! The gate: what a team adopts, what then fails, and what does not.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

fn dechaff(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dechaff")).current_dir(folder).args(arguments).output().unwrap()
}

/// The exit code, and what was printed on both sides.
fn said(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let output = dechaff(folder, arguments);
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

fn corpus(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

const HARBOUR: &str = "The harbour was quiet when the first boats came in.\n\nLeave a Comment\n";
const MARKET: &str = "The market opened at six, and by noon the fish was gone.\n\nShare this article\n";

#[test]
fn a_noisy_corpus_is_adopted_with_two_commands() {
    let folder = corpus(&[("a.txt", HARBOUR), ("b/c.txt", MARKET)]);
    let folder = folder.path();
    assert_eq!(said(folder, &["check", ".", "--write-baseline", "known.json"]).0, 0);
    let gate = ["check", ".", "--baseline", "known.json"];
    assert_eq!(said(folder, &gate).0, 0);

    // Moved and reordered, within a file and with it.
    fs::write(folder.join("a.txt"), "Leave a Comment\n\nThe harbour was quiet when the first boats came in.\n")
        .unwrap();
    fs::rename(folder.join("b/c.txt"), folder.join("d.txt")).unwrap();
    let (code, text) = said(folder, &gate);
    assert_eq!(code, 0, "{text}");

    // The same noise once more, in its own file or in another, is new.
    fs::write(folder.join("a.txt"), format!("{HARBOUR}\nLeave a Comment\n")).unwrap();
    assert_eq!(said(folder, &gate).0, 1);
    fs::write(folder.join("a.txt"), HARBOUR).unwrap();
    fs::write(folder.join("e.txt"), "Nets are mended in the morning.\n\nLeave a Comment\n").unwrap();
    let (code, text) = said(folder, &gate);
    assert_eq!(code, 1);
    assert!(text.contains("e.txt:3:1") && text.contains("2 known findings left out"), "{text}");
}

#[test]
fn a_new_finding_does_not_hide_behind_one_that_was_fixed() {
    let folder = corpus(&[("a.txt", HARBOUR), ("b.txt", MARKET)]);
    let folder = folder.path();
    dechaff(folder, &["check", ".", "--write-baseline", "known.json"]);
    fs::write(folder.join("a.txt"), "The harbour was quiet when the first boats came in.\n\nShare this article\n")
        .unwrap();
    let (code, text) = said(folder, &["check", ".", "--baseline", "known.json"]);
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("1 known finding no longer found") && text.contains("a.txt: BP001 Leave a Comment"),
        "{text}"
    );

    let (_, text) = said(folder, &["check", ".", "--baseline", "known.json", "--prune-baseline"]);
    assert!(text.contains("1 known finding taken out of known.json"), "{text}");
    assert!(!fs::read_to_string(folder.join("known.json")).unwrap().contains("a.txt"));
}

#[test]
fn what_is_known_is_not_fixed() {
    let folder = corpus(&[("a.txt", HARBOUR)]);
    let folder = folder.path();
    dechaff(folder, &["check", ".", "--write-baseline", "known.json"]);
    fs::write(folder.join("a.txt"), format!("{HARBOUR}\nShare this article\n")).unwrap();
    let (code, text) = said(folder, &["check", ".", "--baseline", "known.json", "--fix"]);
    assert_eq!(code, 0, "{text}");
    assert_eq!(fs::read_to_string(folder.join("a.txt")).unwrap(), HARBOUR);

    // One more of what is known is new, and goes.
    fs::write(folder.join("a.txt"), format!("{HARBOUR}\nLeave a Comment\n")).unwrap();
    assert_eq!(said(folder, &["check", ".", "--baseline", "known.json", "--fix"]).0, 0);
    assert_eq!(fs::read_to_string(folder.join("a.txt")).unwrap(), HARBOUR);
}

#[test]
fn copies_have_the_settings_of_their_originals() {
    let folder = corpus(&[
        ("q/a.txt", HARBOUR),
        ("b.txt", MARKET),
        ("dechaff.toml", "baseline = \"known.json\"\n[per-file-ignores]\n\"q/**\" = [\"BP\"]\n"),
    ]);
    let folder = folder.path();
    dechaff(folder, &["check", ".", "--write-baseline", "known.json"]);
    assert_eq!(said(folder, &["check", "."]).0, 0);
    let (code, text) = said(folder, &["check", ".", "--output-dir", "out"]);
    assert_eq!(code, 0, "{text}");
}

#[test]
fn a_gate_that_looked_at_nothing_fails() {
    let folder = corpus(&[("a.jsonl", "{\"text\":\"The harbour was quiet.\"}\n")]);
    assert_eq!(said(folder.path(), &["check", "."]).0, 0);
    assert_eq!(said(folder.path(), &["check", ".", "--text-field", "content"]).0, 2);
}

#[test]
fn json_lines_are_known_by_their_first_bytes() {
    let shard = "{\"id\":1,\"text\":\"The harbour was quiet.\\n\\nLeave a Comment\"}\n{\"id\":2,\"text\":\"The boats came in.\"}\n";
    let folder = corpus(&[("dump.dat", shard)]);
    let folder = folder.path();
    assert_eq!(said(folder, &["check", "dump.dat", "--fix"]).0, 0);
    let fixed = fs::read_to_string(folder.join("dump.dat")).unwrap();
    assert_eq!(fixed, shard.replace("\\n\\nLeave a Comment", ""));
}

#[test]
fn a_document_that_is_left_alone_is_left_alone_whatever_others_hold() {
    let doubled = "The council voted for the plan on Monday after a long debate, and the mayor signed it at noon.\n";
    let noise = "Leave a Comment\n\nShare this article\n\nFollow us on Facebook\n\n".repeat(12);
    let folder = corpus(&[("a.txt", doubled), ("b.txt", &format!("{noise}{doubled}"))]);
    let (code, text) = said(folder.path(), &["check", ".", "--fix", "--unsafe-fixes"]);
    assert!(code == 1 && text.contains("left alone"), "{text}");
}

#[test]
fn ignored_findings_are_left_out_by_comments_or_by_a_list() {
    let table = "The plans:\n\n| Key | Action |\n| Esc | closes |\n\nLeave a Comment\n";
    let folder = corpus(&[("a.txt", HARBOUR), ("b.md", table), ("crlf.txt", &HARBOUR.replace('\n', "\r\n"))]);
    let folder = folder.path();
    let (before, found) = said(folder, &["check", ".", "--output-format", "concise"]);
    assert_eq!(before, 1, "{found}");

    let (code, text) = said(folder, &["check", ".", "--add-ignore", "--ignore-list", "ignored.txt"]);
    assert_eq!(code, 0, "{text}");
    assert_eq!(fs::read_to_string(folder.join("a.txt")).unwrap(), HARBOUR);
    assert_eq!(said(folder, &["check", ".", "--ignore-list", "ignored.txt"]).0, 0);
    assert_eq!(said(folder, &["check", ".", "--ignore-list", "ignored.txt", "--fix", "--unsafe-fixes"]).0, 0);
    assert_eq!(fs::read_to_string(folder.join("a.txt")).unwrap(), HARBOUR);

    let (code, text) = said(folder, &["check", ".", "--add-ignore"]);
    assert_eq!(code, 0, "{text}");
    let noted = fs::read_to_string(folder.join("a.txt")).unwrap();
    assert_eq!(noted, HARBOUR.replace("Leave", "<!-- dechaff: ignore[BP001] -->\nLeave"));
    let crlf = fs::read_to_string(folder.join("crlf.txt")).unwrap();
    assert_eq!(crlf.matches('\n').count(), crlf.matches("\r\n").count());
    let (code, text) = said(folder, &["check", "."]);
    assert_eq!(code, 0, "{text}");
    assert_eq!(said(folder, &["check", ".", "--fix", "--unsafe-fixes"]).0, 0);
    assert_eq!(fs::read_to_string(folder.join("a.txt")).unwrap(), noted);
}

#[test]
fn comments_in_code_are_examples() {
    let shown = "How to use it, in words.\n\n```\n<!-- dechaff: ignore-file -->\n```\n\nThe end, with `<!-- dechaff: ignore-file -->` in it.\n";
    let folder = corpus(&[("a.md", shown), ("b.md", &format!("{shown}\nLeave a Comment\n"))]);
    assert_eq!(said(folder.path(), &["check", "a.md", "--fix"]).0, 0);
    assert_eq!(fs::read_to_string(folder.path().join("a.md")).unwrap(), shown);
    assert_eq!(said(folder.path(), &["check", "b.md"]).0, 1);
}

#[test]
fn a_report_never_takes_the_place_of_what_is_checked() {
    let folder = corpus(&[("a.md", HARBOUR)]);
    let arguments = ["check", "a.md", "--output-format", "concise", "--output-file", "./a.md"];
    assert_eq!(said(folder.path(), &arguments).0, 2);
    assert_eq!(fs::read_to_string(folder.path().join("a.md")).unwrap(), HARBOUR);
}

#[test]
fn what_is_noted_stays_noted() {
    let folder = TempDir::new().unwrap();
    for entry in fs::read_dir("seeds").unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    let (code, text) = said(folder.path(), &["check", ".", "--add-ignore"]);
    assert_eq!(code, 0, "{text}");
    let (code, text) = said(folder.path(), &["check", ".", "--output-format", "concise"]);
    assert_eq!(code, 0, "{text}");
}

#[test]
fn fixing_takes_out_comments_that_leave_nothing_out() {
    let folder = corpus(&[("a.txt", "<!-- dechaff: ignore[BP001] -->\n\nThe harbour was quiet.\n")]);
    assert_eq!(said(folder.path(), &["check", ".", "--fix"]).0, 0);
    assert_eq!(fs::read_to_string(folder.path().join("a.txt")).unwrap(), "The harbour was quiet.\n");
}

#[test]
fn severity_and_number_decide_what_fails() {
    let folder = corpus(&[("a.txt", HARBOUR), ("dechaff.toml", "[rule.BP001]\nseverity = \"info\"\n")]);
    let folder = folder.path();
    let code = |arguments: &[&str]| said(folder, &[&["check", "."], arguments].concat()).0;
    assert_eq!(code(&[]), 1);
    assert_eq!(code(&["--fail-on", "warning"]), 0);
    assert_eq!(code(&["--fail-on", "never"]), 0);
    assert_eq!(code(&["--max-findings", "1"]), 0);
    assert_eq!(code(&["--max-findings", "0"]), 1);
    assert_eq!(code(&["--config", "fail-on=\"warning\""]), 0);
}

#[test]
fn each_file_has_the_settings_of_the_nearest_configuration() {
    let folder = corpus(&[
        ("a.txt", HARBOUR),
        ("quiet/b.txt", MARKET),
        ("quiet/deep/c.txt", &MARKET.replace("market", "auction")),
        ("quiet/pyproject.toml", "[project]\nname = \"x\"\n[tool.dechaff]\nignore = [\"BP\"]\n"),
        ("other/pyproject.toml", "[project]\nname = \"y\"\n"),
        ("other/d.txt", "Nets are mended in the morning.\n\nShare this article\n"),
    ]);
    let (_, text) = said(folder.path(), &["check", ".", "--output-format", "concise", "--ignore", "ND"]);
    assert!(text.contains("a.txt:3:1") && text.contains("other/d.txt:3:1") && !text.contains("quiet"), "{text}");
    let (_, text) = said(folder.path(), &["check", ".", "--output-format", "concise", "--isolated", "--ignore", "ND"]);
    assert!(text.contains("quiet/b.txt:3:1"), "{text}");

    fs::write(folder.path().join("quiet/pyproject.toml"), "[tool.dechaff]\nselct = []\n").unwrap();
    let (code, text) = said(folder.path(), &["check", ".", "--fix"]);
    assert_eq!(code, 2);
    assert!(text.contains("quiet/pyproject.toml:2:1"), "{text}");
    assert_eq!(fs::read_to_string(folder.path().join("a.txt")).unwrap(), HARBOUR, "nothing was fixed");
}

#[test]
fn fixes_are_promoted_and_demoted() {
    let folder = corpus(&[("a.txt", HARBOUR)]);
    let folder = folder.path();
    said(folder, &["check", ".", "--fix", "--config", "extend-unsafe-fixes=[\"comment-prompt\"]"]);
    assert_eq!(fs::read_to_string(folder.join("a.txt")).unwrap(), HARBOUR);

    let doubled = "The harbour was quiet when the first boats came in at dawn today.\n";
    for name in ["b.txt", "c.txt"] {
        fs::write(folder.join(name), format!("{name} begins here, and says nothing else.\n\n{doubled}")).unwrap();
    }
    said(folder, &["check", "b.txt", "c.txt", "--fix"]);
    assert!(fs::read_to_string(folder.join("c.txt")).unwrap().contains(doubled));
    said(
        folder,
        &["check", "b.txt", "c.txt", "--fix", "--max-removed", "1", "--config", "extend-safe-fixes=[\"ND001\"]"],
    );
    assert!(fs::read_to_string(folder.join("b.txt")).unwrap().contains(doubled));
    assert!(!fs::read_to_string(folder.join("c.txt")).unwrap().contains(doubled));
}

#[test]
fn changed_files_are_checked_and_compared_with_all() {
    let folder =
        corpus(&[("a.txt", HARBOUR), ("z.txt", "By dawn the nets lay mended on the quay, and the men slept.\n")]);
    let folder = folder.path();
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"];
        Command::new("git")
            .current_dir(folder)
            .args(identity)
            .args(arguments)
            .output()
            .is_ok_and(|output| output.status.success())
    };
    if !git(&["init", "-q"]) {
        eprintln!("skipped: git is not there");
        return;
    }
    assert!(git(&["add", "."]) && git(&["commit", "-qm", "first"]));
    let since = ["check", ".", "--since", "HEAD", "--output-format", "concise"];
    // That nothing changed is an ordinary result; that there is nothing to look at is not.
    assert_eq!(said(folder, &since), (0, "no files checked: none changed since HEAD\n".to_owned()));
    fs::create_dir(folder.join("empty")).unwrap();
    let (code, text) = said(folder, &["check", "empty", "--since", "HEAD"]);
    assert!(code == 2 && text.contains("no files to check in `empty`"), "{text}");
    assert_eq!(said(folder, &["check", ".", "--since", "HEAD", "--diff"]).0, 0);

    // The copy comes first in order of path, but the other was there before it.
    fs::write(folder.join("b.txt"), "By dawn the nets lay mended on the quay, and the men slept.\n").unwrap();
    let (code, text) = said(folder, &since);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("b.txt:1:1: ND001") && !text.contains("a.txt") && text.contains("1 file checked"), "{text}");

    let (code, text) = said(folder, &["check", ".", "--since", "no-such-thing"]);
    assert!(code == 2 && text.contains("no such revision"), "{text}");
}

#[test]
fn an_excluded_folder_is_checked_if_it_is_given() {
    let folder = corpus(&[
        ("drafts/old/a.txt", HARBOUR),
        ("drafts/b.txt", MARKET),
        ("c.txt", "The harbour was quiet.\n"),
        ("dechaff.toml", "exclude = [\"drafts\", \"old\"]\n"),
    ]);
    let folder = folder.path();
    let checked = |arguments: &[&str]| said(folder, &[&["check", "--output-format", "concise"], arguments].concat()).1;
    assert_eq!(checked(&["."]), "1 file checked: no findings\n");
    let drafts = checked(&["drafts"]);
    assert!(drafts.starts_with("drafts/b.txt:3:1: BP") && drafts.contains("\n1 file checked: 1 finding"), "{drafts}");
    assert!(checked(&["drafts/old"]).starts_with("drafts/old/a.txt:3:1: BP001"));
    assert_eq!(checked(&["drafts", "--force-exclude"]), "no files checked: all of them are excluded\n");
}

#[test]
fn a_rule_that_makes_up_most_findings_in_one_file_is_named() {
    let page = "The valve opens at two bar, and closes at three.\n\nLeave a Comment\n\n".repeat(30);
    let folder = corpus(&[("docs/rules.md", &page), ("a.txt", HARBOUR)]);
    let folder = folder.path();
    let (code, text) = said(folder, &["check", ".", "--select", "BP"]);
    let hint = "findings are BP001 in docs/rules.md; to leave them out, put this into dechaff.toml:\n\n    \
                [per-file-ignores]\n    \"docs/rules.md\" = [\"BP001\"]\n";
    assert!(code == 1 && text.contains("dechaff: hint: ") && text.contains(hint), "{text}");
    fs::write(folder.join("dechaff.toml"), "[per-file-ignores]\n\"docs/rules.md\" = [\"BP001\"]\n").unwrap();
    assert!(!said(folder, &["check", ".", "--select", "BP"]).1.contains("hint"));
    for arguments in [&["docs"][..], &["a.txt"], &[".", "--quiet"], &[".", "--output-format", "json"]] {
        let text = said(folder, &[&["check", "--isolated", "--select", "BP"], arguments].concat()).1;
        assert!(!text.contains("hint:"), "{arguments:?}: {text}");
    }
}

#[test]
fn this_repository_is_clean() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (code, text) = said(repository, &["check", ".", "--output-format", "concise"]);
    assert_eq!(code, 0, "{text}");
    // Its faulty articles are found all the same.
    assert_eq!(said(repository, &["check", "seeds", "--quiet"]).0, 1);
}

#[cfg(unix)]
#[test]
fn the_last_line_counts_files_that_cannot_be_read() {
    let folder = corpus(&[("a.txt", "The harbour was quiet.\n")]);
    let folder = folder.path();
    std::os::unix::fs::symlink("nowhere", folder.join("gone.txt")).unwrap();
    let (code, text) = said(folder, &["check", "gone.txt"]);
    assert_eq!(code, 2);
    assert!(text.starts_with("no files checked; 1 file could not be read\n"), "{text}");
    let (code, text) = said(folder, &["check", "a.txt", "gone.txt", "--allow-empty"]);
    assert_eq!(code, 2);
    assert!(text.contains("1 file checked: no findings; 1 file could not be read\n"), "{text}");
}

#[test]
fn an_empty_run_leaves_the_baseline_alone() {
    let folder = corpus(&[("a.txt", HARBOUR), ("empty/.keep", "")]);
    let folder = folder.path();
    dechaff(folder, &["check", ".", "--write-baseline", "known.json"]);
    let before = fs::read_to_string(folder.join("known.json")).unwrap();
    for change in [&["--write-baseline", "known.json"][..], &["--baseline", "known.json", "--prune-baseline"]] {
        assert_eq!(said(folder, &[&["check", "empty"], change].concat()).0, 2);
        assert_eq!(fs::read_to_string(folder.join("known.json")).unwrap(), before);
    }
}

#[test]
fn the_schema_says_what_the_parser_takes() {
    let (_, schema) = said(Path::new("."), &["config", "--schema"]);
    let kept = Path::new("docs/dechaff.schema.json");
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        fs::write(kept, &schema).unwrap();
    }
    assert!(
        fs::read_to_string(kept).unwrap() == schema,
        "{} is not what `dechaff config --schema` prints: UPDATE_SCHEMA=1 cargo test --test it gate:: writes it",
        kept.display()
    );
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();

    // What either refuses, the other refuses too.
    let folder = corpus(&[("a.txt", "The harbour was quiet.\n")]);
    let starter: String = include_str!("../../src/cli/starter.toml")
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(setting) if setting.contains(" = ") || setting.starts_with('[') => format!("{setting}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let starter = starter.replace("select = []", "select = [\"ALL\"]").replace("rules = [\"my-rules/\"]", "rules = []");
    let starter = starter.replace("extend = \"../dechaff.toml\"\n", "");
    let starter = starter.replace("baseline = \"dechaff-baseline.json\"\n", "");
    let configurations = [
        (starter.as_str(), true),
        ("select = [\"BP\"]\n[rule.ND002]\nthreshold = 0.9\nseverity = \"error\"\n", true),
        ("selct = []\n", false),
        ("select = \"BP\"\n", false),
        ("fail-on = \"warn\"\n", false),
        ("max-removed = 3.0\n", false),
        ("unsafe-fixes = 1\n", false),
        ("[rule.BP001]\nseverity = \"eror\"\n", false),
        ("[per-file-ignores]\nquotes = \"BP\"\n", false),
    ];
    for (text, is_valid) in configurations {
        fs::write(folder.path().join("dechaff.toml"), text).unwrap();
        let (code, printed) = said(folder.path(), &["check", "."]);
        assert_eq!(code != 2, is_valid, "the parser, of:\n{text}\n{printed}");
        let value = serde_json::to_value(toml::from_str::<toml::Table>(text).unwrap()).unwrap();
        assert_eq!(validator.is_valid(&value), is_valid, "the schema, of:\n{text}");
    }
}
