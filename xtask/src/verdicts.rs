//! What reading came to, line by line, where the labels say content and a rule says noise.

use std::collections::HashMap;
use std::fs;

use anyhow::{Context, Result, bail};

/// A line a verdict: page, line, `noise` or `content`, and the reason, with tabs between.
const FILE: &str = "xtask/verdicts.tsv";

/// Verdicts by page and line.
pub(crate) struct Verdicts(HashMap<(String, usize), Verdict>);

/// What a reader says of a line.
pub(crate) struct Verdict {
    pub(crate) is_noise: bool,
    pub(crate) reason: String,
}

impl Verdicts {
    /// Reads them.
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
            verdicts.insert((page.to_owned(), line.parse()?), Verdict { is_noise, reason: reason.to_owned() });
        }
        Ok(Self(verdicts))
    }

    /// The verdict on a line of a page.
    pub(crate) fn of(&self, page: &str, line: usize) -> Option<&Verdict> {
        self.0.get(&(page.to_owned(), line))
    }
}
