//! Patterns of paths, as in a `.gitignore`.

use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// Patterns that are relative to a folder.
#[derive(Debug, Clone)]
pub struct PathPatterns {
    folder: PathBuf,
    set: GlobSet,
}

impl PathPatterns {
    /// Patterns relative to `folder`. One without a `/` matches a name at any depth, one that matches a folder all that is in
    /// it, and `*` does not match a `/`.
    ///
    /// # Errors
    ///
    /// The first pattern that is none, by its index, and why.
    pub fn new(folder: &Path, patterns: &[&str]) -> Result<Self, (usize, String)> {
        let mut set = GlobSetBuilder::new();
        for (index, pattern) in patterns.iter().enumerate() {
            let fault = |error: &globset::Error| (index, format!("not a pattern of paths: {}", error.kind()));
            let trimmed = pattern.trim_start_matches("./").trim_end_matches('/');
            if trimmed.is_empty() {
                return Err((index, "an empty pattern matches nothing".into()));
            }
            let anchored = match trimmed.strip_prefix('/') {
                Some(rest) => rest.to_owned(),
                None if trimmed.contains('/') => trimmed.to_owned(),
                None => format!("**/{trimmed}"),
            };
            for glob in [anchored.clone(), format!("{anchored}/**")] {
                set.add(GlobBuilder::new(&glob).literal_separator(true).build().map_err(|error| fault(&error))?);
            }
        }
        let set = set.build().map_err(|error| (0, error.to_string()))?;
        Ok(Self { folder: folder.to_owned(), set })
    }

    /// Whether one matches `path`, which is relative to what the folder is relative to, or both are absolute.
    pub fn matches(&self, path: &Path) -> bool {
        !self.set.is_empty() && path.strip_prefix(&self.folder).is_ok_and(|path| self.set.is_match(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_a_gitignore() {
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
        assert!(PathPatterns::new(Path::new("/"), &["a", "b[c"]).is_err_and(|(index, _)| index == 1));
    }
}
