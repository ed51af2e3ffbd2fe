//! Renders a rule as a section of the reference.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use super::{Documents, MarkedText, Rule};
use dechaff_findings::Applicability;

impl Rule {
    /// Renders the rule, with its rationale, settings and an example, as a section of Markdown.
    /// `measured` is a sentence about its precision.
    pub fn to_markdown(&self, measured: Option<&str>) -> String {
        let info = &self.info;
        let mut page = format!(
            "## {} `{}`\n\n{}.\n\n{}\n\n",
            info.code,
            info.name,
            capitalised(&info.summary),
            self.why
        );
        let fix = match info.fix {
            Some(Applicability::Safe) => "safe, applied by `--fix`",
            Some(Applicability::Unsafe) => "unsafe, applied by `--unsafe-fixes`",
            None => "none",
        };
        let default = if self.default { "yes" } else { "no; select it by code or name" };
        let _ = writeln!(
            page,
            "- Severity: {}\n- Fix: {fix}\n- Runs by default: {default}",
            info.severity
        );
        let _ =
            writeln!(page, "- Kind of check: `{}`; since {}", self.parameters.kind(), self.since);
        let languages = self.languages();
        if !languages.is_empty() {
            let _ = writeln!(page, "- Phrases: {}", list(&languages));
        }
        if let Some(measured) = measured {
            let _ = writeln!(page, "- Measured: {measured}");
        }
        let parameters =
            if self.patterns().is_none() { self.parameter_values() } else { Vec::new() };
        if !parameters.is_empty() {
            let _ = write!(
                page,
                "\nParameters, with their configuration keys:\n\n~~~toml\n[rule.{}]\n",
                info.code
            );
            for (key, value) in parameters {
                let _ = match value.starts_with('(') {
                    true => writeln!(page, "# {key} = {value}"),
                    false => writeln!(page, "{key} = {value}"),
                };
            }
            page.push_str("~~~\n");
        }
        if let Some(example) = self.examples().iter().find(|example| example.bad.is_some()) {
            block(&mut page, "Found", example.bad.as_ref(), |text| MarkedText::parse(text).text);
            block(&mut page, "After the fix", example.good.as_ref(), str::to_owned);
        }
        let allowed = self.examples().iter().find(|example| example.allow.is_some());
        block(
            &mut page,
            "Left alone",
            allowed.and_then(|example| example.allow.as_ref()),
            str::to_owned,
        );
        page
    }
}

/// Formats counts of phrases by language, such as "en (12), de (3)".
fn list(languages: &BTreeMap<Arc<str>, usize>) -> String {
    languages
        .iter()
        .map(|(language, phrases)| format!("{language} ({phrases})"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn block(
    page: &mut String,
    title: &str,
    documents: Option<&Documents>,
    plain: impl Fn(&str) -> String,
) {
    let Some(documents) = documents else { return };
    let several = documents.texts().len() > 1;
    for (index, text) in documents.texts().iter().enumerate() {
        let text = plain(text);
        let text = text.trim_end();
        // A fence must be longer than any in the text.
        let longest = text
            .lines()
            .map(|line| line.trim_start().bytes().take_while(|byte| *byte == b'~').count())
            .max();
        let fence = "~".repeat(longest.unwrap_or(0).max(2) + 1);
        let title =
            if several { format!("{title}, document {}", index + 1) } else { title.to_owned() };
        let _ = write!(page, "\n{title}:\n\n{fence}text\n{text}\n{fence}\n");
    }
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map(|first| first.to_uppercase().chain(characters).collect())
        .unwrap_or_default()
}
