//! Development tasks: evaluation on labelled pages, harm, conformance, fuzzing and fault injection.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "its numbers are small"
)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command for a terminal")]

mod clean;
mod conformance;
mod dump;
mod eval;
mod fuzz;
#[path = "../../tests/it/generated/mod.rs"]
mod generators;
mod harm;
mod hostile;
mod judge;
mod kill;
#[allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "it is a part of the integration tests"
)]
#[path = "../../tests/faults/lab.rs"]
mod lab;
mod pages;
mod prepare;
mod random;
mod rules;
mod sites;
mod tally;
mod verdicts;

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

const USAGE: &str = "usage:
  cargo xtask dump DIR FOLDER
      writes the features of the labelled lines in DIR/lines to FOLDER, for training/train.py
  cargo xtask eval DIR [--false] [--missed] [--predictions FOLDER]
      says what rules and classifier do on those pages, and keeps it in docs/
  cargo xtask harm [DIR]
      applies all safe fixes to clean content, generated and from those pages, and prints what they take, rule by rule
  cargo xtask conformance DIR [--sources SOURCES]
      compares measures with their implementations from PyPI on the JSON Lines in DIR, and keeps it in docs/measures.md;
      takes Python 3.11, or the one that PYTHON names. SOURCES has checkouts, for implementations that PyPI lacks and for
      the texts in tests, and results of implementations that were run before; docs/measures.md names them
  cargo xtask kill BINARY [ROUNDS]
      kills BINARY at random calls of the file system while it fixes and undoes (500 times each), and
      counts what is torn or cannot be undone; Linux only
  cargo xtask faults
      runs the fault-injection tests with every fault at every call of the file system; Linux only
  cargo xtask hostile BINARY [NAME]
      gives BINARY bombs and other hostile inputs, or those with NAME in their name, and prints the time and memory they take
  cargo xtask fuzz MINUTES
      runs every fuzz target for an equal share of that time; takes cargo-fuzz and a nightly toolchain";

fn main() -> Result<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    let Some(command) = arguments.next() else { bail!(USAGE) };
    if command == "harm" {
        let harm = harm::run(arguments.next().as_deref().map(Path::new))?;
        print!("{}", harm.report);
        return Ok(exit_code(!harm.is_broken));
    }
    if command == "faults" {
        let mut tests = Command::new("cargo");
        tests
            .args(["test", "--test", "it", "faults::", "--", "--nocapture"])
            .env("EVERY_CALL", "1");
        return Ok(exit_code(tests.status()?.success()));
    }
    let Some(folder) = arguments.next() else { bail!(USAGE) };
    if command == "kill" {
        const ROUNDS: usize = 500;
        let rounds = arguments.next().map_or(Ok(ROUNDS), |rounds| rounds.parse())?;
        return Ok(exit_code(kill::run(Path::new(&folder), rounds)?));
    }
    if command == "fuzz" {
        return Ok(exit_code(fuzz::run(folder.parse()?)?));
    }
    if command == "hostile" {
        let filter = arguments.next().unwrap_or_default();
        return Ok(exit_code(hostile::run(Path::new(&folder), &filter)?));
    }
    match command.as_str() {
        "eval" => {
            let mut options = eval::Options::default();
            while let Some(argument) = arguments.next() {
                match argument.as_str() {
                    "--false" => options.all_false = true,
                    "--missed" => options.missed = true,
                    "--predictions" => options.predictions = arguments.next().map(Into::into),
                    other => bail!("unknown argument {other}\n{USAGE}"),
                }
            }
            print!("{}", eval::run(Path::new(&folder), &options)?);
        }
        "conformance" => {
            let sources = match arguments.next().as_deref() {
                Some("--sources") => Some(arguments.next().context(USAGE)?),
                Some(other) => bail!("unknown argument {other}\n{USAGE}"),
                None => None,
            };
            let sources = sources.as_deref().map(Path::new);
            print!("{}", conformance::run(Path::new(&folder), sources)?);
        }
        "dump" => {
            let Some(target) = arguments.next() else { bail!(USAGE) };
            dump::run(Path::new(&folder), Path::new(&target))?;
        }
        other => bail!("unknown task {other}\n{USAGE}"),
    }
    Ok(ExitCode::SUCCESS)
}

fn exit_code(is_success: bool) -> ExitCode {
    if is_success { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
