//! Comparing in steps has the same findings as one process, however the work is split.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use dechaff::check::Parameters;
use dechaff::corpus::index::IndexSettings;
use dechaff::corpus::work::{
    ComparedDocuments, ComparedMatches, FileList, Share, SketchTask, TaskOutcome, WorkFolder,
    WorkManifest, split_files,
};
use dechaff::duplicates::duplicate::{Keep, Parameters as Duplicates, Tokens, shingles};
use dechaff::duplicates::duplicate_document::KeepDocument;
use dechaff::duplicates::staged::StepSplit;
use dechaff::duplicates::store::MemoryStore;
use dechaff::finding::Finding;
use dechaff::linter::Linter;
use dechaff::rule::{Registry, Rule};
use dechaff::text::{Document, Origin, Record, Span, TextProvider};
use proptest::prelude::*;
use serde_json::json;
use tempfile::TempDir;

use crate::index::{linter, shared_texts};
use crate::planted::{Random, paragraphs};

const MEMORY: usize = 1 << 20;

/// The texts of documents, and the records of a file by its name.
#[derive(Default)]
struct Corpus(BTreeMap<Origin, String>);

impl TextProvider for Corpus {
    fn text(&self, origin: &Origin) -> Option<Arc<str>> {
        self.0.get(origin).map(|text| Arc::from(text.as_str()))
    }
}

impl Corpus {
    /// Puts texts into files with up to four records each.
    fn new(texts: Vec<String>, random: &mut Random) -> Self {
        let mut corpus = Self::default();
        let (mut file, mut index) = (0, 0);
        for text in texts {
            if random.below(4) == 0 {
                (file, index) = (file + 1, 0);
            }
            index += 1;
            let record = (file % 3 > 0).then_some(Record { index, id: None });
            // Names do not sort as numbers do.
            let part = if record.is_some() { String::new() } else { format!("-{index}") };
            corpus.0.insert(Origin { path: format!("c/{file}{part}.x"), record }, text);
        }
        corpus
    }

    fn documents(&self) -> impl Iterator<Item = Document<'_>> {
        self.0.iter().map(|(origin, text)| {
            Document::parse(Arc::new(origin.clone()), text).with_site(site(origin))
        })
    }

    /// Returns the names and sizes of the files.
    fn files(&self) -> Vec<(String, u64)> {
        let mut files: Vec<(String, u64)> = Vec::new();
        for (origin, text) in &self.0 {
            match files.last_mut().filter(|(path, _)| *path == origin.path) {
                Some((_, size)) => *size += text.len() as u64,
                None => files.push((origin.path.clone(), text.len() as u64)),
            }
        }
        files
    }
}

/// Returns the site of a document. Most documents have one.
fn site(origin: &Origin) -> Option<Arc<str>> {
    const SITES: [&str; 3] = ["", "example.org", "a-site-with-quite-a-long-name.example.org"];
    let number = origin.path.bytes().map(usize::from).sum::<usize>() % (SITES.len() + 1);
    SITES.get(number).map(|site| (*site).into())
}

/// The findings of each document with any.
type Findings = BTreeMap<Origin, Vec<Finding>>;

fn in_process(linter: &Linter, corpus: &Corpus) -> Findings {
    let mut comparison = linter.comparison(Box::new(MemoryStore::default()), MEMORY);
    for document in corpus.documents() {
        comparison.add(linter.sketch(&document)).unwrap();
    }
    let mut matches = comparison.finish(corpus).unwrap();
    let mut found = Findings::new();
    for document in corpus.documents() {
        found.insert((**document.origin()).clone(), matches.findings_in(&document));
    }
    found.retain(|_, findings| !findings.is_empty());
    found
}

fn manifest(linter: &Linter, corpus: &Corpus, shares: u32) -> WorkManifest {
    let files = corpus.files();
    let list = FileList::new(files.iter().map(|(name, size)| (name.as_str(), *size)));
    WorkManifest::new(IndexSettings::of_steps(linter).unwrap(), json!({}), list, shares)
}

/// Sketches a share of the files.
fn sketch(folder: &WorkFolder, linter: &Linter, corpus: &Corpus, share: Share, memory: usize) {
    let files = corpus.files();
    let sizes: Vec<u64> = files.iter().map(|(_, size)| *size).collect();
    let own = &files[split_files(&sizes, share.count)[share.number as usize - 1].clone()];
    let Some(mut task) = SketchTask::begin(folder, linter, share, memory, 1 << 12).unwrap() else {
        return;
    };
    for document in corpus.documents() {
        if own.iter().any(|(path, _)| *path == document.origin().path) {
            task.add(&linter.sketch(&document), document.text()).unwrap();
        }
    }
    task.finish().unwrap();
}

fn shuffle<T>(items: &mut [T], random: &mut Random) {
    for at in (1..items.len()).rev() {
        items.swap(at, random.below(at + 1));
    }
}

/// Returns the shares of `count` in random order.
fn shuffled(count: u32, random: &mut Random) -> Vec<Share> {
    let mut shares: Vec<Share> = (1..=count).map(|number| Share { number, count }).collect();
    shuffle(&mut shares, random);
    shares
}

/// Compares a corpus in steps. The numbers of tasks and their order are random.
fn in_steps(linter: &Linter, corpus: &Corpus, path: &Path, random: &mut Random) -> WorkFolder {
    let memory = [0, MEMORY][random.below(2)];
    let shares = 1 + random.below(8) as u32;
    for share in shuffled(shares, random) {
        let folder = WorkFolder::create(path, manifest(linter, corpus, shares)).unwrap();
        sketch(&folder, linter, corpus, share, memory);
    }
    let folder = WorkFolder::open(path).unwrap();
    for step in folder.steps() {
        let count = 1 + random.below(8) as u32;
        for share in shuffled(count, random) {
            let is_known =
                folder.progress().unwrap().next().is_none_or(|next| next.step != Some(step));
            assert!(!is_known || step.split() == StepSplit::Single);
            let outcome = folder.run(step, share, memory, &|| false).unwrap();
            assert_eq!(outcome == TaskOutcome::WasDone, is_known);
        }
    }
    assert!(folder.progress().unwrap().is_done());
    folder
}

/// Returns the findings of a comparison in steps, read in some shares of the files. The documents
/// of a share are in random order.
fn findings(
    folder: &WorkFolder,
    linter: &Linter,
    corpus: &Corpus,
    shares: u32,
    random: &mut Random,
) -> Findings {
    let files = corpus.files();
    let sizes: Vec<u64> = files.iter().map(|(_, size)| *size).collect();
    let name = |at: usize| files.get(at).map(|(name, _)| name.as_str());
    let mut found = Findings::new();
    for range in split_files(&sizes, shares).into_iter().filter(|range| !range.is_empty()) {
        let paths = (name(range.start), name(range.end));
        let compared = ComparedDocuments::open(folder, paths).unwrap();
        // With little memory, the matches of each document are read separately.
        let memory = [0, 1 << 13, MEMORY][random.below(3)];
        let mut matches = ComparedMatches::new(&compared, linter, memory).unwrap();
        let mut documents: Vec<_> = corpus.documents().collect();
        if random.below(2) == 0 {
            shuffle(&mut documents, random);
        }
        for document in documents {
            let is_own =
                files[range.clone()].iter().any(|(path, _)| *path == document.origin().path);
            let findings = matches.findings_in(&document).unwrap();
            assert_eq!(findings.is_some(), is_own);
            if let Some(findings) = findings.filter(|findings| !findings.is_empty()) {
                found.insert((**document.origin()).clone(), findings);
            }
        }
    }
    found
}

/// Returns a linter for the rules that compare documents, with other parameters.
fn changed_linter(random: &mut Random) -> Linter {
    let registry = Registry::embedded().unwrap();
    let mut rules: Vec<Rule> = Vec::new();
    for code in ["ND001", "ND002", "ND003", "ND004", "ND005", "ND006", "ND007", "ND008"] {
        let rule = registry.rules().iter().find(|rule| rule.info.code == code);
        rules.extend(rule.filter(|_| random.below(8) > 0).cloned());
    }
    let change = random.below(3);
    for rule in &mut rules {
        match &mut rule.parameters {
            Parameters::Duplicate(Duplicates::Near(near)) => {
                near.keep = [Keep::First, Keep::Longest][random.below(2)];
                near.threshold = [0.8, 0.5, 0.3, 1.0][random.below(4)];
                // Beyond sixteen paragraphs, only those close to each other are compared.
                near.crowd = [1_000, 1][random.below(2)];
            }
            Parameters::Duplicate(Duplicates::Line(line)) if change == 1 => {
                line.min_documents = line.min_documents.map(|_| 2);
                line.min_times = Some(2);
            }
            Parameters::SiteLine(site_line) => {
                site_line.min_site_pages = [5, 2, 20][random.below(3)];
                site_line.min_pages = [5, 2][random.below(2)];
                site_line.min_share = [0.1, 0.6][random.below(2)];
            }
            Parameters::DuplicateDocument(documents) => {
                documents.keep =
                    [KeepDocument::First, KeepDocument::Longest, KeepDocument::Cleanest]
                        [random.below(3)];
                documents.threshold = [0.8, 0.4, 1.0][random.below(3)];
                documents.min_words = [10, 1][random.below(2)];
            }
            _ => {}
        }
    }
    Linter::from_rules(&rules).unwrap()
}

/// Returns texts of which many are alike.
fn texts(random: &mut Random, documents: usize) -> Vec<String> {
    let mut texts = shared_texts(random, documents);
    for at in 0..texts.len() {
        let other = texts[random.below(at + 1)].clone();
        match random.below(8) {
            0 => texts[at] = other,
            1 => texts[at] = format!("{other}\n\nOne more paragraph {at} that no other text has."),
            2 => texts[at] = format!("{}\n\n{other}", texts[at]),
            // A line that recurs here, and in too few other documents.
            3 => {
                let name = ["Anna", "Berta", "Berto", "Carla"][random.below(4)];
                let line = format!("\n\nPhoto by {name}{} Mason", at / 20);
                texts[at] += &line.repeat(2 + random.below(3));
            }
            // A line above the text, as on other pages of the site.
            4 | 5 => texts[at] = format!("Valley Paper {}\n\n{other}", random.below(2)),
            _ => {}
        }
    }
    texts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 16 } else { 1_000 }))]

    /// Neither the number of tasks nor their order matters.
    #[test]
    fn steps_find_what_one_process_finds(seed in any::<u64>(), documents in 1_usize..60) {
        let mut random = Random(seed | 1);
        let corpus = Corpus::new(texts(&mut random, documents), &mut random);
        let linter = match random.below(2) {
            0 => linter(&["ND", "ND006", "ND008"]),
            _ => changed_linter(&mut random),
        };
        if linter.staged_rules().is_empty() {
            return Ok(());
        }
        let directory = TempDir::new().unwrap();
        let folder = in_steps(&linter, &corpus, &directory.path().join("work"), &mut random);
        let expected = in_process(&linter, &corpus);
        let shares = 1 + random.below(8) as u32;
        let found = findings(&folder, &linter, &corpus, shares, &mut random);
        prop_assert_eq!(found, expected);
    }

    /// Near-duplicates agree with a comparison of all pairs.
    #[test]
    fn near_pairs_equal_brute_force(seed in any::<u64>()) {
        let mut random = Random(seed | 1);
        let paragraphs = paragraphs(60, seed);
        let corpus = Corpus::new(paragraphs.clone(), &mut random);
        let linter = linter(&["ND002"]);
        let directory = TempDir::new().unwrap();
        let folder = in_steps(&linter, &corpus, &directory.path().join("work"), &mut random);
        let found = findings(&folder, &linter, &corpus, 3, &mut random);
        prop_assert_eq!(found.into_keys().collect::<Vec<_>>(), similar(&corpus));
    }
}

/// Returns the documents that are similar to an earlier one, comparing each pair.
fn similar(corpus: &Corpus) -> Vec<Origin> {
    let sets: Vec<(&Origin, Vec<u64>)> = corpus
        .0
        .iter()
        .map(|(origin, text)| (origin, shingles(&Tokens::parse(text, Span::new(0, text.len())))))
        .collect();
    let is_similar = |left: &[u64], right: &[u64]| {
        let shared = left.iter().filter(|element| right.contains(element)).count();
        shared * 10 >= (left.len() + right.len() - shared) * 8
    };
    let copies = sets.iter().enumerate().filter(|(at, (_, set))| {
        !set.is_empty() && sets[..*at].iter().any(|(_, other)| is_similar(other, set))
    });
    copies.map(|(_, (origin, _))| (*origin).clone()).collect()
}

#[test]
fn the_texts_of_the_property_test_share_every_kind_of_text() {
    let linter = linter(&["ND", "ND006", "ND008"]);
    let mut codes: BTreeMap<String, usize> = BTreeMap::new();
    for seed in 1..30 {
        let mut random = Random(seed * 2 + 1);
        let corpus = Corpus::new(texts(&mut random, 40), &mut random);
        for finding in in_process(&linter, &corpus).into_values().flatten() {
            *codes.entry(finding.rule.code.clone()).or_default() += 1;
        }
    }
    let expected = ["ND001", "ND002", "ND003", "ND004", "ND005", "ND006", "ND007", "ND008"];
    assert!(
        expected.iter().all(|code| codes.get(*code).is_some_and(|count| *count > 5)),
        "{codes:?}"
    );
}

/// Returns the error of an operation.
fn message<T>(result: Result<T, dechaff::duplicates::store::StoreError>) -> String {
    result.err().map(|error| error.message).unwrap_or_default()
}

#[test]
fn steps_run_in_order_and_once() {
    let mut random = Random(7);
    let corpus = Corpus::new(texts(&mut random, 20), &mut random);
    let linter = linter(&["ND"]);
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("work");
    assert!(message(WorkFolder::open(&path)).contains("no work folder here"));
    let folder = WorkFolder::create(&path, manifest(&linter, &corpus, 2)).unwrap();
    let [first, second] = [1, 2].map(|number| Share { number, count: 2 });
    sketch(&folder, &linter, &corpus, first, MEMORY);
    let step = folder.steps()[0];
    let early = folder.run(step, first, MEMORY, &|| false);
    assert!(message(early).contains("the step variants needs all shares of sketch"));
    assert_eq!(folder.progress().unwrap().next().unwrap().left(), [2]);
    sketch(&folder, &linter, &corpus, second, MEMORY);
    assert_eq!(folder.progress().unwrap().next().unwrap().step, Some(step));
    assert!(matches!(folder.run(step, second, MEMORY, &|| false), Ok(TaskOutcome::Done(_))));
    assert_eq!(folder.run(step, second, MEMORY, &|| false), Ok(TaskOutcome::WasDone));
    let other = folder.run(step, Share { number: 1, count: 3 }, MEMORY, &|| false);
    assert!(message(other).contains("the step variants was begun in 2 parts"));
    let interrupted = folder.run(step, first, MEMORY, &|| true);
    assert!(message(interrupted).contains("interrupted; run the task again"));
    assert_eq!(folder.progress().unwrap().next().unwrap().left(), [1]);
    let unfinished = ComparedDocuments::open(&folder, (None, None));
    assert!(
        message(unfinished).contains("the comparison is not done: shares of variants are missing")
    );
}

#[test]
fn a_folder_of_another_comparison_is_refused() {
    let mut random = Random(9);
    let corpus = Corpus::new(texts(&mut random, 20), &mut random);
    let all = linter(&["ND"]);
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("work");
    WorkFolder::create(&path, manifest(&all, &corpus, 2)).unwrap();
    let refusal = |manifest| message(WorkFolder::create(&path, manifest));
    let fewer = refusal(manifest(&linter(&["ND001"]), &corpus, 2));
    assert!(fewer.contains("select the same ones"), "{fewer}");
    let shares = refusal(manifest(&all, &corpus, 3));
    assert!(shares.contains("its sketch has 2 shares, not 3; use `--partition K/2`"), "{shares}");
    let files = refusal(manifest(&all, &Corpus::new(vec!["One text.".into()], &mut random), 2));
    assert!(files.contains("it was made of other files"), "{files}");
    let settings = IndexSettings::of_steps(&all).unwrap();
    let list = FileList::new([].into_iter());
    let reading = refusal(WorkManifest::new(settings, json!({"text-field": "body"}), list, 2));
    assert!(reading.contains("it was made with different reading options"), "{reading}");
    let manifest_path = path.join("manifest.json");
    let text = std::fs::read_to_string(&manifest_path).unwrap();
    std::fs::write(&manifest_path, text.replace("\"format\": 1", "\"format\": 9")).unwrap();
    assert!(message(WorkFolder::open(&path)).contains("has format 9, and this dechaff reads"));
    std::fs::write(&manifest_path, text.replace("\"shares\": 2", "\"shares\": 4")).unwrap();
    assert!(message(WorkFolder::open(&path)).contains("the checksum is wrong"));
}

/// Two rules that compare paragraphs one after the other cannot be run in steps.
#[test]
fn rules_that_cannot_be_run_in_steps_are_named() {
    let registry = Registry::embedded().unwrap();
    let rule = |code: &str| registry.rules().iter().find(|rule| rule.info.code == code).unwrap();
    let twice = |code: &str| Linter::from_rules([rule(code), rule(code)]).unwrap();
    assert!(twice("ND002").staged_refusal().unwrap().contains("ND002 and ND002 both compare"));
    assert!(twice("ND005").staged_refusal().unwrap().contains("only the first rule for recurring"));
    assert!(twice("ND008").staged_refusal().unwrap().contains("compare whole documents"));
    assert_eq!(linter(&["ND", "ND006", "ND008"]).staged_refusal(), None);
}

/// An engine starts a second attempt at a task that seems to hang, perhaps on another machine.
#[test]
fn only_one_of_two_attempts_at_a_task_counts() {
    let random = &mut Random(3);
    let corpus = Corpus::new(texts(random, 12), random);
    let linter = changed_linter(random);
    let folder = TempDir::new().unwrap();
    let share = Share { number: 1, count: 1 };
    let open = || WorkFolder::create(folder.path(), manifest(&linter, &corpus, 1)).unwrap();
    let here = open();
    let mut attempts: Vec<SketchTask<'_>> = Vec::new();
    for _ in 0..2 {
        attempts.push(SketchTask::begin(&here, &linter, share, 0, 1 << 12).unwrap().unwrap());
        assert!(
            message(SketchTask::begin(&here, &linter, share, 0, 0)).contains("another process")
        );
        // The other machine does not see the lock.
        std::fs::remove_file(folder.path().join(".dechaff-sketch-00001-of-00001.lock")).unwrap();
    }
    for task in &mut attempts {
        for document in corpus.documents() {
            task.add(&linter.sketch(&document), document.text()).unwrap();
        }
    }
    for task in attempts {
        assert_eq!(task.finish().unwrap() as usize, corpus.0.len());
    }
    let entry = std::fs::read(folder.path().join("sketch-00001-of-00001.json")).unwrap();
    let entry: serde_json::Value = serde_json::from_slice(&entry).unwrap();
    let named: Vec<_> =
        entry["files"].as_array().unwrap().iter().map(|file| &file["file"]).collect();
    let files = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name());
    let mut files: Vec<_> = files.filter_map(|name| name.into_string().ok()).collect();
    files.retain(|name| name.ends_with(".dxw"));
    assert_eq!(files.len(), named.len());
    assert!(named.iter().all(|name| files.iter().any(|file| *name == file)));
}

#[test]
fn a_waiting_attempt_finds_the_task_done() {
    let random = &mut Random(4);
    let corpus = Corpus::new(texts(random, 12), random);
    let linter = changed_linter(random);
    let folder = TempDir::new().unwrap();
    let share = Share { number: 1, count: 1 };
    let open = || WorkFolder::create(folder.path(), manifest(&linter, &corpus, 1)).unwrap();
    let first = open();
    let mut task = SketchTask::begin(&first, &linter, share, MEMORY, 1 << 12).unwrap().unwrap();
    let (sender, waits) = std::sync::mpsc::channel();
    let second = open().waiting(move || sender.send(()).is_ok());
    std::thread::scope(|scope| {
        let second = scope.spawn(|| {
            SketchTask::begin(&second, &linter, share, MEMORY, 1 << 12).unwrap().is_none()
        });
        waits.recv().unwrap();
        for document in corpus.documents() {
            task.add(&linter.sketch(&document), document.text()).unwrap();
        }
        task.finish().unwrap();
        assert!(second.join().unwrap());
    });
}
