//! Shell completions and manual pages, generated from the definition of the command line.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use clap::Command;
use clap::builder::{PossibleValue, PossibleValuesParser};

use super::Exit;
use super::arguments::{CompletionsArguments, ManArguments, command};
use super::choices::ColorWhen;
use super::manual::{EXAMPLES, EXIT_STATUS, FILES};
use super::output::Output;
use crate::rule::Registry;
use crate::text::PathName;

/// The options of each command that accept rules.
const RULE_OPTIONS: &[(&str, &[&str])] = &[
    ("check", &["select", "extend_select", "ignore"]),
    ("review", &["select", "extend_select", "ignore"]),
    ("rule", &["rule"]),
    ("undo", &["rule"]),
];

pub(super) fn completions(arguments: &CompletionsArguments) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut with_rules(command())?, "dechaff", &mut script);
    print(&String::from_utf8_lossy(&script))
}

/// Adds the rules as possible values of options. Only completions use it, because these options
/// also accept prefixes and custom rules.
fn with_rules(mut command: Command) -> anyhow::Result<Command> {
    let registry = Registry::embedded()?;
    let infos: Vec<_> = registry.infos().cloned().collect();
    let codes =
        infos.iter().map(|info| PossibleValue::new(info.code.clone()).help(info.summary.clone()));
    let names =
        infos.iter().map(|info| PossibleValue::new(info.name.clone()).help(info.code.clone()));
    let rules: Vec<PossibleValue> = codes.chain(names).collect();
    for (name, options) in RULE_OPTIONS {
        command = command.mut_subcommand(name, |mut command| {
            for option in *options {
                let parser = PossibleValuesParser::new(rules.clone());
                command = command.mut_arg(option, |option| option.value_parser(parser));
            }
            command
        });
    }
    Ok(command)
}

/// Prints the page of a command, or writes all pages to a directory.
pub(super) fn manual(arguments: &ManArguments) -> anyhow::Result<Exit> {
    let mut command = command();
    command.build();
    let Some(folder) = &arguments.dir else {
        let page = match &arguments.command {
            None => page(&command, "dechaff"),
            Some(name) => match documented(&command).find(|command| command.get_name() == name) {
                Some(subcommand) => page(subcommand, &format!("dechaff-{name}")),
                None => {
                    let names: Vec<&str> = documented(&command).map(Command::get_name).collect();
                    bail!("no command `{name}`; the commands are {}", names.join(", "))
                }
            },
        };
        return print(&page?);
    };
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.name()))?;
    write(folder, "dechaff", &page(&command, "dechaff")?)?;
    for subcommand in documented(&command) {
        let name = format!("dechaff-{}", subcommand.get_name());
        write(folder, &name, &page(subcommand, &name)?)?;
    }
    Ok(Exit::Success)
}

/// Returns the commands that have a page.
fn documented(command: &Command) -> impl Iterator<Item = &Command> {
    command
        .get_subcommands()
        .filter(|command| !command.is_hide_set() && command.get_name() != "help")
}

fn write(folder: &Path, name: &str, page: &str) -> anyhow::Result<()> {
    let path = folder.join(format!("{name}.1"));
    fs::write(&path, page).with_context(|| format!("cannot write {}", path.name()))
}

/// Renders the page of a command as roff.
fn page(command: &Command, name: &str) -> anyhow::Result<String> {
    let title = name.to_uppercase();
    // Exit codes have their own section.
    let command = command
        .clone()
        .name(name.to_owned())
        .after_help(None::<&str>)
        .after_long_help(None::<&str>);
    let man = clap_mangen::Man::new(command).title(title).manual("dechaff");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if name == "dechaff" {
        man.render_subcommands_section(&mut page)?;
    }
    let mut page = String::from_utf8_lossy(&page).into_owned();
    page.push_str(".SH \"EXIT STATUS\"\n");
    for (code, meaning) in EXIT_STATUS {
        let _ = writeln!(page, ".TP\n\\fB{code}\\fR\n{}", escaped(meaning));
    }
    let examples: Vec<_> = EXAMPLES
        .iter()
        .filter(|(of, ..)| name == "dechaff" || name == format!("dechaff-{of}"))
        .collect();
    if !examples.is_empty() {
        page.push_str(".SH EXAMPLES\n");
    }
    for (_, meaning, example) in examples {
        let _ = writeln!(
            page,
            ".PP\n{}:\n.PP\n.RS 4\n.nf\n{}\n.fi\n.RE",
            escaped(meaning),
            escaped(example)
        );
    }
    if name == "dechaff" {
        page.push_str(".SH FILES\n");
        for (file, meaning) in FILES {
            let _ = writeln!(page, ".TP\n\\fI{}\\fR\n{}", escaped(file), escaped(meaning));
        }
    }
    Ok(page)
}

/// Escapes text for roff.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq")
}

fn print(text: &str) -> anyhow::Result<Exit> {
    Output::new(ColorWhen::Never).write(text)?;
    Ok(Exit::Success)
}
