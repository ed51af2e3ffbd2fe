//! How far a run is: a bar on a terminal, a line now and then elsewhere, nothing for programs that read the output.
//!
//! A run has several phases, each of which goes through all files. The percentage and the time left are of the whole run.

use std::cell::{Cell, RefCell};
use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, ProgressBar, ProgressStyle};

use super::output;
use super::pipeline::Piece;
use super::status::Status;

/// A part of a run that goes through all files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Fixes documents in memory, to compare what is left of them; repeated until nothing more goes.
    Settle,
    /// Writes fixed documents.
    Fix,
    /// Sketches documents, to compare them.
    Compare,
    /// Looks for findings in each document.
    Check,
}

impl Phase {
    /// What it does, in a word.
    fn name(self) -> &'static str {
        match self {
            Self::Settle | Self::Compare => "comparing",
            Self::Fix => "fixing",
            Self::Check => "checking",
        }
    }

    /// How long it takes per byte, beside the other phases: measured on generated corpora.
    fn weight(self) -> f64 {
        match self {
            Self::Compare => 2.0,
            Self::Settle | Self::Fix | Self::Check => 3.0,
        }
    }
}

/// What the bytes are that a phase counts.
pub(super) enum Total {
    /// Those of the files, as they are on the disk.
    Files,
    /// So many of texts that are held in memory.
    Texts(u64),
}

/// Counts what was done and found, and shows it.
pub(super) struct Progress {
    /// Bytes read in this phase. What was done follows behind.
    pub(super) bytes: Arc<AtomicU64>,
    done: Cell<u64>,
    display: Display,
    /// Bytes of all files, once somebody asks.
    total: Cell<Option<u64>>,
    measure: Cell<Option<Measure>>,
    /// Bytes of the texts that this phase goes through, if it does not go through files.
    texts: Cell<Option<u64>>,
    phase: Cell<Option<Phase>>,
    matching: Cell<Matching>,
    /// The run compares documents before it checks them.
    compares: Cell<bool>,
    /// The phases that are yet to come.
    plan: RefCell<Vec<Phase>>,
    /// The weights of the phases that are done.
    weight: Cell<f64>,
    documents: Cell<u64>,
    /// Shards of which all was done.
    files: Cell<u64>,
    findings: Cell<u64>,
    /// When the run began, and the phase, and when progress was last shown.
    run_begun: Instant,
    phase_begun: Cell<Instant>,
    shown: Cell<Instant>,
    bar: RefCell<Option<ProgressBar>>,
}

/// Finds out how many bytes all files of a run have.
pub(super) type Measure = Box<dyn FnOnce() -> u64>;

/// Whether matches are looked for among the sketches, which takes time but goes through no bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Matching {
    Before,
    Since(Instant),
    Over,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Display {
    Bar,
    Lines,
    Silent,
}

impl Progress {
    /// Progress of a run that shows nothing if it `is_silent`.
    pub(super) fn new(is_silent: bool) -> Self {
        let display = match is_silent {
            true => Display::Silent,
            false if std::io::stderr().is_terminal() => Display::Bar,
            false => Display::Lines,
        };
        let now = Instant::now();
        Self {
            bytes: Arc::default(),
            done: Cell::new(0),
            display,
            total: Cell::new(None),
            measure: Cell::new(None),
            texts: Cell::new(None),
            phase: Cell::new(None),
            matching: Cell::new(Matching::Before),
            compares: Cell::new(false),
            plan: RefCell::default(),
            weight: Cell::new(0.0),
            documents: Cell::new(0),
            files: Cell::new(0),
            findings: Cell::new(0),
            run_begun: now,
            phase_begun: Cell::new(now),
            shown: Cell::new(now),
            bar: RefCell::new(None),
        }
    }

    /// Sets the phases that the run is expected to have.
    pub(super) fn plan(&self, phases: &[Phase]) {
        self.compares.set(phases.contains(&Phase::Compare));
        *self.plan.borrow_mut() = phases.to_vec();
    }

    /// Begins a phase. `measure` counts the bytes of all files, and is called only if progress is shown.
    pub(super) fn begin(&self, phase: Phase, total: Total, measure: Measure) {
        if let Some(done) = self.phase.replace(Some(phase)) {
            self.weight.set(self.weight.get() + done.weight());
        }
        let mut plan = self.plan.borrow_mut();
        // Phases that were skipped are not needed; a phase that is not in the plan comes in addition.
        if let Some(at) = plan.iter().position(|planned| *planned == phase) {
            plan.drain(..=at);
        }
        self.bytes.store(0, Ordering::Relaxed);
        self.measure.set(Some(measure));
        self.texts.set(match total {
            Total::Files => None,
            Total::Texts(bytes) => Some(bytes),
        });
        if phase != Phase::Check {
            self.matching.set(Matching::Before);
        }
        for counter in [&self.done, &self.documents, &self.files, &self.findings] {
            counter.set(0);
        }
        self.phase_begun.set(Instant::now());
    }

    /// Counts a piece that was worked on.
    pub(super) fn piece<T>(&self, piece: &Piece<T>) {
        match piece {
            Piece::Done(_) => self.documents.set(self.documents.get() + 1),
            Piece::End(_) => self.files.set(self.files.get() + 1),
            _ => {}
        }
    }

    /// Counts findings.
    pub(super) fn found(&self, findings: usize) {
        self.findings.set(self.findings.get() + findings as u64);
    }

    /// Sets how many of the bytes that were read are done, and shows it.
    pub(super) fn advance(&self, done: u64) {
        self.done.set(done);
        if self.phase.get() == Some(Phase::Check) && matches!(self.matching.replace(Matching::Over), Matching::Since(_))
        {
            self.phase_begun.set(Instant::now());
        }
        self.show();
    }

    /// Shows that matches are looked for.
    pub(super) fn matching(&self) {
        if self.matching.get() == Matching::Before {
            self.matching.set(Matching::Since(Instant::now()));
        }
        self.show();
    }

    /// Shows how far the run is, if it is time to.
    fn show(&self) {
        /// How long a run takes before a bar appears.
        const BAR_AFTER: Duration = Duration::from_secs(1);
        const BAR_EVERY: Duration = Duration::from_millis(100);
        const LINE_EVERY: Duration = Duration::from_secs(10);
        let since_shown = self.shown.get().elapsed();
        match self.display {
            Display::Silent => return,
            Display::Bar if self.run_begun.elapsed() < BAR_AFTER || since_shown < BAR_EVERY => return,
            Display::Bar => {
                let columns = terminal_size::terminal_size_of(std::io::stderr()).map_or(80, |(width, _)| width.0);
                let mut bar = self.bar.borrow_mut();
                bar.get_or_insert_with(new_bar).set_message(self.status().bar(usize::from(columns)));
            }
            Display::Lines if since_shown < LINE_EVERY => return,
            Display::Lines => output::report(&format!("dechaff: {}\n", self.status().line())),
        }
        self.shown.set(Instant::now());
    }

    fn status(&self) -> Status {
        let total = self.total();
        let fraction = self.fraction();
        let phase = self.phase.get();
        let (weight, elapsed) = (phase.map_or(0.0, Phase::weight), self.run_begun.elapsed().as_secs_f64());
        let to_come: f64 = self.plan.borrow().iter().map(|phase| phase.weight()).sum();
        let done = self.weight.get() + weight * fraction;
        let (matched, to_match) = self.match_weights(done);
        let (done, to_come) = (done + matched, to_come + to_match);
        // The phases to come take as long as those so far, by weight; this one goes on as it began.
        let per_weight = if done > 0.0 { elapsed / done } else { 0.0 };
        let this = match fraction {
            ..0.05 => weight * (1.0 - fraction) * per_weight,
            _ => self.phase_begun.get().elapsed().as_secs_f64() * (1.0 - fraction) / fraction,
        };
        let left = (done > 0.0).then(|| Duration::from_secs_f64(this + to_come * per_weight));
        let is_matching = matches!(self.matching.get(), Matching::Since(_));
        Status {
            phase: if is_matching { "matching" } else { phase.map_or("", Phase::name) },
            is_matching,
            share: done / (done + weight * (1.0 - fraction) + to_come).max(f64::MIN_POSITIVE),
            left,
            done: part(fraction, total),
            total,
            documents: self.documents.get(),
            findings: self.findings.get(),
        }
    }

    /// The weights of looking for matches: how much is done, and how much is left. How far it is nobody knows, so it comes
    /// ever closer to its end. `done` is the weight of what was done besides.
    fn match_weights(&self, done: f64) -> (f64, f64) {
        const WEIGHT: f64 = 1.5;
        let share = match self.matching.get() {
            _ if !self.compares.get() => return (0.0, 0.0),
            Matching::Before => 0.0,
            Matching::Over => 1.0,
            Matching::Since(begun) => {
                let before = begun.duration_since(self.run_begun).as_secs_f64();
                let expected = WEIGHT * before / done.max(f64::MIN_POSITIVE);
                1.0 - (-begun.elapsed().as_secs_f64() / expected.max(f64::MIN_POSITIVE)).exp()
            }
        };
        (WEIGHT * share, WEIGHT * (1.0 - share))
    }

    /// The share of this phase that is done.
    fn fraction(&self) -> f64 {
        let total = self.texts.get().unwrap_or_else(|| self.total());
        (self.done.get() as f64 / total.max(1) as f64).min(1.0)
    }

    /// How much of the files this phase went through, such as `251 MiB of 600 MiB`.
    pub(super) fn amount(&self) -> String {
        let total = self.total();
        format!("{} of {}", HumanBytes(part(self.fraction(), total)), HumanBytes(total))
    }

    /// The phase that the run is in.
    pub(super) fn phase(&self) -> Option<Phase> {
        self.phase.get()
    }

    /// Shards of which all was done.
    pub(super) fn files(&self) -> u64 {
        self.files.get()
    }

    fn total(&self) -> u64 {
        let total = self.total.get().unwrap_or_else(|| self.measure.take().map_or(0, |measure| measure()));
        self.total.set(Some(total));
        total
    }

    /// Runs what writes to the terminal, with the bar out of its way.
    pub(super) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        match &*self.bar.borrow() {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Takes the bar away.
    pub(super) fn end(&self) {
        if let Some(bar) = self.bar.borrow_mut().take() {
            bar.finish_and_clear();
        }
    }
}

/// About so much of `total`, for a person.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "what a float cannot hold becomes the nearest"
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

    fn share(progress: &Progress) -> u32 {
        (100.0 * progress.status().share).round() as u32
    }

    #[test]
    fn the_share_is_of_the_whole_run() {
        let progress = Progress::new(true);
        progress.plan(&[Phase::Compare, Phase::Check]);
        progress.begin(Phase::Compare, Total::Files, Box::new(|| 1_000));
        assert_eq!(share(&progress), 0);
        progress.advance(500);
        assert_eq!((share(&progress), progress.amount()), (15, "500 B of 1000 B".to_owned()));
        progress.advance(1_000);
        assert_eq!(share(&progress), 31);
        // Texts may be larger than the files they come from.
        progress.begin(Phase::Check, Total::Texts(4_000), Box::new(|| 1_000));
        progress.matching();
        assert!((31..55).contains(&share(&progress)) && progress.status().phase == "matching");
        progress.advance(2_000);
        assert_eq!((share(&progress), progress.amount()), (77, "500 B of 1000 B".to_owned()));
        progress.advance(4_000);
        assert_eq!(share(&progress), 100);
    }

    #[test]
    fn phases_may_be_skipped_or_come_in_addition() {
        let progress = Progress::new(true);
        progress.plan(&[Phase::Settle, Phase::Settle, Phase::Fix]);
        progress.begin(Phase::Settle, Total::Files, Box::new(|| 10));
        progress.begin(Phase::Fix, Total::Files, Box::new(|| 10));
        assert_eq!(share(&progress), 50);

        let progress = Progress::new(true);
        progress.plan(&[Phase::Settle, Phase::Fix]);
        progress.begin(Phase::Settle, Total::Files, Box::new(|| 10));
        progress.begin(Phase::Settle, Total::Files, Box::new(|| 10));
        assert_eq!(share(&progress), 33);
    }

    #[test]
    fn the_time_left_is_that_of_all_phases() {
        let mut progress = Progress::new(true);
        progress.plan(&[Phase::Settle, Phase::Check]);
        progress.begin(Phase::Settle, Total::Files, Box::new(|| 10));
        let begun = Instant::now().checked_sub(Duration::from_secs(10)).unwrap();
        progress.run_begun = begun;
        progress.phase_begun.set(begun);
        assert_eq!(progress.status().left, None);
        progress.advance(10);
        assert_eq!(progress.status().left.map(|left| left.as_secs()), Some(10));
        progress.begin(Phase::Check, Total::Files, Box::new(|| 10));
        assert_eq!(progress.status().left.map(|left| left.as_secs()), Some(10));
    }
}
