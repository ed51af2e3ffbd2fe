//! The reports of a run: each requested format, with its file.
//!
//! At most one format goes to standard output, which the caller writes. Files are complete once the
//! run has ended.

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::{ArgMatches, Args, Command, FromArgMatches, ValueEnum};

use super::arguments::CheckArguments;
use super::context::CheckContext;
use super::dolma::DolmaWriter;
use super::hint::DominantRule;
use super::output::Output;
use super::reading_arguments::location;
use crate::check::measure::MeasureValue;
use crate::corpus::OutputFile;
use crate::finding::Finding;
use crate::report::{
    Azure, Concise, Full, GitHub, GitLab, Grouped, Html, JUnit, Json, JsonLines, Markdown, RdJson,
    Reporter, Sarif, Statistics, Summary, SummaryOnly,
};
use crate::text::{Document, PathName, TextProvider};

/// Width of the `full` format in a file.
const FILE_COLUMNS: usize = 100;

/// An output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum OutputFormat {
    /// Compiler-style, with excerpts
    Full,
    /// One line per finding
    Concise,
    /// One line per finding, grouped by document
    Grouped,
    /// One JSON array
    Json,
    /// One JSON object per line
    JsonLines,
    /// SARIF 2.1.0, for code scanning and editors
    Sarif,
    /// Annotations of a GitHub Actions run
    #[value(name = "github")]
    GitHub,
    /// GitLab's Code Quality report
    #[value(name = "gitlab")]
    GitLab,
    /// JUnit's XML
    #[value(name = "junit")]
    JUnit,
    /// reviewdog's diagnostic format, with suggestions
    #[value(name = "rdjson")]
    RdJson,
    /// Issues of an Azure Pipelines run
    Azure,
    /// A table for a pull-request comment or a job summary
    Markdown,
    /// A page for browsers, with samples of every rule
    Html,
    /// Attributes for Dolma's mixer, written into --output-dir
    Dolma,
}

/// The requested formats in order, each with its file.
#[derive(Debug, Clone, Default)]
pub(super) struct ReportArguments {
    formats: Vec<(OutputFormat, Option<PathBuf>)>,
    /// Files without a format.
    files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
struct Flags {
    /// Output format; may be repeated, each but one with its own --output-file
    ///
    /// [default: full; github where GITHUB_ACTIONS is true, and gitlab for an --output-file where
    /// GITLAB_CI is true]
    #[arg(long, value_name = "FORMAT", value_enum, help_heading = "Reporting")]
    output_format: Vec<OutputFormat>,

    /// Write the preceding --output-format to this file (atomically, at the end) instead of stdout
    ///
    /// Files are written with --quiet too. A format without a file goes to standard output.
    #[arg(
        long,
        value_name = "FILE",
        value_parser = location(),
        help_heading = "Reporting",
        conflicts_with_all = ["diff", "fix_only"]
    )]
    output_file: Vec<PathBuf>,
}

impl Args for ReportArguments {
    fn augment_args(command: Command) -> Command {
        Flags::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Flags::augment_args_for_update(command)
    }
}

impl FromArgMatches for ReportArguments {
    /// Pairs each file with the nearest preceding format that has none, otherwise with the first
    /// one after it.
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let flags = Flags::from_arg_matches(matches)?;
        let places = |flag| matches.indices_of(flag).into_iter().flatten().collect::<Vec<usize>>();
        let formats_at = places("output_format");
        let mut arguments = Self {
            formats: flags.output_format.into_iter().map(|format| (format, None)).collect(),
            files: Vec::new(),
        };
        for (file, at) in flags.output_file.into_iter().zip(places("output_file")) {
            let is_free = |index: &usize| arguments.formats[*index].1.is_none();
            let before = formats_at.partition_point(|&format| format < at);
            match (0..before)
                .rev()
                .find(is_free)
                .or_else(|| (before..arguments.formats.len()).find(is_free))
            {
                Some(index) => arguments.formats[index].1 = Some(file),
                None => arguments.files.push(file),
            }
        }
        Ok(arguments)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl ReportArguments {
    /// Returns the files that reports are written to.
    pub(super) fn outputs(&self) -> impl Iterator<Item = &Path> {
        self.formats
            .iter()
            .filter_map(|(_, file)| file.as_deref())
            .chain(self.files.iter().map(PathBuf::as_path))
    }

    /// Whether Dolma attributes are requested.
    pub(super) fn has_dolma(&self) -> bool {
        self.formats.iter().any(|(format, _)| *format == OutputFormat::Dolma)
    }

    /// Whether an HTML report is requested.
    pub(super) fn has_html(&self) -> bool {
        self.formats.iter().any(|(format, _)| *format == OutputFormat::Html)
    }

    /// Whether standard output gets a format for people, if any.
    pub(super) fn is_for_people(&self) -> bool {
        use OutputFormat::{Concise, Dolma, Full, Grouped};
        let is = |format: &OutputFormat| matches!(format, Full | Concise | Grouped | Dolma);
        self.formats.iter().all(|(format, file)| file.is_some() || is(format))
    }

    /// Rejects a format for standard output if something else is printed there.
    ///
    /// # Errors
    ///
    /// There is such a format.
    pub(super) fn require_use(&self, arguments: &CheckArguments) -> anyhow::Result<()> {
        let printed = self.formats.iter().find(|(_, file)| file.is_none());
        let Some((format, _)) = printed else { return Ok(()) };
        let name = name(*format);
        if arguments.statistics.is_some() {
            bail!(
                "--statistics prints a table instead of findings, so --output-format {name} has no effect; add --output-file FILE to write the findings to a file, or remove one of them"
            );
        }
        let is_dolma = *format == OutputFormat::Dolma;
        let flags = [("--diff", arguments.diff), ("--fix-only", arguments.fix_only)];
        match flags.into_iter().find(|(_, is_given)| *is_given && !is_dolma) {
            Some((flag, _)) => {
                bail!(
                    "{flag} prints no findings, so --output-format {name} has no effect; remove one of them"
                )
            }
            None => Ok(()),
        }
    }

    /// Returns the formats and their files. Without any, the environment decides.
    ///
    /// # Errors
    ///
    /// Two formats have the same destination, or a file has no format.
    fn resolve(&self) -> anyhow::Result<Vec<(OutputFormat, Option<&Path>)>> {
        let is_true = |name| std::env::var_os(name).is_some_and(|value| value == "true");
        let mut files = self.files.iter().map(PathBuf::as_path);
        let mut resolved: Vec<_> =
            self.formats.iter().map(|(format, file)| (*format, file.as_deref())).collect();
        if resolved.is_empty() {
            let file = files.next();
            resolved.push(match file {
                Some(_) if is_true("GITLAB_CI") => (OutputFormat::GitLab, file),
                None if is_true("GITHUB_ACTIONS") => (OutputFormat::GitHub, file),
                _ => (OutputFormat::Full, file),
            });
        }
        if let Some(file) = files.next() {
            let file = file.name();
            bail!(
                "--output-file {file} has no format: use an --output-format for each file, such as `--output-format sarif --output-file {file}`"
            );
        }
        for (index, (format, file)) in resolved.iter().enumerate() {
            let Some((other, _)) = resolved[..index].iter().find(|(_, other)| other == file) else {
                continue;
            };
            match file {
                Some(file) => bail!(
                    "{} and {} would both go to {}: use a different --output-file for each",
                    name(*other),
                    name(*format),
                    file.name()
                ),
                None => bail!(
                    "{} and {} would both go to standard output: use --output-file for all but one, such as `--output-format {} --output-file FILE`",
                    name(*other),
                    name(*format),
                    name(*format)
                ),
            }
        }
        Ok(resolved)
    }
}

/// Returns the name of a format on the command line.
fn name(format: OutputFormat) -> String {
    format.to_possible_value().map_or(String::new(), |value| value.get_name().to_owned())
}

/// Starts an HTML report.
fn html(context: &CheckContext<'_>) -> Html {
    let paths = context.arguments.paths.iter().map(|path| path.name());
    let report = Html::new(context.settings.registry.rules(), paths.collect());
    match &context.measures {
        Some(columns) => report.with_measures(columns),
        None => report,
    }
}

/// The reports of a run, each with its file.
pub(super) struct ReportSet {
    all: Vec<(Box<dyn Reporter>, Option<OutputFile>)>,
    /// Writes attributes for Dolma's mixer, if they are requested.
    pub(super) dolma: Option<DolmaWriter>,
    pub(super) dominant: DominantRule,
}

impl ReportSet {
    /// Starts the reports that the arguments request.
    ///
    /// # Errors
    ///
    /// The arguments contradict each other, or a file cannot be created.
    pub(super) fn new(
        context: &CheckContext<'_>,
        output: &Output,
        dolma: Option<DolmaWriter>,
    ) -> anyhow::Result<Self> {
        let arguments = context.arguments;
        let registry = &context.settings.registry;
        let (statistics, quiet, fold) = (arguments.statistics, arguments.quiet, !arguments.no_fold);
        let begin = |(format, file): (OutputFormat, Option<&Path>)| -> anyhow::Result<_> {
            let (columns, color) =
                if file.is_some() { (FILE_COLUMNS, false) } else { (output.columns, output.color) };
            let report: Box<dyn Reporter> = match format {
                OutputFormat::Full => Box::new(Full::new(columns, color).fold(fold)),
                OutputFormat::Concise => Box::new(Concise::new(fold)),
                OutputFormat::Grouped => Box::new(Grouped),
                OutputFormat::Json => Box::new(Json::default()),
                OutputFormat::JsonLines => Box::new(JsonLines),
                OutputFormat::Sarif => Box::new(Sarif::new(registry.rules())),
                OutputFormat::GitHub => Box::new(GitHub::default()),
                OutputFormat::GitLab => Box::new(GitLab::default()),
                OutputFormat::JUnit => Box::new(JUnit::default()),
                OutputFormat::RdJson => Box::new(RdJson::default()),
                OutputFormat::Azure => Box::new(Azure),
                OutputFormat::Markdown => Box::new(Markdown::default()),
                OutputFormat::Html => Box::new(html(context)),
                // The attributes are written separately.
                OutputFormat::Dolma => Box::new(SummaryOnly),
            };
            Ok((report, file.map(OutputFile::create).transpose()?))
        };
        let shown = |(_, file): &(OutputFormat, Option<&Path>)| {
            !(quiet || statistics.is_some()) || file.is_some()
        };
        let mut all: Vec<_> = arguments
            .reports
            .resolve()?
            .into_iter()
            .filter(shown)
            .map(begin)
            .collect::<Result<_, _>>()?;
        if let Some(statistics) = statistics.filter(|_| !quiet) {
            all.push((Box::new(Statistics::new(statistics.format())), None));
        }
        Ok(Self { all, dolma, dominant: DominantRule::default() })
    }

    /// Starts an HTML report only, which [`Self::finish`] returns.
    pub(super) fn html(context: &CheckContext<'_>) -> Self {
        Self {
            all: vec![(Box::new(html(context)), None)],
            dolma: None,
            dominant: DominantRule::default(),
        }
    }

    /// Whether any report goes to a file.
    pub(super) fn has_files(&self) -> bool {
        self.all.iter().any(|(_, file)| file.is_some())
    }

    /// Adds the measures of a document that has text.
    pub(super) fn add_measures(&mut self, values: &[MeasureValue]) {
        self.all.iter_mut().for_each(|(report, _)| report.add_measures(values));
    }

    /// Adds the findings of a document, and returns the text for standard output.
    ///
    /// # Errors
    ///
    /// A file cannot be written.
    pub(super) fn document(
        &mut self,
        document: &Document<'_>,
        findings: &[Finding],
        texts: &dyn TextProvider,
    ) -> anyhow::Result<String> {
        self.add(|report, text| report.write_document(document, findings, texts, text))
    }

    /// Completes all reports and files, and returns the text for standard output.
    ///
    /// # Errors
    ///
    /// A file cannot be written; the old file is then kept.
    pub(super) fn finish(&mut self, summary: &Summary) -> anyhow::Result<String> {
        let text = self.add(|report, text| report.finish(summary, text))?;
        self.all.drain(..).filter_map(|(_, file)| file).try_for_each(OutputFile::finish)?;
        Ok(text)
    }

    /// Returns a hint for people if most findings come from one rule in one file.
    pub(super) fn hint(&self, arguments: &CheckArguments, summary: &Summary) -> Option<String> {
        let is_shown = arguments.reports.is_for_people() && !arguments.quiet;
        is_shown.then(|| self.dominant.hint(summary)).flatten()
    }

    fn add(
        &mut self,
        mut emit: impl FnMut(&mut dyn Reporter, &mut String),
    ) -> anyhow::Result<String> {
        let mut printed = String::new();
        for (report, file) in &mut self.all {
            let mut text = String::new();
            emit(report.as_mut(), &mut text);
            let text = report.medium().sanitize(&text);
            match file {
                Some(file) => file.write(&text)?,
                None => printed.push_str(&text),
            }
        }
        Ok(printed)
    }
}
