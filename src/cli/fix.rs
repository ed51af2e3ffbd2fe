//! `dechaff check --fix`.

use std::rc::Rc;
use std::sync::Arc;

use anyhow::Context;

use super::Exit;
use super::baseline::LinterResolver;
use super::check::{check_corpus, documents, start_phase};
use super::context::{CheckContext, Inputs};
use super::duplicate_pass::CorpusTexts;
use super::fix_plan::FixPlan;
use super::fix_rounds::{compare, run_fix_rounds};
use super::fix_writer::FixWriter;
use super::interrupt;
use super::output;
use super::pipeline::{Event, Pipeline, WorkItem};
use super::progress::{Phase, TotalSize};
use super::run_output::RunOutput;
use crate::corpus::work::CopyFixer;
use crate::corpus::{MemoryBudget, ReadError, Source, storage};
use crate::fix::FixOutcome;
use crate::report::Summary;

/// Fixes all documents, then checks the results.
///
/// # Errors
///
/// A report or a temporary file cannot be written, a path cannot be walked, or the work folder of
/// `--compared` is damaged.
pub(super) fn fix_corpus(
    context: &CheckContext<'_>,
    mut inputs: Inputs,
    mut writer: FixWriter,
    mut output: RunOutput<'_>,
) -> anyhow::Result<Exit> {
    let plan = context
        .arguments
        .plan
        .as_deref()
        .map(|plan| FixPlan::read(plan, &context.resolver))
        .transpose()?;
    let fixer = context.settings.fixer();
    if let Some(compared) = &context.comparison.compared {
        let documents = compared.documents();
        let memory = MemoryBudget::new(context.comparison.memory).comparison;
        let linter = &context.settings.linter;
        let fix = CopyFixer::new(linter, &fixer, &documents, memory);
        let fix = fix.context("--compared")?;
        output.counts.summary.applied = Some(fixer.max_applicability());
        let fix = |source: &Source| fix.fix(source).context("--compared");
        write_fixes(context, &inputs, &mut writer, &mut output, fix)?;
        return Ok(output.finish_fix_only(&inputs));
    }
    output.counts.summary.applied = Some(fixer.max_applicability());
    if let Some(dropped) = output.judge_documents(&inputs)? {
        writer.dropped = dropped;
    }
    if interrupt::is_interrupted() {
        return Ok(output.finish_fix_only(&inputs));
    }
    let linters = output.baseline.linters(context);
    let progress = Rc::clone(&output.console.progress);
    if let Some(plan) = plan {
        fix_plan(context, &inputs, &mut writer, &mut output, plan, &linters)?;
        return finish_files(context, inputs, &writer, output);
    }
    let dropped = &writer.dropped;
    let rounds = run_fix_rounds(context, &inputs, &fixer, &linters, dropped, &progress)?;
    let fix =
        |source: &Source| rounds.fix(&fixer, &linters.for_path(&source.path), &source.document());
    if let Some(source) = inputs.stdin.take() {
        let outcome = fix(&source);
        return finish_stdin(context, &inputs, output, source, outcome);
    }
    write_fixes(context, &inputs, &mut writer, &mut output, |source| Ok(fix(source)))?;
    finish_files(context, inputs, &writer, output)
}

/// Fixes the findings of a plan.
fn fix_plan(
    context: &CheckContext<'_>,
    inputs: &Inputs,
    writer: &mut FixWriter,
    output: &mut RunOutput<'_>,
    mut plan: FixPlan,
    linters: &LinterResolver,
) -> anyhow::Result<()> {
    let mut texts = CorpusTexts::new(None, &context.read_options, context.comparison.memory);
    plan.add_matches(compare(context, inputs, &mut texts, &|_| None, &output.console.progress)?);
    drop(texts);
    write_fixes(context, inputs, writer, output, |source| Ok(plan.fix(linters, source)))?;
    if !interrupt::is_interrupted() {
        plan.problems().iter().for_each(|problem| output.console.fail(problem));
    }
    Ok(())
}

/// Checks files after they were fixed, unless only the fixes are asked for.
fn finish_files(
    context: &CheckContext<'_>,
    mut inputs: Inputs,
    writer: &FixWriter,
    mut output: RunOutput<'_>,
) -> anyhow::Result<Exit> {
    let arguments = context.arguments;
    if writer.is_irreversible()
        && output.counts.summary.fixed > 0
        && !arguments.quiet
        && inputs.spooled.is_empty()
    {
        output::warning(
            "these fixes cannot be undone; next time, use --undo-log FILE to record them",
        );
    }
    if let Some(spooled) = inputs.spooled.first().filter(|_| !arguments.diff) {
        output.console.stdout_open = output.console.output.copy(&spooled.input().path)?;
        output.console.report_to_stderr = true;
    }
    if arguments.diff || arguments.fix_only || interrupt::is_interrupted() {
        return Ok(output.finish_fix_only(&inputs));
    }
    let targets = inputs.paths.iter().map(|path| writer.copy_of(path));
    inputs.paths = targets
        .filter(|path| storage::exists(path).unwrap_or(true) || storage::is_dir(path))
        .collect();
    // The output directory may also contain copies of earlier runs.
    inputs.only = writer.is_copy().then(|| Arc::new(writer.copies().keys().cloned().collect()));
    context.resolver.alias_copies(writer.copies());
    output.counts.summary = Summary::from_fixes(&output.counts.summary);
    check_corpus(context, &inputs, &mut output)?;
    output.finish(&inputs)
}

/// Fixes and writes all files.
///
/// # Errors
///
/// A path cannot be walked, a diff cannot be printed, or `fix` fails. Files that are already written
/// stay.
fn write_fixes(
    context: &CheckContext<'_>,
    inputs: &Inputs,
    writer: &mut FixWriter,
    output: &mut RunOutput<'_>,
    fix: impl Fn(&Source) -> anyhow::Result<FixOutcome> + Send + Sync,
) -> anyhow::Result<()> {
    let progress = Rc::clone(&output.console.progress);
    start_phase(context, inputs, &progress, Phase::Fix, TotalSize::Files)?;
    let documents = documents(context, inputs, &output.counts.coverage, None)?;
    let fix = |item: WorkItem| fix(&item.source).map(|outcome| (item, outcome));
    std::thread::scope(|scope| {
        for event in Pipeline::spawn(scope, documents, 0, &progress, fix) {
            let event = event.try_map(|fixed| fixed)?;
            match write_event(writer, output, event) {
                Ok(diff) => output.console.write_exact(&diff.unwrap_or_default())?,
                Err(error) => output.console.fail(&format!("{error:#}")),
            }
            if !output.is_wanted() {
                break;
            }
        }
        output.finish_pass();
        Ok(())
    })
}

/// Writes the result for one event. Returns the diff to print, if any.
fn write_event(
    writer: &mut FixWriter,
    output: &mut RunOutput<'_>,
    event: Event<(WorkItem, FixOutcome)>,
) -> anyhow::Result<Option<String>> {
    match event {
        Event::Document((WorkItem { source, handle, .. }, outcome)) => {
            output.counts.coverage.add(&source.origin);
            // A document that is left out keeps its text; the original still has it.
            let is_dropped = writer.dropped.contains(&source.origin);
            let outcome = if is_dropped { FixOutcome::default() } else { outcome };
            output.counts.summary.dropped += usize::from(is_dropped);
            if let Some(handle) = handle {
                output.refused_fix(&source, &outcome);
                return writer.write_record(&handle, &source, &outcome);
            }
            let diff = writer.write(&source, &outcome)?;
            output.fixed_file(&source, &outcome);
            return Ok(diff);
        }
        Event::Skipped(handle, error) => {
            output.skipped_record(&handle, error);
            writer.write_unchanged(&handle)?;
        }
        Event::ShardEnd(shard) => {
            let counts = writer.finish_shard(&shard)?;
            output.counts.summary.fixed += counts.fixed;
            output.counts.summary.fixed_documents += counts.records;
            output.counts.summary.fixed_records += counts.records;
        }
        Event::ReadError(error) => {
            // Skipped documents are not in the copy, and the original keeps them.
            if !matches!(error, ReadError::SkippedRecords { .. }) {
                writer.mark_damaged();
            }
            output.read_error(&error);
        }
        Event::WalkError(error) => return Err(error.into()),
    }
    Ok(None)
}

/// Writes the fixed text of standard input, or its diff, to standard output, and the report to
/// standard error.
fn finish_stdin(
    context: &CheckContext<'_>,
    inputs: &Inputs,
    mut output: RunOutput<'_>,
    source: Source,
    outcome: FixOutcome,
) -> anyhow::Result<Exit> {
    let arguments = context.arguments;
    output.fixed_file(&source, &outcome);
    let text = match outcome.fixed {
        Some(fixed) => fixed.text,
        None => source.text.to_string(),
    };
    if arguments.diff {
        output.console.write_exact(&FixWriter::diff(&source, &text, false))?;
        return Ok(output.finish_fix_only(inputs));
    }
    output.console.stdout_open = output.console.output.write_exact(&text)?;
    if arguments.fix_only {
        return Ok(output.finish_fix_only(inputs));
    }
    let fixed = Source { text: text.into(), ..source };
    let mut texts =
        CorpusTexts::new(Some(fixed.clone()), &context.read_options, context.comparison.memory);
    let matches =
        compare(context, &Inputs::default(), &mut texts, &|_| None, &output.console.progress)?;
    let matches = matches.into_iter().flat_map(|(_, findings)| findings).collect();
    let linter = output.baseline.linters(context).for_path(&fixed.path);
    let findings = linter.lint(&fixed.document(), matches);
    output.counts.add_findings(&findings);
    let mut report = output.reports.document(&fixed.document(), &findings, &texts)?;
    report.push_str(&output.reports.finish(&output.counts.summary)?);
    if !arguments.quiet {
        output.console.output.write_to_stderr(&report);
    }
    Ok(output.exit())
}
