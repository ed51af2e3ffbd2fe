//! The `allow` examples of all rules, checked with all rules: the other rules should not report
//! them either.

use std::fmt::Write as _;

use anyhow::{Result, anyhow};
use dechaff::config::Settings;
use dechaff::linter::Linter;
use dechaff::rule::Registry;

use super::fix_safely;
use super::loss::line_spans;
use super::report::LossReport;
use crate::pages::Label;

/// Adds a section about the examples.
pub(crate) fn measure(registry: &Registry, report: &mut String) -> Result<()> {
    let settings = Settings::new(registry, &["ALL".to_owned()], &[], &[])
        .map_err(|error| anyhow!("{error}"))?;
    let linter = Linter::new(registry, &settings)?;
    let mut losses = LossReport::default();
    let mut count = 0;
    for rule in registry.rules() {
        for (index, example) in rule.examples().iter().enumerate() {
            for text in example.allow.iter().flat_map(|allow| allow.texts()) {
                count += 1;
                let fixed =
                    fix_safely(&linter, example.path.as_deref().unwrap_or("example.txt"), text)?;
                losses.add_fixes(&fixed.applied);
                let lines = line_spans(text);
                for loss in super::loss::losses(text, &lines, &fixed) {
                    let place = format!("{} example {}", rule.info.code, index + 1);
                    losses.add(&loss, Label::Content, &place, &text[lines[loss.line].range()]);
                }
            }
        }
    }
    let _ =
        writeln!(report, "== allow examples: {count} texts, {} lines taken.\n", losses.content());
    let _ = writeln!(report, "{}\n{}", losses.table(false), losses.lines(usize::MAX));
    Ok(())
}
