//! The README and the pages in `docs/` are accurate: their commands run and print the output shown.
//! `UPDATE_DOCS=1 cargo test --test it readme::` updates the excerpt in the README.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// Pages whose commands are run.
const PAGES: &[&str] = &[
    "README.md",
    "docs/configuration.md",
    "docs/corpora.md",
    "docs/formats.md",
    "docs/gate.md",
    "docs/json.md",
    "docs/writing-rules.md",
];

/// A fenced code block.
struct Block {
    language: String,
    lines: Vec<String>,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let lines =
                lines.by_ref().take_while(|line| *line != "```").map(str::to_owned).collect();
            blocks.push(Block { language: language.to_owned(), lines });
        }
    }
    blocks
}

fn shell(folder: &Path, command: &str) -> Output {
    let binary = Path::new(env!("CARGO_BIN_EXE_dechaff")).parent().unwrap().to_owned();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell.current_dir(folder).args(["-c", command]).env("PATH", path);
    shell
        .env("GITHUB_STEP_SUMMARY", "summary.md")
        .env_remove("GITHUB_ACTIONS")
        .env_remove("GITLAB_CI");
    shell.stdin(std::process::Stdio::null()).output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

/// Creates a directory with the files used on the pages.
fn workspace() -> TempDir {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    let article = "The talks go on in Muscat next week, both sides said on Monday.\n\nBy Jane Smith, Staff Writer\n\nLeave a Comment\n";
    let line = |field: &str| {
        format!("{{\"id\": \"a\", \"{field}\": {}}}\n", serde_json::to_string(article).unwrap())
    };
    for directory in ["corpus", "shards", "crawl", "wiki/documents/en", "my-rules"] {
        fs::create_dir_all(here.join(directory)).unwrap();
    }
    fs::write(here.join("corpus/page.txt"), article).unwrap();
    fs::write(here.join("page.txt"), article).unwrap();
    fs::write(here.join("shards/a.jsonl"), line("text")).unwrap();
    fs::write(
        here.join("shards/b.jsonl"),
        line("doc").replace("\"doc\": \"", "\"doc\": {\"text\": \"").replace("\"}", "\"}}"),
    )
    .unwrap();
    fs::write(here.join("a.jsonl"), line("text")).unwrap();
    fs::copy("tests/fixtures/warc/pages.warc.wet.gz", here.join("crawl/pages.warc.wet.gz"))
        .unwrap();
    let rules = fs::read_to_string("docs/writing-rules.md").unwrap();
    let rule = blocks(&rules).into_iter().find(|block| block.language == "toml").unwrap();
    fs::write(here.join("my-rules/stock-line.toml"), rule.lines.join("\n")).unwrap();
    let prepare = "git init -q -b main . && git -c user.name=a -c user.email=a@example.com commit -q --allow-empty -m a && \
                   git update-ref refs/remotes/origin/main HEAD && gzip -k a.jsonl && \
                   gzip -c a.jsonl > wiki/documents/en/0.json.gz";
    let prepared = shell(here, prepare);
    assert!(prepared.status.success(), "{}", text(&prepared));
    folder
}

/// Returns the commands of a page in order: lines of `sh` and `console` blocks, and steps of CI
/// jobs.
fn commands(page: &str) -> Vec<String> {
    let starts = ["$ ", "- run: ", "- script: ", "- ", ""];
    let lines = page.lines().filter(|line| {
        !line.starts_with("dechaff ") || line.contains(" --") || line.contains("  #")
    });
    let commands = lines.filter_map(|line| {
        let line = line.trim_start();
        let line = starts
            .iter()
            .find_map(|start| line.strip_prefix(start).filter(|rest| is_command(rest)))?;
        Some(line.to_owned())
    });
    commands.collect()
}

fn is_command(line: &str) -> bool {
    let command = line.strip_prefix("zcat a.jsonl.gz | ").unwrap_or(line);
    let word = command.strip_prefix("dechaff ").and_then(|rest| rest.split_whitespace().next());
    matches!(
        word,
        Some(
            "check"
                | "rule"
                | "undo"
                | "init"
                | "config"
                | "test-rules"
                | "completions"
                | "man"
                | "index"
        )
    )
}

#[test]
fn every_command_runs() {
    let mut count = 0;
    for page in PAGES {
        let folder = workspace();
        let path = |name: &str| folder.path().join(name);
        for command in commands(&fs::read_to_string(page).unwrap()) {
            // Skip programs and files that are not available in tests.
            let command = command.split(" | reviewdog").next().unwrap();
            if command.contains(".jsonl.zst") || command.contains(".parquet") {
                continue;
            }
            let output = shell(folder.path(), command);
            let code = output.status.code();
            assert!(
                matches!(code, Some(0 | 1)),
                "{page}: `{command}` ends with {code:?}: {}",
                text(&output)
            );
            count += 1;
        }
        if *page == "README.md" {
            assert!(
                path("clean").is_dir()
                    && path("dechaff.toml").is_file()
                    && path("dechaff.sarif").is_file()
            );
        }
    }
    assert!(count >= 30, "{count} commands");
}

#[test]
fn readme_excerpt_is_current() {
    let output = Command::new(env!("CARGO_BIN_EXE_dechaff"))
        .args(["check", "seeds", "--output-format", "full", "--isolated"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let printed = String::from_utf8(output.stdout).unwrap();
    let readme = fs::read_to_string("README.md").unwrap();
    assert!(readme.lines().count() < 150);
    let excerpt = blocks(&readme)
        .into_iter()
        .find(|block| block.language == "text")
        .unwrap()
        .lines
        .join("\n");
    let mut excerpt = excerpt;
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let now = updated(&excerpt, &printed);
        fs::write("README.md", readme.replacen(&excerpt, &now, 1)).unwrap();
        excerpt = now;
    }
    let parts: Vec<&str> = excerpt.split("\n\n").collect();
    assert!(parts.len() >= 4);
    for part in parts {
        assert!(
            printed.contains(&format!("{part}\n")),
            "README.md shows what is not printed:\n{part}\n\n{printed}"
        );
    }
}

/// Replaces each finding of the excerpt, identified by its first two lines, with the current
/// output.
fn updated(excerpt: &str, printed: &str) -> String {
    let current = |part: &str| {
        let head: Vec<&str> = part.lines().take(2).collect();
        let head =
            if head.len() < 2 { "5 files checked:".to_owned() } else { head.join("\n") + "\n" };
        printed
            .split("\n\n")
            .find(|part| part.starts_with(&head))
            .unwrap_or(part)
            .trim_end()
            .to_owned()
    };
    excerpt.split("\n\n").map(current).collect::<Vec<_>>().join("\n\n")
}

#[test]
fn console_blocks_show_the_actual_output() {
    for page in PAGES {
        let source = fs::read_to_string(page).unwrap();
        let folder = workspace();
        for block in blocks(&source).iter().filter(|block| block.language == "console") {
            let mut lines = block.lines.iter().peekable();
            while let Some(line) = lines.next() {
                let command =
                    line.strip_prefix("$ ").unwrap_or_else(|| panic!("{page}: no command: {line}"));
                let mut expected = String::new();
                while let Some(line) = lines.next_if(|line| !line.starts_with("$ ")) {
                    expected.push_str(line);
                    expected.push('\n');
                }
                let printed = text(&shell(folder.path(), command));
                assert!(
                    expected.is_empty() || printed == expected,
                    "{page}: `{command}` prints\n{printed}"
                );
            }
        }
    }
}

#[test]
fn configuration_page_shows_the_actual_error() {
    let page = fs::read_to_string("docs/configuration.md").unwrap();
    let shown =
        blocks(&page).into_iter().rfind(|block| block.language == "text").unwrap().lines.join("\n");
    let folder = workspace();
    fs::write(folder.path().join("dechaff.toml"), "[rule.ND002]\ntreshold = 0.9\n").unwrap();
    let output = shell(folder.path(), "dechaff check corpus");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(text(&output).trim_end(), shown);
}

#[test]
fn local_links_resolve() {
    for page in PAGES.iter().chain(&[
        "docs/accuracy.md",
        "docs/architecture.md",
        "docs/glossary.md",
        "docs/model.md",
        "docs/performance.md",
    ]) {
        let source = fs::read_to_string(page).unwrap();
        let folder = Path::new(page).parent().unwrap();
        for link in source.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = link.split('#').next().unwrap();
            let is_local = !path.is_empty() && !path.contains("://");
            assert!(!is_local || folder.join(path).exists(), "{page}: {link}");
        }
    }
}
