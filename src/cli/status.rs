//! Formats the progress of a run.

use std::time::Duration;

use indicatif::{HumanBytes, HumanCount};
use unicode_width::UnicodeWidthStr;

/// The progress of a run at one moment.
pub(super) struct Status {
    /// The name of the phase.
    pub(super) phase: &'static str,
    /// Whether the phase compares sketches, which reads no bytes.
    pub(super) is_matching: bool,
    /// The finished share of the run, from 0 to 1.
    pub(super) share: f64,
    /// The estimated remaining time.
    pub(super) left: Option<Duration>,
    /// Bytes that this phase has processed, and bytes of all files.
    pub(super) done: u64,
    pub(super) total: u64,
    pub(super) documents: u64,
    pub(super) findings: u64,
}

impl Status {
    /// Formats the progress for a terminal. Less important parts are dropped if they do not fit.
    pub(super) fn bar(&self, columns: usize) -> String {
        const MIN_BAR: usize = 8;
        const MAX_BAR: usize = 30;
        /// Narrower terminals get no bar.
        const BAR_FROM: usize = 70;
        // Leave the last column free: some terminals start a new line otherwise.
        let columns = columns.saturating_sub(1);
        let reserved = if columns >= BAR_FROM { MIN_BAR + 1 } else { 0 };
        let mut figures = self.figures().into_iter();
        let mut text = figures.by_ref().take(2).collect::<Vec<_>>().join(", ");
        let room = |text: &str| columns.saturating_sub(self.phase.len() + 1 + text.width());
        for figure in figures {
            let longer = format!("{text}, {figure}");
            if columns.saturating_sub(self.phase.len() + 1 + longer.width()) < reserved
                || room(&text) < figure.width() + 2
            {
                break;
            }
            text = longer;
        }
        let spare = room(&text).saturating_sub(1).min(MAX_BAR);
        if reserved == 0 || spare < MIN_BAR {
            return format!("{} {text}", self.phase);
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it lies between 0 and the width"
        )]
        let filled = (self.share.clamp(0.0, 1.0) * spare as f64) as usize;
        format!("{} {}{} {text}", self.phase, "█".repeat(filled), "░".repeat(spare - filled))
    }

    /// Formats the progress for a log.
    pub(super) fn line(&self) -> String {
        format!("{}: {}", self.phase, self.figures().join(", "))
    }

    /// Returns the parts, most important first.
    fn figures(&self) -> Vec<String> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it lies between 0 and 100"
        )]
        let percent = (100.0 * self.share).clamp(0.0, 100.0) as u8;
        let mut figures = vec![format!("{percent}%")];
        figures.push(match self.left {
            Some(left) => format!("{} left", short(left)),
            None => "estimating".to_owned(),
        });
        if self.is_matching {
            return figures;
        }
        figures.push(format!("{} of {}", HumanBytes(self.done), HumanBytes(self.total)));
        for (number, noun) in [(self.documents, "document"), (self.findings, "finding")] {
            let plural = if number == 1 { "" } else { "s" };
            figures.push(format!("{} {noun}{plural}", HumanCount(number)));
        }
        figures.truncate(if self.findings > 0 { 5 } else { 4 });
        figures
    }
}

/// Formats a duration, such as `12s`, `3m 05s` or `1h 20m`.
fn short(duration: Duration) -> String {
    let seconds = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3_600, seconds % 3_600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status() -> Status {
        Status {
            phase: "comparing",
            is_matching: false,
            share: 0.628,
            left: Some(Duration::from_secs(185)),
            done: 436 << 20,
            total: 600 << 20,
            documents: 26_138,
            findings: 14_108,
        }
    }

    #[test]
    fn parts_that_do_not_fit_are_omitted() {
        assert_eq!(status().bar(10), "comparing 62%, 3m 05s left");
        assert_eq!(status().bar(60), "comparing 62%, 3m 05s left, 436.00 MiB of 600.00 MiB");
        assert_eq!(
            status().bar(80),
            "comparing █████░░░ 62%, 3m 05s left, 436.00 MiB of 600.00 MiB, 26,138 documents"
        );
        assert_eq!(
            status().bar(120),
            "comparing ██████████████████░░░░░░░░░░░░ 62%, 3m 05s left, 436.00 MiB of 600.00 MiB, 26,138 documents, 14,108 findings"
        );
        for columns in 30..240 {
            let bar = status().bar(columns);
            assert!(bar.width() < columns, "{columns}: {bar}");
        }
    }

    #[test]
    fn log_line_has_all_parts() {
        assert_eq!(
            status().line(),
            "comparing: 62%, 3m 05s left, 436.00 MiB of 600.00 MiB, 26,138 documents, 14,108 findings"
        );
        let early =
            Status { left: None, share: 0.0, done: 0, documents: 0, findings: 0, ..status() };
        assert_eq!(early.line(), "comparing: 0%, estimating, 0 B of 600.00 MiB, 0 documents");
    }

    #[test]
    fn formats_durations() {
        let printed = [0.0, 0.2, 59.9, 61.0, 3_600.0, 4_800.0]
            .map(|seconds| short(Duration::from_secs_f64(seconds)));
        assert_eq!(printed, ["0s", "1s", "1m 00s", "1m 01s", "1h 00m", "1h 20m"]);
    }
}
