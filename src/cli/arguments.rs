//! The command line's arguments: the one definition that help, completions and the manual derive from.

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

/// Find boilerplate and other noise in text corpora, and say what, where and why.
#[derive(Debug, Parser)]
#[command(name = "dechaff", version, max_term_width = 100)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check files and directories
    #[command(after_help = "Exit code: 0 nothing found, 1 findings, 2 something could not be done.")]
    Check(CheckArguments),
    /// Explain a rule, or list them all
    Rule(RuleArguments),
}

#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    /// Files and directories; `-` is standard input [default: .]
    ///
    /// Of a directory, *.txt, *.md and *.markdown are checked, without hidden files and what ignore files name. A file named
    /// outright is checked whatever its name.
    pub(super) paths: Vec<PathBuf>,

    /// Check only these rules: codes, beginnings of codes, names, or ALL
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(super) select: Vec<String>,

    /// Check these rules besides
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(super) extend_select: Vec<String>,

    /// Leave these rules out
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(super) ignore: Vec<String>,

    /// How to print findings
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = OutputFormat::Full)]
    pub(super) output_format: OutputFormat,

    /// When to use colour
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ColorWhen::Auto)]
    pub(super) color: ColorWhen,

    /// The name that text from standard input goes by
    #[arg(long, value_name = "NAME")]
    pub(super) stdin_filename: Option<String>,

    /// Memory that comparing documents may take before it uses temporary files, such as 2GB [default: a quarter of what is free]
    #[arg(long, value_name = "BYTES", value_parser = super::compare::parse_bytes)]
    pub(super) memory: Option<usize>,

    /// Print nothing but errors; the exit code says whether anything was found
    #[arg(short, long)]
    pub(super) quiet: bool,

    /// Exit with 0 even if something was found
    #[arg(long)]
    pub(super) exit_zero: bool,
}

#[derive(Debug, Args)]
pub(super) struct RuleArguments {
    /// A rule's code or name
    #[arg(required_unless_present = "all")]
    pub(super) rule: Option<String>,

    /// List all rules
    #[arg(long, conflicts_with = "rule")]
    pub(super) all: bool,

    /// When to use colour
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ColorWhen::Auto)]
    pub(super) color: ColorWhen,
}

/// How findings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum OutputFormat {
    /// Like a compiler, with the text
    Full,
    /// One line a finding
    Concise,
    /// One JSON array
    Json,
    /// One JSON object a line
    JsonLines,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorWhen {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The definition of the command line, for help pages, completions and the manual.
pub fn command() -> clap::Command {
    Arguments::command()
}
