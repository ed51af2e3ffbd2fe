//! Kills dechaff at random calls of the file system while it fixes and undoes, runs it again, and
//! counts what is torn or cannot be undone.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::lab::{Files, Lab};
use crate::random::Random;

const FIX: &[&str] = &["check", "corpus", "--isolated", "--select", "BP", "--fix-only", "-q", "--undo-log", "log"];
const UNDO: &[&str] = &["undo", "log"];
const TEXTS: u64 = 20;

/// What a series of kills came to.
#[derive(Default)]
struct Tally {
    rounds: usize,
    killed: usize,
    repeated: usize,
    killed_again: usize,
    torn: usize,
    not_undone: usize,
    stale: usize,
}

/// Kills each command `rounds` times; prints the outcome, and returns whether nothing was torn or lost.
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
    for (name, tally) in [("`check --fix-only`", &fix), ("`undo`", &undo)] {
        let Tally { rounds, killed, repeated, killed_again, torn, not_undone, stale } = tally;
        println!("| {name} | {rounds} | {killed} | {repeated} | {killed_again} | {torn} | {not_undone} | {stale} |");
    }
    Ok([fix, undo].iter().all(|tally| tally.torn + tally.not_undone + tally.stale == 0))
}

fn series(lab: &Lab, rounds: usize, command: &[&str], random: &mut Random) -> Result<Tally> {
    lab.write_corpus(TEXTS);
    let original = lab.files("corpus");
    let mut ready = lab.snapshot();
    let mut calls = lab.run_with("count:1", FIX).hits;
    let fixed = lab.files("corpus");
    ensure!(fixed.iter().all(|(path, content)| original.get(path) != Some(content)), "a file is not fixed");
    if command == UNDO {
        ready = lab.snapshot();
        calls = lab.run_with("count:1", UNDO).hits;
        ensure!(lab.files("corpus") == original, "the undo fails");
    }
    ensure!(calls > 100, "{command:?} makes only {calls} calls: is the binary static?");
    let mut kill = || format!("kill:{}", random.next() % calls + 1);
    let mut tally = Tally::default();
    for round in 0..rounds {
        lab.restore(&ready);
        tally.rounds += 1;
        tally.killed += usize::from(lab.run_with(&kill(), command).hits > 0);
        tally.torn += torn(&lab.files("corpus"), [&original, &fixed]);
        if round % 2 == 0 {
            tally.repeated += 1;
            // Every second repetition is killed too, and repeated once more.
            if round % 4 == 0 {
                tally.killed_again += usize::from(lab.run_with(&kill(), command).hits > 0);
                tally.torn += torn(&lab.files("corpus"), [&original, &fixed]);
            }
            let _ = lab.run(command);
        }
        // Fails where nothing was changed.
        let _ = lab.run(UNDO);
        tally.not_undone += usize::from(lab.files("corpus") != original);
        // The last run removes what killed ones left in the folders where it writes.
        let _ = lab.run(FIX);
        tally.stale += lab.stale_files().len();
    }
    Ok(tally)
}

fn torn(files: &Files, states: [&Files; 2]) -> usize {
    files.iter().filter(|(path, content)| states.iter().all(|state| state.get(*path) != Some(*content))).count()
}
