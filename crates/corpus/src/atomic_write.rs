//! Writes files atomically: a reader sees the old file or the complete new one, whatever happens in
//! between.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tempfile::NamedTempFile;

use super::codec::{Codec, Encoder};
use super::storage::{self, ObjectVersion, PutCondition, SourceFile, is_url};
use super::temporary::{self, create_beside, directory_of, remove_stale_files};
use dechaff_text::PathName;

/// Why a file was not written. It is then unchanged.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The permissions of the file do not allow it.
    #[error("{}: the file is read-only; not changed", .0.name())]
    ReadOnly(PathBuf),
    /// The file has hard links, which would keep the old content.
    #[error(
        "{}: the file has {links} hard links, and the others would keep the old text; it was left as it was. Work on a copy, or \
         remove the links", .path.name()
    )]
    HardLinked {
        /// The file.
        path: PathBuf,
        /// The number of links, including `path`.
        links: u64,
    },
    /// dechaff reads the format of the file and cannot write it.
    #[error(
        "{}: dechaff cannot write {format}; --output-dir DIR writes the texts as JSON Lines",
        .path.name()
    )]
    ReadOnlyFormat {
        /// The file.
        path: PathBuf,
        /// The name of the format.
        format: &'static str,
    },
    /// The path is a URL. Objects are not changed in place.
    #[error(
        "{}: objects are not changed in place; --output-dir DIR writes fixed copies, and DIR may be \
         a URL", .0.name()
    )]
    Object(PathBuf),
    /// Another process changed the file after it was read.
    #[error("{}: the file has changed since it was read; not changed by dechaff", .0.name())]
    Changed(PathBuf),
    /// Writing failed.
    #[error("cannot write {}: {error}; the file was not changed", .path.name())]
    Io {
        /// The file.
        path: PathBuf,
        /// The underlying error.
        error: io::Error,
    },
}

/// Metadata that changes when a file is written or replaced: length, modification time and inode.
/// An object has a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileStamp {
    pub(super) length: u64,
    modified: Option<SystemTime>,
    inode: u64,
    pub(super) version: ObjectVersion,
}

impl FileStamp {
    /// Returns the stamp of an open file.
    ///
    /// # Errors
    ///
    /// The metadata cannot be read.
    pub(super) fn from_file(file: &SourceFile) -> io::Result<Self> {
        match file {
            SourceFile::Local(file) => file.metadata().map(|metadata| Self::from(&metadata)),
            SourceFile::Remote(_) => Ok(Self::of_object(file.length()?, file.version())),
        }
    }

    /// Returns the stamp of the file at `path`.
    pub(super) fn at(path: &Path) -> io::Result<Self> {
        match is_url(path) {
            true => storage::object(path).map(|(size, version)| Self::of_object(size, version)),
            false => fs::metadata(path).map(|metadata| Self::from(&metadata)),
        }
    }

    fn of_object(length: u64, version: ObjectVersion) -> Self {
        Self { length, modified: None, inode: 0, version }
    }
}

impl From<&Metadata> for FileStamp {
    fn from(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        let inode = std::os::unix::fs::MetadataExt::ino(metadata);
        #[cfg(not(unix))]
        let inode = 0;
        let (length, modified) = (metadata.len(), metadata.modified().ok());
        Self { length, modified, inode, version: ObjectVersion::default() }
    }
}

/// Replaces the file at `path`, whose content must still be `expected`, with `content`.
///
/// `before_rename` runs when the new file is on disk and the old one still in place. See
/// [`AtomicFile`] for what is preserved.
///
/// # Errors
///
/// The file is read-only, has hard links, has other content, or cannot be written. It is then
/// unchanged.
pub fn replace(
    path: &Path,
    expected: &[u8],
    content: &[u8],
    before_rename: impl FnOnce() -> io::Result<()>,
) -> Result<(), WriteError> {
    let mut file = AtomicFile::new_replacing(path)?;
    file.write_all(content)?;
    file.commit(|target| Ok(fs::read(target)? == expected), |_| before_rename())
}

/// Writes `content` to `path` atomically, and creates parent directories as needed.
///
/// # Errors
///
/// The file cannot be written. An existing file is then unchanged.
pub fn create(path: &Path, content: &[u8]) -> Result<(), WriteError> {
    let mut file = AtomicFile::new(path)?;
    file.write_all(content)?;
    file.commit(|_| Ok(true), |_| Ok(()))
}

/// Writes `content` to `path` atomically, unless the file exists. Returns whether it was written.
/// If several processes try at the same time, exactly one writes the file.
///
/// # Errors
///
/// The file cannot be written.
pub(super) fn create_new(path: &Path, content: &[u8]) -> Result<bool, WriteError> {
    if is_url(path) {
        return create_if(path, content, &PutCondition::Absent);
    }
    let mut file = AtomicFile::new(path)?;
    file.write_all(content)?;
    let AtomicFile { path, target, temporary, .. } = file;
    let io = |error| WriteError::Io { path: path.clone(), error };
    temporary.as_file().sync_all().map_err(io)?;
    let is_written = temporary::persist_new(temporary, &target).map_err(io)?;
    sync_directory(&target);
    Ok(is_written)
}

/// Writes `content` to `path` like [`create`], but an object only if `condition` holds. For a file,
/// the caller must hold a lock. Returns whether it was written.
///
/// # Errors
///
/// It cannot be written. Any existing content is then unchanged.
pub(super) fn create_if(
    path: &Path,
    content: &[u8],
    condition: &PutCondition,
) -> Result<bool, WriteError> {
    if !is_url(path) {
        return create(path, content).map(|()| true);
    }
    storage::put(path, content, condition)
        .map_err(|error| WriteError::Io { path: path.to_owned(), error })
}

/// A file written to a temporary file next to its target and renamed by [`AtomicFile::commit`].
/// Dropping it without committing removes the temporary file.
///
/// A replacement keeps the permissions of the original and, if possible, its owner. If the path is
/// a symbolic link, the file it points to is replaced.
#[derive(Debug)]
pub struct AtomicFile {
    /// The path as given, for messages.
    path: PathBuf,
    /// The path to rename to, with symbolic links resolved.
    target: PathBuf,
    temporary: NamedTempFile,
    /// The metadata of the file to replace.
    replaced: Option<Metadata>,
}

impl AtomicFile {
    /// Starts to replace the file at `path`.
    ///
    /// # Errors
    ///
    /// The file does not exist, is read-only or has hard links, or no temporary file can be created
    /// next to it.
    pub fn new_replacing(path: &Path) -> Result<Self, WriteError> {
        let io = |error| WriteError::Io { path: path.to_owned(), error };
        if is_url(path) {
            return Err(WriteError::Object(path.to_owned()));
        }
        let target = path.canonicalize().map_err(io)?;
        let metadata = target.metadata().map_err(io)?;
        // Opening the file shows whether it is writable for this user. Root may write read-only
        // files.
        OpenOptions::new().write(true).open(&target).map_err(|error| match error.kind() {
            io::ErrorKind::PermissionDenied => WriteError::ReadOnly(path.to_owned()),
            _ => io(error),
        })?;
        let links = hard_links(&metadata);
        if links > 1 {
            return Err(WriteError::HardLinked { path: path.to_owned(), links });
        }
        let temporary = create_beside(&target).map_err(io)?;
        Ok(Self { path: path.to_owned(), target, temporary, replaced: Some(metadata) })
    }

    /// Starts to write a file at `path`, and creates parent directories as needed. An object is
    /// first written to a local temporary file.
    ///
    /// # Errors
    ///
    /// A directory or the temporary file cannot be created.
    pub fn new(path: &Path) -> Result<Self, WriteError> {
        let io = |error| WriteError::Io { path: path.to_owned(), error };
        let temporary = create_temporary(path).map_err(io)?;
        Ok(Self { path: path.to_owned(), target: path.to_owned(), temporary, replaced: None })
    }

    /// Returns a handle to write to.
    ///
    /// # Errors
    ///
    /// The system has no file handles left.
    pub fn file(&self) -> Result<File, WriteError> {
        self.temporary.as_file().try_clone().map_err(|error| self.io_error(error))
    }

    /// Wraps an error that occurred while writing the file.
    pub fn io_error(&self, error: io::Error) -> WriteError {
        WriteError::Io { path: self.path.clone(), error }
    }

    fn write_all(&mut self, content: &[u8]) -> Result<(), WriteError> {
        self.temporary
            .write_all(content)
            .map_err(|error| WriteError::Io { path: self.path.clone(), error })
    }

    /// Syncs the file to disk and renames it into place, or uploads it. If it replaces a file,
    /// `is_expected` must hold for the old file.
    ///
    /// # Errors
    ///
    /// The old file is not as expected, or the file cannot be written. The old file is then
    /// unchanged.
    pub fn commit(
        self,
        is_expected: impl Fn(&Path) -> io::Result<bool>,
        before_rename: impl FnOnce(&Path) -> io::Result<()>,
    ) -> Result<(), WriteError> {
        let Self { path, target, temporary, replaced } = self;
        let io = |error| WriteError::Io { path: path.clone(), error };
        if is_url(&target) {
            before_rename(temporary.path()).map_err(io)?;
            return temporary::upload(temporary, &target).map_err(io);
        }
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
        sync_directory(&target);
        Ok(())
    }
}

/// A report file, renamed into place by [`OutputFile::finish`]. A target that is not a regular
/// file, such as `/dev/stdout`, is written to directly.
pub struct OutputFile {
    path: PathBuf,
    stream: OutputStream,
}

enum OutputStream {
    Temporary(BufWriter<NamedTempFile>),
    Direct(BufWriter<File>),
}

impl OutputFile {
    /// Starts to write the file at `path`, and creates parent directories as needed.
    ///
    /// # Errors
    ///
    /// The file, a directory or the temporary file cannot be opened.
    pub fn create(path: &Path) -> Result<Self, WriteError> {
        let io = |error| WriteError::Io { path: path.to_owned(), error };
        // A symbolic link stays a link.
        let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let stream = match path.metadata() {
            Ok(metadata) if !metadata.is_file() => OutputStream::Direct(BufWriter::new(
                File::options().write(true).open(path).map_err(io)?,
            )),
            metadata => {
                if !is_url(&target) {
                    remove_stale_files(directory_of(&target));
                }
                let file = create_temporary(&target).map_err(io)?;
                if let Ok(metadata) = metadata {
                    file.as_file().set_permissions(metadata.permissions()).map_err(io)?;
                }
                OutputStream::Temporary(BufWriter::new(file))
            }
        };
        Ok(Self { path: target, stream })
    }

    /// Returns the buffered stream.
    pub(super) fn stream(&mut self) -> &mut dyn Write {
        match &mut self.stream {
            OutputStream::Temporary(stream) => stream,
            OutputStream::Direct(stream) => stream,
        }
    }

    /// Appends `text`.
    ///
    /// # Errors
    ///
    /// Writing fails.
    pub fn write(&mut self, text: &str) -> Result<(), WriteError> {
        let result = self.stream().write_all(text.as_bytes());
        result.map_err(|error| WriteError::Io { path: self.path.clone(), error })
    }

    /// Syncs the file to disk and renames it into place.
    ///
    /// # Errors
    ///
    /// Writing fails. An existing file is then unchanged.
    pub fn finish(self) -> Result<(), WriteError> {
        let io = |error| WriteError::Io { path: self.path.clone(), error };
        match self.stream {
            OutputStream::Temporary(stream) => {
                let file = stream.into_inner().map_err(|error| io(error.into_error()))?;
                if is_url(&self.path) {
                    return temporary::upload(file, &self.path).map_err(io);
                }
                file.as_file().sync_all().map_err(io)?;
                temporary::persist(file, &self.path).map_err(io)?;
                sync_directory(&self.path);
            }
            OutputStream::Direct(mut stream) => stream.flush().map_err(io)?,
        }
        Ok(())
    }
}

/// Compresses a stream into an [`AtomicFile`].
pub struct CompressedWriter {
    file: AtomicFile,
    encoder: Encoder,
}

impl CompressedWriter {
    /// Starts to write a file at `path`, and creates parent directories as needed.
    ///
    /// # Errors
    ///
    /// A directory or the temporary file cannot be created.
    pub fn create(path: &Path, codec: Codec) -> Result<Self, WriteError> {
        let file = AtomicFile::new(path)?;
        let encoder = codec.encoder(file.file()?).map_err(|error| file.io_error(error))?;
        Ok(Self { file, encoder })
    }

    /// Completes the file and renames it into place.
    ///
    /// # Errors
    ///
    /// Writing fails.
    pub fn finish(self) -> Result<(), WriteError> {
        let Self { file, encoder } = self;
        encoder.finish().map_err(|error| file.io_error(error))?;
        file.commit(|_| Ok(true), |_| Ok(()))
    }
}

impl Write for CompressedWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.encoder.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.encoder.flush()
    }
}

/// Creates the temporary file for a file at `path`, and parent directories as needed.
fn create_temporary(path: &Path) -> io::Result<NamedTempFile> {
    if is_url(path) {
        storage::create_dir_all(path)?;
        return temporary::create_local();
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    create_beside(path)
}

#[cfg(unix)]
fn hard_links(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(metadata)
}

#[cfg(not(unix))]
fn hard_links(_: &Metadata) -> u64 {
    1
}

#[cfg(unix)]
fn keep_owner(metadata: &Metadata, path: &Path) {
    use std::os::unix::fs::MetadataExt;
    // Fails for unprivileged users, who own the new file anyway.
    let _ = std::os::unix::fs::chown(path, Some(metadata.uid()), Some(metadata.gid()));
}

#[cfg(not(unix))]
fn keep_owner(_: &Metadata, _: &Path) {}

/// Syncs the directory of `path`, so that a rename survives a crash. Errors are ignored: some file
/// systems cannot sync directories, and either version of the file is complete.
pub(super) fn sync_directory(path: &Path) {
    if let Some(directory) = path.parent().and_then(|parent| File::open(parent).ok()) {
        let _ = directory.sync_all();
    }
}
