//! Lists the rule files so that the library can embed them, finds the signs of their patterns and writes their programs: a new
//! rule is one new file.

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
#[allow(dead_code)]
#[path = "src/check/pattern/program.rs"]
mod program;
#[path = "src/check/pattern/rarity.rs"]
mod rarity;

use literals::{Certain, Spacing, branches, joined};

fn main() -> io::Result<()> {
    for read in [
        "rules",
        "build.rs",
        "src/check/pattern/bytes.rs",
        "src/check/pattern/compact.rs",
        "src/check/pattern/literals.rs",
        "src/check/pattern/program.rs",
        "src/check/pattern/rarity.rs",
    ] {
        println!("cargo::rerun-if-changed={read}");
    }
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let output = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let mut files = Vec::new();
    collect(&root.join("rules"), &mut files)?;
    files.sort();

    let mut source = String::from("&[\n");
    let (mut programs, mut of_single, mut of_any) = (Found::new(), Found::new(), Found::new());
    for file in &files {
        let name = file.strip_prefix(&root).unwrap_or(file);
        let name = name.to_string_lossy().replace('\\', "/");
        let _ = writeln!(source, "    ({name:?}, include_str!({:?})),", file.display().to_string());
        // What is wrong with a rule file the tests tell, better than a build can.
        if let Ok(rule) = fs::read_to_string(file)?.parse::<toml::Table>() {
            add_programs(&rule, &mut programs);
            add_signs(&rule, Spacing::Single, &mut of_single);
            add_signs(&rule, Spacing::Any, &mut of_any);
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

fn patterns(rule: &toml::Table) -> impl Iterator<Item = &toml::Value> {
    rule.get("check").and_then(|check| check.get("pattern")).and_then(toml::Value::as_array).into_iter().flatten()
}

fn flag(pattern: &toml::Value, name: &str) -> bool {
    pattern.get(name).and_then(toml::Value::as_bool).unwrap_or(false)
}

fn expressions<'p>(pattern: &'p toml::Value, name: &str) -> impl Iterator<Item = &'p str> {
    pattern.get(name).and_then(toml::Value::as_array).into_iter().flatten().filter_map(toml::Value::as_str)
}

/// Adds the program of each expression that `src/check/pattern/mod.rs` makes of each pattern, by its text and whether it is
/// case-sensitive.
fn add_programs(rule: &toml::Table, programs: &mut Found) {
    for pattern in patterns(rule) {
        let case_sensitive = flag(pattern, "case-sensitive");
        let unless = joined(expressions(pattern, "unless"));
        for expression in expressions(pattern, "any").flat_map(branches).chain([unless.as_str()]) {
            let program = program::parse(expression, case_sensitive).and_then(|hir| program::written(&hir));
            programs.extend(program.map(|program| ((expression.to_owned(), case_sensitive), program)));
        }
    }
}

/// Adds what is certain of each alternative of each pattern: once as it is tried at the beginning of units and once as it is not,
/// where its guards allow both.
fn add_signs(rule: &toml::Table, spacing: Spacing, signs: &mut Found) {
    for pattern in patterns(rule) {
        let is_part = flag(pattern, "part");
        for alternative in expressions(pattern, "any").flat_map(branches) {
            for opens in [false, true].into_iter().filter(|opens| !(is_part && *opens)) {
                let certain = Certain::of(alternative, opens, spacing).ok();
                signs.extend(certain.map(|certain| ((alternative.to_owned(), opens), certain.written())));
            }
        }
    }
}
