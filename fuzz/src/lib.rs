//! Fuzz targets. Each takes any input and panics if an invariant is violated.
//!
//! The same functions run with coverage guidance in `fuzz_targets/`, and on a few thousand fixed
//! inputs in `tests/it/fuzzing.rs`, which includes this file as a module.

#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "a crate of its own and a module of the tests"
)]

#[cfg(feature = "arrow")]
pub mod arrow;
pub mod configuration;
pub mod documents;
pub mod duplicates;
pub mod index;
mod input;
pub mod lists;
pub mod parquet;
pub mod records;
pub mod reports;
pub mod rules;
mod shared;
mod table;
pub mod text;
pub mod undo;
pub mod undo_log;

use std::path::Path;
use std::{env, fs, panic};

/// A fuzz target.
pub struct Target {
    /// Its name, which is also that of its binary and folders.
    pub name: &'static str,
    /// Runs one input.
    pub run: fn(&[u8]),
    /// Inputs to start from, beside the files in `seeds/`.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Mutated inputs that `cargo test` runs.
    pub smoke_inputs: usize,
}

/// All targets, by name.
pub const TARGETS: &[Target] = &[
    #[cfg(feature = "arrow")]
    target("arrow", arrow::run, arrow::seeds, 300),
    target("configuration", configuration::run, configuration::seeds, 1_000),
    target("documents", documents::run, documents::seeds, 150),
    target("duplicates", duplicates::run, duplicates::seeds, 300),
    target("index", index::run, index::seeds, 100),
    target("lists", lists::run, lists::seeds, 2_000),
    target("parquet", parquet::run, parquet::seeds, 300),
    target("records", records::run, records::seeds, 300),
    target("reports", reports::run, reports::seeds, 300),
    target("rules", rules::run, rules::seeds, 300),
    target("text", text::run, text::seeds, 2_000),
    target("undo", undo::run, undo::seeds, 2_000),
    target("undo_log", undo_log::run, undo_log::seeds, 300),
];

const fn target(
    name: &'static str,
    run: fn(&[u8]),
    seeds: fn() -> Vec<Vec<u8>>,
    smoke_inputs: usize,
) -> Target {
    Target { name, run, seeds, smoke_inputs }
}

/// Sets a fuzzer up: writes the seeds of the target `name` to the folder that `DECHAFF_SEEDS`
/// names.
///
/// # Panics
///
/// The seeds cannot be written.
pub fn prepare(name: &str) {
    // The fuzzer's hook would end the process on a panic of a decoder, which is caught. This hook
    // is only called for other panics.
    let _ = panic::take_hook();
    let default = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        default(info);
        std::process::abort();
    }));
    let (Some(folder), Some(target)) =
        (env::var_os("DECHAFF_SEEDS"), TARGETS.iter().find(|it| it.name == name))
    else {
        return;
    };
    fs::create_dir_all(&folder).expect("the folder of seeds can be created");
    for (number, seed) in (target.seeds)().into_iter().enumerate() {
        fs::write(Path::new(&folder).join(format!("seed-{number:04}")), seed)
            .expect("a seed can be written");
    }
}
