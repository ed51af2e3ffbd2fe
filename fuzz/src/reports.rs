//! All formats, with any findings of any text.

use std::borrow::Cow;
use std::sync::Arc;

use dechaff::finding::{Applicability, Edit, Finding, Fix, Label, RuleInfo, Severity};
use dechaff::report::{
    Azure, Concise, Full, GitHub, GitLab, Grouped, Html, JUnit, Json, JsonLines, Markdown, RdJson,
    Reporter, Sarif, Statistics, Summary, attributes,
};
use dechaff::text::{Document, Origin, Record};
use serde_json::Value;

use super::input::{self, Control};
use super::shared::{self, OneText, REGISTRY};

/// The first bytes determine the findings; the rest is the text, which also provides their words.
pub fn run(input: &[u8]) {
    let (mut control, bytes) = Control::split(input, 64);
    let text = input::text(bytes);
    let record = (control.byte() & 1 == 1)
        .then(|| Record { index: u64::from(control.byte()), id: Some(words(&text, &mut control)) });
    let origin = Arc::new(Origin { path: words(&text, &mut control), record });
    let document = Document::parse(origin, &text);
    let width = control.below(300);
    let mut findings: Vec<Finding> =
        (0..1 + control.byte() % 4).map(|_| finding(&document, &mut control)).collect();
    findings.sort_by(|left, right| left.sort_key().cmp(&right.sort_key()));
    shared::check_places(&document, &findings);

    for (name, mut report) in formats(width) {
        check_format(name, &print(report.as_mut(), &document, &findings));
    }
    let id = serde_json::to_string(&*text).expect("a text serialises");
    serde_json::from_str::<Value>(&attributes(Some(&id), &text, &findings))
        .expect("attributes are JSON");
}

pub fn seeds() -> Vec<Vec<u8>> {
    let control = |seed: usize| (0..64_usize).map(move |number| (number * 31 + seed * 7) as u8);
    let texts = shared::examples();
    let seed = |(number, text): (usize, &String)| control(number).chain(text.bytes()).collect();
    texts.iter().step_by(12).enumerate().map(seed).collect()
}

/// A few words of the text.
fn words(text: &str, control: &mut Control<'_>) -> String {
    text[input::span(text, control).range()].to_owned()
}

fn finding(document: &Document<'_>, control: &mut Control<'_>) -> Finding {
    let text = document.text();
    let options = control.byte();
    let severities = [Severity::Info, Severity::Warning, Severity::Error];
    let rule = RuleInfo {
        code: format!("XX{:03}", control.byte()),
        name: "a-rule".into(),
        summary: words(text, control),
        severity: severities[usize::from(options) % 3],
        fix: Some(Applicability::Safe),
        note: None,
        amid_content: false,
        is_custom: options & 4 != 0,
    };
    let mut finding = Finding::new(&Arc::new(rule), document, input::span(text, control));
    if options & 8 != 0 {
        finding.message = Some(words(text, control));
        finding.label = Some(words(text, control));
        finding.notes.push(Cow::Owned(words(text, control)));
        finding.help = Some(Cow::Owned(words(text, control)));
        finding.also_reported_by.push(("YY001".into(), words(text, control)));
    }
    if options & 16 != 0 {
        let other = (options & 32 != 0).then(|| Arc::new(Origin::file(words(text, control))));
        let message = Cow::Owned(words(text, control));
        finding.labels.push(Label { origin: other, span: input::span(text, control), message });
    }
    if options & 64 != 0 {
        let changes = input::changes(text, control);
        let edits = changes
            .into_iter()
            .map(|change| Edit { span: change.span, content: change.content })
            .collect();
        let applicability =
            if options & 128 == 0 { Applicability::Safe } else { Applicability::Unsafe };
        finding.fix = Some(Fix { applicability, edits });
    }
    finding
}

fn formats(width: usize) -> Vec<(&'static str, Box<dyn Reporter>)> {
    vec![
        ("full", Box::new(Full::new(width, false))),
        ("color", Box::new(Full::new(width, true))),
        ("concise", Box::new(Concise::default())),
        ("grouped", Box::new(Grouped)),
        ("json", Box::new(Json::default())),
        ("json-lines", Box::new(JsonLines)),
        ("sarif", Box::new(Sarif::new(&REGISTRY.rules()[..2]))),
        ("github", Box::new(GitHub::default())),
        ("gitlab", Box::new(GitLab::default())),
        ("junit", Box::new(JUnit::default())),
        ("rdjson", Box::new(RdJson::default())),
        ("azure", Box::new(Azure)),
        ("markdown", Box::new(Markdown::default())),
        ("html", Box::new(Html::new(&REGISTRY.rules()[..2], vec!["a b".into()]))),
        ("statistics", Box::new(Statistics::default())),
    ]
}

fn print(report: &mut dyn Reporter, document: &Document<'_>, findings: &[Finding]) -> String {
    let texts = OneText(Arc::from(document.text()));
    let (mut output, mut summary) = (String::new(), Summary::default());
    summary.add(findings);
    report.write_document(document, findings, &texts, &mut output);
    report.finish(&summary, &mut output);
    output
}

fn check_format(name: &str, output: &str) {
    match name {
        "json" | "sarif" | "rdjson" | "gitlab" => {
            serde_json::from_str::<Value>(output).expect("the report is JSON");
        }
        "json-lines" => {
            for line in output.lines() {
                serde_json::from_str::<Value>(line).expect("each line is JSON");
            }
        }
        "junit" => drop(roxmltree::Document::parse(output).expect("the report is XML")),
        _ => {}
    }
}
