//! The format of a file: its content and its compression.

use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

use super::arrow::ARROW;
use super::csv::{CSV, TSV};
use super::input_format::{InputFormat, PROBE_BYTES};
use super::json_lines::JSON_LINES;
use super::parquet::PARQUET;
use super::single_document::TEXT;
use super::warc::WARC;
use crate::codec::Codec;
use crate::read::truncated;
use crate::storage::SourceFile;

/// The input formats. Detection tries later ones first.
pub static INPUT_FORMATS: &[&InputFormat] =
    &[&TEXT, &JSON_LINES, &PARQUET, &CSV, &TSV, &WARC, &ARROW];

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    /// The content of the decompressed file.
    pub content: &'static InputFormat,
    /// The compression of the file.
    pub codec: Codec,
}

impl Format {
    /// A single document, not compressed.
    pub const PLAIN: Self = Self { content: &TEXT, codec: Codec::None };

    /// The number of leading bytes from which a format is detected.
    pub const PROBE_BYTES: u64 = PROBE_BYTES;

    /// Returns the format that a file name implies, if any.
    pub fn from_name(path: &Path) -> Option<Self> {
        let (content, codec) = split_name(path)?;
        let content = INPUT_FORMATS.iter().find(|format| {
            format.extensions.contains(&&*content) || format.weak_extensions.contains(&&*content)
        })?;
        Some(Self { content, codec })
    }

    /// Whether a file with this name is picked up from a directory.
    pub fn is_corpus_name(path: &Path) -> bool {
        let Some((content, codec)) = split_name(path) else { return false };
        INPUT_FORMATS.iter().any(|format| {
            format.extensions.contains(&&*content)
                || codec != Codec::None && format.weak_extensions.contains(&&*content)
        })
    }

    /// Returns the path of the copy of a file: `path`, or a JSON Lines file next to it if the
    /// format cannot be written.
    pub fn copy_path(self, path: &Path) -> PathBuf {
        if self.content.rewrite.is_some() {
            return path.to_owned();
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let codec = self.codec.extension();
        let stem = name.strip_suffix(&codec).unwrap_or(&name);
        let is_own = |(_, extension): &(&str, &str)| {
            self.content.extensions.contains(&&*extension.to_ascii_lowercase())
        };
        let stem = stem.rsplit_once('.').filter(is_own).map_or(stem, |(stem, _)| stem);
        path.with_file_name(format!("{stem}.{}{codec}", JSON_LINES.name))
    }

    /// Detects the format of a file from its name and its first bytes, `start`.
    ///
    /// The content is `content` if given, otherwise the one implied by the name, otherwise the one
    /// the bytes look like. The codec is detected from the bytes if it has a signature.
    pub fn detect(path: &Path, start: &[u8], content: Option<&'static InputFormat>) -> Self {
        let from_name = Self::from_name(path);
        let codec_of_name = split_name(path).map_or(Codec::None, |(_, codec)| codec);
        let codec = Codec::detect(start, codec_of_name);
        let from_bytes = || {
            let content = decompressed(codec, start);
            let mut formats = INPUT_FORMATS.iter().rev();
            *formats.find(|format| (format.is_start)(&content)).unwrap_or(&&TEXT)
        };
        let content = content.or(from_name.map(|format| format.content));
        Self { content: content.unwrap_or_else(from_bytes), codec }
    }

    /// Whether a file with this name is treated as [`Format::PLAIN`], whatever its first bytes are.
    pub(super) fn is_plain_name(path: &Path, content: Option<&'static InputFormat>) -> bool {
        content.is_none() && Self::from_name(path) == Some(Self::PLAIN)
    }

    /// Detects the format of the file at `path`, like [`Format::detect`].
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn from_file(path: &Path, content: Option<&'static InputFormat>) -> io::Result<Self> {
        Self::from_source(&mut SourceFile::open(path)?, path, content)
    }

    /// Detects the format of `file`, which is at `path`, and returns to its start.
    pub(super) fn from_source(
        file: &mut SourceFile,
        path: &Path,
        content: Option<&'static InputFormat>,
    ) -> io::Result<Self> {
        if Self::is_plain_name(path, content) {
            return Ok(Self::PLAIN);
        }
        let expected = file.length()?.min(Self::PROBE_BYTES);
        let mut start = Vec::new();
        file.by_ref().take(Self::PROBE_BYTES).read_to_end(&mut start)?;
        file.rewind()?;
        if (start.len() as u64) < expected {
            return Err(truncated(expected - start.len() as u64));
        }
        Ok(Self::detect(path, &start, content))
    }
}

/// Splits a file name into the extension of its content, in lower case, and its codec.
fn split_name(path: &Path) -> Option<(String, Codec)> {
    let name = path.file_name()?.to_string_lossy().to_ascii_lowercase();
    let (stem, extension) = name.rsplit_once('.')?;
    Some(match Codec::from_extension(extension) {
        Some(codec) => (stem.rsplit_once('.').map_or("", |(_, content)| content).to_owned(), codec),
        None => (extension.to_owned(), Codec::None),
    })
}

/// Decompresses the start of a file as far as possible, up to [`PROBE_BYTES`].
fn decompressed(codec: Codec, start: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    // `start` may end within a compressed block. The bytes before the error are enough.
    if let Ok(decoder) = codec.decoder(start) {
        let _ = decoder.take(PROBE_BYTES).read_to_end(&mut content);
    }
    content
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_imply_formats() {
        let format = |name: &str| {
            Format::from_name(Path::new(name)).map(|format| (format.content.name, format.codec))
        };
        assert_eq!(format("a/b.JSONL"), Some(("jsonl", Codec::None)));
        assert_eq!(format("c4-train.00000.json.gz"), Some(("jsonl", Codec::Gzip)));
        assert_eq!(format("a.md.zst"), Some(("text", Codec::Zstd)));
        assert_eq!(format("a.txt.bz2"), Some(("text", Codec::Bzip2)));
        assert_eq!(format("a.jsonl.br"), Some(("jsonl", Codec::Brotli)));
        assert_eq!(format("a.parquet"), Some(("parquet", Codec::None)));
        assert_eq!(format("CC-MAIN-0.warc.wet.gz"), Some(("warc", Codec::Gzip)));
        assert_eq!(format("a.gz"), None);
        assert_eq!(format("txt"), None);
        assert!(!Format::is_corpus_name(Path::new("package.json")));
        assert!(Format::is_corpus_name(Path::new("package.json.zst")));
    }

    #[test]
    fn copies_of_formats_that_are_not_written_are_json_lines() {
        let copy = |name: &str| {
            let format = Format::from_name(Path::new(name)).unwrap();
            format.copy_path(&Path::new("out").join(name)).to_str().unwrap().to_owned()
        };
        assert_eq!(copy("a.warc.wet.gz"), "out/a.warc.jsonl.gz");
        assert_eq!(copy("a.warc"), "out/a.jsonl");
        assert_eq!(copy("a.csv.xz"), "out/a.csv.xz");
    }

    #[test]
    fn codec_is_detected_from_bytes_whatever_the_name() {
        let detect = |name: &str, start: &[u8]| Format::detect(Path::new(name), start, None);
        assert_eq!(detect("a.jsonl.gz", b"{\"te").codec, Codec::None);
        assert_eq!(detect("a.jsonl", &[0x1F, 0x8B, 8, 0]).codec, Codec::Gzip);
        assert_eq!(detect("a.jsonl", b"\xFD7zXZ\0").codec, Codec::Xz);
        assert_eq!(detect("a", b"PAR1").content.name, "parquet");
        assert_eq!(detect("a", b" {\"text\": \"b\"}\n").content.name, "jsonl");
        assert_eq!(detect("a", b"A text.").content.name, "text");
    }
}
