//! The baseline: known findings, so that only new ones are reported.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use dechaff_findings::Finding;
use dechaff_findings::user_file::{UserFile, UserFileError};

/// Version of the file format. Other versions are rejected.
const VERSION: u32 = 1;

/// Known findings, identified by file, rule and flagged text, and counted.
///
/// A passage that moves within its file stays known. So does a passage of a file that no longer
/// exists, in whichever file it turns up. An additional copy is new.
#[derive(Debug, Default)]
pub struct Baseline {
    /// Sorted by key, each key once, except for entries that `record` added.
    entries: Vec<KnownFinding>,
    /// Indices of the entries of files that no longer exist, sorted by rule and fingerprint. The
    /// text may have moved to another file.
    orphaned: Vec<usize>,
    /// The number of used entries of `orphaned` with the same rule and fingerprint, by the position
    /// of the first of them.
    used_up: HashMap<usize, usize>,
    visited: HashSet<String>,
}

/// An entry. A baseline may have millions, so equal paths and rules share their memory.
#[derive(Debug)]
struct KnownFinding {
    path: Arc<str>,
    rule: Arc<str>,
    fingerprint: Box<str>,
    text: Box<str>,
    count: usize,
    /// How many have been found in this run.
    found: usize,
    /// The file no longer exists.
    is_orphaned: bool,
}

/// The JSON form of a baseline.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BaselineFile {
    version: u32,
    #[serde(deserialize_with = "deserialize_entries")]
    findings: Vec<KnownFinding>,
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
    /// Start of the flagged text, for human readers.
    pub text: String,
}

fn once() -> usize {
    1
}

fn is_once(count: &usize) -> bool {
    *count == 1
}

impl KnownFinding {
    fn new(entry: BaselineEntry, previous: Option<&Self>) -> Self {
        let share = |value: String, previous: Option<&Arc<str>>| {
            previous
                .filter(|previous| ***previous == *value)
                .map_or_else(|| Arc::from(value), Arc::clone)
        };
        Self {
            path: share(entry.path, previous.map(|previous| &previous.path)),
            rule: share(entry.rule, previous.map(|previous| &previous.rule)),
            fingerprint: entry.fingerprint.into(),
            text: entry.text.into(),
            count: entry.count,
            found: 0,
            is_orphaned: false,
        }
    }

    fn key(&self) -> (&str, &str, &str) {
        (&self.path, &self.rule, &self.fingerprint)
    }

    /// Counts an occurrence as found. Returns false if none is left.
    fn use_one(&mut self) -> bool {
        let is_left = self.found < self.count;
        self.found += usize::from(is_left);
        is_left
    }

    fn to_entry(&self, count: usize) -> BaselineEntry {
        BaselineEntry {
            path: self.path.to_string(),
            rule: self.rule.to_string(),
            fingerprint: self.fingerprint.to_string(),
            count,
            text: self.text.to_string(),
        }
    }
}

/// Deserializes entries one by one, so that only one is in memory twice.
fn deserialize_entries<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<KnownFinding>, D::Error> {
    struct EntryVisitor;
    impl<'de> Visitor<'de> for EntryVisitor {
        type Value = Vec<KnownFinding>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a list of findings")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
            let mut entries = Vec::new();
            while let Some(entry) = sequence.next_element()? {
                let known = KnownFinding::new(entry, entries.last());
                entries.push(known);
            }
            Ok(entries)
        }
    }
    deserializer.deserialize_seq(EntryVisitor)
}

impl Baseline {
    /// Parses a baseline. `exists` tells whether a file in it still exists.
    ///
    /// # Errors
    ///
    /// Returns an error if the file is not in the format of [`Baseline::to_json`].
    pub fn parse(
        file: &Arc<UserFile>,
        exists: impl Fn(&str) -> bool,
    ) -> Result<Self, UserFileError> {
        let parsed: BaselineFile = serde_json::from_str(&file.text).map_err(|error| {
            // serde_json reports 1-based lines, and columns in bytes.
            let line: usize = file
                .text
                .split_inclusive('\n')
                .take(error.line().saturating_sub(1))
                .map(str::len)
                .sum();
            let mut at = (line + error.column().saturating_sub(1)).min(file.text.len());
            while !file.text.is_char_boundary(at) {
                at -= 1;
            }
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or_default().to_owned();
            let hint = "`dechaff check --write-baseline FILE` writes a new one";
            let error =
                UserFileError::new(file, format!("not a baseline: {message}"), Some(at..at));
            UserFileError { hint: error.hint.or(Some(hint.into())), ..error }
        })?;
        if parsed.version != VERSION {
            let message = format!(
                "baseline version {}; this program reads version {VERSION}",
                parsed.version
            );
            return Err(UserFileError::new(file, message, None));
        }
        let mut baseline = Self { entries: parsed.findings, ..Self::default() };
        baseline.merge();
        for file in baseline.entries.chunk_by_mut(|left, right| left.path == right.path) {
            let is_orphaned = file.first().is_some_and(|entry| !exists(&entry.path));
            file.iter_mut().for_each(|entry| entry.is_orphaned = is_orphaned);
        }
        baseline.index_orphaned();
        Ok(baseline)
    }

    /// Sorts the entries, and adds up those with the same key.
    fn merge(&mut self) {
        self.entries.sort_by(|left, right| left.key().cmp(&right.key()));
        self.entries.dedup_by(|next, entry| {
            let is_same = next.key() == entry.key();
            if is_same {
                entry.count = entry.count.saturating_add(next.count);
            }
            is_same
        });
    }

    fn index_orphaned(&mut self) {
        let Self { entries, orphaned, used_up, .. } = self;
        used_up.clear();
        orphaned.clear();
        orphaned.extend((0..entries.len()).filter(|&index| entries[index].is_orphaned));
        orphaned.sort_by_key(|&index| (&*entries[index].rule, &*entries[index].fingerprint));
    }

    /// Adds the findings in `text`, the content of the file `path`.
    pub fn record(&mut self, path: &str, text: &str, findings: &[Finding]) {
        for finding in findings {
            let entry = BaselineEntry {
                path: path.to_owned(),
                rule: finding.rule.code.clone(),
                fingerprint: finding.fingerprint(text),
                count: 1,
                text: preview(finding, text),
            };
            let known = KnownFinding::new(entry, self.entries.last());
            self.entries.push(known);
        }
    }

    /// Removes known findings in `text`, the content of the file `path`, and returns their number.
    pub fn filter(&mut self, path: &str, text: &str, findings: &mut Vec<Finding>) -> usize {
        self.visited.insert(path.to_owned());
        let before = findings.len();
        findings.retain(|finding| {
            let rule = &finding.rule.code;
            let fingerprint = finding.fingerprint(text);
            let is_known =
                self.use_one(path, rule, &fingerprint) || self.use_one_orphaned(rule, &fingerprint);
            !is_known || finding.unlisted > 0
        });
        before - findings.len()
    }

    /// Counts an occurrence of a key as found. Returns false if none is left.
    fn use_one(&mut self, path: &str, rule: &str, fingerprint: &str) -> bool {
        let index =
            self.entries.binary_search_by(|entry| entry.key().cmp(&(path, rule, fingerprint)));
        index.is_ok_and(|index| self.entries[index].use_one())
    }

    /// Counts an occurrence in a file that no longer exists as found. Returns false if none is
    /// left.
    fn use_one_orphaned(&mut self, rule: &str, fingerprint: &str) -> bool {
        let Self { entries, orphaned, used_up, .. } = self;
        let key = |index: usize| (&*entries[index].rule, &*entries[index].fingerprint);
        let start = orphaned.partition_point(|&index| key(index) < (rule, fingerprint));
        let count = orphaned[start..].partition_point(|&index| key(index) == (rule, fingerprint));
        if count == 0 {
            return false;
        }
        let used_up = used_up.entry(start).or_insert(0);
        while *used_up < count {
            if entries[orphaned[start + *used_up]].use_one() {
                return true;
            }
            *used_up += 1;
        }
        false
    }

    /// Returns the known findings of the file `path`: rule, fingerprint and count.
    pub fn entries_for(&self, path: &str) -> HashMap<(String, String), usize> {
        let first = self.entries.partition_point(|entry| &*entry.path < path);
        let own = self.entries[first..].iter().take_while(|entry| &*entry.path == path);
        own.map(|entry| ((entry.rule.to_string(), entry.fingerprint.to_string()), entry.count))
            .collect()
    }

    /// Returns the known findings of files that no longer exist.
    pub fn orphaned_entries(&self) -> HashMap<(String, String), usize> {
        let mut counts = HashMap::new();
        for entry in self.orphaned.iter().map(|&index| &self.entries[index]) {
            let count: &mut usize =
                counts.entry((entry.rule.to_string(), entry.fingerprint.to_string())).or_default();
            *count = count.saturating_add(entry.count);
        }
        counts
    }

    /// Returns the entries that were not found again, although their file was checked or no longer
    /// exists.
    pub fn stale(&self) -> impl Iterator<Item = BaselineEntry> + '_ {
        let stale = self
            .entries
            .iter()
            .filter(|entry| entry.found < entry.count && self.was_visited(entry));
        stale.map(|entry| entry.to_entry(entry.count - entry.found))
    }

    /// Whether this run can tell that an entry is stale.
    fn was_visited(&self, entry: &KnownFinding) -> bool {
        entry.is_orphaned || self.visited.contains(&*entry.path)
    }

    /// Removes stale entries.
    pub fn prune(&mut self) {
        let Self { entries, visited, .. } = self;
        entries.retain_mut(|entry| {
            if entry.is_orphaned || visited.contains(&*entry.path) {
                entry.count = entry.found;
            }
            entry.count > 0
        });
        self.index_orphaned();
    }

    /// Returns the number of known findings.
    pub fn len(&self) -> usize {
        self.entries.iter().fold(0, |sum, entry| sum.saturating_add(entry.count))
    }

    /// Whether there are no known findings.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the baseline as JSON, one entry per line so that diffs are readable.
    ///
    /// # Errors
    ///
    /// Never fails in practice: all values are strings and numbers.
    pub fn to_json(&mut self) -> Result<String, serde_json::Error> {
        self.merge();
        self.index_orphaned();
        let to_line = |entry: &KnownFinding| {
            serde_json::to_string(&entry.to_entry(entry.count)).map(|line| format!("    {line}"))
        };
        let lines = self.entries.iter().map(to_line).collect::<Result<Vec<String>, _>>()?;
        let list = if lines.is_empty() {
            "[]".to_owned()
        } else {
            format!("[\n{}\n  ]", lines.join(",\n"))
        };
        Ok(format!("{{\n  \"version\": {VERSION},\n  \"findings\": {list}\n}}\n"))
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
