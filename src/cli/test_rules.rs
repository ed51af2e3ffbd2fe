//! `dechaff test-rules`: a user's own rules, held to their examples.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, bail};

use super::Exit;
use super::arguments::{ColorWhen, TestRulesArguments};
use super::output::{self, Output};
use crate::corpus::{read_written, rule_files};
use crate::examples;
use crate::report::count;
use crate::rule::{Registry, Rule};

pub(super) fn run(arguments: &TestRulesArguments) -> anyhow::Result<Exit> {
    let mut registry = Registry::embedded()?;
    let mut own: Vec<Rule> = Vec::new();
    let mut failed = false;
    for path in &arguments.paths {
        let unreadable = |path: &Path| format!("cannot read the rules of {}", path.display());
        let files = rule_files(path).with_context(|| unreadable(path))?;
        if files.is_empty() {
            bail!("{}: no rule file (*.toml) is in this folder", path.display());
        }
        for file in files {
            let written = read_written(&file, &file.display().to_string()).with_context(|| unreadable(&file))?;
            let added = Rule::parse(&written).and_then(|rule| registry.extend(&[written]).map(|()| rule));
            match added {
                Ok(rule) => own.push(rule),
                Err(fault) => {
                    failed = true;
                    output::fault(&fault);
                }
            }
        }
    }
    let mut text = String::new();
    let mut wrong = 0;
    for rule in &own {
        let name = format!("{} {}", rule.info.code, rule.info.name);
        match examples::test(rule, &registry) {
            Ok(()) => {
                let _ = writeln!(text, "ok      {name} ({})", count(rule.examples.len(), "example"));
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
    let unusable = if failed { "; some could not be used" } else { "" };
    let _ = writeln!(text, "{} tested: {wrong} failed{unusable}", count(own.len(), "rule"));
    Output::new(ColorWhen::Auto).write(&text)?;
    Ok(match wrong {
        _ if failed => Exit::Failure,
        0 => Exit::Clean,
        _ => Exit::Findings,
    })
}
