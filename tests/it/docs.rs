//! Generated pages are current. `UPDATE_DOCS=1 cargo test --test it docs::` writes them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use dechaff::config::Settings;
use dechaff::linter::Linter;
use dechaff::rule::Registry;
use dechaff::text::{Document, Origin};
use serde::Deserialize;

#[derive(Deserialize)]
struct Measured {
    lines: usize,
    precision: f64,
    read: Option<f64>,
}

fn assert_current(path: &str, expected: &str) {
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::create_dir_all(Path::new(path).parent().unwrap()).unwrap();
        fs::write(path, expected).unwrap();
    }
    let actual = fs::read_to_string(path).unwrap_or_default();
    assert!(
        actual == expected,
        "{path} is outdated; update it with UPDATE_DOCS=1 cargo test --test it docs::"
    );
}

#[test]
fn rule_reference_is_current() {
    let registry = Registry::embedded().unwrap();
    let measured: BTreeMap<String, Measured> =
        serde_json::from_str(&fs::read_to_string("docs/measured.json").unwrap()).unwrap();
    let mut page = String::from(
        "# Rules\n\nGenerated from the files in `rules/`. Precision is measured on labelled web pages by raw labels, which have \
         faults of their own; `docs/accuracy.md` says how, and what reading the disputed lines came to.\n\n",
    );
    page.push_str("| code | name | finds | fix |\n|---|---|---|---|\n");
    for rule in registry.rules() {
        let info = &rule.info;
        let fix = info.fix.map_or(String::new(), |fix| fix.to_string());
        let anchor = format!("{}-{}", info.code.to_lowercase(), info.name).replace('@', "");
        let _ = writeln!(
            page,
            "| [{}](#{anchor}) | {} | {} | {fix} |",
            info.code, info.name, info.summary
        );
    }
    page.push_str(&phrases_by_language(&registry));
    for rule in registry.rules() {
        let measured =
            measured.get(&rule.info.code).filter(|measured| measured.lines > 0).map(|measured| {
                let Measured { lines, precision, read } = measured;
                let lines =
                    if *lines == 1 { "1 line".to_owned() } else { format!("{lines} lines") };
                let read = read.map_or(String::new(), |read| format!(", {read:.3} after reading"));
                format!(
                    "precision {precision:.3} on the {lines} it flags in the labelled pages{read}"
                )
            });
        let evidence = match rule.parameters.kind() {
            "measure" => "agreement with its implementation, in `docs/measures.md`",
            _ => {
                "too few cases in the labelled pages; the seeds and the rule's own examples are its evidence"
            }
        };
        page.push('\n');
        page.push_str(&rule.to_markdown(Some(measured.as_deref().unwrap_or(evidence))));
    }
    assert_current("docs/rules.md", &page);
}

/// Returns a table with the number of phrases per rule and language.
fn phrases_by_language(registry: &Registry) -> String {
    let rules: Vec<_> =
        registry.rules().iter().filter(|rule| !rule.languages().is_empty()).collect();
    let keys: BTreeSet<Arc<str>> =
        rules.iter().flat_map(|rule| rule.languages().into_keys()).collect();
    let mut table = String::from(
        "\n## Phrases by language\n\nHow many phrases each rule has under each language key; `any` holds phrases that belong to \
         no language. Rules that are not listed do not depend on words.\n\n",
    );
    let _ = writeln!(
        table,
        "| rule | {} |",
        keys.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(" | ")
    );
    let _ = writeln!(table, "|---|{}", "---:|".repeat(keys.len()));
    for rule in rules {
        let languages = rule.languages();
        let counts =
            keys.iter().map(|key| languages.get(key).map_or(String::new(), usize::to_string));
        let _ = writeln!(
            table,
            "| {} {} | {} |",
            rule.info.code,
            rule.info.name,
            counts.collect::<Vec<_>>().join(" | ")
        );
    }
    table
}

fn dechaff(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_dechaff")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn configuration_schema_is_current() {
    assert_current("docs/dechaff.schema.json", &dechaff(&["config", "--schema"]));
}

#[test]
fn starter_configuration_lists_every_key_commented_out() {
    let schema: serde_json::Value =
        serde_json::from_str(&dechaff(&["config", "--schema"])).unwrap();
    let starter = fs::read_to_string("src/cli/starter.toml").unwrap();
    assert!(starter.parse::<toml::Table>().unwrap().is_empty(), "a key is not commented out");
    let lines: Vec<&str> = starter.lines().filter_map(|line| line.strip_prefix("# ")).collect();
    for key in schema["properties"].as_object().unwrap().keys() {
        let is_listed = |line: &&str| {
            line.starts_with(&format!("{key} = ")) || line.starts_with(&format!("[{key}"))
        };
        assert!(lines.iter().any(is_listed), "src/cli/starter.toml does not list `{key}`");
    }
    // Uncommented, it is a valid configuration.
    let is_setting =
        |line: &&str| line.starts_with('[') || line.starts_with('"') || line.contains(" = ");
    let settings: String =
        lines.iter().filter(|line| is_setting(line)).map(|line| format!("{line}\n")).collect();
    let settings = settings
        .replace("extend = \"../dechaff.toml\"\n", "")
        .replace("rules = [\"my-rules/\"]\n", "");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dechaff.toml");
    fs::write(&path, settings).unwrap();
    assert!(
        dechaff(&["config", "--config", path.to_str().unwrap()]).contains("text-field = \"text\"")
    );
}

#[test]
fn completions_include_rules() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = dechaff(&["completions", shell]);
        assert!(script.contains("unsafe-fixes"), "{shell}");
        if matches!(shell, "bash" | "zsh" | "fish") {
            assert!(script.contains("ND002") && script.contains("comment-prompt"), "{shell}");
        }
    }
    let script = dechaff(&["completions", "bash"]);
    let complete = |words: &str, last: usize| {
        let ask = format!(
            "{script}\nCOMP_WORDS=({words}); COMP_CWORD={last}; _dechaff dechaff \"${{COMP_WORDS[{last}]}}\" \
             \"${{COMP_WORDS[{last} - 1]}}\"; echo \"${{COMPREPLY[@]}}\""
        );
        let output = Command::new("bash").args(["-c", &ask]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    if Command::new("bash").arg("--version").output().is_err() {
        return;
    }
    assert_eq!(
        complete("dechaff check --select ND00", 3),
        "ND001 ND002 ND003 ND004 ND005 ND006 ND007 ND008"
    );
    assert_eq!(complete("dechaff check --extend-select SU", 3), "SU001 SU002");
    assert_eq!(complete("dechaff check --ignore comment-pr", 3), "comment-prompt");
    assert_eq!(complete("dechaff rule SU", 2), "SU001 SU002");
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    dechaff(&["man", "--dir", folder.path().to_str().unwrap()]);
    let help = dechaff(&["--help"]);
    let commands = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty());
    let commands: Vec<&str> = commands.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(commands.contains(&"man") && commands.contains(&"check"), "{help}");
    for command in commands.into_iter().filter(|command| *command != "help") {
        let page = fs::read_to_string(folder.path().join(format!("dechaff-{command}.1"))).unwrap();
        assert_eq!(page, dechaff(&["man", command]));
        assert!(page.contains("SYNOPSIS") && page.contains(".SH \"EXIT STATUS\""), "{command}");
        assert!(
            page.contains(".SH EXAMPLES")
                && page.contains(&format!("dechaff {}", command.replace('-', "\\-"))),
            "{command}"
        );
    }
    let page = fs::read_to_string(folder.path().join("dechaff.1")).unwrap();
    assert!(
        page.contains(".TH DECHAFF 1")
            && page.contains("\\fB130\\fR")
            && page.contains(".SH FILES"),
        "{page}"
    );
}

#[test]
fn tables_in_pages_parse() {
    let registry = Registry::embedded().unwrap();
    let settings = Settings::new(&registry, &["MT".to_owned()], &[], &[]).unwrap();
    let linter = Linter::new(&registry, &settings).unwrap();
    let pages = fs::read_dir("docs").unwrap().map(|entry| entry.unwrap().path());
    for page in pages.filter(|path| path.extension().is_some_and(|extension| extension == "md")) {
        let text = fs::read_to_string(&page).unwrap();
        let document = Document::parse(Arc::new(Origin::file(page.to_string_lossy())), &text);
        let findings = linter.check(&document);
        let lines: Vec<usize> =
            findings.iter().map(|finding| document.line_at(finding.span.start) + 1).collect();
        assert!(lines.is_empty(), "{}: a table is broken at lines {lines:?}", page.display());
    }
}

#[test]
fn every_parameter_of_a_rule_is_documented() {
    let configuration = fs::read_to_string("docs/configuration.md").unwrap();
    let writing = fs::read_to_string("docs/writing-rules.md").unwrap();
    let schema = dechaff(&["config", "--schema"]);
    for rule in Registry::embedded().unwrap().rules() {
        for (whole, _) in rule.parameter_values() {
            let key = &whole;
            if rule.patterns().is_some() {
                assert!(
                    writing.contains(&format!("`{key}`")),
                    "docs/writing-rules.md does not name `{key}`"
                );
                continue;
            }
            // Thresholds are named after measures, which the rule's own section lists.
            if rule.parameters.kind() == "measure" {
                // Those for one language come after its code.
                let key = key.strip_prefix("languages.").and_then(|rest| rest.split_once('.'));
                let key = key.map_or(whole.as_str(), |(_, key)| key);
                let name = key.split_once('-').map_or(key, |(end, _)| end);
                let known = ["min", "max", "below"].contains(&name) || configuration.contains(key);
                assert!(known, "docs/configuration.md does not name `{key}`");
                continue;
            }
            let table = key.split('.').next().unwrap();
            let is_named = |line: &str| {
                line.contains(&format!("`{}`", rule.info.code))
                    && (line.contains(&format!("`{key}`"))
                        || line.contains(&format!("`{table}.*`")))
            };
            let code = &rule.info.code;
            assert!(
                configuration.lines().any(is_named),
                "docs/configuration.md does not name `{key}` of {code}"
            );
            assert!(
                !code.starts_with("ND") || schema.contains(&format!("\"{table}\"")),
                "the schema does not name `{key}`"
            );
        }
    }
}
