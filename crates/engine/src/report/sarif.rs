//! SARIF 2.1.0, for code scanning and editors. Results are written as they come; the rules they
//! refer to follow at the end.
//!
//! Columns are Unicode scalar values; offsets are bytes of the document's text.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::json::{flagged_text, rounded};
use super::{Medium, Reporter, Summary, location, message};
use dechaff_checks::rule::{MarkedText, Rule};
use dechaff_findings::{Finding, Severity};
use dechaff_text::{Document, Origin, Position, Record, TextProvider, path_of};

const HEAD: &str = concat!(
    r#"{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{"#,
    r#""columnKind":"unicodeCodePoints","results":["#
);

/// One run with all findings.
pub struct Sarif {
    rules: Vec<Rule>,
    /// Descriptors of the rules with findings, in order of their first finding.
    used: Vec<Value>,
    indices: HashMap<String, usize>,
    is_started: bool,
}

impl Sarif {
    /// Creates a report that takes the rule descriptions from `rules`.
    pub fn new(rules: &[Rule]) -> Self {
        Self { rules: rules.to_vec(), used: Vec::new(), indices: HashMap::new(), is_started: false }
    }

    /// Returns the index of the finding's rule in `used`, adding it if necessary.
    fn rule_index(&mut self, finding: &Finding) -> usize {
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

impl Reporter for Sarif {
    fn write_document(
        &mut self,
        document: &Document<'_>,
        findings: &[Finding],
        texts: &dyn TextProvider,
        output: &mut String,
    ) {
        let mut seen = HashMap::new();
        for finding in findings {
            output.push_str(if self.is_started { "," } else { HEAD });
            output.push_str("\n  ");
            self.is_started = true;
            let result = result(document, finding, self.rule_index(finding), texts, &mut seen);
            // Strings and numbers always serialise.
            output.push_str(&serde_json::to_string(&result).unwrap_or_default());
        }
    }

    fn finish(&mut self, _: &Summary, output: &mut String) {
        output.push_str(if self.is_started { "\n" } else { HEAD });
        let rules = &self.used;
        let version = env!("CARGO_PKG_VERSION");
        let tool = json!({ "driver": { "name": "dechaff", "version": version, "semanticVersion": version, "rules": rules } });
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
    locations: [SarifLocation; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<SarifLocation>,
    partial_fingerprints: Fingerprints,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<Value>,
    properties: Properties,
}

/// Properties that SARIF has no field for.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    #[serde(skip_serializing_if = "Option::is_none")]
    probability: Option<f32>,
    kind_of_page: &'static str,
}

#[derive(Serialize)]
struct Fingerprints {
    /// Hash of the rule and the flagged text, independent of its location.
    #[serde(rename = "flaggedText/v1")]
    flagged_text: String,
    /// The name that GitHub expects. A counter distinguishes equal findings of one document.
    #[serde(rename = "primaryLocationLineHash")]
    line_hash: String,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifLocation {
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
    region: Option<SarifRegion>,
}

#[derive(Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifRegion {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
    byte_offset: usize,
    byte_length: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    snippet: Option<Message>,
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
    let lines = std::iter::once(message::message(document, finding))
        .chain(message::details(finding, Vec::new()));
    let related = finding.labels.iter().enumerate().map(|(index, label)| {
        let start_end = location::locate_label(document, label, texts, location::start_end);
        let origin = label.origin.as_ref().unwrap_or(&finding.origin);
        let message = Some(label.message.to_string()).filter(|message| !message.is_empty());
        sarif_location(origin, start_end, Some(index + 1), message)
    });
    let own = Some(location::start_end(document, finding.span));
    let mut own = sarif_location(&finding.origin, own, None, None);
    let (text, is_truncated) = flagged_text(document, finding);
    // By the specification, a snippet is the whole text of its region.
    if let Some(region) = own.physical_location.region.as_mut().filter(|_| !is_truncated) {
        region.snippet = Some(Message { text: text.to_owned() });
    }
    SarifResult {
        rule_id: &finding.rule.code,
        rule_index,
        level: level(finding.rule.severity),
        message: Message { text: lines.collect::<Vec<_>>().join("\n") },
        locations: [own],
        related_locations: related.collect(),
        partial_fingerprints: Fingerprints {
            line_hash: format!("{fingerprint}:{count}"),
            flagged_text: fingerprint,
        },
        fixes: fix(document, finding).into_iter().collect(),
        properties: Properties {
            probability: finding.probability.map(rounded),
            kind_of_page: document.page_kind().kind().name(),
        },
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn sarif_location(
    origin: &Origin,
    start_end: Option<(Position, Position)>,
    id: Option<usize>,
    message: Option<String>,
) -> SarifLocation {
    // The lines of a record are not lines of the file.
    let region = start_end.filter(|_| origin.record.is_none()).map(region);
    let logical =
        |record: &Record| json!({ "name": location::record_name(record), "kind": "record" });
    SarifLocation {
        id,
        physical_location: PhysicalLocation {
            artifact_location: Artifact { uri: uri(&origin.path) },
            region,
        },
        logical_locations: origin.record.iter().map(logical).collect(),
        message: message.map(|text| Message { text }),
    }
}

fn region((start, end): (Position, Position)) -> SarifRegion {
    SarifRegion {
        start_line: start.line,
        start_column: start.column,
        end_line: end.line,
        end_column: end.column,
        byte_offset: start.offset,
        byte_length: end.offset - start.offset,
        snippet: None,
    }
}

/// Returns the fix as replacements in the file; `None` for records.
fn fix(document: &Document<'_>, finding: &Finding) -> Option<Value> {
    let fix = finding.fix.as_ref().filter(|_| finding.origin.record.is_none())?;
    let replacements: Vec<Value> = fix
        .edits
        .iter()
        .map(|edit| {
            let region = region(location::start_end(document, edit.span));
            json!({ "deletedRegion": region, "insertedContent": { "text": edit.content } })
        })
        .collect();
    let help = finding.help.as_deref().unwrap_or("fix");
    Some(json!({
        "description": { "text": format!("{help}{}", message::fix_note(finding)) },
        "artifactChanges": [{ "artifactLocation": { "uri": uri(&finding.origin.path) }, "replacements": replacements }],
        "properties": { "applicability": fix.applicability },
    }))
}

/// Describes a rule. If it is not in the registry, only its finding is available.
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

/// Explains a rule in Markdown.
fn help(finding: &Finding, rule: Option<&Rule>) -> String {
    let info = &finding.rule;
    let mut text = format!("# {} {}\n\n{}.", info.code, info.name, info.summary);
    if let Some(rule) = rule {
        text.push_str(&format!("\n\n{}", rule.why));
        let bad = rule
            .examples()
            .iter()
            .filter_map(|example| example.bad.as_ref())
            .flat_map(|bad| bad.texts())
            .next();
        if let Some(bad) = bad {
            let found = MarkedText::parse(bad).text;
            let indented: Vec<String> =
                found.trim_end().lines().map(|line| format!("    {line}")).collect();
            text.push_str(&format!("\n\nFound in:\n\n{}", indented.join("\n")));
        }
    }
    text.push_str(match info.fix {
        Some(dechaff_findings::Applicability::Safe) => "\n\nFixed by `dechaff check --fix`.",
        Some(dechaff_findings::Applicability::Unsafe) => {
            "\n\nFixed by `dechaff check --fix --unsafe-fixes`."
        }
        None => "",
    });
    text
}

/// Returns a path as a URI reference.
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
    fn percent_encodes_uris() {
        assert_eq!(uri("a b/ü:1.txt"), "a%20b/%C3%BC%3A1.txt");
        assert_eq!(uri("/tmp/a.txt"), "file:///tmp/a.txt");
        #[cfg(unix)]
        assert_eq!(uri("caf\\xE9.txt"), "caf%E9.txt");
    }
}
