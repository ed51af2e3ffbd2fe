//! `dechaff rule`: what a rule is about.

use std::fmt::Write as _;

use super::Exit;
use super::arguments::RuleArguments;
use super::output::Output;
use super::workspace::Workspace;
use crate::rule::Registry;

pub(super) fn run(arguments: &RuleArguments) -> anyhow::Result<Exit> {
    let registry = Workspace::new(&arguments.settings, &toml::Table::new(), false)?.root(&[])?.registry.clone();
    let mut output = Output::new(arguments.color);
    let text = match &arguments.rule {
        Some(rule) => registry.find(rule)?.to_markdown(None),
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
