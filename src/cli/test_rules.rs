//! `dechaff test-rules`: tests custom rules, and edited copies of built-in ones, against their
//! examples.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

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
    let LoadedRules { codes, unusable } = LoadedRules::load(&arguments.paths, &mut registry)?;
    let built_in = registry.rules().iter().filter(|rule| rule.default && !rule.info.is_custom);
    let built_in = Linter::from_rules(built_in)?;
    let mut text = String::new();
    let mut wrong = 0;
    for code in &codes {
        wrong += usize::from(!test_rule(registry.find(code)?, &registry, &built_in, &mut text)?);
    }
    if !codes.is_empty() {
        let _ = writeln!(text, "{} tested: {wrong} failed", count(codes.len(), "rule"));
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

/// The rules of the given files, added to a registry.
#[derive(Default)]
struct LoadedRules {
    codes: Vec<String>,
    /// The number of files without a valid rule.
    unusable: usize,
}

impl LoadedRules {
    /// Adds the rules in `paths` to `registry`, in place of the built-in ones that they are copies
    /// of. Prints what is wrong with those that are not valid.
    fn load(paths: &[PathBuf], registry: &mut Registry) -> anyhow::Result<Self> {
        let mut loaded = Self::default();
        for path in paths {
            let unreadable = |path: &Path| format!("cannot read the rules of {}", path.name());
            let files = rule_files(path).with_context(|| unreadable(path))?;
            if files.is_empty() {
                bail!("{}: no rule files (*.toml) in this directory", path.name());
            }
            for file in files {
                let written =
                    read_user_file(&file, &file.name()).with_context(|| unreadable(&file))?;
                let added = Rule::parse(&written).and_then(|rule| {
                    registry.remove_built_in(&rule.info);
                    registry.extend(&[written]).map(|()| rule.info)
                });
                match added {
                    Ok(info) => loaded.codes.push(info.code.clone()),
                    Err(fault) => {
                        loaded.unusable += 1;
                        output::fault(&fault);
                    }
                }
            }
        }
        Ok(loaded)
    }
}

/// Tests a rule, and appends the result to `text`. Returns whether the rule passed.
fn test_rule(
    rule: &Rule,
    registry: &Registry,
    built_in: &Linter,
    text: &mut String,
) -> anyhow::Result<bool> {
    let name = format!("{} {}", rule.info.code, rule.info.name);
    if let Err(faults) = rule_test::test(rule, registry) {
        let _ = writeln!(text, "FAILED  {name}");
        for fault in faults.lines() {
            let _ = writeln!(text, "        {}: {fault}", rule.file.path);
        }
        return Ok(false);
    }
    let _ = writeln!(text, "ok      {name} ({})", count(rule.examples().len(), "example"));
    let matches = rule_test::other_matches(rule, built_in).map_err(|error| anyhow!("{error}"))?;
    for (code, (message, example)) in matches {
        let _ =
            writeln!(text, "        note: {code} ({message}) also matches, in example {example}");
    }
    Ok(true)
}
