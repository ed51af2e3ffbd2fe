//! Which files changed since a revision of git.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, anyhow, bail};

/// Which files of a run are checked.
pub(super) struct Changed(Option<HashSet<PathBuf>>);

impl Changed {
    /// Those that changed since `revision`; all without one.
    ///
    /// # Errors
    ///
    /// As of [`changed`].
    pub(super) fn since(revision: Option<&str>) -> anyhow::Result<Self> {
        revision.map(changed).transpose().map(Self)
    }

    /// Whether the file `path` is checked; else others are compared with it.
    pub(super) fn contains(&self, path: &Path) -> bool {
        let Some(changed) = &self.0 else { return true };
        path.canonicalize().is_ok_and(|path| changed.contains(&path))
    }

    /// Whether all are.
    pub(super) fn is_all(&self) -> bool {
        self.0.is_none()
    }
}

/// The files below the working directory's repository that differ from `revision`, or that git does not know, as canonical paths.
///
/// # Errors
///
/// There is no git, no repository or no such revision.
fn changed(revision: &str) -> anyhow::Result<HashSet<PathBuf>> {
    let root = git(Path::new("."), &["rev-parse", "--show-toplevel"])?;
    let root = path(root.strip_suffix(b"\n").unwrap_or(&root));
    if revision.starts_with('-') {
        bail!("--since {revision}: not a revision of git");
    }
    let verified = format!("{revision}^{{commit}}");
    git(&root, &["rev-parse", "--verify", "--quiet", &verified]).map_err(|_| {
        anyhow!("--since {revision}: git knows no such revision here; a shallow clone must fetch it first")
    })?;
    let differing = git(
        &root,
        &[
            "diff",
            "--no-ext-diff",
            "--no-textconv",
            "--name-only",
            "-z",
            "--no-renames",
            "--diff-filter=d",
            revision,
            "--",
        ],
    )?;
    let unknown = git(&root, &["ls-files", "-z", "--others", "--exclude-standard"])?;
    let names = differing.split(|byte| *byte == 0).chain(unknown.split(|byte| *byte == 0));
    let paths = names.filter(|name| !name.is_empty()).filter_map(|name| root.join(path(name)).canonicalize().ok());
    Ok(paths.collect())
}

#[cfg(unix)]
fn path(name: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(std::ffi::OsStr::from_bytes(name))
}

#[cfg(not(unix))]
fn path(name: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(name).into_owned())
}

/// Runs git without what a repository's own configuration would have it execute: hooks, file system
/// monitors and pagers. Filters that the repository's attributes name still run.
fn git(folder: &Path, arguments: &[&str]) -> anyhow::Result<Vec<u8>> {
    const SAFE: [&str; 5] = ["--no-pager", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"];
    let output = Command::new("git")
        .current_dir(folder)
        .args(SAFE)
        .args(arguments)
        .output()
        .context("--since needs git: cannot run it")?;
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr);
        bail!("git {}: {}", arguments.first().unwrap_or(&""), message.trim());
    }
    Ok(output.stdout)
}
