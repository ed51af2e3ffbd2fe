//! Finds the files of a run: expands globs and walks directories.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use globset::{GlobBuilder, GlobMatcher};
use ignore::{DirEntry, WalkBuilder};

use super::shard::Format;
use crate::text::PathName;

/// Name of a file that marks a directory of copies written by dechaff.
pub const COPIES_MARKER: &str = ".dechaff-copies";

/// Decides which files and directories to include, by settings.
pub trait PathFilter: Send + Sync {
    /// Whether to enter a directory.
    fn includes_dir(&self, directory: &Path) -> bool;

    /// Whether to include a file found in a directory. `None` leaves it to the file name.
    fn includes_file(&self, file: &Path) -> Option<bool>;

    /// Whether to include a path passed explicitly.
    fn includes_explicit(&self, path: &Path) -> bool;

    /// Called for each directory that is skipped because it contains copies written by dechaff.
    fn note_skipped_copies(&self, directory: &Path);
}

/// Why a path cannot be walked.
#[derive(Debug, thiserror::Error)]
pub enum WalkError {
    /// The path does not exist.
    #[error("{}: no such file or directory", .0.name())]
    Missing(PathBuf),
    /// The path, or something below it, cannot be read.
    #[error("{0}")]
    Unreadable(#[from] ignore::Error),
}

/// Expands glob patterns, for shells that do not. A path is a pattern if it does not exist and
/// contains `*`, `?`, `[` or `{`.
///
/// # Errors
///
/// A path does not exist, or a pattern matches nothing.
pub fn expand_globs(paths: &[PathBuf]) -> Result<Vec<PathBuf>, WalkError> {
    let mut all: Vec<PathBuf> = Vec::new();
    for path in paths {
        if path.symlink_metadata().is_ok() {
            all.push(path.clone());
            continue;
        }
        let matched = glob(path).map(|glob| glob_matches(path, &glob)).unwrap_or_default();
        if matched.is_empty() {
            return Err(WalkError::Missing(path.clone()));
        }
        all.extend(matched);
    }
    Ok(all)
}

/// Yields the files in `paths`, in that order.
///
/// Files passed explicitly are always included. Directories contribute the files whose names imply
/// a format, sorted by path, except for hidden and ignored ones. Symbolic links below a directory
/// are not followed. A file reached by several paths is yielded once.
///
/// # Errors
///
/// A path does not exist. Errors below a directory are items of the iterator, which then continues.
pub fn walk(
    paths: &[PathBuf],
    path_filter: &Arc<dyn PathFilter>,
) -> Result<impl Iterator<Item = Result<PathBuf, WalkError>> + Send + use<>, WalkError> {
    for path in paths {
        if path.symlink_metadata().is_err() {
            return Err(WalkError::Missing(path.clone()));
        }
    }
    let paths: Vec<PathBuf> =
        paths.iter().filter(|path| path_filter.includes_explicit(path)).cloned().collect();
    let path_filter = Arc::clone(path_filter);
    let has_one_path = paths.len() == 1;
    let mut seen = HashSet::new();
    let all = paths.into_iter().flat_map(
        move |path| -> Box<dyn Iterator<Item = Result<PathBuf, WalkError>> + Send> {
            if path.is_dir() {
                Box::new(walk_directory(&path, &path_filter))
            } else {
                Box::new(std::iter::once(Ok(path)))
            }
        },
    );
    // A file reached by two paths would be a duplicate of itself.
    Ok(all.filter(move |path| match path {
        Ok(_) if has_one_path => true,
        Ok(path) => path.canonicalize().map_or(true, |real| seen.insert(real)),
        Err(_) => true,
    }))
}

fn glob(path: &Path) -> Option<GlobMatcher> {
    let text = path.to_str().filter(|text| text.contains(['*', '?', '[', '{']))?;
    GlobBuilder::new(text).literal_separator(true).build().ok().map(|glob| glob.compile_matcher())
}

/// Returns the paths that match the glob `path`, sorted.
fn glob_matches(path: &Path, glob: &GlobMatcher) -> Vec<PathBuf> {
    let is_literal = |part: &Path| !part.to_string_lossy().contains(['*', '?', '[', '{']);
    let base: PathBuf = path.components().take_while(|part| is_literal(part.as_ref())).collect();
    let (base, is_relative_to_dot) =
        if base.as_os_str().is_empty() { (PathBuf::from("."), true) } else { (base, false) };
    let entries =
        WalkBuilder::new(base).standard_filters(false).sort_by_file_path(Path::cmp).build();
    let paths = entries.filter_map(Result::ok).map(DirEntry::into_path);
    let paths = paths.map(|path| if is_relative_to_dot { without_dot(path) } else { path });
    paths.filter(|path| glob.is_match(path)).collect()
}

/// Enters all directories in `paths` that `path_filter` includes, for its side effects.
pub fn visit_dirs(paths: &[PathBuf], path_filter: &Arc<dyn PathFilter>) {
    for path in paths.iter().filter(|path| path.is_dir() && path_filter.includes_explicit(path)) {
        let dir_filter = Arc::clone(path_filter);
        let is_included =
            move |entry: &DirEntry| is_dir(entry) && dir_filter.includes_dir(entry.path());
        WalkBuilder::new(path).filter_entry(is_included).build().for_each(drop);
    }
}

fn is_dir(entry: &DirEntry) -> bool {
    entry.file_type().is_some_and(|kind| kind.is_dir())
}

fn walk_directory(
    directory: &Path,
    path_filter: &Arc<dyn PathFilter>,
) -> impl Iterator<Item = Result<PathBuf, WalkError>> + Send + use<> {
    let dir_filter = Arc::clone(path_filter);
    let path_filter = Arc::clone(path_filter);
    let may_enter = move |entry: &DirEntry| {
        if !is_dir(entry) {
            return true;
        }
        if entry.depth() > 0 && entry.path().join(COPIES_MARKER).exists() {
            dir_filter.note_skipped_copies(&without_dot(entry.path().to_owned()));
            return false;
        }
        dir_filter.includes_dir(entry.path())
    };
    let entries =
        WalkBuilder::new(directory).sort_by_file_path(Path::cmp).filter_entry(may_enter).build();
    entries.filter_map(move |entry| match entry {
        Ok(entry) => {
            let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
            let is_included = is_file
                && path_filter
                    .includes_file(entry.path())
                    .unwrap_or_else(|| Format::is_corpus_name(entry.path()));
            is_included.then(|| Ok(without_dot(entry.into_path())))
        }
        Err(error) => Some(Err(error.into())),
    })
}

/// Turns `./a` into `a`, as other linters print paths.
fn without_dot(path: PathBuf) -> PathBuf {
    path.strip_prefix(".").map(Path::to_path_buf).unwrap_or(path)
}
