//! Files and objects. A path is a local file or directory, or a URL such as
//! `s3://bucket/corpus/a.jsonl`, which names an object or a prefix.
//!
//! Everything above this module reads and writes both through the same blocking calls. Without the
//! feature `object-store`, URLs are an error.

#[cfg(not(feature = "object-store"))]
mod absent;
mod location;
#[cfg(feature = "object-store")]
mod remote;
mod source_file;

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

#[cfg(not(feature = "object-store"))]
use absent as remote;

pub use location::{LocationError, is_url, parse_location};
pub(crate) use source_file::SourceFile;

/// An entry of a directory, or of a prefix of objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirEntry {
    /// The path or URL.
    pub path: PathBuf,
    /// Its last component, lossily converted to Unicode.
    pub name: String,
    /// Whether it is a directory.
    pub is_dir: bool,
    /// The size in bytes; 0 for a directory.
    pub size: u64,
    /// The time of the last write, if known.
    pub modified: Option<SystemTime>,
}

/// What a URL refers to.
#[cfg_attr(not(feature = "object-store"), expect(dead_code, reason = "no URL is read"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UrlKind {
    /// An object of this size in bytes.
    Object(u64),
    /// A prefix of objects, like a directory.
    Prefix,
}

/// A condition for writing an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PutCondition {
    /// The object does not exist.
    Absent,
    /// The object has this version.
    Unchanged(ObjectVersion),
}

/// The version of an object: its `ETag`, and its generation if the store has one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ObjectVersion {
    pub(crate) etag: Option<String>,
    pub(crate) generation: Option<String>,
}

/// The metadata of an object.
struct ObjectMetadata {
    size: u64,
    version: ObjectVersion,
}

/// Returns the canonical path of an existing file. A URL is returned unchanged and need not exist.
///
/// # Errors
///
/// There is no such file.
pub fn canonical(path: &Path) -> io::Result<PathBuf> {
    if is_url(path) { Ok(path.to_owned()) } else { path.canonicalize() }
}

/// Whether there is a file, a directory or an object at `path`.
///
/// # Errors
///
/// The store of a URL cannot be reached.
pub fn exists(path: &Path) -> io::Result<bool> {
    if !is_url(path) {
        return Ok(path.symlink_metadata().is_ok());
    }
    match remote::metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether the path is a directory or a prefix of objects.
pub fn is_dir(path: &Path) -> bool {
    match is_url(path) {
        true => remote::kind(path).is_ok_and(|kind| kind == Some(UrlKind::Prefix)),
        false => path.is_dir(),
    }
}

/// Returns the size of a file or object in bytes.
///
/// # Errors
///
/// It cannot be read.
pub fn size(path: &Path) -> io::Result<u64> {
    match is_url(path) {
        true => remote::metadata(path).map(|metadata| metadata.size),
        false => path.metadata().map(|metadata| metadata.len()),
    }
}

/// Returns the size in bytes and the version of the object at the URL `path`.
pub(crate) fn object(path: &Path) -> io::Result<(u64, ObjectVersion)> {
    remote::metadata(path).map(|metadata| (metadata.size, metadata.version))
}

/// Reads a file or object.
///
/// # Errors
///
/// It cannot be read.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    if !is_url(path) {
        return fs::read(path);
    }
    let mut bytes = Vec::new();
    SourceFile::open(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a file or object as text, with the version if it is an object.
pub(crate) fn read_versioned(path: &Path) -> io::Result<(String, ObjectVersion)> {
    let mut text = String::new();
    let mut file = SourceFile::open(path)?;
    file.read_to_string(&mut text)?;
    Ok((text, file.version()))
}

/// Reads a file or object as text.
pub(crate) fn read_to_string(path: &Path) -> io::Result<String> {
    if is_url(path) { read_versioned(path).map(|(text, _)| text) } else { fs::read_to_string(path) }
}

/// Returns what a URL refers to; `None` if there is nothing.
pub(crate) fn url_kind(path: &Path) -> io::Result<Option<UrlKind>> {
    remote::kind(path)
}

/// Lists the entries of a directory or prefix, in no particular order. A prefix without objects is
/// empty, not an error.
///
/// # Errors
///
/// It cannot be listed.
pub fn list(path: &Path) -> io::Result<Vec<DirEntry>> {
    if is_url(path) {
        return remote::list(path);
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // The file may have been removed since.
        let Ok(metadata) = entry.metadata() else { continue };
        found.push(DirEntry {
            path: entry.path(),
            name,
            is_dir: metadata.is_dir(),
            size: if metadata.is_dir() { 0 } else { metadata.len() },
            modified: metadata.modified().ok(),
        });
    }
    Ok(found)
}

/// Creates a directory and its parents. An object store needs none.
pub(crate) fn create_dir_all(path: &Path) -> io::Result<()> {
    if is_url(path) { remote::check(path) } else { fs::create_dir_all(path) }
}

/// Removes a file or object.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    if is_url(path) { remote::remove(path) } else { fs::remove_file(path) }
}

/// Writes the content of `file` to the object at the URL `path`, atomically.
pub(crate) fn upload(file: &mut File, path: &Path) -> io::Result<()> {
    remote::upload(file, path)
}

/// Writes a small object at the URL `path` atomically, if the condition holds. Returns whether it
/// did.
pub(crate) fn put(path: &Path, bytes: &[u8], condition: &PutCondition) -> io::Result<bool> {
    remote::put(path, bytes, condition)
}
