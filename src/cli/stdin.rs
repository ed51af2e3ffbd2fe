//! Standard input: one document, or a shard that is kept in a temporary file, since it is read more than once.

use std::io::{self, Read};
use std::path::Path;

use anyhow::Context;
use tempfile::NamedTempFile;

use crate::corpus::{Format, Input, ReadError, Reading, Source};

/// What came in.
pub(super) enum Stdin {
    /// One document.
    Document(Source),
    /// A shard, or something compressed.
    Spooled(Spooled),
}

/// A shard in a temporary file, which goes with this.
pub(super) struct Spooled {
    file: NamedTempFile,
    name: String,
}

impl Spooled {
    /// It as a file of a run.
    pub(super) fn input(&self) -> Input {
        Input { path: self.file.path().to_owned(), name: self.name.clone(), is_named: true }
    }
}

/// Reads all of standard input, which goes by `name`.
///
/// # Errors
///
/// It cannot be read, or not be kept. The inner error says that it is no text.
pub(super) fn read_stdin(name: String, reading: &Reading) -> anyhow::Result<Result<Stdin, ReadError>> {
    let mut stdin = io::stdin().lock();
    let mut first = Vec::new();
    stdin.by_ref().take(Format::FIRST).read_to_end(&mut first).context("cannot read standard input")?;
    if Format::detect(Path::new(&name), &first, reading.kind) == Format::PLAIN {
        stdin.read_to_end(&mut first).context("cannot read standard input")?;
        return Ok(Source::of(name, first).map(Stdin::Document));
    }
    // Its name tells what is in the file, as that of any other.
    let ending = Path::new(&name).file_name().map(|name| format!("-{}", name.to_string_lossy())).unwrap_or_default();
    let file = tempfile::Builder::new().prefix("dechaff-").suffix(&ending).tempfile();
    let mut file = file.context("cannot make a temporary file")?;
    io::copy(&mut first.as_slice().chain(stdin), &mut file).context("cannot keep standard input")?;
    Ok(Ok(Stdin::Spooled(Spooled { file, name })))
}
