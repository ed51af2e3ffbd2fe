//! Kills dechaff at random moments while it fixes and undoes, runs it again, and looks whether anything was torn or lost.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use crate::random::Random;

const FIX: [&str; 8] = ["check", "corpus", "--select", "BP", "--fix-only", "-q", "--undo-log", "log"];
const UNDO: [&str; 2] = ["undo", "log"];
const FILES: u64 = 60;

type Files = BTreeMap<PathBuf, Vec<u8>>;

/// What a series of kills came to.
#[derive(Default)]
struct Tally {
    rounds: usize,
    killed: usize,
    repeated: usize,
    torn: usize,
    not_undone: usize,
    stale: usize,
}

/// Kills each command `rounds` times; prints what came of it, and says whether nothing was torn or lost.
pub(crate) fn run(binary: &Path, rounds: usize) -> Result<bool> {
    let binary = binary.canonicalize().context("no such binary")?;
    let folder = std::env::temp_dir().join(format!("dechaff-kill-{}", std::process::id()));
    let mut random = Random::new(1);
    let fix = series(&binary, &folder, rounds, false, &mut random)?;
    let undo = series(&binary, &folder, rounds, true, &mut random)?;
    fs::remove_dir_all(&folder)?;
    println!("| command | rounds | killed | run again | torn files | rounds not undone | stale files left |");
    println!("|---|---|---|---|---|---|---|");
    for (name, tally) in [("`check --fix-only`", &fix), ("`undo`", &undo)] {
        let Tally { rounds, killed, repeated, torn, not_undone, stale } = tally;
        println!("| {name} | {rounds} | {killed} | {repeated} | {torn} | {not_undone} | {stale} |");
    }
    Ok([fix, undo].iter().all(|tally| tally.torn + tally.not_undone + tally.stale == 0))
}

fn series(binary: &Path, folder: &Path, rounds: usize, kills_undo: bool, random: &mut Random) -> Result<Tally> {
    let dechaff = |arguments: &[&str]| {
        let mut command = Command::new(binary);
        command.current_dir(folder).args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    begin(folder)?;
    let original = files(folder)?;
    let start = Instant::now();
    ensure!(dechaff(&FIX).status()?.success(), "the fix fails");
    let mut time = start.elapsed();
    let fixed = files(folder)?;
    ensure!(fixed.iter().all(|(path, bytes)| original.get(path) != Some(bytes)), "a file is not fixed");
    if kills_undo {
        let start = Instant::now();
        ensure!(dechaff(&UNDO).status()?.success(), "the undo fails");
        time = start.elapsed();
    }
    let mut tally = Tally::default();
    for _ in 0..rounds {
        begin(folder)?;
        if kills_undo {
            ensure!(dechaff(&FIX).status()?.success(), "the fix fails");
        }
        let killed: &[&str] = if kills_undo { &UNDO } else { &FIX };
        let mut child = dechaff(killed).spawn()?;
        std::thread::sleep(time.mul_f32(random.unit()).max(Duration::from_millis(1)));
        let has_ended = child.try_wait()?.is_some();
        child.kill()?;
        child.wait()?;
        tally.rounds += 1;
        tally.killed += usize::from(!has_ended);
        let is_whole =
            |(path, bytes): (&PathBuf, &Vec<u8>)| original.get(path) == Some(bytes) || fixed.get(path) == Some(bytes);
        tally.torn += files(folder)?.iter().filter(|(path, bytes)| !is_whole((path, bytes))).count();
        if random.next().is_multiple_of(2) {
            tally.repeated += 1;
            dechaff(killed).status()?;
        }
        dechaff(&UNDO).status()?;
        tally.not_undone += usize::from(files(folder)? != original);
        // The last run removes what is left where it works.
        dechaff(&FIX).status()?;
        tally.stale += stale(&folder.join("corpus"))?;
    }
    Ok(tally)
}

/// Writes the corpus anew, without a log.
fn begin(folder: &Path) -> Result<()> {
    let _ = fs::remove_dir_all(folder);
    let corpus = folder.join("corpus");
    fs::create_dir_all(&corpus)?;
    for number in 0..FILES {
        fs::write(corpus.join(format!("{number:03}.txt")), text(number))?;
    }
    let lines: String = (0..40)
        .map(|number| format!("{}\n", serde_json::json!({"id": number, "text": text(number + 1_000)})))
        .collect();
    fs::write(corpus.join("a.jsonl"), &lines)?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(lines.replace("Muscat", "Vienna").as_bytes())?;
    fs::write(corpus.join("b.jsonl.gz"), encoder.finish()?)?;
    Ok(())
}

fn text(number: u64) -> String {
    let other = number * 7_919 % 10_007;
    format!(
        "Leave a Comment\n\nThe talks go on in Muscat on day {number} of {other}.\n\nBe the first to comment °\n\nWeek {other} ends.\n"
    )
}

/// The files of the corpus and what they hold, decompressed.
fn files(folder: &Path) -> Result<Files> {
    let mut files = Files::new();
    for entry in fs::read_dir(folder.join("corpus"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "tmp") {
            continue;
        }
        let mut bytes = fs::read(&path)?;
        if path.extension().is_some_and(|extension| extension == "gz") {
            let mut unpacked = Vec::new();
            GzDecoder::new(&*bytes).read_to_end(&mut unpacked)?;
            bytes = unpacked;
        }
        files.insert(path, bytes);
    }
    Ok(files)
}

fn stale(folder: &Path) -> Result<usize> {
    let names = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().ends_with(".tmp")));
    Ok(names.collect::<Result<Vec<bool>>>()?.into_iter().filter(|is_temporary| *is_temporary).count())
}
