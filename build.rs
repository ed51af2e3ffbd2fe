//! Lists the rule files so that the library can embed them, finds the signs of their patterns and writes their programs: a new
//! rule is one new file.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "it runs on rules alone"
)]
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

// What looks at texts is not needed here.
#[allow(dead_code)]
#[path = "src/check/pattern/bytes.rs"]
mod bytes;
#[path = "src/check/pattern/compact.rs"]
mod compact;
#[allow(dead_code)]
#[path = "src/check/pattern/literals.rs"]
mod literals;
#[allow(dead_code, unreachable_pub, unused_imports)]
#[path = "src/check/phrase/mod.rs"]
mod phrase;
#[allow(dead_code)]
#[path = "src/check/pattern/program.rs"]
mod program;
#[path = "src/check/pattern/rarity.rs"]
mod rarity;

use literals::{Certain, Spacing, branches, joined};
use phrase::{Context, Extent, WordList, WordLists};

fn main() -> io::Result<()> {
    for read in [
        "rules",
        "build.rs",
        "src/check/pattern/bytes.rs",
        "src/check/pattern/compact.rs",
        "src/check/pattern/literals.rs",
        "src/check/pattern/program.rs",
        "src/check/pattern/rarity.rs",
        "src/check/phrase",
    ] {
        println!("cargo::rerun-if-changed={read}");
    }
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let output = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let mut files = Vec::new();
    collect(&root.join("rules"), &mut files)?;
    files.sort();
    let words = root.join("rules").join("words");
    let (word_files, files): (Vec<PathBuf>, Vec<PathBuf>) =
        files.into_iter().partition(|file| file.starts_with(&words));
    let mut embedded_words = String::from("&[\n");
    let mut shared = BTreeMap::new();
    for file in &word_files {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let _ = writeln!(embedded_words, "    ({name:?}, include_str!({:?})),", file.display().to_string());
        // What is wrong with a list, the tests say better than a build can.
        if let Ok(list) = toml::from_str::<WordList>(&fs::read_to_string(file)?) {
            shared.insert(name, list);
        }
    }
    embedded_words.push_str("]\n");
    fs::write(output.join("embedded_words.rs"), embedded_words)?;
    let shared: &'static WordLists = Box::leak(Box::new(WordLists::new(shared, None)));

    let mut source = String::from("&[\n");
    let (mut programs, mut of_single, mut of_any) = (Found::new(), Found::new(), Found::new());
    for file in &files {
        let name = file.strip_prefix(&root).unwrap_or(file);
        let name = name.to_string_lossy().replace('\\', "/");
        let _ = writeln!(source, "    ({name:?}, include_str!({:?})),", file.display().to_string());
        // What is wrong with a rule file the tests tell, better than a build can.
        if let Ok(rule) = toml::from_str::<RuleFile>(&fs::read_to_string(file)?) {
            for find in finds(rule, shared) {
                add_programs(&find, &mut programs);
                add_signs(&find, Spacing::Single, &mut of_single);
                add_signs(&find, Spacing::Any, &mut of_any);
            }
        }
    }
    source.push_str("]\n");
    fs::write(output.join("embedded_rules.rs"), source)?;
    write(&output, "pattern_programs", programs)?;
    write(&output, "pattern_signs_single", of_single)?;
    write(&output, "pattern_signs_any", of_any)
}

/// What was found out of expressions, by these and a circumstance.
type Found = BTreeMap<(String, bool), Vec<u8>>;

/// Writes it as `src/check/pattern/known.rs` reads it: where each ends, and all of it.
fn write(output: &Path, name: &str, found: Found) -> io::Result<()> {
    let (mut ends, mut end) = (String::from("&[\n"), 0);
    for (key, bytes) in &found {
        end += bytes.len();
        let _ = writeln!(ends, "    ({key:?}, {end}),");
    }
    ends.push_str("]\n");
    fs::write(output.join(format!("{name}.rs")), ends)?;
    fs::write(output.join(format!("{name}.bin")), found.into_values().collect::<Vec<_>>().concat())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    Ok(())
}

/// The expressions of a `[[find]]` table.
struct Find {
    any: Vec<String>,
    except: Vec<String>,
    is_part: bool,
    case_sensitive: bool,
}

/// The parts of a rule file that phrases come from.
#[derive(serde::Deserialize)]
struct RuleFile {
    #[serde(default)]
    words: BTreeMap<String, WordList>,
    #[serde(default)]
    find: Vec<toml::Table>,
}

/// The `[[find]]` tables of a rule, their phrases as expressions.
fn finds(rule: RuleFile, shared: &'static WordLists) -> Vec<Find> {
    let lists = WordLists::new(rule.words, Some(shared));
    rule.find.iter().map(|table| find(table, &lists)).collect()
}

fn find(table: &toml::Table, lists: &WordLists) -> Find {
    let is_part = table.get("match").and_then(toml::Value::as_str) == Some("contains");
    let extent = if is_part { Extent::Contains } else { Extent::Whole };
    let case_sensitive = table.get("case-sensitive").and_then(toml::Value::as_bool).unwrap_or(false);
    let expressions = |key: &str| table.get(key).and_then(toml::Value::as_array).into_iter().flatten();
    let expressions = |key: &str| expressions(key).filter_map(toml::Value::as_str).map(phrase::join_lines);
    let mut any = phrases(table, extent, lists);
    any.extend(expressions("regex"));
    let mut except = match table.get("except") {
        Some(toml::Value::String(block)) => block_phrases(block, phrase::ANY, Extent::Contains, lists),
        Some(toml::Value::Table(languages)) => phrases(languages, Extent::Contains, lists),
        _ => Vec::new(),
    };
    except.extend(expressions("except-regex"));
    Find { any, except, is_part, case_sensitive }
}

fn phrases(table: &toml::Table, extent: Extent, lists: &WordLists) -> Vec<String> {
    let blocks = table.iter().filter(|(key, _)| phrase::is_language(key));
    blocks
        .filter_map(|(key, block)| Some((key, block.as_str()?)))
        .flat_map(|(key, block)| block_phrases(block, key, extent, lists))
        .collect()
}

fn block_phrases(block: &str, language: &str, extent: Extent, lists: &WordLists) -> Vec<String> {
    let context = Context { language: language.into(), extent, lists };
    let phrases = phrase::parse_block(block, &context).unwrap_or_default();
    phrases.iter().map(phrase::Phrase::regex).collect()
}

/// Adds the program of each expression that `src/check/pattern/mod.rs` makes of a table, by its text and whether it is
/// case-sensitive.
fn add_programs(find: &Find, programs: &mut Found) {
    let except = joined(find.except.iter().map(String::as_str));
    for expression in find.any.iter().flat_map(|any| branches(any)).chain([except.as_str()]) {
        let program = program::parse(expression, find.case_sensitive).and_then(|hir| program::written(&hir));
        programs.extend(program.map(|program| ((expression.to_owned(), find.case_sensitive), program)));
    }
}

/// Adds what is certain of each alternative of a table: once as it is tried at the beginning of units and once as it is not, where
/// its guards allow both.
fn add_signs(find: &Find, spacing: Spacing, signs: &mut Found) {
    for alternative in find.any.iter().flat_map(|any| branches(any)) {
        for opens in [false, true].into_iter().filter(|opens| !(find.is_part && *opens)) {
            let certain = Certain::of(alternative, opens, spacing).ok();
            signs.extend(certain.map(|certain| ((alternative.to_owned(), opens), certain.written())));
        }
    }
}
