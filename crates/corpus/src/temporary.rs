//! Temporary files next to the files they will replace, and cleanup after killed processes.

use std::collections::BTreeSet;
#[cfg(unix)]
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use tempfile::NamedTempFile;

use super::storage;

/// Prefix of temporary file names. The files are hidden, so that runs over the directory skip those
/// that a killed process left behind.
const PREFIX: &str = ".dechaff-";
const SUFFIX: &str = ".tmp";

/// Temporary files of this process that may still exist. Locked while one of them is renamed into
/// place.
static OWN_FILES: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

fn own_files() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    OWN_FILES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes the temporary files of this process before it is terminated. If a rename takes too long,
/// its file is left for the next run to remove.
pub fn remove_own_temporary_files() {
    const TRIES: u32 = 20;
    for _ in 0..TRIES {
        if let Ok(mut files) = OWN_FILES.try_lock() {
            for path in std::mem::take(&mut *files) {
                let _ = std::fs::remove_file(path);
            }
            // Keep the lock: no other thread may rename a temporary file that is gone.
            std::mem::forget(files);
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

/// Registers a temporary file for [`remove_own_temporary_files`].
pub fn register_temporary_file(path: &Path) {
    own_files().insert(path.to_owned());
}

/// Creates a temporary file in the directory of `path`, locked while it is open.
pub(super) fn create_beside(path: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    loop {
        let file = builder.tempfile_in(directory_of(path))?;
        if lock(&file) {
            register_temporary_file(file.path());
            return Ok(file);
        }
    }
}

/// Creates a temporary file for an object, in the directory for temporary files.
pub(super) fn create_local() -> io::Result<NamedTempFile> {
    static STALE: Once = Once::new();
    let directory = std::env::temp_dir();
    STALE.call_once(|| {
        remove_stale_files(&directory);
    });
    create_beside(&directory.join(PREFIX))
}

/// Writes the content of `file` to the object at the URL `target`, and removes the file.
pub(super) fn upload(mut file: NamedTempFile, target: &Path) -> io::Result<()> {
    let sent = storage::upload(file.as_file_mut(), target);
    own_files().remove(file.path());
    sent
}

/// Locks a new temporary file. Returns false if another process has removed it as stale.
#[cfg(unix)]
fn lock(file: &NamedTempFile) -> bool {
    use std::os::unix::fs::MetadataExt;
    // Without locks in the file system, no file counts as stale either.
    file.as_file().lock().is_err()
        || file.as_file().metadata().is_ok_and(|metadata| metadata.nlink() > 0)
}

#[cfg(not(unix))]
fn lock(_: &NamedTempFile) -> bool {
    true
}

/// Renames `file` to `target` if the replaced file is as expected. Returns whether it was;
/// otherwise, `target` stays.
///
/// On Linux the two files are exchanged and the replaced one is checked afterwards, so that a file
/// that another process writes in the meantime is put back. Elsewhere, and on file systems that
/// cannot exchange files, `target` is checked right before the rename.
pub(super) fn replace(
    file: NamedTempFile,
    target: &Path,
    is_expected: impl Fn(&Path) -> io::Result<bool>,
) -> io::Result<bool> {
    let mut files = own_files();
    files.remove(file.path());
    #[cfg(target_os = "linux")]
    if swap(file.path(), target).is_ok() {
        return match is_expected(file.path()) {
            // The replaced file now has the name of the temporary file, and is removed with it.
            Ok(true) => Ok(true),
            unexpected => {
                put_back(&file, target);
                unexpected
            }
        };
    }
    if !is_expected(target)? {
        return Ok(false);
    }
    file.persist(target).map(|_| true).map_err(|error| error.error)
}

/// Renames `file` to `target`, replacing any file there.
pub(super) fn persist(file: NamedTempFile, target: &Path) -> io::Result<()> {
    let mut files = own_files();
    files.remove(file.path());
    file.persist(target).map(drop).map_err(|error| error.error)
}

/// Renames `file` to `target`, unless `target` exists. Returns whether it was renamed.
pub(super) fn persist_new(file: NamedTempFile, target: &Path) -> io::Result<bool> {
    let mut files = own_files();
    files.remove(file.path());
    match file.persist_noclobber(target) {
        Ok(_) => Ok(true),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        // Some file systems can neither rename without replacing nor link.
        Err(_) if target.exists() => Ok(false),
        Err(error) => error.file.persist(target).map(|_| true).map_err(|error| error.error),
    }
}

#[cfg(target_os = "linux")]
fn swap(one: &Path, other: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
}

/// Puts back the file that was at `target`, or the one that a third process has put there since.
#[cfg(target_os = "linux")]
fn put_back(file: &NamedTempFile, target: &Path) {
    use std::os::unix::fs::MetadataExt;
    const MAX_SWAPS: usize = 100;
    let Ok(new) = file.as_file().metadata() else { return };
    for _ in 0..MAX_SWAPS {
        let is_back = swap(file.path(), target).is_ok()
            && file
                .path()
                .metadata()
                .is_ok_and(|metadata| metadata.ino() == new.ino() && metadata.dev() == new.dev());
        // If nothing is there, another process has removed it.
        if is_back || !target.exists() {
            return;
        }
    }
}

pub(super) fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|directory| !directory.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Removes temporary files that killed processes left in `directory`, recognized by not being
/// locked. Returns their number.
#[cfg(unix)]
pub fn remove_stale_files(directory: &Path) -> usize {
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let Ok(entries) = fs::read_dir(directory) else { return 0 };
    let is_temporary = |name: &str| name.starts_with(PREFIX) && name.ends_with(SUFFIX);
    let temporary =
        entries.flatten().filter(|entry| entry.file_name().to_str().is_some_and(is_temporary));
    temporary
        .filter(|entry| is_stale(&entry.path()) && fs::remove_file(entry.path()).is_ok())
        .count()
}

/// Does nothing: on this platform, a locked file cannot be distinguished from other errors.
#[cfg(not(unix))]
pub fn remove_stale_files(_: &Path) -> usize {
    0
}

#[cfg(unix)]
fn is_stale(path: &Path) -> bool {
    let Ok(metadata) = path.symlink_metadata() else { return false };
    metadata.is_file() && fs::File::open(path).is_ok_and(|file| file.try_lock().is_ok())
}
