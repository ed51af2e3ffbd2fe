//! Files that a person wrote for dechaff, from disk: configurations and rules.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::fault::WrittenFile;

/// Names of configuration files, the one that wins in a folder first.
pub const CONFIGURATIONS: [&str; 3] = ["dechaff.toml", ".dechaff.toml", "pyproject.toml"];

/// Reads a file that a person wrote; `name` is how it is named to people.
///
/// # Errors
///
/// It cannot be read, or is not UTF-8.
pub fn read_written(path: &Path, name: &str) -> io::Result<Arc<WrittenFile>> {
    fs::read_to_string(path).map(|text| WrittenFile::new(name, text))
}

/// The rule files of `path`, a rule file or a folder of them, in order of path.
///
/// # Errors
///
/// The path, or what is below it, cannot be read.
pub fn rule_files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return fs::metadata(path).map(|_| vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?.path();
        if entry.is_dir() {
            files.extend(rule_files(&entry)?);
        } else if entry.extension().is_some_and(|extension| extension == "toml") {
            files.push(entry);
        }
    }
    files.sort();
    Ok(files)
}
