//! The paths of fixed documents and their names in the undo log.

use std::collections::{HashMap, HashSet};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, bail};

use super::settings_resolver::absolute;
use crate::corpus::{COPIES_MARKER, create, storage};
use crate::text::PathName;

/// Where fixed documents go.
pub(super) struct Layout {
    /// The output directory, if copies are written.
    output: Option<OutputDir>,
    /// Where the copies of each input go, relative to the output directory.
    inputs: HashMap<PathBuf, PathBuf>,
    /// The directory that paths in the undo log are relative to, without links.
    base: PathBuf,
}

struct OutputDir {
    folder: PathBuf,
    /// Only dechaff has written to it, so files in it may be replaced.
    is_own: bool,
    is_marked: bool,
}

impl Layout {
    /// Determines where the documents from `paths` go: back into their files, or below `output`.
    /// `written` has the other files that the run writes.
    ///
    /// # Errors
    ///
    /// The output directory is the input, or part of it with other files in it.
    pub(super) fn new(
        paths: &[PathBuf],
        output: Option<&Path>,
        written: &[PathBuf],
    ) -> anyhow::Result<Self> {
        let here = std::env::current_dir().context("cannot find the working directory")?;
        let Some(folder) = output else {
            let base = common_folder(paths.iter().filter_map(|path| storage::canonical(path).ok()));
            return Ok(Self { output: None, inputs: HashMap::new(), base: base.unwrap_or(here) });
        };
        let base = resolved(folder).unwrap_or_else(|| absolute(&here, folder));
        let written: HashSet<PathBuf> = written.iter().filter_map(|path| resolved(path)).collect();
        let is_marked = exists(&base.join(COPIES_MARKER))?;
        let is_own = is_marked || !has_other_files(&base, &written)?;
        for input in paths.iter().filter_map(|path| storage::canonical(path).ok()) {
            if base == input {
                bail!(
                    "--output-dir {}: same as the input; copies would replace the originals",
                    folder.name()
                );
            }
            if base.starts_with(&input) && !is_own {
                bail!(
                    "--output-dir {}: the directory is a part of the input and holds other files; later runs would leave them \
                     out. Name a new directory",
                    folder.name()
                );
            }
        }
        let output = OutputDir { folder: folder.to_owned(), is_own, is_marked };
        Ok(Self { output: Some(output), inputs: input_targets(&here, paths), base })
    }

    /// Returns the path of the copy of a file or directory, or `path` itself if there are no
    /// copies.
    pub(super) fn target(&self, path: &Path) -> PathBuf {
        let Some(output) = &self.output else { return path.to_owned() };
        let of_input = path.ancestors().find_map(|above| Some((above, self.inputs.get(above)?)));
        let place = match of_input {
            Some((above, place)) => match path.strip_prefix(above) {
                Ok(below) => joined(place, below),
                Err(_) => relative(path),
            },
            None => relative(path),
        };
        joined(&output.folder, &place)
    }

    /// Checks that a copy at `target` replaces only copies, and marks the output directory.
    ///
    /// # Errors
    ///
    /// Another file exists there, or the mark cannot be written.
    pub(super) fn reserve(&mut self, target: &Path) -> anyhow::Result<()> {
        let Some(output) = &mut self.output else { return Ok(()) };
        if !output.is_own && exists(target)? {
            bail!(
                "{}: the file exists and may not be a copy that dechaff wrote; it was left as it is. Name a new directory with \
                 --output-dir",
                target.name()
            );
        }
        if output.is_own && !output.is_marked {
            create(&output.folder.join(COPIES_MARKER), MARK.as_bytes())?;
            output.is_marked = true;
        }
        Ok(())
    }

    /// Returns the directory that paths in the undo log are relative to.
    pub(super) fn base(&self) -> String {
        self.base.name()
    }

    /// Returns the name in the undo log of a copy or of a file fixed in place.
    ///
    /// # Errors
    ///
    /// The file is not below the base.
    pub(super) fn log_path(&self, target: &Path) -> anyhow::Result<String> {
        let below = match &self.output {
            Some(output) => target.strip_prefix(&output.folder).ok().map(Path::to_path_buf),
            None => {
                let path = target.canonicalize().with_context(|| target.name())?;
                path.strip_prefix(&self.base).ok().map(Path::to_path_buf)
            }
        };
        let below =
            below.with_context(|| format!("{}: not below {}", target.name(), self.base.name()))?;
        let parts: Vec<String> = below.components().map(|part| Path::new(&part).name()).collect();
        Ok(parts.join("/"))
    }
}

/// The content of the mark in an output directory.
const MARK: &str = "dechaff wrote the copies in this directory (--output-dir). Runs on a directory above leave it out,\n\
                    so that copies are not taken for duplicates of their originals. Name it to check it.\n";

/// Returns where the copies of each input go, relative to the output directory. The copies of a
/// single input go directly into it. Several inputs get a directory each, named like the input or,
/// if names clash, like its path below their common directory.
fn input_targets(here: &Path, paths: &[PathBuf]) -> HashMap<PathBuf, PathBuf> {
    let whole = |path: &Path| storage::canonical(path).unwrap_or_else(|_| absolute(here, path));
    let name = |path: &Path| whole(path).file_name().map(PathBuf::from).unwrap_or_default();
    // Walking yields `./a` as `a`.
    let key = |path: &Path| path.strip_prefix(".").unwrap_or(path).to_owned();
    if let [path] = paths {
        let place = if storage::is_dir(path) { PathBuf::new() } else { file_name(path) };
        return HashMap::from([(key(path), place)]);
    }
    let own_name = |path: &Path| if storage::is_dir(path) { name(path) } else { file_name(path) };
    let names: HashSet<String> = paths
        .iter()
        .map(|path| own_name(path).to_string_lossy().to_lowercase())
        .filter(|name| !name.is_empty())
        .collect();
    if names.len() == paths.len() {
        return paths.iter().map(|path| (key(path), own_name(path))).collect();
    }
    let shared = common_folder(paths.iter().map(|path| absolute(here, path))).unwrap_or_default();
    let place = |path: &Path| {
        absolute(here, path).strip_prefix(&shared).map_or_else(|_| relative(path), Path::to_owned)
    };
    paths.iter().map(|path| (key(path), place(path))).collect()
}

fn file_name(path: &Path) -> PathBuf {
    path.file_name().map(PathBuf::from).unwrap_or_default()
}

/// Joins two paths, without the slash that joining an empty path would append.
fn joined(above: &Path, below: &Path) -> PathBuf {
    if below.as_os_str().is_empty() { above.to_owned() } else { above.join(below) }
}

/// Returns the deepest directory that contains all of `paths`.
fn common_folder(paths: impl Iterator<Item = PathBuf>) -> Option<PathBuf> {
    let folders = paths.map(|path| match storage::is_dir(&path) {
        true => path,
        false => path.parent().map(Path::to_path_buf).unwrap_or_default(),
    });
    folders.reduce(|shared, folder| {
        let alike =
            shared.components().zip(folder.components()).take_while(|(left, right)| left == right);
        alike.map(|(part, _)| part).collect()
    })
}

fn exists(path: &Path) -> anyhow::Result<bool> {
    storage::exists(path).with_context(|| format!("cannot read {}", path.name()))
}

/// Whether a directory contains anything but `written` and hidden files.
///
/// # Errors
///
/// The directory is in an object store that does not list it.
fn has_other_files(folder: &Path, written: &HashSet<PathBuf>) -> anyhow::Result<bool> {
    let entries = match storage::list(folder) {
        Ok(entries) => entries,
        Err(error) if storage::is_url(folder) => {
            bail!("--output-dir {}: cannot be listed: {error}", folder.name())
        }
        Err(_) => return Ok(false),
    };
    let is_other = |name: &str, path: &Path| !name.starts_with('.') && !written.contains(path);
    Ok(entries.iter().any(|entry| is_other(&entry.name, &entry.path)))
}

/// Removes the components of `path` that would lead out of a directory, and the scheme of a URL.
pub(super) fn relative(path: &Path) -> PathBuf {
    let schemes = usize::from(storage::is_url(path));
    let path: PathBuf = path.components().skip(schemes).collect();
    path.components().filter(|component| matches!(component, Component::Normal(_))).collect()
}

/// Canonicalises the longest existing prefix of `path`; the rest need not exist yet.
pub(super) fn resolved(path: &Path) -> Option<PathBuf> {
    if storage::is_url(path) {
        return Some(path.to_owned());
    }
    let path = std::path::absolute(path).ok()?;
    path.ancestors().find_map(|above| {
        let rest = path.strip_prefix(above).ok()?;
        let above = above.canonicalize().ok()?;
        Some(joined(&above, rest))
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn resolves_the_existing_prefix() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("texts")).unwrap();
        let here = folder.path().canonicalize().unwrap();
        assert_eq!(
            resolved(&folder.path().join("texts/../copies/deep")),
            Some(here.join("copies/deep"))
        );
        assert_eq!(resolved(&folder.path().join("texts/.")), Some(here.join("texts")));
    }

    #[test]
    fn nests_copies_only_if_names_collide() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for name in ["a/texts", "b/texts", "c"] {
            fs::create_dir_all(root.join(name)).unwrap();
            fs::write(root.join(name).join("x.txt"), "x").unwrap();
        }
        let target = |inputs: &[&str], path: &str| {
            let inputs: Vec<PathBuf> = inputs.iter().map(|input| root.join(input)).collect();
            let layout = Layout::new(&inputs, Some(Path::new("no-such-folder")), &[]).unwrap();
            let target = layout.target(&root.join(path));
            target.strip_prefix("no-such-folder").unwrap().to_str().unwrap().to_owned()
        };
        assert_eq!(target(&["a"], "a/texts/x.txt"), "texts/x.txt");
        assert_eq!(target(&["a"], "a"), "");
        assert_eq!(target(&["a/texts/x.txt"], "a/texts/x.txt"), "x.txt");
        assert_eq!(target(&["a/texts", "c"], "a/texts/x.txt"), "texts/x.txt");
        assert_eq!(target(&["a/texts", "c"], "c/x.txt"), "c/x.txt");
        assert_eq!(target(&["a/texts", "b/texts"], "b/texts/x.txt"), "b/texts/x.txt");
        assert_eq!(target(&["a/texts/x.txt", "c/x.txt"], "c/x.txt"), "c/x.txt");
        assert_eq!(target(&["a", "a/texts"], "a/texts/x.txt"), "texts/x.txt");
    }
}
