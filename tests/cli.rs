//! The command line, held to transcripts: each file under `tests/cli` shows commands, what they print and how they exit.
//!
//! `TRYCMD=overwrite cargo test --test cli` writes what is printed now; read the difference before keeping it.

#[test]
fn transcripts() {
    trycmd::TestCases::new().case("tests/cli/*.trycmd").run();
}
