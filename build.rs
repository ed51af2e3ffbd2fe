//! Lists the rule files so that the library can embed them, and finds the signs of their patterns: a new rule is one new file.

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
#[path = "src/check/pattern/rarity.rs"]
mod rarity;

use literals::{Certain, Signs, Spacing, branches};

fn main() -> io::Result<()> {
    for read in [
        "rules",
        "build.rs",
        "src/check/pattern/bytes.rs",
        "src/check/pattern/compact.rs",
        "src/check/pattern/literals.rs",
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
    let (mut of_single, mut of_any) = (String::new(), String::new());
    for file in &files {
        let name = file.strip_prefix(&root).unwrap_or(file);
        let name = name.to_string_lossy().replace('\\', "/");
        let _ = writeln!(source, "    ({name:?}, include_str!({:?})),", file.display().to_string());
        // What is wrong with a rule file the tests tell, better than a build can.
        if let Ok(rule) = fs::read_to_string(file)?.parse::<toml::Table>() {
            add_signs(&rule, Spacing::Single, &mut of_single);
            add_signs(&rule, Spacing::Any, &mut of_any);
        }
    }
    source.push_str("]\n");
    fs::write(output.join("embedded_rules.rs"), source)?;
    fs::write(output.join("pattern_signs_single.txt"), of_single)?;
    fs::write(output.join("pattern_signs_any.txt"), of_any)
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

/// Adds a line for each alternative of each pattern, as `src/check/pattern/signs.rs` reads it: once as it is tried at the beginning of
/// units and once as it is not, where its guards allow both.
fn add_signs(rule: &toml::Table, spacing: Spacing, signs: &mut String) {
    let patterns = rule.get("check").and_then(|check| check.get("pattern")).and_then(toml::Value::as_array);
    for pattern in patterns.into_iter().flatten() {
        let is_part = pattern.get("part").and_then(toml::Value::as_bool).unwrap_or(false);
        for expression in pattern.get("any").and_then(toml::Value::as_array).into_iter().flatten() {
            for branch in branches(expression.as_str().unwrap_or_default()) {
                for opens in [false, true].into_iter().filter(|opens| !(is_part && *opens)) {
                    let Ok(Certain { signs: found, others, bytes }) = Certain::of(branch, opens, spacing) else {
                        continue;
                    };
                    let (kind, found) = match found {
                        Signs::Opens(found) => ("opens", found),
                        Signs::Holds(found) => ("holds", found),
                        Signs::Blind => ("blind", Vec::new()),
                    };
                    let lists: Vec<String> = [found].iter().chain(&others).map(|list| list.join("\u{1F}")).collect();
                    let lists = lists.join("\u{1E}");
                    let bytes = bytes.iter().map(|set| format!("{:x}", set.0)).collect::<Vec<_>>().join("\u{1F}");
                    if !format!("{branch}{lists}").contains(['\n', '\u{1D}']) {
                        let opens = u8::from(opens);
                        let _ = writeln!(signs, "{opens}\u{1F}{kind}\u{1F}{branch}\u{1F}{bytes}\u{1D}{lists}");
                    }
                }
            }
        }
    }
}
