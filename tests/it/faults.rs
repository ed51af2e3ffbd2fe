//! Fault injection at every file-system call: no file is torn, every applied change can be undone,
//! and every fault is reported.
//!
//! `cargo test` kills a fix at every call, and samples the other combinations of command and fault.
//! `cargo xtask faults` tests them all, which takes five times as long.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use tempfile::TempDir;

use crate::lab::{Files, Lab, Run};

/// Faults injected at call 1, 2, 3 and so on. `preload.rs` explains them.
const KINDS: &[&str] = &["kill", "error", "full", "gone", "denied", "unreadable", "eof"];
/// The faults that leave the most different states.
const MAIN_KINDS: &[&str] = &["kill", "full"];

const FIX: &[&str] = &[
    "check",
    "corpus",
    "--isolated",
    "--select",
    "BP001",
    "--jobs",
    "1",
    "--fix-only",
    "-q",
    "--undo-log",
    "log",
];
const UNDO: &[&str] = &["undo", "log"];

fn lab(folder: &Path) -> Lab {
    let lab = Lab::new(Path::new(env!("CARGO_BIN_EXE_dechaff")), folder);
    lab.write_corpus(1);
    lab
}

fn succeed(lab: &Lab, arguments: &[&str]) -> Run {
    let run = lab.run(arguments);
    assert!(run.succeeds(), "{arguments:?}: {}", run.stderr());
    run
}

/// Returns the corpus created by `begin`, and the files in `below` after a run without faults.
fn before_and_after(begin: impl Fn(&Lab), arguments: &[&str], below: &str) -> (Files, Files) {
    let folder = TempDir::new().unwrap();
    let lab = lab(folder.path());
    begin(&lab);
    let original = lab.files("corpus");
    succeed(&lab, arguments);
    let after = lab.files(below);
    assert!(original.iter().all(|(path, content)| after[path] != *content), "a file is not fixed");
    (original, after)
}

/// Runs `arguments` with each kind of fault at one call after the other. `begin` prepares the
/// directory, and `judge` checks each outcome.
fn at_calls(
    kinds: &[&str],
    begin: impl Fn(&Lab) + Sync,
    arguments: &[&str],
    judge: impl Fn(&Lab, &str, &Run) + Sync,
) {
    let all = std::env::var_os("EVERY_CALL").is_some();
    for (first, kind) in (0..).zip(kinds) {
        let step = if all || *kind == "kill" && arguments == FIX { 1 } else { 6 };
        let calls = Calls { first: first % step + 1, step };
        let runs = strike(kind, &calls, &begin, arguments, &judge);
        eprintln!("{}: {kind} at {runs} calls", arguments[0]);
    }
}

/// The numbers of the calls at which faults are injected.
struct Calls {
    first: u64,
    step: u64,
}

/// Returns the number of runs in which the fault occurred.
fn strike(
    kind: &str,
    calls: &Calls,
    begin: &(impl Fn(&Lab) + Sync),
    arguments: &[&str],
    judge: &(impl Fn(&Lab, &str, &Run) + Sync),
) -> u64 {
    /// With threads, the number of calls varies slightly between runs.
    const MAX_MISSES: u64 = 2;
    let (next, hits, misses) = (AtomicU64::new(calls.first), AtomicU64::new(0), AtomicU64::new(0));
    let work = || {
        let folder = TempDir::new().unwrap();
        let lab = lab(folder.path());
        begin(&lab);
        let ready = lab.snapshot();
        while misses.load(Ordering::SeqCst) < MAX_MISSES {
            lab.restore(&ready);
            let fault = format!("{kind}:{}", next.fetch_add(calls.step, Ordering::SeqCst));
            let run = lab.run_with(&fault, arguments);
            let count = if run.hits == 0 { &misses } else { &hits };
            count.fetch_add(1, Ordering::SeqCst);
            assert!(run.hits > 0 || run.succeeds(), "{fault}: {}", run.stderr());
            judge(&lab, &fault, &run);
        }
    };
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(work))));
    hits.into_inner()
}

fn assert_whole(files: &Files, states: [&Files; 2], fault: &str) {
    for (path, content) in files {
        let is_whole = states.iter().any(|state| state.get(path) == Some(content));
        assert!(
            is_whole,
            "{fault}: {} is torn: {}",
            path.display(),
            String::from_utf8_lossy(content)
        );
    }
}

#[test]
fn a_fix_that_fails_anywhere_is_atomic_and_can_be_undone() {
    let (original, fixed) = before_and_after(|_| {}, FIX, "corpus");
    at_calls(
        KINDS,
        |_| {},
        FIX,
        |lab, fault, run| {
            let now = lab.files("corpus");
            assert_eq!(now.len(), original.len(), "{fault}");
            assert_whole(&now, [&original, &fixed], fault);
            assert!(!run.succeeds() || now == fixed, "{fault}: passes in silence");
            // In half of the cases, the command is repeated first.
            if fault.starts_with(['k', 'f']) && fault.ends_with(['1', '3', '5', '7', '9']) {
                succeed(lab, FIX);
                assert_eq!(lab.files("corpus"), fixed, "{fault}");
                assert_eq!(lab.stale_files(), Vec::<PathBuf>::new(), "{fault}");
            }
            if lab.files("corpus") != original {
                let undone = lab.run(UNDO);
                assert!(undone.succeeds(), "{fault}: {}", undone.stderr());
                assert_eq!(lab.files("corpus"), original, "{fault}: {}", undone.stderr());
            }
        },
    );
}

#[test]
fn an_undo_that_fails_anywhere_is_atomic_and_can_be_repeated() {
    let (original, fixed) = before_and_after(|_| {}, FIX, "corpus");
    at_calls(
        KINDS,
        |lab| drop(succeed(lab, FIX)),
        UNDO,
        |lab, fault, run| {
            let now = lab.files("corpus");
            assert_whole(&now, [&original, &fixed], fault);
            assert!(
                !run.succeeds() || now == original,
                "{fault}: passes in silence: {}",
                run.stderr()
            );
            let undone = lab.run(UNDO);
            assert!(undone.succeeds() || now == original, "{fault}: {}", undone.stderr());
            assert_eq!(lab.files("corpus"), original, "{fault}");
            assert_eq!(lab.stale_files(), Vec::<PathBuf>::new(), "{fault}");
        },
    );
}

#[test]
fn a_partial_undo_that_fails_anywhere_is_atomic_and_can_be_completed() {
    let fix = [FIX, &["--extend-select", "BP"]].concat();
    let part = [UNDO, &["--rule", "BP001"]].concat();
    let (original, fixed) = before_and_after(|_| {}, &fix, "corpus");
    let folder = TempDir::new().unwrap();
    let whole = lab(folder.path());
    succeed(&whole, &fix);
    succeed(&whole, &part);
    let restored = whole.files("corpus");
    assert!(restored != original && restored != fixed);
    at_calls(
        MAIN_KINDS,
        |lab| drop(succeed(lab, &fix)),
        &part,
        |lab, fault, run| {
            let now = lab.files("corpus");
            assert_whole(&now, [&restored, &fixed], fault);
            assert!(
                !run.succeeds() || now == restored,
                "{fault}: passes in silence: {}",
                run.stderr()
            );
            let undone = lab.run(UNDO);
            assert!(undone.succeeds() || now == original, "{fault}: {}", undone.stderr());
            assert_eq!(lab.files("corpus"), original, "{fault}");
        },
    );
}

#[test]
fn copies_that_fail_anywhere_are_atomic_and_can_be_undone() {
    copies_at_calls(|_| {}, &[]);
}

#[test]
fn copies_with_dropped_records_that_fail_anywhere_can_be_undone() {
    // Dropped rows of Parquet cannot be restored.
    let begin = |lab: &Lab| fs::remove_file(lab.folder().join("corpus/f.parquet")).unwrap();
    copies_at_calls(begin, &["--drop-empty", "--keep-dropped"]);
}

fn copies_at_calls(begin: impl Fn(&Lab) + Sync, more: &[&str]) {
    let copy = [FIX, &["--output-dir", "clean"], more].concat();
    let (original, fixed) = before_and_after(&begin, &copy, "clean");
    at_calls(MAIN_KINDS, begin, &copy, |lab, fault, run| {
        let now = lab.files("clean");
        assert_whole(&now, [&fixed, &fixed], fault);
        assert_eq!(lab.files("corpus"), original, "{fault}");
        assert!(!run.succeeds() || now == fixed, "{fault}: passes in silence: {}", run.stderr());
        succeed(lab, &copy);
        assert_eq!(lab.files("clean"), fixed, "{fault}");
        assert_eq!(lab.stale_files(), Vec::<PathBuf>::new(), "{fault}");
        succeed(lab, UNDO);
        assert_eq!(lab.files("clean"), original, "{fault}");
    });
}

#[test]
fn short_reads_name_clashes_and_backward_clocks_do_not_matter() {
    let (original, fixed) = before_and_after(|_| {}, FIX, "corpus");
    for fault in ["short", "clock", "clash:1", "clash:2", "clash:5"] {
        let folder = TempDir::new().unwrap();
        let lab = lab(folder.path());
        for (arguments, files) in [(FIX, &fixed), (UNDO, &original)] {
            let run = lab.run_with(fault, arguments);
            assert!(run.succeeds(), "{fault}: {}", run.stderr());
            assert_eq!(lab.files("corpus"), *files, "{fault}");
            assert_eq!(lab.stale_files(), Vec::<PathBuf>::new(), "{fault}");
        }
    }
}
