//! Compresses into files.

use std::fs::File;
use std::io::{self, BufWriter, Write};

#[cfg(feature = "codecs")]
use brotli::CompressorWriter;
#[cfg(feature = "codecs")]
use brotli::enc::BrotliEncoderParams;
#[cfg(feature = "codecs")]
use bzip2::write::BzEncoder;
use flate2::write::GzEncoder;
use lz4_flex::frame::{BlockSize, FrameEncoder, FrameInfo};
#[cfg(feature = "codecs")]
use lzma_rust2::{XzOptions, XzWriter};

use super::Codec;

/// Compresses into a file, at the level that the command-line tool of each format uses by default.
pub(crate) struct Encoder(Box<dyn FinishingWriter>);

/// Quality of Brotli. The default of its tool, 11, takes a second per megabyte.
#[cfg(feature = "codecs")]
const BROTLI_QUALITY: i32 = 6;
#[cfg(feature = "codecs")]
const BROTLI_BUFFER_BYTES: usize = 64 << 10;
#[cfg(feature = "codecs")]
const XZ_PRESET: u32 = 6;

impl Encoder {
    pub(super) fn new(codec: Codec, file: BufWriter<File>) -> io::Result<Self> {
        Ok(Self(match codec {
            Codec::None => Box::new(file),
            Codec::Gzip => Box::new(GzEncoder::new(file, flate2::Compression::default())),
            Codec::Zstd => {
                let mut encoder =
                    zstd::stream::write::Encoder::new(file, zstd::DEFAULT_COMPRESSION_LEVEL)?;
                encoder.include_checksum(true)?;
                Box::new(encoder)
            }
            #[cfg(feature = "codecs")]
            Codec::Bzip2 => Box::new(BzEncoder::new(file, bzip2::Compression::best())),
            #[cfg(feature = "codecs")]
            Codec::Xz => Box::new(XzWriter::new(file, XzOptions::with_preset(XZ_PRESET))?),
            Codec::Lz4 => {
                let frame = FrameInfo::new().block_size(BlockSize::Max256KB).content_checksum(true);
                Box::new(FrameEncoder::with_frame_info(frame, file))
            }
            #[cfg(feature = "codecs")]
            Codec::Brotli => {
                let params = BrotliEncoderParams { quality: BROTLI_QUALITY, ..Default::default() };
                Box::new(CompressorWriter::with_params(file, BROTLI_BUFFER_BYTES, &params))
            }
            #[cfg(not(feature = "codecs"))]
            Codec::Bzip2 | Codec::Xz | Codec::Brotli => return Err(codec.unsupported()),
        }))
    }

    /// Flushes all buffers and returns the file.
    pub(crate) fn finish(self) -> io::Result<File> {
        self.0.finish()?.into_inner().map_err(io::IntoInnerError::into_error)
    }
}

impl Write for Encoder {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// A writer whose stream has an end.
trait FinishingWriter: Write + Send {
    /// Writes the end of the stream.
    fn finish(self: Box<Self>) -> io::Result<BufWriter<File>>;
}

impl FinishingWriter for BufWriter<File> {
    fn finish(self: Box<Self>) -> io::Result<BufWriter<File>> {
        Ok(*self)
    }
}

impl FinishingWriter for GzEncoder<BufWriter<File>> {
    fn finish(self: Box<Self>) -> io::Result<BufWriter<File>> {
        (*self).finish()
    }
}

impl FinishingWriter for zstd::stream::write::Encoder<'static, BufWriter<File>> {
    fn finish(self: Box<Self>) -> io::Result<BufWriter<File>> {
        (*self).finish()
    }
}

#[cfg(feature = "codecs")]
impl FinishingWriter for BzEncoder<BufWriter<File>> {
    fn finish(self: Box<Self>) -> io::Result<BufWriter<File>> {
        (*self).finish()
    }
}

#[cfg(feature = "codecs")]
impl FinishingWriter for XzWriter<BufWriter<File>> {
    fn finish(self: Box<Self>) -> io::Result<BufWriter<File>> {
        (*self).finish()
    }
}

impl FinishingWriter for FrameEncoder<BufWriter<File>> {
    fn finish(self: Box<Self>) -> io::Result<BufWriter<File>> {
        (*self).finish().map_err(io::Error::other)
    }
}

#[cfg(feature = "codecs")]
impl FinishingWriter for CompressorWriter<BufWriter<File>> {
    fn finish(mut self: Box<Self>) -> io::Result<BufWriter<File>> {
        // `into_inner` writes the end of the stream but hides errors.
        self.flush()?;
        Ok((*self).into_inner())
    }
}
