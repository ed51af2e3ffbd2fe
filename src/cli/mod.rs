//! The command line: arguments in, text and an exit code out.

mod against;
mod arguments;
mod bad_records;
mod baseline;
mod changed_files;
mod check;
mod choices;
mod compare;
mod compared;
mod completions;
mod config;
mod console;
mod context;
mod coverage;
mod documents;
mod dolma;
mod duplicate_pass;
mod exit_policy;
mod fix;
mod fix_plan;
mod fix_rounds;
mod fix_writer;
mod hint;
mod index;
mod init;
mod interrupt;
mod layout;
mod manual;
mod match_text;
mod mistake;
mod named;
mod output;
mod pipeline;
mod progress;
mod reading_arguments;
mod reports;
mod review;
mod roots;
mod rule;
mod run_counts;
mod run_mode;
mod run_output;
mod server;
mod settings_resolver;
mod shard_writer;
mod status;
mod stdin;
mod test_rules;
mod trust;
mod undo;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};

use crate::user_file::UserFileError;

pub use arguments::command;
pub use server::serve;

/// The exit code of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    /// There are no findings.
    Success,
    /// There are findings.
    Findings,
    /// Something failed.
    Failure,
    /// The client of the language server left without shutting it down.
    Disconnected,
    /// Ctrl-C or SIGTERM ended the run.
    Interrupted,
}

impl Exit {
    fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Findings | Self::Disconnected => 1,
            Self::Failure => 2,
            // 128 plus the number of SIGINT, as in shells.
            Self::Interrupted => 130,
        }
    }
}

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    ExitCode::from(run(std::env::args_os()))
}

/// Runs the program and returns its exit code. The first argument is the name of the program.
///
/// The program may end the process, and handles Ctrl-C from then on.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments = Arguments::try_parse_from(arguments);
    let arguments = arguments.unwrap_or_else(|error| output::exit(&mistake::explained(error)));
    let outcome = match arguments.command {
        Command::Check(arguments) => check::run(&arguments),
        Command::Index(arguments) => index::run(&arguments),
        Command::Compare(arguments) => compare::run(&arguments),
        Command::Review(arguments) => review::run(&arguments),
        Command::Server(arguments) => server::run(&arguments),
        Command::Rule(arguments) => rule::run(&arguments),
        Command::Undo(arguments) => undo::run(&arguments),
        Command::Config(arguments) => config::run(&arguments),
        Command::Init(arguments) => init::run(&arguments),
        Command::TestRules(arguments) => test_rules::run(&arguments),
        Command::Completions(arguments) => completions::completions(&arguments),
        Command::Man(arguments) => completions::manual(&arguments),
    };
    let exit = outcome.unwrap_or_else(|error| {
        match error.downcast_ref::<UserFileError>() {
            Some(fault) => output::fault(fault),
            None => output::error(&format!("{error:#}")),
        }
        Exit::Failure
    });
    exit.code()
}
