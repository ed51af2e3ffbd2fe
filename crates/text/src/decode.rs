//! Decoding of bytes to text.

/// Replacements made while decoding bytes that are not valid UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LossyDecoding {
    /// File offset of the first invalid byte.
    pub first_byte: usize,
    /// Number of sequences replaced with U+FFFD.
    pub sequences: usize,
    /// The first lone surrogate in a JSON escape, if such escapes were replaced rather than bytes.
    pub lone_surrogate: Option<u16>,
}

/// Why bytes are not text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotText {
    /// A NUL byte near the start.
    #[error("binary file")]
    Binary,
    /// The signature of a known format. Holds the format's name and what to do about it.
    #[error("{0}")]
    KnownFormat(&'static str),
    /// A byte order mark of UTF-16 or UTF-32.
    #[error("UTF-16 or UTF-32 text; convert it to UTF-8")]
    Utf16,
}

/// Number of bytes inspected to detect binary files; the same as in Git.
pub const PROBE_BYTES: usize = 8_000;

/// Returns why a file starting with `first` is not text, judging by its first [`PROBE_BYTES`].
pub fn not_text(first: &[u8]) -> Option<NotText> {
    let first = &first[..first.len().min(PROBE_BYTES)];
    if first.starts_with(&[0xFF, 0xFE]) || first.starts_with(&[0xFE, 0xFF]) {
        return Some(NotText::Utf16);
    }
    let known = known_format(first).map(NotText::KnownFormat);
    known.or_else(|| memchr::memchr(0, first).map(|_| NotText::Binary))
}

/// Decodes UTF-8, replacing invalid sequences with U+FFFD and reporting what was replaced.
///
/// # Errors
///
/// Returns [`NotText`] if the bytes are in a binary format or in UTF-16.
pub fn decode(bytes: Vec<u8>) -> Result<(String, Option<LossyDecoding>), NotText> {
    if let Some(reason) = not_text(&bytes) {
        return Err(reason);
    }
    let error = match String::from_utf8(bytes) {
        Ok(text) => return Ok((text, None)),
        Err(error) => error,
    };
    let first_byte = error.utf8_error().valid_up_to();
    let bytes = error.into_bytes();
    let mut text = String::with_capacity(bytes.len());
    let mut sequences = 0;
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            text.push(char::REPLACEMENT_CHARACTER);
            sequences += 1;
        }
    }
    Ok((text, Some(LossyDecoding { first_byte, sequences, lone_surrogate: None })))
}

/// Recognises formats that are commonly mistaken for text.
fn known_format(first: &[u8]) -> Option<&'static str> {
    const ENTRIES: &[(&[u8], &str)] = &[
        (b"word/", "Word document; extract its text first"),
        (b"xl/", "Excel workbook; extract its text first"),
        (b"ppt/", "PowerPoint presentation; extract its text first"),
        (b"[Content_Types].xml", "Office document; extract its text first"),
        (b"mimetypeapplication/epub+zip", "EPUB book; extract its text first"),
        (
            b"mimetypeapplication/vnd.oasis.opendocument",
            "OpenDocument file; extract its text first",
        ),
    ];
    Some(match first {
        [0x1F, 0x8B, ..] => "gzip data; give it a name that ends in .gz, or decompress it",
        [0x28, 0xB5, 0x2F, 0xFD, ..] => {
            "Zstandard data; give it a name that ends in .zst, or decompress it"
        }
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..] => {
            "bzip2 data; give it a name that ends in .bz2, or decompress it"
        }
        [0xFD, b'7', b'z', b'X', b'Z', 0, ..] => {
            "xz data; give it a name that ends in .xz, or decompress it"
        }
        [0x04, 0x22, 0x4D, 0x18, ..] => {
            "LZ4 data; give it a name that ends in .lz4, or decompress it"
        }
        [b'7', b'z', 0xBC, 0xAF, 0x27, 0x1C, ..] => "7z archive; unpack it first",
        [b'R', b'a', b'r', b'!', 0x1A, 0x07, ..] => "RAR archive; unpack it first",
        [b'P', b'K', 3, 4, ..] => {
            let holds = |name: &[u8]| memchr::memmem::find(first, name).is_some();
            let entry = ENTRIES.iter().find(|(name, _)| holds(name));
            entry.map_or("ZIP archive; unpack it first", |(_, format)| format)
        }
        _ if first.get(257..262) == Some(b"ustar") => "tar archive; unpack it first",
        [b'%', b'P', b'D', b'F', b'-', b'0'..=b'9', ..] => "PDF document; extract its text first",
        [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, ..] => {
            "old Office document; extract its text first"
        }
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => "PNG image",
        [0xFF, 0xD8, 0xFF, ..] => "JPEG image",
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => "GIF image",
        [b'P', b'A', b'R', b'1', ..] => {
            "Parquet data; give it a name that ends in .parquet, or --format parquet"
        }
        _ if first.starts_with(b"SQLite format 3\0") => "SQLite database; export its text first",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_invalid_utf8_and_rejects_binary_formats() {
        let (text, decoding) = decode(b"caf\xe9 ol\xe9".to_vec()).unwrap();
        assert_eq!(text, "caf\u{fffd} ol\u{fffd}");
        assert_eq!(
            decoding,
            Some(LossyDecoding { first_byte: 3, sequences: 2, lone_surrogate: None })
        );
        assert_eq!(decode("café".into()).unwrap(), ("café".into(), None));
        assert_eq!(decode(b"a\0b".to_vec()), Err(NotText::Binary));
        assert_eq!(decode(b"\xff\xfea\0".to_vec()), Err(NotText::Utf16));
        let message = |bytes: &[u8]| decode(bytes.to_vec()).unwrap_err().to_string();
        assert!(message(&[0x1F, 0x8B, 8, 0, 0]).starts_with("gzip data; "));
        assert!(message(b"PK\x03\x04\x14\0\0\0word/document.xml").starts_with("Word document; "));
        assert!(message(b"PK\x03\x04\x14\0\0\0notes.txt").starts_with("ZIP archive; "));
        assert!(message(b"%PDF-1.7\n").starts_with("PDF document; "));
        assert!(
            decode(b"%PDF- is how they begin; PK, GIF8, Rar! and BZh9 are words.".to_vec()).is_ok()
        );
    }
}
