//! Reads all LZ4 frames of a file.

use std::io::{self, BufRead, Read};

use lz4_flex::frame::FrameDecoder;

/// Decompresses a file of any number of frames.
pub(super) struct Lz4Decoder<R: Read>(FrameDecoder<CompleteFrames<R>>);

impl<R: BufRead> Lz4Decoder<R> {
    pub(super) fn new(reader: R) -> Self {
        Self(FrameDecoder::new(CompleteFrames::new(reader)))
    }
}

impl<R: BufRead> Read for Lz4Decoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let length = self.0.read(buffer)?;
            // The decoder stops after each frame.
            if length > 0 || buffer.is_empty() || self.0.get_mut().is_at_end()? {
                return Ok(length);
            }
        }
    }
}

/// Passes bytes on, and fails if the file ends within a frame, which the decoder would accept as
/// the end of the frame.
///
/// It follows the structure of
/// [frames](https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md) without decompressing
/// blocks.
struct CompleteFrames<R> {
    reader: R,
    part: FramePart,
    /// The bytes of the current part so far, if its content matters.
    bytes: Vec<u8>,
    /// Remaining bytes of the current part.
    rest: usize,
    has_block_checksums: bool,
    has_content_checksum: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FramePart {
    /// The magic number and the first two bytes of the descriptor.
    Start,
    /// The rest of the descriptor.
    Descriptor,
    BlockSize,
    Block,
    ContentChecksum,
}

const START_BYTES: usize = 6;
const MAGIC: [u8; 4] = [0x04, 0x22, 0x4D, 0x18];

impl<R> CompleteFrames<R> {
    fn new(reader: R) -> Self {
        Self {
            reader,
            part: FramePart::Start,
            bytes: Vec::new(),
            rest: START_BYTES,
            has_block_checksums: false,
            has_content_checksum: false,
        }
    }

    fn follow(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(self.rest));
            if self.part != FramePart::Block {
                self.bytes.extend_from_slice(now);
            }
            self.rest -= now.len();
            bytes = later;
            if self.rest == 0 {
                self.start_next_part()?;
            }
        }
        Ok(())
    }

    fn start_next_part(&mut self) -> io::Result<()> {
        let bytes = std::mem::take(&mut self.bytes);
        (self.part, self.rest) = match self.part {
            FramePart::Start => {
                let flags = bytes.get(4).copied().unwrap_or_default();
                if !bytes.starts_with(&MAGIC) {
                    return Err(corrupt("no LZ4 frame follows"));
                }
                let has = |bit: u8| flags & (1 << bit) != 0;
                (self.has_block_checksums, self.has_content_checksum) = (has(4), has(2));
                // Content size, dictionary ID, and the checksum of the descriptor.
                let size = if has(3) { 8 } else { 0 } + if has(0) { 4 } else { 0 } + 1;
                (FramePart::Descriptor, size)
            }
            FramePart::BlockSize => match bytes.first_chunk() {
                Some([0, 0, 0, 0]) if self.has_content_checksum => (FramePart::ContentChecksum, 4),
                Some([0, 0, 0, 0]) | None => (FramePart::Start, START_BYTES),
                Some(size) => {
                    let size = u32::from_le_bytes(*size) & 0x7FFF_FFFF;
                    let checksum = if self.has_block_checksums { 4 } else { 0 };
                    let size = usize::try_from(size).unwrap_or(usize::MAX);
                    (FramePart::Block, size.saturating_add(checksum).max(1))
                }
            },
            FramePart::Descriptor | FramePart::Block => (FramePart::BlockSize, 4),
            FramePart::ContentChecksum => (FramePart::Start, START_BYTES),
        };
        Ok(())
    }
}

impl<R: BufRead> CompleteFrames<R> {
    /// Whether the file ends here, between two frames.
    fn is_at_end(&mut self) -> io::Result<bool> {
        let is_between = self.part == FramePart::Start && self.bytes.is_empty();
        Ok(is_between && self.reader.fill_buf()?.is_empty())
    }
}

impl<R: Read> Read for CompleteFrames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.reader.read(buffer)?;
        if length == 0 && !buffer.is_empty() {
            let is_between = self.part == FramePart::Start && self.bytes.is_empty();
            return if is_between { Ok(0) } else { Err(corrupt("the LZ4 frame ends early")) };
        }
        self.follow(buffer.get(..length).unwrap_or_default())?;
        Ok(length)
    }
}

fn corrupt(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}
