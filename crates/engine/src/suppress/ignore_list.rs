//! The ignore list: suppresses passages by their content, for corpora that must not be edited.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use dechaff_findings::Finding;
use dechaff_findings::user_file::{UserFile, UserFileError};

/// Passages suppressed for one rule each. A line consists of a code, a fingerprint as returned by
/// [`Finding::fingerprint`], and a comment after `#`.
#[derive(Debug, Default)]
pub struct IgnoreList {
    entries: BTreeMap<(String, String), EntryState>,
}

/// The state of an entry.
#[derive(Debug)]
struct EntryState {
    used: AtomicBool,
    /// Maximum number of findings suppressed per document.
    max_per_document: usize,
}

impl EntryState {
    fn new(max_per_document: usize) -> Self {
        Self { used: AtomicBool::new(false), max_per_document }
    }
}

/// A line of the ignore list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct IgnoreEntry {
    /// The rule's code.
    pub rule: String,
    /// The finding's fingerprint.
    pub fingerprint: String,
    /// A comment for human readers: the location and start of the flagged text.
    pub remark: String,
}

impl IgnoreList {
    /// Parses an ignore list. `known` are the codes of all rules.
    ///
    /// # Errors
    ///
    /// Returns an error for the first invalid line.
    pub fn parse(file: &Arc<UserFile>, known: &HashSet<&str>) -> Result<Self, UserFileError> {
        let mut entries = BTreeMap::new();
        let mut offset = 0;
        for line in file.text.split_inclusive('\n') {
            let span = offset..offset + line.trim_end().len();
            offset += line.len();
            let content = line.split('#').next().unwrap_or("").trim();
            if content.is_empty() {
                continue;
            }
            let mut words = content.split_whitespace();
            let (Some(rule), Some(fingerprint)) = (words.next(), words.next()) else {
                let message = "expected a rule code and a fingerprint";
                let hint = "`dechaff check --add-ignore --ignore-list FILE` writes such lines";
                return Err(
                    UserFileError::new(file, message, Some(span)).with_hint(Some(hint.into()))
                );
            };
            if !known.contains(rule) {
                let hint = dechaff_findings::user_file::nearest(rule, known.iter().copied());
                let hint = hint.map(|hint| format!("did you mean `{hint}`?"));
                return Err(UserFileError::new(
                    file,
                    format!("no rule has the code `{rule}`"),
                    Some(span),
                )
                .with_hint(hint));
            }
            let is_fingerprint =
                fingerprint.len() == 32 && fingerprint.bytes().all(|byte| byte.is_ascii_hexdigit());
            if !is_fingerprint {
                let message =
                    format!("`{fingerprint}` is not a fingerprint of 32 hexadecimal digits");
                return Err(UserFileError::new(file, message, Some(span)));
            }
            entries.insert(
                (rule.to_owned(), fingerprint.to_ascii_lowercase()),
                EntryState::new(usize::MAX),
            );
        }
        Ok(Self { entries })
    }

    /// Creates a list from rules and fingerprints, and how many findings of each to suppress per
    /// document, starting with the first.
    pub fn from_counts(counts: impl IntoIterator<Item = ((String, String), usize)>) -> Self {
        Self {
            entries: counts
                .into_iter()
                .map(|(entry, count)| (entry, EntryState::new(count)))
                .collect(),
        }
    }

    /// Removes the findings in `text` that are on the list.
    pub fn filter(&self, text: &str, findings: &mut Vec<Finding>) {
        if self.entries.is_empty() {
            return;
        }
        let mut seen: HashMap<(String, String), usize> = HashMap::new();
        findings.retain(|finding| {
            let key = (finding.rule.code.clone(), finding.fingerprint(text));
            let Some(entry) = self.entries.get(&key) else { return true };
            entry.used.store(true, Ordering::Relaxed);
            let seen = seen.entry(key).or_insert(0);
            *seen += 1;
            *seen > entry.max_per_document || finding.unlisted > 0
        });
    }

    /// Returns the number of entries that suppressed nothing.
    pub fn unused(&self) -> usize {
        self.entries.values().filter(|entry| !entry.used.load(Ordering::Relaxed)).count()
    }
}

impl std::fmt::Display for IgnoreEntry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {} # {}", self.rule, self.fingerprint, self.remark)
    }
}
