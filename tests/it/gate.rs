//! The CI gate: baselines, suppression, exit codes and settings.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::command::dechaff;

/// Returns the exit code, and standard output followed by standard error.
fn run(folder: &Path, arguments: &[&str]) -> (i32, String) {
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
const MARKET: &str =
    "The market opened at six, and by noon the fish was gone.\n\nShare this article\n";

#[test]
fn baseline_matches_moved_text_but_not_additional_copies() {
    let folder = corpus(&[("a.txt", HARBOUR), ("b/c.txt", MARKET)]);
    let folder = folder.path();
    assert_eq!(run(folder, &["check", ".", "--write-baseline", "known.json"]).0, 0);
    let gate = ["check", ".", "--baseline", "known.json"];
    assert_eq!(run(folder, &gate).0, 0);

    // Text moved within its file, and a renamed file.
    fs::write(
        folder.join("a.txt"),
        "Leave a Comment\n\nThe harbour was quiet when the first boats came in.\n",
    )
    .unwrap();
    fs::rename(folder.join("b/c.txt"), folder.join("d.txt")).unwrap();
    let (code, text) = run(folder, &gate);
    assert_eq!(code, 0, "{text}");

    // An additional copy is new, in the same file or another.
    fs::write(folder.join("a.txt"), format!("{HARBOUR}\nLeave a Comment\n")).unwrap();
    assert_eq!(run(folder, &gate).0, 1);
    fs::write(folder.join("a.txt"), HARBOUR).unwrap();
    fs::write(folder.join("e.txt"), "Nets are mended in the morning.\n\nLeave a Comment\n")
        .unwrap();
    let (code, text) = run(folder, &gate);
    assert_eq!(code, 1);
    assert!(text.contains("e.txt:3:1") && text.contains("2 known findings left out"), "{text}");
}

#[test]
fn fixed_baseline_entry_does_not_hide_another_finding() {
    let folder = corpus(&[("a.txt", HARBOUR), ("b.txt", MARKET)]);
    let folder = folder.path();
    dechaff(folder, &["check", ".", "--write-baseline", "known.json"]);
    fs::write(
        folder.join("a.txt"),
        "The harbour was quiet when the first boats came in.\n\nShare this article\n",
    )
    .unwrap();
    let (code, text) = run(folder, &["check", ".", "--baseline", "known.json"]);
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("1 known finding no longer found")
            && text.contains("a.txt: BP001 Leave a Comment"),
        "{text}"
    );

    let (_, text) = run(folder, &["check", ".", "--baseline", "known.json", "--prune-baseline"]);
    assert!(text.contains("1 known finding taken out of known.json"), "{text}");
    assert!(!fs::read_to_string(folder.join("known.json")).unwrap().contains("a.txt"));
}

#[test]
fn known_findings_are_not_fixed() {
    let folder = corpus(&[("a.txt", HARBOUR)]);
    let folder = folder.path();
    dechaff(folder, &["check", ".", "--write-baseline", "known.json"]);
    fs::write(folder.join("a.txt"), format!("{HARBOUR}\nShare this article\n")).unwrap();
    let (code, text) = run(folder, &["check", ".", "--baseline", "known.json", "--fix"]);
    assert_eq!(code, 0, "{text}");
    assert_eq!(fs::read_to_string(folder.join("a.txt")).unwrap(), HARBOUR);

    // An additional copy is new, so it is fixed.
    fs::write(folder.join("a.txt"), format!("{HARBOUR}\nLeave a Comment\n")).unwrap();
    assert_eq!(run(folder, &["check", ".", "--baseline", "known.json", "--fix"]).0, 0);
    assert_eq!(fs::read_to_string(folder.join("a.txt")).unwrap(), HARBOUR);
}

#[test]
fn output_dir_uses_the_settings_of_the_originals() {
    let folder = corpus(&[
        ("q/a.txt", HARBOUR),
        ("b.txt", MARKET),
        ("dechaff.toml", "baseline = \"known.json\"\n[per-file-ignores]\n\"q/**\" = [\"BP\"]\n"),
    ]);
    let folder = folder.path();
    dechaff(folder, &["check", ".", "--write-baseline", "known.json"]);
    assert_eq!(run(folder, &["check", "."]).0, 0);
    let (code, text) = run(folder, &["check", ".", "--output-dir", "out"]);
    assert_eq!(code, 0, "{text}");
}

#[test]
fn fails_if_no_document_was_checked() {
    let folder = corpus(&[("a.jsonl", "{\"text\":\"The harbour was quiet.\"}\n")]);
    assert_eq!(run(folder.path(), &["check", "."]).0, 0);
    assert_eq!(run(folder.path(), &["check", ".", "--text-field", "content"]).0, 2);
}

#[test]
fn detects_json_lines_by_content() {
    let shard = "{\"id\":1,\"text\":\"The harbour was quiet.\\n\\nLeave a Comment\"}\n{\"id\":2,\"text\":\"The boats came in.\"}\n";
    let folder = corpus(&[("dump.dat", shard)]);
    let folder = folder.path();
    assert_eq!(run(folder, &["check", "dump.dat", "--fix"]).0, 0);
    let fixed = fs::read_to_string(folder.join("dump.dat")).unwrap();
    assert_eq!(fixed, shard.replace("\\n\\nLeave a Comment", ""));
}

#[test]
fn max_removed_also_applies_to_duplicates() {
    let doubled = "The council voted for the plan on Monday after a long debate, and the mayor signed it at noon.\n";
    let noise = "Leave a Comment\n\nShare this article\n\nFollow us on Facebook\n\n".repeat(12);
    let folder = corpus(&[("a.txt", doubled), ("b.txt", &format!("{noise}{doubled}"))]);
    let (code, text) = run(folder.path(), &["check", ".", "--fix", "--unsafe-fixes"]);
    assert!(code == 1 && text.contains("left alone"), "{text}");
}

#[test]
fn add_ignore_suppresses_all_findings_by_comments_or_list() {
    let table = "The plans:\n\n| Key | Action |\n| Esc | closes |\n\nLeave a Comment\n";
    let folder = corpus(&[
        ("a.txt", HARBOUR),
        ("b.md", table),
        ("crlf.txt", &HARBOUR.replace('\n', "\r\n")),
    ]);
    let folder = folder.path();
    let (before, found) = run(folder, &["check", ".", "--output-format", "concise"]);
    assert_eq!(before, 1, "{found}");

    let (code, text) = run(folder, &["check", ".", "--add-ignore", "--ignore-list", "ignored.txt"]);
    assert_eq!(code, 0, "{text}");
    assert_eq!(fs::read_to_string(folder.join("a.txt")).unwrap(), HARBOUR);
    assert_eq!(run(folder, &["check", ".", "--ignore-list", "ignored.txt"]).0, 0);
    assert_eq!(
        run(folder, &["check", ".", "--ignore-list", "ignored.txt", "--fix", "--unsafe-fixes"]).0,
        0
    );
    assert_eq!(fs::read_to_string(folder.join("a.txt")).unwrap(), HARBOUR);

    let (code, text) = run(folder, &["check", ".", "--add-ignore"]);
    assert_eq!(code, 0, "{text}");
    let noted = fs::read_to_string(folder.join("a.txt")).unwrap();
    assert_eq!(noted, HARBOUR.replace("Leave", "<!-- dechaff: ignore[BP001] -->\nLeave"));
    let crlf = fs::read_to_string(folder.join("crlf.txt")).unwrap();
    assert_eq!(crlf.matches('\n').count(), crlf.matches("\r\n").count());
    let (code, text) = run(folder, &["check", "."]);
    assert_eq!(code, 0, "{text}");
    assert_eq!(run(folder, &["check", ".", "--fix", "--unsafe-fixes"]).0, 0);
    assert_eq!(fs::read_to_string(folder.join("a.txt")).unwrap(), noted);
}

#[test]
fn suppression_comments_in_code_have_no_effect() {
    let shown = "How to use it, in words.\n\n```\n<!-- dechaff: ignore-file -->\n```\n\nThe end, with `<!-- dechaff: ignore-file -->` in it.\n";
    let folder = corpus(&[("a.md", shown), ("b.md", &format!("{shown}\nLeave a Comment\n"))]);
    assert_eq!(run(folder.path(), &["check", "a.md", "--fix"]).0, 0);
    assert_eq!(fs::read_to_string(folder.path().join("a.md")).unwrap(), shown);
    assert_eq!(run(folder.path(), &["check", "b.md"]).0, 1);
}

#[test]
fn output_file_must_not_be_an_input() {
    let folder = corpus(&[("a.md", HARBOUR)]);
    let arguments = ["check", "a.md", "--output-format", "concise", "--output-file", "./a.md"];
    assert_eq!(run(folder.path(), &arguments).0, 2);
    assert_eq!(fs::read_to_string(folder.path().join("a.md")).unwrap(), HARBOUR);
}

#[test]
fn add_ignore_leaves_no_findings_in_the_seeds() {
    let folder = TempDir::new().unwrap();
    for entry in fs::read_dir("seeds").unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    let (code, text) = run(folder.path(), &["check", ".", "--add-ignore"]);
    assert_eq!(code, 0, "{text}");
    let (code, text) = run(folder.path(), &["check", ".", "--output-format", "concise"]);
    assert_eq!(code, 0, "{text}");
}

#[test]
fn fix_removes_unused_suppression_comments() {
    let folder =
        corpus(&[("a.txt", "<!-- dechaff: ignore[BP001] -->\n\nThe harbour was quiet.\n")]);
    assert_eq!(run(folder.path(), &["check", ".", "--fix"]).0, 0);
    assert_eq!(
        fs::read_to_string(folder.path().join("a.txt")).unwrap(),
        "The harbour was quiet.\n"
    );
}

#[test]
fn fail_on_and_max_findings_set_the_exit_code() {
    let folder =
        corpus(&[("a.txt", HARBOUR), ("dechaff.toml", "[rule.BP001]\nseverity = \"info\"\n")]);
    let folder = folder.path();
    let code = |arguments: &[&str]| run(folder, &[&["check", "."], arguments].concat()).0;
    assert_eq!(code(&[]), 1);
    assert_eq!(code(&["--fail-on", "warning"]), 0);
    assert_eq!(code(&["--fail-on", "never"]), 0);
    assert_eq!(code(&["--max-findings", "1"]), 0);
    assert_eq!(code(&["--max-findings", "0"]), 1);
    assert_eq!(code(&["--config", "fail-on=\"warning\""]), 0);
}

#[test]
fn nearest_configuration_applies_to_each_file() {
    let folder = corpus(&[
        ("a.txt", HARBOUR),
        ("quiet/b.txt", MARKET),
        ("quiet/deep/c.txt", &MARKET.replace("market", "auction")),
        ("quiet/pyproject.toml", "[project]\nname = \"x\"\n[tool.dechaff]\nignore = [\"BP\"]\n"),
        ("other/pyproject.toml", "[project]\nname = \"y\"\n"),
        ("other/d.txt", "Nets are mended in the morning.\n\nShare this article\n"),
    ]);
    let (_, text) =
        run(folder.path(), &["check", ".", "--output-format", "concise", "--ignore", "ND"]);
    assert!(
        text.contains("a.txt:3:1") && text.contains("other/d.txt:3:1") && !text.contains("quiet"),
        "{text}"
    );
    let (_, text) = run(
        folder.path(),
        &["check", ".", "--output-format", "concise", "--isolated", "--ignore", "ND"],
    );
    assert!(text.contains("quiet/b.txt:3:1"), "{text}");

    fs::write(folder.path().join("quiet/pyproject.toml"), "[tool.dechaff]\nselct = []\n").unwrap();
    let (code, text) = run(folder.path(), &["check", ".", "--fix"]);
    assert_eq!(code, 2);
    assert!(text.contains("quiet/pyproject.toml:2:1"), "{text}");
    assert_eq!(
        fs::read_to_string(folder.path().join("a.txt")).unwrap(),
        HARBOUR,
        "nothing was fixed"
    );
}

#[test]
fn configuration_changes_the_applicability_of_fixes() {
    let folder = corpus(&[("a.txt", HARBOUR)]);
    let folder = folder.path();
    run(folder, &["check", ".", "--fix", "--config", "extend-unsafe-fixes=[\"comment-prompt\"]"]);
    assert_eq!(fs::read_to_string(folder.join("a.txt")).unwrap(), HARBOUR);

    let doubled = "The harbour was quiet when the first boats came in at dawn today.\n";
    for name in ["b.txt", "c.txt"] {
        fs::write(
            folder.join(name),
            format!("{name} begins here, and says nothing else.\n\n{doubled}"),
        )
        .unwrap();
    }
    run(folder, &["check", "b.txt", "c.txt", "--fix"]);
    assert!(fs::read_to_string(folder.join("c.txt")).unwrap().contains(doubled));
    run(
        folder,
        &[
            "check",
            "b.txt",
            "c.txt",
            "--fix",
            "--max-removed",
            "1",
            "--config",
            "extend-safe-fixes=[\"ND001\"]",
        ],
    );
    assert!(fs::read_to_string(folder.join("b.txt")).unwrap().contains(doubled));
    assert!(!fs::read_to_string(folder.join("c.txt")).unwrap().contains(doubled));
}

#[test]
fn since_checks_changed_files_against_all_files() {
    let folder = corpus(&[
        ("a.txt", HARBOUR),
        ("z.txt", "By dawn the nets lay mended on the quay, and the men slept.\n"),
    ]);
    let folder = folder.path();
    let git = |arguments: &[&str]| {
        let identity =
            ["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"];
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
    // No changed files is a success; no files at all is an error.
    assert_eq!(run(folder, &since), (0, "no files checked: no changes since HEAD\n".to_owned()));
    fs::create_dir(folder.join("empty")).unwrap();
    let (code, text) = run(folder, &["check", "empty", "--since", "HEAD"]);
    assert!(code == 2 && text.contains("no files to check in `empty`"), "{text}");
    assert_eq!(run(folder, &["check", ".", "--since", "HEAD", "--diff"]).0, 0);

    // The unchanged file counts as the original, although the copy sorts first.
    fs::write(
        folder.join("b.txt"),
        "By dawn the nets lay mended on the quay, and the men slept.\n",
    )
    .unwrap();
    let (code, text) = run(folder, &since);
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("b.txt:1:1: ND001")
            && !text.contains("a.txt")
            && text.contains("1 file checked"),
        "{text}"
    );

    let (code, text) = run(folder, &["check", ".", "--since", "no-such-thing"]);
    assert!(code == 2 && text.contains("no such revision"), "{text}");
}

#[test]
fn excluded_directory_is_checked_if_passed_explicitly() {
    let folder = corpus(&[
        ("drafts/old/a.txt", HARBOUR),
        ("drafts/b.txt", MARKET),
        ("c.txt", "The harbour was quiet.\n"),
        ("dechaff.toml", "exclude = [\"drafts\", \"old\"]\n"),
    ]);
    let folder = folder.path();
    let checked = |arguments: &[&str]| {
        run(folder, &[&["check", "--output-format", "concise"], arguments].concat()).1
    };
    assert_eq!(checked(&["."]), "1 file checked: no findings\n");
    let drafts = checked(&["drafts"]);
    assert!(
        drafts.starts_with("drafts/b.txt:3:1: BP")
            && drafts.contains("\n1 file checked: 1 finding"),
        "{drafts}"
    );
    assert!(checked(&["drafts/old"]).starts_with("drafts/old/a.txt:3:1: BP001"));
    assert_eq!(
        checked(&["drafts", "--force-exclude"]),
        "no files checked: all of them are excluded\n"
    );
}

#[test]
fn suggests_per_file_ignores_for_a_dominant_rule() {
    let page = "The valve opens at two bar, and closes at three.\n\nLeave a Comment\n\n".repeat(30);
    let folder = corpus(&[("docs/rules.md", &page), ("a.txt", HARBOUR)]);
    let folder = folder.path();
    let (code, text) = run(folder, &["check", ".", "--select", "BP"]);
    let hint = "findings are BP001 in docs/rules.md; to ignore them, add this to dechaff.toml:\n\n    \
                [per-file-ignores]\n    \"docs/rules.md\" = [\"BP001\"]\n";
    assert!(code == 1 && text.contains("dechaff: hint: ") && text.contains(hint), "{text}");
    fs::write(folder.join("dechaff.toml"), "[per-file-ignores]\n\"docs/rules.md\" = [\"BP001\"]\n")
        .unwrap();
    assert!(!run(folder, &["check", ".", "--select", "BP"]).1.contains("hint"));
    for arguments in
        [&["docs"][..], &["a.txt"], &[".", "--quiet"], &[".", "--output-format", "json"]]
    {
        let text = run(folder, &[&["check", "--isolated", "--select", "BP"], arguments].concat()).1;
        assert!(!text.contains("hint:"), "{arguments:?}: {text}");
    }
}

#[test]
fn this_repository_passes_its_own_check() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (code, text) = run(repository, &["check", ".", "--output-format", "concise"]);
    assert_eq!(code, 0, "{text}");
    // The seeds are excluded by configuration, but still have findings.
    assert_eq!(run(repository, &["check", "seeds", "--quiet"]).0, 1);
}

#[cfg(unix)]
#[test]
fn summary_counts_unreadable_files() {
    let folder = corpus(&[("a.txt", "The harbour was quiet.\n")]);
    let folder = folder.path();
    std::os::unix::fs::symlink("nowhere", folder.join("gone.txt")).unwrap();
    let (code, text) = run(folder, &["check", "gone.txt"]);
    assert_eq!(code, 2);
    assert!(text.starts_with("no files checked; 1 file could not be read\n"), "{text}");
    let (code, text) = run(folder, &["check", "a.txt", "gone.txt", "--allow-empty"]);
    assert_eq!(code, 2);
    assert!(text.contains("1 file checked: no findings; 1 file could not be read\n"), "{text}");
}

#[test]
fn empty_run_does_not_prune_the_baseline() {
    let folder = corpus(&[("a.txt", HARBOUR), ("empty/.keep", "")]);
    let folder = folder.path();
    dechaff(folder, &["check", ".", "--write-baseline", "known.json"]);
    let before = fs::read_to_string(folder.join("known.json")).unwrap();
    for change in
        [&["--write-baseline", "known.json"][..], &["--baseline", "known.json", "--prune-baseline"]]
    {
        assert_eq!(run(folder, &[&["check", "empty"], change].concat()).0, 2);
        assert_eq!(fs::read_to_string(folder.join("known.json")).unwrap(), before);
    }
}

#[test]
fn schema_agrees_with_the_configuration_parser() {
    let (_, schema) = run(Path::new("."), &["config", "--schema"]);
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

    // Both reject the same values.
    let folder = corpus(&[("a.txt", "The harbour was quiet.\n")]);
    let starter: String = include_str!("../../src/cli/starter.toml")
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(setting) if setting.contains(" = ") || setting.starts_with('[') => {
                format!("{setting}\n")
            }
            _ => format!("{line}\n"),
        })
        .collect();
    let starter = starter
        .replace("select = []", "select = [\"ALL\"]")
        .replace("rules = [\"my-rules/\"]", "rules = []");
    let starter = starter.replace("extend = \"../dechaff.toml\"\n", "");
    let starter = starter.replace("baseline = \"dechaff-baseline.json\"\n", "");
    let starter = starter.replace("against = [\"corpus.dxi\"]", "against = []");
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
        let (code, printed) = run(folder.path(), &["check", "."]);
        assert_eq!(code != 2, is_valid, "the parser, of:\n{text}\n{printed}");
        let value = serde_json::to_value(toml::from_str::<toml::Table>(text).unwrap()).unwrap();
        assert_eq!(validator.is_valid(&value), is_valid, "the schema, of:\n{text}");
    }
}
