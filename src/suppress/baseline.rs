//! The baseline: findings that are known, so that only new ones count.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::finding::Finding;
use crate::user_file::{UserFile, UserFileError};

/// The form of the file; another is refused.
const VERSION: u32 = 1;

/// Findings that are known: by file, rule and what the flagged text says, not by its place. A passage that moves stays known, and so does
/// all that a file held that is there no longer, wherever it turns up; one more of the same is new.
#[derive(Debug, Default)]
pub struct Baseline {
    known: BTreeMap<Key, Known>,
    /// Entries of files that no longer exist, by rule and fingerprint: the noise may have moved to another file.
    moved: HashMap<(String, String), Moved>,
    visited: HashSet<String>,
}

/// Entries of files that no longer exist with one rule and fingerprint.
#[derive(Debug, Default)]
struct Moved {
    keys: Vec<Key>,
    /// The first of `keys` that is not used up; those before it are never looked at again.
    next: usize,
}

/// File, rule and fingerprint.
type Key = (String, String, String);

#[derive(Debug)]
struct Known {
    count: usize,
    /// How many were found again.
    found: usize,
    /// The file no longer exists.
    is_moved: bool,
    text: String,
}

/// The file as it is written: entries one a line, in order.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    findings: Vec<Entry>,
}

/// A finding that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The file, from the folder of the baseline on.
    pub path: String,
    /// The rule's code.
    pub rule: String,
    /// The finding's fingerprint.
    pub fingerprint: String,
    /// How often it stands there.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub count: usize,
    /// How the flagged text begins, for a person.
    pub text: String,
}

fn once() -> usize {
    1
}

fn is_once(count: &usize) -> bool {
    *count == 1
}

impl Known {
    /// Counts one as found, if one is left.
    fn find(&mut self) -> bool {
        let is_left = self.found < self.count;
        self.found += usize::from(is_left);
        is_left
    }
}

impl Baseline {
    /// Reads a baseline. `is_there` says whether a file that it names is there still.
    ///
    /// # Errors
    ///
    /// It is not of the form that [`Baseline::to_json`] writes.
    pub fn parse(file: &Arc<UserFile>, is_there: impl Fn(&str) -> bool) -> Result<Self, UserFileError> {
        let written: Written = serde_json::from_str(&file.text).map_err(|error| {
            // serde_json counts lines and columns from 1, columns in bytes.
            let line: usize = file.text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
            let mut at = (line + error.column().saturating_sub(1)).min(file.text.len());
            while !file.text.is_char_boundary(at) {
                at -= 1;
            }
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or_default().to_owned();
            let hint = "`dechaff check --write-baseline FILE` writes one anew";
            let fault = UserFileError::new(file, format!("not a baseline: {message}"), Some(at..at));
            UserFileError { hint: fault.hint.or(Some(hint.into())), ..fault }
        })?;
        if written.version != VERSION {
            let message = format!("a baseline of version {}; this program reads version {VERSION}", written.version);
            return Err(UserFileError::new(file, message, None));
        }
        let mut baseline = Self::default();
        let mut there: HashMap<&str, bool> = HashMap::new();
        for entry in &written.findings {
            let key = (entry.path.clone(), entry.rule.clone(), entry.fingerprint.clone());
            let is_moved = !*there.entry(&entry.path).or_insert_with(|| is_there(&entry.path));
            if is_moved {
                baseline.moved.entry((key.1.clone(), key.2.clone())).or_default().keys.push(key.clone());
            }
            let known = Known { count: 0, found: 0, is_moved, text: entry.text.clone() };
            let known = baseline.known.entry(key).or_insert(known);
            known.count = known.count.saturating_add(entry.count);
        }
        Ok(baseline)
    }

    /// Adds `findings`, which are of `text` in the file `path`.
    pub fn record(&mut self, path: &str, text: &str, findings: &[Finding]) {
        for finding in findings {
            let key = (path.to_owned(), finding.rule.code.clone(), finding.fingerprint(text));
            let known = Known { count: 0, found: 0, is_moved: false, text: beginning(finding, text) };
            self.known.entry(key).or_insert(known).count += 1;
        }
    }

    /// Takes out of `findings`, which are of `text` in the file `path`, those that are known; returns how many.
    pub fn filter(&mut self, path: &str, text: &str, findings: &mut Vec<Finding>) -> usize {
        self.visited.insert(path.to_owned());
        let before = findings.len();
        findings.retain(|finding| {
            let (rule, fingerprint) = (finding.rule.code.clone(), finding.fingerprint(text));
            let own = (path.to_owned(), rule.clone(), fingerprint.clone());
            if self.find(&own) {
                return false;
            }
            !self.find_moved(rule, fingerprint)
        });
        before - findings.len()
    }

    /// Counts one of `key` as found, if one is left.
    fn find(&mut self, key: &Key) -> bool {
        self.known.get_mut(key).is_some_and(Known::find)
    }

    /// Counts one entry of a file that no longer exists as found, if one is left.
    fn find_moved(&mut self, rule: String, fingerprint: String) -> bool {
        let Some(moved) = self.moved.get_mut(&(rule, fingerprint)) else { return false };
        while let Some(key) = moved.keys.get(moved.next) {
            if self.known.get_mut(key).is_some_and(Known::find) {
                return true;
            }
            moved.next += 1;
        }
        false
    }

    /// The known findings of the file `path`: rules and fingerprints, and how many of each.
    pub fn known_in(&self, path: &str) -> HashMap<(String, String), usize> {
        let first = (path.to_owned(), String::new(), String::new());
        let own = self.known.range(first..).take_while(|((of, ..), _)| of == path);
        own.map(|((_, rule, fingerprint), known)| ((rule.clone(), fingerprint.clone()), known.count)).collect()
    }

    /// The known findings of files that no longer exist, which may turn up in any file.
    pub fn known_moved(&self) -> HashMap<(String, String), usize> {
        let count = |moved: &Moved| {
            let known = moved.keys.iter().filter_map(|key| self.known.get(key));
            known.fold(0_usize, |sum, known| sum.saturating_add(known.count))
        };
        self.moved.iter().map(|(entry, moved)| (entry.clone(), count(moved))).collect()
    }

    /// What is known but was not found again, though its file was checked or is no longer there.
    pub fn stale(&self) -> Vec<Entry> {
        let stale = self.known.iter().filter(|(key, known)| known.found < known.count && self.is_judged(key, known));
        stale.map(|(key, known)| entry(key, known, known.count - known.found)).collect()
    }

    /// Whether this run can tell that an entry is stale.
    fn is_judged(&self, key: &Key, known: &Known) -> bool {
        known.is_moved || self.visited.contains(&key.0)
    }

    /// Forgets what was not found again.
    pub fn prune(&mut self) {
        let Self { known, visited, .. } = self;
        known.retain(|key, known| {
            if known.is_moved || visited.contains(&key.0) {
                known.count = known.found;
            }
            known.count > 0
        });
    }

    /// How many findings it knows.
    pub fn len(&self) -> usize {
        self.known.values().fold(0, |sum, known| sum.saturating_add(known.count))
    }

    /// Whether it knows none.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// The file's text, one entry a line, so that differences can be read.
    ///
    /// # Errors
    ///
    /// None that could be met.
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

fn entry((path, rule, fingerprint): &Key, known: &Known, count: usize) -> Entry {
    Entry { path: path.clone(), rule: rule.clone(), fingerprint: fingerprint.clone(), count, text: known.text.clone() }
}

/// How the flagged text begins.
pub(super) fn beginning(finding: &Finding, text: &str) -> String {
    const CHARACTERS: usize = 60;
    let flagged = text.get(finding.span.range()).unwrap_or_default();
    let mut words = flagged.split_whitespace();
    let mut beginning = words.next().unwrap_or_default().to_owned();
    for word in words {
        if beginning.chars().count() + word.chars().count() >= CHARACTERS {
            beginning.push_str(" …");
            break;
        }
        beginning.push(' ');
        beginning.push_str(word);
    }
    beginning.chars().take(CHARACTERS + 2).collect()
}
