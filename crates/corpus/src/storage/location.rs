//! Paths passed by the user: local paths and URLs.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;

use dechaff_text::path_of;

/// The schemes of stores.
const SCHEMES: [&str; 6] = ["s3", "gs", "az", "hf", "https", "http"];

/// Why a URL is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LocationError {
    /// Unknown scheme.
    #[error(
        "`{0}://` is not supported: give a local path, or a URL with s3://, gs://, az://, hf://, \
         https:// or file://"
    )]
    Scheme(String),
    /// This build does not support object stores.
    #[error(
        "this build reads no object stores; build dechaff with `--features object-store`, or copy \
         the files to a local directory"
    )]
    Feature,
    /// It is incomplete or malformed.
    #[error("{0}")]
    Form(String),
}

/// Whether `path` is a URL rather than a local path.
pub fn is_url(path: &Path) -> bool {
    path.to_str().is_some_and(|text| split_scheme(text).is_some())
}

/// Splits a URL into its scheme and the rest.
pub(super) fn split_scheme(text: &str) -> Option<(&str, &str)> {
    // A single letter is a drive, not a scheme.
    let (scheme, rest) = text.split_once("://").filter(|(scheme, _)| scheme.len() > 1)?;
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.chars().all(|next| next.is_ascii_alphanumeric() || "+-.".contains(next));
    is_scheme.then_some((scheme, rest))
}

/// Parses a path or URL: converts `file://` to a local path, and validates other URLs.
///
/// # Errors
///
/// The URL is malformed, or this build does not support it.
pub fn parse_location(text: &OsStr) -> Result<PathBuf, LocationError> {
    let Some((scheme, rest)) = text.to_str().and_then(split_scheme) else {
        return Ok(PathBuf::from(text));
    };
    let form = |message: &str| Err(LocationError::Form(message.into()));
    if scheme == "file" {
        let path = rest.strip_prefix("localhost").unwrap_or(rest);
        if !path.starts_with('/') {
            return form(
                "a file:// URL has three slashes before the absolute path: file:///corpus",
            );
        }
        let path = percent_decode_str(path).decode_utf8_lossy();
        // `file:///C:/corpus`
        let is_drive = cfg!(windows) && path.get(2..3) == Some(":");
        return Ok(path_of(if is_drive { &path[1..] } else { &path }));
    }
    if !SCHEMES.contains(&scheme) {
        return Err(LocationError::Scheme(scheme.into()));
    }
    if cfg!(not(feature = "object-store")) {
        return Err(LocationError::Feature);
    }
    let parts: Vec<&str> = rest.split('/').collect();
    match scheme {
        "hf" => {
            let is_named = |part: Option<&&str>| part.is_some_and(|part| !part.is_empty());
            if parts[0] != "datasets" || !is_named(parts.get(1)) || !is_named(parts.get(2)) {
                return form("the URL of a Hugging Face dataset is hf://datasets/OWNER/NAME/PATH");
            }
        }
        "http" | "https" => {
            if rest.contains(['?', '#']) {
                return form(
                    "URLs with `?` or `#` are not supported; download the file, or use s3://, gs:// or az://",
                );
            }
            if parts[0].contains('@') {
                return form("a URL must not contain a password");
            }
            if parts.len() < 2 || rest.ends_with('/') {
                return form("cannot list directories of a web server; pass the URL of a file");
            }
        }
        _ if parts[0].is_empty() => return form("the URL has no bucket"),
        _ => {}
    }
    let key = rest.split_once('/').map_or("", |(_, key)| key.strip_suffix('/').unwrap_or(key));
    if !key.is_empty() && key.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return form("a URL cannot have an empty, `.` or `..` segment");
    }
    Ok(PathBuf::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<PathBuf, String> {
        parse_location(OsStr::new(text)).map_err(|error| error.to_string())
    }

    #[test]
    fn local_paths_and_file_urls_are_local() {
        for path in ["a/b.txt", "/a:/b", "C://x", "a b://c", "-", "://"] {
            assert_eq!(parse(path).unwrap(), PathBuf::from(path));
            assert!(!is_url(Path::new(path)), "{path}");
        }
        assert_eq!(parse("file:///a/b%20c.txt").unwrap(), PathBuf::from("/a/b c.txt"));
        assert_eq!(parse("file://localhost/a").unwrap(), PathBuf::from("/a"));
        assert!(parse("file://a/b").unwrap_err().contains("three slashes"));
    }

    #[test]
    fn unknown_schemes_are_errors() {
        assert!(parse("ftp://host/a").unwrap_err().contains("`ftp://` is not supported"));
    }

    #[cfg(not(feature = "object-store"))]
    #[test]
    fn the_error_of_a_store_names_the_feature() {
        assert!(parse("s3://bucket/a").unwrap_err().contains("--features object-store"));
    }

    #[cfg(feature = "object-store")]
    #[test]
    fn urls_must_be_complete() {
        for url in ["s3://bucket", "gs://bucket/a/", "az://c/x.txt", "hf://datasets/o/n@main/a"] {
            assert_eq!(parse(url).unwrap(), PathBuf::from(url));
        }
        for url in ["s3://", "s3:///a", "s3://b/a//c", "s3://b/../c", "hf://o/n", "https://host"] {
            assert!(parse(url).is_err(), "{url}");
        }
        assert!(parse("https://u:p@host/a").unwrap_err().contains("password"));
        assert!(parse("https://host/a?sig=x").unwrap_err().contains("`?`"));
    }
}
