//! Path patterns, as in a `.gitignore`.

use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// Patterns relative to a directory.
#[derive(Debug, Clone)]
pub struct PathPatterns {
    folder: PathBuf,
    set: GlobSet,
    /// The patterns without the contents of directories that they match.
    exact: GlobSet,
}

impl PathPatterns {
    /// Compiles patterns relative to `folder`. A pattern without a `/` matches at any depth, one
    /// that matches a directory matches all of its contents, and `*` does not match a `/`.
    ///
    /// # Errors
    ///
    /// Returns the index of the first invalid pattern, and what is wrong with it.
    pub fn new(folder: &Path, patterns: &[&str]) -> Result<Self, (usize, String)> {
        let mut set = GlobSetBuilder::new();
        let mut exact = GlobSetBuilder::new();
        for (index, pattern) in patterns.iter().enumerate() {
            let invalid =
                |error: &globset::Error| (index, format!("invalid path pattern: {}", error.kind()));
            let trimmed = pattern.trim_start_matches("./").trim_end_matches('/');
            if trimmed.is_empty() {
                return Err((index, "an empty pattern matches nothing".into()));
            }
            let anchored = match trimmed.strip_prefix('/') {
                Some(rest) => rest.to_owned(),
                None if trimmed.contains('/') => trimmed.to_owned(),
                None => format!("**/{trimmed}"),
            };
            let glob = |text: &str| {
                GlobBuilder::new(text)
                    .literal_separator(true)
                    .build()
                    .map_err(|error| invalid(&error))
            };
            exact.add(glob(&anchored)?);
            set.add(glob(&anchored)?).add(glob(&format!("{anchored}/**"))?);
        }
        let build = |set: GlobSetBuilder| set.build().map_err(|error| (0, error.to_string()));
        Ok(Self { folder: folder.to_owned(), set: build(set)?, exact: build(exact)? })
    }

    /// Whether a pattern matches `path` or a directory that contains it. `path` is relative to the
    /// same directory as `folder`, or both are absolute.
    pub fn matches(&self, path: &Path) -> bool {
        !self.set.is_empty()
            && path.strip_prefix(&self.folder).is_ok_and(|path| self.set.is_match(path))
    }

    /// Whether a pattern matches `path` itself rather than a directory that contains it.
    pub fn matches_itself(&self, path: &Path) -> bool {
        !self.exact.is_empty()
            && path.strip_prefix(&self.folder).is_ok_and(|path| self.exact.is_match(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_like_gitignore() {
        let matches = |pattern: &str, path: &str| {
            PathPatterns::new(Path::new("/corpus"), &[pattern]).unwrap().matches(Path::new(path))
        };
        assert!(matches("drafts", "/corpus/drafts/a.txt"));
        assert!(matches("drafts/", "/corpus/news/drafts/a.txt"));
        assert!(!matches("/drafts", "/corpus/news/drafts/a.txt"));
        assert!(matches("*.log.txt", "/corpus/x/y.log.txt"));
        assert!(matches("news/*.txt", "/corpus/news/a.txt"));
        assert!(!matches("news/*.txt", "/corpus/news/old/a.txt"));
        assert!(matches("news/**/*.txt", "/corpus/news/old/a.txt"));
        assert!(!matches("*.txt", "/elsewhere/a.txt"));
        let patterns = PathPatterns::new(Path::new("/corpus"), &["drafts/"]).unwrap();
        assert!(patterns.matches_itself(Path::new("/corpus/news/drafts")));
        assert!(!patterns.matches_itself(Path::new("/corpus/drafts/a.txt")));
        assert!(
            PathPatterns::new(Path::new("/"), &["a", "b[c"]).is_err_and(|(index, _)| index == 1)
        );
    }
}
