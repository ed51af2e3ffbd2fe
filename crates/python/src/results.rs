//! The results of a pass over a corpus: a queue from its thread, and the iterator that Python sees.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arrow_array::RecordBatch;
use dechaff::corpus::SpillStore;
use dechaff::duplicates::store::{self, Blob, BlobRef, Store, StoreError};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3_arrow::PyRecordBatch;

use crate::engine::store_error;
use crate::rows::{FindingRow, FixedRow};

/// Time between checks for Ctrl-C.
const INTERVAL: Duration = Duration::from_millis(50);

/// The result for one document.
pub(crate) enum Item {
    Findings(Vec<FindingRow>),
    /// A fixed document, with the original text if nothing changed.
    Fixed(FixedRow, Option<Arc<str>>),
    /// A row about the document, as JSON.
    Report(String),
    /// A table about some documents.
    Table(RecordBatch),
    /// There is no text.
    Null,
}

/// The end of the queue in the thread of a pass.
pub(crate) struct Sender {
    queue: SyncSender<store::Result<Vec<Item>>>,
    cancelled: Arc<AtomicBool>,
}

impl Sender {
    pub(crate) fn is_interrupted(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    pub(crate) fn check_interrupt(&self) -> store::Result<()> {
        if self.is_interrupted() { Err(interrupted()) } else { Ok(()) }
    }

    pub(crate) fn send(&self, items: Vec<Item>) -> store::Result<()> {
        self.queue.send(Ok(items)).map_err(|_| interrupted())
    }
}

fn interrupted() -> StoreError {
    StoreError { message: "interrupted".into() }
}

/// Runs `work` in a background thread, and checks for Ctrl-C meanwhile. `work` gets a flag that is
/// set when it should end early.
pub(crate) fn run_interruptibly<T: Send>(
    py: Python<'_>,
    work: impl FnOnce(&Arc<AtomicBool>) -> store::Result<T> + Send,
) -> PyResult<T> {
    let cancelled = Arc::new(AtomicBool::new(false));
    let (sender, receiver) = sync_channel(1);
    let receiver = Mutex::new(receiver);
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let result = work(&cancelled);
            // The receiver outlives the thread.
            let _ = sender.send(());
            result
        });
        let mut signal = Ok(());
        while signal.is_ok() {
            let wait = || {
                let receiver = receiver.lock().unwrap_or_else(PoisonError::into_inner);
                receiver.recv_timeout(INTERVAL)
            };
            match py.detach(wait) {
                Err(RecvTimeoutError::Timeout) => signal = py.check_signals(),
                Ok(()) | Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        cancelled.fetch_or(signal.is_err(), Ordering::Relaxed);
        let result = py.detach(|| thread.join());
        signal?;
        result.unwrap_or_else(|panic| std::panic::resume_unwind(panic)).map_err(store_error)
    })
}

/// A store that fails once the pass is cancelled, to stop a comparison early.
pub(crate) struct InterruptibleStore {
    store: SpillStore,
    cancelled: Arc<AtomicBool>,
}

impl InterruptibleStore {
    pub(crate) fn new(store: SpillStore, sender: &Sender) -> Self {
        Self { store, cancelled: Arc::clone(&sender.cancelled) }
    }

    fn check(&self) -> store::Result<()> {
        if self.cancelled.load(Ordering::Relaxed) { Err(interrupted()) } else { Ok(()) }
    }
}

impl Store for InterruptibleStore {
    fn append(&self, bytes: &[u8]) -> store::Result<BlobRef> {
        self.check()?;
        self.store.append(bytes)
    }

    fn append_owned(&self, bytes: Vec<u8>) -> store::Result<BlobRef> {
        self.check()?;
        self.store.append_owned(bytes)
    }

    fn read(&self, place: BlobRef) -> store::Result<Blob> {
        self.check()?;
        self.store.read(place)
    }
}

/// An iterator over the results of a pass, in order of document.
#[pyclass(frozen, module = "dechaff._dechaff")]
pub(crate) struct Results {
    /// The process whose thread sends the results.
    process: u32,
    cancelled: Arc<AtomicBool>,
    state: Mutex<ReceiverState>,
}

struct ReceiverState {
    queue: Receiver<store::Result<Vec<Item>>>,
    items: VecDeque<Item>,
}

impl Results {
    pub(crate) fn spawn(
        work: impl FnOnce(&Sender) -> store::Result<()> + Send + 'static,
    ) -> PyResult<Self> {
        /// Maximum number of batches in the queue.
        const QUEUE: usize = 1;
        let (queue, receiver) = sync_channel(QUEUE);
        let cancelled = Arc::new(AtomicBool::new(false));
        let sender = Sender { queue, cancelled: Arc::clone(&cancelled) };
        let run = move || {
            if let Err(error) = work(&sender) {
                // Sending fails if the receiver is gone.
                let _ = sender.queue.send(Err(error));
            }
        };
        std::thread::Builder::new()
            .name("dechaff-corpus".into())
            .spawn(run)
            .map_err(|error| PyRuntimeError::new_err(format!("cannot start a thread: {error}")))?;
        let state = ReceiverState { queue: receiver, items: VecDeque::new() };
        Ok(Self { process: std::process::id(), cancelled, state: Mutex::new(state) })
    }
}

#[pymethods]
impl Results {
    fn __iter__(this: PyRef<'_, Self>) -> PyRef<'_, Self> {
        this
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        if self.process != std::process::id() {
            return Err(PyRuntimeError::new_err(
                "a pass over a corpus cannot be continued in a forked process",
            ));
        }
        loop {
            let received = py.detach(|| {
                let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(item) = state.items.pop_front() {
                    return Ok(Some(Some(item)));
                }
                match state.queue.recv_timeout(INTERVAL) {
                    Ok(items) => {
                        state.items.extend(items?);
                        Ok(None)
                    }
                    Err(RecvTimeoutError::Timeout) => Ok(None),
                    Err(RecvTimeoutError::Disconnected) => Ok(Some(None)),
                }
            });
            match received.map_err(store_error)? {
                Some(item) => return item.map(|item| item.into_python(py)).transpose(),
                None => py.check_signals().inspect_err(|_| self.cancel())?,
            }
        }
    }

    /// Ends the pass.
    fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }
}

impl Drop for Results {
    fn drop(&mut self) {
        self.cancel();
    }
}

impl Item {
    fn into_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        match self {
            Self::Findings(findings) => Ok(findings.into_pyobject(py)?.into_any()),
            Self::Fixed(fixed, original) => {
                Ok((fixed, original.as_deref()).into_pyobject(py)?.into_any())
            }
            Self::Table(batch) => Ok(PyRecordBatch::new(batch).into_pyobject(py)?.into_any()),
            Self::Report(row) => Ok(row.into_pyobject(py)?.into_any()),
            Self::Null => Ok(py.None().into_bound(py)),
        }
    }
}
