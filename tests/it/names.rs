//! File names that are not UTF-8 or otherwise unusual are handled like all others.

#![cfg(unix)]
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

const PAGE: &str =
    "The talks go on in Muscat next week, both sides said on Monday.\n\nLeave a Comment\n";
const FIXED: &str = "The talks go on in Muscat next week, both sides said on Monday.\n";

/// Unusual file names, and how they are printed.
const NAMES: &[(&[u8], &str)] = &[
    (b"caf\xE9.txt", "caf\\xE9.txt"),
    (b"caf\xE8.txt", "caf\\xE8.txt"),
    (b"caf\\xE9.txt", "caf\\x5CxE9.txt"),
    (b"\xFF\xFE/\xFDx.md", "\\xFF\\xFE/\\xFDx.md"),
    (b"two\nlines.txt", "two\u{240A}lines.txt"),
    (b"-dash.txt", "-dash.txt"),
    ("\u{1F600}\u{FE0F}.txt".as_bytes(), "\u{1F600}\u{FE0F}.txt"),
];

fn path(name: &[u8]) -> PathBuf {
    PathBuf::from(OsString::from_vec(name.to_vec()))
}

struct Corpus(TempDir);

impl Corpus {
    /// Creates a file for every name in [`NAMES`]. Returns `None` if the file system rejects such
    /// names.
    fn new() -> Option<Self> {
        let corpus = Self(TempDir::new().unwrap());
        for (index, (name, _)) in NAMES.iter().enumerate() {
            let file = corpus.file(name);
            fs::create_dir_all(file.parent().unwrap()).ok()?;
            let prose = format!(
                "Report {index} of the {} harbours is out.\n\n",
                ["old", "new", "big", "dry"][index % 4]
            );
            fs::write(file, prose + PAGE).ok()?;
        }
        Some(corpus)
    }

    fn file(&self, name: &[u8]) -> PathBuf {
        self.0.path().join("texts").join(path(name))
    }

    fn read(&self, folder: &str, name: &[u8]) -> String {
        fs::read_to_string(self.0.path().join(folder).join(path(name))).unwrap_or_default()
    }

    fn run<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dechaff"));
        command.current_dir(self.0.path()).args(arguments).env_remove("GITHUB_ACTIONS");
        let output = command.output().unwrap();
        assert!(str::from_utf8(&output.stdout).is_ok() && str::from_utf8(&output.stderr).is_ok());
        output
    }

    fn printed(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        String::from_utf8(output.stdout).unwrap() + str::from_utf8(&output.stderr).unwrap()
    }
}

fn is_fixed(text: &str) -> bool {
    text.ends_with(FIXED) && !text.contains("Leave a Comment")
}

#[test]
fn checks_and_reports_every_name() {
    let Some(corpus) = Corpus::new() else { return };
    let printed =
        corpus.printed(&["check", "texts", "--select", "BP001", "--output-format", "concise"]);
    for (_, shown) in NAMES {
        let line = format!("texts/{shown}:5:1: BP001 ");
        assert!(printed.lines().any(|found| found.starts_with(&line)), "{line} in {printed}");
    }
    let json =
        corpus.printed(&["check", "texts", "--select", "BP001", "--output-format", "json-lines"]);
    assert!(json.contains(r#""path":"texts/caf\\xE9.txt""#), "{json}");
    assert!(json.contains(r#""path":"texts/two\nlines.txt""#), "{json}");
    let sarif =
        corpus.printed(&["check", "texts", "--select", "BP001", "--output-format", "sarif"]);
    for uri in
        ["texts/caf%E9.txt", "texts/%FF%FE/%FDx.md", "texts/caf%5CxE9.txt", "texts/two%0Alines.txt"]
    {
        assert!(sarif.contains(&format!("\"uri\":\"{uri}\"")), "{uri} in {sarif}");
    }
    for (name, _) in NAMES {
        let arguments = [OsStr::new("check"), OsStr::new("--select=BP001"), OsStr::new("--")];
        let file = Path::new("texts").join(path(name));
        let output = corpus.run(&[&arguments[..], &[file.as_os_str()]].concat());
        assert_eq!(output.status.code(), Some(1), "{file:?}");
    }
}

#[test]
fn finds_duplicates_across_unusual_names() {
    let Some(corpus) = Corpus::new() else { return };
    let copied = "A paragraph that two files share word by word is long enough to be reported once, and only once.\n";
    fs::write(corpus.file(b"first\xE9.txt"), copied).unwrap();
    fs::write(corpus.file(b"second\xE9.txt"), copied).unwrap();
    let printed = corpus.printed(&["check", "texts", "--select", "ND"]);
    assert!(
        printed.contains("texts/first\\xE9.txt:1:1")
            && printed.contains("texts/second\\xE9.txt:1:1"),
        "{printed}"
    );
}

#[test]
fn fixes_and_restores_every_name() {
    let Some(corpus) = Corpus::new() else { return };
    let before: Vec<String> = NAMES.iter().map(|(name, _)| corpus.read("texts", name)).collect();
    let printed =
        corpus.printed(&["check", "texts", "--select=BP001", "--fix", "--undo-log", "log.jsonl"]);
    for (name, shown) in NAMES {
        assert!(is_fixed(&corpus.read("texts", name)), "{shown}: {printed}");
    }
    let log = fs::read_to_string(corpus.0.path().join("log.jsonl")).unwrap();
    assert!(
        log.contains(r#""path":"caf\\xE9.txt""#) && log.contains(r#""path":"caf\\x5CxE9.txt""#),
        "{log}"
    );
    let printed = corpus.printed(&["undo", "log.jsonl"]);
    assert!(printed.contains("7 passages restored in 7 files"), "{printed}");
    for ((name, shown), before) in NAMES.iter().zip(&before) {
        assert_eq!(&corpus.read("texts", name), before, "{shown}");
    }
}

#[test]
fn undoes_a_single_unusual_name() {
    let Some(corpus) = Corpus::new() else { return };
    corpus.printed(&["check", "texts", "--select=BP001", "--fix", "--undo-log", "log.jsonl"]);
    let file = Path::new("texts").join(path(b"caf\xE9.txt"));
    let output = corpus.run(&[OsStr::new("undo"), OsStr::new("log.jsonl"), file.as_os_str()]);
    assert_eq!(output.status.code(), Some(0));
    for (name, shown) in NAMES {
        assert_eq!(is_fixed(&corpus.read("texts", name)), *name != b"caf\xE9.txt", "{shown}");
    }
}

#[test]
fn fixes_copies_and_restores_a_directory_with_an_unusual_name() {
    let Some(corpus) = Corpus::new() else { return };
    let folder = path(b"corpus\xE9");
    fs::rename(corpus.0.path().join("texts"), corpus.0.path().join(&folder)).unwrap();
    let arguments = ["check", "--select=BP001", "--fix", "--undo-log=log.jsonl"].map(OsStr::new);
    corpus.run(&[&arguments[..], &[folder.as_os_str()]].concat());
    let read =
        |name: &[u8]| fs::read_to_string(corpus.0.path().join(&folder).join(path(name))).unwrap();
    assert!(NAMES.iter().all(|(name, _)| is_fixed(&read(name))));
    let printed = corpus.printed(&["undo", "log.jsonl"]);
    assert!(printed.contains("7 passages restored in 7 files"), "{printed}");
    let arguments = ["check", "--select=BP001", "--output-dir=copies", "--undo-log=copies.jsonl"]
        .map(OsStr::new);
    corpus.run(&[&arguments[..], &[folder.as_os_str()]].concat());
    for (name, shown) in NAMES {
        assert!(is_fixed(&corpus.read("copies", name)) && !is_fixed(&read(name)), "{shown}");
    }
    let printed = corpus.printed(&["undo", "copies.jsonl"]);
    assert!(printed.contains("7 passages restored in 7 files"), "{printed}");
}

#[test]
fn fixes_and_restores_records_in_a_shard_with_an_unusual_name() {
    let Some(corpus) = Corpus::new() else { return };
    let line = serde_json::json!({ "id": "a", "text": PAGE }).to_string() + "\n";
    let shard = corpus.file(b"shard\xE9.jsonl");
    fs::write(&shard, &line).unwrap();
    let printed =
        corpus.printed(&["check", "texts", "--select=BP001", "--fix", "--undo-log", "log.jsonl"]);
    assert!(!fs::read_to_string(&shard).unwrap().contains("Comment"), "{printed}");
    corpus.printed(&["undo", "log.jsonl"]);
    assert_eq!(fs::read_to_string(&shard).unwrap(), line);
}

#[test]
fn patch_with_unusual_names_applies() {
    let Some(corpus) = Corpus::new() else { return };
    let patch = corpus.run(&["check", "texts", "--select=BP001", "--diff"]).stdout;
    fs::write(corpus.0.path().join("patch"), &patch).unwrap();
    let applied =
        Command::new("git").current_dir(corpus.0.path()).args(["apply", "patch"]).output().unwrap();
    assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
    for (name, shown) in NAMES {
        assert!(is_fixed(&corpus.read("texts", name)), "{shown}");
    }
}

#[test]
fn baselines_ignore_lists_and_settings_match_unusual_names() {
    let Some(corpus) = Corpus::new() else { return };
    let check = |arguments: &[&str]| {
        let output = corpus.run(&[&["check", "texts", "--select=BP001"], arguments].concat());
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    check(&["--write-baseline", "baseline.json"]);
    let (code, printed) = check(&["--baseline", "baseline.json"]);
    assert_eq!(code, Some(0), "{printed}");
    // The baseline does not confuse the files.
    fs::write(corpus.file(b"caf\xE9.txt"), format!("{PAGE}\nLeave a Comment\n")).unwrap();
    let (code, printed) = check(&["--baseline", "baseline.json"]);
    assert!(
        code == Some(1) && printed.contains("caf\\xE9.txt") && !printed.contains("caf\\xE8.txt"),
        "{printed}"
    );
    check(&["--add-ignore", "--ignore-list", "list.txt"]);
    let (code, printed) = check(&["--ignore-list", "list.txt"]);
    assert_eq!(code, Some(0), "{printed}");
    let (_, printed) = check(&["--config", "per-file-ignores={\"caf?.txt\"=[\"BP001\"]}"]);
    assert!(!printed.contains("caf\\xE9.txt") && printed.contains("caf\\x5CxE9.txt"), "{printed}");
    let (_, printed) = check(&["--config", "exclude=[\"caf*\"]"]);
    assert!(!printed.contains("caf") && printed.contains("two"), "{printed}");
    let (_, printed) = check(&["--config", "include=[\"caf*\"]"]);
    assert!(printed.contains("caf\\xE8.txt") && !printed.contains("two"), "{printed}");
}

#[test]
fn writes_suppression_comments_into_every_file() {
    let Some(corpus) = Corpus::new() else { return };
    corpus.printed(&["check", "texts", "--select=BP001", "--add-ignore"]);
    for (name, shown) in NAMES {
        assert!(corpus.read("texts", name).contains("dechaff: ignore[BP001]"), "{shown}");
    }
}

#[test]
fn since_finds_changed_files_with_unusual_names() {
    let Some(corpus) = Corpus::new() else { return };
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
        let done = Command::new("git")
            .current_dir(corpus.0.path())
            .args(identity)
            .args(arguments)
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "-m", "a"]);
    fs::write(corpus.file(b"caf\xE9.txt"), format!("Another line.\n\n{PAGE}")).unwrap();
    let printed = corpus.printed(&["check", "texts", "--select=BP001", "--since=HEAD"]);
    assert!(printed.contains("caf\\xE9.txt:5:1") && !printed.contains("caf\\xE8.txt"), "{printed}");
}
