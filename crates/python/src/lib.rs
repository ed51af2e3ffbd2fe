//! The extension module `dechaff._dechaff`. The package in `python/` wraps it; nothing else uses
//! it.

mod columns;
mod compared_tables;
mod comparison;
mod corpus;
mod documents;
mod engine;
mod error;
mod pool;
mod results;
mod rows;
mod settings;

use std::ffi::OsString;

use pyo3::prelude::*;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[pymodule]
mod _dechaff {
    use super::*;

    #[pymodule_export]
    use super::comparison::Comparison;
    #[pymodule_export]
    use super::corpus::Corpus;
    #[pymodule_export]
    use super::engine::Engine;
    #[pymodule_export]
    use super::error::{ConfigError, Error};
    #[pymodule_export]
    use super::results::Results;

    /// The version of dechaff.
    #[pymodule_export]
    #[allow(non_upper_case_globals)]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        super::pool::remember_process(module.py());
        Ok(())
    }

    /// Runs the command and returns its exit code. The first argument is the name of the program.
    #[pyfunction]
    fn run_command(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
        py.detach(|| dechaff::cli::run(arguments))
    }
}
