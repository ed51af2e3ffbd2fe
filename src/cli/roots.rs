//! Which files an undo log may speak of: those below the directory it was made for, or below `--root`.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, bail};

use super::workspace::absolute;
use crate::text::{PathName, path_of};

/// The directories that undoing may write to.
pub(super) struct Roots {
    /// The working directory, and the same without links.
    here: PathBuf,
    real_here: PathBuf,
    /// What `--root` names.
    root: Option<PathBuf>,
    /// The log was not copied from elsewhere, so that what it says of its directories holds.
    is_native: bool,
    /// For each base that the log names, the directory in its place.
    of_base: BTreeMap<String, PathBuf>,
}

/// A file that the log speaks of.
pub(super) struct Target {
    /// As people see it.
    pub(super) shown: PathBuf,
    /// Without links.
    pub(super) real: PathBuf,
}

impl Roots {
    /// The roots of a log; `root` is what `--root` names.
    ///
    /// # Errors
    ///
    /// There is no such directory.
    pub(super) fn new(root: Option<&Path>, is_native: bool) -> anyhow::Result<Self> {
        let here = std::env::current_dir().context("cannot find the working directory")?;
        let real_here = here.canonicalize().context("cannot find the working directory")?;
        if let Some(root) = root.filter(|root| !root.is_dir()) {
            bail!("--root {}: no such directory", root.name());
        }
        Ok(Self { here, real_here, root: root.map(Path::to_path_buf), is_native, of_base: BTreeMap::new() })
    }

    /// Finds the directory that stands for `base`, of which the log names `paths`.
    ///
    /// # Errors
    ///
    /// Files there may not be written.
    pub(super) fn find<'p>(&mut self, base: &str, paths: impl Iterator<Item = &'p str> + Clone) -> anyhow::Result<()> {
        let recorded = &*path_of(base);
        let root = match &self.root {
            // `--root` may name the directory itself or one above it.
            Some(root) => {
                let parts: Vec<Component<'_>> =
                    recorded.components().filter(|part| matches!(part, Component::Normal(_))).collect();
                let places =
                    (0..=parts.len()).map(|skipped| parts.iter().skip(parts.len() - skipped).collect::<PathBuf>());
                let has_any = |place: &PathBuf| {
                    paths.clone().any(|path| is_below(path) && root.join(place).join(path_of(path)).is_file())
                };
                let place = places.into_iter().find(has_any).unwrap_or_default();
                // To join nothing would end the path with a slash.
                if place.as_os_str().is_empty() { root.clone() } else { root.join(place) }
            }
            None => {
                let real = recorded
                    .canonicalize()
                    .with_context(|| format!("{base}: the directory is gone; if it moved, name it with --root"))?;
                let (is_here, is_same) = (real.starts_with(&self.real_here), real == recorded);
                let is_trusted = is_here || self.is_native && is_same;
                if !recorded.is_absolute() || !is_trusted {
                    bail!(
                        "{base}: the undo log was copied or comes from elsewhere, and changes files outside the working directory. \
                         They were left alone; if you trust the log, name the directory they are in with --root"
                    );
                }
                self.shown(recorded)
            }
        };
        self.of_base.insert(base.to_owned(), root);
        Ok(())
    }

    /// Whether the directory that stands for `base` was found.
    pub(super) fn is_known(&self, base: &str) -> bool {
        self.of_base.contains_key(base)
    }

    /// The place of a file, whether or not it is there; `None` if the log may not speak of it.
    pub(super) fn place(&self, base: &str, path: &str) -> Option<PathBuf> {
        self.of_base.get(base).filter(|_| is_below(path)).map(|root| root.join(path_of(path)))
    }

    /// The file at `path` below `base`.
    ///
    /// # Errors
    ///
    /// It does not exist, or is not below the directory that it should be in.
    pub(super) fn target(&self, base: &str, path: &str) -> anyhow::Result<Target> {
        let root = self.of_base.get(base).with_context(|| format!("{base}: unknown directory"))?;
        if !is_below(path) {
            bail!("{path}: the path leads out of the directory that the undo log was made for; it was left alone");
        }
        let shown = root.join(path_of(path));
        let real = match shown.canonicalize() {
            Ok(real) => real,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                bail!("{}: no such file; if files were moved, name their directory with --root", shown.name())
            }
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", shown.name())),
        };
        let real_root = if root.as_os_str().is_empty() { self.real_here.clone() } else { root.canonicalize()? };
        if !real.starts_with(&real_root) {
            bail!("{}: a link leads out of {}; it was left alone", shown.name(), real_root.name());
        }
        Ok(Target { shown, real })
    }

    /// `path` from the root on, without `.` and `..`.
    pub(super) fn absolute(&self, path: &Path) -> PathBuf {
        absolute(&self.here, path)
    }

    /// A path as people see it: from the working directory on, if it is below that.
    fn shown(&self, path: &Path) -> PathBuf {
        let below = path.strip_prefix(&self.real_here).or_else(|_| path.strip_prefix(&self.here));
        below.map_or_else(|_| path.to_owned(), Path::to_owned)
    }
}

/// Whether a path of the log leads to something below what it is relative to.
fn is_below(path: &str) -> bool {
    !path.is_empty() && path_of(path).components().all(|part| matches!(part, Component::Normal(_)))
}
