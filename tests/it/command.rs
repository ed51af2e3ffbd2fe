//! Runs the command in a folder.

use std::path::Path;
use std::process::{Command, Output};

/// Runs `dechaff` with `folder` as its working directory.
pub(crate) fn dechaff(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dechaff"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap()
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Returns the standard output of a command that succeeds.
#[track_caller]
pub(crate) fn succeed(folder: &Path, arguments: &[&str]) -> String {
    let output = dechaff(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
    stdout(&output)
}

/// Returns the standard error of a command that exits with 2.
#[track_caller]
pub(crate) fn fail(folder: &Path, arguments: &[&str]) -> String {
    let output = dechaff(folder, arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stdout(&output));
    stderr(&output)
}
