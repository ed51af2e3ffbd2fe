//! Conventions of the source: imports go in one direction, rule files are complete, files are
//! short.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use dechaff::rule::Registry;

/// Modules of crates. Each may only import from those before it in its crate. Cargo sees to it that
/// crates only use those below them.
const ORDER: &[(&str, &[&str])] =
    &[("crates/engine", &["config", "suppress", "linter", "fix", "rule_test", "report"])];

/// The crates of the library, which do no I/O.
const LIBRARY: &[&str] = &[
    "crates/checks",
    "crates/duplicates",
    "crates/engine",
    "crates/findings",
    "crates/phrases",
    "crates/text",
];

/// Dependencies for files, terminals and networks, which the library does without.
const OUTSIDE: &[&str] = &[
    "anstream",
    "anyhow",
    "brotli",
    "bytes",
    "bzip2",
    "clap",
    "ctrlc",
    "flate2",
    "ignore",
    "indicatif",
    "lz4_flex",
    "lzma_rust2",
    "object_store",
    "parquet",
    "rayon",
    "reqwest",
    "rustls",
    "terminal_size",
    "tokio",
    "zstd",
];

#[test]
fn imports_go_in_one_direction() {
    let mut wrong = Vec::new();
    for (member, order) in ORDER {
        let directory = Path::new(member).join("src");
        let position = |name: &str| order.iter().position(|&module| module == name);
        let modules: BTreeSet<String> =
            sources(&directory).iter().filter_map(|file| module(&directory, file)).collect();
        assert_eq!(modules, order.iter().map(|&name| name.to_owned()).collect(), "{member}");
        for file in sources(&directory) {
            let Some(own) = module(&directory, &file).and_then(|name| position(&name)) else {
                continue;
            };
            for (number, line) in fs::read_to_string(&file).unwrap().lines().enumerate() {
                for used in line.split("crate::").skip(1) {
                    let name: String =
                        used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                    if position(&name).is_some_and(|used| used > own) {
                        wrong.push(format!("{}:{}: {}", file.display(), number + 1, line.trim()));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "imports from later modules:\n{}", wrong.join("\n"));
}

/// Directories whose files still import each other in a circle. Shorten this list; do not extend
/// it.
const CYCLIC: &[&str] =
    &["crates/checks/src/pattern", "crates/checks/src/table", "crates/phrases/src", "src/cli"];

#[test]
fn files_of_a_directory_do_not_import_each_other_in_a_circle() {
    let files = all_sources();
    let directories: BTreeSet<&Path> = files.iter().filter_map(|file| file.parent()).collect();
    let mut cyclic = Vec::new();
    for directory in directories {
        let mut imports = imports_within(directory);
        loop {
            let is_leaf = |(_, used): &(&String, &BTreeSet<String>)| {
                used.iter().all(|name| !imports.contains_key(name))
            };
            let leaves: Vec<String> =
                imports.iter().filter(is_leaf).map(|(name, _)| name.clone()).collect();
            if leaves.is_empty() {
                break;
            }
            imports.retain(|name, _| !leaves.contains(name));
        }
        let name = directory.to_str().unwrap().replace('\\', "/");
        if !imports.is_empty() && !CYCLIC.contains(&name.as_str()) {
            cyclic.push(name);
        }
    }
    assert!(cyclic.is_empty(), "directories with circular imports: {cyclic:?}");
}

/// Returns the modules in a directory, and for each the other ones that it imports.
fn imports_within(directory: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in sources(directory) {
        let path = file.strip_prefix(directory).unwrap();
        let name = path
            .components()
            .next()
            .unwrap()
            .as_os_str()
            .to_str()
            .unwrap()
            .trim_end_matches(".rs")
            .to_owned();
        if matches!(name.as_str(), "mod" | "lib" | "main") {
            continue;
        }
        let levels = path.components().count() - usize::from(path.ends_with("mod.rs"));
        let text = fs::read_to_string(&file).unwrap();
        let code: String =
            text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        imports.entry(name).or_default().extend(names_after(&"super::".repeat(levels), &code));
    }
    for (name, used) in &mut imports {
        used.remove(name);
    }
    imports
}

/// Returns the names that follow `prefix` in the code, alone or in braces.
fn names_after(prefix: &str, code: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in code.match_indices(prefix).filter(|(at, _)| !code[..*at].ends_with("super::")) {
        let rest = &code[at + prefix.len()..];
        let list = rest.strip_prefix('{').unwrap_or(rest);
        let mut depth = 0;
        let top_level = list
            .chars()
            .take_while(|character| !matches!(character, ';' | '('))
            .filter(|character| {
                depth += i32::from(*character == '{') - i32::from(*character == '}');
                depth == 0
            });
        let top_level: String = top_level.collect();
        let items = top_level.split(',').take(if rest.starts_with('{') { usize::MAX } else { 1 });
        let name = |item: &str| {
            item.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
        };
        names.extend(items.map(name));
    }
    names
}

#[test]
fn the_library_does_no_io() {
    let mut wrong = Vec::new();
    for member in LIBRARY {
        for file in sources(&Path::new(member).join("src")) {
            let text = fs::read_to_string(&file).unwrap();
            let names = OUTSIDE.iter().map(|name| format!("{name}::"));
            for name in
                names.chain(["std::fs", "std::io", "std::env", "std::process"].map(String::from))
            {
                if text.contains(&name) {
                    wrong.push(format!("{} names {name}", file.display()));
                }
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
            rule.examples()
                .iter()
                .any(|example| if bad { example.bad.is_some() } else { example.allow.is_some() })
        };
        assert!(
            has(true) && has(false),
            "{} needs examples with `bad` and with `allow`",
            rule.file.path
        );
        assert!(
            rule.why.split_whitespace().count() >= 12,
            "{}: say why in a sentence or two",
            rule.file.path
        );
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
    let files =
        files_below(Path::new("rules")).into_iter().filter(|file| !file.starts_with("rules/words"));
    let files: Vec<PathBuf> = files.collect();
    assert_eq!(files.len(), registry.rules().len(), "every file under rules/ is a rule");
}

#[test]
fn source_files_stay_short() {
    const MAX_LINES: usize = 500;
    let files = all_sources().into_iter().chain(sources(Path::new("tests")));
    for file in files {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        assert!(
            lines <= MAX_LINES,
            "{} has {lines} lines: does it hold two things?",
            file.display()
        );
    }
}

/// Types are nouns.
const PARTICIPLES: &[&str] = &[
    "Awaited", "Fixed", "Found", "Gathered", "Given", "Held", "Kept", "Known", "Listed", "Marked",
    "Noted", "Placed", "Rested", "Said", "Seen", "Taken", "Undone", "Untold", "Wanted", "Written",
];

/// Limits are `MAX_*` and `MIN_*`.
const SUPERLATIVES: &[&str] = &[
    "FARTHEST", "FEWEST", "LARGEST", "LEAST", "LONGEST", "MOST", "SHORTEST", "SMALLEST", "WIDEST",
];

#[test]
fn there_are_no_banned_names() {
    let files = all_sources().into_iter().chain(sources(Path::new("tests/it")));
    let mut banned = Vec::new();
    for file in files {
        for (number, line) in fs::read_to_string(&file).unwrap().lines().enumerate() {
            let words =
                line.split(|character: char| !character.is_alphanumeric() && character != '_');
            let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
            if words.windows(2).any(|pair| is_banned(pair[0], pair[1])) {
                banned.push(format!("{}:{}: {}", file.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(
        banned.is_empty(),
        "names that docs/glossary.md or the conventions replace:\n{}",
        banned.join("\n")
    );
}

/// The Python module has a workspace and a lock file of its own. Arrow takes long to build, so that
/// it is not among the default features.
#[test]
fn a_default_build_does_without_arrow_and_python() {
    let lock = fs::read_to_string("Cargo.lock").unwrap();
    assert!(!lock.contains("name = \"pyo3"));
    for manifest in ["Cargo.toml", "crates/corpus/Cargo.toml"] {
        let manifest: toml::Table = toml::from_str(&fs::read_to_string(manifest).unwrap()).unwrap();
        let dependencies = manifest["dependencies"].as_table().unwrap();
        let mut arrow =
            dependencies.iter().filter(|(name, _)| name.starts_with("arrow")).peekable();
        assert!(arrow.peek().is_some());
        assert!(arrow.all(|(_, dependency)| dependency["optional"].as_bool() == Some(true)));
    }
    let manifest: toml::Table = toml::from_str(&fs::read_to_string("Cargo.toml").unwrap()).unwrap();
    assert_eq!(manifest["features"]["default"].as_array().unwrap(), &["cli".into()]);
    let cli = manifest["features"]["cli"].as_array().unwrap();
    assert!(cli.iter().all(|feature| !feature.as_str().unwrap().contains("arrow")));
}

#[test]
fn the_python_module_has_the_version_of_the_command() {
    let version = concat!("version = \"", env!("CARGO_PKG_VERSION"), "\"");
    assert!(
        fs::read_to_string("crates/python/Cargo.toml").unwrap().lines().any(|line| line == version)
    );
}

/// One name, one meaning: no two types share a name, except for the `Parameters` that each kind of
/// check has.
#[test]
fn types_have_unique_names() {
    let mut declared: BTreeMap<String, PathBuf> = BTreeMap::new();
    let mut repeated = Vec::new();
    for file in all_sources() {
        for line in fs::read_to_string(&file).unwrap().lines() {
            let words: Vec<&str> = line.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
            let is_type = |word: &&str| matches!(*word, "struct" | "enum" | "trait");
            let Some(at) =
                words.iter().position(is_type).filter(|_| !line.trim_start().starts_with("//"))
            else {
                continue;
            };
            let Some(name) =
                words.get(at + 1).filter(|name| !name.is_empty() && **name != "Parameters")
            else {
                continue;
            };
            if let Some(other) = declared.insert((*name).to_owned(), file.clone()) {
                repeated.push(format!("{name}: {} and {}", other.display(), file.display()));
            }
        }
    }
    assert!(repeated.is_empty(), "types of one name:\n{}", repeated.join("\n"));
}

/// Whether a declaration of `keyword` and `name` breaks the conventions.
fn is_banned(keyword: &str, name: &str) -> bool {
    match keyword {
        "struct" | "enum" | "trait" | "type" => PARTICIPLES.contains(&name),
        "const" | "static" => name.split('_').any(|word| SUPERLATIVES.contains(&word)),
        "fn" => name == "of",
        _ => false,
    }
}

/// The top-level module that a source file of a crate belongs to; none for its `lib.rs`.
fn module(directory: &Path, file: &Path) -> Option<String> {
    let name = file.strip_prefix(directory).ok()?.components().next()?.as_os_str().to_str()?;
    let name = name.trim_end_matches(".rs");
    (name != "lib").then(|| name.to_owned())
}

/// The sources of the command and of all crates that it is made of.
fn all_sources() -> Vec<PathBuf> {
    let crates =
        LIBRARY.iter().chain(&["crates/corpus"]).map(|member| Path::new(member).join("src"));
    crates.chain([PathBuf::from("src")]).flat_map(|directory| sources(&directory)).collect()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    files_below(folder)
        .into_iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "rs"))
        .collect()
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

/// Lines of rule files are short enough to review.
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
    assert!(
        wrong.is_empty(),
        "lines of more than {MAX_CHARACTERS} characters:\n{}",
        wrong.join("\n")
    );
}
