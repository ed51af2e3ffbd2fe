//! JUnit's XML: each document a suite, each finding a case that failed.

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::{Report, Summary, words};
use crate::finding::{Finding, Severity};
use crate::text::{Document, Texts};

/// One suite a document with findings; where there is none, one suite with a case that passed.
#[derive(Debug, Default)]
pub struct JUnit {
    begun: bool,
}

impl JUnit {
    fn add(&mut self, suite: TestSuite, output: &mut String) {
        if !self.begun {
            output.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"dechaff\">\n");
            self.begun = true;
        }
        output.push_str(&element(suite));
    }
}

impl Report for JUnit {
    fn document(&mut self, document: &Document<'_>, findings: &[Finding], texts: &dyn Texts, output: &mut String) {
        let name = document.origin().to_string();
        let mut suite = TestSuite::new(name.as_str());
        for finding in findings {
            let place = document.position(finding.span.start);
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(words::message(document, finding)).set_type(match finding.rule.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Info => "info",
            });
            let place = format!("line {}, column {}", place.line, place.column);
            let lines =
                std::iter::once(place.clone()).chain(words::details(finding, words::places(document, finding, texts)));
            status.set_description(lines.collect::<Vec<_>>().join("\n"));
            let rule = format!("{} {}", finding.rule.code, finding.rule.name);
            let mut case = TestCase::new(format!("{rule} ({place})"), status);
            case.set_classname(name.as_str());
            suite.add_test_case(case);
        }
        self.add(suite, output);
    }

    fn finish(&mut self, summary: &Summary, output: &mut String) {
        if !self.begun {
            // Readers take a file without a case for a run that did not happen.
            let mut suite = TestSuite::new("dechaff");
            let mut case = TestCase::new(summary.line(), TestCaseStatus::success());
            case.set_classname("dechaff");
            suite.add_test_case(case);
            self.add(suite, output);
        }
        output.push_str("</testsuites>\n");
    }
}

/// The suite alone, of the file that it would be: so suites are written one by one, and none of them is kept.
fn element(suite: TestSuite) -> String {
    let mut report = quick_junit::Report::new("dechaff");
    report.add_test_suite(suite);
    let file = report.to_string().unwrap_or_default();
    let start = file.find("    <testsuite ").unwrap_or(file.len());
    let end = file.rfind("</testsuites>").unwrap_or(file.len());
    file.get(start..end).unwrap_or("").to_owned()
}
