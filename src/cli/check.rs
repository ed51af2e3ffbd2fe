//! `dechaff check`.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::Context;

use super::arguments::CheckArguments;
use super::baseline::LinterResolver;
use super::compared::ComparedRun;
use super::context::{CheckContext, Inputs};
use super::coverage::Coverage;
use super::dolma::DolmaWriter;
use super::duplicate_pass::{
    BackgroundComparison, CorpusTexts, SketchOptions, SketchPass, sketch_corpus,
};
use super::fix::fix_corpus;
use super::fix_writer::FixWriter;
use super::interrupt::is_interrupted;
use super::named::warn_of_markup;
use super::pipeline::{DocumentSource, Event, Pipeline, WorkItem};
use super::progress::{Phase, Progress, TotalSize};
use super::run_mode::{Destination, RunMode};
use super::run_output::RunOutput;
use super::settings_resolver::SettingsResolver;
use super::stdin::{Stdin, read_pipe, read_stdin, take_pipes};
use super::{Exit, interrupt};
use crate::check::measure::MeasureColumns;
use crate::corpus::{InputFile, WalkError, WriteError, expand_globs, storage};
use crate::finding::Finding;
use crate::linter::{DocumentFindings, Linter};
use crate::text::PathName;

pub(super) fn run(arguments: &CheckArguments) -> anyhow::Result<Exit> {
    arguments.reports.require_use(arguments)?;
    set_threads(arguments.jobs)?;
    let (stdin, paths) = split_stdin(arguments);
    refuse_outputs_as_inputs(arguments, &paths)?;
    let (pipes, paths) = take_pipes(expand_globs(&paths)?)?;
    refuse_local_work_on_objects(arguments, stdin, &paths)?;
    let resolver =
        SettingsResolver::new(&arguments.settings, &arguments.options(), arguments.force_exclude)?;
    let resolver = Arc::new(resolver);
    // The process ends after the run. Freeing all rules first takes 1 % of the processor time on
    // 7 MB of pages.
    std::mem::forget(Arc::clone(&resolver));
    let settings = resolver.run_settings(&paths)?;
    let mut context = CheckContext::new(arguments, resolver, settings)?;
    let mode = RunMode::from_args(arguments, stdin)?;
    let mut inputs = Inputs { stdin: None, spooled: Vec::new(), paths, only: None };
    if arguments.compared.work.is_some() {
        anyhow::ensure!(
            stdin == 0 && pipes.is_empty(),
            "--compared: standard input and pipes are not part of the comparison; pass its files"
        );
        context.comparison.compared = ComparedRun::open(&context, &inputs)?;
        inputs.only =
            context.comparison.compared.as_ref().map(|compared| Arc::clone(&compared.files));
    }
    let dolma = match &mode {
        RunMode::Dolma(directory) => Some(DolmaWriter::new(directory)),
        RunMode::Check | RunMode::Fix(_) => None,
    };
    let mut output = RunOutput::new(&context, &inputs, dolma)?;
    // Configuration errors come before anything is read or written.
    context.resolver.resolve(&inputs.paths)?;
    if arguments.read_options.format.is_none() {
        warn_of_markup(&inputs.paths);
    }
    let writer = match mode {
        RunMode::Fix(options) => Some(FixWriter::new(&context, &inputs, options)?),
        RunMode::Check | RunMode::Dolma(_) => None,
    };
    if let Some(pipe) = pipes.first().filter(|_| writer.is_some()) {
        let pipe = pipe.name();
        anyhow::bail!(
            "{pipe}: a pipe cannot be fixed in place; use standard input instead, as in `dechaff check - --fix`"
        );
    }
    interrupt::listen();
    read_streams(&context, &mut inputs, &mut output, stdin > 0, &pipes)?;
    output.console.progress.plan(&phases(&context, writer.is_some()));
    match writer {
        Some(writer) => fix_corpus(&context, inputs, writer, output),
        None => {
            check_corpus(&context, &inputs, &mut output)?;
            output.finish(&inputs)
        }
    }
}

/// Lints every document and compares it with the others.
///
/// # Errors
///
/// A report or a temporary file cannot be written, or a path cannot be walked.
pub(super) fn check_corpus(
    context: &CheckContext<'_>,
    inputs: &Inputs,
    output: &mut RunOutput<'_>,
) -> anyhow::Result<()> {
    let progress = Rc::clone(&output.console.progress);
    let mut texts =
        CorpusTexts::new(inputs.stdin.clone(), &context.read_options, context.comparison.memory);
    let mut sketches = sketch_pass(context, inputs, &mut texts, &progress)?;
    if is_interrupted() {
        return Ok(());
    }
    let cached = sketches.cached.take();
    let linters = LinterResolver::new(context);
    // After fixing, the table has been written already.
    let columns = context.measures.as_ref().filter(|_| output.wants_measures());
    std::thread::scope(|scope| {
        let mut matches = BackgroundComparison::spawn(scope, sketches, &texts, &progress)?;
        if let Some(stdin) = &texts.stdin {
            let linted = LintedItem::new(WorkItem::new(stdin.clone(), None), &linters, columns);
            let (mut item, findings) = linted.finish(&mut matches)?;
            output.document(&mut item, findings, &texts)?;
        }
        start_check_phase(context, inputs, &progress, cached.as_deref())?;
        let documents = documents(context, inputs, &output.counts.coverage, cached)?;
        let lint = |item| LintedItem::new(item, &linters, columns);
        for event in Pipeline::spawn(scope, documents, texts.queue(), &progress, lint) {
            // Nothing is written before the comparison is done.
            matches.wait()?;
            output.event(event.try_map(|linted| linted.finish(&mut matches))?, &texts)?;
            if !output.is_wanted() {
                break;
            }
        }
        output.finish_pass();
        if let Some(indexed) = texts.indexed() {
            context.comparison.against.warn_of_lost_texts(indexed);
        }
        Ok(())
    })
}

/// A document with its own findings, before those of the comparison are added.
struct LintedItem {
    item: WorkItem,
    linter: Linter,
    findings: DocumentFindings,
}

impl LintedItem {
    /// Lints a document, and measures it by `columns` if there are any.
    fn new(mut item: WorkItem, linters: &LinterResolver, columns: Option<&MeasureColumns>) -> Self {
        if let Some(columns) = columns {
            let document = item.document();
            let values = columns.measure(document.text(), document.language());
            drop(document);
            item.measures = values;
        }
        let linter = linters.for_path(&item.source.path);
        let findings = linter.check_document(&item.document());
        Self { item, linter, findings }
    }

    /// Adds the matches of the comparison to the findings.
    fn finish(
        self,
        matches: &mut BackgroundComparison<'_>,
    ) -> anyhow::Result<(WorkItem, Vec<Finding>)> {
        let Self { item, linter, findings } = self;
        let document = item.document();
        let findings = linter.finish(&document, findings, matches.findings_in(&document)?);
        drop(document);
        Ok((item, findings))
    }
}

/// Sketches all documents, and keeps them for the check if they fit into memory.
fn sketch_pass<'c>(
    context: &'c CheckContext<'_>,
    inputs: &Inputs,
    texts: &mut CorpusTexts<'_>,
    progress: &Rc<Progress>,
) -> anyhow::Result<SketchPass<'c>> {
    let linter = &context.settings.linter;
    if let Some(compared) = &context.comparison.compared {
        texts.compared = Some(compared.documents());
        return Ok(SketchPass::compared(linter));
    }
    if linter.has_corpus_checks() {
        start_phase(context, inputs, progress, Phase::Compare, TotalSize::Files)?;
    }
    let options = SketchOptions {
        against: &context.comparison.against,
        preprocess: &|_| None,
        is_new: &|path| context.changed.contains(path),
        cache: context.changed.includes_all(),
    };
    sketch_corpus(linter, texts, context.files(inputs)?, &options, progress)
}

/// Returns the documents of a pass: those that an earlier pass cached, or the files that changed.
pub(super) fn documents<'c>(
    context: &'c CheckContext<'_>,
    inputs: &Inputs,
    coverage: &Coverage,
    cached: Option<Vec<Event<WorkItem>>>,
) -> anyhow::Result<
    DocumentSource<'c, impl Iterator<Item = Result<InputFile, WalkError>> + Send + use<'c>>,
> {
    if let Some(events) = cached {
        coverage.has_files.fetch_or(!events.is_empty(), Ordering::Relaxed);
        return Ok(DocumentSource::Cached(events));
    }
    let (has_files, has_unchanged) =
        (Arc::clone(&coverage.has_files), Arc::clone(&coverage.has_unchanged));
    let changed = Arc::clone(&context.changed);
    let files = context.files(inputs)?.filter(move |input| {
        let Ok(input) = input else { return true };
        let is_checked = changed.includes_all() || changed.contains(&input.path);
        if is_checked { &has_files } else { &has_unchanged }.store(true, Ordering::Relaxed);
        is_checked
    });
    Ok(DocumentSource::Files(files, &context.read_options))
}

/// Starts a phase that goes through all files.
///
/// # Errors
///
/// A path cannot be walked.
pub(super) fn start_phase(
    context: &CheckContext<'_>,
    inputs: &Inputs,
    progress: &Progress,
    phase: Phase,
    total: TotalSize,
) -> anyhow::Result<()> {
    let length = |input: InputFile| input.size().unwrap_or(0);
    let files = context.files(inputs)?;
    progress.start_phase(
        phase,
        total,
        Box::new(move || files.filter_map(Result::ok).map(length).sum()),
    );
    Ok(())
}

fn start_check_phase(
    context: &CheckContext<'_>,
    inputs: &Inputs,
    progress: &Progress,
    cached: Option<&[Event<WorkItem>]>,
) -> anyhow::Result<()> {
    let total = match cached {
        Some(events) => TotalSize::Texts(events.iter().map(Event::size).sum()),
        None => TotalSize::Files,
    };
    start_phase(context, inputs, progress, Phase::Check, total)
}

/// Returns the phases that a run is expected to have.
fn phases(context: &CheckContext<'_>, fixes: bool) -> Vec<Phase> {
    let mut phases = Vec::new();
    if fixes && context.arguments.wants_verdicts() {
        phases.extend([Phase::Compare, Phase::Check]);
    }
    if fixes {
        // A second round usually finds nothing more.
        phases.extend([Phase::FixRound, Phase::FixRound, Phase::Fix]);
    }
    if !fixes || !(context.arguments.diff || context.arguments.fix_only) {
        phases.extend([Phase::Compare, Phase::Check]);
    }
    if !context.settings.linter.has_corpus_checks() {
        phases.retain(|phase| matches!(phase, Phase::Fix | Phase::Check));
    }
    phases
}

pub(super) fn set_threads(jobs: Option<usize>) -> anyhow::Result<()> {
    let Some(jobs) = jobs else { return Ok(()) };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs);
    pool.build_global().with_context(|| format!("--jobs {jobs}: cannot start the threads"))
}

/// Counts how often `-` is among the paths, and returns the other paths; by default, the working
/// directory.
fn split_stdin(arguments: &CheckArguments) -> (usize, Vec<PathBuf>) {
    if arguments.paths.is_empty() {
        return (0, vec![PathBuf::from(".")]);
    }
    let (stdin, paths): (Vec<_>, Vec<_>) =
        arguments.paths.iter().cloned().partition(|path| path == Path::new("-"));
    (stdin.len(), paths)
}

fn refuse_outputs_as_inputs(arguments: &CheckArguments, paths: &[PathBuf]) -> anyhow::Result<()> {
    for output in arguments.written_files().filter_map(|file| storage::canonical(file).ok()) {
        if let Some(path) =
            paths.iter().find(|path| storage::canonical(path).is_ok_and(|path| path == output))
        {
            anyhow::bail!(
                "{}: the output file is also an input; choose another output file",
                path.name()
            );
        }
    }
    Ok(())
}

/// Refuses options that only work on local files.
fn refuse_local_work_on_objects(
    arguments: &CheckArguments,
    stdin: usize,
    paths: &[PathBuf],
) -> anyhow::Result<()> {
    let Some(url) = paths.iter().find(|path| storage::is_url(path)) else { return Ok(()) };
    let mode = RunMode::from_args(arguments, stdin)?;
    if matches!(mode, RunMode::Fix(options) if options.destination == Destination::InPlace) {
        return Err(WriteError::Object(url.clone()).into());
    }
    anyhow::ensure!(
        arguments.since.is_none(),
        "{}: --since only works for local files",
        url.name()
    );
    Ok(())
}

/// Reads standard input, if it is among the paths, and pipes.
fn read_streams(
    context: &CheckContext<'_>,
    inputs: &mut Inputs,
    output: &mut RunOutput<'_>,
    has_stdin: bool,
    pipes: &[PathBuf],
) -> anyhow::Result<()> {
    if has_stdin {
        let name = context
            .arguments
            .stdin_filename
            .as_ref()
            .map_or_else(|| "-".to_owned(), |path| path.name());
        match read_stdin(name, &context.read_options)? {
            Ok(Stdin::Document(source)) => {
                output.counts.coverage.add(&source.origin);
                inputs.stdin = Some(source);
            }
            Ok(Stdin::Spooled(spooled)) => inputs.spooled.push(spooled),
            Err(error) => output.read_error(&error),
        }
    }
    for pipe in pipes {
        inputs.spooled.push(read_pipe(pipe, &context.read_options)?);
    }
    Ok(())
}
