//! The `[[find]]` tables of a rule file: phrases, expressions and guards.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use toml::Spanned;

use super::precompiled::PrecompiledPattern;
use super::toml_text::place_in_file;
use crate::join_lines;
use crate::pattern::{Pattern, PatternSource};
use crate::search::{Expression, PhraseBlock};
use dechaff_findings::user_file::{UserFile, UserFileError, nearest};
use dechaff_phrases::{
    ANY, Context, Extent, Phrase, PhraseError, WordList, WordLists, is_language, parse_block,
};

/// The files of shared word lists, by name, embedded at build time.
const EMBEDDED_WORDS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/embedded_words.rs"));

/// The keys of a `[[find]]` table, except those of languages.
const KEYS: [&str; 20] = [
    "where",
    "near",
    "match",
    "removes",
    "needs-neighbor",
    "or-run-of",
    "min-lines",
    "needs-other",
    "not-before",
    "min-words",
    "max-words",
    "below-title",
    "may-be-heading",
    "case-sensitive",
    "fix",
    "safe-from",
    "except",
    "except-regex",
    "regex",
    "any",
];

/// A `[[find]]` table as written.
#[derive(Debug, Default)]
pub(super) struct Find {
    /// The guards, without expressions.
    guards: Pattern,
    regex: Vec<Spanned<String>>,
    except_regex: Vec<Spanned<String>>,
    /// Blocks of phrases, by language.
    phrases: BTreeMap<String, Spanned<String>>,
    except: Vec<(String, Spanned<String>)>,
    /// Unknown keys, with their positions.
    unknown: Vec<(String, Range<usize>)>,
}

/// The shared word lists.
pub fn shared_words() -> &'static WordLists {
    static SHARED: OnceLock<WordLists> = OnceLock::new();
    SHARED.get_or_init(|| {
        // A test checks that each file parses.
        let lists = EMBEDDED_WORDS
            .iter()
            .filter_map(|(name, text)| Some(((*name).to_owned(), toml::from_str(text).ok()?)));
        WordLists::new(lists.collect(), None)
    })
}

/// Parses the `[[find]]` tables of a rule file with its `[words]`. Returns the patterns and their
/// sources.
///
/// # Errors
///
/// Returns the first unknown key, or the first invalid phrase or word.
pub(super) fn patterns(
    file: &Arc<UserFile>,
    finds: Vec<Find>,
    words: BTreeMap<String, WordList>,
) -> Result<(Vec<Pattern>, Vec<PatternSource>), UserFileError> {
    let lists = WordLists::new(words, Some(shared_words()));
    lists.validate().map_err(|(entry, error)| fault(file, &lists, &entry.span(), error))?;
    finds.into_iter().map(|find| find.pattern(file, &lists)).collect()
}

/// Combines the tables of a built-in rule with the data that the build script extracted from them.
/// Their phrases are only parsed when they may match.
pub(super) fn precompiled(
    finds: Vec<Find>,
    words: BTreeMap<String, WordList>,
    patterns: &[PrecompiledPattern],
) -> Vec<Pattern> {
    let lists = Arc::new(WordLists::new(words, Some(shared_words())));
    finds
        .into_iter()
        .zip(patterns)
        .map(|(find, pattern)| find.precompiled(&lists, pattern))
        .collect()
}

impl Find {
    fn pattern(
        self,
        file: &Arc<UserFile>,
        lists: &WordLists,
    ) -> Result<(Pattern, PatternSource), UserFileError> {
        if let Some((key, span)) = self.unknown.into_iter().next() {
            return Err(unknown_key(file, &key, span));
        }
        let mut pattern = self.guards;
        let extent = if pattern.is_part { Extent::Contains } else { Extent::Whole };
        let mut source = PatternSource {
            regex: self.regex,
            except_regex: self.except_regex,
            ..PatternSource::default()
        };
        for (language, block) in &self.phrases {
            source.phrases.extend(phrases(file, lists, language, extent, block)?);
        }
        for (language, block) in &self.except {
            source.except.extend(phrases(file, lists, language, Extent::Contains, block)?);
        }
        pattern.expressions = expressions(&source.phrases, &source.regex, pattern.may_list_lines());
        pattern.except = expressions(&source.except, &source.except_regex, false);
        Ok((pattern, source))
    }

    fn precompiled(self, lists: &Arc<WordLists>, precompiled: &PrecompiledPattern) -> Pattern {
        let block = |(language, text): (String, Spanned<String>), extent| {
            let (language, text) = (language.into(), text.into_inner());
            Arc::new(PhraseBlock { language, text, extent, lists: Arc::clone(lists) })
        };
        let mut pattern = self.guards;
        let extent = if pattern.is_part { Extent::Contains } else { Extent::Whole };
        let blocks: Vec<Arc<PhraseBlock>> =
            self.phrases.into_iter().map(|one| block(one, extent)).collect();
        let regexes: Vec<&str> = self.regex.iter().map(|one| one.get_ref().as_str()).collect();
        pattern.expressions = precompiled.expressions(&blocks, &regexes);
        pattern.lines = precompiled.lines();
        let except = self.except.into_iter().map(|one| block(one, Extent::Contains));
        let except = except.map(|block| Expression::from_block(&block));
        pattern.except = except.chain(expressions(&[], &self.except_regex, false)).collect();
        pattern
    }
}

/// Returns the expressions of `phrases`, then `regexes`.
fn expressions(
    phrases: &[Phrase],
    regexes: &[Spanned<String>],
    may_list_lines: bool,
) -> Vec<Expression> {
    let phrases = phrases.iter().map(|phrase| Expression::from_phrase(phrase, may_list_lines));
    phrases
        .chain(regexes.iter().map(|regex| Expression::from_regex(regex.get_ref(), regex.span())))
        .collect()
}

/// Returns the phrases of a block, with their positions in the file.
fn phrases(
    file: &Arc<UserFile>,
    lists: &WordLists,
    language: &str,
    extent: Extent,
    block: &Spanned<String>,
) -> Result<Vec<Phrase>, UserFileError> {
    let context = Context { language: language.into(), extent, lists };
    let mut phrases = parse_block(block.get_ref(), &context)
        .map_err(|error| fault(file, lists, &block.span(), error))?;
    if phrases.is_empty() {
        let fault = UserFileError::new(
            file,
            format!("no phrase is given for `{language}`"),
            Some(block.span()),
        );
        return Err(fault.with_hint(Some("write one phrase per line, or remove the key".into())));
    }
    for phrase in &mut phrases {
        phrase.place = place_in_file(&file.text, &block.span(), &phrase.place);
    }
    Ok(phrases)
}

fn fault(
    file: &Arc<UserFile>,
    lists: &WordLists,
    literal: &Range<usize>,
    error: PhraseError,
) -> UserFileError {
    let place = place_in_file(&file.text, literal, &error.span);
    let similar = error.unknown_list.as_ref().and_then(|name| nearest(name, lists.names()));
    let hint = similar.map(|name| format!("did you mean `@{name}`?")).or(error.hint);
    UserFileError::new(file, error.message, Some(place))
        .with_hint(hint.filter(|hint| !hint.is_empty()))
}

fn unknown_key(file: &Arc<UserFile>, key: &str, span: Range<usize>) -> UserFileError {
    let hint = match (nearest(key, KEYS.into_iter()), mistake_hint(key)) {
        (_, Some(hint)) => hint.to_owned(),
        (Some(similar), None) => format!("did you mean `{similar}`?"),
        (None, None) => format!(
            "languages are codes of ISO 639 such as `en`; the other keys are {}",
            list(&KEYS)
        ),
    };
    UserFileError::new(file, format!("unknown key `{key}`"), Some(span)).with_hint(Some(hint))
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Returns a hint for keys that people commonly use by mistake.
fn mistake_hint(key: &str) -> Option<&'static str> {
    Some(match key {
        "unit" => "did you mean `where`?",
        "place" => "did you mean `near`?",
        "unless" => "did you mean `except`?",
        "pattern" | "expression" | "regexp" => "did you mean `regex`?",
        "phrases" | "phrase" => {
            "write phrases under the code of their language, such as `en`, or under `any`"
        }
        _ => return None,
    })
}

impl<'de> Deserialize<'de> for Find {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FindVisitor)
    }
}

struct FindVisitor;

impl<'de> Visitor<'de> for FindVisitor {
    type Value = Find;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a table")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Find, A::Error> {
        let mut find = Find::default();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            let guards = &mut find.guards;
            match key.get_ref().as_str() {
                "where" => guards.unit = map.next_value()?,
                "near" => guards.near = map.next_value()?,
                "match" => guards.is_part = matches!(map.next_value()?, MatchMode::Contains),
                "removes" => guards.removes = map.next_value()?,
                "needs-neighbor" => {
                    let NeedsNeighbor { is_needed, is_before } = map.next_value()?;
                    (guards.needs_neighbor, guards.after_neighbor) = (is_needed, is_before);
                }
                "or-run-of" => guards.or_run_of = map.next_value()?,
                "min-lines" => guards.min_lines = map.next_value()?,
                "needs-other" => guards.needs_other = map.next_value()?,
                "not-before" => guards.not_before = map.next_value()?,
                "min-words" => guards.min_words = map.next_value()?,
                "max-words" => guards.max_words = map.next_value()?,
                "below-title" => guards.below_title = map.next_value()?,
                "may-be-heading" => guards.may_be_heading = map.next_value()?,
                "case-sensitive" => guards.case_sensitive = map.next_value()?,
                "fix" => guards.fix = map.next_value()?,
                "safe-from" => guards.safe_from = map.next_value()?,
                "regex" => find.regex = join_lines(map.next_value()?),
                "except-regex" => find.except_regex = join_lines(map.next_value()?),
                "except" => {
                    let except: Spanned<Except> = map.next_value()?;
                    let span = except.span();
                    find.except = match except.into_inner() {
                        Except::Phrases(block) => vec![(ANY.to_owned(), Spanned::new(span, block))],
                        Except::Languages(blocks) => blocks
                            .into_iter()
                            .map(|(key, block)| {
                                if !is_language(key.get_ref()) {
                                    find.unknown.push((key.get_ref().clone(), key.span()));
                                }
                                (key.into_inner(), block)
                            })
                            .collect(),
                    };
                }
                language if is_language(language) => {
                    let block = map.next_value()?;
                    find.phrases.insert(key.into_inner(), block);
                }
                _ => {
                    map.next_value::<serde::de::IgnoredAny>()?;
                    let span = key.span();
                    find.unknown.push((key.into_inner(), span));
                }
            }
        }
        Ok(find)
    }
}

/// How much of the unit must match.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum MatchMode {
    Whole,
    Contains,
}

/// Phrases that must not match: of any language, or by language.
enum Except {
    Phrases(String),
    Languages(BTreeMap<Spanned<String>, Spanned<String>>),
}

impl<'de> Deserialize<'de> for Except {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ExceptVisitor;
        impl<'de> Visitor<'de> for ExceptVisitor {
            type Value = Except;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("phrases, or a table with phrases for each language")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Except, E> {
                Ok(Except::Phrases(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Except, A::Error> {
                Deserialize::deserialize(serde::de::value::MapAccessDeserializer::new(map))
                    .map(Except::Languages)
            }
        }
        deserializer.deserialize_any(ExceptVisitor)
    }
}

/// `true`, `false` or `"before"`.
struct NeedsNeighbor {
    is_needed: bool,
    is_before: bool,
}

impl<'de> Deserialize<'de> for NeedsNeighbor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NeedsVisitor;
        impl Visitor<'_> for NeedsVisitor {
            type Value = NeedsNeighbor;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("true, false or \"before\"")
            }

            fn visit_bool<E: Error>(self, is_needed: bool) -> Result<NeedsNeighbor, E> {
                Ok(NeedsNeighbor { is_needed, is_before: false })
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<NeedsNeighbor, E> {
                match text {
                    "before" => Ok(NeedsNeighbor { is_needed: true, is_before: true }),
                    _ => Err(E::unknown_variant(text, &["before"])),
                }
            }
        }
        deserializer.deserialize_any(NeedsVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_words_parse() {
        for (name, text) in EMBEDDED_WORDS {
            toml::from_str::<WordList>(text)
                .map_err(|error| panic!("rules/words/{name}.toml: {error}"))
                .ok();
        }
        shared_words()
            .validate()
            .map_err(|(entry, error)| panic!("{entry:?}: {}", error.message))
            .ok();
    }
}
