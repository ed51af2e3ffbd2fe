//! Assigns documents to sites or other groups.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use dechaff_text::PathName;

/// How documents are grouped into sites.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupBy {
    /// By the folder of their file.
    Path,
    /// By the registered domain of the URL in a field, or by the value of the field if it is not a
    /// URL.
    Field(String),
}

impl GroupBy {
    /// Parses `path`, or the name of a field.
    pub fn parse(text: &str) -> Self {
        match text {
            "path" => Self::Path,
            field => Self::Field(field.into()),
        }
    }

    /// Returns what [`GroupBy::parse`] parses.
    pub fn name(&self) -> &str {
        self.field().unwrap_or("path")
    }

    /// Returns the field of records to read.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Path => None,
            Self::Field(field) => Some(field),
        }
    }

    /// Returns the group of the document in the file at `path`, whose field has `value`.
    pub fn group(&self, path: &Path, value: Option<&str>) -> Option<Arc<str>> {
        match self {
            Self::Path if path == Path::new("-") => None,
            Self::Path => path.parent().map(|folder| match folder.name() {
                name if name.is_empty() => ".".into(),
                name => name.into(),
            }),
            Self::Field(_) => Some(value?.trim())
                .filter(|value| !value.is_empty())
                .map(|value| site(value).into()),
        }
    }
}

/// Returns the registered domain of a URL or host name, in lower case. Other values are returned
/// unchanged.
fn site(value: &str) -> String {
    let (scheme, rest) =
        value.split_once("://").map_or((None, value), |(scheme, rest)| (Some(scheme), rest));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.strip_prefix('[') {
        Some(address) => address.split(']').next().unwrap_or(address),
        None => host.split(':').next().unwrap_or(host),
    };
    let host = host.trim_end_matches('.').to_lowercase();
    let is_host = scheme.is_some() || host.contains('.') && !value.contains(char::is_whitespace);
    if !is_host || host.is_empty() {
        return value.into();
    }
    if host.parse::<IpAddr>().is_ok() {
        return host;
    }
    psl::domain_str(&host).map_or_else(|| host.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_one_site_share_a_group() {
        for (value, group) in [
            ("https://www.example.org/a?b=c#d", "example.org"),
            ("http://News.Example.co.uk:8080", "example.co.uk"),
            ("https://user:pw@shop.example.com/", "example.com"),
            ("//cdn.example.com/x", "//cdn.example.com/x"),
            ("blog.example.com.au", "example.com.au"),
            ("ada.github.io/post", "ada.github.io"),
            ("http://192.0.2.7/index", "192.0.2.7"),
            ("http://[2001:db8::1]:80/", "2001:db8::1"),
            ("http://localhost:8000/a", "localhost"),
            ("Mill Gazette", "Mill Gazette"),
            ("crawl/2024", "crawl/2024"),
        ] {
            let groups = GroupBy::parse("url");
            assert_eq!(
                groups.group(Path::new("a.jsonl"), Some(value)).as_deref(),
                Some(group),
                "{value}"
            );
        }
    }

    #[test]
    fn files_are_grouped_by_folder() {
        let groups = GroupBy::parse("path");
        assert_eq!(
            groups.group(Path::new("corpus/news/a.txt"), None).as_deref(),
            Some("corpus/news")
        );
        assert_eq!(groups.group(Path::new("a.txt"), None).as_deref(), Some("."));
        assert_eq!(groups.group(Path::new("-"), None), None);
    }
}
