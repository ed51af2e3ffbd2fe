//! Finds the files of a run: expands globs and walks directories.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use globset::{GlobBuilder, GlobMatcher};
use ignore::{DirEntry, WalkBuilder};

use super::shard::{Format, InputFile};
use super::storage::{self, DirEntry as StoredEntry, UrlKind, is_url};
use dechaff_text::PathName;

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
    /// The store of a URL cannot be reached.
    #[error("cannot read {}: {error}", .path.name())]
    Store {
        /// The URL.
        path: PathBuf,
        /// The underlying error.
        error: io::Error,
    },
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
        if is_url(path) && glob(path).is_none() || path.symlink_metadata().is_ok() {
            all.push(path.clone());
            continue;
        }
        let matched = match glob(path) {
            Some(glob) if is_url(path) => url_matches(path, &glob)?,
            Some(glob) => glob_matches(path, &glob),
            None => Vec::new(),
        };
        if matched.is_empty() {
            return Err(WalkError::Missing(path.clone()));
        }
        all.extend(matched);
    }
    Ok(all)
}

/// Yields the files and objects in `paths`, in that order.
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
) -> Result<impl Iterator<Item = Result<InputFile, WalkError>> + Send + use<>, WalkError> {
    let mut roots = Vec::new();
    for path in paths {
        let root = WalkRoot::find(path)?;
        if path_filter.includes_explicit(path) {
            roots.push(root);
        }
    }
    let explicit: HashSet<PathBuf> = paths.iter().cloned().collect();
    let path_filter = Arc::clone(path_filter);
    let has_one_path = roots.len() == 1;
    let mut seen = HashSet::new();
    let all = roots.into_iter().flat_map(move |root| -> FoundFiles {
        match root {
            WalkRoot::File(path, size) => Box::new(std::iter::once(Ok((path, size)))),
            WalkRoot::Directory(path) => Box::new(walk_directory(&path, &path_filter)),
            WalkRoot::Prefix(path) => Box::new(PrefixWalk::new(path, &path_filter)),
        }
    });
    let files = all.map(move |found| {
        found.map(|(path, size)| {
            let is_explicit = explicit.contains(&path);
            InputFile { listed_size: size, ..InputFile::new(path, is_explicit) }
        })
    });
    // A file reached by two paths would be a duplicate of itself.
    Ok(files.filter(move |file| match file {
        Ok(_) if has_one_path => true,
        Ok(file) => storage::canonical(&file.path).map_or(true, |real| seen.insert(real)),
        Err(_) => true,
    }))
}

/// A path to walk.
enum WalkRoot {
    /// A file, or an object and its size.
    File(PathBuf, Option<u64>),
    Directory(PathBuf),
    /// A prefix of objects.
    Prefix(PathBuf),
}

impl WalkRoot {
    fn find(path: &Path) -> Result<Self, WalkError> {
        let path = path.to_owned();
        if !is_url(&path) {
            return match path.symlink_metadata() {
                Err(_) => Err(WalkError::Missing(path)),
                Ok(_) if path.is_dir() => Ok(Self::Directory(path)),
                Ok(_) => Ok(Self::File(path, None)),
            };
        }
        match storage::url_kind(&path) {
            Ok(Some(UrlKind::Object(size))) => Ok(Self::File(path, Some(size))),
            Ok(Some(UrlKind::Prefix)) => Ok(Self::Prefix(path)),
            Ok(None) => Err(WalkError::Missing(path)),
            Err(error) => Err(WalkError::Store { path, error }),
        }
    }
}

/// Files and objects, with their sizes if those are known.
type FoundFiles = Box<dyn Iterator<Item = FoundFile> + Send>;
type FoundFile = Result<(PathBuf, Option<u64>), WalkError>;

/// Yields the objects below a prefix like the files of a directory: sorted by path, without hidden
/// ones.
struct PrefixWalk {
    path_filter: Arc<dyn PathFilter>,
    /// The remaining entries of each prefix being walked, outermost first.
    levels: Vec<std::vec::IntoIter<StoredEntry>>,
    /// An error to yield next.
    error: Option<WalkError>,
}

impl PrefixWalk {
    fn new(path: PathBuf, path_filter: &Arc<dyn PathFilter>) -> Self {
        let mut walk =
            Self { path_filter: Arc::clone(path_filter), levels: Vec::new(), error: None };
        walk.enter(path);
        walk
    }

    fn enter(&mut self, path: PathBuf) {
        let is_root = self.levels.is_empty();
        let mut entries = match storage::list(&path) {
            Ok(entries) => entries,
            Err(error) => {
                self.error = Some(WalkError::Store { path, error });
                return;
            }
        };
        if !is_root && entries.iter().any(|entry| entry.name == COPIES_MARKER) {
            self.path_filter.note_skipped_copies(&path);
            return;
        }
        entries.retain(|entry| !entry.name.starts_with('.'));
        // An object may have the name of a prefix.
        entries.sort_by(|left, right| (&left.name, left.is_dir).cmp(&(&right.name, right.is_dir)));
        self.levels.push(entries.into_iter());
    }
}

impl Iterator for PrefixWalk {
    type Item = FoundFile;

    fn next(&mut self) -> Option<FoundFile> {
        loop {
            if let Some(error) = self.error.take() {
                return Some(Err(error));
            }
            let Some(entry) = self.levels.last_mut()?.next() else {
                self.levels.pop();
                continue;
            };
            if entry.is_dir {
                if self.path_filter.includes_dir(&entry.path) {
                    self.enter(entry.path);
                }
            } else if is_included(&self.path_filter, &entry.path) {
                return Some(Ok((entry.path, Some(entry.size))));
            }
        }
    }
}

/// Whether to include a file found in a directory.
fn is_included(path_filter: &Arc<dyn PathFilter>, path: &Path) -> bool {
    path_filter.includes_file(path).unwrap_or_else(|| Format::is_corpus_name(path))
}

/// Returns the objects and prefixes that match the glob `path`, sorted. Only prefixes that may lead
/// to a match are listed.
fn url_matches(path: &Path, glob: &GlobMatcher) -> Result<Vec<PathBuf>, WalkError> {
    let text = path.to_string_lossy();
    let (base, parts) = text.split_at(text.find(GLOB_CHARACTERS).unwrap_or(text.len()));
    let base = base.rsplit_once('/').map_or(base, |(base, _)| base);
    let has_any_depth = parts.contains("**");
    let depth = text.get(base.len()..).map_or(0, |rest| rest.matches('/').count());
    let mut matched = Vec::new();
    let mut level = vec![PathBuf::from(base)];
    for below in 1.. {
        if level.is_empty() || below > depth && !has_any_depth {
            break;
        }
        let mut next = Vec::new();
        for prefix in level {
            let entries = storage::list(&prefix)
                .map_err(|error| WalkError::Store { path: prefix.clone(), error })?;
            for entry in entries {
                if glob.is_match(&entry.path) {
                    matched.push(entry.path);
                } else if entry.is_dir {
                    next.push(entry.path);
                }
            }
        }
        level = next;
    }
    matched.sort();
    Ok(matched)
}

/// Characters that make a path a glob.
const GLOB_CHARACTERS: [char; 4] = ['*', '?', '[', '{'];

fn glob(path: &Path) -> Option<GlobMatcher> {
    let text = path.to_str().filter(|text| text.contains(GLOB_CHARACTERS))?;
    GlobBuilder::new(text).literal_separator(true).build().ok().map(|glob| glob.compile_matcher())
}

/// Returns the paths that match the glob `path`, sorted.
fn glob_matches(path: &Path, glob: &GlobMatcher) -> Vec<PathBuf> {
    let is_literal = |part: &Path| !part.to_string_lossy().contains(GLOB_CHARACTERS);
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
) -> impl Iterator<Item = FoundFile> + Send + use<> {
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
            let is_included = is_file && is_included(&path_filter, entry.path());
            is_included.then(|| Ok((without_dot(entry.into_path()), None)))
        }
        Err(error) => Some(Err(error.into())),
    })
}

/// Turns `./a` into `a`, as other linters print paths.
fn without_dot(path: PathBuf) -> PathBuf {
    path.strip_prefix(".").map(Path::to_path_buf).unwrap_or(path)
}
