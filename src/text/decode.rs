//! From a file's bytes to text.

/// What went wrong when bytes that are not valid UTF-8 were read as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decoding {
    /// Offset in the file of the first byte that is not valid UTF-8.
    pub first_byte: usize,
    /// Sequences that were replaced by U+FFFD.
    pub sequences: usize,
}

/// Why bytes are not taken for text at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotText {
    /// A byte of value 0 stands near the start.
    #[error("binary file")]
    Binary,
    /// The file begins with the byte order mark of UTF-16 or UTF-32.
    #[error("UTF-16 or UTF-32 text; convert it to UTF-8")]
    Wide,
}

/// Reads bytes as UTF-8; sequences that are none become U+FFFD, and the second value says so.
///
/// # Errors
///
/// The bytes are no text in UTF-8 or a superset of ASCII.
pub fn decode(bytes: Vec<u8>) -> Result<(String, Option<Decoding>), NotText> {
    /// As much of a file as tells whether it is binary; git looks at as many bytes.
    const PROBE: usize = 8_000;
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err(NotText::Wide);
    }
    if memchr::memchr(0, &bytes[..bytes.len().min(PROBE)]).is_some() {
        return Err(NotText::Binary);
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
    Ok((text, Some(Decoding { first_byte, sequences })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_utf8_is_replaced_and_told() {
        let (text, decoding) = decode(b"caf\xe9 ol\xe9".to_vec()).unwrap();
        assert_eq!(text, "caf\u{fffd} ol\u{fffd}");
        assert_eq!(decoding, Some(Decoding { first_byte: 3, sequences: 2 }));
        assert_eq!(decode("café".into()).unwrap(), ("café".into(), None));
        assert_eq!(decode(b"a\0b".to_vec()), Err(NotText::Binary));
        assert_eq!(decode(b"\xff\xfea\0".to_vec()), Err(NotText::Wide));
    }
}
