//! What is generated from the definition of the command line: completions and the manual.

use super::Exit;
use super::arguments::{ColorWhen, CompletionsArguments, command};
use super::output::Output;

pub(super) fn completions(arguments: &CompletionsArguments) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command(), "dechaff", &mut script);
    print(&script)
}

/// The manual page in roff, of the program and then of each command.
pub(super) fn manual() -> anyhow::Result<Exit> {
    let mut page = Vec::new();
    let mut command = command();
    command.build();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    for subcommand in command.get_subcommands().filter(|command| !command.is_hide_set() && command.get_name() != "help")
    {
        let man = clap_mangen::Man::new(subcommand.clone());
        man.render_synopsis_section(&mut page)?;
        man.render_description_section(&mut page)?;
        man.render_options_section(&mut page)?;
    }
    print(&page)
}

fn print(bytes: &[u8]) -> anyhow::Result<Exit> {
    Output::new(ColorWhen::Never).write(&String::from_utf8_lossy(bytes))?;
    Ok(Exit::Clean)
}
