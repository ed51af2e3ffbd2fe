//! Manual verdicts on lines that are labelled content but flagged by a rule.

use std::collections::HashMap;
use std::fs;

use anyhow::{Context, Result, bail};

/// One verdict per line: page, line number, `noise` or `content`, and the reason, separated by
/// tabs.
const FILE: &str = "xtask/verdicts.tsv";

/// The verdicts by page and line number.
pub(crate) struct Verdicts(HashMap<(String, usize), Verdict>);

/// A verdict on a line.
pub(crate) struct Verdict {
    pub(crate) is_noise: bool,
    pub(crate) reason: String,
}

impl Verdicts {
    /// Reads the file.
    pub(crate) fn read() -> Result<Self> {
        let mut verdicts = HashMap::new();
        for (number, row) in fs::read_to_string(FILE).with_context(|| FILE)?.lines().enumerate() {
            let fields: Vec<&str> = row.split('\t').collect();
            let &[page, line, verdict, reason] = fields.as_slice() else {
                bail!("{FILE}:{}: not four fields", number + 1)
            };
            let is_noise = match verdict {
                "noise" => true,
                "content" => false,
                other => bail!("{FILE}:{}: {other} is no verdict", number + 1),
            };
            verdicts.insert(
                (page.to_owned(), line.parse()?),
                Verdict { is_noise, reason: reason.to_owned() },
            );
        }
        Ok(Self(verdicts))
    }

    /// Returns the verdict on a line of a page.
    pub(crate) fn get(&self, page: &str, line: usize) -> Option<&Verdict> {
        self.0.get(&(page.to_owned(), line))
    }
}
