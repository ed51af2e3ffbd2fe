//! Reads the files that users write for dechaff: configurations and rules, baselines and ignore
//! lists.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dechaff_findings::user_file::UserFile;

/// Names of configuration files, by descending priority within a directory.
pub const CONFIG_FILE_NAMES: [&str; 3] = ["dechaff.toml", ".dechaff.toml", "pyproject.toml"];

/// Maximum size of a configuration or rule file, against reading a huge file by mistake.
const MAX_USER_FILE_BYTES: u64 = 8 << 20;

/// Maximum size of a baseline or ignore list, enough for about ten million entries.
const MAX_LIST_BYTES: u64 = 2 << 30;

/// Reads a configuration or rule file. `name` is its name in messages.
///
/// # Errors
///
/// The file cannot be read, is not UTF-8, is a device, or is larger than 8 MiB.
pub fn read_user_file(path: &Path, name: &str) -> io::Result<Arc<UserFile>> {
    read_bounded(path, MAX_USER_FILE_BYTES).map(|text| UserFile::new(name, text))
}

/// Reads a baseline or an ignore list. `name` is its name in messages.
///
/// # Errors
///
/// As for [`read_user_file`], except that the limit is 2 GiB.
pub fn read_suppression_file(path: &Path, name: &str) -> io::Result<Arc<UserFile>> {
    read_bounded(path, MAX_LIST_BYTES).map(|text| UserFile::new(name, text))
}

fn read_bounded(path: &Path, max: u64) -> io::Result<String> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if is_device(&metadata) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "is a device, not a file"));
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

/// Returns the rule files at `path`, a rule file or a directory, sorted. Only `path` itself may be
/// a link to a directory: links below it could form cycles.
///
/// # Errors
///
/// The path, or something below it, cannot be read.
pub fn rule_files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return fs::metadata(path).map(|_| vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    let mut directories = vec![path.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "toml")
                && path.is_file()
            {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}
