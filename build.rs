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

use literals::{Certain, SHORT_WORDS, Spacing, branches, joined};
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
        match toml::from_str::<WordList>(&fs::read_to_string(file)?) {
            Ok(list) => _ = shared.insert(name, list),
            Err(error) => println!("cargo::error=rules/words/{name}.toml: {}", one_line(&error)),
        }
    }
    embedded_words.push_str("]\n");
    fs::write(output.join("embedded_words.rs"), embedded_words)?;
    let shared: &'static WordLists = Box::leak(Box::new(WordLists::new(shared, None)));

    let mut built_in = String::from("&[\n");
    let mut tables = Tables::default();
    for file in &files {
        let name = file.strip_prefix(&root).unwrap_or(file);
        let name = name.to_string_lossy().replace('\\', "/");
        let finds = match finds(&fs::read_to_string(file)?, shared) {
            Ok(finds) => finds,
            Err(message) => {
                println!("cargo::error={name}: {message}");
                continue;
            }
        };
        let patterns: String = finds.iter().map(|find| tables.add(find)).collect();
        let _ = writeln!(
            built_in,
            "    BuiltInRule {{ path: {name:?}, text: include_str!({:?}), patterns: &[{patterns}] }},",
            file.display().to_string()
        );
    }
    built_in.push_str("]\n");
    fs::write(output.join("built_in_rules.rs"), built_in)?;
    write(&output, "programs", &tables.programs)?;
    write(&output, "signs_single", &tables.signs_single)?;
    write(&output, "signs_any", &tables.signs_any)
}

/// Byte strings for each alternative of each rule, by its number, as
/// `src/check/pattern/precompiled.rs` reads them.
#[derive(Default)]
struct Tables {
    programs: Vec<Vec<u8>>,
    signs_single: Vec<Vec<u8>>,
    signs_any: Vec<Vec<u8>>,
}

impl Tables {
    /// Adds the alternatives of a table, then its exceptions. Returns its `PrecompiledPattern`.
    fn add(&mut self, find: &Find) -> String {
        let pattern = format!(
            "PrecompiledPattern {{ any: &{:?}, unless: &{:?}, first: {} }}, ",
            find.any,
            find.except,
            self.programs.len()
        );
        let program = |expression: &str| {
            let program = program::parse(expression, find.case_sensitive).and_then(|hir| program::written(&hir));
            program.unwrap_or_default()
        };
        for alternative in find.any.iter().flat_map(|any| branches(any)) {
            let signs = |spacing| {
                let certain = Certain::of(alternative, find.opens, spacing);
                certain.map(|certain| certain.written()).unwrap_or_default()
            };
            self.programs.push(program(alternative));
            self.signs_single.push(signs(Spacing::Single));
            self.signs_any.push(signs(Spacing::Any));
        }
        self.programs.push(program(&joined(find.except.iter().map(String::as_str))));
        self.signs_single.push(Vec::new());
        self.signs_any.push(Vec::new());
        pattern
    }
}

/// Writes a table: where each entry ends, and all of them.
fn write(output: &Path, name: &str, entries: &[Vec<u8>]) -> io::Result<()> {
    let ends = entries.iter().scan(0, |end, entry| {
        *end += entry.len();
        Some(*end)
    });
    fs::write(output.join(format!("{name}.rs")), format!("&{:?}", ends.collect::<Vec<_>>()))?;
    fs::write(output.join(format!("{name}.bin")), entries.concat())
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
    case_sensitive: bool,
    /// Whether units are tried from their beginning; as `looks_at_openings` of the library says.
    opens: bool,
}

/// The parts of a rule file that phrases come from.
#[derive(serde::Deserialize)]
struct RuleFile {
    #[serde(default)]
    words: BTreeMap<String, WordList>,
    #[serde(default)]
    find: Vec<FindTable>,
}

/// The keys of a `[[find]]` table that decide on its expressions.
#[derive(serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
struct FindTable {
    r#match: Option<String>,
    r#where: Option<String>,
    max_words: Option<usize>,
    #[serde(default)]
    case_sensitive: bool,
    #[serde(default)]
    regex: Vec<String>,
    except: Option<toml::Value>,
    #[serde(default)]
    except_regex: Vec<String>,
    /// Other keys. Those that are languages have phrases.
    #[serde(flatten)]
    others: toml::Table,
}

fn one_line(error: &toml::de::Error) -> String {
    error.to_string().replace('\n', " ")
}

/// Returns the `[[find]]` tables of a rule file, their phrases as expressions.
fn finds(text: &str, shared: &'static WordLists) -> Result<Vec<Find>, String> {
    let rule: RuleFile = toml::from_str(text).map_err(|error| one_line(&error))?;
    let lists = WordLists::new(rule.words, Some(shared));
    rule.find.into_iter().map(|table| find(&table, &lists)).collect()
}

fn find(table: &FindTable, lists: &WordLists) -> Result<Find, String> {
    let is_part = table.r#match.as_deref() == Some("contains");
    let extent = if is_part { Extent::Contains } else { Extent::Whole };
    let expressions = |all: &[String]| all.iter().map(|one| phrase::join_lines(one)).collect::<Vec<_>>();
    let mut any = phrases(&table.others, extent, lists)?;
    any.extend(expressions(&table.regex));
    let mut except = match &table.except {
        Some(toml::Value::String(block)) => block_phrases(block, phrase::ANY, Extent::Contains, lists)?,
        Some(toml::Value::Table(languages)) => phrases(languages, Extent::Contains, lists)?,
        _ => Vec::new(),
    };
    except.extend(expressions(&table.except_regex));
    let is_short = table.max_words.is_some_and(|words| words <= SHORT_WORDS);
    let opens = !is_part && is_short && table.r#where.as_deref() != Some("sentence");
    Ok(Find { any, except, case_sensitive: table.case_sensitive, opens })
}

/// Returns the phrases of a table, by language.
fn phrases(table: &toml::Table, extent: Extent, lists: &WordLists) -> Result<Vec<String>, String> {
    let mut all = Vec::new();
    for (language, block) in table.iter().filter(|(key, _)| phrase::is_language(key)) {
        all.extend(block_phrases(block.as_str().unwrap_or_default(), language, extent, lists)?);
    }
    Ok(all)
}

fn block_phrases(block: &str, language: &str, extent: Extent, lists: &WordLists) -> Result<Vec<String>, String> {
    let context = Context { language: language.into(), extent, lists };
    let phrases = phrase::parse_block(block, &context).map_err(|error| {
        let source = block.get(error.span).unwrap_or_default();
        format!("{} in `{source}` of `{language}`", error.message)
    })?;
    Ok(phrases.iter().map(phrase::Phrase::regex).collect())
}
