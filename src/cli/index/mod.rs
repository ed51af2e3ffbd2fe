//! `dechaff index`: makes and maintains indexes of ingested corpora.

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
    /// Add documents to an index, and make it if there is none
    #[command(
        after_help = "A document that the index has with the same text is not added again; one \
         with another text replaces it. Interrupted or killed, the command changes nothing."
    )]
    Add(Box<AddArguments>),
    /// Print how large an index is, and the settings it was made with
    Stat(IndexPath),
    /// Merge the segments of an index into one, and drop removed documents
    Compact(IndexPath),
    /// Remove documents from an index
    #[command(after_help = "`dechaff index compact` then frees the space.")]
    Remove(RemoveArguments),
    /// Check that an index is undamaged
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

    /// Index for these rules alone: codes, prefixes of codes, names, or ALL
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

    /// Memory for postings; when they need more, another segment begins [default: 256MB]
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
    /// Lines for people
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
