//! Faults at every call of the file system: no file is torn, and every change that was applied can be undone.
//!
//!     cargo test --features fault-injection --test it faults::

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::json;
use tempfile::TempDir;

const KINDS: [&str; 3] = ["kill", "fail", "full"];

fn dechaff(folder: &Path, arguments: &[&str], fault: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dechaff"));
    command.current_dir(folder).args(arguments).env("DECHAFF_FAULT", fault).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Whether the fault came before the run ended.
fn was_hit(output: &Output, kind: &str) -> bool {
    match kind {
        "kill" => output.status.code().is_none(),
        _ => stderr(output).contains("injected fault"),
    }
}

fn text(number: usize) -> String {
    format!(
        "Leave a Comment\n\nThe talks go on in Muscat, both sides said on day {number} of {}.\n\nThey meet again in week {}.\n\n© 2024 \
         Example Inc. All rights reserved.\n",
        number * 7_919 % 10_007,
        number * 31
    )
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn corpus() -> TempDir {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join("corpus").join(name);
    fs::create_dir_all(path("deep")).unwrap();
    let lines: String = (10..14).map(|number| format!("{}\n", json!({"id": number, "text": text(number)}))).collect();
    let blank = json!({"id": "blank", "text": " "});
    fs::write(path("a.txt"), text(1)).unwrap();
    fs::write(path("b.jsonl"), format!("{lines}{blank}\n{lines}")).unwrap();
    fs::write(path("c.jsonl.gz"), gzip(&lines)).unwrap();
    fs::write(path("deep/d.txt"), text(2)).unwrap();
    fs::write(path("deep/e.txt.gz"), gzip(&text(3))).unwrap();
    folder
}

/// The files below a folder and what they hold, decompressed; and the temporary files among them.
fn files(folder: &Path) -> (BTreeMap<PathBuf, Vec<u8>>, Vec<PathBuf>) {
    fn visit(folder: &Path, root: &Path, all: &mut BTreeMap<PathBuf, Vec<u8>>, temporary: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() {
                visit(&path, root, all, temporary);
            } else if name.ends_with(".tmp") {
                temporary.push(path);
            } else if !name.starts_with('.') {
                let mut bytes = fs::read(&path).unwrap();
                if path.extension().is_some_and(|extension| extension == "gz") {
                    let mut unpacked = Vec::new();
                    GzDecoder::new(&*bytes).read_to_end(&mut unpacked).unwrap();
                    bytes = unpacked;
                }
                all.insert(path.strip_prefix(root).unwrap().to_owned(), bytes);
            }
        }
    }
    let (mut all, mut temporary) = (BTreeMap::new(), Vec::new());
    visit(folder, folder, &mut all, &mut temporary);
    (all, temporary)
}

/// Runs `arguments` with a fault at each place in turn, and has `judge` look at what each left behind.
fn at_every_place(begin: impl Fn() -> TempDir, arguments: &[&str], judge: impl Fn(&Path, &str)) {
    const MIN_PLACES: usize = 20;
    for kind in KINDS {
        let mut runs = 0;
        for place in 1.. {
            runs += 1;
            let folder = begin();
            let fault = format!("{kind}:{place}");
            let output = dechaff(folder.path(), arguments, &fault);
            if kind != "full" && output.status.success() && !was_hit(&output, kind) && place > MIN_PLACES {
                // Some faults are of no matter; a run of them ends the places.
                let next = dechaff(begin().path(), arguments, &format!("{kind}:{}", place + 5));
                if next.status.success() && !was_hit(&next, kind) {
                    break;
                }
            }
            judge(folder.path(), &fault);
            if output.status.success() && place > MIN_PLACES && kind == "full" {
                break;
            }
        }
        eprintln!("{}: {kind} at each of {runs} places", arguments.join(" "));
    }
}

const FIX: &[&str] = &["check", "corpus", "--select", "BP", "--fix-only", "-q", "--undo-log", "log"];

#[test]
fn a_fix_is_whole_and_can_be_undone_wherever_it_fails() {
    let (original, _) = files(&corpus().path().join("corpus"));
    let whole = corpus();
    assert!(dechaff(whole.path(), FIX, "").status.success());
    let (fixed, _) = files(&whole.path().join("corpus"));
    assert_eq!(original.iter().filter(|(path, bytes)| fixed[*path] != **bytes).count(), 5);
    at_every_place(corpus, FIX, |folder, fault| {
        let now = files(&folder.join("corpus")).0;
        assert_eq!(now.len(), original.len(), "{fault}");
        for (path, bytes) in &now {
            assert!(*bytes == original[path] || *bytes == fixed[path], "{fault}: {} is torn", path.display());
        }
        // Half of the time the same command is run again first.
        if fault.len() % 2 == 0 || fault.ends_with(['1', '4', '7']) {
            let again = dechaff(folder, FIX, "");
            assert!(again.status.success(), "{fault}: {}", stderr(&again));
            assert_eq!(files(&folder.join("corpus")), (fixed.clone(), Vec::new()), "{fault}");
        }
        let is_changed = files(&folder.join("corpus")).0 != original;
        let undone = dechaff(folder, &["undo", "log"], "");
        assert!(undone.status.success() || !is_changed, "{fault}: {}", stderr(&undone));
        assert_eq!(files(&folder.join("corpus")).0, original, "{fault}: {}", stderr(&undone));
    });
}

#[test]
fn an_undo_is_whole_and_can_be_repeated_wherever_it_fails() {
    let (original, _) = files(&corpus().path().join("corpus"));
    let begin = || {
        let folder = corpus();
        assert!(dechaff(folder.path(), FIX, "").status.success());
        folder
    };
    let (fixed, _) = files(&begin().path().join("corpus"));
    for more in [&[][..], &["--rule", "BP001"]] {
        let arguments = [&["undo", "log"], more].concat();
        let part = begin();
        assert!(dechaff(part.path(), &arguments, "").status.success());
        let (restored, _) = files(&part.path().join("corpus"));
        at_every_place(begin, &arguments, |folder, fault| {
            let now = files(&folder.join("corpus")).0;
            for (path, bytes) in &now {
                assert!(*bytes == restored[path] || *bytes == fixed[path], "{fault}: {} is torn", path.display());
            }
            let undone = dechaff(folder, &["undo", "log"], "");
            assert!(undone.status.success() || now == original, "{fault}: {}", stderr(&undone));
            assert_eq!(files(&folder.join("corpus")), (original.clone(), Vec::new()), "{fault}");
        });
    }
}

#[test]
fn copies_are_whole_and_lead_back_wherever_writing_them_fails() {
    let copy = ["check", "corpus", "--select", "BP", "--fix-only", "-q", "--undo-log", "log", "--output-dir", "clean"];
    let copy = [&copy[..], &["--drop-empty", "--keep-dropped"]].concat();
    let (original, _) = files(&corpus().path().join("corpus"));
    let whole = corpus();
    let run = dechaff(whole.path(), &copy, "");
    assert!(run.status.success(), "{}", stderr(&run));
    let (fixed, _) = files(&whole.path().join("clean"));
    at_every_place(corpus, &copy, |folder, fault| {
        for (path, bytes) in files(&folder.join("clean")).0 {
            assert!(bytes == fixed[&path], "{fault}: {} is torn", path.display());
        }
        assert_eq!(files(&folder.join("corpus")).0, original, "{fault}");
        let again = dechaff(folder, &copy, "");
        assert!(again.status.success(), "{fault}: {}", stderr(&again));
        assert_eq!(files(&folder.join("clean")), (fixed.clone(), Vec::new()), "{fault}");
        let undone = dechaff(folder, &["undo", "log"], "");
        assert!(undone.status.success(), "{fault}: {}", stderr(&undone));
        assert_eq!(files(&folder.join("clean")).0, original, "{fault}");
    });
}
