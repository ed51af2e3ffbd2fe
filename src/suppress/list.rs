//! The ignore list: passages that are to be left alone in a corpus that must not be edited, by what they say.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::finding::Finding;
use crate::user_file::{UserFile, UserFileError};

/// Passages that are to be left alone, each for one rule. A line is a code, a fingerprint as of [`Finding::fingerprint`], and what
/// a person should know of it; `#` begins a remark.
#[derive(Debug, Default)]
pub struct IgnoreList {
    entries: BTreeMap<(String, String), Listed>,
}

/// What a list says of a passage.
#[derive(Debug)]
struct Listed {
    used: AtomicBool,
    /// How many of a document are left alone.
    most: usize,
}

impl Listed {
    fn new(most: usize) -> Self {
        Self { used: AtomicBool::new(false), most }
    }
}

/// A passage to be left alone, as a line of the list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct IgnoreEntry {
    /// The rule's code.
    pub rule: String,
    /// The finding's fingerprint.
    pub fingerprint: String,
    /// Where it stood and how it begins, for a person.
    pub remark: String,
}

impl IgnoreList {
    /// Reads a list.
    ///
    /// # Errors
    ///
    /// The first line that is none; a rule that no longer exists is none of its faults, `known` being the codes there are.
    pub fn parse(file: &Arc<UserFile>, known: &HashSet<&str>) -> Result<Self, UserFileError> {
        let mut entries = BTreeMap::new();
        let mut offset = 0;
        for line in file.text.split_inclusive('\n') {
            let place = offset..offset + line.trim_end().len();
            offset += line.len();
            let content = line.split('#').next().unwrap_or("").trim();
            if content.is_empty() {
                continue;
            }
            let mut words = content.split_whitespace();
            let (Some(rule), Some(fingerprint)) = (words.next(), words.next()) else {
                let message = "a line is a rule's code and a fingerprint";
                let hint = "write `dechaff check --add-ignore --ignore-list FILE` to have such lines written";
                return Err(UserFileError::new(file, message, Some(place)).with_hint(Some(hint.into())));
            };
            if !known.contains(rule) {
                let hint = crate::user_file::nearest(rule, known.iter().copied());
                let hint = hint.map(|hint| format!("did you mean `{hint}`?"));
                return Err(
                    UserFileError::new(file, format!("no rule has the code `{rule}`"), Some(place)).with_hint(hint)
                );
            }
            let is_fingerprint = fingerprint.len() == 32 && fingerprint.bytes().all(|byte| byte.is_ascii_hexdigit());
            if !is_fingerprint {
                let message = format!("`{fingerprint}` is no fingerprint: 32 hexadecimal digits");
                return Err(UserFileError::new(file, message, Some(place)));
            }
            entries.insert((rule.to_owned(), fingerprint.to_ascii_lowercase()), Listed::new(usize::MAX));
        }
        Ok(Self { entries })
    }

    /// A list of rules and fingerprints, and how many such passages of a document are left alone: the first ones.
    pub fn of(entries: impl IntoIterator<Item = ((String, String), usize)>) -> Self {
        Self { entries: entries.into_iter().map(|(entry, most)| (entry, Listed::new(most))).collect() }
    }

    /// Takes those of `findings` out, which are of `text`, that the list names.
    pub fn filter(&self, text: &str, findings: &mut Vec<Finding>) {
        if self.entries.is_empty() {
            return;
        }
        let mut seen: HashMap<(String, String), usize> = HashMap::new();
        findings.retain(|finding| {
            let key = (finding.rule.code.clone(), finding.fingerprint(text));
            let Some(listed) = self.entries.get(&key) else { return true };
            listed.used.store(true, Ordering::Relaxed);
            let seen = seen.entry(key).or_insert(0);
            *seen += 1;
            *seen > listed.most
        });
    }

    /// How many entries left nothing out.
    pub fn unused(&self) -> usize {
        self.entries.values().filter(|listed| !listed.used.load(Ordering::Relaxed)).count()
    }
}

impl std::fmt::Display for IgnoreEntry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {} # {}", self.rule, self.fingerprint, self.remark)
    }
}
