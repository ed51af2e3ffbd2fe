//! Follows the steps in `CONTRIBUTING.md` for adding a phrase, a language and a rule.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// The input for the last step of "Add a rule".
const TICKETS: &str = "You are now in line\n\nThe theatre by the lower lock opens its box office at nine, and the queue reaches \
                       the bridge before it is light.\n";

/// A fenced block of a section.
#[derive(Debug)]
struct Block {
    language: String,
    text: String,
    /// The rule file mentioned last before the block.
    file: Option<String>,
}

#[test]
fn a_phrase_is_added() {
    follow("Add a phrase");
}

#[test]
fn a_language_is_added() {
    follow("Add a language");
}

#[test]
fn a_rule_is_added() {
    follow("Add a rule in five minutes");
}

/// Applies the `toml` blocks of a section to a copy of the rules, and compares the output of its
/// commands. Without the `[[find]]` tables, `dechaff test-rules` must fail.
fn follow(section: &str) {
    let blocks = blocks(section);
    assert!(blocks.iter().any(|block| block.language == "console"), "{section}: no command");
    let folder = checkout();
    for block in &blocks {
        match block.language.as_str() {
            "toml" => add(folder.path(), block, &block.text),
            "console" => run(folder.path(), &block.text),
            _ => {}
        }
    }

    let added: Vec<&Block> = blocks.iter().filter(|block| block.language == "toml").collect();
    assert!(added.iter().any(|block| block.text.contains("[[find]]")), "{section} adds no phrase");
    let folder = checkout();
    for block in &added {
        add(folder.path(), block, &without_finds(&block.text));
    }
    let file = added.last().and_then(|block| block.file.as_deref()).unwrap();
    let output = dechaff(folder.path(), &["test-rules", file]);
    assert_ne!(output.status.code(), Some(0), "{section}: the examples hold without what is added");
}

/// Creates a directory with the files that a contributor edits.
fn checkout() -> TempDir {
    let folder = TempDir::new().unwrap();
    copy(Path::new("rules"), &folder.path().join("rules"));
    fs::create_dir(folder.path().join("texts")).unwrap();
    fs::write(folder.path().join("texts/tickets.txt"), TICKETS).unwrap();
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// Writes a new rule file, or appends to an existing one.
fn add(folder: &Path, block: &Block, text: &str) {
    let path: PathBuf =
        folder.join(block.file.as_ref().expect("a rule file is named before the block"));
    let is_new = block.text.starts_with("code = ");
    assert_ne!(is_new, path.exists(), "{}", path.display());
    if is_new {
        return fs::write(path, text).unwrap();
    }
    // Examples come last.
    let mut file = fs::read_to_string(&path).unwrap();
    let (body, examples) = text.split_at(text.find("[[example]]").unwrap_or(text.len()));
    file.insert_str(file.find("[[example]]").unwrap(), &format!("{body}\n"));
    fs::write(path, file + "\n" + examples).unwrap();
}

/// Removes the `[[find]]` tables from a block.
fn without_finds(text: &str) -> String {
    let mut inside = false;
    let kept = text.lines().filter(|line| {
        if line.starts_with("[[") {
            inside = *line == "[[find]]";
        }
        !inside
    });
    kept.map(|line| format!("{line}\n")).collect()
}

/// Runs the command of a console block in `folder` and compares its exit code and output.
fn run(folder: &Path, text: &str) {
    let mut lines = text.lines();
    let command = lines.next().and_then(|line| line.strip_prefix("$ dechaff ")).expect("a command");
    let mut expected: Vec<&str> = lines.collect();
    let code = match expected.first().and_then(|line| line.strip_prefix("? ")) {
        Some(code) => {
            let code = code.parse().unwrap();
            expected.remove(0);
            code
        }
        None => 0,
    };
    let output = dechaff(folder, &words(command));
    let printed = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(output.status.code(), Some(code), "{command}\n{printed}");
    let printed: Vec<&str> = printed.lines().collect();
    assert!(
        are_matched(&printed, &expected),
        "{command}\nexpected {expected:#?}\nprinted {printed:#?}"
    );
}

/// Whether the lines match. `...` matches any number of lines.
fn are_matched(lines: &[&str], expected: &[&str]) -> bool {
    match expected.split_first() {
        None => lines.is_empty(),
        Some((&"...", rest)) => {
            (0..=lines.len()).any(|skipped| are_matched(&lines[skipped..], rest))
        }
        Some((expected, rest)) => lines.split_first().is_some_and(|(line, lines)| {
            matches(&line.replace('\\', "/"), expected) && are_matched(lines, rest)
        }),
    }
}

/// Whether the line matches. `[..]` matches any text.
fn matches(line: &str, expected: &str) -> bool {
    match expected.split_once("[..]") {
        Some((start, end)) => {
            line.starts_with(start) && line.ends_with(end) && line.len() >= start.len() + end.len()
        }
        None => line == expected,
    }
}

/// Splits a command at spaces outside of double quotes.
fn words(command: &str) -> Vec<&str> {
    let mut in_quotes = false;
    command
        .split(|character| {
            in_quotes ^= character == '"';
            character == ' ' && !in_quotes
        })
        .map(|word| word.trim_matches('"'))
        .collect()
}

fn dechaff<S: AsRef<std::ffi::OsStr>>(folder: &Path, arguments: &[S]) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_dechaff"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap()
}

/// Returns the fenced blocks below the heading `section`, without the indentation of list items.
fn blocks(section: &str) -> Vec<Block> {
    let page = fs::read_to_string("CONTRIBUTING.md").unwrap();
    let start = page.find(&format!("\n## {section}\n")).expect("the section exists") + 1;
    let section = page[start..].split("\n## ").next().unwrap();
    let mut blocks = Vec::new();
    let mut file = None;
    let mut lines = section.lines();
    while let Some(line) = lines.next() {
        let named = line
            .split('`')
            .skip(1)
            .step_by(2)
            .find(|code| code.starts_with("rules/") && code.ends_with(".toml"));
        file = named.map(str::to_owned).or(file);
        let Some((indent, language)) = line.split_once("```") else { continue };
        let inside = lines.by_ref().take_while(|line| line.trim() != "```");
        let text =
            inside.map(|line| format!("{}\n", line.strip_prefix(indent).unwrap_or(line))).collect();
        blocks.push(Block { language: language.to_owned(), text, file: file.clone() });
    }
    blocks
}
