//! Kills dechaff at random file-system calls during fix and undo, runs it again, and counts torn
//! files and failed undos.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::lab::{Files, Lab};
use crate::random::Random;

const FIX: &[&str] =
    &["check", "corpus", "--isolated", "--select", "BP", "--fix-only", "-q", "--undo-log", "log"];
const UNDO: &[&str] = &["undo", "log"];
const TEXTS: u64 = 20;

/// The counts of a series of kills.
#[derive(Default)]
struct KillCounts {
    rounds: usize,
    killed: usize,
    repeated: usize,
    killed_again: usize,
    torn: usize,
    not_undone: usize,
    stale: usize,
}

/// Kills each command `rounds` times and prints the counts. Returns whether nothing was torn or
/// lost.
pub(crate) fn run(binary: &Path, rounds: usize) -> Result<bool> {
    let binary = binary.canonicalize().context("no such binary")?;
    let folder = std::env::temp_dir().join(format!("dechaff-kill-{}", std::process::id()));
    let lab = Lab::new(&binary, &folder);
    let mut random = Random::new(1);
    let fix = series(&lab, rounds, FIX, &mut random)?;
    let undo = series(&lab, rounds, UNDO, &mut random)?;
    std::fs::remove_dir_all(&folder)?;
    println!(
        "| command | rounds | killed | repeated | repetition killed | torn files | rounds not undone | stale files |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for (name, counts) in [("`check --fix-only`", &fix), ("`undo`", &undo)] {
        let KillCounts { rounds, killed, repeated, killed_again, torn, not_undone, stale } = counts;
        println!(
            "| {name} | {rounds} | {killed} | {repeated} | {killed_again} | {torn} | {not_undone} | {stale} |"
        );
    }
    Ok([fix, undo].iter().all(|counts| counts.torn + counts.not_undone + counts.stale == 0))
}

fn series(lab: &Lab, rounds: usize, command: &[&str], random: &mut Random) -> Result<KillCounts> {
    lab.write_corpus(TEXTS);
    let original = lab.files("corpus");
    let mut ready = lab.snapshot();
    let mut calls = lab.run_with("count:1", FIX).hits;
    let fixed = lab.files("corpus");
    ensure!(
        fixed.iter().all(|(path, content)| original.get(path) != Some(content)),
        "a file is not fixed"
    );
    if command == UNDO {
        ready = lab.snapshot();
        calls = lab.run_with("count:1", UNDO).hits;
        ensure!(lab.files("corpus") == original, "the undo fails");
    }
    ensure!(calls > 100, "{command:?} makes only {calls} calls: is the binary static?");
    let mut kill = || format!("kill:{}", random.next() % calls + 1);
    let mut counts = KillCounts::default();
    for round in 0..rounds {
        lab.restore(&ready);
        counts.rounds += 1;
        counts.killed += usize::from(lab.run_with(&kill(), command).hits > 0);
        counts.torn += torn(&lab.files("corpus"), [&original, &fixed]);
        if round % 2 == 0 {
            counts.repeated += 1;
            // Every second repetition is killed too, and repeated once more.
            if round % 4 == 0 {
                counts.killed_again += usize::from(lab.run_with(&kill(), command).hits > 0);
                counts.torn += torn(&lab.files("corpus"), [&original, &fixed]);
            }
            let _ = lab.run(command);
        }
        // Fails if nothing was changed.
        let _ = lab.run(UNDO);
        counts.not_undone += usize::from(lab.files("corpus") != original);
        // The last run removes the temporary files of killed ones.
        let _ = lab.run(FIX);
        counts.stale += lab.stale_files().len();
    }
    Ok(counts)
}

fn torn(files: &Files, states: [&Files; 2]) -> usize {
    files
        .iter()
        .filter(|(path, content)| states.iter().all(|state| state.get(*path) != Some(*content)))
        .count()
}
