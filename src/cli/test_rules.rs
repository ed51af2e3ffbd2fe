//! `dechaff test-rules`: tests custom rules, and edited copies of built-in ones, against their
//! examples.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, anyhow, bail};

use super::Exit;
use super::arguments::TestRulesArguments;
use super::choices::ColorWhen;
use super::output::{self, Output};
use crate::corpus::{read_user_file, rule_files};
use crate::linter::Linter;
use crate::report::count;
use crate::rule::{Registry, Rule};
use crate::rule_test;
use crate::text::PathName;

pub(super) fn run(arguments: &TestRulesArguments) -> anyhow::Result<Exit> {
    let mut registry = Registry::embedded()?;
    let mut own: Vec<String> = Vec::new();
    let mut unusable = 0;
    for path in &arguments.paths {
        let unreadable = |path: &Path| format!("cannot read the rules of {}", path.name());
        let files = rule_files(path).with_context(|| unreadable(path))?;
        if files.is_empty() {
            bail!("{}: no rule files (*.toml) in this directory", path.name());
        }
        for file in files {
            let written = read_user_file(&file, &file.name()).with_context(|| unreadable(&file))?;
            let added = Rule::parse(&written).and_then(|rule| {
                registry.remove_built_in(&rule.info);
                registry.extend(&[written]).map(|()| rule.info)
            });
            match added {
                Ok(info) => own.push(info.code.clone()),
                Err(fault) => {
                    unusable += 1;
                    output::fault(&fault);
                }
            }
        }
    }
    let built_in = registry.rules().iter().filter(|rule| rule.default && !rule.info.is_custom);
    let built_in = Linter::from_rules(built_in)?;
    let mut text = String::new();
    let mut wrong = 0;
    for code in &own {
        let rule = registry.find(code)?;
        let name = format!("{} {}", rule.info.code, rule.info.name);
        match rule_test::test(rule, &registry) {
            Ok(()) => {
                let _ =
                    writeln!(text, "ok      {name} ({})", count(rule.examples.len(), "example"));
                let matches = rule_test::other_matches(rule, &built_in)
                    .map_err(|error| anyhow!("{error}"))?;
                for (code, (message, example)) in matches {
                    let _ = writeln!(
                        text,
                        "        note: {code} ({message}) also matches, in example {example}"
                    );
                }
            }
            Err(faults) => {
                wrong += 1;
                let _ = writeln!(text, "FAILED  {name}");
                for fault in faults.lines() {
                    let _ = writeln!(text, "        {}: {fault}", rule.file.path);
                }
            }
        }
    }
    if !own.is_empty() {
        let _ = writeln!(text, "{} tested: {wrong} failed", count(own.len(), "rule"));
    }
    if unusable > 0 {
        let _ = writeln!(text, "{} could not be loaded", count(unusable, "rule"));
    }
    Output::new(ColorWhen::Auto).write(&text)?;
    Ok(match wrong {
        _ if unusable > 0 => Exit::Failure,
        0 => Exit::Success,
        _ => Exit::Findings,
    })
}
