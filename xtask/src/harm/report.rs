//! A table of what each rule takes, and the lines themselves.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::loss::{Fate, Loss};
use crate::pages::Label;
use crate::tally::excerpt;

/// What one rule takes.
#[derive(Debug, Default)]
struct Taken {
    fixes: usize,
    noise: usize,
    unsure: usize,
    /// Content lines that stand in the text once more.
    copies: usize,
    /// Each content line that is gone or damaged, with its place.
    content: Vec<String>,
}

/// What all rules take from some texts.
#[derive(Debug, Default)]
pub(crate) struct Takings(BTreeMap<String, Taken>);

/// The most content lines that a rule with a safe fix may take, as one in so many of its fixes.
const MIN_FIXES_PER_CONTENT_LINE: usize = 50;

impl Takings {
    /// Counts the fixes that were applied to a text.
    pub(crate) fn add_fixes(&mut self, applied: &BTreeMap<String, usize>) {
        for (code, count) in applied {
            self.0.entry(code.clone()).or_default().fixes += count;
        }
    }

    /// Counts a line that lost something; `place` and `line` are printed if it was content.
    pub(crate) fn add(&mut self, loss: &Loss, label: Label, place: &str, line: &str) {
        for rule in &loss.rules {
            let taken = self.0.entry(rule.clone()).or_default();
            match (label, loss.fate) {
                (Label::Content, fate) => {
                    let fate = if fate == Fate::Gone { "gone" } else { "damaged" };
                    taken.content.push(format!("{rule} {fate:7} {place}:{}: {}", loss.line + 1, excerpt(line, 160)));
                }
                (Label::Noise, Fate::Gone) => taken.noise += 1,
                (Label::Mixed, Fate::Gone) => taken.unsure += 1,
                (_, Fate::Damaged) => {}
            }
        }
    }

    /// Counts a content line that stands in the text once more.
    pub(crate) fn add_copy(&mut self, loss: &Loss) {
        for rule in &loss.rules {
            self.0.entry(rule.clone()).or_default().copies += 1;
        }
    }

    /// The share of the lines taken that are noise, and how many lines that is of.
    pub(crate) fn precision(&self) -> (f64, usize) {
        let noise: usize = self.0.values().map(|taken| taken.noise).sum();
        let all: usize = noise + self.0.values().map(|taken| taken.content.len()).sum::<usize>();
        (noise as f64 / all.max(1) as f64, all)
    }

    /// How many content lines are gone or damaged.
    pub(crate) fn content(&self) -> usize {
        self.0.values().map(|taken| taken.content.len()).sum()
    }

    /// A row for each rule that took content or, if `all`, that did anything; the worst first. Rules that take too much
    /// are marked.
    pub(crate) fn table(&self, all: bool) -> String {
        let mut rows: Vec<_> = self.0.iter().filter(|(_, taken)| all || !taken.content.is_empty()).collect();
        rows.sort_by_key(|(_, taken)| {
            std::cmp::Reverse((taken.content.len() * 10_000 / taken.fixes.max(1), taken.fixes))
        });
        let mut table =
            String::from("rule    fixes  noise lines  unsure lines  copies  content lines  content per fix\n");
        for (code, taken) in rows {
            let content = taken.content.len();
            let mark = if content * MIN_FIXES_PER_CONTENT_LINE > taken.fixes { "  TOO MANY" } else { "" };
            let _ = writeln!(
                table,
                "{code:6} {:6} {:12} {:13} {:7} {content:14} {:16.3}{mark}",
                taken.fixes,
                taken.noise,
                taken.unsure,
                taken.copies,
                content as f64 / taken.fixes.max(1) as f64,
            );
        }
        table
    }

    /// Up to `most` content lines of each rule.
    pub(crate) fn lines(&self, most: usize) -> String {
        let mut text = String::new();
        let mut rules: Vec<_> = self.0.values().filter(|taken| !taken.content.is_empty()).collect();
        rules.sort_by_key(|taken| std::cmp::Reverse(taken.content.len()));
        for taken in rules {
            for line in taken.content.iter().take(most) {
                let _ = writeln!(text, "  {line}");
            }
            if taken.content.len() > most {
                let _ = writeln!(text, "  … and {} more", taken.content.len() - most);
            }
        }
        text
    }
}
