//! The baseline: findings that are known, so that only new ones count.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::fault::{Fault, WrittenFile};
use crate::finding::Finding;

/// The form of the file; another is refused.
const VERSION: u32 = 1;

/// Findings that are known: by file, rule and what the flagged text says, not by its place. A passage that moves stays known, and so does
/// all that a file held that is there no longer, wherever it turns up; one more of the same is new.
#[derive(Debug, Default)]
pub struct Baseline {
    known: BTreeMap<Key, Known>,
    /// Of the files that are there no longer, by rule and fingerprint.
    homeless: HashMap<(String, String), Vec<Key>>,
    visited: HashSet<String>,
}

/// File, rule and fingerprint.
type Key = (String, String, String);

#[derive(Debug)]
struct Known {
    count: usize,
    /// How many were found again.
    found: usize,
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

impl Baseline {
    /// Reads a baseline. `is_there` says whether a file that it names is there still.
    ///
    /// # Errors
    ///
    /// It is not of the form that [`Baseline::to_json`] writes.
    pub fn parse(file: &Arc<WrittenFile>, is_there: impl Fn(&str) -> bool) -> Result<Self, Fault> {
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
            let fault = Fault::new(file, format!("not a baseline: {message}"), Some(at..at));
            Fault { hint: fault.hint.or(Some(hint.into())), ..fault }
        })?;
        if written.version != VERSION {
            let message = format!("a baseline of version {}; this program reads version {VERSION}", written.version);
            return Err(Fault::new(file, message, None));
        }
        let mut baseline = Self::default();
        let mut there: HashMap<&str, bool> = HashMap::new();
        for entry in &written.findings {
            let key = (entry.path.clone(), entry.rule.clone(), entry.fingerprint.clone());
            if !*there.entry(&entry.path).or_insert_with(|| is_there(&entry.path)) {
                baseline.homeless.entry((key.1.clone(), key.2.clone())).or_default().push(key.clone());
            }
            let known = baseline.known.entry(key).or_insert(Known { count: 0, found: 0, text: entry.text.clone() });
            known.count = known.count.saturating_add(entry.count);
        }
        Ok(baseline)
    }

    /// Adds `findings`, which are of `text` in the file `path`.
    pub fn record(&mut self, path: &str, text: &str, findings: &[Finding]) {
        for finding in findings {
            let key = (path.to_owned(), finding.rule.code.clone(), finding.fingerprint(text));
            let known = self.known.entry(key).or_insert(Known { count: 0, found: 0, text: beginning(finding, text) });
            known.count += 1;
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
            let elsewhere = self.homeless.get(&(rule, fingerprint)).cloned().unwrap_or_default();
            !elsewhere.iter().any(|key| self.find(key))
        });
        before - findings.len()
    }

    /// Counts one of `key` as found, if there is one left.
    fn find(&mut self, key: &Key) -> bool {
        match self.known.get_mut(key) {
            Some(known) if known.found < known.count => {
                known.found += 1;
                true
            }
            _ => false,
        }
    }

    /// What is known of the file `path`, or of files that are no longer there: rules and fingerprints, and how many of each.
    pub fn known_in(&self, path: &str) -> HashMap<(String, String), usize> {
        let first = (path.to_owned(), String::new(), String::new());
        let own = self.known.range(first..).take_while(|((of, ..), _)| of == path);
        let mut all: HashMap<(String, String), usize> =
            own.map(|((_, rule, fingerprint), known)| ((rule.clone(), fingerprint.clone()), known.count)).collect();
        for (entry, keys) in &self.homeless {
            let count = keys
                .iter()
                .filter_map(|key| self.known.get(key))
                .fold(0_usize, |sum, known| sum.saturating_add(known.count));
            let known = all.entry(entry.clone()).or_insert(0);
            *known = known.saturating_add(count);
        }
        all
    }

    /// What is known but was not found again, though its file was checked or is no longer there.
    pub fn stale(&self) -> Vec<Entry> {
        let stale = self.known.iter().filter(|(key, known)| known.found < known.count && self.is_judged(key));
        stale.map(|(key, known)| entry(key, known, known.count - known.found)).collect()
    }

    fn is_judged(&self, key: &Key) -> bool {
        self.visited.contains(&key.0) || self.homeless.values().flatten().any(|gone| gone == key)
    }

    /// Forgets what was not found again.
    pub fn prune(&mut self) {
        let stale: Vec<Key> = self.known.keys().filter(|key| self.is_judged(key)).cloned().collect();
        for key in stale {
            if let Some(known) = self.known.get_mut(&key) {
                known.count = known.found;
            }
        }
        self.known.retain(|_, known| known.count > 0);
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
