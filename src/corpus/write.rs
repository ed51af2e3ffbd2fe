//! Files replaced whole or not at all.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tempfile::NamedTempFile;

use super::format::{Codec, Encoder};
use super::temporary::{self, beside, folder_of, remove_stale_files};
use crate::text::PathName;

/// Why a file was not written; it is then as it was.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The file's permissions forbid it.
    #[error("{}: the file is read-only; it was left as it was", .0.name())]
    ReadOnly(PathBuf),
    /// The file has other names, which would keep the old content.
    #[error(
        "{}: the file has {links} hard links, and the others would keep the old text; it was left as it was. Work on a copy, or \
         remove the links", .path.name()
    )]
    HardLinked {
        /// The file.
        path: PathBuf,
        /// How many names it has.
        links: u64,
    },
    /// The file holds something else than when it was read.
    #[error("{}: the file changed since it was read; it was left as it is", .0.name())]
    Changed(PathBuf),
    /// The file system refused.
    #[error("cannot write {}: {error}; the file was left as it was", .path.name())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
}

/// What tells that a file was written to: its length, the time of its last change and which file it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    pub(super) length: u64,
    modified: Option<SystemTime>,
    inode: u64,
}

impl Stamp {
    /// The stamp of an open file.
    ///
    /// # Errors
    ///
    /// The file system does not tell.
    pub fn of(file: &File) -> io::Result<Self> {
        file.metadata().map(|metadata| Self::from(&metadata))
    }
}

impl From<&Metadata> for Stamp {
    fn from(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        let inode = std::os::unix::fs::MetadataExt::ino(metadata);
        #[cfg(not(unix))]
        let inode = 0;
        Self { length: metadata.len(), modified: metadata.modified().ok(), inode }
    }
}

/// Replaces the file at `path`, which must still hold `expected`, by `content`.
///
/// The new file is written beside the old one under another name, flushed to the disk and then renamed, so that whatever
/// happens either the old file or the new one is there, whole. Permissions stay, and ownership where it may be set; a symbolic
/// link stays a link, and the file it points to is replaced. `before_rename` runs when the new file is ready and the old one
/// is still there.
///
/// # Errors
///
/// The file is read-only, holds something else, or cannot be written. It is then as it was.
pub fn replace(
    path: &Path,
    expected: &[u8],
    content: &[u8],
    before_rename: impl FnOnce() -> io::Result<()>,
) -> Result<(), WriteError> {
    let io = |error| WriteError::Io { path: path.to_owned(), error };
    let mut pending = Pending::replacing(path)?;
    pending.temporary.write_all(content).map_err(io)?;
    pending.commit(|target| Ok(fs::read(target)? == expected), |_| before_rename())
}

/// Writes `content` to `path`, whole or not at all; makes the folders above it.
///
/// # Errors
///
/// The file system refuses; there is then no new file.
pub fn create(path: &Path, content: &[u8]) -> Result<(), WriteError> {
    let io = |error| WriteError::Io { path: path.to_owned(), error };
    let mut pending = Pending::creating(path)?;
    pending.temporary.write_all(content).map_err(io)?;
    pending.commit(|_| Ok(true), |_| Ok(()))
}

/// A file that is written piece by piece under another name, and is at its place only when it is whole.
///
/// What is no plain file, such as `/dev/stdout`, is written to as it stands.
pub struct NewFile {
    path: PathBuf,
    stream: Stream,
}

enum Stream {
    Beside(BufWriter<NamedTempFile>),
    Direct(BufWriter<File>),
}

impl NewFile {
    /// Begins to write the file at `path`; makes the folders above it.
    ///
    /// # Errors
    ///
    /// The file system refuses.
    pub fn begin(path: &Path) -> Result<Self, WriteError> {
        let io = |error| WriteError::Io { path: path.to_owned(), error };
        // A symbolic link stays a link.
        let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let stream = match path.metadata() {
            Ok(metadata) if !metadata.is_file() => {
                Stream::Direct(BufWriter::new(File::options().write(true).open(path).map_err(io)?))
            }
            found => {
                if let Some(folder) = target.parent() {
                    fs::create_dir_all(folder).map_err(io)?;
                }
                remove_stale_files(folder_of(&target));
                let file = beside(&target).map_err(io)?;
                if let Ok(metadata) = found {
                    file.as_file().set_permissions(metadata.permissions()).map_err(io)?;
                }
                Stream::Beside(BufWriter::new(file))
            }
        };
        Ok(Self { path: target, stream })
    }

    /// Adds `text`.
    ///
    /// # Errors
    ///
    /// The file system refuses.
    pub fn write(&mut self, text: &str) -> Result<(), WriteError> {
        let written = match &mut self.stream {
            Stream::Beside(stream) => stream.write_all(text.as_bytes()),
            Stream::Direct(stream) => stream.write_all(text.as_bytes()),
        };
        written.map_err(|error| WriteError::Io { path: self.path.clone(), error })
    }

    /// Puts the file in its place.
    ///
    /// # Errors
    ///
    /// The file system refuses; what was at its place is still there.
    pub fn finish(self) -> Result<(), WriteError> {
        let io = |error| WriteError::Io { path: self.path.clone(), error };
        match self.stream {
            Stream::Beside(stream) => {
                let file = stream.into_inner().map_err(|error| io(error.into_error()))?;
                file.as_file().sync_all().map_err(io)?;
                temporary::persist(file, &self.path).map_err(io)?;
                sync_folder(&self.path);
            }
            Stream::Direct(mut stream) => stream.flush().map_err(io)?,
        }
        Ok(())
    }
}

/// A file that is being written and not yet in its place; it goes if it is dropped.
#[derive(Debug)]
pub struct Pending {
    /// The name it was given.
    path: PathBuf,
    /// Where it is to stand: the file that a link leads to.
    target: PathBuf,
    temporary: NamedTempFile,
    replaced: Option<Metadata>,
}

impl Pending {
    /// A file to stand in place of the one at `path`.
    ///
    /// # Errors
    ///
    /// That one is read-only or not there, or none can be made beside it.
    pub fn replacing(path: &Path) -> Result<Self, WriteError> {
        let io = |error| WriteError::Io { path: path.to_owned(), error };
        let target = path.canonicalize().map_err(io)?;
        let metadata = target.metadata().map_err(io)?;
        // The system decides, not the mode alone: root may write a file that is marked as read-only.
        OpenOptions::new().write(true).open(&target).map_err(|error| match error.kind() {
            io::ErrorKind::PermissionDenied => WriteError::ReadOnly(path.to_owned()),
            _ => io(error),
        })?;
        let links = links(&metadata);
        if links > 1 {
            return Err(WriteError::HardLinked { path: path.to_owned(), links });
        }
        let temporary = beside(&target).map_err(io)?;
        Ok(Self { path: path.to_owned(), target, temporary, replaced: Some(metadata) })
    }

    /// A file to stand at `path`; makes the folders above it.
    ///
    /// # Errors
    ///
    /// The file system refuses.
    pub fn creating(path: &Path) -> Result<Self, WriteError> {
        let io = |error| WriteError::Io { path: path.to_owned(), error };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(io)?;
        }
        let temporary = beside(path).map_err(io)?;
        Ok(Self { path: path.to_owned(), target: path.to_owned(), temporary, replaced: None })
    }

    /// The file to write to.
    ///
    /// # Errors
    ///
    /// The system has no handle left.
    pub fn file(&self) -> Result<File, WriteError> {
        self.temporary.as_file().try_clone().map_err(|error| self.failed(error))
    }

    /// That it cannot be written because of `error`.
    pub fn failed(&self, error: io::Error) -> WriteError {
        WriteError::Io { path: self.path.clone(), error }
    }

    /// Puts the file into its place once it is on the disk, if what it replaces is as `is_expected`.
    ///
    /// # Errors
    ///
    /// The old file is not as expected, or the file system refuses. It is then as it was.
    pub fn commit(
        self,
        is_expected: impl Fn(&Path) -> io::Result<bool>,
        before_rename: impl FnOnce(&Path) -> io::Result<()>,
    ) -> Result<(), WriteError> {
        let Self { path, target, temporary, replaced } = self;
        let io = |error| WriteError::Io { path: path.clone(), error };
        temporary.as_file().sync_all().map_err(io)?;
        match replaced {
            Some(metadata) => {
                temporary.as_file().set_permissions(metadata.permissions()).map_err(io)?;
                keep_owner(&metadata, temporary.path());
                if !is_expected(&target).map_err(io)? {
                    return Err(WriteError::Changed(path));
                }
                before_rename(temporary.path()).map_err(io)?;
                if !temporary::replace(temporary, &target, is_expected).map_err(io)? {
                    return Err(WriteError::Changed(path));
                }
            }
            None => {
                before_rename(temporary.path()).map_err(io)?;
                temporary::persist(temporary, &target).map_err(io)?;
            }
        }
        sync_folder(&target);
        Ok(())
    }
}

/// A new file that is written in a stream, compressed; it goes if it is not finished.
pub struct Lines {
    pending: Pending,
    encoder: Encoder,
}

impl Lines {
    /// A file to stand at `path`; makes the folders above it.
    ///
    /// # Errors
    ///
    /// The file system refuses.
    pub fn create(path: &Path, codec: Codec) -> Result<Self, WriteError> {
        let pending = Pending::creating(path)?;
        let encoder = codec.encoder(pending.file()?).map_err(|error| pending.failed(error))?;
        Ok(Self { pending, encoder })
    }

    /// Puts the file into its place.
    ///
    /// # Errors
    ///
    /// The file system refuses.
    pub fn finish(self) -> Result<(), WriteError> {
        let Self { pending, encoder } = self;
        encoder.finish().map_err(|error| pending.failed(error))?;
        pending.commit(|_| Ok(true), |_| Ok(()))
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.encoder.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.encoder.flush()
    }
}

/// How many names a file has.
#[cfg(unix)]
fn links(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(metadata)
}

#[cfg(not(unix))]
fn links(_: &Metadata) -> u64 {
    1
}

#[cfg(unix)]
fn keep_owner(metadata: &Metadata, path: &Path) {
    use std::os::unix::fs::MetadataExt;
    // Only a privileged user may give files away; for others the file is their own already.
    let _ = std::os::unix::fs::chown(path, Some(metadata.uid()), Some(metadata.gid()));
}

#[cfg(not(unix))]
fn keep_owner(_: &Metadata, _: &Path) {}

/// Makes the rename last through a crash; some file systems cannot, and the content is safe on those too.
pub(in crate::corpus) fn sync_folder(path: &Path) {
    if let Some(folder) = path.parent().and_then(|folder| File::open(folder).ok()) {
        // A run that is killed here has done all it had to.
        let _ = folder.sync_all();
    }
}
