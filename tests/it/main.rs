//! All integration tests, in one binary to link once. `cargo test --test it undo::` runs those of
//! one module.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "numbers in tests are small"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "tests may panic and print"
)]

mod classifier;
mod cli;
mod command;
mod compare_command;
#[cfg(target_os = "linux")]
mod compare_faults;
mod contributing;
mod copies;
mod damage;
mod docs;
mod document_conditions;
mod documents;
mod duplicates;
#[cfg(target_os = "linux")]
mod faults;
mod fix;
mod formats;
mod fuzzing;
mod gate;
mod generated;
mod golden;
mod harm;
mod headings;
mod hostile;
mod html;
mod index;
mod index_command;
#[cfg(target_os = "linux")]
mod index_faults;
#[cfg(target_os = "linux")]
#[path = "../faults/lab.rs"]
mod lab;
mod limits;
mod locations;
mod measures;
mod names;
#[cfg(feature = "object-store")]
mod object_storage;
mod output;
mod page_chrome;
mod parquet;
mod planted;
mod properties;
mod readme;
mod records;
mod review;
mod rounds;
mod sanitize;
mod seeds;
mod server;
mod shards;
mod site_lines;
mod staged;
mod statistics;
mod tables;
mod tidy;
mod undo;
mod whole_blocks;
mod writes;
mod xsd;
