//! The command line's arguments: the one definition that help, completions and the manual derive from.

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use super::reports::Wanted;

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
    #[command(
        after_help = "Exit code: 0 nothing found or, with --fix, nothing left; 1 findings; 2 something could not be done."
    )]
    Check(CheckArguments),
    /// Explain a rule, or list them all
    Rule(RuleArguments),
    /// Take back what a trail says was changed; the trail keeps only what is not taken back
    Undo(UndoArguments),
}

#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    /// Files and directories; `-` is standard input [default: .]
    ///
    /// Of a directory, *.txt, *.md and *.markdown are checked, without hidden files and what ignore files name. A file named
    /// outright is checked whatever its name.
    pub(super) paths: Vec<PathBuf>,

    /// Check only these rules: codes, beginnings of codes, names, or ALL
    ///
    /// Rules that count only beside other findings, or at an edge of the text that other findings open, see only what the
    /// chosen rules find.
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(super) select: Vec<String>,

    /// Check these rules besides
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(super) extend_select: Vec<String>,

    /// Leave these rules out
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(super) ignore: Vec<String>,

    #[command(flatten)]
    pub(super) reports: Wanted,

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
    #[arg(long, conflicts_with = "exit_non_zero_on_fix")]
    pub(super) exit_zero: bool,

    /// Apply safe fixes
    #[arg(long, help_heading = "Fixing")]
    pub(super) fix: bool,

    /// With --fix, --fix-only, --diff or --output-dir: apply unsafe fixes too
    #[arg(long, help_heading = "Fixing")]
    pub(super) unsafe_fixes: bool,

    /// Apply fixes and report only what was fixed
    #[arg(long, help_heading = "Fixing")]
    pub(super) fix_only: bool,

    /// Print what the fixes would change, as a unified diff, and write nothing
    #[arg(long, help_heading = "Fixing", conflicts_with_all = ["output_dir", "trail"])]
    pub(super) diff: bool,

    /// Write fixed copies into this directory and leave the originals alone
    #[arg(long, value_name = "DIR", help_heading = "Fixing")]
    pub(super) output_dir: Option<PathBuf>,

    /// Append what was changed, where and by which rule to this file; `dechaff undo` takes it back
    #[arg(long, value_name = "FILE", help_heading = "Fixing")]
    pub(super) trail: Option<PathBuf>,

    /// Leave a document alone if fixing would remove a larger share of its words, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.5, value_parser = parse_share, help_heading = "Fixing")]
    pub(super) max_removed: f64,

    /// Exit with 1 if something was fixed, even if nothing remains
    #[arg(long, help_heading = "Fixing")]
    pub(super) exit_non_zero_on_fix: bool,
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

#[derive(Debug, Args)]
pub(super) struct UndoArguments {
    /// The trail that `check --fix --trail FILE` wrote
    pub(super) trail: PathBuf,

    /// Only what was changed in these files and directories
    pub(super) paths: Vec<PathBuf>,

    /// Only what these rules changed
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(super) rule: Vec<String>,

    /// When to use colour
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ColorWhen::Auto)]
    pub(super) color: ColorWhen,
}

fn parse_share(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|_| "give a number from 0 to 1, such as 0.5".to_owned())?;
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err("give a number from 0 to 1, such as 0.5".into()) }
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
