//! Progress of a run: a bar on a terminal, otherwise a line every few seconds, and nothing with
//! machine-readable formats.
//!
//! A run has several phases that each go through all files. The percentage and the remaining time
//! are for the whole run.

use std::cell::{Cell, RefCell};
use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, ProgressBar, ProgressStyle};

use super::output;
use super::status::Status;

/// A pass over all files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Fixes documents in memory and compares the results; repeated until nothing changes.
    FixRound,
    /// Writes fixed documents.
    Fix,
    /// Sketches documents.
    Compare,
    /// Lints each document.
    Check,
}

impl Phase {
    /// Returns the word that progress shows.
    fn name(self) -> &'static str {
        match self {
            Self::FixRound | Self::Compare => "comparing",
            Self::Fix => "fixing",
            Self::Check => "checking",
        }
    }

    /// Returns the time per byte relative to other phases, measured on generated corpora.
    fn weight(self) -> f64 {
        match self {
            Self::Compare => 2.0,
            Self::FixRound | Self::Fix | Self::Check => 3.0,
        }
    }
}

/// The bytes that a phase goes through.
pub(super) enum TotalSize {
    /// The files on disk.
    Files,
    /// This many bytes of cached texts.
    Texts(u64),
}

/// Counts documents and findings, and shows them.
pub(super) struct Progress {
    /// Bytes read in this phase. Processing lags behind.
    pub(super) bytes: Arc<AtomicU64>,
    /// Bytes processed in this phase.
    done: Cell<u64>,
    size: RunSize,
    schedule: Schedule,
    matching: Cell<Matching>,
    counts: PhaseCounts,
    clock: Clock,
    display: Display,
}

/// Returns the bytes of all files of a run.
pub(super) type Measure = Box<dyn FnOnce() -> u64>;

/// Whether sketches are being compared, which takes time but reads no bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Matching {
    Before,
    Since(Instant),
    Over,
}

/// The size of a run in bytes.
#[derive(Default)]
struct RunSize {
    /// Bytes of all files, once measured.
    files: Cell<Option<u64>>,
    measure: Cell<Option<Measure>>,
    /// Bytes of the texts of this phase, if it does not read files.
    texts: Cell<Option<u64>>,
}

impl RunSize {
    fn start_phase(&self, total: TotalSize, measure: Measure) {
        self.measure.set(Some(measure));
        self.texts.set(match total {
            TotalSize::Files => None,
            TotalSize::Texts(bytes) => Some(bytes),
        });
    }

    /// Returns the bytes of all files, and measures them if necessary.
    fn file_bytes(&self) -> u64 {
        let files =
            self.files.get().unwrap_or_else(|| self.measure.take().map_or(0, |measure| measure()));
        self.files.set(Some(files));
        files
    }

    /// Returns the bytes that this phase goes through.
    fn phase_bytes(&self) -> u64 {
        self.texts.get().unwrap_or_else(|| self.file_bytes())
    }
}

/// The phases of a run: the current one, and the weights of those before and after it.
#[derive(Default)]
struct Schedule {
    phase: Cell<Option<Phase>>,
    /// The remaining phases.
    remaining: RefCell<Vec<Phase>>,
    /// The weights of the finished phases.
    finished_weight: Cell<f64>,
    /// The run compares documents before it checks them.
    compares: Cell<bool>,
}

impl Schedule {
    fn plan(&self, phases: &[Phase]) {
        self.compares.set(phases.contains(&Phase::Compare));
        *self.remaining.borrow_mut() = phases.to_vec();
    }

    fn start_phase(&self, phase: Phase) {
        if let Some(done) = self.phase.replace(Some(phase)) {
            self.finished_weight.set(self.finished_weight.get() + done.weight());
        }
        let mut remaining = self.remaining.borrow_mut();
        // Drop skipped phases. A phase that is not planned is an additional one.
        if let Some(at) = remaining.iter().position(|planned| *planned == phase) {
            remaining.drain(..=at);
        }
    }

    fn phase_weight(&self) -> f64 {
        self.phase.get().map_or(0.0, Phase::weight)
    }

    fn remaining_weight(&self) -> f64 {
        self.remaining.borrow().iter().map(|phase| phase.weight()).sum()
    }
}

/// What this phase has finished.
#[derive(Default)]
struct PhaseCounts {
    documents: Cell<u64>,
    shards: Cell<u64>,
    findings: Cell<u64>,
}

impl PhaseCounts {
    fn reset(&self) {
        for counter in [&self.documents, &self.shards, &self.findings] {
            counter.set(0);
        }
    }
}

/// When the run and its current phase started.
struct Clock {
    run_started: Instant,
    phase_started: Cell<Instant>,
}

/// Shows progress on standard error.
struct Display {
    mode: DisplayMode,
    last_shown: Cell<Instant>,
    bar: RefCell<Option<ProgressBar>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum DisplayMode {
    Bar,
    Lines,
    Silent,
}

impl Display {
    fn new(is_silent: bool, now: Instant) -> Self {
        let mode = match is_silent {
            true => DisplayMode::Silent,
            false if std::io::stderr().is_terminal() => DisplayMode::Bar,
            false => DisplayMode::Lines,
        };
        Self { mode, last_shown: Cell::new(now), bar: RefCell::new(None) }
    }

    /// Whether enough time has passed to show progress again.
    fn is_due(&self, run_started: Instant) -> bool {
        const BAR_AFTER: Duration = Duration::from_secs(1);
        const BAR_EVERY: Duration = Duration::from_millis(100);
        const LINE_EVERY: Duration = Duration::from_secs(10);
        let since_shown = self.last_shown.get().elapsed();
        match self.mode {
            DisplayMode::Silent => false,
            DisplayMode::Bar => run_started.elapsed() >= BAR_AFTER && since_shown >= BAR_EVERY,
            DisplayMode::Lines => since_shown >= LINE_EVERY,
        }
    }

    fn show(&self, status: &Status) {
        match self.mode {
            DisplayMode::Silent => return,
            DisplayMode::Bar => {
                let columns = terminal_size::terminal_size_of(std::io::stderr())
                    .map_or(80, |(width, _)| width.0);
                let mut bar = self.bar.borrow_mut();
                bar.get_or_insert_with(new_bar).set_message(status.bar(usize::from(columns)));
            }
            DisplayMode::Lines => output::report(&format!("dechaff: {}\n", status.line())),
        }
        self.last_shown.set(Instant::now());
    }

    /// Hides the bar while `write` writes to the terminal.
    fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        match &*self.bar.borrow() {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Removes the bar.
    fn finish(&self) {
        if let Some(bar) = self.bar.borrow_mut().take() {
            bar.finish_and_clear();
        }
    }
}

impl Progress {
    /// Starts the progress of a run, shown unless it `is_silent`.
    pub(super) fn new(is_silent: bool) -> Self {
        let now = Instant::now();
        Self {
            bytes: Arc::default(),
            done: Cell::new(0),
            size: RunSize::default(),
            schedule: Schedule::default(),
            matching: Cell::new(Matching::Before),
            counts: PhaseCounts::default(),
            clock: Clock { run_started: now, phase_started: Cell::new(now) },
            display: Display::new(is_silent, now),
        }
    }

    /// Sets the expected phases of the run.
    pub(super) fn plan(&self, phases: &[Phase]) {
        self.schedule.plan(phases);
    }

    /// Starts a phase. `measure` returns the bytes of all files; it is only called if progress is
    /// shown.
    pub(super) fn start_phase(&self, phase: Phase, total: TotalSize, measure: Measure) {
        self.schedule.start_phase(phase);
        self.size.start_phase(total, measure);
        self.bytes.store(0, Ordering::Relaxed);
        self.done.set(0);
        self.counts.reset();
        if phase != Phase::Check {
            self.matching.set(Matching::Before);
        }
        self.clock.phase_started.set(Instant::now());
    }

    /// Counts a document.
    pub(super) fn count_document(&self) {
        self.counts.documents.set(self.counts.documents.get() + 1);
    }

    /// Counts a finished shard.
    pub(super) fn count_shard(&self) {
        self.counts.shards.set(self.counts.shards.get() + 1);
    }

    /// Counts findings.
    pub(super) fn add_findings(&self, findings: usize) {
        self.counts.findings.set(self.counts.findings.get() + findings as u64);
    }

    /// Sets how many of the bytes read are processed, and shows progress.
    pub(super) fn advance(&self, done: u64) {
        self.done.set(done);
        if self.phase() == Some(Phase::Check)
            && matches!(self.matching.replace(Matching::Over), Matching::Since(_))
        {
            self.clock.phase_started.set(Instant::now());
        }
        self.show();
    }

    /// Shows that sketches are being compared.
    pub(super) fn matching(&self) {
        if self.matching.get() == Matching::Before {
            self.matching.set(Matching::Since(Instant::now()));
        }
        self.show();
    }

    /// Shows progress if enough time has passed.
    fn show(&self) {
        if self.display.is_due(self.clock.run_started) {
            self.display.show(&self.status());
        }
    }

    fn status(&self) -> Status {
        let total = self.size.file_bytes();
        let fraction = self.fraction();
        let (weight, elapsed) =
            (self.schedule.phase_weight(), self.clock.run_started.elapsed().as_secs_f64());
        let done = self.schedule.finished_weight.get() + weight * fraction;
        let (matched, to_match) = self.match_weights(done);
        let (done, to_come) = (done + matched, self.schedule.remaining_weight() + to_match);
        // Later phases take as long per weight as earlier ones; this phase continues at its current
        // speed.
        let per_weight = if done > 0.0 { elapsed / done } else { 0.0 };
        let this = match fraction {
            ..0.05 => weight * (1.0 - fraction) * per_weight,
            _ => {
                self.clock.phase_started.get().elapsed().as_secs_f64() * (1.0 - fraction) / fraction
            }
        };
        let left = (done > 0.0).then(|| Duration::from_secs_f64(this + to_come * per_weight));
        let is_matching = matches!(self.matching.get(), Matching::Since(_));
        Status {
            phase: if is_matching { "matching" } else { self.phase().map_or("", Phase::name) },
            is_matching,
            share: done / (done + weight * (1.0 - fraction) + to_come).max(f64::MIN_POSITIVE),
            left,
            done: part(fraction, total),
            total,
            documents: self.counts.documents.get(),
            findings: self.counts.findings.get(),
        }
    }

    /// Returns the finished and the remaining weight of the comparison. Its progress is unknown, so
    /// the estimate approaches the end asymptotically. `done` is the weight of the finished
    /// phases.
    fn match_weights(&self, done: f64) -> (f64, f64) {
        const WEIGHT: f64 = 1.5;
        let share = match self.matching.get() {
            _ if !self.schedule.compares.get() => return (0.0, 0.0),
            Matching::Before => 0.0,
            Matching::Over => 1.0,
            Matching::Since(started) => {
                let before = started.duration_since(self.clock.run_started).as_secs_f64();
                let expected = WEIGHT * before / done.max(f64::MIN_POSITIVE);
                1.0 - (-started.elapsed().as_secs_f64() / expected.max(f64::MIN_POSITIVE)).exp()
            }
        };
        (WEIGHT * share, WEIGHT * (1.0 - share))
    }

    /// Returns the finished share of this phase.
    fn fraction(&self) -> f64 {
        (self.done.get() as f64 / self.size.phase_bytes().max(1) as f64).min(1.0)
    }

    /// Returns how much this phase has processed, such as `251 MiB of 600 MiB`.
    pub(super) fn amount(&self) -> String {
        let total = self.size.file_bytes();
        format!("{} of {}", HumanBytes(part(self.fraction(), total)), HumanBytes(total))
    }

    /// Returns the current phase.
    pub(super) fn phase(&self) -> Option<Phase> {
        self.schedule.phase.get()
    }

    /// Returns the number of finished shards.
    pub(super) fn shards(&self) -> u64 {
        self.counts.shards.get()
    }

    /// Hides the bar while `write` writes to the terminal.
    pub(super) fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        self.display.suspend(write)
    }

    /// Removes the bar.
    pub(super) fn finish(&self) {
        self.display.finish();
    }
}

/// Returns roughly this fraction of `total`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the value is only displayed"
)]
fn part(fraction: f64, total: u64) -> u64 {
    (fraction * total as f64) as u64
}

fn new_bar() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{wide_msg}") {
        bar.set_style(style);
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a percentage is small and not negative"
    )]
    fn share(progress: &Progress) -> u32 {
        (100.0 * progress.status().share).round() as u32
    }

    #[test]
    fn percentage_covers_all_phases() {
        let progress = Progress::new(true);
        progress.plan(&[Phase::Compare, Phase::Check]);
        progress.start_phase(Phase::Compare, TotalSize::Files, Box::new(|| 1_000));
        assert_eq!(share(&progress), 0);
        progress.advance(500);
        assert_eq!((share(&progress), progress.amount()), (15, "500 B of 1000 B".to_owned()));
        progress.advance(1_000);
        assert_eq!(share(&progress), 31);
        // Texts can be larger than the files they come from.
        progress.start_phase(Phase::Check, TotalSize::Texts(4_000), Box::new(|| 1_000));
        progress.matching();
        assert!((31..55).contains(&share(&progress)) && progress.status().phase == "matching");
        progress.advance(2_000);
        assert_eq!((share(&progress), progress.amount()), (77, "500 B of 1000 B".to_owned()));
        progress.advance(4_000);
        assert_eq!(share(&progress), 100);
    }

    #[test]
    fn phases_can_be_skipped_or_added() {
        let progress = Progress::new(true);
        progress.plan(&[Phase::FixRound, Phase::FixRound, Phase::Fix]);
        progress.start_phase(Phase::FixRound, TotalSize::Files, Box::new(|| 10));
        progress.start_phase(Phase::Fix, TotalSize::Files, Box::new(|| 10));
        assert_eq!(share(&progress), 50);

        let progress = Progress::new(true);
        progress.plan(&[Phase::FixRound, Phase::Fix]);
        progress.start_phase(Phase::FixRound, TotalSize::Files, Box::new(|| 10));
        progress.start_phase(Phase::FixRound, TotalSize::Files, Box::new(|| 10));
        assert_eq!(share(&progress), 33);
    }

    #[test]
    fn remaining_time_covers_all_phases() {
        let mut progress = Progress::new(true);
        progress.plan(&[Phase::FixRound, Phase::Check]);
        progress.start_phase(Phase::FixRound, TotalSize::Files, Box::new(|| 10));
        let started = Instant::now().checked_sub(Duration::from_secs(10)).unwrap();
        progress.clock.run_started = started;
        progress.clock.phase_started.set(started);
        assert_eq!(progress.status().left, None);
        progress.advance(10);
        assert_eq!(progress.status().left.map(|left| left.as_secs()), Some(10));
        progress.start_phase(Phase::Check, TotalSize::Files, Box::new(|| 10));
        assert_eq!(progress.status().left.map(|left| left.as_secs()), Some(10));
    }
}
