//! Word lists: the `[words]` table of a rule file, and the files in `rules/words/`.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use toml::Spanned;

use super::language::{ANY, is_language};
use super::parse::{MAX_DEPTH, nested_line};
use super::{PhraseError, Sequence, logical_lines};

/// The entries of a list, by language. An entry is one line of phrases, or several.
#[derive(Debug, Clone, Default)]
pub struct WordList {
    /// The entries of each language; those without a language are listed under `any`.
    pub entries: BTreeMap<String, Vec<Spanned<String>>>,
}

/// Word lists by name: those of a rule file and the shared ones.
#[derive(Debug, Clone, Default)]
pub struct WordLists {
    own: BTreeMap<String, WordList>,
    shared: Option<&'static WordLists>,
}

/// Why a phrase cannot use a list.
#[derive(Debug)]
pub(super) enum ListError {
    Unknown,
    NoWords,
    Circular,
    Entry(PhraseError),
}

impl ListError {
    /// Returns the error message for a use of list `name` in a phrase of `language`, and a hint.
    pub(super) fn explain(self, name: &str, language: &str) -> (String, Option<String>) {
        match self {
            Self::Unknown => (
                format!("there is no list `@{name}`"),
                Some(format!("define `{name}` under `[words]`")),
            ),
            Self::NoWords => (
                format!("the list `@{name}` has no words for `{language}`"),
                Some(format!("add a key `{language}` to the list")),
            ),
            Self::Circular => (
                format!("the list `@{name}` contains itself"),
                Some("remove one of the uses".into()),
            ),
            Self::Entry(error) => (format!("in the list `@{name}`: {}", error.message), error.hint),
        }
    }
}

impl WordLists {
    /// Creates the lists of a rule file. Its own lists hide shared ones of the same name, so that a
    /// new shared list never breaks a rule.
    pub fn new(own: BTreeMap<String, WordList>, shared: Option<&'static Self>) -> Self {
        Self { own, shared }
    }

    /// Returns the names of all lists.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let shared = self.shared.into_iter().flat_map(|shared| shared.own.keys());
        self.own.keys().chain(shared).map(String::as_str)
    }

    /// Validates the entries of the file's own lists.
    ///
    /// # Errors
    ///
    /// Returns the first entry that is not a phrase, with the string that contains it.
    pub fn validate(&self) -> Result<(), (&Spanned<String>, PhraseError)> {
        for list in self.own.values() {
            for (language, entries) in &list.entries {
                for entry in entries {
                    sequences(entry.get_ref(), language, self, 0)
                        .map_err(|error| (entry, error))?;
                }
            }
        }
        Ok(())
    }

    /// Returns the alternatives of `@name` in a phrase of `language`: the words listed under that
    /// language and under `any`, or all words if the phrase has no language.
    pub(super) fn alternatives(
        &self,
        name: &str,
        language: &str,
        depth: usize,
    ) -> Result<Vec<Sequence>, ListError> {
        if depth > MAX_DEPTH {
            return Err(ListError::Circular);
        }
        let Some(list) = self.own.get(name) else {
            let shared = self.shared.ok_or(ListError::Unknown)?;
            return shared.alternatives(name, language, depth);
        };
        let base = language.split('-').next().unwrap_or(language);
        let counts = |key: &str| language == ANY || key == ANY || key == language || key == base;
        let mut alternatives = Vec::new();
        for (key, entries) in list.entries.iter().filter(|(key, _)| counts(key)) {
            for entry in entries {
                alternatives.extend(
                    sequences(entry.get_ref(), key, self, depth).map_err(ListError::Entry)?,
                );
            }
        }
        if alternatives.is_empty() { Err(ListError::NoWords) } else { Ok(alternatives) }
    }
}

/// Parses the phrases of an entry.
fn sequences(
    entry: &str,
    language: &str,
    lists: &WordLists,
    depth: usize,
) -> Result<Vec<Sequence>, PhraseError> {
    let mut sequences = Vec::new();
    for (start, text) in logical_lines(entry) {
        for (span, body) in nested_line(text, start, language, lists, depth)? {
            if body.at_start || body.at_end {
                return Err(PhraseError::new(
                    span,
                    "a word of a list has no place",
                    "remove the `^` or `$`",
                ));
            }
            sequences.push(body.sequence);
        }
    }
    Ok(sequences)
}

impl<'de> Deserialize<'de> for WordList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor)
    }
}

struct ListVisitor;

impl<'de> Visitor<'de> for ListVisitor {
    type Value = WordList;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of words, or a table with a list for each language")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<WordList, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = items.next_element()? {
            entries.push(entry);
        }
        Ok(WordList { entries: BTreeMap::from([(ANY.to_owned(), entries)]) })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<WordList, A::Error> {
        let mut entries = BTreeMap::new();
        while let Some((language, LanguageEntries(words))) =
            map.next_entry::<String, LanguageEntries>()?
        {
            if !is_language(&language) {
                return Err(A::Error::custom(format!(
                    "`{language}` is not a code of a language, such as `en`"
                )));
            }
            entries.insert(language, words);
        }
        Ok(WordList { entries })
    }
}

/// A list of entries, or a block of lines.
struct LanguageEntries(Vec<Spanned<String>>);

impl<'de> Deserialize<'de> for LanguageEntries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// The two ways to write entries.
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum EntryForm {
            List(Vec<String>),
            Block(String),
        }
        let form = Spanned::<EntryForm>::deserialize(deserializer)?;
        let span = form.span();
        Ok(Self(match form.into_inner() {
            EntryForm::List(entries) => {
                entries.into_iter().map(|entry| Spanned::new(span.clone(), entry)).collect()
            }
            EntryForm::Block(block) => vec![Spanned::new(span, block)],
        }))
    }
}
