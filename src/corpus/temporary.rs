//! Temporary files beside those they will replace, and what killed processes left of them.

use std::collections::BTreeSet;
#[cfg(unix)]
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::NamedTempFile;

/// The names of temporary files begin and end with these. They are hidden, so that a run over the directory does not take one for a
/// document should the process be killed.
const PREFIX: &str = ".dechaff-";
const SUFFIX: &str = ".tmp";

/// Temporary files that may still exist. Locked while one of them is put into its place.
static OWN: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

fn own() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    OWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes the temporary files of this process, which ends before it could. One that is just being put into its place stays if that
/// takes long; the next run removes it.
pub fn remove_own_temporary_files() {
    const TRIES: u32 = 20;
    for _ in 0..TRIES {
        if let Ok(mut own) = OWN.try_lock() {
            for path in std::mem::take(&mut *own) {
                let _ = std::fs::remove_file(path);
            }
            // Whoever is about to replace a file must not go on without its temporary file.
            std::mem::forget(own);
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

/// Has [`remove_own_temporary_files`] remove a file too.
pub fn own_temporary_file(path: &Path) {
    own().insert(path.to_owned());
}

/// A temporary file beside `path`, locked for as long as it is open.
pub(super) fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    loop {
        let file = builder.tempfile_in(folder_of(path))?;
        if lock(&file) {
            own_temporary_file(file.path());
            return Ok(file);
        }
    }
}

/// Locks a new temporary file; `false` if another process took it for a stale one before that.
#[cfg(unix)]
fn lock(file: &NamedTempFile) -> bool {
    use std::os::unix::fs::MetadataExt;
    // Where there are no locks, nobody takes the file for a stale one either.
    file.as_file().lock().is_err() || file.as_file().metadata().is_ok_and(|metadata| metadata.nlink() > 0)
}

#[cfg(not(unix))]
fn lock(_: &NamedTempFile) -> bool {
    true
}

/// Puts `file` in the place of `target` if what is there `is_expected`; `false` if not, and it is then still there.
///
/// On Linux the two change places, so that what was replaced can be looked at: whatever another process put there in the meantime is put
/// back. Elsewhere, and on file systems that cannot do that, it is looked at just before.
pub(super) fn replace(
    file: NamedTempFile,
    target: &Path,
    is_expected: impl Fn(&Path) -> io::Result<bool>,
) -> io::Result<bool> {
    let mut own = own();
    own.remove(file.path());
    #[cfg(target_os = "linux")]
    if swap(file.path(), target).is_ok() {
        return match is_expected(file.path()) {
            // The replaced file goes with the name of the temporary file.
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

/// Renames `file` to `target`, whatever is there.
pub(super) fn persist(file: NamedTempFile, target: &Path) -> io::Result<()> {
    let mut own = own();
    own.remove(file.path());
    file.persist(target).map(drop).map_err(|error| error.error)
}

#[cfg(target_os = "linux")]
fn swap(one: &Path, other: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
}

/// Gives `target` back what was there, or what a third process has put there since.
#[cfg(target_os = "linux")]
fn put_back(file: &NamedTempFile, target: &Path) {
    use std::os::unix::fs::MetadataExt;
    const MAX_SWAPS: usize = 100;
    let Ok(own) = file.as_file().metadata() else { return };
    for _ in 0..MAX_SWAPS {
        let is_back = swap(file.path(), target).is_ok()
            && file.path().metadata().is_ok_and(|metadata| metadata.ino() == own.ino() && metadata.dev() == own.dev());
        // Where nothing is there any more, the other process removed it.
        if is_back || !target.exists() {
            return;
        }
    }
}

pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Removes the temporary files that killed processes left in `folder`: those that nobody has locked. Returns how many.
#[cfg(unix)]
pub fn remove_stale_files(folder: &Path) -> usize {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let is_temporary = |name: &str| name.starts_with(PREFIX) && name.ends_with(SUFFIX);
    let named = entries.flatten().filter(|entry| entry.file_name().to_str().is_some_and(is_temporary));
    named.filter(|entry| is_stale(&entry.path()) && fs::remove_file(entry.path()).is_ok()).count()
}

/// Does nothing: other processes' locks cannot be told from other faults here.
#[cfg(not(unix))]
pub fn remove_stale_files(_: &Path) -> usize {
    0
}

#[cfg(unix)]
fn is_stale(path: &Path) -> bool {
    let Ok(metadata) = path.symlink_metadata() else { return false };
    metadata.is_file() && fs::File::open(path).is_ok_and(|file| file.try_lock().is_ok())
}
