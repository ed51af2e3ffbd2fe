//! Transcripts of the command line: each file in `tests/cli` has commands with their output and
//! exit code.
//!
//! `TRYCMD=overwrite cargo test --test it cli::` updates them. Read the diff before committing it.

#[test]
fn transcripts() {
    // The output format must not depend on where the tests run.
    let cases = trycmd::TestCases::new();
    cases
        .env("GITHUB_ACTIONS", "")
        .env("GITLAB_CI", "")
        .env("COLUMNS", "")
        .case("tests/cli/*.trycmd")
        .run();
}
