//! File formats: what a file contains, and how it is compressed.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

use flate2::Compression;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;

use super::read::truncated;

/// What a decompressed file contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentType {
    /// One document: plain text or Markdown.
    Text,
    /// A JSON object per line, each of them a document.
    JsonLines,
    /// A table with a document per row.
    Parquet,
}

/// How a whole file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// Not compressed.
    None,
    /// gzip, with any number of members.
    Gzip,
    /// Zstandard, with any number of frames.
    Zstd,
}

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    /// What the decompressed file contains.
    pub content: ContentType,
    /// How the file is compressed.
    pub codec: Codec,
}

const TEXT_EXTENSIONS: &[&str] = &["txt", "md", "markdown"];
const JSON_LINES_EXTENSIONS: &[&str] = &["jsonl", "ndjson"];
/// JSON Lines if compressed or passed explicitly. A plain `.json` file in a directory is rarely a
/// corpus.
const JSON_EXTENSION: &str = "json";
const PARQUET_EXTENSION: &str = "parquet";
const GZIP_EXTENSIONS: &[&str] = &["gz", "gzip"];
const ZSTD_EXTENSIONS: &[&str] = &["zst", "zstd"];

/// Size of the buffers for reading and writing files.
const BUFFER_BYTES: usize = 256 << 10;

impl Format {
    /// A single document, not compressed.
    pub const PLAIN: Self = Self { content: ContentType::Text, codec: Codec::None };

    /// The number of leading bytes from which a format is detected.
    pub const PROBE_BYTES: u64 = 64 << 10;

    /// Returns the format that a file name implies, if any.
    pub fn from_name(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_string_lossy().to_ascii_lowercase();
        let (stem, extension) = name.rsplit_once('.')?;
        let codec = match extension {
            extension if GZIP_EXTENSIONS.contains(&extension) => Codec::Gzip,
            extension if ZSTD_EXTENSIONS.contains(&extension) => Codec::Zstd,
            _ => Codec::None,
        };
        let extension = if codec == Codec::None { extension } else { stem.rsplit_once('.')?.1 };
        let content = match extension {
            extension if TEXT_EXTENSIONS.contains(&extension) => ContentType::Text,
            extension if JSON_LINES_EXTENSIONS.contains(&extension) => ContentType::JsonLines,
            JSON_EXTENSION => ContentType::JsonLines,
            PARQUET_EXTENSION => ContentType::Parquet,
            _ => return None,
        };
        Some(Self { content, codec })
    }

    /// Whether a file of this name is picked up from a directory.
    pub fn is_corpus_name(path: &Path) -> bool {
        let is_plain_json = path
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case(JSON_EXTENSION));
        !is_plain_json && Self::from_name(path).is_some()
    }

    /// Detects the format of a file from its name and its first bytes, `start`.
    ///
    /// The content type is `content` if given, otherwise the one implied by the name, otherwise the
    /// one the bytes look like. The codec is always detected from the bytes.
    pub fn detect(path: &Path, start: &[u8], content: Option<ContentType>) -> Self {
        let from_name = Self::from_name(path).map(|format| format.content);
        let is_parquet = start.starts_with(b"PAR1");
        let codec = match start {
            _ if is_parquet => Codec::None,
            [0x1F, 0x8B, ..] => Codec::Gzip,
            // A frame, or a skippable frame.
            [0x28, 0xB5, 0x2F, 0xFD, ..] | [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..] => Codec::Zstd,
            _ => Codec::None,
        };
        let from_bytes = || match () {
            () if is_parquet => ContentType::Parquet,
            () if codec.starts_with_object(start) => ContentType::JsonLines,
            () => ContentType::Text,
        };
        Self { content: content.or(from_name).unwrap_or_else(from_bytes), codec }
    }

    /// Detects the format of the file at `path`, like [`Format::detect`].
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn from_file(path: &Path, content: Option<ContentType>) -> io::Result<Self> {
        // Avoids opening plain text files twice.
        if content.is_none() && Self::from_name(path) == Some(Self::PLAIN) {
            return Ok(Self::PLAIN);
        }
        let file = File::open(path)?;
        let expected = file.metadata()?.len().min(Self::PROBE_BYTES);
        let mut start = Vec::new();
        file.take(Self::PROBE_BYTES).read_to_end(&mut start)?;
        if (start.len() as u64) < expected {
            return Err(truncated(expected - start.len() as u64));
        }
        Ok(Self::detect(path, &start, content))
    }
}

impl Codec {
    /// Whether the decompressed text starts with a line that is a JSON object, or seems to be one
    /// that is longer than `start`.
    fn starts_with_object(self, start: &[u8]) -> bool {
        let mut text = Vec::new();
        // `start` may end within a compressed block. The bytes before the error are enough.
        if let Ok(decoder) = self.decoder(start) {
            let _ = decoder.take(Format::PROBE_BYTES).read_to_end(&mut text);
        }
        let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&text).trim_ascii_start();
        match text.iter().position(|byte| *byte == b'\n') {
            Some(end) => is_object(&text[..end]),
            None if (text.len() as u64) < Format::PROBE_BYTES / 2 => is_object(text),
            None => text.starts_with(b"{\""),
        }
    }

    /// Decompresses `reader`.
    ///
    /// # Errors
    ///
    /// The decoder cannot be created.
    pub fn decoder<'r>(
        self,
        reader: impl Read + Send + 'r,
    ) -> io::Result<Box<dyn BufRead + Send + 'r>> {
        let reader = BufReader::with_capacity(BUFFER_BYTES, reader);
        Ok(match self {
            Self::None => Box::new(reader),
            Self::Gzip => {
                Box::new(BufReader::with_capacity(BUFFER_BYTES, MultiGzDecoder::new(reader)))
            }
            Self::Zstd => {
                let decoder = zstd::stream::read::Decoder::with_buffer(reader)?;
                Box::new(BufReader::with_capacity(BUFFER_BYTES, decoder))
            }
        })
    }

    /// Returns a writer that compresses into `file`.
    ///
    /// # Errors
    ///
    /// The encoder cannot be created.
    pub(super) fn encoder(self, file: File) -> io::Result<Encoder> {
        let file = BufWriter::with_capacity(BUFFER_BYTES, file);
        Ok(match self {
            Self::None => Encoder::None(file),
            Self::Gzip => Encoder::Gzip(GzEncoder::new(file, Compression::default())),
            Self::Zstd => {
                let mut encoder =
                    zstd::stream::write::Encoder::new(file, zstd::DEFAULT_COMPRESSION_LEVEL)?;
                encoder.include_checksum(true)?;
                Encoder::Zstd(encoder)
            }
        })
    }
}

fn is_object(json: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(json).is_ok()
}

/// Compresses into a file.
pub(super) enum Encoder {
    None(BufWriter<File>),
    Gzip(GzEncoder<BufWriter<File>>),
    Zstd(zstd::stream::write::Encoder<'static, BufWriter<File>>),
}

impl Encoder {
    /// Flushes all buffers and returns the file.
    pub(super) fn finish(self) -> io::Result<File> {
        let file = match self {
            Self::None(file) => file,
            Self::Gzip(encoder) => encoder.finish()?,
            Self::Zstd(encoder) => encoder.finish()?,
        };
        file.into_inner().map_err(io::IntoInnerError::into_error)
    }
}

impl Write for Encoder {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::None(file) => file.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
            Self::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::None(file) => file.flush(),
            Self::Gzip(encoder) => encoder.flush(),
            Self::Zstd(encoder) => encoder.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_imply_formats() {
        let format = |name: &str| {
            Format::from_name(Path::new(name)).map(|format| (format.content, format.codec))
        };
        assert_eq!(format("a/b.JSONL"), Some((ContentType::JsonLines, Codec::None)));
        assert_eq!(format("c4-train.00000.json.gz"), Some((ContentType::JsonLines, Codec::Gzip)));
        assert_eq!(format("a.md.zst"), Some((ContentType::Text, Codec::Zstd)));
        assert_eq!(format("a.parquet"), Some((ContentType::Parquet, Codec::None)));
        assert_eq!(format("a.gz"), None);
        assert_eq!(format("txt"), None);
        assert!(!Format::is_corpus_name(Path::new("package.json")));
        assert!(Format::is_corpus_name(Path::new("package.json.zst")));
    }

    #[test]
    fn codec_is_detected_from_bytes_whatever_the_name() {
        let detect = |name: &str, start: &[u8]| Format::detect(Path::new(name), start, None);
        assert_eq!(detect("a.jsonl.gz", b"{\"te").codec, Codec::None);
        assert_eq!(detect("a.jsonl", &[0x1F, 0x8B, 8, 0]).codec, Codec::Gzip);
        assert_eq!(detect("a", b"PAR1").content, ContentType::Parquet);
    }
}
