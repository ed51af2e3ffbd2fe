//! Duplicates: results agree with brute force, and do not depend on order, threads or memory.

use crate::planted;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use dechaff::config::Settings;
use dechaff::corpus::SpillStore;
use dechaff::duplicates::duplicate::{
    JoinLimits, Ratio, SetSource, SimilarPair, Tokens, count_shared, join, shingles,
};
use dechaff::duplicates::store::{MemoryStore, NumberLimit, Store};
use dechaff::finding::Finding;
use dechaff::linter::{Linter, Sketch};
use dechaff::rule::Registry;
use dechaff::text::{Document, Origin, Span, TextProvider};
use planted::{MemorySets, Random};
use rayon::prelude::*;

/// Smaller in debug builds, to save time.
const PARAGRAPHS: usize = if cfg!(debug_assertions) { 2_000 } else { 20_000 };

fn sets(paragraphs: &[String]) -> MemorySets {
    let set = |text: &String| shingles(&Tokens::parse(text, Span::new(0, text.len())));
    MemorySets(paragraphs.iter().map(set).collect())
}

/// Counts the shared elements of all pairs that share any, without a filter.
fn overlaps(sets: &MemorySets) -> HashMap<(u32, u32), u32> {
    let mut holders: HashMap<u64, Vec<u32>> = HashMap::new();
    for (index, set) in (0..).zip(&sets.0) {
        for element in set {
            holders.entry(*element).or_default().push(index);
        }
    }
    let mut overlaps = HashMap::new();
    for holders in holders.values() {
        for (at, right) in holders.iter().enumerate() {
            for left in &holders[..at] {
                *overlaps.entry((*left, *right)).or_default() += 1;
            }
        }
    }
    overlaps
}

fn joined(sets: &MemorySets, threshold: f64, memory: usize, store: &dyn Store) -> Vec<SimilarPair> {
    let mut pairs = Vec::new();
    let limits = JoinLimits { postings: 1_000, memory };
    join(sets, Ratio::new(threshold).unwrap(), limits, store, &mut |pair| pairs.push(pair))
        .unwrap();
    pairs.sort();
    pairs
}

#[test]
fn join_agrees_with_brute_force() {
    let sets = sets(&planted::paragraphs(PARAGRAPHS, 1));
    let overlaps = overlaps(&sets);
    for (threshold, tenths) in [(0.5, 5), (0.7, 7), (0.8, 8), (0.9, 9)] {
        let mut expected: Vec<SimilarPair> = overlaps
            .iter()
            .filter(|((left, right), count)| {
                let union =
                    sets.size(*left as usize) as u32 + sets.size(*right as usize) as u32 - **count;
                **count * 10 >= union * tenths
            })
            .map(|((left, right), count)| SimilarPair {
                left: *left,
                right: *right,
                shared: *count,
                is_truncated: false,
            })
            .collect();
        expected.sort();
        assert!(expected.len() > PARAGRAPHS / 50, "the corpus has pairs: {}", expected.len());
        assert_eq!(
            joined(&sets, threshold, usize::MAX, &MemoryStore::default()),
            expected,
            "at {threshold}"
        );
        assert_eq!(
            joined(&sets, threshold, 100_000, &SpillStore::new(0)),
            expected,
            "at {threshold}, spilled"
        );
    }
}

#[test]
fn count_shared_agrees_with_brute_force() {
    let sets = sets(&planted::paragraphs(400, 2));
    let overlaps = overlaps(&sets);
    for right in 0..sets.count() {
        for left in 0..right {
            let count = count_shared(&sets.0[left], &sets.0[right], 0).unwrap() as u32;
            assert_eq!(overlaps.get(&(left as u32, right as u32)).copied().unwrap_or(0), count);
        }
    }
}

/// Texts by path.
#[derive(Default)]
struct Corpus(BTreeMap<String, String>);

impl TextProvider for Corpus {
    fn text(&self, origin: &Origin) -> Option<Arc<str>> {
        self.0.get(&origin.path).map(|text| Arc::from(text.as_str()))
    }
}

impl Corpus {
    /// Creates documents of ten paragraphs, some with a recurring line.
    fn planted(count: usize) -> Self {
        let paragraphs = planted::paragraphs(count, 3);
        let documents = paragraphs.chunks(10).enumerate().map(|(number, paragraphs)| {
            let footer = if number % 3 == 0 {
                format!("\n\nPage {number} of the reader")
            } else {
                String::new()
            };
            (format!("{number:05}.txt"), paragraphs.join("\n\n") + &footer)
        });
        Self(documents.collect())
    }

    fn sketches(&self, linter: &Linter) -> Vec<Sketch> {
        self.0
            .par_iter()
            .map(|(path, text)| {
                linter.sketch(&Document::parse(Arc::new(Origin::file(path.as_str())), text))
            })
            .collect()
    }
}

fn linter(select: &[&str]) -> Linter {
    let registry = Registry::embedded().unwrap();
    let select: Vec<String> = select.iter().map(|text| (*text).to_owned()).collect();
    Linter::new(&registry, &Settings::new(&registry, &select, &[], &[]).unwrap()).unwrap()
}

#[test]
fn each_near_duplicate_is_reported_once_against_the_best_before_it() {
    let corpus = Corpus::planted(1_000);
    let linter = linter(&["ND002"]);
    let findings = linter.compare(corpus.sketches(&linter), &corpus).unwrap();
    let mut places = Vec::new();
    let mut all = Vec::new();
    for (path, text) in &corpus.0 {
        let mut at = 0;
        for paragraph in text.split("\n\n") {
            places.push((path.clone(), at));
            at += paragraph.len() + 2;
            all.push(paragraph.to_owned());
        }
    }
    let sets = sets(&all);
    let mut best: BTreeMap<(String, usize), f64> = BTreeMap::new();
    for (right, place) in places.iter().enumerate() {
        for left in 0..right {
            let count = count_shared(&sets.0[left], &sets.0[right], 0).unwrap();
            let similarity = count as f64 / (sets.size(left) + sets.size(right) - count) as f64;
            if similarity >= 0.8 {
                let entry = best.entry(place.clone()).or_default();
                *entry = entry.max(similarity);
            }
        }
    }
    let reported: BTreeMap<(String, usize), f64> = findings
        .iter()
        .map(|finding| {
            let note = finding.notes.iter().find(|note| note.starts_with("similarity")).unwrap();
            let numbers: Vec<f64> = note
                .split(|character: char| !character.is_ascii_digit())
                .filter_map(|number| number.parse().ok())
                .collect();
            ((finding.origin.path.clone(), finding.span.start), numbers[2] / numbers[3])
        })
        .collect();
    assert_eq!(reported.len(), findings.len(), "no span is reported twice");
    assert!(reported.len() > 50);
    assert_eq!(reported, best);
}

#[test]
fn order_threads_and_memory_do_not_matter() {
    let corpus = Corpus::planted(PARAGRAPHS / 2);
    let linter = linter(&["ND"]);
    let expected = linter.compare(corpus.sketches(&linter), &corpus).unwrap();
    let codes: std::collections::BTreeSet<&str> =
        expected.iter().map(|one| one.rule.code.as_str()).collect();
    assert!(codes.len() >= 4, "most rules have findings: {codes:?}");

    let mut random = Random(4);
    for threads in [1, 2, 8] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut sketches = pool.install(|| corpus.sketches(&linter));
        for at in (1..sketches.len()).rev() {
            sketches.swap(at, random.below(at + 1));
        }
        assert_eq!(linter.compare(sketches, &corpus).unwrap(), expected, "{threads} threads");
    }
    for memory in [64 << 20, 1 << 12] {
        let mut comparison = linter.comparison(Box::new(SpillStore::new(memory / 2)), memory / 2);
        corpus.sketches(&linter).into_iter().for_each(|sketch| comparison.add(sketch).unwrap());
        let found = comparison
            .finish(&corpus)
            .unwrap()
            .into_findings()
            .into_iter()
            .flat_map(|(_, findings)| findings);
        assert_eq!(found.collect::<Vec<_>>(), expected, "{memory} bytes");
    }
}

#[test]
fn findings_per_document_agree_with_findings_of_all() {
    let corpus = Corpus::planted(PARAGRAPHS / 2);
    let linter = linter(&["ND"]);
    let compared = || {
        let mut comparison = linter.comparison(Box::new(MemoryStore::default()), 1 << 20);
        for (number, sketch) in corpus.sketches(&linter).into_iter().enumerate() {
            let added = if number % 4 == 0 {
                comparison.add_reference(sketch)
            } else {
                comparison.add(sketch)
            };
            added.unwrap();
        }
        comparison.finish(&corpus).unwrap()
    };
    let mut expected: BTreeMap<Arc<Origin>, Vec<Finding>> =
        compared().into_findings().into_iter().collect();
    assert!(expected.len() > 10);
    let mut compared = compared();
    for (path, text) in corpus.0.iter().rev() {
        let document = Document::parse(Arc::new(Origin::file(path.as_str())), text);
        assert_eq!(
            compared.findings_in(&document),
            expected.remove(document.origin()).unwrap_or_default(),
            "{path}"
        );
    }
    assert!(expected.is_empty());
    let unknown = Document::parse(Arc::new(Origin::file("unknown.txt")), "It was not sketched.");
    assert_eq!(compared.findings_in(&unknown), []);
}

fn found(texts: &[&str], select: &[&str]) -> Vec<Finding> {
    let corpus = Corpus(
        texts
            .iter()
            .enumerate()
            .map(|(at, text)| (format!("{at}.txt"), (*text).to_owned()))
            .collect(),
    );
    let linter = linter(select);
    linter.compare(corpus.sketches(&linter), &corpus).unwrap()
}

#[test]
fn repetitive_texts_take_linear_time() {
    let same = "The same line again and again without an end.\n".repeat(20_000);
    assert_eq!(found(&[&same], &["ND001"]).len(), 19_999);
    let count = if cfg!(debug_assertions) { 3_000 } else { 30_000 };
    let near: String = (0..count)
        .map(|number| {
            format!(
                "Report {number} of the station says that the weather of the day was fair and that nothing else was seen by the \
                 watch from the tower until the evening came and the lamp was lit by the keeper of the house\n"
            )
        })
        .collect();
    assert_eq!(found(&[&near], &["ND002"]).len(), count - 1);
    let period = "one two three four five six seven eight nine ten eleven ".repeat(20_000);
    assert!(!found(&[&period], &["ND"]).is_empty());
    for text in [
        "",
        "word",
        "\n\n\n",
        "。",
        "a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a",
    ] {
        found(&[text, text], &["ND"]);
    }
}

#[test]
fn texts_changed_after_sketching_are_not_reported() {
    let text = "The harbour was quiet when the first boats came in.\n";
    let linter = linter(&["ND"]);
    let corpus =
        Corpus([("a.txt".into(), text.to_owned()), ("b.txt".into(), text.to_owned())].into());
    let sketches = corpus.sketches(&linter);
    let changed =
        Corpus([("a.txt".into(), "Ä".to_owned()), ("b.txt".into(), text.to_owned())].into());
    assert_eq!(linter.compare(sketches.clone(), &corpus).unwrap().len(), 1);
    assert_eq!(linter.compare(sketches.clone(), &changed).unwrap(), []);
    assert_eq!(linter.compare(sketches.clone(), &Corpus::default()).unwrap(), []);

    let mut comparison = linter.comparison(Box::new(MemoryStore::default()), 1 << 20);
    sketches.into_iter().for_each(|sketch| comparison.add(sketch).unwrap());
    let mut compared = comparison.finish(&corpus).unwrap();
    let document = |text| Document::parse(Arc::new(Origin::file("b.txt")), text);
    assert_eq!(compared.findings_in(&document("The harbour was Ä")), []);
    assert_eq!(compared.findings_in(&document(text)).len(), 1);
}

#[test]
fn the_copies_in_the_seed_articles_are_found() {
    let paths: Vec<String> = std::fs::read_dir("seeds")
        .unwrap()
        .map(|entry| entry.unwrap().path().to_string_lossy().replace('\\', "/"))
        .collect();
    let read = |path: &String| (path.clone(), std::fs::read_to_string(path).unwrap());
    let corpus = Corpus(paths.iter().map(read).collect());
    let linter = linter(&["ND001", "ND002", "ND003", "ND004"]);
    let findings = linter.compare(corpus.sketches(&linter), &corpus).unwrap();
    let reported: Vec<(String, usize, usize, String)> = findings
        .iter()
        .map(|finding| {
            let text = &corpus.0[&finding.origin.path];
            let document = Document::parse(Arc::clone(&finding.origin), text);
            let label = &finding.labels[0];
            assert!(label.origin.is_none(), "both copies are in the fifth seed");
            let begins =
                text[finding.span.range()].split(' ').take(3).collect::<Vec<_>>().join(" ");
            let line = |span: Span| document.position(span.start).line;
            assert!(finding.origin.path.ends_with("004_717946b0a72bbb5c.txt"));
            (finding.rule.code.clone(), line(finding.span), line(label.span), begins)
        })
        .collect();
    let reported: Vec<(&str, usize, usize, &str)> = reported
        .iter()
        .map(|(code, line, first, begins)| (code.as_str(), *line, *first, begins.as_str()))
        .collect();
    assert_eq!(
        reported,
        [
            ("ND004", 5, 5, "Iranian leaders announced"),
            ("ND004", 5, 7, "USA Map. Political"),
            ("ND001", 11, 9, "United States Map"),
            ("ND001", 15, 13, "Mapas de Estados"),
        ]
    );
}

#[test]
fn many_short_paragraphs_in_a_long_one_take_linear_time() {
    let count: usize = if cfg!(debug_assertions) { 1_000 } else { 20_000 };
    let short = |number: usize| {
        format!("Chart {number} has the yearly yield of wheat in the valley of {number}")
    };
    let line: Vec<String> = (0..count).map(short).collect();
    let text = format!("{}\n\n{}\n", line.join(", and then "), line.join("\n\n"));
    let found = found(&[&text], &["ND004"]);
    assert_eq!(found.len(), count);
}

/// Returns words that are in no other text.
fn own_words(random: &mut Random, count: usize) -> Vec<String> {
    let word = |number: usize| format!("{number:b}").replace('0', "l").replace('1', "o");
    (0..count).map(|_| word(random.below(1 << 40))).collect()
}

/// Returns a paragraph with `passage` at some place.
fn paragraph_with(random: &mut Random, passage: &[String]) -> String {
    let [before, after] = [0; 2].map(|_| {
        let count = random.below(40);
        own_words(random, count)
    });
    [&before, passage, &after].concat().join(" ") + "."
}

/// Wherever it is in either paragraph, and whatever is beside it.
#[test]
fn a_passage_of_the_least_length_is_found_at_any_place() {
    const MIN_WORDS: usize = 25;
    let random = &mut Random(11);
    let linter = linter(&["ND004"]);
    for _ in 0..300 {
        let passage = own_words(random, MIN_WORDS);
        for (passage, findings) in [(&passage[..], 1), (&passage[1..], 0)] {
            let texts = ["a.txt", "b.txt"].map(|name| {
                let text = paragraph_with(random, passage);
                (name.to_owned(), text)
            });
            let corpus = Corpus(texts.into());
            let found = linter.compare(corpus.sketches(&linter), &corpus).unwrap();
            assert_eq!(found.len(), findings, "{:?}", corpus.0);
        }
    }
}

/// A paragraph that is too long for its tokens is still compared as a whole and by sentence.
#[test]
fn sentences_of_a_huge_paragraph_are_compared() {
    let registry = Registry::embedded().unwrap();
    let settings = Settings::new(&registry, &["ND001".into(), "ND003".into()], &[], &[]).unwrap();
    let linter = Linter::new(&registry, &settings).unwrap();
    let sentence = "The ferry to the north mole left an hour late again on Sunday.";
    let filler = "x y ".repeat(1_300_000);
    let text = format!(
        "{sentence} Then {filler}. Then it was quiet. {sentence}\n\n{filler} z.\n\n{filler} z.\n"
    );
    let origin = Arc::new(Origin::file("a.txt"));
    let document = Document::parse(Arc::clone(&origin), &text);
    let sketch = linter.sketch(&document);
    let size: usize = sketch.parts.iter().map(Vec::len).sum();
    assert!(size < 1_000, "a sketch of {size} bytes");
    struct One(Arc<str>);
    impl TextProvider for One {
        fn text(&self, _: &Origin) -> Option<Arc<str>> {
            Some(Arc::clone(&self.0))
        }
    }
    let found = linter.compare([sketch], &One(text.as_str().into())).unwrap();
    let codes: Vec<&str> = found.iter().map(|finding| finding.rule.code.as_str()).collect();
    assert_eq!(codes, ["ND003", "ND001"]);
    assert_eq!(&text[found[0].span.range()], sentence);
}

/// Documents, paragraphs and copies are numbered in 32 bits. More of them than that are an error
/// and not a number that wraps around.
#[test]
fn exceeding_the_numbering_limit_is_an_error() {
    let text = |number: usize| {
        let paragraph = "The harbour was quiet when the first boats came in before dawn.";
        format!("{paragraph}\n\nThe log of day {number} lists them all by name and by owner.\n")
    };
    let corpus = Corpus((0..4).map(|number| (format!("{number}.txt"), text(number))).collect());
    let compare = |linter: &Linter, limit| {
        let mut comparison = linter
            .comparison(Box::new(MemoryStore::default()), 1 << 20)
            .with_limit(NumberLimit::new(limit));
        corpus.sketches(linter).into_iter().try_for_each(|sketch| comparison.add(sketch))?;
        comparison.finish(&corpus).map(|matches| matches.into_findings().len())
    };
    let paragraphs = linter(&["ND001"]);
    assert_eq!(compare(&paragraphs, u32::MAX), Ok(3));
    assert_eq!(compare(&paragraphs, 8), Ok(3));
    let remedy = "check the corpus in parts, such as one directory at a time, or turn off the rules \
                  that compare documents (ND)";
    let error = |linter: &Linter, limit| compare(linter, limit).unwrap_err().message;
    assert_eq!(
        error(&paragraphs, 7),
        format!("more than 7 paragraphs, lines and list items: {remedy}")
    );
    // Also if no rule numbers paragraphs.
    for linter in [paragraphs, linter(&["ND008"]), linter(&["ND007"])] {
        assert_eq!(error(&linter, 3), format!("more than 3 documents: {remedy}"));
    }
}

#[test]
fn too_many_copies_to_number_are_an_error() {
    // A paragraph has many sentences.
    let text = "The harbour was quiet when the first boats came in before dawn today. ".repeat(9);
    let corpus = Corpus([("a.txt".into(), text)].into());
    let linter = linter(&["ND003"]);
    let compare = |limit| {
        let mut comparison = linter
            .comparison(Box::new(MemoryStore::default()), 1 << 20)
            .with_limit(NumberLimit::new(limit));
        corpus.sketches(&linter).into_iter().try_for_each(|sketch| comparison.add(sketch))?;
        comparison.finish(&corpus).map(|matches| matches.into_findings()[0].1.len())
    };
    assert_eq!(compare(8), Ok(8));
    let message = compare(7).unwrap_err().message;
    assert!(message.starts_with("more than 7 copies: check the corpus in parts"), "{message}");
}
