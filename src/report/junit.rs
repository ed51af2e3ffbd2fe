//! JUnit's XML: a suite per document, a failed case per finding.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::{Medium, Report, Summary, words};
use crate::finding::{Finding, Severity};
use crate::text::{Document, TextProvider};

/// Writes one suite per document with findings. Without findings, writes one suite with a case that passed.
#[derive(Default)]
pub struct JUnit {
    /// What is written but not yet in the output; `None` before the first suite.
    writer: Option<Writer<Vec<u8>>>,
}

/// A test case: a finding, or a run without findings.
struct Case {
    name: String,
    failure: Option<Failure>,
}

struct Failure {
    message: String,
    severity: &'static str,
    details: String,
}

impl Report for JUnit {
    fn document(
        &mut self,
        document: &Document<'_>,
        findings: &[Finding],
        texts: &dyn TextProvider,
        output: &mut String,
    ) {
        let cases: Vec<Case> = findings.iter().map(|finding| case(document, finding, texts)).collect();
        self.add(&document.origin().to_string(), &cases, output);
    }

    fn finish(&mut self, summary: &Summary, output: &mut String) {
        if self.writer.is_none() {
            // Readers take a file without a case for a run that did not happen.
            self.add("dechaff", &[Case { name: summary.line(), failure: None }], output);
        }
        output.push_str("\n</testsuites>\n");
    }

    fn medium(&self) -> Medium {
        Medium::Xml
    }
}

impl JUnit {
    /// Adds a suite to `output`.
    fn add(&mut self, name: &str, cases: &[Case], output: &mut String) {
        let writer = self.writer.get_or_insert_with(|| begun().unwrap_or_else(|_| Writer::new(Vec::new())));
        // Writing to memory does not fail.
        let _ = write_suite(writer, name, cases);
        output.push_str(&String::from_utf8_lossy(writer.get_ref()));
        writer.get_mut().clear();
    }
}

/// Returns a writer that has written the start of the file.
fn begun() -> quick_xml::Result<Writer<Vec<u8>>> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 4);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    writer.write_event(Event::Start(BytesStart::new("testsuites").with_attributes([("name", "dechaff")])))?;
    Ok(writer)
}

fn write_suite(writer: &mut Writer<Vec<u8>>, name: &str, cases: &[Case]) -> quick_xml::Result<()> {
    let name = valid(name);
    let tests = cases.len().to_string();
    let failures = cases.iter().filter(|case| case.failure.is_some()).count().to_string();
    let suite = [("name", &*name), ("tests", &tests), ("skipped", "0"), ("errors", "0"), ("failures", &failures)];
    writer.write_event(Event::Start(BytesStart::new("testsuite").with_attributes(suite)))?;
    for case in cases {
        let case_name = valid(&case.name);
        let start = BytesStart::new("testcase").with_attributes([("name", &*case_name), ("classname", &*name)]);
        let Some(failure) = &case.failure else {
            writer.write_event(Event::Empty(start))?;
            continue;
        };
        writer.write_event(Event::Start(start))?;
        let message = valid(&failure.message);
        let attributes = [("message", &*message), ("type", failure.severity)];
        writer.write_event(Event::Start(BytesStart::new("failure").with_attributes(attributes)))?;
        writer.write_event(Event::Text(BytesText::new(&valid(&failure.details))))?;
        writer.write_event(Event::End(BytesEnd::new("failure")))?;
        writer.write_event(Event::End(BytesEnd::new("testcase")))?;
    }
    writer.write_event(Event::End(BytesEnd::new("testsuite")))?;
    Ok(())
}

fn case(document: &Document<'_>, finding: &Finding, texts: &dyn TextProvider) -> Case {
    let place = document.position(finding.span.start);
    let place = format!("line {}, column {}", place.line, place.column);
    let lines = std::iter::once(place.clone()).chain(words::details(finding, words::places(document, finding, texts)));
    let failure = Failure {
        message: words::message(document, finding).to_string(),
        severity: match finding.rule.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        },
        details: lines.collect::<Vec<_>>().join("\n"),
    };
    Case { name: format!("{} {} ({place})", finding.rule.code, finding.rule.name), failure: Some(failure) }
}

/// `text` without the characters that XML 1.0 does not allow.
fn valid(text: &str) -> String {
    text.chars()
        .filter(|character| {
            matches!(character, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
        })
        .collect()
}
