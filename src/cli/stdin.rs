//! Standard input and pipes. A shard goes to a temporary file, because it is read more than once.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use tempfile::NamedTempFile;

use crate::corpus::{
    Format, InputFile, ReadError, ReadOptions, Source, read_document, register_temporary_file,
};
use crate::text::PathName;

/// The content of standard input.
pub(super) enum Stdin {
    /// One document.
    Document(Source),
    /// A shard or a compressed file.
    Spooled(Spooled),
}

/// A temporary file with the content of a pipe, removed on drop.
pub(super) struct Spooled {
    file: NamedTempFile,
    name: String,
}

impl Spooled {
    /// Returns it as an input file.
    pub(super) fn input(&self) -> InputFile {
        InputFile::with_name(self.file.path().to_owned(), self.name.clone(), true)
    }

    /// Copies `reader` to a temporary file.
    fn copy_from(mut reader: impl Read, name: String) -> io::Result<Self> {
        // The format is detected from the extension, as for any file.
        let ending =
            Path::new(&name).file_name().map(|name| format!("-{}", name.to_string_lossy()));
        let mut file = tempfile::Builder::new()
            .prefix("dechaff-")
            .suffix(&ending.unwrap_or_default())
            .tempfile()?;
        register_temporary_file(file.path());
        io::copy(&mut reader, &mut file)?;
        Ok(Self { file, name })
    }
}

/// Reads standard input and names it `name`.
///
/// # Errors
///
/// Reading or writing the temporary file fails. The inner error says that the content is not text.
pub(super) fn read_stdin(
    name: String,
    read_options: &ReadOptions,
) -> anyhow::Result<Result<Stdin, ReadError>> {
    let mut stdin = io::stdin().lock();
    let first = first_bytes(&mut stdin).context("cannot read standard input")?;
    let is_document =
        Format::detect(Path::new(&name), &first, read_options.content) == Format::PLAIN;
    let all = first.as_slice().chain(stdin);
    if is_document {
        let bytes =
            read_document(all, 0, read_options.max_record).context("cannot read standard input")?;
        return Ok(match bytes {
            Some(bytes) => Source::from_bytes(name, bytes).map(Stdin::Document),
            None => Err(ReadError::too_large(name, read_options.max_record)),
        });
    }
    let spooled =
        Spooled::copy_from(all, name).context("cannot keep standard input in a temporary file")?;
    Ok(Ok(Stdin::Spooled(spooled)))
}

/// Reads a pipe that was passed as a file.
///
/// # Errors
///
/// Reading or writing the temporary file fails.
pub(super) fn read_pipe(path: &Path, read_options: &ReadOptions) -> anyhow::Result<Spooled> {
    let name = path.name();
    let mut pipe = File::open(path).with_context(|| format!("cannot read {name}"))?;
    let first = first_bytes(&mut pipe).with_context(|| format!("cannot read {name}"))?;
    let is_document = Format::detect(path, &first, read_options.content) == Format::PLAIN;
    // A longer document exceeds the limit anyway.
    let max_bytes = if is_document { read_options.max_record as u64 + 1 } else { u64::MAX };
    let all = first.as_slice().chain(pipe).take(max_bytes);
    let what = || format!("cannot keep what comes out of {name} in a temporary file");
    Spooled::copy_from(all, name.clone()).with_context(what)
}

fn first_bytes(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut first = Vec::new();
    reader.take(Format::PROBE_BYTES).read_to_end(&mut first)?;
    Ok(first)
}

/// Splits `paths` into pipes and other files.
///
/// # Errors
///
/// One of them is a device, which may never end.
pub(super) fn take_pipes(paths: Vec<PathBuf>) -> anyhow::Result<(Vec<PathBuf>, Vec<PathBuf>)> {
    let mut pipes = Vec::new();
    let mut files = Vec::new();
    for path in paths {
        match FileKind::from_path(&path) {
            FileKind::Device => {
                bail!("{}: is a device, not a file; pass a file or directory", path.name())
            }
            FileKind::Pipe => pipes.push(path),
            FileKind::Other => files.push(path),
        }
    }
    Ok((pipes, files))
}

enum FileKind {
    Device,
    Pipe,
    Other,
}

impl FileKind {
    #[cfg(unix)]
    fn from_path(path: &Path) -> Self {
        use std::os::unix::fs::FileTypeExt;
        match path.metadata().map(|metadata| metadata.file_type()) {
            Ok(kind) if kind.is_char_device() || kind.is_block_device() || kind.is_socket() => {
                Self::Device
            }
            Ok(kind) if kind.is_fifo() => Self::Pipe,
            _ => Self::Other,
        }
    }

    #[cfg(not(unix))]
    fn from_path(_: &Path) -> Self {
        Self::Other
    }
}
