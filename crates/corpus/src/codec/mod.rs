//! How whole files are compressed.

#[cfg(feature = "codecs")]
mod brotli_stream;
mod encoder;
mod lz4_frames;

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read};

#[cfg(feature = "codecs")]
use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;
#[cfg(feature = "codecs")]
use lzma_rust2::XzReader;

#[cfg(feature = "codecs")]
use brotli_stream::BrotliDecoder;
pub(super) use encoder::Encoder;
use lz4_frames::Lz4Decoder;

use super::decoder_panic::catch_decoder_panic;

/// How a whole file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// Not compressed.
    None,
    /// gzip, with any number of members.
    Gzip,
    /// Zstandard, with any number of frames.
    Zstd,
    /// bzip2, with any number of streams.
    Bzip2,
    /// xz, with any number of streams.
    Xz,
    /// LZ4 in its frame format, with any number of frames.
    Lz4,
    /// Brotli. It has no signature, so it is only detected from the file name.
    Brotli,
}

/// Names of a codec.
struct CodecNames {
    codec: Codec,
    extensions: &'static [&'static str],
    /// The command that decompresses a file to standard output.
    command: &'static str,
}

/// All codecs except [`Codec::None`].
const CODECS: &[CodecNames] = &[
    CodecNames { codec: Codec::Gzip, extensions: &["gz", "gzip"], command: "gzip -dc" },
    CodecNames { codec: Codec::Zstd, extensions: &["zst", "zstd"], command: "zstd -dc" },
    CodecNames { codec: Codec::Bzip2, extensions: &["bz2"], command: "bzip2 -dc" },
    CodecNames { codec: Codec::Xz, extensions: &["xz"], command: "xz -dc" },
    CodecNames { codec: Codec::Lz4, extensions: &["lz4"], command: "lz4 -dc" },
    CodecNames { codec: Codec::Brotli, extensions: &["br"], command: "brotli -dc" },
];

/// Size of the buffers for reading and writing files.
const BUFFER_BYTES: usize = 256 << 10;

/// Maximum memory of an xz decoder in KiB: a dictionary of 128 MiB, which is also what Zstandard
/// accepts, and the decoder itself. `xz -9` needs half of it.
#[cfg(feature = "codecs")]
const MAX_XZ_KIB: u32 = (129 << 20) >> 10;

impl Codec {
    /// Returns the codec that a file extension implies, if any.
    pub(super) fn from_extension(extension: &str) -> Option<Self> {
        let names = CODECS.iter().find(|names| names.extensions.contains(&extension))?;
        Some(names.codec)
    }

    /// Returns the codec of a file that starts with the bytes `start`. Without a signature, returns
    /// `from_name` if that is a codec without a signature.
    pub(super) fn detect(start: &[u8], from_name: Self) -> Self {
        match start {
            [0x1F, 0x8B, ..] => Self::Gzip,
            // A frame, or a skippable frame.
            [0x28, 0xB5, 0x2F, 0xFD, ..] | [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..] => Self::Zstd,
            // A stream with a block, or without one.
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..]
            | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90, ..] => {
                Self::Bzip2
            }
            [0xFD, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            [0x04, 0x22, 0x4D, 0x18, ..] => Self::Lz4,
            _ if from_name == Self::Brotli => Self::Brotli,
            _ => Self::None,
        }
    }

    /// Returns the extension of a file with this codec, with its dot. Empty for [`Codec::None`].
    pub(super) fn extension(self) -> String {
        let names = CODECS.iter().find(|names| names.codec == self);
        let extension = names.and_then(|names| names.extensions.first());
        extension.map_or_else(String::new, |extension| format!(".{extension}"))
    }

    /// Returns the command that decompresses a file to standard output, or `None` for
    /// [`Codec::None`].
    pub(super) fn command(self) -> Option<&'static str> {
        CODECS.iter().find(|names| names.codec == self).map(|names| names.command)
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
            Self::Gzip => buffered(MultiGzDecoder::new(reader)),
            Self::Zstd => buffered(zstd::stream::read::Decoder::with_buffer(reader)?),
            Self::Lz4 => buffered(FusedDecoder::new(Lz4Decoder::new(reader))),
            #[cfg(feature = "codecs")]
            Self::Bzip2 => buffered(FusedDecoder::new(MultiBzDecoder::new(reader))),
            #[cfg(feature = "codecs")]
            Self::Xz => {
                buffered(FusedDecoder::new(XzReader::new_mem_limit(reader, true, MAX_XZ_KIB)))
            }
            #[cfg(feature = "codecs")]
            Self::Brotli => buffered(FusedDecoder::new(BrotliDecoder::new(reader))),
            #[cfg(not(feature = "codecs"))]
            Self::Bzip2 | Self::Xz | Self::Brotli => return Err(self.unsupported()),
        })
    }

    #[cfg(not(feature = "codecs"))]
    fn unsupported(self) -> io::Error {
        let message = format!(
            "this build does not decompress {self:?}; build dechaff with `--features codecs`, or \
             decompress the file"
        );
        io::Error::new(io::ErrorKind::Unsupported, message)
    }

    /// Returns a writer that compresses into `file`.
    ///
    /// # Errors
    ///
    /// The encoder cannot be created.
    pub(super) fn encoder(self, file: File) -> io::Result<Encoder> {
        Encoder::new(self, BufWriter::with_capacity(BUFFER_BYTES, file))
    }
}

fn buffered<'r>(decoder: impl Read + Send + 'r) -> Box<dyn BufRead + Send + 'r> {
    Box::new(BufReader::with_capacity(BUFFER_BYTES, decoder))
}

/// A decoder that is not used again after an error or a panic on corrupt data.
struct FusedDecoder<D> {
    /// `None` after an error.
    decoder: Option<D>,
}

impl<D> FusedDecoder<D> {
    fn new(decoder: D) -> Self {
        Self { decoder: Some(decoder) }
    }
}

impl<D: Read> Read for FusedDecoder<D> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let corrupt =
            || io::Error::new(io::ErrorKind::InvalidData, "the compressed data is corrupt");
        let mut decoder = self.decoder.take().ok_or_else(corrupt)?;
        let read = catch_decoder_panic(|| decoder.read(buffer));
        let result = read.unwrap_or_else(|| Err(corrupt()));
        let is_usable = match &result {
            Ok(_) => true,
            Err(error) => error.kind() == io::ErrorKind::Interrupted,
        };
        self.decoder = is_usable.then_some(decoder);
        result
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const ALL: &[Codec] = &[
        Codec::Gzip,
        Codec::Zstd,
        Codec::Lz4,
        #[cfg(feature = "codecs")]
        Codec::Bzip2,
        #[cfg(feature = "codecs")]
        Codec::Xz,
        #[cfg(feature = "codecs")]
        Codec::Brotli,
    ];

    fn compressed(codec: Codec, bytes: &[u8]) -> Vec<u8> {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut encoder = codec.encoder(file.reopen().unwrap()).unwrap();
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap();
        std::fs::read(file.path()).unwrap()
    }

    fn decompressed(codec: Codec, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        codec.decoder(bytes)?.read_to_end(&mut content)?;
        Ok(content)
    }

    /// Returns text that does not compress well.
    fn text() -> Vec<u8> {
        let mut state = 1_u32;
        let mut word = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            format!("{:x} ", state >> 8)
        };
        (0..40_000).flat_map(|_| word().into_bytes()).collect()
    }

    #[test]
    fn every_codec_reads_what_it_writes() {
        for bytes in [&b""[..], b"a", &text()] {
            for &codec in ALL {
                let packed = compressed(codec, bytes);
                assert_eq!(Codec::detect(&packed, codec), codec);
                assert!(decompressed(codec, &packed).unwrap() == bytes, "{codec:?}");
                if codec != Codec::Brotli {
                    let twice = [&packed[..], &packed].concat();
                    let content = decompressed(codec, &twice).unwrap();
                    assert!(content == bytes.repeat(2), "{codec:?}");
                }
            }
        }
    }

    #[test]
    fn a_truncated_stream_is_an_error() {
        for &codec in ALL {
            let packed = compressed(codec, &text());
            let cuts = (1..40).chain([packed.len() / 3, packed.len() / 2]);
            for missing in cuts.filter(|missing| *missing < packed.len()) {
                let cut = &packed[..packed.len() - missing];
                assert!(decompressed(codec, cut).is_err(), "{codec:?} without {missing} bytes");
            }
        }
    }

    #[test]
    fn bytes_after_the_end_are_an_error() {
        for &codec in ALL {
            let packed = [&compressed(codec, b"text")[..], b"more and more and more"].concat();
            let content = decompressed(codec, &packed);
            assert!(content.is_err(), "{codec:?}: {content:?}");
        }
    }
}
