//! The command line: arguments in, text and an exit code out.

mod arguments;
mod check;
mod compare;
mod fix;
mod output;
mod reports;
mod rule;
mod undo;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};

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
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Clean => Self::SUCCESS,
            Exit::Findings => Self::from(1),
            Exit::Failure => Self::from(2),
        }
    }
}

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        Command::Check(arguments) => check::run(&arguments),
        Command::Rule(arguments) => rule::run(&arguments),
        Command::Undo(arguments) => undo::run(&arguments),
    };
    outcome
        .unwrap_or_else(|error| {
            output::error(&format!("{error:#}"));
            Exit::Failure
        })
        .into()
}
