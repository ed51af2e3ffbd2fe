//! Machine-readable formats conform to their published schemas, and their locations are correct.

mod positions;

use crate::xsd;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock};

use dechaff::finding::{Applicability, Edit, Finding, Fix, Label, RuleInfo, Severity};
use dechaff::linter::Linter;
use dechaff::report::{
    Azure, Concise, Full, GitHub, GitLab, Grouped, Html, JUnit, Json, JsonLines, Markdown, RdJson,
    Reporter, Sarif, Summary,
};
use dechaff::rule::Registry;
use dechaff::text::{Document, Origin, Record, Span, TextProvider};
use serde_json::Value;

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| Registry::embedded().unwrap());

const COPIED: &str = "The ministry said on Tuesday that the talks would resume in Muscat next week, and that both sides had \
                      agreed to bring their own experts along for the first time since the spring.";

/// Texts with one problem each, with wide characters, CRLF, a missing final newline or no text at
/// all.
fn texts() -> Vec<(Origin, String)> {
    let record = |index, id: Option<&str>| Record { index, id: id.map(str::to_owned) };
    let text = |name: &str, text: &str| (Origin::file(name), text.to_owned());
    vec![
        text("empty.txt", ""),
        text("blank.txt", "\r\n\r\n"),
        text(
            "a b/ü,:;]%|<x>`\u{1b}[2J.md",
            "Ein Satz über 中文 😀😀 und mehr.\r\n\r\nLeave a Comment\r\n",
        ),
        text("first.txt", &format!("A page.\n\n{COPIED}\n\nLeave a Reply")),
        text("second.txt", &format!("Another page.\n\n{COPIED} 😀\n\nShare this:\n")),
        text(
            "table.md",
            "| a | b |\n|---|---|\n| 1 | 2 |\n| 1 |\n\nText with <b>tags</b> &amp; more.\n",
        ),
        (
            Origin { path: "shard.jsonl".into(), record: Some(record(17, Some("a\"b"))) },
            format!("{COPIED}\n\nLeave a Reply\n"),
        ),
        (
            Origin { path: "shard.jsonl".into(), record: Some(record(18, None)) },
            "Advertisement\n".into(),
        ),
    ]
}

struct TextMap(HashMap<Origin, Arc<str>>);

impl TextProvider for TextMap {
    fn text(&self, origin: &Origin) -> Option<Arc<str>> {
        self.0.get(origin).cloned()
    }
}

/// Returns a reporter for every format.
fn formats() -> Vec<(&'static str, Box<dyn Reporter>)> {
    vec![
        ("full", Box::new(Full::new(100, false))),
        ("concise", Box::new(Concise::default())),
        ("grouped", Box::new(Grouped)),
        ("json", Box::new(Json::default())),
        ("json-lines", Box::new(JsonLines)),
        ("sarif", Box::new(Sarif::new(REGISTRY.rules()))),
        ("github", Box::new(GitHub::default())),
        ("gitlab", Box::new(GitLab::default())),
        ("junit", Box::new(JUnit::default())),
        ("rdjson", Box::new(RdJson::default())),
        ("azure", Box::new(Azure)),
        ("markdown", Box::new(Markdown::default())),
        ("html", Box::new(Html::new(REGISTRY.rules(), vec!["a b".into()]))),
    ]
}

/// Returns the report on documents and their findings.
fn print(
    report: &mut dyn Reporter,
    all: &[(Document<'_>, Vec<Finding>)],
    texts: &dyn TextProvider,
) -> String {
    let (mut output, mut summary) = (String::new(), Summary::default());
    for (document, findings) in all {
        summary.add(findings);
        if !findings.is_empty() {
            report.write_document(document, findings, texts, &mut output);
        }
    }
    report.finish(&summary, &mut output);
    output
}

/// Calls `check` with the name and output of each format.
fn each(
    all: &[(Document<'_>, Vec<Finding>)],
    texts: &dyn TextProvider,
    check: impl Fn(&str, &str),
) {
    for (name, mut report) in formats() {
        check(name, &print(report.as_mut(), all, texts));
    }
}

fn valid(name: &str, text: &str) {
    match name {
        "sarif" => schema("sarif-2.1.0.json", &serde_json::from_str(text).unwrap()),
        "rdjson" => schema("reviewdog-DiagnosticResult.json", &serde_json::from_str(text).unwrap()),
        "gitlab" => valid_gitlab(text),
        "junit" => xsd::validate("tests/schemas/junit-10.xsd", text),
        "html" => drop(crate::html::parse(text)),
        "json" => {
            for finding in serde_json::from_str::<Vec<Value>>(text).unwrap() {
                schema("../../docs/finding.schema.json", &finding);
            }
        }
        "github" => {
            for line in text.lines() {
                let is_command = ["::error ", "::warning ", "::notice "]
                    .iter()
                    .any(|command| line.starts_with(command));
                assert!(is_command || !line.starts_with("::") && !line.contains("##["), "{line}");
            }
        }
        "azure" => {
            for line in text.lines().rev().skip(1) {
                assert!(line.starts_with("##vso[task.logissue type="), "{line}");
            }
        }
        "markdown" => {
            for line in text.lines().filter(|line| line.starts_with('|')) {
                assert_eq!(line.matches('|').count(), 5, "{line}");
            }
        }
        _ => {}
    }
    if !["json", "json-lines", "sarif", "rdjson", "gitlab", "full"].contains(&name) {
        assert!(!text.contains('\u{1b}'), "{name}: {text}");
    }
}

fn schema(file: &str, value: &Value) {
    static SCHEMAS: LazyLock<HashMap<&str, jsonschema::Validator>> = LazyLock::new(|| {
        let read = |file| {
            let text = std::fs::read_to_string(format!("tests/schemas/{file}")).unwrap();
            // SARIF's pattern for language tags has an unescaped bracket, which strict engines
            // reject.
            let text = text.replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}\\\\]?$");
            let mut schema: Value = serde_json::from_str(&text).unwrap();
            if schema["title"].as_str().is_some_and(|title| title.contains("dechaff")) {
                // Later versions may add fields, but this one has to describe all of its own.
                schema["unevaluatedProperties"] = false.into();
            }
            (file, jsonschema::validator_for(&schema).unwrap())
        };
        [
            "sarif-2.1.0.json",
            "reviewdog-DiagnosticResult.json",
            "gitlab-codeclimate.json",
            "../../docs/finding.schema.json",
        ]
        .map(read)
        .into()
    });
    let errors: Vec<String> = SCHEMAS[file]
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{file}: {}\n{value}", errors.join("\n"));
}

fn valid_gitlab(text: &str) {
    let issues: Vec<Value> = serde_json::from_str(text).unwrap();
    let mut fingerprints = HashSet::new();
    for issue in &issues {
        schema("gitlab-codeclimate.json", issue);
        assert!(
            ["info", "minor", "major", "critical", "blocker"]
                .contains(&issue["severity"].as_str().unwrap())
        );
        assert!(issue["location"]["lines"]["begin"].as_u64().unwrap() > 0);
        assert!(fingerprints.insert(issue["fingerprint"].as_str().unwrap()), "{issue}");
    }
}

/// Lints the texts with all rules.
fn linted(texts: &[(Origin, String)]) -> (Vec<(Document<'_>, Vec<Finding>)>, TextMap) {
    let linter = Linter::from_rules(REGISTRY.rules()).unwrap();
    let texts_by_origin = TextMap(
        texts.iter().map(|(origin, text)| (origin.clone(), Arc::from(text.as_str()))).collect(),
    );
    let documents: Vec<Document<'_>> = texts
        .iter()
        .map(|(origin, text)| Document::parse(Arc::new(origin.clone()), text))
        .collect();
    let compared = linter
        .compare(documents.iter().map(|document| linter.sketch(document)), &texts_by_origin)
        .unwrap();
    let all = documents.into_iter().map(|document| {
        let own = compared
            .iter()
            .filter(|finding| finding.origin == *document.origin())
            .cloned()
            .collect();
        let findings = linter.lint(&document, own);
        (document, findings)
    });
    (all.collect(), texts_by_origin)
}

#[test]
fn findings_conform_to_every_schema() {
    let texts = texts();
    let (all, texts_by_origin) = linted(&texts);
    let found: usize = all.iter().map(|(_, findings)| findings.len()).sum();
    assert!(
        found > 5
            && all
                .iter()
                .any(|(_, found)| found.iter().any(|finding| finding.rule.code.starts_with("ND")))
    );
    each(&all, &texts_by_origin, valid);
}

#[test]
fn empty_reports_conform_to_every_schema() {
    each(&[], &TextMap(HashMap::new()), valid);
}

/// Findings at every pair of offsets in short texts, each with a fix of two edits, and labels in
/// the same and in a missing document.
#[test]
fn findings_at_any_offset_conform_to_every_schema() {
    let info =
        |severity| Arc::new(RuleInfo { severity, ..RuleInfo::clone(&REGISTRY.rules()[0].info) });
    let infos = [Severity::Info, Severity::Warning, Severity::Error].map(info);
    for text in ["", "\n", "a", "é😀\r\n\r\n中|%\n", "\u{feff}x\ry\n\n"] {
        let document = Document::parse(Arc::new(Origin::file("a.md")), text);
        let offsets: Vec<usize> =
            (0..=text.len()).filter(|&at| text.is_char_boundary(at)).collect();
        let mut findings = Vec::new();
        for (index, &start) in offsets.iter().enumerate() {
            for &end in &offsets[index..] {
                let span = Span::new(start, end);
                let mut finding = Finding::new(&infos[findings.len() % 3], &document, span);
                finding.help = Some("remove | it".into());
                let edits = [Span::new(start, start), span]
                    .map(|span| Edit { span, content: "\u{1b}x|\n".into() });
                finding.fix =
                    Some(Fix { applicability: Applicability::Unsafe, edits: edits.into() });
                let lost = Some(Arc::new(Origin::file("lost.txt")));
                finding.labels.extend([None, lost].map(|origin| Label {
                    origin,
                    span,
                    message: "see".into(),
                }));
                findings.push(finding);
            }
        }
        each(&[(document, findings)], &TextMap(HashMap::new()), valid);
    }
}

#[test]
fn equal_findings_have_unique_gitlab_but_shared_sarif_fingerprints() {
    let text =
        "Some text of a page.\n\nLeave a Comment\n\nMore text of a page.\n\nLeave a Comment\n";
    let texts =
        [(Origin::file("a.txt"), text.to_owned()), (Origin::file("b.txt"), text.to_owned())];
    let (all, texts_by_origin) = linted(&texts);
    let prompts: Vec<_> = all
        .into_iter()
        .map(|(document, findings)| {
            (
                document,
                findings
                    .into_iter()
                    .filter(|finding| finding.rule.code == "BP001")
                    .collect::<Vec<_>>(),
            )
        })
        .collect();
    valid_gitlab(&print(&mut GitLab::default(), &prompts, &texts_by_origin));
    let log: Value =
        serde_json::from_str(&print(&mut Sarif::new(REGISTRY.rules()), &prompts, &texts_by_origin))
            .unwrap();
    let fingerprints = |name: &str| -> HashSet<String> {
        let results = log["runs"][0]["results"].as_array().unwrap().iter();
        results
            .map(|result| result["partialFingerprints"][name].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        (fingerprints("flaggedText/v1").len(), fingerprints("primaryLocationLineHash").len()),
        (1, 2)
    );
}

#[test]
fn github_and_markdown_count_omitted_findings() {
    let text = "Leave a Comment\n\n".repeat(200);
    let document = Document::parse(Arc::new(Origin::file("a.txt")), &text);
    let rule = REGISTRY.find("BP001").unwrap();
    let line = "Leave a Comment\n\n".len();
    let at = |index: usize| {
        Finding::with_deletion(&rule.info, &document, Span::new(index * line, index * line + 15))
    };
    let findings: Vec<Finding> = (0..200).map(at).collect();
    let all = [(document, findings)];
    let texts = TextMap(HashMap::new());

    let log = print(&mut GitHub::default(), &all, &texts);
    assert_eq!(log.matches("::warning ").count(), 10);
    assert_eq!(log.lines().filter(|line| line.starts_with("- a.txt:")).count(), 190);
    assert!(log.contains("::notice title=dechaff::190 more findings "), "{log}");

    let table = print(&mut Markdown::default(), &all, &texts);
    assert_eq!(table.lines().filter(|line| line.starts_with("| <code>")).count(), 100);
    assert!(table.contains("\n… and 100 more findings.\n"), "{table}");
}

#[test]
fn json_has_the_flagged_text_and_the_notes() {
    let text = format!("a{}\nLeave a Reply\n", "é".repeat(600));
    let document = Document::parse(Arc::new(Origin::file("a.txt")), &text);
    let reply = text.find("Leave").unwrap();
    let spans = [
        Span::new(0, reply - 1),
        Span::new(reply, reply + "Leave a Reply".len()),
        Span::new(reply, reply),
    ];
    let mut findings = spans.map(|span| Finding::new(&REGISTRY.rules()[0].info, &document, span));
    findings[1].notes = vec!["one".into(), "two".into()];
    findings[1].also_reported_by = vec![("ZZ001".into(), "house style".into())];
    findings[1].probability = Some(0.987);
    let all = [(document, findings.into())];
    let texts = TextMap(HashMap::new());
    let sarif: Value = serde_json::from_str(&print(&mut Sarif::new(&[]), &all, &texts)).unwrap();
    let results = &sarif["runs"][0]["results"];
    // A part of the text is not the snippet of the whole region.
    assert!(results[0]["locations"][0]["physicalLocation"]["region"].get("snippet").is_none());
    assert!(results[0]["properties"].get("probability").is_none());
    assert_eq!(results[1]["properties"]["probability"], 0.99);
    let printed = print(&mut JsonLines, &all, &texts);
    let values: Vec<Value> =
        printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    // 1,000 bytes end within a character.
    assert_eq!(values[0]["text"], format!("a{}", "é".repeat(499)));
    assert_eq!(values[0]["text_truncated"], true);
    assert_eq!(
        (&values[1]["text"], &values[1]["text_truncated"]),
        (&"Leave a Reply".into(), &false.into())
    );
    assert_eq!(values[1]["schema_version"], 1);
    assert_eq!(values[1]["notes"], serde_json::json!(["one", "two"]));
    let others = serde_json::json!([{ "code": "ZZ001", "message": "house style" }]);
    assert_eq!(values[1]["also_reported_by"], others);
    assert_eq!(values[1]["probability"], 0.99);
    assert_eq!((&values[2]["text"], &values[2]["text_truncated"]), (&"".into(), &false.into()));
}
