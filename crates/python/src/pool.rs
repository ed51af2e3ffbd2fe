//! Thread pools that survive `fork`: one for each process.
//!
//! The threads of a pool do not exist in a forked child, so a child that used the pool of its
//! parent would wait forever. Therefore, each process has its own pools.

use std::collections::HashMap;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::error::Error;

/// Runs work on several threads, or on the calling one.
#[derive(Clone)]
pub(crate) struct Threads(Option<Arc<ThreadPool>>);

#[pyclass]
struct Pools {
    /// The process that started the threads.
    process: u32,
    by_size: HashMap<usize, Arc<ThreadPool>>,
}

/// The process that imported the module.
static PROCESS: PyOnceLock<u32> = PyOnceLock::new();
/// Only locked while the thread is attached to Python. So is `fork`, so no child process inherits
/// the lock.
static POOLS: PyOnceLock<Py<Pools>> = PyOnceLock::new();

/// Remembers the process that imports the module.
pub(crate) fn remember_process(py: Python<'_>) {
    PROCESS.get_or_init(py, std::process::id);
}

impl Threads {
    /// Returns this process's pool with `threads` threads: by default one per processor, but one in
    /// a forked child, because children usually share the processors.
    pub(crate) fn get(py: Python<'_>, threads: Option<usize>) -> PyResult<Self> {
        let process = std::process::id();
        let is_child = PROCESS.get(py).is_some_and(|parent| *parent != process);
        let threads = threads.unwrap_or(if is_child { 1 } else { 0 });
        if threads == 1 {
            return Ok(Self(None));
        }
        let pools = POOLS
            .get_or_try_init(py, || Py::new(py, Pools { process, by_size: HashMap::new() }))?;
        let mut pools = pools.bind(py).borrow_mut();
        if pools.process != process {
            // Dropping a pool would wake its threads, which do not exist here.
            std::mem::forget(std::mem::take(&mut pools.by_size));
            pools.process = process;
        }
        if let Some(pool) = pools.by_size.get(&threads) {
            return Ok(Self(Some(Arc::clone(pool))));
        }
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|number| format!("dechaff-{number}"));
        let pool = pool
            .build()
            .map_err(|error| Error::new_err(format!("cannot start threads: {error}")))?;
        let pool = Arc::new(pool);
        pools.by_size.insert(threads, Arc::clone(&pool));
        Ok(Self(Some(pool)))
    }

    /// Returns the number of threads.
    pub(crate) fn count(&self) -> usize {
        self.0.as_ref().map_or(1, |pool| pool.current_num_threads())
    }

    /// Applies `work` to all items and returns the results in order.
    pub(crate) fn map<T: Sync, R: Send>(
        &self,
        items: &[T],
        work: impl Fn(&T) -> R + Send + Sync,
    ) -> Vec<R> {
        use rayon::prelude::*;
        match &self.0 {
            Some(pool) if items.len() > 1 => pool.install(|| items.par_iter().map(work).collect()),
            _ => items.iter().map(work).collect(),
        }
    }
}
