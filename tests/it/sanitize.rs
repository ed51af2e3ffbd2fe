//! No character that controls a terminal, reorders text or hides it reaches any output unescaped,
//! whether it comes from texts, names, IDs, rules, lists, configuration files or arguments.

#![cfg(unix)]
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use proptest::prelude::*;
use proptest::sample::select;
use tempfile::TempDir;

/// Every output format.
const FORMATS: &[&str] = &[
    "full",
    "concise",
    "grouped",
    "json",
    "json-lines",
    "sarif",
    "github",
    "gitlab",
    "junit",
    "rdjson",
    "azure",
    "markdown",
    "html",
];

fn is_hostile(character: char) -> bool {
    let code = u32::from(character);
    character.is_control()
        || matches!(code, 0xAD | 0x61C | 0x180E | 0x200B | 0x200E | 0x200F | 0x2028..=0x202E)
        || matches!(code, 0x2060..=0x206F | 0xFEFF | 0xFFF9..=0xFFFB | 0xE0000..=0xE007F)
}

/// Returns the first hostile character in `bytes`, other than line endings and tabs.
fn hostile_in(bytes: &[u8]) -> Option<char> {
    let text = String::from_utf8(bytes.to_vec()).expect("output is UTF-8");
    text.chars().find(|&character| is_hostile(character) && !matches!(character, '\n' | '\t'))
}

/// Generates hostile characters and escape sequences, mixed with letters.
fn planted() -> impl Strategy<Value = String> {
    let hostile: Vec<String> = (1..=0x10_FFFF)
        .filter_map(char::from_u32)
        .filter(|c| is_hostile(*c))
        .map(String::from)
        .collect();
    let sequences = [
        "\u{1b}]0;x\u{7}",
        "\u{1b}[31mRED",
        "\u{1b}[8m",
        "\r::error::x",
        "\u{9b}2J",
        "##[x]",
        "\u{202e}gpj.exe",
    ];
    let sequences: Vec<String> = sequences.iter().map(|text| (*text).to_owned()).collect();
    let piece = prop_oneof![3 => select(hostile), 2 => select(sequences), 1 => "[a-z]{1,3}"];
    prop::collection::vec(piece, 6..14).prop_map(|pieces| pieces.concat())
}

/// Makes `text` usable in a file name: no `/`, and not too long.
fn to_file_name(text: &str) -> String {
    let mut name: String = text.chars().filter(|character| *character != '/').collect();
    while name.len() > 180 {
        name.pop();
    }
    name
}

struct Corpus {
    folder: TempDir,
    planted: String,
    name: String,
}

impl Corpus {
    fn new(planted: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let corpus = Self {
            folder,
            planted: planted.to_owned(),
            name: format!("n{}.txt", to_file_name(planted)),
        };
        let prose = "The talks go on in Muscat next week, both sides said on Monday, and nobody left the room.";
        corpus.write(
            &corpus.name,
            &format!("{prose}\n\nPLANT {planted} it\n\nLeave a Comment {planted}\n"),
        );
        corpus.write("plain.txt", &format!("{prose}\n\nPLANT {planted} it\n"));
        let record =
            |id: &str, text: &str| serde_json::json!({ "id": id, "text": text }).to_string() + "\n";
        let text = format!("{prose}\n\nPLANT {planted} it\n");
        corpus.write(
            "records.jsonl",
            &(record(planted, &text) + &format!("{{\"id\": \"{}\", {planted}\n", "x")),
        );
        fs::create_dir(corpus.path("rules")).unwrap();
        let mut example = toml::Table::new();
        example.insert("bad".into(), format!("{prose}\n\n⟦PLANT {planted} it⟧").into());
        let mut allowed = toml::Table::new();
        allowed.insert("allow".into(), format!("Nothing {planted}.").into());
        let mut pattern = toml::Table::new();
        pattern.insert("match".into(), "contains".into());
        pattern.insert("regex".into(), vec!["plant\\b.*".to_owned()].into());
        let never = format!("never {}", planted.replace(['[', ']', '\\'], " "));
        pattern.insert("except-regex".into(), vec![never].into());
        let mut rule = toml::Table::new();
        for (key, value) in
            [("code", "XX001"), ("name", "a-plant"), ("since", planted), ("fix", "unsafe")]
        {
            rule.insert(key.into(), value.into());
        }
        for key in ["summary", "why", "note"] {
            rule.insert(key.into(), format!("a plant {planted}").into());
        }
        rule.insert("find".into(), toml::Value::Array(vec![pattern.into()]));
        rule.insert("example".into(), toml::Value::Array(vec![example.into(), allowed.into()]));
        corpus.write("rules/plant.toml", &rule.to_string());
        corpus.write("dechaff.toml", "rules = [\"rules\"]\n");
        corpus
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dechaff"));
        command.current_dir(self.folder.path()).args(arguments);
        for name in ["GITHUB_ACTIONS", "GITLAB_CI", "FORCE_COLOR", "CLICOLOR_FORCE"] {
            command.env_remove(name);
        }
        command
    }

    /// Runs dechaff, asserts that it prints nothing hostile, and returns standard output.
    fn run(&self, arguments: &[&str]) -> Result<Vec<u8>, TestCaseError> {
        let output = self.command(arguments).output().unwrap();
        for (stream, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
            let found = hostile_in(bytes);
            let text = String::from_utf8_lossy(bytes);
            prop_assert!(found.is_none(), "{arguments:?} {stream}: {found:?} in {text:?}");
            let is_command = |line: &str| line.starts_with("::error::x");
            prop_assert!(!text.lines().any(is_command), "{arguments:?} {stream}: {text:?}");
        }
        Ok(output.stdout)
    }
}

/// Returns all strings in `value`.
fn strings(value: &serde_json::Value) -> Vec<&str> {
    match value {
        serde_json::Value::String(text) => vec![text],
        serde_json::Value::Array(values) => values.iter().flat_map(strings).collect(),
        serde_json::Value::Object(values) => values.values().flat_map(strings).collect(),
        _ => Vec::new(),
    }
}

fn check_formats(corpus: &Corpus) -> Result<(), TestCaseError> {
    for format in FORMATS {
        let printed = corpus.run(&["check", ".", "--output-format", format])?;
        prop_assert!(!printed.is_empty(), "{format}");
        let file = format!("report.{format}");
        corpus.run(&["check", ".", "-q", "--output-format", format, "--output-file", &file])?;
        let written = fs::read(corpus.path(&file)).unwrap();
        prop_assert!(
            hostile_in(&written).is_none(),
            "{format}: {:?}",
            String::from_utf8_lossy(&written)
        );
        let text = String::from_utf8(printed).unwrap();
        let values: Vec<serde_json::Value> = match *format {
            "json-lines" => text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
            "json" | "sarif" | "gitlab" | "rdjson" => vec![serde_json::from_str(&text).unwrap()],
            "junit" => {
                let document = roxmltree::Document::parse(&text);
                prop_assert!(document.is_ok(), "{text}");
                Vec::new()
            }
            _ => Vec::new(),
        };
        let all: Vec<&str> = values.iter().flat_map(strings).collect();
        if format.starts_with("json") {
            prop_assert!(all.contains(&corpus.name.as_str()), "the name in {format}");
            prop_assert!(all.contains(&corpus.planted.as_str()), "the id in {format}");
        }
        if !values.is_empty() {
            let message = format!("a plant {}", corpus.planted);
            prop_assert!(all.iter().any(|text| text.contains(&message)), "the message in {format}");
        }
    }
    // Only dechaff's own colours are printed, and they are not part of what is quoted.
    for arguments in [&["check", "."][..], &["rule", "XX001"], &["rule"]] {
        let plain = corpus.run(&[arguments, &["--color", "never"]].concat())?;
        let styled =
            corpus.command(&[arguments, &["--color", "always"]].concat()).output().unwrap().stdout;
        let mut stripped = String::from_utf8(styled).unwrap();
        while let Some(start) = stripped.find("\u{1b}[") {
            let end = start + stripped[start..].find('m').expect("a style");
            stripped.replace_range(start..=end, "");
        }
        prop_assert!(hostile_in(stripped.as_bytes()).is_none(), "{arguments:?}: {stripped:?}");
        if arguments[0] == "check" {
            prop_assert_eq!(stripped, String::from_utf8(plain).unwrap());
        }
    }
    Ok(())
}

fn check_messages(corpus: &Corpus) -> Result<(), TestCaseError> {
    let planted = corpus.planted.as_str();
    corpus.run(&["rule"])?;
    corpus.run(&["rule", "XX001"])?;
    corpus.run(&["rule", planted])?;
    corpus.run(&["test-rules", "rules"])?;
    corpus.run(&["check", ".", "--statistics"])?;
    check_arguments(corpus)?;
    check_written_files(corpus)?;
    check_unreadable_files(corpus)?;
    check_configurations(corpus)?;
    check_rule_files(corpus)
}

fn check_arguments(corpus: &Corpus) -> Result<(), TestCaseError> {
    let planted = corpus.planted.as_str();
    let with = |prefix: &str| format!("{prefix}{planted}");
    for arguments in [
        &["check", &with("missing")][..],
        &["check", &with("--unknown")],
        &[&with("unknown")],
        &["check", ".", &with("--output-format=")],
        &["check", ".", &with("--select=")],
        &["check", ".", &with("--jobs=")],
        &["check", ".", &with("--max-record=")],
        &["check", ".", &with("--text-field=")],
        &["check", ".", &with("--id-field=")],
        &["check", ".", &with("--since=")],
        &["check", ".", &with("--baseline=")],
        &["check", ".", &with("--ignore-list=")],
        &["check", ".", &with("--config=")],
        &["check", ".", &with("--config=x=")],
        &["check", ".", &format!("--config=extend = '{planted}'")],
        &[
            "check",
            ".",
            &format!("--output-file=missing/{}", to_file_name(planted)),
            "--output-format=json",
        ],
        &[
            "check",
            ".",
            &format!("--output-file={}", to_file_name(planted)),
            &format!("--output-file=x{}", to_file_name(planted)),
        ],
        &["undo", &with("missing")],
        &["undo", "dechaff.toml", &with("--root=")],
        &["init", &with("missing/")],
        &["test-rules", &with("missing")],
        &["config", &with("missing")],
        &["man", planted],
        &["completions", planted],
    ] {
        corpus.run(arguments)?;
    }
    let target = format!("copies{}", to_file_name(planted));
    fs::create_dir(corpus.path(&target)).unwrap();
    corpus.run(&["init", &target])?;
    corpus.run(&["init", &target]).map(drop)
}

/// Checks lists, logs and baselines: those that were written, and unreadable ones.
fn check_written_files(corpus: &Corpus) -> Result<(), TestCaseError> {
    let (planted, name) = (corpus.planted.as_str(), corpus.name.as_str());
    let log = format!("log{}.jsonl", to_file_name(planted));
    let log = log.as_str();
    corpus.run(&["check", ".", "--write-baseline", "baseline.json"])?;
    corpus.run(&["check", ".", "--baseline", "baseline.json"])?;
    corpus.run(&["check", ".", "--add-ignore", "--ignore-list", "list.txt"])?;
    corpus.run(&[
        "check",
        ".",
        "--unsafe-fixes",
        "--output-dir",
        &format!("out{}", to_file_name(planted)),
        "--undo-log",
        log,
    ])?;
    for name in ["baseline.json", "list.txt", log] {
        let written = fs::read(corpus.path(name)).unwrap();
        prop_assert!(
            hostile_in(&written).is_none(),
            "{name:?}: {:?}",
            String::from_utf8_lossy(&written)
        );
    }
    corpus.write(&format!("out{}/{name}", to_file_name(planted)), "Changed.\n");
    corpus.run(&["undo", log])?;
    corpus.write("baseline.json", &format!("{{\"version\": 1, \"findings\": [], \"{}\": 1}}", "x"));
    corpus.run(&["check", ".", "--baseline", "baseline.json"])?;
    corpus.write("list.txt", &format!("{planted}\n"));
    corpus.run(&["check", ".", "--ignore-list", "list.txt"]).map(drop)
}

/// Checks files that cannot be read or written.
fn check_unreadable_files(corpus: &Corpus) -> Result<(), TestCaseError> {
    let (planted, name) = (corpus.planted.as_str(), corpus.name.as_str());
    fs::write(corpus.path(&format!("binary{name}")), b"\0\x01\x02\0").unwrap();
    corpus.write(
        &format!("records{}.jsonl", to_file_name(planted)),
        &format!("{{\"{planted}\": 1}}\n"),
    );
    corpus.run(&["check", "."])?;
    corpus.run(&["check", &format!("records{}.jsonl", to_file_name(planted))])?;
    fs::set_permissions(corpus.path(name), fs::Permissions::from_mode(0o444)).unwrap();
    corpus.run(&["check", name, "--fix"]).map(drop)
}

/// Checks invalid configurations in a directory with a planted name.
fn check_configurations(corpus: &Corpus) -> Result<(), TestCaseError> {
    let planted = corpus.planted.as_str();
    let folder = format!("f{}", to_file_name(planted));
    for (file, text) in [
        ("dechaff.toml", format!("# {planted}\nselect = 1\n")),
        ("dechaff.toml", format!("{} = 1 # {planted}\n", toml::Value::from(planted))),
        ("dechaff.toml", format!("select = [{}]\n", toml::Value::from(planted))),
        ("dechaff.toml", format!("x = \"{planted}\n")),
        ("dechaff.toml", format!("extend = {}\n", toml::Value::from(planted))),
        (
            "dechaff.toml",
            format!("[per-file-ignores]\n{} = [\"BP\"]\n", toml::Value::from(planted)),
        ),
    ] {
        corpus.write(&format!("{folder}/{file}"), &text);
        corpus.write(&format!("{folder}/a.txt"), "A line.\n");
        corpus.run(&["check", &folder])?;
        corpus.run(&["config", &folder])?;
        corpus.run(&["check", ".", "--config", &format!("{folder}/{file}")])?;
    }
    Ok(())
}

/// Checks invalid rule files in a directory with a planted name.
fn check_rule_files(corpus: &Corpus) -> Result<(), TestCaseError> {
    let planted = corpus.planted.as_str();
    let folder = format!("f{}", to_file_name(planted));
    let rule = fs::read_to_string(corpus.path("rules/plant.toml")).unwrap();
    let phrase = format!("x {{{planted}");
    for (from, to) in [
        ("XX001", planted),
        ("a-plant", planted),
        ("unsafe", planted),
        ("plant\\b", "("),
        ("plant\\b", planted),
        ("contains", planted),
        ("\nregex = ", &format!("\n{} = 1\nregex = ", toml::Value::from(planted))),
        ("\nregex = ", &format!("\nen = {}\nregex = ", toml::Value::from(phrase.as_str()))),
    ] {
        let literal = toml::Value::from(to).to_string();
        let to = if from.contains('=') { to } else { literal.trim_matches(['"', '\'']) };
        let broken = rule.replace(from, to);
        prop_assert!(broken != rule, "{from:?} in {rule}");
        corpus.write(&format!("{folder}/rule.toml"), &broken);
        corpus.run(&["test-rules", &folder])?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2, max_shrink_iters: 0, ..ProptestConfig::default() })]

    #[test]
    fn formats_escape_hostile_characters(planted in planted()) {
        check_formats(&Corpus::new(&planted))?;
    }

    #[test]
    fn messages_escape_hostile_characters(planted in planted()) {
        check_messages(&Corpus::new(&planted))?;
    }
}

/// Dolma attributes are written to separate files.
#[test]
fn dolma_attributes_escape_ids() {
    let corpus = Corpus::new("\u{202e}\u{7f}\u{e0041}");
    corpus
        .run(&["check", "records.jsonl", "--output-format", "dolma", "--output-dir", "attributes"])
        .unwrap();
    let written = fs::read(corpus.path("attributes/attributes/dechaff/records.jsonl")).unwrap();
    assert_eq!(hostile_in(&written), None);
    let first: serde_json::Value =
        serde_json::from_slice(written.split(|byte| *byte == b'\n').next().unwrap()).unwrap();
    assert_eq!(first["id"], corpus.planted);
}

/// A patch that is redirected must apply, so it is not escaped.
#[test]
fn redirected_patch_is_not_escaped() {
    let corpus = Corpus::new("\u{1b}[31m\u{202e}x\u{e0041}\u{9b}");
    let output = corpus
        .command(&["check", &corpus.name, "--diff", "--select", "BP001,XX001", "--unsafe-fixes"])
        .output()
        .unwrap();
    let patch = String::from_utf8(output.stdout).unwrap();
    let (header, body) = patch.split_once("@@").unwrap();
    assert_eq!(hostile_in(header.as_bytes()), None, "{header:?}");
    assert!(body.contains(&corpus.planted), "{body:?}");
    assert_eq!(hostile_in(&output.stderr), None);
    fs::write(corpus.path("patch"), &patch).unwrap();
    let applied = Command::new("git")
        .current_dir(corpus.folder.path())
        .args(["apply", "patch"])
        .output()
        .unwrap();
    assert!(applied.status.success(), "{} {patch:?}", String::from_utf8_lossy(&applied.stderr));
    assert!(!fs::read_to_string(Path::new(&corpus.path(&corpus.name))).unwrap().contains("PLANT"));
}
