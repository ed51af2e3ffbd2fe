//! The command line, held to transcripts: each file under `tests/cli` shows commands, what they print and how they exit.
//!
//! `TRYCMD=overwrite cargo test --test cli` writes what is printed now; read the difference before keeping it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test may fail aloud"
)]

#[test]
fn transcripts() {
    // Where the tests run must not choose the format.
    let cases = trycmd::TestCases::new();
    cases.env("GITHUB_ACTIONS", "").env("GITLAB_CI", "").env("COLUMNS", "").case("tests/cli/*.trycmd").run();
}
