//! `--since`: which files changed since a revision of git.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, anyhow, bail};

/// The files of a run that are checked: the changed ones as canonical paths, or all.
pub(super) struct ChangedFiles(Option<HashSet<PathBuf>>);

impl ChangedFiles {
    /// Asks git what changed since `revision`; without a revision, all files are checked.
    ///
    /// # Errors
    ///
    /// There is no git, no repository or no such revision.
    pub(super) fn since(revision: Option<&str>) -> anyhow::Result<Self> {
        revision.map(changed_since).transpose().map(Self)
    }

    /// Whether the file `path` is checked. Other files are only compared with.
    pub(super) fn contains(&self, path: &Path) -> bool {
        let Some(changed) = &self.0 else { return true };
        path.canonicalize().is_ok_and(|path| changed.contains(&path))
    }

    /// Whether all files are checked.
    pub(super) fn includes_all(&self) -> bool {
        self.0.is_none()
    }
}

/// Returns the files of the current repository that differ from `revision` or are untracked.
fn changed_since(revision: &str) -> anyhow::Result<HashSet<PathBuf>> {
    const DIFF: [&str; 7] = [
        "diff",
        "--no-ext-diff",
        "--no-textconv",
        "--name-only",
        "-z",
        "--no-renames",
        "--diff-filter=d",
    ];
    let root = git(Path::new("."), &["rev-parse", "--show-toplevel"])?;
    let root = path(root.strip_suffix(b"\n").unwrap_or(&root));
    if revision.starts_with('-') {
        bail!("--since {revision}: not a git revision");
    }
    let commit = format!("{revision}^{{commit}}");
    git(&root, &["rev-parse", "--verify", "--quiet", &commit]).map_err(|_| {
        anyhow!("--since {revision}: no such revision; in a shallow clone, fetch it first")
    })?;
    let differing = git(&root, &[&DIFF[..], &[revision, "--"]].concat())?;
    let untracked = git(&root, &["ls-files", "-z", "--others", "--exclude-standard"])?;
    let names = differing.split(|byte| *byte == 0).chain(untracked.split(|byte| *byte == 0));
    let names = names.filter(|name| !name.is_empty());
    Ok(names.filter_map(|name| root.join(path(name)).canonicalize().ok()).collect())
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

/// Runs git without the hooks, file system monitors and pagers that a repository's own
/// configuration may name. Filters named by its attributes still run.
fn git(folder: &Path, arguments: &[&str]) -> anyhow::Result<Vec<u8>> {
    const SAFE: [&str; 5] =
        ["--no-pager", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"];
    let output = Command::new("git")
        .current_dir(folder)
        .args(SAFE)
        .args(arguments)
        .output()
        .context("cannot run git, which --since needs")?;
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr);
        bail!("git {}: {}", arguments.first().unwrap_or(&""), message.trim());
    }
    Ok(output.stdout)
}
