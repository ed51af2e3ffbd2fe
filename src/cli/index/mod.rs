//! `dechaff index`: creates and maintains indexes of earlier corpora.

mod add;
mod manage;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Exit;
use super::arguments::{ConfigArguments, parse_jobs};
use super::choices::ColorWhen;
use super::output::Output;
use super::reading_arguments::{ReadingArguments, location, parse_bytes};

#[derive(Debug, Args)]
pub(super) struct IndexArguments {
    #[command(subcommand)]
    command: IndexCommand,
}

#[derive(Debug, Subcommand)]
enum IndexCommand {
    /// Add documents to an index, and create it if it does not exist
    #[command(
        after_help = "A document that is already in the index is skipped, or replaced if its text has \
         changed. If the command is interrupted or killed, it changes nothing."
    )]
    Add(Box<AddArguments>),
    /// Print the size and settings of an index
    Stat(IndexPath),
    /// Merge the segments of an index into one, and drop removed documents
    Compact(IndexPath),
    /// Remove documents from an index
    #[command(after_help = "`dechaff index compact` frees the space.")]
    Remove(RemoveArguments),
    /// Check an index for damage
    Verify(IndexPath),
}

#[derive(Debug, Args)]
struct AddArguments {
    /// The index, a directory such as corpus.dxi
    #[arg(value_parser = location())]
    index: PathBuf,

    /// Files and directories to add
    #[arg(required = true, value_parser = location())]
    paths: Vec<PathBuf>,

    #[command(flatten)]
    read_options: ReadingArguments,

    #[command(flatten)]
    settings: ConfigArguments,

    /// Index for these rules only: codes, prefixes of codes, names, or ALL
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = "Settings")]
    select: Vec<String>,

    /// Index for these rules in addition
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = "Settings")]
    extend_select: Vec<String>,

    /// Do not index for these rules
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = "Settings")]
    ignore: Vec<String>,

    /// Threads to use [default: one per core]
    #[arg(short, long, value_name = "NUMBER", value_parser = parse_jobs)]
    jobs: Option<usize>,

    /// Memory for postings; beyond it, a new segment is started [default: 256MB]
    #[arg(long, value_name = "BYTES", value_parser = parse_bytes)]
    memory: Option<String>,

    /// Don't exit with 2 because of unreadable records (they are still reported)
    #[arg(long, help_heading = "Corpora")]
    skip_bad_records: bool,

    /// Output format
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = TableFormat::Text)]
    output_format: TableFormat,
}

#[derive(Debug, Args)]
struct IndexPath {
    /// The index
    #[arg(value_parser = location())]
    index: PathBuf,

    /// Output format
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = TableFormat::Text)]
    output_format: TableFormat,
}

#[derive(Debug, Args)]
struct RemoveArguments {
    /// The index
    #[arg(value_parser = location())]
    index: PathBuf,

    /// Documents in these files and directories; may be globs such as 'shards/2024-*'
    #[arg(required_unless_present = "id")]
    paths: Vec<String>,

    /// Documents with this record ID; may be repeated
    #[arg(long, value_name = "ID")]
    id: Vec<String>,

    /// Output format
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = TableFormat::Text)]
    output_format: TableFormat,
}

/// How a command prints its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TableFormat {
    /// Plain text
    Text,
    /// One JSON object
    Json,
}

pub(super) fn run(arguments: &IndexArguments) -> anyhow::Result<Exit> {
    match &arguments.command {
        IndexCommand::Add(arguments) => add::run(arguments),
        IndexCommand::Stat(arguments) => manage::stat(arguments),
        IndexCommand::Compact(arguments) => manage::compact(arguments),
        IndexCommand::Remove(arguments) => manage::remove(arguments),
        IndexCommand::Verify(arguments) => manage::verify(arguments),
    }
}

/// Prints the result of a command.
///
/// # Errors
///
/// Standard output cannot be written.
fn print(format: TableFormat, text: &str, json: &serde_json::Value) -> anyhow::Result<()> {
    let mut output = Output::new(ColorWhen::Never);
    match format {
        TableFormat::Text => output.write(text)?,
        TableFormat::Json => output.write(&format!("{json:#}\n"))?,
    };
    Ok(())
}
