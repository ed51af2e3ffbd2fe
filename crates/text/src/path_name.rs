//! File names as text. File names need not be valid UTF-8, and two names must not map to the same
//! text.

use std::path::{Path, PathBuf};

/// Names of paths in messages, reports, baselines and undo logs.
pub trait PathName {
    /// Returns the path as text. Bytes that are not valid UTF-8 become `\xFF` with their two
    /// hexadecimal digits, and a backslash that could be mistaken for such an escape becomes
    /// `\x5C`. [`path_of`] reverses this.
    fn name(&self) -> String;
}

impl PathName for Path {
    #[cfg(unix)]
    fn name(&self) -> String {
        use std::fmt::Write as _;
        use std::os::unix::ffi::OsStrExt;
        let bytes = self.as_os_str().as_bytes();
        if let Ok(text) = str::from_utf8(bytes)
            && !text.contains("\\x")
        {
            return text.to_owned();
        }
        let mut name = String::with_capacity(bytes.len() + 8);
        for chunk in bytes.utf8_chunks() {
            for (index, part) in chunk.valid().split('\\').enumerate() {
                if index > 0 {
                    name.push_str(if escaped_byte(part).is_some() { "\\x5C" } else { "\\" });
                }
                name.push_str(part);
            }
            for byte in chunk.invalid() {
                let _ = write!(name, "\\x{byte:02X}");
            }
        }
        name
    }

    #[cfg(not(unix))]
    fn name(&self) -> String {
        self.to_string_lossy().into_owned()
    }
}

/// Returns the path that [`PathName::name`] named.
#[cfg(unix)]
pub fn path_of(name: &str) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    if !name.contains("\\x") {
        return PathBuf::from(name);
    }
    let mut bytes = Vec::with_capacity(name.len());
    for (index, part) in name.split('\\').enumerate() {
        match escaped_byte(part).filter(|_| index > 0) {
            Some(byte) => {
                bytes.push(byte);
                bytes.extend_from_slice(&part.as_bytes()[ESCAPE_BYTES..]);
            }
            None => {
                if index > 0 {
                    bytes.push(b'\\');
                }
                bytes.extend_from_slice(part.as_bytes());
            }
        }
    }
    PathBuf::from(std::ffi::OsString::from_vec(bytes))
}

/// Returns the path that [`PathName::name`] named.
#[cfg(not(unix))]
pub fn path_of(name: &str) -> PathBuf {
    PathBuf::from(name)
}

/// Length of an escape without its backslash.
#[cfg(unix)]
const ESCAPE_BYTES: usize = "xFF".len();

/// Returns the byte that `part`, the text after a backslash, escapes: a non-ASCII byte or a
/// backslash.
#[cfg(unix)]
fn escaped_byte(part: &str) -> Option<u8> {
    let digits = part.strip_prefix('x')?.get(..2)?;
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'A'..=b'F');
    let byte = u8::from_str_radix(digits, 16).ok().filter(|_| digits.bytes().all(is_digit))?;
    (byte >= 0x80 || byte == b'\\').then_some(byte)
}

#[cfg(all(test, unix))]
mod tests {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escapes_names_that_are_not_utf8() {
        let name = |bytes: &[u8]| PathBuf::from(OsString::from_vec(bytes.to_vec())).name();
        assert_eq!(name(b"caf\xE9/a.txt"), "caf\\xE9/a.txt");
        assert_eq!(name("café\\d.txt".as_bytes()), "café\\d.txt");
        assert_eq!(name(b"a\\xE9\xE9"), "a\\x5CxE9\\xE9");
        assert_eq!(name(b"a\\x41\\xe9"), "a\\x41\\xe9");
    }

    const PARTS: &[&[u8]] = &[b"\\", b"x", b"5C", b"E9", b"\xE9", b"\xC3", b"\xA9", b"/a"];

    proptest! {
        #[test]
        fn names_round_trip(parts in prop::collection::vec(prop::sample::select(PARTS), 0..12)) {
            let path = PathBuf::from(OsString::from_vec(parts.concat()));
            prop_assert_eq!(path_of(&path.name()), path);
        }
    }
}
