//! The files of an index, damaged anywhere.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use dechaff::corpus::index::{
    DocumentPlace, IndexEntry, IndexReader, IndexRule, IndexSettings, IndexWriter, NewDocument,
    add_keys, new_units, text_hash,
};
use dechaff::duplicates::element_order::ElementOrder;
use dechaff::duplicates::indexed::{ReferenceIndex, SKETCH_VERSION, unicode_version};
use dechaff::duplicates::store::MemoryStore;
use dechaff::linter::Linter;
use dechaff::text::{Document, Origin, TextProvider};
use tempfile::TempDir;

use super::input::Control;
use super::shared::linter;

thread_local! {
    static FOLDER: TempDir = tempfile::tempdir().expect("a temporary folder can be made");
}

/// The rules of the index.
static INDEXED: LazyLock<Linter> = LazyLock::new(|| linter(&["ND"], &["ND007"]));

/// The names and bytes of the files of an index, the manifest among them.
type Files = BTreeMap<PathBuf, Vec<u8>>;

static FILES: LazyLock<Files> = LazyLock::new(build);

const LINE: &str =
    "The ferry leaves the old harbor at seven every morning, and comes back at dusk.";

const PARAGRAPH: &str = "The harbor was dredged in the spring so that larger ships could pass the inner wall. \
     Nobody had expected the work to take so long, or the old anchors to lie so deep. In the \
     end the town kept two of them, and a plate beside each says where it was found.";

/// The texts of the index, and the one that is compared with it.
fn texts() -> [String; 4] {
    let near = PARAGRAPH.replace("two of them", "three of these");
    [
        format!("{LINE}\n\n{PARAGRAPH}\n"),
        format!("{near}\n\nAnother line that belongs to this text alone.\n\n{LINE}\n"),
        "A text that shares no line with the others, in any of its few words.\n".to_owned(),
        format!("A new beginning.\n\n{LINE}\n\n{near}\n\nAnd a new end.\n"),
    ]
}

/// The texts, by the names of their files.
struct Texts;

impl TextProvider for Texts {
    fn text(&self, origin: &Origin) -> Option<Arc<str>> {
        let names = ["0.txt", "1.txt", "2.txt", "new.txt"];
        let number = names.iter().position(|name| origin.path.ends_with(name))?;
        texts().get(number).map(|text| Arc::from(text.as_str()))
    }
}

fn settings() -> IndexSettings {
    let rules = INDEXED.indexed_rules();
    let rules = rules
        .iter()
        .map(|(code, parameters)| IndexRule { code: code.clone(), parameters: parameters.clone() });
    IndexSettings { sketch: SKETCH_VERSION, unicode: unicode_version(), rules: rules.collect() }
}

/// Makes an index with two segments and a removed document.
fn build() -> Files {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("index");
    let [first, second, third, _] = texts();
    for (number, text) in [first, second, third].iter().enumerate() {
        let mut writer =
            IndexWriter::open(&path, settings(), 1 << 20).expect("an index can be opened");
        if writer.order().is_none() {
            writer.set_order(ElementOrder::with_capacity(100));
        }
        let order = writer.order().expect("the order is set").clone();
        writer.add(&document(&format!("{number}.txt"), text, &order)).expect("it can be added");
        writer.commit().expect("the index can be written");
    }
    let (mut writer, reader) = IndexWriter::open_existing(&path).expect("the index can be opened");
    let mut documents = Vec::new();
    let visited = reader.for_each_document(&mut |document, entry| {
        documents.push((document, entry.path));
        Ok(())
    });
    visited.expect("the index can be read");
    let removed = documents.iter().find(|(_, path)| path.ends_with("2.txt"));
    writer.remove(removed.expect("the third document is in the index").0);
    writer.commit().expect("the index can be written");
    let entries = fs::read_dir(&path).expect("the folder can be read");
    let paths = entries.map(|entry| entry.expect("the folder can be read").path());
    let file = |path: PathBuf| {
        let bytes = fs::read(&path).expect("a file can be read");
        (PathBuf::from(path.file_name().expect("a file has a name")), bytes)
    };
    paths.filter(|path| path.is_file()).map(file).collect()
}

fn document(path: &str, text: &str, order: &ElementOrder) -> NewDocument {
    let entry = IndexEntry {
        path: format!("/nowhere/{path}"),
        record: None,
        place: DocumentPlace::File,
        hash: text_hash(text),
        bytes: text.len() as u64,
    };
    let mut units = new_units(&INDEXED, &Document::parse(Arc::new(Origin::file(path)), text));
    add_keys(&INDEXED, &mut units, order);
    NewDocument { entry, units }
}

/// Returns the findings in the new text, compared with an index.
fn findings(reader: &mut IndexReader) -> Result<Vec<String>, String> {
    let [.., new] = texts();
    let document = Document::parse(Arc::new(Origin::file("new.txt")), &new);
    let mut comparison = INDEXED.comparison(Box::new(MemoryStore::default()), 1 << 20);
    comparison.add(INDEXED.sketch(&document)).map_err(|error| error.to_string())?;
    let mut indexes: [&mut dyn ReferenceIndex; 1] = [reader];
    comparison
        .add_indexes(&mut indexes, |origin| Arc::new(origin.clone()))
        .map_err(|error| error.to_string())?;
    let mut matches = comparison.finish(&Texts).map_err(|error| error.to_string())?;
    let found = matches.findings_in(&document);
    super::shared::check_places(&document, &found);
    Ok(found.iter().map(|finding| format!("{} {:?}", finding.rule.code, finding.span)).collect())
}

static EXPECTED: LazyLock<Vec<String>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    write(folder.path(), &FILES);
    let mut reader = IndexReader::open(folder.path(), Path::new("/")).expect("it can be opened");
    reader.verify().expect("the index is undamaged");
    let found = findings(&mut reader).expect("the index can be read");
    assert!(found.len() > 1, "{found:?}");
    found
});

fn write(folder: &Path, files: &Files) {
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        fs::remove_file(entry.expect("the folder can be read").path()).expect("it can be removed");
    }
    for (name, bytes) in files {
        fs::write(folder.join(name), bytes).expect("a file can be written");
    }
}

/// The input determines the damage: a file, a kind of damage, a position and a byte, repeatedly.
pub fn run(input: &[u8]) {
    const MAX_DAMAGES: usize = 8;
    let (mut control, _) = Control::split(input, 5 * MAX_DAMAGES);
    let mut files = FILES.clone();
    while !control.is_empty() {
        let (choice, kind) = (usize::from(control.byte()), control.byte());
        let number = choice % files.len();
        let Some(bytes) = files.values_mut().nth(number).filter(|bytes| !bytes.is_empty()) else {
            continue;
        };
        let at = control.below(bytes.len());
        match (kind % 5, control.byte()) {
            (0, byte) => bytes[at] = byte,
            (1, byte) => bytes.insert(at, byte),
            (2, length) => drop(bytes.drain(at..bytes.len().min(at + usize::from(length)))),
            (3, _) => bytes.truncate(at),
            (_, length) => {
                bytes.extend_from_within(at..(at + 8 * usize::from(length)).min(bytes.len()));
            }
        }
    }
    FOLDER.with(|folder| check(folder.path(), &files));
}

/// Nothing panics. An index that passes verification, or can be compacted, has the findings of the
/// undamaged one.
fn check(folder: &Path, files: &Files) {
    write(folder, files);
    let Ok(mut reader) = IndexReader::open(folder, Path::new("/")) else { return };
    let is_verified = reader.verify().is_ok();
    let found = findings(&mut reader);
    if is_verified {
        assert_eq!(found.as_ref(), Ok(&*EXPECTED), "damage passes the verification");
    }
    drop(reader);
    let Ok((mut writer, reader)) = IndexWriter::open_existing(folder) else { return };
    if writer.compact(&reader).and_then(|()| writer.commit()).is_err() {
        assert!(!is_verified, "an undamaged index cannot be compacted");
        return;
    }
    let mut reader = IndexReader::open(folder, Path::new("/")).expect("it can be opened");
    reader.verify().expect("a compacted index is undamaged");
    assert_eq!(findings(&mut reader).as_ref(), Ok(&*EXPECTED), "compacting hides damage");
}

pub fn seeds() -> Vec<Vec<u8>> {
    let files = 0..u8::try_from(FILES.len()).unwrap_or(u8::MAX);
    files
        .flat_map(|file| (0..5).map(move |kind| vec![file, kind, 0, 40, 7, file, kind, 1, 200, 90]))
        .collect()
}
