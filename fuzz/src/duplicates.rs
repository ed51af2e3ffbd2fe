//! Comparing documents agrees with brute force.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use dechaff::duplicates::duplicate::{
    JoinLimits, Ratio, SetSource, SimilarPair, Tokens, count_shared, join, shingles,
};
use dechaff::duplicates::store::{self, MemoryStore};
use dechaff::finding::Finding;
use dechaff::linter::Linter;
use dechaff::text::{Document, Origin, Span, TextProvider};

use super::input::Control;
use super::shared;

static LINTER: LazyLock<Linter> = LazyLock::new(|| shared::linter(&["ND"], &[]));
static NEAR: LazyLock<Linter> = LazyLock::new(|| shared::linter(&["ND002"], &[]));

/// The first bytes choose a threshold. The rest is read twice: as sets of numbers, and as texts of
/// made-up words.
pub fn run(input: &[u8]) {
    let (mut control, bytes) = Control::split(input, 2);
    let percent = 10 + control.below(91);
    check_join(bytes, percent);
    let corpus = Corpus::new(bytes);
    check_near(&corpus);
    check_order(&corpus);
}

pub fn seeds() -> Vec<Vec<u8>> {
    // A paragraph, the same with changes, and others beside and between them.
    let one: Vec<u8> = (0..40).map(|number| number * 5 % 200).collect();
    let mut other = one.clone();
    other[20] = 199;
    let more: Vec<u8> = (0..40).map(|number| number * 3 % 200).collect();
    let documents = [
        [&one[..], &[PARAGRAPH], &other, &[PARAGRAPH], &more].concat(),
        [&one[..], &[DOCUMENT], &more, &[PARAGRAPH], &other].concat(),
        [
            &one[..20],
            &[SENTENCE],
            &one,
            &[SENTENCE],
            &more,
            &[DOCUMENT],
            &one,
            &[PARAGRAPH],
            &one[..20],
        ]
        .concat(),
    ];
    documents.into_iter().map(|bytes| [&[0, 70], &bytes[..]].concat()).collect()
}

struct Held(Vec<Vec<u64>>);

impl SetSource for Held {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn size(&self, index: usize) -> usize {
        self.0[index].len()
    }

    fn read(&self, index: usize, members: &mut Vec<u64>) -> store::Result<()> {
        members.clone_from(&self.0[index]);
        Ok(())
    }
}

/// The join finds the same pairs as comparing all sets with each other.
fn check_join(bytes: &[u8], percent: usize) {
    const MAX_SETS: usize = 40;
    let spread = |byte: &u8| u64::from(byte % 64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 8;
    let set =
        |bytes: &[u8]| bytes.iter().map(spread).collect::<BTreeSet<u64>>().into_iter().collect();
    let sets: Vec<Vec<u64>> =
        bytes.split(|byte| *byte >= SENTENCE).take(MAX_SETS).map(set).collect();
    let mut expected = Vec::new();
    for (right, one) in sets.iter().enumerate() {
        for (left, other) in sets[..right].iter().enumerate() {
            let count = one.iter().filter(|member| other.binary_search(member).is_ok()).count();
            assert_eq!(count_shared(one, other, 0), Some(count));
            if count > 0 && count * 100 >= (one.len() + other.len() - count) * percent {
                let (left, right, shared) = (left as u32, right as u32, count as u32);
                expected.push(SimilarPair { left, right, shared, is_truncated: false });
            }
        }
    }
    expected.sort();
    let threshold = Ratio::new(percent as f64 / 100.0).expect("it lies between 0 and 1");
    let sets = Held(sets);
    for memory in [0, usize::MAX] {
        let mut pairs = Vec::new();
        let limits = JoinLimits { postings: 1_000, memory };
        join(&sets, threshold, limits, &MemoryStore::default(), &mut |pair| pairs.push(pair))
            .expect("memory does not fail");
        pairs.sort();
        assert_eq!(pairs, expected, "with {memory} bytes");
    }
}

/// Separates sentences and sets.
const SENTENCE: u8 = 240;
const PARAGRAPH: u8 = 248;
const DOCUMENT: u8 = 252;

/// Documents by path.
struct Corpus(BTreeMap<String, String>);

impl TextProvider for Corpus {
    fn text(&self, origin: &Origin) -> Option<Arc<str>> {
        self.0.get(&origin.path).map(|text| Arc::from(text.as_str()))
    }
}

impl Corpus {
    /// One word per byte.
    fn new(bytes: &[u8]) -> Self {
        const SYLLABLES: [&str; 16] = [
            "ka", "lo", "mir", "ne", "su", "tal", "ro", "vin", "de", "pash", "gu", "wen", "fi",
            "bor", "zu", "hal",
        ];
        let mut texts = vec![String::new()];
        for &byte in bytes {
            let Some(text) = texts.last_mut() else { continue };
            match byte {
                DOCUMENT.. => texts.push(String::new()),
                PARAGRAPH.. => text.push_str(".\n\n"),
                SENTENCE.. => text.push_str(". The "),
                _ => {
                    let gap = if text.is_empty() || text.ends_with([' ', '\n']) { "" } else { " " };
                    let (first, second) = (usize::from(byte % 16), usize::from(byte / 16));
                    text.push_str(&format!("{gap}{}{}n", SYLLABLES[first], SYLLABLES[second]));
                }
            }
        }
        Self(
            texts
                .into_iter()
                .enumerate()
                .map(|(number, text)| (format!("{number:03}.txt"), text))
                .collect(),
        )
    }

    fn documents(&self) -> impl DoubleEndedIterator<Item = Document<'_>> {
        self.0
            .iter()
            .map(|(path, text)| Document::parse(Arc::new(Origin::file(path.as_str())), text))
    }

    fn shingles(&self, origin: &Origin, span: Span) -> Vec<u64> {
        let text = self.0.get(&origin.path).expect("the document exists");
        assert!(text.get(span.range()).is_some(), "{span:?} is not on character boundaries");
        shingles(&Tokens::parse(text, span))
    }
}

/// Each near-duplicate is reported once, with the greatest similarity to a paragraph before it.
fn check_near(corpus: &Corpus) {
    const MIN_WORDS: usize = 12;
    let findings = NEAR
        .compare(corpus.documents().map(|document| NEAR.sketch(&document)), corpus)
        .expect("memory does not fail");
    let mut earlier: Vec<Vec<u64>> = Vec::new();
    let mut expected: BTreeMap<(String, usize), f64> = BTreeMap::new();
    for document in corpus.documents() {
        for block in document.blocks() {
            let tokens = Tokens::parse(document.text(), block.content);
            let set = shingles(&tokens);
            if tokens.words < MIN_WORDS || set.is_empty() {
                continue;
            }
            let similarity = |other: &Vec<u64>| {
                let count = count_shared(&set, other, 0).unwrap_or(0);
                count as f64 / (set.len() + other.len() - count) as f64
            };
            let best = earlier.iter().map(similarity).fold(0.0, f64::max);
            if best >= 0.8 {
                expected.insert((document.origin().path.clone(), block.content.start), best);
            }
            earlier.push(set);
        }
    }
    let mut found = BTreeMap::new();
    for finding in &findings {
        let similarity = similarity(corpus, finding);
        assert!(similarity >= 0.8, "{similarity} is no near-duplicate");
        let place = (finding.origin.path.clone(), finding.span.start);
        assert!(found.insert(place, similarity).is_none(), "a place is reported twice");
    }
    assert_eq!(found, expected);
}

/// Returns the similarity of the two passages of a finding.
fn similarity(corpus: &Corpus, finding: &Finding) -> f64 {
    let label = finding.labels.first().expect("the other copy is named");
    let other = label.origin.as_ref().unwrap_or(&finding.origin);
    let (left, right) =
        (corpus.shingles(&finding.origin, finding.span), corpus.shingles(other, label.span));
    let count = count_shared(&left, &right, 0).unwrap_or(0);
    count as f64 / (left.len() + right.len() - count) as f64
}

/// Findings do not depend on the order of sketches, on memory, or on whether documents are queried
/// one by one.
fn check_order(corpus: &Corpus) {
    let sketch = |document: Document<'_>| LINTER.sketch(&document);
    let findings =
        LINTER.compare(corpus.documents().map(sketch), corpus).expect("memory does not fail");
    let reversed =
        LINTER.compare(corpus.documents().rev().map(sketch), corpus).expect("memory does not fail");
    assert_eq!(findings, reversed);
    let mut comparison = LINTER.comparison(Box::new(MemoryStore::default()), 0);
    for document in corpus.documents() {
        comparison.add(LINTER.sketch(&document)).expect("memory does not fail");
    }
    let mut compared = comparison.finish(corpus).expect("memory does not fail");
    let told: Vec<Finding> =
        corpus.documents().flat_map(|document| compared.findings_in(&document)).collect();
    assert_eq!(told, findings);
    for document in corpus.documents() {
        let own = findings
            .iter()
            .filter(|finding| finding.origin == *document.origin())
            .cloned()
            .collect::<Vec<_>>();
        shared::check_places(&document, &own);
    }
}
