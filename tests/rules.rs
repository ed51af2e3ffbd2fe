//! Each rule file is a test: its examples hold. One more test asks for an example for each word list.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "numbers of tests are small"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test may fail aloud"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use libtest_mimic::{Arguments, Failed, Trial};

use dechaff::check::Parameters;
use dechaff::check::pattern::{PatternSource, PhraseSource, explain};
use dechaff::phrases::Phrase;
use dechaff::rule::{Documents, MarkedText, Registry, Rule};
use dechaff::rule_test;

fn main() {
    let registry: &'static Registry =
        Box::leak(Box::new(Registry::embedded().unwrap_or_else(|error| {
            eprintln!("{error}");
            std::process::exit(1);
        })));
    let mut trials: Vec<Trial> = registry
        .rules()
        .iter()
        .map(|rule| {
            let path =
                rule.file.path.trim_end_matches(".toml").trim_start_matches("rules/").to_owned();
            Trial::test(path, move || rule_test::test(rule, registry).map_err(Into::into))
        })
        .collect();
    trials.push(Trial::test("word-lists", move || word_lists_have_examples(registry)));
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// The lists that the entries of each list use, by name.
type Lists = BTreeMap<String, BTreeSet<String>>;

/// Checks that each word list that phrases use is part of a phrase that some example matches.
fn word_lists_have_examples(registry: &Registry) -> Result<(), Failed> {
    let shared = shared_lists()?;
    let mut without: BTreeSet<String> = shared.keys().map(|name| format!("words/{name}")).collect();
    for rule in registry.rules() {
        let own = own_lists(rule)?;
        let lists: Lists = shared.clone().into_iter().chain(own.clone()).collect();
        let file = |name: &str| if own.contains_key(name) { &*rule.file.path } else { "words" };
        let named = |name: &String| format!("{}/{name}", file(name));
        let sources = rule.sources().map_err(|error| error.to_string())?;
        let phrases = sources.iter().flat_map(|source| &source.phrases);
        let mut unseen: BTreeSet<String> =
            phrases.flat_map(|phrase| list_names(&phrase.source, &lists)).collect();
        unseen.retain(|name| own.contains_key(name) || without.contains(&named(name)));
        without.extend(unseen.iter().map(named));
        for text in marked_texts(rule) {
            if unseen.is_empty() {
                break;
            }
            for name in lists_matched(rule, &sources, &text, &lists, &unseen) {
                unseen.remove(&name);
                without.remove(&named(&name));
            }
        }
    }
    if without.is_empty() {
        return Ok(());
    }
    Err(format!("no example matches a phrase with the lists {without:?}").into())
}

/// Returns the lists of the phrases of `rule` that match `text`. Only phrases with a list of
/// `unseen` are tried, since each one has to be compiled.
fn lists_matched(
    rule: &Rule,
    sources: &[PatternSource],
    text: &str,
    lists: &Lists,
    unseen: &BTreeSet<String>,
) -> BTreeSet<String> {
    let Parameters::Pattern(patterns) = &rule.parameters else { return BTreeSet::new() };
    let is_tried = |phrase: &&Phrase| !list_names(&phrase.source, lists).is_disjoint(unseen);
    let tried: Vec<PatternSource> = sources
        .iter()
        .map(|source| PatternSource {
            phrases: source.phrases.iter().filter(is_tried).cloned().collect(),
            ..PatternSource::default()
        })
        .collect();
    let phrases = explain(patterns, &tried, text).into_iter().filter_map(|explanation| {
        match explanation.source {
            PhraseSource::Phrase(phrase) => Some(phrase.source.clone()),
            PhraseSource::Regex(_) => None,
        }
    });
    phrases.flat_map(|source| list_names(&source, lists)).collect()
}

/// Returns what the examples of `rule` mark, and each line of it.
fn marked_texts(rule: &Rule) -> Vec<String> {
    let bad = rule.examples().iter().filter_map(|example| example.bad.as_ref());
    let mut texts = Vec::new();
    for marked in bad.flat_map(Documents::texts).map(|text| MarkedText::parse(text)) {
        for span in &marked.spans {
            let text = &marked.text[span.start..span.end];
            texts.push(text.to_owned());
            texts.extend(text.lines().filter(|line| *line != text).map(str::to_owned));
        }
    }
    texts
}

/// Returns the lists of `text`, and the lists of their entries.
fn list_names(text: &str, lists: &Lists) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut open = direct_names(text);
    while let Some(name) = open.pop_first() {
        let Some(inner) = lists.get(&name) else { continue };
        open.extend(inner.iter().filter(|inner| !names.contains(*inner)).cloned());
        names.insert(name);
    }
    names
}

/// Returns the names after each `@` of `text`.
fn direct_names(text: &str) -> BTreeSet<String> {
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let name = |rest: &str| {
        let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        rest[..end].trim_end_matches('-').to_owned()
    };
    text.split('@').skip(1).map(name).collect()
}

fn own_lists(rule: &Rule) -> Result<Lists, Failed> {
    let file: toml::Table = toml::from_str(&rule.file.text)?;
    let words = file.get("words").and_then(toml::Value::as_table).cloned().unwrap_or_default();
    Ok(words.into_iter().map(|(name, words)| (name, direct_names(&words.to_string()))).collect())
}

fn shared_lists() -> Result<Lists, Failed> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules").join("words");
    let mut lists = Lists::new();
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        lists.insert(name, direct_names(&fs::read_to_string(&path)?));
    }
    Ok(lists)
}
