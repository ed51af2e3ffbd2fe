//! Indexes: comparing with an index has the same findings as comparing with its documents.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use dechaff::config::Settings;
use dechaff::corpus::index::{
    DocumentPlace, IndexEntry, IndexReader, IndexRule, IndexSettings, IndexWriter, NewDocument,
    add_keys, new_units, text_hash,
};
use dechaff::duplicates::element_order::ElementOrder;
use dechaff::duplicates::indexed::{ReferenceIndex, SKETCH_VERSION, unicode_version};
use dechaff::duplicates::store::MemoryStore;
use dechaff::finding::Finding;
use dechaff::linter::Linter;
use dechaff::rule::Registry;
use dechaff::text::{Document, Origin, TextProvider};
use proptest::prelude::*;
use serde_json::Value;
use tempfile::TempDir;

use crate::index_command::PARAGRAPH;
use crate::planted::Random;

/// Texts by path.
#[derive(Debug, Default, Clone)]
pub(crate) struct Corpus(pub(crate) BTreeMap<String, String>);

impl TextProvider for Corpus {
    fn text(&self, origin: &Origin) -> Option<Arc<str>> {
        self.0.get(&origin.path).map(|text| Arc::from(text.as_str()))
    }
}

pub(crate) fn linter(select: &[&str]) -> Linter {
    let registry = Registry::embedded().unwrap();
    let select: Vec<String> = select.iter().map(|text| (*text).to_owned()).collect();
    Linter::new(&registry, &Settings::new(&registry, &select, &[], &[]).unwrap()).unwrap()
}

pub(crate) fn settings(linter: &Linter) -> IndexSettings {
    let rule = |(code, parameters): &(String, Value)| IndexRule {
        code: code.clone(),
        parameters: parameters.clone(),
    };
    let rules = linter.indexed_rules().iter().map(rule).collect();
    IndexSettings { sketch: SKETCH_VERSION, unicode: unicode_version(), rules }
}

/// The location of the test documents, which are not on disk.
const ROOT: &str = "/nowhere";

fn new_document(linter: &Linter, path: &str, text: &str, order: &ElementOrder) -> NewDocument {
    let entry = IndexEntry {
        path: format!("{ROOT}/{path}"),
        record: None,
        place: DocumentPlace::File,
        hash: text_hash(text),
        bytes: text.len() as u64,
    };
    let document = Document::parse(Arc::new(Origin::file(path)), text);
    let mut units = new_units(linter, &document);
    add_keys(linter, &mut units, order);
    NewDocument { entry, units }
}

/// Adds documents. With `memory` 0, each gets a segment of its own.
fn add(index: &Path, linter: &Linter, documents: &[(&str, &str)], memory: usize) {
    let mut writer = IndexWriter::open(index, settings(linter), memory).unwrap();
    if writer.order().is_none() {
        let mut order = ElementOrder::with_capacity(1_000);
        for (path, text) in documents {
            let document = Document::parse(Arc::new(Origin::file(*path)), text);
            for unit in new_units(linter, &document) {
                for (_, check) in linter.indexed_checks() {
                    if check.number() == unit.check {
                        check.count_elements(&unit.bytes, &mut order);
                    }
                }
            }
        }
        writer.set_order(order);
    }
    let order = writer.order().unwrap().clone();
    for (path, text) in documents {
        writer.add(&new_document(linter, path, text, &order)).unwrap();
    }
    writer.commit().unwrap();
}

fn open(index: &Path) -> IndexReader {
    IndexReader::open(index, Path::new(ROOT)).unwrap()
}

/// Compares `new` with the documents of indexes. `texts` has the texts of both.
fn against(
    linter: &Linter,
    indexes: &[&Path],
    new: &Corpus,
    texts: &Corpus,
) -> BTreeMap<String, Vec<Finding>> {
    let mut readers: Vec<IndexReader> = indexes.iter().map(|index| open(index)).collect();
    let mut readers: Vec<&mut dyn ReferenceIndex> =
        readers.iter_mut().map(|reader| reader as &mut dyn ReferenceIndex).collect();
    let mut comparison = linter.comparison(Box::new(MemoryStore::default()), 1 << 20);
    for (path, text) in &new.0 {
        let document = Document::parse(Arc::new(Origin::file(path.as_str())), text);
        comparison.add(linter.sketch(&document)).unwrap();
    }
    comparison.add_indexes(&mut readers, |origin| Arc::new(origin.clone())).unwrap();
    let mut matches = comparison.finish(texts).unwrap();
    findings(new, |document| matches.findings_in(document))
}

/// Compares `new` with `old` documents in one process.
fn in_process(linter: &Linter, old: &Corpus, new: &Corpus) -> BTreeMap<String, Vec<Finding>> {
    let mut comparison = linter.comparison(Box::new(MemoryStore::default()), 1 << 20);
    for (corpus, is_new) in [(old, false), (new, true)] {
        for (path, text) in &corpus.0 {
            let document = Document::parse(Arc::new(Origin::file(path.as_str())), text);
            let sketch = linter.sketch(&document);
            let added =
                if is_new { comparison.add(sketch) } else { comparison.add_reference(sketch) };
            added.unwrap();
        }
    }
    let texts = union(old, new);
    let mut matches = comparison.finish(&texts).unwrap();
    findings(new, |document| matches.findings_in(document))
}

fn union(old: &Corpus, new: &Corpus) -> Corpus {
    Corpus(old.0.iter().chain(&new.0).map(|(path, text)| (path.clone(), text.clone())).collect())
}

pub(crate) fn findings(
    corpus: &Corpus,
    mut find: impl FnMut(&Document<'_>) -> Vec<Finding>,
) -> BTreeMap<String, Vec<Finding>> {
    let mut all = BTreeMap::new();
    for (path, text) in &corpus.0 {
        let document = Document::parse(Arc::new(Origin::file(path.as_str())), text);
        all.insert(path.clone(), find(&document));
    }
    all
}

/// Creates documents from few paragraphs, sentences and lines, so that they share all kinds of
/// text.
pub(crate) fn shared_texts(random: &mut Random, documents: usize) -> Vec<String> {
    const WORDS: [&str; 40] = [
        "river", "council", "market", "school", "harbour", "winter", "report", "engine", "garden",
        "village", "museum", "budget", "tower", "bridge", "letter", "window", "summer", "doctor",
        "farmer", "island", "castle", "forest", "singer", "writer", "kitchen", "station",
        "journey", "paper", "stone", "silver", "copper", "valley", "church", "teacher", "captain",
        "dinner", "morning", "evening", "harvest", "weather",
    ];
    let sentence = |random: &mut Random, words: usize| {
        let words: Vec<&str> = (0..words).map(|_| WORDS[random.below(WORDS.len())]).collect();
        format!("The {}.", words.join(" "))
    };
    let pool: Vec<Vec<String>> = (0..6)
        .map(|_| {
            (0..1 + random.below(3))
                .map(|_| {
                    let words = 8 + random.below(22);
                    sentence(random, words)
                })
                .collect()
        })
        .collect();
    let lines: Vec<Vec<&str>> = (0..3)
        .map(|_| (0..2 + random.below(4)).map(|_| WORDS[random.below(WORDS.len())]).collect())
        .collect();
    let paragraph = |random: &mut Random| -> String {
        let mut sentences = pool[random.below(pool.len())].clone();
        match random.below(6) {
            // A near copy.
            0 | 1 => {
                for _ in 0..1 + random.below(2) {
                    let at = random.below(sentences.len());
                    let (from, to) = (WORDS[random.below(WORDS.len())], "changed");
                    sentences[at] = sentences[at].replacen(from, to, 1);
                }
            }
            // A shared sentence.
            2 => {
                let other = &pool[random.below(pool.len())];
                sentences.push(other[random.below(other.len())].clone());
            }
            // A shared passage.
            3 => sentences = vec![sentence(random, 9), format!("Then {}", sentences.join(" but "))],
            _ => {}
        }
        sentences.join(" ")
    };
    let line = |random: &mut Random| -> String {
        let mut words: Vec<String> =
            lines[random.below(lines.len())].iter().map(|word| (*word).to_owned()).collect();
        match random.below(4) {
            0 => words.push(random.below(100).to_string()),
            1 => {
                let at = random.below(words.len());
                words[at].push('s');
            }
            _ => {}
        }
        words.join(" ")
    };
    (0..documents)
        .map(|_| {
            let parts: Vec<String> = (0..1 + random.below(6))
                .map(|_| if random.below(3) == 0 { line(random) } else { paragraph(random) })
                .collect();
            parts.join("\n\n")
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 48 } else { 1_000 }))]

    /// The split into segments and indexes and the order of adding do not matter.
    #[test]
    fn an_index_has_the_findings_of_its_documents(
        seed in any::<u64>(),
        old in 1_usize..24,
        new in 1_usize..6,
    ) {
        compare_with_index(seed, old, new)?;
    }
}

/// Compares new documents with an index of old ones, and with these documents.
fn compare_with_index(seed: u64, old: usize, new: usize) -> Result<(), TestCaseError> {
    let mut random = Random(seed | 1);
    let texts = shared_texts(&mut random, old + new);
    let named = |range: std::ops::Range<usize>, name: &str| {
        let documents = texts[range].iter().enumerate();
        Corpus(documents.map(|(at, text)| (format!("{name}/{at:02}.txt"), text.clone())).collect())
    };
    // By name, new documents may come before old ones.
    let names = if random.below(2) == 0 { ["old", "new"] } else { ["b", "a"] };
    let (old_corpus, new_corpus) = (named(0..old, names[0]), named(old..old + new, names[1]));
    let linter = linter(&["ND", "ND008"]);
    let expected = in_process(&linter, &old_corpus, &new_corpus);

    let folder = TempDir::new().unwrap();
    let indexes: Vec<_> =
        (0..1 + random.below(2)).map(|at| folder.path().join(format!("{at}.dxi"))).collect();
    let mut documents: Vec<(&str, &str)> =
        old_corpus.0.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    for at in (1..documents.len()).rev() {
        documents.swap(at, random.below(at + 1));
    }
    let mut rest = documents.as_slice();
    while !rest.is_empty() {
        let (batch, after) = rest.split_at(1 + random.below(rest.len()));
        let index = &indexes[random.below(indexes.len())];
        add(index, &linter, batch, if random.below(2) == 0 { 0 } else { usize::MAX });
        rest = after;
    }
    let used: Vec<&Path> =
        indexes.iter().filter(|index| index.exists()).map(|index| index.as_path()).collect();
    let texts = union(&old_corpus, &new_corpus);
    let found = against(&linter, &used, &new_corpus, &texts);
    prop_assert_eq!(&found, &expected);

    // Without some documents, before and after they are dropped.
    let removed: Vec<String> =
        old_corpus.0.keys().filter(|_| random.below(4) == 0).cloned().collect();
    let mut rest = old_corpus.clone();
    rest.0.retain(|path, _| !removed.contains(path));
    let expected = in_process(&linter, &rest, &new_corpus);
    for index in &used {
        let (mut writer, reader) = IndexWriter::open_existing(index).unwrap();
        reader
            .for_each_document(&mut |document, entry| {
                if removed.iter().any(|path| entry.path == format!("{ROOT}/{path}")) {
                    writer.remove(document);
                }
                Ok(())
            })
            .unwrap();
        writer.commit().unwrap();
    }
    prop_assert_eq!(&against(&linter, &used, &new_corpus, &texts), &expected);
    for index in &used {
        let (mut writer, reader) = IndexWriter::open_existing(index).unwrap();
        writer.compact(&reader).unwrap();
        writer.commit().unwrap();
        let reader = open(index);
        reader.verify().unwrap();
        prop_assert!(reader.manifest().segments.len() <= 1);
        prop_assert_eq!(fs::read_dir(index).unwrap().count(), 3 + reader.manifest().segments.len());
    }
    prop_assert_eq!(&against(&linter, &used, &new_corpus, &texts), &expected);
    Ok(())
}

#[test]
fn the_texts_of_the_property_test_share_every_kind_of_text() {
    let linter = linter(&["ND", "ND008"]);
    let mut codes: BTreeMap<String, usize> = BTreeMap::new();
    for seed in 1..60 {
        let texts = shared_texts(&mut Random(seed * 2 + 1), 30);
        let named = |range: std::ops::Range<usize>, name: &str| {
            let documents = texts[range].iter().enumerate();
            Corpus(
                documents.map(|(at, text)| (format!("{name}/{at:02}.txt"), text.clone())).collect(),
            )
        };
        for finding in
            in_process(&linter, &named(0..24, "old"), &named(24..30, "new")).into_values().flatten()
        {
            *codes.entry(finding.rule.code.clone()).or_default() += 1;
        }
    }
    let expected = ["ND001", "ND002", "ND003", "ND004", "ND005", "ND008"];
    assert!(
        expected.iter().all(|code| codes.get(*code).is_some_and(|count| *count > 5)),
        "{codes:?}"
    );
}

#[test]
fn differing_settings_are_named() {
    let folder = TempDir::new().unwrap();
    let index = folder.path().join("i.dxi");
    let linter = linter(&["ND001", "ND002"]);
    add(&index, &linter, &[("a.txt", PARAGRAPH)], 0);
    let own = settings(&linter);
    let error = |settings: IndexSettings| open(&index).require(&settings).unwrap_err().to_string();
    assert!(open(&index).require(&own).is_ok());
    let unicode = IndexSettings { unicode: "1.0".into(), ..own.clone() };
    assert!(error(unicode).contains("but this dechaff has Unicode 1.0; rebuild the index"));
    let sketch = IndexSettings { sketch: 9, ..own.clone() };
    let versions =
        format!("sketches have version {SKETCH_VERSION}, but this dechaff uses version 9");
    assert!(error(sketch).contains(&versions));
    let mut rules = own.clone();
    rules.rules[1].parameters["near"]["threshold"] = 0.5.into();
    assert!(error(rules).contains("made with different parameters for ND002"));
}

/// A reader sees a snapshot of the index.
#[test]
fn a_reader_outlives_compaction() {
    let folder = TempDir::new().unwrap();
    let index = folder.path().join("i.dxi");
    let linter = linter(&["ND001"]);
    let old: Vec<String> = (0..5).map(|number| format!("{number} {PARAGRAPH}")).collect();
    let documents: Vec<(String, &str)> =
        old.iter().enumerate().map(|(at, text)| (format!("{at}.txt"), text.as_str())).collect();
    let documents: Vec<(&str, &str)> =
        documents.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    add(&index, &linter, &documents, 0);
    let reader = open(&index);
    assert_eq!(reader.manifest().segments.len(), 5);
    let (mut writer, own) = IndexWriter::open_existing(&index).unwrap();
    writer.compact(&own).unwrap();
    writer.commit().unwrap();
    assert_eq!(open(&index).manifest().segments.len(), 1);
    reader.verify().unwrap();
}
