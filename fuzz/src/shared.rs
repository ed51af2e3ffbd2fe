//! Shared code: the rules, their examples, and the invariants of all findings.

use std::sync::{Arc, LazyLock};

use dechaff::config::Settings;
use dechaff::finding::Finding;
use dechaff::linter::Linter;
use dechaff::report::render_user_file_error;
use dechaff::rule::{MarkedText, Registry};
use dechaff::text::{Document, Origin, TextProvider};
use dechaff::user_file::UserFileError;

pub(super) static REGISTRY: LazyLock<Registry> =
    LazyLock::new(|| Registry::embedded().expect("the embedded rules parse"));

/// All rules, those that are off by default too.
pub(super) static LINTER: LazyLock<Linter> =
    LazyLock::new(|| Linter::from_rules(REGISTRY.rules()).expect("the embedded rules compile"));

/// The rules that `select` names, without those that `ignore` names.
pub(super) fn linter(select: &[&str], ignore: &[&str]) -> Linter {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let settings =
        Settings::new(&REGISTRY, &owned(select), &[], &owned(ignore)).expect("the rules exist");
    Linter::new(&REGISTRY, &settings).expect("the embedded rules compile")
}

/// The texts of all examples of the rules.
pub(super) fn examples() -> Vec<String> {
    let examples = REGISTRY.rules().iter().flat_map(|rule| rule.examples());
    let documents = examples.flat_map(|example| example.bad.iter().chain(&example.allow));
    documents
        .flat_map(|documents| documents.texts())
        .map(|text| MarkedText::parse(text).text)
        .collect()
}

/// One text under any name.
pub(super) struct OneText(pub(super) Arc<str>);

impl TextProvider for OneText {
    fn text(&self, _: &Origin) -> Option<Arc<str>> {
        Some(Arc::clone(&self.0))
    }
}

/// Checks that findings lie in their document, on character boundaries, and that the edits of each
/// are in order and disjoint.
pub(super) fn check_places(document: &Document<'_>, findings: &[Finding]) {
    let text = document.text();
    for finding in findings {
        let code = &finding.rule.code;
        assert!(text.get(finding.span.range()).is_some(), "{code} at {:?}", finding.span);
        for label in finding.labels.iter().filter(|label| label.origin.is_none()) {
            assert!(
                text.get(label.span.range()).is_some(),
                "a label of {code} at {:?}",
                label.span
            );
        }
        let edits = finding.fix.iter().flat_map(|fix| &fix.edits);
        let mut end = 0;
        for edit in edits {
            assert!(text.get(edit.span.range()).is_some(), "an edit of {code} at {:?}", edit.span);
            assert!(
                edit.span.start >= end,
                "edits of {code} overlap or are out of order at {:?}",
                edit.span
            );
            end = edit.span.end;
        }
    }
}

/// Unwraps `outcome`. An error must be printable.
pub(super) fn shown<T>(outcome: Result<T, UserFileError>) -> Option<T> {
    outcome
        .map_err(|fault| {
            let _ = (
                render_user_file_error(&fault, true),
                render_user_file_error(&fault, false),
                fault.to_string(),
                fault.position(),
            );
        })
        .ok()
}
