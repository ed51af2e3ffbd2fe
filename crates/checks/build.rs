//! Lists the rule files so that the library can embed them, and extracts the literals by which
//! their phrases and expressions are searched for. A new rule is one new file.
//!
//! Extraction at build time makes startup about 100 ms faster.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use dechaff_phrases::literals::Extracted;
use dechaff_phrases::{self as phrase, Context, Extent, Phrase, WordList, WordLists};

fn main() -> io::Result<()> {
    let package = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    // In the repository, rules are at its root; in the published package, beside this file.
    let repository = package.ancestors().nth(2).filter(|root| root.join("rules").is_dir());
    let root = repository.unwrap_or(&package);
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", root.join("rules").display());
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
        let _ = writeln!(
            embedded_words,
            "    ({name:?}, include_str!({:?})),",
            file.display().to_string()
        );
        match toml::from_str::<WordList>(&fs::read_to_string(file)?) {
            Ok(list) => _ = shared.insert(name, list),
            Err(error) => println!("cargo::error=rules/words/{name}.toml: {}", one_line(&error)),
        }
    }
    embedded_words.push_str("]\n");
    fs::write(output.join("embedded_words.rs"), embedded_words)?;
    let shared: &'static WordLists = Box::leak(Box::new(WordLists::new(shared, None)));

    let mut built_in = String::from("&[\n");
    let mut extracted = Extracted::default();
    for file in &files {
        let name = file.strip_prefix(root).unwrap_or(file);
        let name = name.to_string_lossy().replace('\\', "/");
        let text = fs::read_to_string(file)?;
        let parsed = patterns(&text, shared, &mut extracted)
            .and_then(|patterns| Ok((patterns, body_length(&text)?)));
        let (patterns, body) = match parsed {
            Ok(parsed) => parsed,
            Err(message) => {
                println!("cargo::error={name}: {message}");
                continue;
            }
        };
        let _ = writeln!(
            built_in,
            "    BuiltInRule {{ path: {name:?}, text: include_str!({:?}), body: {body}, patterns: &[{patterns}] }},",
            file.display().to_string()
        );
    }
    built_in.push_str("]\n");
    fs::write(output.join("built_in_rules.rs"), built_in)?;
    let lines: Vec<u8> = extracted.lines.iter().flat_map(|hash| hash.to_le_bytes()).collect();
    fs::write(output.join("lines.bin"), lines)?;
    fs::write(output.join("required.bin"), extracted.required)
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

/// The parts of a rule file that contain phrases.
#[derive(serde::Deserialize)]
struct RuleFile {
    #[serde(default)]
    words: BTreeMap<String, WordList>,
    #[serde(default)]
    find: Vec<FindTable>,
}

/// The keys of a `[[find]]` table that affect its expressions.
#[derive(serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
struct FindTable {
    r#match: Option<String>,
    r#where: Option<String>,
    #[serde(default)]
    case_sensitive: bool,
    #[serde(default)]
    regex: Vec<String>,
    except: Option<toml::Value>,
    /// Other keys. Language keys have phrases.
    #[serde(flatten)]
    others: toml::Table,
}

/// Returns the length of a rule file without its examples, in bytes. Only this part is parsed at
/// startup, so it must have everything else.
fn body_length(text: &str) -> Result<usize, String> {
    let body = text.find("\n[[example]]").map_or(text.len(), |end| end + 1);
    let table = |text| toml::from_str::<toml::Table>(text).map_err(|error| one_line(&error));
    let mut whole = table(text)?;
    whole.remove("example");
    if table(&text[..body])? != whole {
        return Err("examples must come last: move the other tables above them".into());
    }
    Ok(body)
}

fn one_line(error: &toml::de::Error) -> String {
    error.to_string().replace('\n', " ")
}

/// Extracts the `[[find]]` tables of a rule file. Returns a `PrecompiledPattern` for each.
fn patterns(
    text: &str,
    shared: &'static WordLists,
    extracted: &mut Extracted,
) -> Result<String, String> {
    let rule: RuleFile = toml::from_str(text).map_err(|error| one_line(&error))?;
    let lists = WordLists::new(rule.words, Some(shared));
    rule.find.iter().map(|table| pattern(table, &lists, extracted)).collect()
}

fn pattern(
    table: &FindTable,
    lists: &WordLists,
    extracted: &mut Extracted,
) -> Result<String, String> {
    let is_part = table.r#match.as_deref() == Some("contains");
    let extent = if is_part { Extent::Contains } else { Extent::Whole };
    let may_be_listed =
        !is_part && !table.case_sensitive && table.r#where.as_deref() != Some("sentence");
    let (required, lines, mut phrases) = (extracted.required.len(), extracted.lines.len(), 0);
    for (block, (language, text)) in language_blocks(&table.others).enumerate() {
        for phrase in parse_block(text, language, extent, lists)? {
            phrases += usize::from(extracted.add_phrase(block, &phrase, !is_part, may_be_listed));
        }
    }
    for regex in &table.regex {
        extracted.add_regex(&phrase::join_lines(regex), !is_part);
    }
    // Exceptions are only translated when a phrase matches, so only validate them here.
    match &table.except {
        Some(toml::Value::String(text)) => {
            _ = parse_block(text, phrase::ANY, Extent::Contains, lists)?
        }
        Some(toml::Value::Table(languages)) => {
            for (language, text) in language_blocks(languages) {
                parse_block(text, language, Extent::Contains, lists)?;
            }
        }
        _ => {}
    }
    Ok(format!(
        "PrecompiledPattern {{ required: {required}..{}, phrases: {phrases}, lines: {lines}..{} }}, ",
        extracted.required.len(),
        extracted.lines.len()
    ))
}

/// Returns the blocks of phrases in a table, by language.
fn language_blocks(table: &toml::Table) -> impl Iterator<Item = (&str, &str)> {
    let languages = table.iter().filter(|(key, _)| phrase::is_language(key));
    languages.map(|(language, block)| (language.as_str(), block.as_str().unwrap_or_default()))
}

fn parse_block(
    text: &str,
    language: &str,
    extent: Extent,
    lists: &WordLists,
) -> Result<Vec<Phrase>, String> {
    let context = Context { language: language.into(), extent, lists };
    phrase::parse_block(text, &context).map_err(|error| {
        let source = text.get(error.span).unwrap_or_default();
        format!("{} in `{source}` of `{language}`", error.message)
    })
}
