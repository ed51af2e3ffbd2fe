//! SARIF 2.1.0, for code scanning and for editors. Results are written one by one; the rules that they name come after them.
//!
//! Columns are Unicode scalar values; offsets are bytes of the document's text.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::{Medium, Report, Summary, place, words};
use crate::finding::{Finding, Severity};
use crate::rule::{Marked, Rule};
use crate::text::{Document, Origin, Position, Record, TextProvider, path_of};

const HEAD: &str = concat!(
    r#"{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{"#,
    r#""columnKind":"unicodeCodePoints","results":["#
);

/// One run with all findings.
pub struct Sarif {
    rules: Vec<Rule>,
    /// The rules that something was found of, in order of the first finding.
    used: Vec<Value>,
    indices: HashMap<String, usize>,
    begun: bool,
}

impl Sarif {
    /// A report that explains its findings by what `rules` say.
    pub fn new(rules: &[Rule]) -> Self {
        Self { rules: rules.to_vec(), used: Vec::new(), indices: HashMap::new(), begun: false }
    }

    /// The finding's rule among those that are used.
    fn index(&mut self, finding: &Finding) -> usize {
        let code = &finding.rule.code;
        if let Some(&index) = self.indices.get(code) {
            return index;
        }
        let rule = self.rules.iter().find(|rule| rule.info.code == *code);
        self.used.push(descriptor(finding, rule));
        self.indices.insert(code.clone(), self.used.len() - 1);
        self.used.len() - 1
    }
}

impl Report for Sarif {
    fn document(
        &mut self,
        document: &Document<'_>,
        findings: &[Finding],
        texts: &dyn TextProvider,
        output: &mut String,
    ) {
        let mut seen = HashMap::new();
        for finding in findings {
            output.push_str(if self.begun { "," } else { HEAD });
            output.push_str("\n  ");
            self.begun = true;
            let result = result(document, finding, self.index(finding), texts, &mut seen);
            // Strings and numbers always serialise.
            output.push_str(&serde_json::to_string(&result).unwrap_or_default());
        }
    }

    fn finish(&mut self, _: &Summary, output: &mut String) {
        output.push_str(if self.begun { "\n" } else { HEAD });
        let rules = &self.used;
        let version = env!("CARGO_PKG_VERSION");
        let tool =
            json!({ "driver": { "name": "dechaff", "version": version, "semanticVersion": version, "rules": rules } });
        output.push_str(&format!("],\n\"tool\":{tool}}}]}}\n"));
    }

    fn medium(&self) -> Medium {
        Medium::Json
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult<'f> {
    rule_id: &'f str,
    rule_index: usize,
    level: &'static str,
    message: Message,
    locations: [Location; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    partial_fingerprints: Fingerprints,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<Value>,
}

#[derive(Serialize)]
struct Fingerprints {
    /// The flagged text and the rule, without their place.
    #[serde(rename = "flaggedText/v1")]
    flagged_text: String,
    /// The name under which GitHub looks for one; the number tells equal findings of one document apart.
    #[serde(rename = "primaryLocationLineHash")]
    line_hash: String,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: Artifact,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
    byte_offset: usize,
    byte_length: usize,
}

fn result<'f>(
    document: &Document<'_>,
    finding: &'f Finding,
    rule_index: usize,
    texts: &dyn TextProvider,
    seen: &mut HashMap<String, usize>,
) -> SarifResult<'f> {
    let fingerprint = finding.fingerprint(document.text());
    let count = seen.entry(fingerprint.clone()).or_insert(0);
    *count += 1;
    let lines = std::iter::once(words::message(document, finding)).chain(words::details(finding, Vec::new()));
    let related = finding.labels.iter().enumerate().map(|(index, label)| {
        let ends = place::of_label(document, label, texts, place::ends);
        let origin = label.origin.as_ref().unwrap_or(&finding.origin);
        let message = Some(label.message.to_string()).filter(|message| !message.is_empty());
        location(origin, ends, Some(index + 1), message)
    });
    SarifResult {
        rule_id: &finding.rule.code,
        rule_index,
        level: level(finding.rule.severity),
        message: Message { text: lines.collect::<Vec<_>>().join("\n") },
        locations: [location(&finding.origin, Some(place::ends(document, finding.span)), None, None)],
        related_locations: related.collect(),
        partial_fingerprints: Fingerprints { line_hash: format!("{fingerprint}:{count}"), flagged_text: fingerprint },
        fixes: fix(document, finding).into_iter().collect(),
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn location(
    origin: &Origin,
    ends: Option<(Position, Position)>,
    id: Option<usize>,
    message: Option<String>,
) -> Location {
    // A record has no lines of its own in the file.
    let region = ends.filter(|_| origin.record.is_none()).map(region);
    let logical = |record: &Record| json!({ "name": place::record_name(record), "kind": "record" });
    Location {
        id,
        physical_location: PhysicalLocation { artifact_location: Artifact { uri: uri(&origin.path) }, region },
        logical_locations: origin.record.iter().map(logical).collect(),
        message: message.map(|text| Message { text }),
    }
}

fn region((start, end): (Position, Position)) -> Region {
    Region {
        start_line: start.line,
        start_column: start.column,
        end_line: end.line,
        end_column: end.column,
        byte_offset: start.offset,
        byte_length: end.offset - start.offset,
    }
}

/// The fix as replacements in the file; a record has none.
fn fix(document: &Document<'_>, finding: &Finding) -> Option<Value> {
    let fix = finding.fix.as_ref().filter(|_| finding.origin.record.is_none())?;
    let replacements: Vec<Value> = fix
        .edits
        .iter()
        .map(|edit| {
            let region = region(place::ends(document, edit.span));
            json!({ "deletedRegion": region, "insertedContent": { "text": edit.content } })
        })
        .collect();
    let help = finding.help.as_deref().unwrap_or("fix");
    Some(json!({
        "description": { "text": format!("{help}{}", words::fix(finding)) },
        "artifactChanges": [{ "artifactLocation": { "uri": uri(&finding.origin.path) }, "replacements": replacements }],
        "properties": { "applicability": fix.applicability },
    }))
}

/// What is to be known of a rule; of one that is not in the registry, only what its finding says.
fn descriptor(finding: &Finding, rule: Option<&Rule>) -> Value {
    let info = &finding.rule;
    let why = rule.map_or(info.summary.as_str(), |rule| rule.why.as_str());
    json!({
        "id": info.code,
        "name": info.name,
        "shortDescription": { "text": info.summary },
        "fullDescription": { "text": why },
        "help": { "text": why, "markdown": help(finding, rule) },
        "defaultConfiguration": { "level": level(info.severity) },
    })
}

/// The rule explained, as markdown.
fn help(finding: &Finding, rule: Option<&Rule>) -> String {
    let info = &finding.rule;
    let mut text = format!("# {} {}\n\n{}.", info.code, info.name, info.summary);
    if let Some(rule) = rule {
        text.push_str(&format!("\n\n{}", rule.why));
        let bad = rule.examples.iter().filter_map(|example| example.bad.as_ref()).flat_map(|bad| bad.texts()).next();
        if let Some(bad) = bad {
            let found = Marked::parse(bad).text;
            let indented: Vec<String> = found.trim_end().lines().map(|line| format!("    {line}")).collect();
            text.push_str(&format!("\n\nFound in:\n\n{}", indented.join("\n")));
        }
    }
    text.push_str(match info.fix {
        Some(crate::finding::Applicability::Safe) => "\n\nFixed by `dechaff check --fix`.",
        Some(crate::finding::Applicability::Unsafe) => "\n\nFixed by `dechaff check --fix --unsafe-fixes`.",
        None => "",
    });
    text
}

/// A path as a reference that an address can be made of.
fn uri(path: &str) -> String {
    let path = if cfg!(windows) { path.replace('\\', "/") } else { path.to_owned() };
    let mut uri = String::with_capacity(path.len());
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    for &byte in path_of(&path).as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_an_address() {
        assert_eq!(uri("a b/ü:1.txt"), "a%20b/%C3%BC%3A1.txt");
        assert_eq!(uri("/tmp/a.txt"), "file:///tmp/a.txt");
        #[cfg(unix)]
        assert_eq!(uri("caf\\xE9.txt"), "caf%E9.txt");
    }
}
