//! `dechaff rule CODE --match TEXT`: shows which phrase of a rule matches a text, and what prevents
//! a report.

use std::fmt::Write as _;
use std::sync::Arc;

use anyhow::bail;

use super::Exit;
use crate::check::Parameters;
use crate::check::pattern::{Explanation, Obstacle, PhraseSource, explain};
use crate::linter::Linter;
use crate::report::{count, printable};
use crate::rule::Rule;
use crate::text::{Document, Origin};

/// Longest excerpt of a phrase, in characters.
const MAX_SHOWN: usize = 200;

/// Explains which phrases of `rule` match `text`. The exit code says whether any does.
pub(super) fn match_text(rule: &Rule, text: &str) -> anyhow::Result<(String, Exit)> {
    let Parameters::Pattern(patterns) = &rule.parameters else {
        bail!(
            "{} has no phrases: its kind of check is `{}`",
            rule.info.code,
            rule.parameters.kind()
        );
    };
    let sources = rule.sources()?;
    let explanations = explain(patterns, &sources, text);
    let mut page = String::new();
    if explanations.is_empty() {
        let _ = writeln!(page, "No phrase of {} matches.", rule.info.code);
        return Ok((page, Exit::Findings));
    }
    for explanation in &explanations {
        let _ = writeln!(page, "{}", describe(rule, explanation.source));
        conditions(&mut page, rule, explanation);
    }
    let document = Document::parse(Arc::new(Origin::file("text.txt")), text);
    let is_reported = !Linter::from_rules([rule])?.check(&document).is_empty();
    let _ = writeln!(
        page,
        "\nAs a separate document, the text is {}reported.",
        if is_reported { "" } else { "not " }
    );
    Ok((page, Exit::Success))
}

fn conditions(page: &mut String, rule: &Rule, explanation: &Explanation<'_>) {
    for obstacle in &explanation.obstacles {
        let _ = match obstacle {
            Obstacle::Words(words, allowed) if *words < allowed.start => {
                writeln!(
                    page,
                    "    not reported: {}, `min-words` is {}",
                    count(*words, "word"),
                    allowed.start
                )
            }
            Obstacle::Words(words, allowed) => {
                writeln!(
                    page,
                    "    not reported: {}, `max-words` is {}",
                    count(*words, "word"),
                    allowed.end
                )
            }
            Obstacle::Except(source) => {
                writeln!(
                    page,
                    "    not reported: an exception matches, {}",
                    describe(rule, *source)
                )
            }
        };
    }
    if explanation.obstacles.is_empty() {
        for condition in &explanation.conditions {
            let _ = writeln!(page, "    if {condition}");
        }
    }
}

/// Formats a phrase with its position and language.
fn describe(rule: &Rule, source: PhraseSource<'_>) -> String {
    let line = rule.file.position(source.place().start).map_or(0, |(line, _)| line);
    let (language, text) = match source {
        PhraseSource::Phrase(phrase) => (phrase.language.as_ref(), phrase.source.as_str()),
        PhraseSource::Regex(expression) => ("regex", expression.get_ref().as_str()),
    };
    let is_long = text.chars().count() > MAX_SHOWN;
    let text: String = text.chars().take(MAX_SHOWN).chain(is_long.then_some('…')).collect();
    format!("{}:{line} ({language}): {}", rule.file.path, printable(&text))
}
