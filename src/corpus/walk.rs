//! Which files a run is about.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

/// Endings of the files that are taken from a directory.
const EXTENSIONS: &[&str] = &["txt", "md", "markdown"];

/// A path that cannot be walked.
#[derive(Debug, thiserror::Error)]
pub enum WalkError {
    /// Nothing has that name.
    #[error("{}: no such file or directory", .0.display())]
    Missing(PathBuf),
    /// The path, or something below it, cannot be looked at.
    #[error("{0}")]
    Unreadable(#[from] ignore::Error),
}

/// The files under `paths`, in order: a file named outright, whatever its name, and of a directory the text and markdown
/// files in it, hidden ones and those that ignore files name left out, sorted by path. Symbolic links below a directory are not followed, and a file that several paths lead to comes once.
///
/// # Errors
///
/// A path that does not exist ends it before the first file; what cannot be read below a directory is an item of the
/// iterator, and the rest goes on.
pub fn walk(paths: &[PathBuf]) -> Result<impl Iterator<Item = Result<PathBuf, WalkError>>, WalkError> {
    for path in paths {
        if path.symlink_metadata().is_err() {
            return Err(WalkError::Missing(path.clone()));
        }
    }
    let paths: Vec<PathBuf> = paths.to_vec();
    let mut seen = HashSet::new();
    let all = paths.into_iter().flat_map(|path| -> Box<dyn Iterator<Item = Result<PathBuf, WalkError>>> {
        if path.is_dir() { Box::new(below(&path)) } else { Box::new(std::iter::once(Ok(path))) }
    });
    // A file that two paths lead to is one document: else it would be a duplicate of itself.
    Ok(all.filter(move |path| match path {
        Ok(path) => path.canonicalize().map_or(true, |real| seen.insert(real)),
        Err(_) => true,
    }))
}

fn below(folder: &Path) -> impl Iterator<Item = Result<PathBuf, WalkError>> + use<> {
    let entries = WalkBuilder::new(folder).sort_by_file_path(Path::cmp).build();
    entries.filter_map(|entry| match entry {
        Ok(entry) => {
            let is_text = entry.file_type().is_some_and(|kind| kind.is_file()) && has_text_extension(entry.path());
            is_text.then(|| Ok(without_dot(entry.into_path())))
        }
        Err(error) => Some(Err(error.into())),
    })
}

fn has_text_extension(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or("");
    EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known))
}

/// `./a` as `a`, the way other linters print it.
fn without_dot(path: PathBuf) -> PathBuf {
    path.strip_prefix(".").map(Path::to_path_buf).unwrap_or(path)
}
