//! What a file holds, and how it is compressed.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use flate2::Compression;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;

use super::shard::ended_early;

/// What a file holds once it is decompressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One document: text or markdown.
    Text,
    /// One JSON object a line, each of them a document.
    JsonLines,
    /// A table, each of its rows a document.
    Parquet,
}

/// How a file is compressed as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// Not at all.
    None,
    /// gzip, of one member or several.
    Gzip,
    /// Zstandard, of one frame or several.
    Zstd,
}

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    /// What it holds.
    pub kind: Kind,
    /// How it is compressed.
    pub codec: Codec,
}

/// Endings of files that hold one document.
const TEXT: &[&str] = &["txt", "md", "markdown"];
/// Endings of files that hold many.
const JSON_LINES: &[&str] = &["jsonl", "ndjson"];
/// The same only where they are compressed, or named outright: a plain `.json` is seldom a corpus.
const JSON: &str = "json";
const PARQUET: &str = "parquet";
const GZIP: &[&str] = &["gz", "gzip"];
const ZSTD: &[&str] = &["zst", "zstd"];

impl Format {
    /// One document, not compressed.
    pub const PLAIN: Self = Self { kind: Kind::Text, codec: Codec::None };

    /// The format that a name tells of; `None` where it tells of none.
    pub fn of_name(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_string_lossy().to_ascii_lowercase();
        let (rest, ending) = name.rsplit_once('.')?;
        let codec = match ending {
            ending if GZIP.contains(&ending) => Codec::Gzip,
            ending if ZSTD.contains(&ending) => Codec::Zstd,
            _ => Codec::None,
        };
        let ending = if codec == Codec::None { ending } else { rest.rsplit_once('.')?.1 };
        let kind = match ending {
            ending if TEXT.contains(&ending) => Kind::Text,
            ending if JSON_LINES.contains(&ending) || ending == JSON => Kind::JsonLines,
            PARQUET => Kind::Parquet,
            _ => return None,
        };
        Some(Self { kind, codec })
    }

    /// How many first bytes tell a format.
    pub const FIRST: u64 = 64 << 10;

    /// Whether a directory's file of that name is taken without being named outright.
    pub fn is_corpus_name(path: &Path) -> bool {
        let is_plain_json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(JSON));
        !is_plain_json && Self::of_name(path).is_some()
    }

    /// The format of a file that begins with `first`: its kind is `kind` if given, else by its name, else by its first bytes;
    /// how it is compressed is always seen in its bytes.
    pub fn detect(path: &Path, first: &[u8], kind: Option<Kind>) -> Self {
        let named = Self::of_name(path).map(|format| format.kind);
        let is_parquet = first.starts_with(b"PAR1");
        let codec = match first {
            _ if is_parquet => Codec::None,
            [0x1F, 0x8B, ..] => Codec::Gzip,
            // A frame, or one to be skipped.
            [0x28, 0xB5, 0x2F, 0xFD, ..] | [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..] => Codec::Zstd,
            _ => Codec::None,
        };
        let seen = || match () {
            () if is_parquet => Kind::Parquet,
            () if codec.begins_with_object(first) => Kind::JsonLines,
            () => Kind::Text,
        };
        Self { kind: kind.or(named).unwrap_or_else(seen), codec }
    }

    /// The format of the file at `path`, as [`Format::detect`] says.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn of_file(path: &Path, kind: Option<Kind>) -> io::Result<Self> {
        // A plain text need not be opened twice.
        if kind.is_none() && Self::of_name(path) == Some(Self::PLAIN) {
            return Ok(Self::PLAIN);
        }
        let file = File::open(path)?;
        let length = file.metadata()?.len().min(Self::FIRST);
        let mut first = Vec::new();
        file.take(Self::FIRST).read_to_end(&mut first)?;
        if (first.len() as u64) < length {
            return Err(ended_early(length - first.len() as u64));
        }
        Ok(Self::detect(path, &first, kind))
    }
}

impl Codec {
    /// Whether what decompresses from `first` begins with a line that is a JSON object, or with one too long to tell.
    fn begins_with_object(self, first: &[u8]) -> bool {
        let mut text = Vec::new();
        // What is cut off ends in an error; what came before it is enough.
        if let Ok(decoder) = self.decoder(first) {
            let _ = decoder.take(Format::FIRST).read_to_end(&mut text);
        }
        let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&text).trim_ascii_start();
        match text.iter().position(|byte| *byte == b'\n') {
            Some(end) => serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&text[..end]).is_ok(),
            None if (text.len() as u64) < Format::FIRST / 2 => {
                serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(text).is_ok()
            }
            None => text.starts_with(b"{\""),
        }
    }

    /// What `reader` yields once it is decompressed.
    ///
    /// # Errors
    ///
    /// A decoder cannot be made.
    pub fn decoder<'r>(self, reader: impl Read + Send + 'r) -> io::Result<Box<dyn BufRead + Send + 'r>> {
        const BUFFER: usize = 256 << 10;
        let reader = BufReader::with_capacity(BUFFER, reader);
        Ok(match self {
            Self::None => Box::new(reader),
            Self::Gzip => Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(reader))),
            Self::Zstd => Box::new(BufReader::with_capacity(BUFFER, zstd::stream::read::Decoder::with_buffer(reader)?)),
        })
    }

    /// Compresses what is written to it onto `file`.
    ///
    /// # Errors
    ///
    /// An encoder cannot be made.
    pub(super) fn encoder(self, file: File) -> io::Result<Encoder> {
        let file = io::BufWriter::with_capacity(256 << 10, file);
        Ok(match self {
            Self::None => Encoder::None(file),
            Self::Gzip => Encoder::Gzip(GzEncoder::new(file, Compression::default())),
            Self::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(file, zstd::DEFAULT_COMPRESSION_LEVEL)?;
                encoder.include_checksum(true)?;
                Encoder::Zstd(encoder)
            }
        })
    }
}

/// Writes compressed bytes to a file.
pub(super) enum Encoder {
    None(io::BufWriter<File>),
    Gzip(GzEncoder<io::BufWriter<File>>),
    Zstd(zstd::stream::write::Encoder<'static, io::BufWriter<File>>),
}

impl Encoder {
    /// Writes what is still held back, and gives the file again.
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
    fn names_tell_what_is_in_a_file() {
        let of = |name: &str| Format::of_name(Path::new(name)).map(|format| (format.kind, format.codec));
        assert_eq!(of("a/b.JSONL"), Some((Kind::JsonLines, Codec::None)));
        assert_eq!(of("c4-train.00000.json.gz"), Some((Kind::JsonLines, Codec::Gzip)));
        assert_eq!(of("a.md.zst"), Some((Kind::Text, Codec::Zstd)));
        assert_eq!(of("a.parquet"), Some((Kind::Parquet, Codec::None)));
        assert_eq!(of("a.gz"), None);
        assert_eq!(of("txt"), None);
        assert!(!Format::is_corpus_name(Path::new("package.json")));
        assert!(Format::is_corpus_name(Path::new("package.json.zst")));
    }

    #[test]
    fn bytes_tell_how_a_file_is_compressed_whatever_its_name() {
        let of = |name: &str, first: &[u8]| Format::detect(Path::new(name), first, None);
        assert_eq!(of("a.jsonl.gz", b"{\"te").codec, Codec::None);
        assert_eq!(of("a.jsonl", &[0x1F, 0x8B, 8, 0]).codec, Codec::Gzip);
        assert_eq!(of("a", b"PAR1").kind, Kind::Parquet);
    }
}
