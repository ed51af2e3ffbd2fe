//! Tasks for those who work on dechaff: measuring it on labelled pages.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command for a terminal")]

mod boost;
mod clean;
mod eval;
mod linear;
mod pages;
mod random;
mod tally;
mod train;

use std::path::Path;

use anyhow::{Result, bail};

const USAGE: &str = "usage:
  cargo xtask eval DIR [--lang en] [--track residue-txt] [--false] [--missed] [--predictions FOLDER]
      how the named rules do on the labelled pages of DIR/lines; writes docs/measured.json
  cargo xtask train DIR
      trains the classifier on them, and models for `folds`
  cargo xtask folds DIR [--false]
      how the classifier does on sites, and on sources, that it was not trained on";

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(command), Some(folder)) = (arguments.next(), arguments.next()) else { bail!(USAGE) };
    match command.as_str() {
        "eval" => {
            let mut options = eval::Options::default();
            while let Some(argument) = arguments.next() {
                match argument.as_str() {
                    "--false" => options.all_false = true,
                    "--missed" => options.missed = true,
                    "--lang" => options.lang = arguments.next(),
                    "--track" => options.track = arguments.next(),
                    "--predictions" => options.predictions = arguments.next().map(Into::into),
                    other => bail!("unknown argument {other}\n{USAGE}"),
                }
            }
            print!("{}", eval::run(Path::new(&folder), &options)?);
        }
        "train" => train::run(Path::new(&folder))?,
        "folds" => {
            let all_false = match arguments.next().as_deref() {
                None => false,
                Some("--false") => true,
                Some(other) => bail!("unknown argument {other}\n{USAGE}"),
            };
            print!("{}", train::report(Path::new(&folder), all_false)?);
        }
        other => bail!("unknown task {other}\n{USAGE}"),
    }
    Ok(())
}
