//! The baseline: known findings, so that only new ones are reported.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::finding::Finding;
use crate::user_file::{UserFile, UserFileError};

/// Version of the file format. Other versions are rejected.
const VERSION: u32 = 1;

/// Known findings, identified by file, rule and flagged text, and counted.
///
/// A passage that moves within its file stays known. So does a passage of a file that no longer
/// exists, in whichever file it turns up. An additional copy is new.
#[derive(Debug, Default)]
pub struct Baseline {
    known: BTreeMap<Key, KnownFinding>,
    /// Entries of files that no longer exist, by rule and fingerprint. The text may have moved to
    /// another file.
    orphaned: HashMap<(String, String), OrphanedEntries>,
    visited: HashSet<String>,
}

/// Entries of files that no longer exist, with the same rule and fingerprint.
#[derive(Debug, Default)]
struct OrphanedEntries {
    keys: Vec<Key>,
    /// Index of the first entry that is not used up.
    next: usize,
}

/// File, rule and fingerprint.
type Key = (String, String, String);

#[derive(Debug)]
struct KnownFinding {
    count: usize,
    /// How many have been found in this run.
    found: usize,
    /// The file no longer exists.
    is_orphaned: bool,
    text: String,
}

/// The JSON form of a baseline.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BaselineFile {
    version: u32,
    findings: Vec<BaselineEntry>,
}

/// A known finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaselineEntry {
    /// Path relative to the directory of the baseline.
    pub path: String,
    /// The rule's code.
    pub rule: String,
    /// The finding's fingerprint.
    pub fingerprint: String,
    /// Number of occurrences in the file.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub count: usize,
    /// Start of the flagged text, for people.
    pub text: String,
}

fn once() -> usize {
    1
}

fn is_once(count: &usize) -> bool {
    *count == 1
}

impl KnownFinding {
    /// Counts an occurrence as found. Returns false if none is left.
    fn use_one(&mut self) -> bool {
        let is_left = self.found < self.count;
        self.found += usize::from(is_left);
        is_left
    }
}

impl Baseline {
    /// Parses a baseline. `exists` tells whether a file named in it still exists.
    ///
    /// # Errors
    ///
    /// Returns an error if the file is not in the format of [`Baseline::to_json`].
    pub fn parse(file: &Arc<UserFile>, exists: impl Fn(&str) -> bool) -> Result<Self, UserFileError> {
        let parsed: BaselineFile = serde_json::from_str(&file.text).map_err(|error| {
            // serde_json reports 1-based lines, and columns in bytes.
            let line: usize = file.text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
            let mut at = (line + error.column().saturating_sub(1)).min(file.text.len());
            while !file.text.is_char_boundary(at) {
                at -= 1;
            }
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or_default().to_owned();
            let hint = "`dechaff check --write-baseline FILE` writes a new one";
            let error = UserFileError::new(file, format!("not a baseline: {message}"), Some(at..at));
            UserFileError { hint: error.hint.or(Some(hint.into())), ..error }
        })?;
        if parsed.version != VERSION {
            let message = format!("baseline version {}; this program reads version {VERSION}", parsed.version);
            return Err(UserFileError::new(file, message, None));
        }
        let mut baseline = Self::default();
        let mut existing: HashMap<&str, bool> = HashMap::new();
        for entry in &parsed.findings {
            let key = (entry.path.clone(), entry.rule.clone(), entry.fingerprint.clone());
            let is_orphaned = !*existing.entry(&entry.path).or_insert_with(|| exists(&entry.path));
            if is_orphaned {
                baseline.orphaned.entry((key.1.clone(), key.2.clone())).or_default().keys.push(key.clone());
            }
            let known = KnownFinding { count: 0, found: 0, is_orphaned, text: entry.text.clone() };
            let known = baseline.known.entry(key).or_insert(known);
            known.count = known.count.saturating_add(entry.count);
        }
        Ok(baseline)
    }

    /// Adds the findings in `text`, the content of the file `path`.
    pub fn record(&mut self, path: &str, text: &str, findings: &[Finding]) {
        for finding in findings {
            let key = (path.to_owned(), finding.rule.code.clone(), finding.fingerprint(text));
            let known = KnownFinding { count: 0, found: 0, is_orphaned: false, text: preview(finding, text) };
            self.known.entry(key).or_insert(known).count += 1;
        }
    }

    /// Removes known findings in `text`, the content of the file `path`, and returns their number.
    pub fn filter(&mut self, path: &str, text: &str, findings: &mut Vec<Finding>) -> usize {
        self.visited.insert(path.to_owned());
        let before = findings.len();
        findings.retain(|finding| {
            let rule = finding.rule.code.clone();
            let fingerprint = finding.fingerprint(text);
            let own = (path.to_owned(), rule.clone(), fingerprint.clone());
            !self.use_one(&own) && !self.use_one_orphaned(rule, fingerprint) || finding.unlisted > 0
        });
        before - findings.len()
    }

    /// Counts an occurrence of `key` as found. Returns false if none is left.
    fn use_one(&mut self, key: &Key) -> bool {
        self.known.get_mut(key).is_some_and(KnownFinding::use_one)
    }

    /// Counts an occurrence in a file that no longer exists as found. Returns false if none is
    /// left.
    fn use_one_orphaned(&mut self, rule: String, fingerprint: String) -> bool {
        let Some(orphaned) = self.orphaned.get_mut(&(rule, fingerprint)) else { return false };
        while let Some(key) = orphaned.keys.get(orphaned.next) {
            if self.known.get_mut(key).is_some_and(KnownFinding::use_one) {
                return true;
            }
            orphaned.next += 1;
        }
        false
    }

    /// Returns the known findings of the file `path`: rule, fingerprint and count.
    pub fn entries_for(&self, path: &str) -> HashMap<(String, String), usize> {
        let first = (path.to_owned(), String::new(), String::new());
        let own = self.known.range(first..).take_while(|((of, ..), _)| of == path);
        own.map(|((_, rule, fingerprint), known)| ((rule.clone(), fingerprint.clone()), known.count)).collect()
    }

    /// Returns the known findings of files that no longer exist.
    pub fn orphaned_entries(&self) -> HashMap<(String, String), usize> {
        let count = |orphaned: &OrphanedEntries| {
            let known = orphaned.keys.iter().filter_map(|key| self.known.get(key));
            known.fold(0_usize, |sum, known| sum.saturating_add(known.count))
        };
        self.orphaned.iter().map(|(entry, orphaned)| (entry.clone(), count(orphaned))).collect()
    }

    /// Returns the entries that were not found again, although their file was checked or no longer
    /// exists.
    pub fn stale(&self) -> Vec<BaselineEntry> {
        let stale = self.known.iter().filter(|(key, known)| known.found < known.count && self.was_visited(key, known));
        stale.map(|(key, known)| entry(key, known, known.count - known.found)).collect()
    }

    /// Whether this run can tell that an entry is stale.
    fn was_visited(&self, key: &Key, known: &KnownFinding) -> bool {
        known.is_orphaned || self.visited.contains(&key.0)
    }

    /// Removes stale entries.
    pub fn prune(&mut self) {
        let Self { known, visited, .. } = self;
        known.retain(|key, known| {
            if known.is_orphaned || visited.contains(&key.0) {
                known.count = known.found;
            }
            known.count > 0
        });
    }

    /// Returns the number of known findings.
    pub fn len(&self) -> usize {
        self.known.values().fold(0, |sum, known| sum.saturating_add(known.count))
    }

    /// Whether there are no known findings.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Returns the baseline as JSON, one entry per line so that diffs are readable.
    ///
    /// # Errors
    ///
    /// Never fails in practice: all values are strings and numbers.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let lines: Result<Vec<String>, _> = self
            .known
            .iter()
            .map(|(key, known)| {
                serde_json::to_string(&entry(key, known, known.count)).map(|line| format!("    {line}"))
            })
            .collect();
        let lines = lines?;
        let list = if lines.is_empty() { "[]".to_owned() } else { format!("[\n{}\n  ]", lines.join(",\n")) };
        Ok(format!("{{\n  \"version\": {VERSION},\n  \"findings\": {list}\n}}\n"))
    }
}

fn entry((path, rule, fingerprint): &Key, known: &KnownFinding, count: usize) -> BaselineEntry {
    BaselineEntry {
        path: path.clone(),
        rule: rule.clone(),
        fingerprint: fingerprint.clone(),
        count,
        text: known.text.clone(),
    }
}

/// Returns the start of the flagged text.
pub(super) fn preview(finding: &Finding, text: &str) -> String {
    const MAX_CHARACTERS: usize = 60;
    let flagged = text.get(finding.span.range()).unwrap_or_default();
    let mut words = flagged.split_whitespace();
    let mut preview = words.next().unwrap_or_default().to_owned();
    for word in words {
        if preview.chars().count() + word.chars().count() >= MAX_CHARACTERS {
            preview.push_str(" …");
            break;
        }
        preview.push(' ');
        preview.push_str(word);
    }
    preview.chars().take(MAX_CHARACTERS + 2).collect()
}
