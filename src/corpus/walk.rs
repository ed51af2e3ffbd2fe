//! Which files a run is about.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use globset::{GlobBuilder, GlobMatcher};
use ignore::{DirEntry, WalkBuilder};

use super::format::Format;
use crate::text::PathName;

/// A file that marks the directory it is in as copies that dechaff wrote.
pub const COPIES_MARKER: &str = ".dechaff-copies";

/// Decides which files and folders are taken, where settings speak of that.
pub trait Choice: Send + Sync {
    /// Whether what is in `folder` may be taken.
    fn enters(&self, folder: &Path) -> bool;

    /// Whether `file`, found in a folder, is taken; `None` where its ending decides.
    fn takes(&self, file: &Path) -> Option<bool>;

    /// Whether `path`, which was named outright, is taken.
    fn takes_named(&self, path: &Path) -> bool;

    /// Notes that `folder` is left out, since it holds copies that dechaff wrote.
    fn leaves_out_copies(&self, folder: &Path);
}

/// A path that cannot be walked.
#[derive(Debug, thiserror::Error)]
pub enum WalkError {
    /// Nothing has that name.
    #[error("{}: no such file or directory", .0.name())]
    Missing(PathBuf),
    /// The path, or something below it, cannot be looked at.
    #[error("{0}")]
    Unreadable(#[from] ignore::Error),
}

/// `paths` with what patterns among them match: a path that does not exist and has `*`, `?`, `[` or `{` in it is a pattern,
/// for shells that do not expand them.
///
/// # Errors
///
/// A path that does not exist, or a pattern that nothing matches.
pub fn expand(paths: &[PathBuf]) -> Result<Vec<PathBuf>, WalkError> {
    let mut all: Vec<PathBuf> = Vec::new();
    for path in paths {
        if path.symlink_metadata().is_ok() {
            all.push(path.clone());
            continue;
        }
        let matched = pattern(path).map(|pattern| matches(path, &pattern)).unwrap_or_default();
        if matched.is_empty() {
            return Err(WalkError::Missing(path.clone()));
        }
        all.extend(matched);
    }
    Ok(all)
}

/// The files under `paths`, in order: a file named outright, whatever its name, and of a directory the files whose names tell
/// that they hold text, hidden ones and those that ignore files name left out, sorted by path. Symbolic links below a
/// directory are not followed, and a file that several paths lead to comes once.
///
/// # Errors
///
/// A path that does not exist ends it before the first file; what cannot be read below a directory is an item of the
/// iterator, and the rest goes on.
pub fn walk(
    paths: &[PathBuf],
    choice: &Arc<dyn Choice>,
) -> Result<impl Iterator<Item = Result<PathBuf, WalkError>> + Send + use<>, WalkError> {
    for path in paths {
        if path.symlink_metadata().is_err() {
            return Err(WalkError::Missing(path.clone()));
        }
    }
    let paths: Vec<PathBuf> = paths.iter().filter(|path| choice.takes_named(path)).cloned().collect();
    let choice = Arc::clone(choice);
    let (is_one, mut seen) = (paths.len() == 1, HashSet::new());
    let all = paths.into_iter().flat_map(move |path| -> Box<dyn Iterator<Item = Result<PathBuf, WalkError>> + Send> {
        if path.is_dir() { Box::new(below(&path, &choice)) } else { Box::new(std::iter::once(Ok(path))) }
    });
    // A file that two paths lead to is one document: else it would be a duplicate of itself.
    Ok(all.filter(move |path| match path {
        Ok(_) if is_one => true,
        Ok(path) => path.canonicalize().map_or(true, |real| seen.insert(real)),
        Err(_) => true,
    }))
}

fn pattern(path: &Path) -> Option<GlobMatcher> {
    let text = path.to_str().filter(|text| text.contains(['*', '?', '[', '{']))?;
    GlobBuilder::new(text).literal_separator(true).build().ok().map(|glob| glob.compile_matcher())
}

/// What matches a pattern, sorted.
fn matches(path: &Path, pattern: &GlobMatcher) -> Vec<PathBuf> {
    let is_fixed = |part: &Path| !part.to_string_lossy().contains(['*', '?', '[', '{']);
    let base: PathBuf = path.components().take_while(|part| is_fixed(part.as_ref())).collect();
    let (base, is_bare) = if base.as_os_str().is_empty() { (PathBuf::from("."), true) } else { (base, false) };
    let entries = WalkBuilder::new(base).standard_filters(false).sort_by_file_path(Path::cmp).build();
    let paths = entries.filter_map(Result::ok).map(DirEntry::into_path);
    let paths = paths.map(|path| if is_bare { without_dot(path) } else { path });
    paths.filter(|path| pattern.is_match(path)).collect()
}

/// Visits all folders under `paths` that may be entered.
pub fn folders(paths: &[PathBuf], choice: &Arc<dyn Choice>) {
    for path in paths.iter().filter(|path| path.is_dir() && choice.takes_named(path)) {
        let entered = Arc::clone(choice);
        let is_folder = move |entry: &DirEntry| is_folder(entry) && entered.enters(entry.path());
        WalkBuilder::new(path).filter_entry(is_folder).build().for_each(drop);
    }
}

fn is_folder(entry: &DirEntry) -> bool {
    entry.file_type().is_some_and(|kind| kind.is_dir())
}

fn below(folder: &Path, choice: &Arc<dyn Choice>) -> impl Iterator<Item = Result<PathBuf, WalkError>> + Send + use<> {
    let (entered, choice) = (Arc::clone(choice), Arc::clone(choice));
    let may_enter = move |entry: &DirEntry| {
        if !is_folder(entry) {
            return true;
        }
        if entry.depth() > 0 && entry.path().join(COPIES_MARKER).exists() {
            entered.leaves_out_copies(&without_dot(entry.path().to_owned()));
            return false;
        }
        entered.enters(entry.path())
    };
    let entries = WalkBuilder::new(folder).sort_by_file_path(Path::cmp).filter_entry(may_enter).build();
    entries.filter_map(move |entry| match entry {
        Ok(entry) => {
            let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
            let is_taken =
                is_file && choice.takes(entry.path()).unwrap_or_else(|| Format::is_corpus_name(entry.path()));
            is_taken.then(|| Ok(without_dot(entry.into_path())))
        }
        Err(error) => Some(Err(error.into())),
    })
}

/// `./a` as `a`, the way other linters print it.
fn without_dot(path: PathBuf) -> PathBuf {
    path.strip_prefix(".").map(Path::to_path_buf).unwrap_or(path)
}
