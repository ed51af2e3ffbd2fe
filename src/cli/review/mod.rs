//! `dechaff review`: a page on this machine where a person accepts or rejects findings.
//!
//! The review checks once and then serves the findings. It never writes to the corpus: it saves
//! decisions in a separate file, and creates a plan for `--fix --plan` and ignore list entries from
//! them.

mod access;
mod decisions;
mod filter;
mod items;
mod page;
mod server;
mod session;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, FromArgMatches};

pub(super) use items::ReviewItems;

use super::arguments::{CheckArguments, ConfigArguments, parse_jobs};
use super::check::{check_corpus, set_threads};
use super::context::{CheckContext, Inputs};
use super::reading_arguments::{ReadingArguments, location, parse_bytes};
use super::run_output::RunOutput;
use super::settings_resolver::SettingsResolver;
use super::{Exit, interrupt};
use crate::corpus::expand_globs;
use crate::report::shell_word;
use crate::text::PathName;
use session::{NextCommands, ReviewFiles, ReviewSession};

#[derive(Debug, Args)]
pub(super) struct ReviewArguments {
    /// Files and directories [default: .]
    #[arg(value_parser = location())]
    paths: Vec<PathBuf>,

    #[command(flatten)]
    read_options: ReadingArguments,

    #[command(flatten)]
    settings: ConfigArguments,

    /// Run only these rules: codes, prefixes of codes, names, or ALL
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = "Settings")]
    select: Vec<String>,

    /// Run these rules in addition
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = "Settings")]
    extend_select: Vec<String>,

    /// Disable these rules
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = "Settings")]
    ignore: Vec<String>,

    /// Show only findings not in this baseline
    #[arg(long, value_name = "FILE", help_heading = "Settings")]
    baseline: Option<String>,

    /// List of passages not to show; rejected findings can be added to it [default:
    /// dechaff-ignore.txt for those]
    #[arg(long, value_name = "FILE", help_heading = "Settings")]
    ignore_list: Option<String>,

    /// File for the decisions; a later review of the same texts resumes from it
    #[arg(long, value_name = "FILE", default_value = "dechaff.decisions")]
    decisions: PathBuf,

    /// File to write the plan of accepted fixes to, for `dechaff check --fix --plan FILE`
    #[arg(long, value_name = "FILE", default_value = "dechaff.plan")]
    plan: PathBuf,

    /// Port to listen on, on this machine only; 0 picks a free port
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    port: u16,

    /// Threads to use [default: one per core]
    #[arg(short, long, value_name = "NUMBER", value_parser = parse_jobs)]
    jobs: Option<usize>,

    /// Memory for comparing documents, such as 2GB; the rest goes to temporary files [default: a
    /// quarter of free memory]
    #[arg(long, value_name = "BYTES", value_parser = parse_bytes)]
    memory: Option<String>,
}

pub(super) fn run(arguments: &ReviewArguments) -> anyhow::Result<Exit> {
    set_threads(arguments.jobs)?;
    let check = arguments.check_arguments()?;
    let paths = if check.paths.is_empty() { vec![PathBuf::from(".")] } else { check.paths.clone() };
    anyhow::ensure!(
        !paths.iter().any(|path| path.as_os_str() == "-"),
        "`-`: a review needs files; pass paths"
    );
    let paths = expand_globs(&paths)?;
    let resolver = Arc::new(SettingsResolver::new(&check.settings, &check.options(), false)?);
    let settings = resolver.run_settings(&paths)?;
    let context = CheckContext::new(&check, Arc::clone(&resolver), settings)?;
    let inputs = Inputs { paths, ..Inputs::default() };
    let mut output = RunOutput::new(&context, &inputs, None)?;
    output.collect_for_review()?;
    resolver.resolve(&inputs.paths)?;
    interrupt::listen();
    check_corpus(&context, &inputs, &mut output)?;
    let Some((items, report, summary)) = output.finish_review(&inputs)? else {
        return Ok(if interrupt::is_interrupted() { Exit::Interrupted } else { Exit::Failure });
    };
    let ignore_list = context.settings.path(|options| options.ignore_list.as_ref());
    let files = ReviewFiles {
        decisions: arguments.decisions.clone(),
        plan: arguments.plan.clone(),
        ignore_list: ignore_list.unwrap_or_else(|| PathBuf::from("dechaff-ignore.txt")),
    };
    let commands = arguments.next_commands(&files.ignore_list);
    let session = ReviewSession::new(items, files, &resolver, (report, summary), commands)?;
    server::serve(session, arguments.port)
}

impl ReviewArguments {
    /// Returns the arguments of the check whose findings are reviewed.
    fn check_arguments(&self) -> anyhow::Result<CheckArguments> {
        let command = CheckArguments::augment_args(clap::Command::new("check"));
        let defaults = CheckArguments::from_arg_matches(&command.try_get_matches_from(["check"])?)?;
        Ok(CheckArguments {
            paths: self.paths.clone(),
            read_options: self.read_options.clone(),
            settings: self.settings.clone(),
            select: self.select.clone(),
            extend_select: self.extend_select.clone(),
            ignore: self.ignore.clone(),
            baseline: self.baseline.clone(),
            ignore_list: self.ignore_list.clone(),
            memory: self.memory.clone(),
            review_files: vec![self.decisions.clone(), self.plan.clone()],
            ..defaults
        })
    }

    /// Returns the commands to run next, with the options that findings depend on.
    fn next_commands(&self, ignore_list: &Path) -> NextCommands {
        let fix = ["--plan", &self.plan.name(), "--undo-log", "dechaff.undo", "--fix"];
        let check = ["--ignore-list", &ignore_list.name()];
        NextCommands { fix: self.command(&fix), check: self.command(&check) }
    }

    /// Returns a command that checks the same corpus in the same way, with `more` arguments.
    fn command(&self, more: &[&str]) -> String {
        let mut words: Vec<String> = vec!["dechaff".into(), "check".into()];
        words.extend(self.paths.iter().map(|path| path.name()));
        let mut add = |flag: &str, value: Option<String>| {
            words.extend(value.into_iter().flat_map(|value| [flag.into(), value]))
        };
        let list = |values: &[String]| (!values.is_empty()).then(|| values.join(","));
        self.settings.config.iter().for_each(|value| add("--config", Some(value.clone())));
        add("--select", list(&self.select));
        add("--extend-select", list(&self.extend_select));
        add("--ignore", list(&self.ignore));
        add("--baseline", self.baseline.clone());
        for (key, value) in self.read_options.options() {
            add(&format!("--{key}"), value.as_str().map(str::to_owned));
        }
        if self.settings.isolated {
            words.push("--isolated".into());
        }
        words.extend(more.iter().map(|word| (*word).to_owned()));
        words.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" ")
    }
}
