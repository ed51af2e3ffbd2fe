//! Runs all fuzz targets for an equal share of the given time.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result, bail};

/// Maximum length of an input. Short texts are enough to find bugs in rules, and run fast.
const MAX_LENGTH: usize = 2_048;

/// Runs the targets one after the other, for `minutes` in total. Returns whether all passed.
pub(crate) fn run(minutes: u64) -> Result<bool> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz").canonicalize()?;
    let targets = targets(&folder)?;
    let seconds = (minutes * 60 / targets.len() as u64).max(1);
    cargo_fuzz(&["build"])?;
    let mut failed = Vec::new();
    for target in &targets {
        println!("== {target}, {seconds} seconds");
        if !fuzz(&folder, target, seconds)? {
            failed.push(target.as_str());
        }
    }
    if !failed.is_empty() {
        println!("failed: {}", failed.join(", "));
        println!(
            "Fix each input in fuzz/artifacts/TARGET, and keep it in fuzz/regressions/TARGET, where `cargo test` runs it."
        );
    }
    Ok(failed.is_empty())
}

/// Returns the names of the targets, from the files of their binaries.
fn targets(folder: &Path) -> Result<Vec<String>> {
    let mut targets = Vec::new();
    for entry in fs::read_dir(folder.join("fuzz_targets"))? {
        targets.extend(entry?.path().file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    targets.sort();
    Ok(targets)
}

/// No sanitizer: dechaff is safe Rust, and runs three times as fast without.
const OPTIONS: [&str; 3] = ["-s", "none", "--debug-assertions"];

fn cargo_fuzz(arguments: &[&str]) -> Result<()> {
    let status = command(arguments)
        .status()
        .context("cannot run cargo; `cargo install cargo-fuzz` installs cargo-fuzz")?;
    if !status.success() {
        bail!("the fuzz targets cannot be built; this takes cargo-fuzz and a nightly toolchain");
    }
    Ok(())
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.args(["+nightly", "fuzz"]).args(arguments).args(OPTIONS);
    // Set by the cargo that runs this task, for another toolchain.
    command.env_remove("CARGO").env_remove("RUSTUP_TOOLCHAIN");
    command
}

fn fuzz(folder: &Path, target: &str, seconds: u64) -> Result<bool> {
    let corpus = folder.join("corpus").join(target);
    let folders = ["seeds", "regressions"].map(|kind| folder.join(kind).join(target));
    fs::create_dir_all(&corpus)?;
    let mut command = command(&["run"]);
    command.arg(target).arg(&corpus).args(folders.iter().filter(|folder| folder.is_dir()));
    command.args([
        "--".to_owned(),
        format!("-max_total_time={seconds}"),
        format!("-max_len={MAX_LENGTH}"),
    ]);
    command.args(["-timeout=20", "-rss_limit_mb=3000", "-print_final_stats=1"]);
    command.env("DECHAFF_SEEDS", &corpus);
    // Some targets write many small files.
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() && env::var_os("TMPDIR").is_none() {
        command.env("TMPDIR", memory);
    }
    Ok(command.status()?.success())
}
