//! An index survives a fault at any call: it has the old or the new state.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::lab::Lab;

const KINDS: &[&str] = &["kill", "error", "full", "gone"];
const ADD: &[&str] =
    &["index", "add", "c.dxi", "corpus", "--isolated", "--jobs", "1", "--memory", "4KB"];
const ADD_MORE: &[&str] = &["index", "add", "c.dxi", "more", "--isolated", "--jobs", "1"];
const COMPACT: &[&str] = &["index", "compact", "c.dxi"];
const REMOVE: &[&str] = &["index", "remove", "c.dxi", "corpus/b.jsonl"];

fn lab(folder: &Path) -> Lab {
    let lab = Lab::new(Path::new(env!("CARGO_BIN_EXE_dechaff")), folder);
    lab.write_corpus(1);
    fs::create_dir_all(lab.folder().join("more")).unwrap();
    fs::write(lab.folder().join("more/more.txt"), "A text that comes later.\n").unwrap();
    lab
}

fn succeed(lab: &Lab, arguments: &[&str]) -> Vec<u8> {
    let run = lab.run(arguments);
    assert!(run.succeeds(), "{arguments:?}: {}", run.stderr());
    run.output.stdout
}

/// Returns the numbers of documents, removed documents and segments; `None` if there is no index.
fn state(lab: &Lab, fault: &str) -> Option<[u64; 3]> {
    if !lab.folder().join("c.dxi/manifest.json").exists() {
        return None;
    }
    let run = lab.run(&["index", "verify", "c.dxi"]);
    assert!(run.succeeds(), "{fault}: {}", run.stderr());
    let stat = succeed(lab, &["index", "stat", "c.dxi", "--output-format", "json"]);
    let stat: Value = serde_json::from_slice(&stat).unwrap();
    Some(["documents", "removed", "segments"].map(|key| stat[key].as_u64().unwrap()))
}

/// Runs `arguments` with a fault at each call, after `begin`.
fn at_each_call(begin: &[&[&str]], arguments: &[&str]) {
    let folder = TempDir::new().unwrap();
    let lab = lab(folder.path());
    for arguments in begin {
        succeed(&lab, arguments);
    }
    let before = state(&lab, "before");
    let ready = lab.snapshot();
    succeed(&lab, arguments);
    let after = state(&lab, "after");
    assert_ne!(before, after);
    for kind in KINDS {
        let mut hits = 0;
        // A kill leaves the most different states.
        let step = if *kind == "kill" || std::env::var_os("EVERY_CALL").is_some() { 1 } else { 5 };
        for call in (1..).step_by(step) {
            lab.restore(&ready);
            let fault = format!("{kind}:{call}");
            let run = lab.run_with(&fault, arguments);
            let now = state(&lab, &fault);
            assert!(now == before || now == after, "{fault}: {now:?}");
            assert!(!run.succeeds() || now == after, "{fault} passes in silence");
            if run.hits == 0 {
                assert!(run.succeeds(), "{}", run.stderr());
                break;
            }
            hits += 1;
            // The next writer completes the change, and leaves nothing behind.
            if now == before {
                succeed(&lab, arguments);
            } else {
                succeed(&lab, ADD_MORE);
            }
            let stat = state(&lab, &fault).unwrap();
            let files = fs::read_dir(lab.folder().join("c.dxi")).unwrap().count() as u64;
            assert_eq!(files, 3 + stat[2], "{fault}: stale files");
        }
        eprintln!("{arguments:?}: {kind} at {hits} calls");
        assert!(hits > 0, "{kind}");
    }
}

#[test]
fn adding_to_a_new_index() {
    at_each_call(&[], ADD);
}

#[test]
fn adding_to_an_index() {
    at_each_call(&[ADD], ADD_MORE);
}

#[test]
fn removing_and_compacting() {
    at_each_call(&[ADD], REMOVE);
    at_each_call(&[ADD, REMOVE], COMPACT);
}
