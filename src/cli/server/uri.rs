//! File URIs. Clients may encode the same path in different ways, so the server reuses the client's
//! spelling.

use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

use crate::text::path_of;

const SCHEME: &str = "file://";

/// The bytes of a path that a URI encodes.
const ENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// Returns the path of a file URI. Returns `None` for other schemes, such as `untitled:`,
/// and other hosts.
pub(super) fn path_from_uri(uri: &str) -> Option<PathBuf> {
    let rest = uri.strip_prefix(SCHEME)?;
    let rest = rest.strip_prefix("localhost").unwrap_or(rest);
    let rest = rest.split(['?', '#']).next().filter(|rest| rest.starts_with('/'))?;
    let bytes: Vec<u8> = percent_decode_str(rest).collect();
    if bytes.contains(&0) {
        return None;
    }
    Some(path_from_bytes(bytes))
}

#[cfg(unix)]
fn path_from_bytes(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    PathBuf::from(std::ffi::OsString::from_vec(bytes))
}

#[cfg(not(unix))]
fn path_from_bytes(bytes: Vec<u8>) -> PathBuf {
    let text = String::from_utf8_lossy(&bytes).into_owned();
    // `/c:/folder` is `c:\folder`.
    let has_drive = text.as_bytes().get(2) == Some(&b':');
    PathBuf::from(if has_drive { text[1..].to_owned() } else { text })
}

/// Returns the URI of the file with this name, made absolute.
pub(super) fn uri_from_name(name: &str) -> String {
    uri_from_path(&path_of(name))
}

/// Returns the URI of an absolute path.
pub(super) fn uri_from_path(path: &Path) -> String {
    let bytes = path.as_os_str().as_encoded_bytes();
    let slashed: Vec<u8> = match cfg!(windows) {
        true => {
            let bytes = bytes.iter().map(|byte| if *byte == b'\\' { b'/' } else { *byte });
            std::iter::once(b'/').chain(bytes).collect()
        }
        false => bytes.to_vec(),
    };
    format!("{SCHEME}{}", percent_encode(&slashed, ENCODED))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn uris_convert_to_paths() {
        let path = |uri| path_from_uri(uri).map(|path| path.to_string_lossy().into_owned());
        assert_eq!(path("file:///a%20b/%C3%BC.txt").as_deref(), Some("/a b/ü.txt"));
        assert_eq!(path("file://localhost/a?q#f").as_deref(), Some("/a"));
        assert_eq!(path("file:///a/100%25/50%").as_deref(), Some("/a/100%/50%"));
        for other in ["untitled:Untitled-1", "file://host/a", "file:a", "", "file:///a%00b"] {
            assert_eq!(path(other), None, "{other}");
        }
        assert_eq!(uri_from_path(Path::new("/a b/ü:1.txt")), "file:///a%20b/%C3%BC%3A1.txt");
        for name in ["/a b/ü.txt", "/caf\\xE9.txt"] {
            assert_eq!(path_from_uri(&uri_from_name(name)).unwrap(), path_of(name));
        }
    }
}
