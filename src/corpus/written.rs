//! Files that a person wrote for dechaff, from disk: configurations and rules.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::user_file::UserFile;

/// Names of configuration files, the one that wins in a folder first.
pub const CONFIGURATIONS: [&str; 3] = ["dechaff.toml", ".dechaff.toml", "pyproject.toml"];

/// Most bytes of a configuration or rule file: far more than anyone writes, little enough to hold.
const MAX_WRITTEN: u64 = 64 << 20;

/// Most bytes of a baseline or an ignore list, which dechaff writes itself: some ten million entries.
const MAX_LIST: u64 = 2 << 30;

/// Reads a configuration or rule file; `name` is how it is shown to people.
///
/// # Errors
///
/// It cannot be read, is not UTF-8, is a device, or is larger than 64 MiB.
pub fn read_written(path: &Path, name: &str) -> io::Result<Arc<UserFile>> {
    read_bounded(path, MAX_WRITTEN).map(|text| UserFile::new(name, text))
}

/// Reads a baseline or an ignore list; `name` is how it is shown to people.
///
/// # Errors
///
/// As for [`read_written`], but up to 2 GiB are read.
pub fn read_list(path: &Path, name: &str) -> io::Result<Arc<UserFile>> {
    read_bounded(path, MAX_LIST).map(|text| UserFile::new(name, text))
}

fn read_bounded(path: &Path, max: u64) -> io::Result<String> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if is_device(&metadata) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a device, not a file"));
    }
    let mut text = String::new();
    file.take(max + 1).read_to_string(&mut text)?;
    if text.len() as u64 > max {
        let message = format!("it is larger than {} MiB", max >> 20);
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    Ok(text)
}

#[cfg(unix)]
fn is_device(metadata: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    metadata.file_type().is_char_device() || metadata.file_type().is_block_device()
}

#[cfg(not(unix))]
fn is_device(_: &Metadata) -> bool {
    false
}

/// The rule files of `path`, a rule file or a folder of them, in order of path. A link to a folder is
/// followed only if it is `path` itself: links can form cycles, which have no end.
///
/// # Errors
///
/// The path, or something below it, cannot be read.
pub fn rule_files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return fs::metadata(path).map(|_| vec![path.to_owned()]);
    }
    let (mut files, mut folders) = (Vec::new(), vec![path.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "toml") && path.is_file() {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}
