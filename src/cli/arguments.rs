//! The command line arguments. Help, completions and manual pages are generated from these
//! definitions.

use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use super::choices::{ColorWhen, DropVerdict, FailOnArgument, StatisticsChoice};
use super::compare::CompareArguments;
use super::compared::ComparedArguments;
use super::index::IndexArguments;
use super::reading_arguments::{ReadingArguments, location, parse_bytes};
use super::reports::ReportArguments;
use super::review::ReviewArguments;
use super::server::ServerArguments;

/// The opt-in rule that verdicts need.
const DOCUMENT_RULE: &str = "ND008";

/// Find and explain boilerplate and other noise in text corpora.
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
        alias = "lint",
        after_help = "Exit codes: 0 no findings or, with --fix, none left; 1 findings; 2 errors; 130 interrupted."
    )]
    Check(Box<CheckArguments>),
    /// Accept or reject findings in a browser
    #[command(
        after_help = "A review changes no documents; `dechaff check --fix --plan FILE` fixes what you accepted. Ctrl-C ends the review."
    )]
    Review(Box<ReviewArguments>),
    /// Create and maintain indexes of earlier corpora to compare new documents with
    Index(IndexArguments),
    /// Compare a corpus in independent tasks that share a work folder
    Compare(CompareArguments),
    /// Run a language server that shows and fixes findings in editors
    #[command(
        after_help = "The editor starts the server and talks to it over standard input and output. Exit codes: 0 after a regular shutdown, otherwise 1."
    )]
    Server(ServerArguments),
    /// Explain a rule, or list rules
    #[command(alias = "explain")]
    Rule(RuleArguments),
    /// Show the settings in effect and where each comes from
    Config(ShowArguments),
    /// Write a dechaff.toml with every key commented out
    Init(InitArguments),
    /// Test custom rules against their examples
    TestRules(TestRulesArguments),
    /// Revert the changes in an undo log
    #[command(
        after_help = "Exit codes: 0 if all matching changes were reverted; 2 if some were not, or there were none."
    )]
    Undo(UndoArguments),
    /// Print shell completions
    Completions(CompletionsArguments),
    /// Print or write manual pages
    Man(ManArguments),
}

/// Options for configuration files.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct ConfigArguments {
    /// Configuration file to use instead of those found next to the files, or one KEY=VALUE in
    /// TOML to override
    ///
    /// By default, each file uses the nearest dechaff.toml, .dechaff.toml or pyproject.toml with
    /// [tool.dechaff] in its directory or a parent directory.
    #[arg(long, value_name = "FILE|KEY=VALUE", help_heading = "Settings")]
    pub(super) config: Vec<String>,

    /// Ignore all configuration files
    #[arg(long, help_heading = "Settings")]
    pub(super) isolated: bool,
}

#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    /// Files and directories; `-` is standard input [default: .]
    ///
    /// In directories, dechaff checks text (*.txt, *.md, *.markdown), JSON Lines (*.jsonl,
    /// *.ndjson) and Parquet (*.parquet), plain or compressed (.gz, .zst; also *.json.gz and
    /// *.json.zst), except hidden files and files listed in ignore files. Files passed
    /// explicitly are checked whatever their names. A path containing * or ? is treated as a glob
    /// if no such file exists. URLs such as s3://bucket/corpus/ also work if this build supports
    /// object stores.
    #[arg(value_parser = location())]
    pub(super) paths: Vec<PathBuf>,

    #[command(flatten)]
    pub(super) read_options: ReadingArguments,

    #[command(flatten)]
    pub(super) settings: ConfigArguments,

    /// Apply `exclude` to explicitly passed files too (for pre-commit)
    #[arg(long, help_heading = "Settings")]
    pub(super) force_exclude: bool,

    /// Run only these rules: codes, prefixes of codes, names, or ALL
    ///
    /// A prefix such as BP enables the default rules of a group; an opt-in rule such as BP902
    /// needs its full code, its name or ALL. A prefix that only has opt-in rules, such as QM0,
    /// enables them; ALL does not.
    ///
    /// Some rules depend on neighbouring findings; they only see those of the selected rules.
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = "Settings")]
    pub(super) select: Vec<String>,

    /// Run these rules in addition
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = "Settings")]
    pub(super) extend_select: Vec<String>,

    /// Disable these rules
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = "Settings")]
    pub(super) ignore: Vec<String>,

    /// Start from a built-in configuration: dclm, docs, dolma3, fineweb or rag
    ///
    /// dclm, dolma3 and fineweb select the filters of those corpora; docs selects rules for
    /// documentation, and rag prepares documents for retrieval. A preset overrides configuration
    /// files; other options override the preset.
    #[arg(long, value_name = "NAME", help_heading = "Settings")]
    pub(super) preset: Option<String>,

    #[command(flatten)]
    pub(super) reports: ReportArguments,

    /// Show every finding of a run of equal ones, which `full` and `concise` fold into one
    #[arg(long, help_heading = "Reporting")]
    pub(super) no_fold: bool,

    /// When to use colour
    ///
    /// `auto` uses colour on a terminal. NO_COLOR turns it off; otherwise, FORCE_COLOR turns it on,
    /// or off if it is 0.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ColorWhen::Auto)]
    pub(super) color: ColorWhen,

    /// Threads to use [default: one per core]
    #[arg(short, long, value_name = "NUMBER", value_parser = parse_jobs)]
    pub(super) jobs: Option<usize>,

    /// File name to use for standard input
    #[arg(long, value_name = "NAME")]
    pub(super) stdin_filename: Option<PathBuf>,

    /// Memory for comparing documents, such as 2GB; the rest goes to temporary files [default: a
    /// quarter of free memory]
    #[arg(long, value_name = "BYTES", value_parser = parse_bytes)]
    pub(super) memory: Option<String>,

    /// Print only errors and warnings; the exit code tells if there are findings
    #[arg(short, long)]
    pub(super) quiet: bool,

    /// Don't exit with 2 because of unreadable records (they are still reported)
    #[arg(long, help_heading = "Corpora")]
    pub(super) skip_bad_records: bool,

    /// Don't exit with 2 if there are no documents to check
    ///
    /// By default, a run that finds no files, or skips all of them, fails. It passes if --since
    /// finds no changed files, or --force-exclude excludes all files that were passed.
    #[arg(long, help_heading = "Gate")]
    pub(super) allow_empty: bool,

    /// Exit with 0 even if there are findings
    #[arg(long, conflicts_with = "exit_non_zero_on_fix", help_heading = "Gate")]
    pub(super) exit_zero: bool,

    /// Lowest severity that makes the run exit with 1 [default: info]
    #[arg(long, value_name = "SEVERITY", value_enum, help_heading = "Gate")]
    pub(super) fail_on: Option<FailOnArgument>,

    /// Exit with 1 only if there are more than NUMBER findings of that severity [default: 0]
    #[arg(long, value_name = "NUMBER", help_heading = "Gate")]
    pub(super) max_findings: Option<usize>,

    /// Print counts instead of findings: by rule, kind of page, site and document, and how much
    /// fixes remove
    #[arg(
        long,
        value_name = "FORMAT",
        value_enum,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "table",
        help_heading = "Gate",
        conflicts_with_all = ["fix_only", "diff"]
    )]
    pub(super) statistics: Option<StatisticsChoice>,

    /// Write one row per document to this file, with its findings and a verdict
    ///
    /// The extension decides the format: .jsonl, .csv or .parquet. The verdicts are keep, fix,
    /// review and drop. In a run that fixes, the rows describe the documents before fixing.
    #[arg(long, value_name = "FILE", value_parser = location(), help_heading = "Corpora")]
    pub(super) documents: Option<PathBuf>,

    /// Write one row per document to this file, with the quality measures of Gopher, C4, FineWeb
    /// and others
    ///
    /// The extension decides the format: .jsonl, .csv or .parquet. The measures are those of the
    /// selected QM rules, or of all QM rules if none is selected.
    #[arg(long, value_name = "FILE", value_parser = location(), help_heading = "Corpora")]
    pub(super) measures: Option<PathBuf>,

    /// Also compare with the documents in this index; may be repeated
    ///
    /// `dechaff index add` creates an index. Its documents count as older than those of the run:
    /// only documents of the run have findings, which name the place of the original.
    #[arg(long, value_name = "INDEX", value_parser = location(), help_heading = "Corpora")]
    pub(super) against: Vec<PathBuf>,

    #[command(flatten)]
    pub(super) compared: ComparedArguments,

    /// Report only findings not in this baseline
    #[arg(long, value_name = "FILE", help_heading = "Gate")]
    pub(super) baseline: Option<String>,

    /// Write all current findings to a baseline file
    #[arg(long, value_name = "FILE", help_heading = "Gate", conflicts_with_all = ["baseline", "fix", "fix_only", "diff", "output_dir"])]
    pub(super) write_baseline: Option<PathBuf>,

    /// Remove findings from the baseline that no longer occur
    #[arg(long, help_heading = "Gate", conflicts_with_all = ["fix", "fix_only", "diff", "output_dir"])]
    pub(super) prune_baseline: bool,

    /// Check only files changed since this git revision (they are still compared with all others)
    #[arg(long, value_name = "REVISION", help_heading = "Gate")]
    pub(super) since: Option<String>,

    /// List of passages not to report, for texts that you can't edit
    #[arg(long, value_name = "FILE", help_heading = "Suppression")]
    pub(super) ignore_list: Option<String>,

    /// Suppress all current findings with comments, or with entries in the ignore list
    #[arg(long, help_heading = "Suppression", conflicts_with_all = ["fix", "fix_only", "diff", "output_dir", "write_baseline"])]
    pub(super) add_ignore: bool,

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
    #[arg(long, help_heading = "Fixing", conflicts_with_all = ["output_dir", "undo_log"])]
    pub(super) diff: bool,

    /// Omit records from the copies that are blank after fixing
    #[arg(long, help_heading = "Fixing", requires = "output_dir")]
    pub(super) drop_empty: bool,

    /// Omit documents with this verdict from the copies: drop, or review; may be repeated
    #[arg(
        long,
        value_name = "VERDICT",
        value_enum,
        value_delimiter = ',',
        help_heading = "Fixing",
        requires = "output_dir"
    )]
    pub(super) drop_verdict: Vec<DropVerdict>,

    /// Write fixed copies (with --output-format dolma, attributes) into this directory; don't
    /// touch the originals
    #[arg(long, value_name = "DIR", value_parser = location(), help_heading = "Fixing")]
    pub(super) output_dir: Option<PathBuf>,

    /// With --drop-empty or --drop-verdict: store dropped records of JSON Lines in the undo log,
    /// so that `dechaff undo` can restore them
    #[arg(long, help_heading = "Fixing", requires = "undo_log")]
    pub(super) keep_dropped: bool,

    /// Append every change to this file, so that `dechaff undo` can revert it
    #[arg(long, visible_alias = "trail", value_name = "FILE", help_heading = "Fixing")]
    pub(super) undo_log: Option<PathBuf>,

    /// Don't fix a document if that would remove more than this share of its words, 0 to 1
    /// [default: 0.5]
    #[arg(long, value_name = "SHARE", value_parser = parse_share, help_heading = "Fixing")]
    pub(super) max_removed: Option<f64>,

    /// Fix only the findings in this plan, safe or unsafe; `dechaff review` writes it
    #[arg(long, value_name = "FILE", help_heading = "Fixing", conflicts_with = "unsafe_fixes")]
    pub(super) plan: Option<PathBuf>,

    /// Exit with 1 if something was fixed, even if nothing remains
    #[arg(long, help_heading = "Fixing")]
    pub(super) exit_non_zero_on_fix: bool,

    /// The files that a review writes.
    #[arg(skip)]
    pub(super) review_files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct RuleArguments {
    /// A rule's code or name to explain it, or the prefix of a group (BP) to list it
    pub(super) rule: Option<String>,

    /// List all rules
    #[arg(long, conflicts_with = "rule")]
    pub(super) all: bool,

    /// Show which phrase of the rule matches a line or sentence, and what prevents a report
    ///
    /// Exits with 1 if no phrase matches.
    #[arg(long = "match", value_name = "TEXT", requires = "rule", conflicts_with = "all")]
    pub(super) text: Option<String>,

    #[command(flatten)]
    pub(super) settings: ConfigArguments,

    /// When to use colour
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ColorWhen::Auto)]
    pub(super) color: ColorWhen,
}

#[derive(Debug, Args)]
pub(super) struct UndoArguments {
    /// Undo log written by `dechaff check --fix --undo-log FILE`
    pub(super) undo_log: PathBuf,

    /// Revert only changes in these files and directories
    pub(super) paths: Vec<PathBuf>,

    /// New location of the directory that was fixed, or of the output directory, if it moved
    ///
    /// Only files below it are written. By default, files are expected where they were.
    #[arg(long, value_name = "DIR")]
    pub(super) root: Option<PathBuf>,

    /// Revert only changes by these rules: codes, prefixes of codes, or names
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(super) rule: Vec<String>,

    #[command(flatten)]
    pub(super) read_options: ReadingArguments,

    #[command(flatten)]
    pub(super) settings: ConfigArguments,

    /// When to use colour
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ColorWhen::Auto)]
    pub(super) color: ColorWhen,
}

#[derive(Debug, Args)]
pub(super) struct ShowArguments {
    /// File or directory whose settings to show
    #[arg(default_value = ".")]
    pub(super) path: PathBuf,

    #[command(flatten)]
    pub(super) settings: ConfigArguments,

    /// Print the JSON Schema of configuration files instead
    #[arg(long)]
    pub(super) schema: bool,
}

#[derive(Debug, Args)]
pub(super) struct InitArguments {
    /// Directory to write into
    #[arg(default_value = ".")]
    pub(super) folder: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct TestRulesArguments {
    /// Rule files and directories of rule files; an edited copy of a built-in rule replaces it
    #[arg(required = true)]
    pub(super) paths: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct CompletionsArguments {
    /// The shell
    pub(super) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(super) struct ManArguments {
    /// Command whose page to print [default: dechaff itself]
    #[arg(conflicts_with = "dir")]
    pub(super) command: Option<String>,

    /// Write the pages of all commands into this directory
    #[arg(long, value_name = "DIR")]
    pub(super) dir: Option<PathBuf>,
}

impl CheckArguments {
    /// Whether the user has decided about the rule for copies of documents, so that `--documents`
    /// must not turn it on.
    fn excludes_document_rule(&self) -> bool {
        let means =
            |selector: &String| selector == "ALL" || DOCUMENT_RULE.starts_with(selector.as_str());
        !self.select.is_empty() || self.ignore.iter().any(means)
    }

    /// Whether the run computes verdicts on documents.
    pub(super) fn wants_verdicts(&self) -> bool {
        self.documents.is_some() || !self.drop_verdict.is_empty() || self.is_review()
    }

    /// Whether the run collects findings for a review.
    pub(super) fn is_review(&self) -> bool {
        !self.review_files.is_empty()
    }

    /// Returns the files that the run writes, without copies.
    pub(super) fn written_files(&self) -> impl Iterator<Item = &Path> {
        let files = self.undo_log.iter().chain(&self.documents).chain(&self.measures);
        let files = files.chain(&self.plan).chain(&self.review_files);
        files.map(PathBuf::as_path).chain(self.reports.outputs())
    }

    /// Returns the arguments that are also configuration keys.
    pub(super) fn options(&self) -> toml::Table {
        let mut extend_select = self.extend_select.clone();
        if self.wants_verdicts() && !self.excludes_document_rule() {
            extend_select.push(DOCUMENT_RULE.into());
        }
        let mut table =
            self.read_options.options_with_rules(&self.select, &extend_select, &self.ignore);
        let mut add = |key: &str, value: Option<toml::Value>| {
            if let Some(value) = value {
                table.insert(key.to_owned(), value);
            }
        };
        add("preset", self.preset.clone().map(Into::into));
        add("memory", self.memory.clone().map(Into::into));
        add(
            "fail-on",
            self.fail_on.and_then(|severity| Some(severity.to_possible_value()?.get_name().into())),
        );
        add(
            "max-findings",
            self.max_findings.and_then(|max| i64::try_from(max).ok()).map(Into::into),
        );
        add("baseline", self.baseline.clone().map(Into::into));
        add("ignore-list", self.ignore_list.clone().map(Into::into));
        add("unsafe-fixes", self.unsafe_fixes.then_some(toml::Value::Boolean(true)));
        add("max-removed", self.max_removed.map(Into::into));
        table
    }
}

pub(super) fn parse_jobs(text: &str) -> Result<usize, String> {
    let jobs = text.parse().ok().filter(|jobs| *jobs > 0);
    jobs.ok_or_else(|| {
        "expected a number of threads, at least 1; omit the option for one per core".into()
    })
}

fn parse_share(text: &str) -> Result<f64, String> {
    let share: f64 =
        text.parse().map_err(|_| "expected a number from 0 to 1, such as 0.5".to_owned())?;
    if (0.0..=1.0).contains(&share) {
        Ok(share)
    } else {
        Err("expected a number from 0 to 1, such as 0.5".into())
    }
}

/// Returns the definition of the command line, for help, completions and manual pages.
pub fn command() -> clap::Command {
    Arguments::command()
}
