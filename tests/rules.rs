//! Each rule file is a test: its examples hold.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "numbers of tests are small"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test may fail aloud"
)]

use libtest_mimic::{Arguments, Trial};

use dechaff::rule::Registry;
use dechaff::rule_test;

fn main() {
    let registry: &'static Registry =
        Box::leak(Box::new(Registry::embedded().unwrap_or_else(|error| {
            eprintln!("{error}");
            std::process::exit(1);
        })));
    let trials = registry
        .rules()
        .iter()
        .map(|rule| {
            let path =
                rule.file.path.trim_end_matches(".toml").trim_start_matches("rules/").to_owned();
            Trial::test(path, move || rule_test::test(rule, registry).map_err(Into::into))
        })
        .collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}
