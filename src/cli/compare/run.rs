//! `dechaff compare match`.

use anyhow::Context;

use super::{MEMORY, MatchArguments, print};
use crate::cli::{Exit, interrupt, output};
use crate::config::parse_size;
use crate::corpus::work::{Share, TaskOutcome, WorkFolder};
use crate::duplicates::staged::{Step, StepSplit};
use crate::text::PathName;

pub(super) fn run(arguments: &MatchArguments) -> anyhow::Result<Exit> {
    let folder = WorkFolder::open(&arguments.work)?;
    let memory = arguments.memory.as_ref().and_then(|size| parse_size(size).ok());
    let memory = memory.unwrap_or(MEMORY);
    interrupt::listen();
    let share = arguments.partition;
    if let Some(step) = arguments.step {
        return run_step(&folder, step, share, memory);
    }
    let mut completed_a_step = false;
    loop {
        let progress = folder.progress()?;
        let Some(next) = progress.next() else {
            print(&format!(
                "the comparison is done; `dechaff check … --compared {}` reports it",
                arguments.work.name()
            ))?;
            return Ok(Exit::Success);
        };
        let Some(step) = next.step else {
            anyhow::bail!(
                "{}: shares of the sketch are missing: {}; run `dechaff compare sketch`",
                arguments.work.name(),
                list(&next.left())
            );
        };
        let is_single = step.split() == StepSplit::Single;
        if is_single && share.number != 1 && !completed_a_step {
            print(&format!("step {}: done by share 1 alone", step.name()))?;
            return Ok(Exit::Success);
        }
        let is_done = next.done.binary_search(&share.number).is_ok() && !is_single;
        if is_done {
            print(&format!(
                "step {}: share {share} is done; waiting for shares {}",
                step.name(),
                list(&next.left())
            ))?;
            return Ok(Exit::Success);
        }
        let exit = run_step(&folder, step, share, memory)?;
        completed_a_step = folder.progress()?.next().is_none_or(|next| next.step != Some(step));
        if exit != Exit::Success || !completed_a_step {
            return Ok(exit);
        }
    }
}

fn run_step(folder: &WorkFolder, step: Step, share: Share, memory: usize) -> anyhow::Result<Exit> {
    let outcome = folder.run(step, share, memory, &interrupt::is_interrupted);
    if interrupt::is_interrupted() {
        output::warning("interrupted; run the task again");
        return Ok(Exit::Interrupted);
    }
    let outcome =
        outcome.with_context(|| format!("cannot do share {share} of the step {}", step.name()))?;
    let name = match step.split() {
        StepSplit::Single => format!("step {}", step.name()),
        StepSplit::Documents | StepSplit::Keys => format!("step {}: share {share}", step.name()),
    };
    print(&match outcome {
        TaskOutcome::Done(rows) => format!("{name}: done, {rows} rows"),
        TaskOutcome::WasDone => format!("{name}: was done before"),
        TaskOutcome::NotNeeded => format!("{name}: not needed by the rules"),
    })?;
    Ok(Exit::Success)
}

/// Lists numbers, as ranges: `1-3, 7`.
pub(super) fn list(numbers: &[u32]) -> String {
    let ranges = numbers.chunk_by(|left, right| left + 1 == *right);
    let ranges = ranges.filter_map(|range| match range {
        [] => None,
        [only] => Some(only.to_string()),
        [first, .., last] => Some(format!("{first}-{last}")),
    });
    ranges.collect::<Vec<_>>().join(", ")
}
