//! `dechaff rule`: what a rule is about.

use std::fmt::Write as _;

use super::Exit;
use super::arguments::RuleArguments;
use super::output::Output;
use super::workspace::Workspace;
use crate::finding::Applicability;
use crate::rule::{Marked, Registry, Rule};

pub(super) fn run(arguments: &RuleArguments) -> anyhow::Result<Exit> {
    let registry = Workspace::new(&arguments.settings, &toml::Table::new(), false)?.root(&[])?.registry.clone();
    let mut output = Output::new(arguments.color);
    let text = match &arguments.rule {
        Some(rule) => explain(registry.find(rule)?),
        None => list(&registry),
    };
    output.write(&text)?;
    Ok(Exit::Clean)
}

/// One line a rule.
fn list(registry: &Registry) -> String {
    let width = registry.rules().iter().map(|rule| rule.info.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for rule in registry.rules() {
        let info = &rule.info;
        let fix = info.fix.map_or(String::new(), |fix| format!("  [{fix} fix]"));
        let default = if rule.default { "" } else { "  [opt-in]" };
        let _ = writeln!(text, "{}  {:width$}  {}{fix}{default}", info.code, info.name, info.summary);
    }
    text
}

/// What the rule finds and why, an example before and after, and its fix.
fn explain(rule: &Rule) -> String {
    let info = &rule.info;
    let mut text = format!("{} {}: {}\n\n{}\n", info.code, info.name, info.summary, rule.why);
    let fix = match info.fix {
        Some(Applicability::Safe) => "safe: applied by --fix",
        Some(Applicability::Unsafe) => "unsafe: applied by --unsafe-fixes only",
        None => "none: it is reported",
    };
    let default = if rule.default { "yes" } else { "no: select it by code or name" };
    let _ = write!(
        text,
        "\nSeverity: {}\nFix: {fix}\nRuns by default: {default}\nKind of check: {}\nSince: {}\n",
        info.severity,
        rule.parameters.kind(),
        rule.since
    );
    if let Some(example) = rule.examples.iter().find(|example| example.bad.is_some()) {
        for bad in example.bad.iter().flat_map(|bad| bad.texts()) {
            let _ = write!(text, "\nFound in:\n\n{}\n", indent(&Marked::parse(bad).text));
        }
        for good in example.good.iter().flat_map(|good| good.texts()) {
            let _ = write!(text, "\nAfter the fix:\n\n{}\n", indent(good));
        }
    }
    for allow in rule.examples.iter().filter_map(|example| example.allow.as_ref()).take(1) {
        for text_left_alone in allow.texts() {
            let _ = write!(text, "\nLeft alone:\n\n{}\n", indent(text_left_alone));
        }
    }
    text
}

fn indent(text: &str) -> String {
    text.trim_end().lines().map(|line| format!("    {line}").trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}
