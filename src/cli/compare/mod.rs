//! `dechaff compare`: compares a corpus in steps over a work folder.

mod run;
mod sketch;
mod status;

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand, ValueEnum};

use super::Exit;
use super::arguments::{ConfigArguments, parse_jobs};
use super::choices::ColorWhen;
use super::output::Output;
use super::reading_arguments::{ReadingArguments, location, parse_bytes};
use crate::corpus::work::Share;
use crate::duplicates::staged::Step;

#[derive(Debug, Args)]
pub(super) struct CompareArguments {
    #[command(subcommand)]
    command: CompareCommand,
}

#[derive(Debug, Subcommand)]
enum CompareCommand {
    /// Sketch a share of the documents into a work folder, and create it if it does not exist
    #[command(
        after_help = "Run it for each share, in any order or concurrently. Finished shares are skipped. Then run \
         `dechaff compare match`."
    )]
    Sketch(Box<SketchArguments>),
    /// Compare the sketches: do a share of the next step
    #[command(
        after_help = "Run it for each share until `dechaff compare status` reports that the comparison is done. \
         The shares of a step may run concurrently; a step starts when the previous one is done. Then \
         run `dechaff check --compared`."
    )]
    Match(MatchArguments),
    /// Print finished and remaining work; exit with 1 if any remains
    Status(StatusArguments),
}

#[derive(Debug, Args)]
struct SketchArguments {
    /// The work folder
    #[arg(value_parser = location())]
    work: PathBuf,

    /// Files and directories to compare
    #[arg(required = true, value_parser = location())]
    paths: Vec<PathBuf>,

    /// Sketch share K of N of the documents
    #[arg(long, value_name = "K/N", default_value = "1/1")]
    partition: Share,

    #[command(flatten)]
    read_options: ReadingArguments,

    #[command(flatten)]
    settings: ConfigArguments,

    /// Compare for these rules only: codes, prefixes of codes, names, or ALL
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = "Settings")]
    select: Vec<String>,

    /// Compare for these rules in addition
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = "Settings")]
    extend_select: Vec<String>,

    /// Do not compare for these rules
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = "Settings")]
    ignore: Vec<String>,

    /// Threads to use [default: one per core]
    #[arg(short, long, value_name = "NUMBER", value_parser = parse_jobs)]
    jobs: Option<usize>,

    /// Memory for the task [default: 1GB]
    #[arg(long, value_name = "BYTES", value_parser = parse_bytes)]
    memory: Option<String>,

    /// Don't exit with 2 because of unreadable records (they are still reported)
    #[arg(long, help_heading = "Corpora")]
    skip_bad_records: bool,
}

#[derive(Debug, Args)]
struct MatchArguments {
    /// The work folder
    #[arg(value_parser = location())]
    work: PathBuf,

    /// Do share K of N
    #[arg(long, value_name = "K/N", default_value = "1/1")]
    partition: Share,

    /// Do a share of this step instead of the next one
    #[arg(long, value_name = "STEP", value_parser = step_parser())]
    step: Option<Step>,

    /// Memory for the task [default: 1GB]
    #[arg(long, value_name = "BYTES", value_parser = parse_bytes)]
    memory: Option<String>,
}

#[derive(Debug, Args)]
struct StatusArguments {
    /// The work folder
    #[arg(value_parser = location())]
    work: PathBuf,

    /// Output format
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = StatusFormat::Text)]
    output_format: StatusFormat,
}

/// The output format of the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum StatusFormat {
    /// Plain text
    Text,
    /// One JSON object
    Json,
}

/// The default memory of a task.
const MEMORY: usize = 1 << 30;

pub(super) fn run(arguments: &CompareArguments) -> anyhow::Result<Exit> {
    match &arguments.command {
        CompareCommand::Sketch(arguments) => sketch::run(arguments),
        CompareCommand::Match(arguments) => run::run(arguments),
        CompareCommand::Status(arguments) => status::run(arguments),
    }
}

/// Parses the name of a step.
fn step_parser() -> impl TypedValueParser<Value = Step> {
    PossibleValuesParser::new(Step::ALL.iter().map(|step| step.name())).try_map(|name| {
        Step::ALL.iter().copied().find(|step| step.name() == name).ok_or("no such step")
    })
}

/// Prints a line.
///
/// # Errors
///
/// Standard output cannot be written.
fn print(line: &str) -> anyhow::Result<()> {
    Output::new(ColorWhen::Never).write(&format!("{line}\n"))?;
    Ok(())
}
