//! GitLab's Code Quality report: an array with an object a finding.

use std::collections::HashMap;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Medium, Report, Summary, place, words};
use crate::finding::{Finding, Severity};
use crate::text::{Document, TextProvider};

/// One array of all findings.
#[derive(Debug, Default)]
pub struct GitLab {
    begun: bool,
}

impl Report for GitLab {
    fn document(
        &mut self,
        document: &Document<'_>,
        findings: &[Finding],
        texts: &dyn TextProvider,
        output: &mut String,
    ) {
        let mut seen = HashMap::new();
        for finding in findings {
            output.push_str(if self.begun { ",\n  " } else { "[\n  " });
            self.begun = true;
            // Strings and numbers always serialise.
            output.push_str(&serde_json::to_string(&issue(document, finding, texts, &mut seen)).unwrap_or_default());
        }
    }

    fn finish(&mut self, _: &Summary, output: &mut String) {
        output.push_str(if self.begun { "\n]\n" } else { "[]\n" });
    }

    fn medium(&self) -> Medium {
        Medium::Json
    }
}

#[derive(Serialize)]
struct Issue<'f> {
    description: String,
    check_name: &'f str,
    fingerprint: String,
    severity: &'static str,
    location: Location<'f>,
}

#[derive(Serialize)]
struct Location<'f> {
    path: &'f str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
    end: usize,
}

fn issue<'f>(
    document: &Document<'_>,
    finding: &'f Finding,
    texts: &dyn TextProvider,
    seen: &mut HashMap<String, usize>,
) -> Issue<'f> {
    // A record has no lines of its own in the file, and GitLab demands one.
    let (begin, end) = if finding.origin.record.is_some() { (1, 1) } else { place::lines(document, finding.span) };
    let message = std::iter::once(words::message(document, finding)).chain(words::places(document, finding, texts));
    Issue {
        description: format!("{}: {}", finding.rule.code, message.collect::<Vec<_>>().join("; ")),
        check_name: &finding.rule.name,
        fingerprint: unique(document, finding, seen),
        severity: match finding.rule.severity {
            Severity::Error => "critical",
            Severity::Warning => "minor",
            Severity::Info => "info",
        },
        location: Location { path: &finding.origin.path, lines: Lines { begin, end } },
    }
}

/// The finding's fingerprint, told apart from those of equal findings in this document and in others: GitLab shows only one
/// of two that have the same.
fn unique(document: &Document<'_>, finding: &Finding, seen: &mut HashMap<String, usize>) -> String {
    let fingerprint = finding.fingerprint(document.text());
    let before = seen.entry(fingerprint.clone()).or_insert(0);
    let hash = Sha256::digest(format!("{fingerprint}\0{}\0{before}", finding.origin));
    *before += 1;
    hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
