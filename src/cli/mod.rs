//! The command line: arguments in, text and an exit code out.

mod arguments;
mod attributes;
mod bad;
mod check;
mod compare;
mod config;
mod coverage;
mod fix;
mod gate;
mod generate;
mod hint;
mod init;
mod interrupt;
mod known;
mod layout;
mod manual;
mod match_text;
mod mistake;
mod named;
mod output;
mod pipeline;
mod progress;
mod reports;
mod roots;
mod rounds;
mod rule;
mod shards;
mod since;
mod status;
mod stdin;
mod tell;
mod test_rules;
mod trust;
mod undo;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};

use crate::user_file::UserFileError;

pub use arguments::command;

/// What the program's exit code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    /// Nothing was found.
    Clean,
    /// Something was found.
    Findings,
    /// Something could not be done.
    Failure,
    /// Somebody ended it.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Clean => Self::SUCCESS,
            Exit::Findings => Self::from(1),
            Exit::Failure => Self::from(2),
            // What shells say of a process that SIGINT ended.
            Exit::Interrupted => Self::from(130),
        }
    }
}

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    let arguments = Arguments::try_parse().unwrap_or_else(|error| output::exit(&mistake::explained(error)));
    let outcome = match arguments.command {
        Command::Check(arguments) => check::run(&arguments),
        Command::Rule(arguments) => rule::run(&arguments),
        Command::Undo(arguments) => undo::run(&arguments),
        Command::Config(arguments) => config::run(&arguments),
        Command::Init(arguments) => init::run(&arguments),
        Command::TestRules(arguments) => test_rules::run(&arguments),
        Command::Completions(arguments) => generate::completions(&arguments),
        Command::Man(arguments) => generate::manual(&arguments),
    };
    outcome
        .unwrap_or_else(|error| {
            match error.downcast_ref::<UserFileError>() {
                Some(fault) => output::fault(fault),
                None => output::error(&format!("{error:#}")),
            }
            Exit::Failure
        })
        .into()
}
