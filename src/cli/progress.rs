//! How far a run is: a bar on a terminal, a line now and then elsewhere, nothing where nobody should be told.

use std::cell::{Cell, RefCell};
use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanCount, HumanDuration, ProgressBar, ProgressStyle};

use super::output;
use super::pipeline::Piece;

/// Counts what was read and found, and tells of it.
pub(super) struct Progress {
    /// Bytes read of the files, as they are on the disk.
    pub(super) bytes: Arc<AtomicU64>,
    how: How,
    /// Bytes of all files, once somebody is told of them.
    total: Cell<Option<u64>>,
    /// Finds them out.
    measure: Cell<Option<Measure>>,
    what: Cell<&'static str>,
    documents: Cell<u64>,
    /// Shards of which all was done.
    files: Cell<u64>,
    findings: Cell<u64>,
    begun: Cell<Instant>,
    told: Cell<Instant>,
    bar: RefCell<Option<ProgressBar>>,
}

/// Finds out how many bytes all files of a run have.
pub(super) type Measure = Box<dyn FnOnce() -> u64>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Bar,
    Lines,
    Silent,
}

impl Progress {
    /// Tells nothing if the run `is_silent`.
    pub(super) fn new(is_silent: bool) -> Self {
        let how = match is_silent {
            true => How::Silent,
            false if std::io::stderr().is_terminal() => How::Bar,
            false => How::Lines,
        };
        let now = Instant::now();
        Self {
            bytes: Arc::default(),
            how,
            total: Cell::new(None),
            measure: Cell::new(None),
            what: Cell::new(""),
            documents: Cell::new(0),
            files: Cell::new(0),
            findings: Cell::new(0),
            begun: Cell::new(now),
            told: Cell::new(now),
            bar: RefCell::new(None),
        }
    }

    /// Begins to do `what` with files whose bytes `measure` finds out, which nobody waits for who is told nothing.
    pub(super) fn begin(&self, what: &'static str, measure: Measure) {
        self.end();
        self.bytes.store(0, Ordering::Relaxed);
        self.total.set(None);
        self.measure.set(Some(measure));
        self.what.set(what);
        for counter in [&self.documents, &self.files, &self.findings] {
            counter.set(0);
        }
        self.begun.set(Instant::now());
        self.told.set(Instant::now());
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

    /// Says how far it is, if it is time to.
    pub(super) fn show(&self) {
        /// How long a run takes before a bar appears.
        const BAR_AFTER: Duration = Duration::from_secs(1);
        const LINE_EVERY: Duration = Duration::from_secs(10);
        match self.how {
            How::Silent => {}
            How::Bar if self.begun.get().elapsed() < BAR_AFTER => {}
            How::Bar => {
                let mut bar = self.bar.borrow_mut();
                let bar = bar.get_or_insert_with(|| self.new_bar());
                bar.set_position(self.bytes.load(Ordering::Relaxed));
                bar.set_message(self.counts());
            }
            How::Lines if self.told.get().elapsed() < LINE_EVERY => {}
            How::Lines => {
                self.told.set(Instant::now());
                let (done, total) = (self.bytes.load(Ordering::Relaxed), self.total().max(1));
                let elapsed = self.begun.get().elapsed();
                let left = elapsed.mul_f64((total as f64 / done.max(1) as f64 - 1.0).max(0.0));
                output::report(&format!(
                    "dechaff: {}: {} of {}, {}, {} left\n",
                    self.what.get(),
                    HumanBytes(done),
                    HumanBytes(total),
                    self.counts(),
                    HumanDuration(left)
                ));
            }
        }
    }

    /// How much was read, such as `1.20 GiB`.
    pub(super) fn read(&self) -> String {
        HumanBytes(self.bytes.load(Ordering::Relaxed)).to_string()
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

    fn new_bar(&self) -> ProgressBar {
        let bar = ProgressBar::new(self.total());
        let template = "{prefix} {wide_bar} {bytes} of {total_bytes}, {msg}, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_prefix(self.what.get());
        bar.with_elapsed(self.begun.get().elapsed())
    }

    fn counts(&self) -> String {
        let documents = self.documents.get();
        let a_second = documents as f64 / self.begun.get().elapsed().as_secs_f64().max(0.001);
        let speed = format!("{} documents ({}/s)", HumanCount(documents), HumanCount(a_second as u64));
        match self.findings.get() {
            0 => speed,
            findings => format!("{speed}, {} findings", HumanCount(findings)),
        }
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
