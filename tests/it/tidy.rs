//! The source keeps its own rules: imports run one way, rule files are complete, files stay short.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use dechaff::rule::Registry;

/// The modules; each may import from those before it.
const ORDER: &[&str] = &[
    "text",
    "finding",
    "user_file",
    "check",
    "rule",
    "config",
    "suppress",
    "engine",
    "fix",
    "rule_test",
    "report",
    "corpus",
    "cli",
];

/// Crates that only the modules behind the feature `cli` may name.
const OUTSIDE: &[&str] = &[
    "anstream",
    "anyhow",
    "clap",
    "ctrlc",
    "flate2",
    "ignore",
    "indicatif",
    "parquet",
    "rayon",
    "terminal_size",
    "zstd",
];

#[test]
fn imports_run_one_way() {
    let mut wrong = Vec::new();
    for file in sources(Path::new("src")) {
        let Some(own) = module(&file).and_then(|module| position(&module)) else { continue };
        for (number, line) in fs::read_to_string(&file).unwrap().lines().enumerate() {
            for used in line.split("crate::").skip(1) {
                let name: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if position(&name).is_some_and(|used| used > own) {
                    wrong.push(format!("{}:{}: {}", file.display(), number + 1, line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "imports that run back:\n{}", wrong.join("\n"));
}

#[test]
fn every_module_has_its_place() {
    let modules: BTreeSet<String> = sources(Path::new("src")).iter().filter_map(|file| module(file)).collect();
    let known: BTreeSet<String> = ORDER.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(modules, known);
}

#[test]
fn the_library_knows_no_terminal_and_no_files() {
    let mut wrong = Vec::new();
    for file in sources(Path::new("src")) {
        if module(&file).is_none_or(|module| position(&module) >= position("corpus")) {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        let names = OUTSIDE.iter().map(|name| format!("{name}::"));
        for name in names.chain(["std::fs", "std::io", "std::env", "std::process"].map(String::from)) {
            if text.contains(&name) {
                wrong.push(format!("{} names {name}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_bad_allow_and_why() {
    let registry = Registry::embedded().unwrap();
    let mut folders: BTreeSet<(String, String)> = BTreeSet::new();
    for rule in registry.rules() {
        let has = |bad: bool| {
            rule.examples.iter().any(|example| if bad { example.bad.is_some() } else { example.allow.is_some() })
        };
        assert!(has(true) && has(false), "{} needs examples with `bad` and with `allow`", rule.file.path);
        assert!(rule.why.split_whitespace().count() >= 12, "{}: say why in a sentence or two", rule.file.path);
        assert!(
            rule.file.path.ends_with(&format!("/{}.toml", rule.info.name)),
            "{} is named after its rule",
            rule.file.path
        );
        let folder = rule.file.path.rsplit('/').nth(1).unwrap().to_owned();
        folders.insert((folder, rule.info.code[..2].to_owned()));
    }
    let names: BTreeSet<_> = folders.iter().map(|(folder, _)| folder).collect();
    assert_eq!(names.len(), folders.len(), "one folder a category: {folders:?}");
    let files = files_below(Path::new("rules")).into_iter().filter(|file| !file.starts_with("rules/words"));
    let files: Vec<PathBuf> = files.collect();
    assert_eq!(files.len(), registry.rules().len(), "every file under rules/ is a rule");
}

#[test]
fn source_files_stay_short() {
    const MOST_LINES: usize = 500;
    for file in sources(Path::new("src")) {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines <= MOST_LINES, "{} has {lines} lines: does it hold two things?", file.display());
    }
}

fn position(module: &str) -> Option<usize> {
    ORDER.iter().position(|&name| name == module)
}

/// The top-level module a source file belongs to; none for `lib.rs` and `main.rs`.
fn module(file: &Path) -> Option<String> {
    let name = file.strip_prefix("src").ok()?.components().next()?.as_os_str().to_str()?;
    let name = name.trim_end_matches(".rs");
    (!matches!(name, "lib" | "main")).then(|| name.to_owned())
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    files_below(folder).into_iter().filter(|file| file.extension().is_some_and(|extension| extension == "rs")).collect()
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Lines of rule files can be read in a review.
#[test]
fn lines_of_rule_files_stay_short() {
    const MAX_CHARACTERS: usize = 100;
    let mut wrong = Vec::new();
    for file in files_below(Path::new("rules")) {
        for (number, line) in fs::read_to_string(&file).unwrap().lines().enumerate() {
            if line.chars().count() > MAX_CHARACTERS {
                wrong.push(format!("{}:{}", file.display(), number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "lines of more than {MAX_CHARACTERS} characters:\n{}", wrong.join("\n"));
}
