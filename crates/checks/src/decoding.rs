//! The `decoding` kind: characters lost by decoding bytes as the wrong encoding.

use std::sync::Arc;

use super::DocumentCheck;
pub use super::no_parameters::{Parameters, validate};
use dechaff_findings::{Finding, FindingSink, Label, ParameterError, RuleInfo, RuleWithParams};
use dechaff_text::{Document, Span};

/// The kind's name in rule files.
pub const NAME: &str = "decoding";

/// Compiles the rules into one check.
///
/// # Errors
///
/// Never fails.
pub fn compile(
    rules: Vec<RuleWithParams<'_, Parameters>>,
) -> Result<Box<dyn DocumentCheck>, ParameterError> {
    Ok(Box::new(DecodingCheck { rules: rules.into_iter().map(|(rule, _)| rule).collect() }))
}

struct DecodingCheck {
    rules: Vec<Arc<RuleInfo>>,
}

impl DocumentCheck for DecodingCheck {
    fn check(&self, document: &Document<'_>, findings: &mut FindingSink<'_>) {
        const LABELS: usize = 3;
        let lost = |at: usize| Span::new(at, at + char::REPLACEMENT_CHARACTER.len_utf8());
        let mut places =
            memchr::memmem::find_iter(document.text().as_bytes(), "\u{FFFD}".as_bytes()).map(lost);
        let Some(first) = places.next() else { return };
        for rule in &self.rules {
            let mut finding = Finding::new(rule, document, first);
            finding.labels = places
                .clone()
                .take(LABELS)
                .map(|span| Label { origin: None, span, message: "".into() })
                .collect();
            let count = places.clone().count() + 1;
            if count > 1 {
                finding.label = Some(format!("first of {count} in this document"));
            }
            if let Some((decoding, escape)) =
                document.decoding().and_then(|it| Some((it, it.lone_surrogate?)))
            {
                finding.message = Some(format!("lone surrogate `\\u{escape:04x}`"));
                let count = match decoding.sequences {
                    1 => "1 escape of this record is an unpaired surrogate".to_owned(),
                    count => format!("{count} escapes of this record are unpaired surrogates"),
                };
                let note = format!("{count}; the record was checked with U+FFFD in their place");
                finding.notes = vec![note.into()];
                finding.help =
                    Some("write the whole pair, or encode the record again from its source".into());
            } else if let Some(decoding) = document.decoding() {
                finding.message = Some("not valid UTF-8".into());
                let note = format!(
                    "{} of bytes {} not UTF-8, the first at byte {} of the {}; the rest was checked with U+FFFD in their place",
                    if decoding.sequences == 1 {
                        "1 sequence".to_owned()
                    } else {
                        format!("{} sequences", decoding.sequences)
                    },
                    if decoding.sequences == 1 { "is" } else { "are" },
                    decoding.first_byte,
                    if document.origin().record.is_some() { "record" } else { "file" },
                );
                finding.notes = vec![note.into()];
                finding.help =
                    Some("convert the file to UTF-8 from the encoding it was written in".into());
            }
            findings.push(finding);
        }
    }
}
