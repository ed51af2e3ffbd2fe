//! Reports the lines that each rule's fixes delete or damage.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::loss::{Loss, LossKind};
use crate::pages::Label;
use crate::tally::excerpt;

/// The losses caused by one rule.
#[derive(Debug, Default)]
struct RuleLosses {
    fixes: usize,
    noise: usize,
    unsure: usize,
    /// Content lines of which a copy remains in the text.
    copies: usize,
    /// Each content line that is deleted or damaged, with its location.
    content: Vec<String>,
}

/// The losses by rule code.
#[derive(Debug, Default)]
pub(crate) struct LossReport(BTreeMap<String, RuleLosses>);

/// A rule with a safe fix may lose at most one content line in this many fixes.
const MIN_FIXES_PER_CONTENT_LINE: usize = 50;

impl LossReport {
    /// Counts the fixes applied to a text.
    pub(crate) fn add_fixes(&mut self, applied: &BTreeMap<String, usize>) {
        for (code, count) in applied {
            self.0.entry(code.clone()).or_default().fixes += count;
        }
    }

    /// Counts a loss. `place` and `line` are printed if the line is content.
    pub(crate) fn add(&mut self, loss: &Loss, label: Label, place: &str, line: &str) {
        for rule in &loss.rules {
            let losses = self.0.entry(rule.clone()).or_default();
            match (label, loss.kind) {
                (Label::Content, kind) => {
                    let kind = if kind == LossKind::Deleted { "gone" } else { "damaged" };
                    losses.content.push(format!(
                        "{rule} {kind:7} {place}:{}: {}",
                        loss.line + 1,
                        excerpt(line, 160)
                    ));
                }
                (Label::Noise, LossKind::Deleted) => losses.noise += 1,
                (Label::Mixed, LossKind::Deleted) => losses.unsure += 1,
                (_, LossKind::Damaged) => {}
            }
        }
    }

    /// Counts a content line of which a copy remains in the text.
    pub(crate) fn add_copy(&mut self, loss: &Loss) {
        for rule in &loss.rules {
            self.0.entry(rule.clone()).or_default().copies += 1;
        }
    }

    /// Returns the share of lost lines that are noise, and the number of lost lines.
    pub(crate) fn precision(&self) -> (f64, usize) {
        let noise: usize = self.0.values().map(|losses| losses.noise).sum();
        let all: usize = noise + self.0.values().map(|losses| losses.content.len()).sum::<usize>();
        (noise as f64 / all.max(1) as f64, all)
    }

    /// Returns the number of content lines that are deleted or damaged.
    pub(crate) fn content(&self) -> usize {
        self.0.values().map(|losses| losses.content.len()).sum()
    }

    /// Returns a table with a row for each rule that lost content (with `all`, for each rule), the
    /// worst first. Rules that lose too much are marked.
    pub(crate) fn table(&self, all: bool) -> String {
        let mut rows: Vec<_> =
            self.0.iter().filter(|(_, losses)| all || !losses.content.is_empty()).collect();
        rows.sort_by_key(|(_, losses)| {
            std::cmp::Reverse((losses.content.len() * 10_000 / losses.fixes.max(1), losses.fixes))
        });
        let mut table = String::from(
            "rule    fixes  noise lines  unsure lines  copies  content lines  content per fix\n",
        );
        for (code, losses) in rows {
            let content = losses.content.len();
            let mark =
                if content * MIN_FIXES_PER_CONTENT_LINE > losses.fixes { "  TOO MANY" } else { "" };
            let _ = writeln!(
                table,
                "{code:6} {:6} {:12} {:13} {:7} {content:14} {:16.3}{mark}",
                losses.fixes,
                losses.noise,
                losses.unsure,
                losses.copies,
                content as f64 / losses.fixes.max(1) as f64,
            );
        }
        table
    }

    /// Lists up to `max` content lines of each rule.
    pub(crate) fn lines(&self, max: usize) -> String {
        let mut text = String::new();
        let mut rules: Vec<_> =
            self.0.values().filter(|losses| !losses.content.is_empty()).collect();
        rules.sort_by_key(|losses| std::cmp::Reverse(losses.content.len()));
        for losses in rules {
            for line in losses.content.iter().take(max) {
                let _ = writeln!(text, "  {line}");
            }
            if losses.content.len() > max {
                let _ = writeln!(text, "  … and {} more", losses.content.len() - max);
            }
        }
        text
    }
}
