//! GitLab Code Quality report: an array with one object per finding.

use std::collections::HashMap;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Medium, Reporter, Summary, location, message};
use dechaff_findings::{Finding, Severity};
use dechaff_text::{Document, TextProvider};

/// One array of all findings.
#[derive(Debug, Default)]
pub struct GitLab {
    is_started: bool,
}

impl Reporter for GitLab {
    fn write_document(
        &mut self,
        document: &Document<'_>,
        findings: &[Finding],
        texts: &dyn TextProvider,
        output: &mut String,
    ) {
        let mut seen = HashMap::new();
        for finding in findings {
            output.push_str(if self.is_started { ",\n  " } else { "[\n  " });
            self.is_started = true;
            // Strings and numbers always serialise.
            output.push_str(
                &serde_json::to_string(&issue(document, finding, texts, &mut seen))
                    .unwrap_or_default(),
            );
        }
    }

    fn finish(&mut self, _: &Summary, output: &mut String) {
        output.push_str(if self.is_started { "\n]\n" } else { "[]\n" });
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
    location: GitLabLocation<'f>,
}

#[derive(Serialize)]
struct GitLabLocation<'f> {
    path: &'f str,
    lines: LineRange,
}

#[derive(Serialize)]
struct LineRange {
    begin: usize,
    end: usize,
}

fn issue<'f>(
    document: &Document<'_>,
    finding: &'f Finding,
    texts: &dyn TextProvider,
    seen: &mut HashMap<String, usize>,
) -> Issue<'f> {
    // GitLab requires lines, but the lines of a record are not lines of the file.
    let (begin, end) = if finding.origin.record.is_some() {
        (1, 1)
    } else {
        location::lines(document, finding.span)
    };
    let message = std::iter::once(message::message(document, finding))
        .chain(message::related_locations(document, finding, texts));
    Issue {
        description: format!("{}: {}", finding.rule.code, message.collect::<Vec<_>>().join("; ")),
        check_name: &finding.rule.name,
        fingerprint: unique_fingerprint(document, finding, seen),
        severity: match finding.rule.severity {
            Severity::Error => "critical",
            Severity::Warning => "minor",
            Severity::Info => "info",
        },
        location: GitLabLocation { path: &finding.origin.path, lines: LineRange { begin, end } },
    }
}

/// Returns a fingerprint that differs from those of equal findings in this and other documents. Of
/// two findings with the same fingerprint, GitLab shows only one.
fn unique_fingerprint(
    document: &Document<'_>,
    finding: &Finding,
    seen: &mut HashMap<String, usize>,
) -> String {
    let fingerprint = finding.fingerprint(document.text());
    let before = seen.entry(fingerprint.clone()).or_insert(0);
    let hash = Sha256::digest(format!("{fingerprint}\0{}\0{before}", finding.origin));
    *before += 1;
    hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
