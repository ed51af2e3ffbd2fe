//! JUnit XML: one suite per document, one failed test case per finding.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::{Medium, Reporter, Summary, message};
use dechaff_findings::{Finding, Severity};
use dechaff_text::{Document, TextProvider};

/// One suite per document with findings; without any findings, a suite with one passed case.
#[derive(Default)]
pub struct JUnit {
    /// Buffers what is not yet in the output; `None` before the first suite.
    writer: Option<Writer<Vec<u8>>>,
}

/// A test case: a finding, or the passed case of a run without findings.
struct Case {
    name: String,
    failure: Option<JunitFailure>,
}

struct JunitFailure {
    message: String,
    severity: &'static str,
    details: String,
}

impl Reporter for JUnit {
    fn write_document(
        &mut self,
        document: &Document<'_>,
        findings: &[Finding],
        texts: &dyn TextProvider,
        output: &mut String,
    ) {
        let cases: Vec<Case> =
            findings.iter().map(|finding| case(document, finding, texts)).collect();
        self.add(&document.origin().to_string(), &cases, output);
    }

    fn finish(&mut self, summary: &Summary, output: &mut String) {
        if self.writer.is_none() {
            // CI systems treat a report without test cases as a run that did not happen.
            self.add("dechaff", &[Case { name: summary.line(), failure: None }], output);
        }
        output.push_str("\n</testsuites>\n");
    }

    fn medium(&self) -> Medium {
        Medium::Xml
    }
}

impl JUnit {
    /// Appends a suite to `output`.
    fn add(&mut self, name: &str, cases: &[Case], output: &mut String) {
        let writer = self
            .writer
            .get_or_insert_with(|| start_document().unwrap_or_else(|_| Writer::new(Vec::new())));
        // Writing to memory cannot fail.
        let _ = write_suite(writer, name, cases);
        output.push_str(&String::from_utf8_lossy(writer.get_ref()));
        writer.get_mut().clear();
    }
}

/// Creates a writer with the start of the file.
fn start_document() -> quick_xml::Result<Writer<Vec<u8>>> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 4);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    writer.write_event(Event::Start(
        BytesStart::new("testsuites").with_attributes([("name", "dechaff")]),
    ))?;
    Ok(writer)
}

fn write_suite(writer: &mut Writer<Vec<u8>>, name: &str, cases: &[Case]) -> quick_xml::Result<()> {
    let name = without_invalid_chars(name);
    let tests = cases.len().to_string();
    let failures = cases.iter().filter(|case| case.failure.is_some()).count().to_string();
    let suite = [
        ("name", &*name),
        ("tests", &tests),
        ("skipped", "0"),
        ("errors", "0"),
        ("failures", &failures),
    ];
    writer.write_event(Event::Start(BytesStart::new("testsuite").with_attributes(suite)))?;
    for case in cases {
        let case_name = without_invalid_chars(&case.name);
        let start = BytesStart::new("testcase")
            .with_attributes([("name", &*case_name), ("classname", &*name)]);
        let Some(failure) = &case.failure else {
            writer.write_event(Event::Empty(start))?;
            continue;
        };
        writer.write_event(Event::Start(start))?;
        let message = without_invalid_chars(&failure.message);
        let attributes = [("message", &*message), ("type", failure.severity)];
        writer.write_event(Event::Start(BytesStart::new("failure").with_attributes(attributes)))?;
        writer
            .write_event(Event::Text(BytesText::new(&without_invalid_chars(&failure.details))))?;
        writer.write_event(Event::End(BytesEnd::new("failure")))?;
        writer.write_event(Event::End(BytesEnd::new("testcase")))?;
    }
    writer.write_event(Event::End(BytesEnd::new("testsuite")))?;
    Ok(())
}

fn case(document: &Document<'_>, finding: &Finding, texts: &dyn TextProvider) -> Case {
    let start = document.position(finding.span.start);
    let position = format!("line {}, column {}", start.line, start.column);
    let related = message::related_locations(document, finding, texts);
    let lines = std::iter::once(position.clone()).chain(message::details(finding, related));
    let failure = JunitFailure {
        message: message::message(document, finding),
        severity: match finding.rule.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        },
        details: lines.collect::<Vec<_>>().join("\n"),
    };
    Case {
        name: format!("{} {} ({position})", finding.rule.code, finding.rule.name),
        failure: Some(failure),
    }
}

/// Removes the characters that XML 1.0 does not allow.
fn without_invalid_chars(text: &str) -> String {
    text.chars()
        .filter(|character| {
            matches!(character, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
        })
        .collect()
}
