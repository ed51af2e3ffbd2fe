//! The command line, held to transcripts: each file under `tests/cli` shows commands, what they print and how they exit.
//!
//! `TRYCMD=overwrite cargo test --test it cli::` writes what is printed now; read the difference before keeping it.

#[test]
fn transcripts() {
    // Where the tests run must not choose the format.
    let cases = trycmd::TestCases::new();
    cases.env("GITHUB_ACTIONS", "").env("GITLAB_CI", "").env("COLUMNS", "").case("tests/cli/*.trycmd").run();
}
