//! The files that an undo log may change: those below the directory it was made for, or below
//! `--root`.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, bail};

use super::settings_resolver::absolute;
use crate::corpus::storage::is_url;
use crate::text::{PathName, path_of};

/// The directories that `undo` may write to.
pub(super) struct Roots {
    here: PathBuf,
    /// The working directory without links.
    real_here: PathBuf,
    /// `--root`.
    root: Option<PathBuf>,
    /// Whether the log is where it was written, so that its directories can be trusted.
    is_native: bool,
    /// The directory for each base in the log.
    by_base: BTreeMap<String, PathBuf>,
}

/// A file in the log.
pub(super) struct Target {
    /// The path to display.
    pub(super) shown: PathBuf,
    /// The path without links.
    pub(super) real: PathBuf,
}

impl Roots {
    /// Creates the roots of a log. `root` is `--root`.
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
        Ok(Self {
            here,
            real_here,
            root: root.map(Path::to_path_buf),
            is_native,
            by_base: BTreeMap::new(),
        })
    }

    /// Finds the directory for `base`, below which the log has `paths`.
    ///
    /// # Errors
    ///
    /// Files there may not be written.
    pub(super) fn find<'p>(
        &mut self,
        base: &str,
        paths: impl Iterator<Item = &'p str> + Clone,
    ) -> anyhow::Result<()> {
        let recorded = &*path_of(base);
        let root = match &self.root {
            // `--root` may name the directory itself or one above it.
            Some(root) => {
                let parts: Vec<Component<'_>> = recorded
                    .components()
                    .filter(|part| matches!(part, Component::Normal(_)))
                    .collect();
                let places = (0..=parts.len())
                    .map(|skipped| parts.iter().skip(parts.len() - skipped).collect::<PathBuf>());
                let has_any = |place: &PathBuf| {
                    paths.clone().any(|path| {
                        is_below(path) && root.join(place).join(path_of(path)).is_file()
                    })
                };
                let place = places.into_iter().find(has_any).unwrap_or_default();
                // Joining an empty path would append a slash.
                if place.as_os_str().is_empty() { root.clone() } else { root.join(place) }
            }
            None if is_url(recorded) => bail!(
                "{base}: `undo` writes local files; download these copies, and name their \
                 directory with --root"
            ),
            None => {
                let real = recorded.canonicalize().with_context(|| {
                    format!("{base}: the directory does not exist; if it moved, use --root")
                })?;
                let (is_here, is_same) = (real.starts_with(&self.real_here), real == recorded);
                let is_trusted = is_here || self.is_native && is_same;
                if !recorded.is_absolute() || !is_trusted {
                    bail!(
                        "{base}: the undo log was copied or comes from elsewhere, and changes files outside the working directory. \
                         They were not changed; if you trust the log, pass their directory with --root"
                    );
                }
                self.display_path(recorded)
            }
        };
        self.by_base.insert(base.to_owned(), root);
        Ok(())
    }

    /// Whether the directory for `base` was found.
    pub(super) fn is_known(&self, base: &str) -> bool {
        self.by_base.contains_key(base)
    }

    /// Returns the path of a file, which need not exist, or `None` if the log may not change it.
    pub(super) fn place(&self, base: &str, path: &str) -> Option<PathBuf> {
        self.by_base.get(base).filter(|_| is_below(path)).map(|root| root.join(path_of(path)))
    }

    /// Returns the file `path` below `base`.
    ///
    /// # Errors
    ///
    /// The file does not exist, or is outside the directory of `base`.
    pub(super) fn target(&self, base: &str, path: &str) -> anyhow::Result<Target> {
        let root = self.by_base.get(base).with_context(|| format!("{base}: unknown directory"))?;
        if !is_below(path) {
            bail!(
                "{path}: the path is outside the directory that the undo log was made for; not changed"
            );
        }
        let shown = root.join(path_of(path));
        let real = match shown.canonicalize() {
            Ok(real) => real,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                bail!(
                    "{}: no such file; if the files moved, pass their directory with --root",
                    shown.name()
                )
            }
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", shown.name()));
            }
        };
        let real_root =
            if root.as_os_str().is_empty() { self.real_here.clone() } else { root.canonicalize()? };
        if !real.starts_with(&real_root) {
            bail!("{}: a link leads out of {}; not changed", shown.name(), real_root.name());
        }
        Ok(Target { shown, real })
    }

    /// Returns the absolute path without `.` and `..`.
    pub(super) fn absolute(&self, path: &Path) -> PathBuf {
        absolute(&self.here, path)
    }

    /// Returns `path` for display: relative to the working directory if it is below it.
    fn display_path(&self, path: &Path) -> PathBuf {
        let below = path.strip_prefix(&self.real_here).or_else(|_| path.strip_prefix(&self.here));
        below.map_or_else(|_| path.to_owned(), Path::to_owned)
    }
}

/// Whether a path of the log stays below its base.
fn is_below(path: &str) -> bool {
    !path.is_empty() && path_of(path).components().all(|part| matches!(part, Component::Normal(_)))
}
