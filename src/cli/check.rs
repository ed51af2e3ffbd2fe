//! `dechaff check`.

use std::collections::HashSet;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::Context;

use super::arguments::CheckArguments;
use super::attributes::Attributes;
use super::bad::BadRecords;
use super::compare::{Awaited, Gathered, Given, gather};
use super::coverage::Coverage;
use super::fix::{Delivery, Outcome, Plan};
use super::gate::Gate;
use super::hint::DominantRule;
use super::interrupt::Pause;
use super::known::{Known, Linters};
use super::layout::resolved;
use super::named::warn_of_markup;
use super::output::{self, Output};
use super::pipeline::{self, Documents, Piece, stream};
use super::progress::{Phase, Progress, Total};
use super::reports::Reports;
use super::since::Changed;
use super::stdin::{Spooled, Stdin, read_pipe, read_stdin, take_pipes};
use super::workspace::{Profile, Workspace};
use super::{Exit, interrupt};
use crate::check::FindingsByDocument;
use crate::config::parse_size;
use crate::corpus::{Choice, Input, Reading, Source, WalkError, expand, walk};
use crate::engine::{Alone, Compared, Linter};
use crate::finding::Finding;
use crate::report::Summary;
use crate::text::PathName;

pub(super) fn run(arguments: &CheckArguments) -> anyhow::Result<Exit> {
    arguments.reports.require_use(arguments)?;
    if let Some(jobs) = arguments.jobs {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs);
        pool.build_global().with_context(|| format!("--jobs {jobs}: cannot start the threads"))?;
    }
    let (stdin, paths): (Vec<_>, Vec<_>) = arguments.paths.iter().cloned().partition(|path| path == Path::new("-"));
    let paths = if arguments.paths.is_empty() { vec![PathBuf::from(".")] } else { paths };
    let written = arguments.undo_log.as_deref().into_iter().chain(arguments.reports.outputs());
    for file in written.filter_map(|file| file.canonicalize().ok()) {
        if let Some(path) = paths.iter().find(|path| path.canonicalize().is_ok_and(|path| path == file)) {
            anyhow::bail!("{}: it would be checked and written over; name another file to write to", path.name());
        }
    }
    // A path that does not exist, or a configuration that cannot be used, is told before anything is read or written.
    let (pipes, paths) = take_pipes(expand(&paths)?)?;
    let workspace = Arc::new(Workspace::new(&arguments.settings, &arguments.options(), arguments.force_exclude)?);
    // The process ends with the run: to take apart all that is shared would take time for nothing.
    std::mem::forget(Arc::clone(&workspace));
    let mut run = Run::new(arguments, &workspace, &paths)?;
    workspace.resolve(&paths)?;
    if arguments.reading.format.is_none() {
        warn_of_markup(&paths);
    }
    let plan = Plan::new(&run.root);
    let delivery = Delivery::new(arguments, &paths, stdin.len())?;
    if let Some(pipe) = pipes.first().filter(|_| delivery.is_some()) {
        anyhow::bail!(
            "{}: a pipe cannot be fixed in place; give it as standard input, as in `dechaff check - --fix`",
            pipe.name()
        );
    }
    interrupt::listen();
    if !stdin.is_empty() {
        run.read_stdin()?;
    }
    for pipe in &pipes {
        run.spooled.push(read_pipe(pipe, &run.reading)?);
    }
    run.progress.plan(&run.phases(delivery.is_some()));
    match delivery {
        Some(delivery) => run.fix(&plan, delivery, &paths),
        None => {
            run.check(&paths)?;
            run.finish()
        }
    }
}

pub(super) struct Run<'a> {
    pub(super) arguments: &'a CheckArguments,
    pub(super) workspace: Arc<Workspace>,
    /// The settings of the run as a whole.
    pub(super) root: Arc<Profile>,
    pub(super) gate: Gate,
    pub(super) known: Known,
    pub(super) changed: Arc<Changed>,
    pub(super) reading: Reading,
    /// Standard input, if it is one document.
    pub(super) stdin: Option<Source>,
    /// Standard input, if it is not, and what came out of pipes.
    pub(super) spooled: Vec<Spooled>,
    pub(super) output: Output,
    pub(super) reports: Reports,
    pub(super) attributes: Option<Attributes>,
    pub(super) summary: Summary,
    pub(super) coverage: Coverage,
    pub(super) dominant: DominantRule,
    pub(super) progress: Rc<Progress>,
    pub(super) bad: BadRecords,
    pub(super) failed: bool,
    /// Standard output is for a shard; reports go to standard error.
    pub(super) is_aside: bool,
    /// Somebody still reads what is written.
    pub(super) is_read: bool,
    /// The only files that are documents, once copies were written.
    copies: Option<Arc<HashSet<PathBuf>>>,
}

impl<'a> Run<'a> {
    fn new(arguments: &'a CheckArguments, workspace: &Arc<Workspace>, paths: &[PathBuf]) -> anyhow::Result<Self> {
        let output = Output::new(arguments.color);
        let folder = arguments.output_dir.as_ref().filter(|_| arguments.reports.has_dolma());
        let root = workspace.root(paths)?;
        let reports = Reports::new(&arguments.reports, arguments.statistics, arguments.quiet, &output, &root.registry)?;
        Ok(Self {
            arguments,
            workspace: Arc::clone(workspace),
            gate: Gate::new(arguments, &root),
            known: Known::new(arguments, workspace, &root)?,
            changed: Arc::new(Changed::since(arguments.since.as_deref())?),
            reading: arguments.reading.reading(&root),
            root,
            stdin: None,
            spooled: Vec::new(),
            output,
            reports,
            attributes: folder.map(|folder| Attributes::new(folder)),
            summary: Summary::default(),
            coverage: Coverage::new(workspace, paths),
            dominant: DominantRule::default(),
            progress: Rc::new(Progress::new(arguments.quiet || !arguments.reports.is_for_people())),
            bad: BadRecords::default(),
            failed: false,
            is_aside: false,
            is_read: true,
            copies: None,
        })
    }

    fn read_stdin(&mut self) -> anyhow::Result<()> {
        let name = self.arguments.stdin_filename.as_ref().map_or_else(|| "-".to_owned(), |path| path.name());
        match read_stdin(name, &self.reading)? {
            Ok(Stdin::Document(source)) => {
                self.coverage.add(&source.origin);
                self.stdin = Some(source);
            }
            Ok(Stdin::Spooled(spooled)) => self.spooled.push(spooled),
            Err(error) => self.tell(&error),
        }
        Ok(())
    }

    /// The files under `paths`, after standard input if that is none; what the run itself writes is no document.
    fn inputs(
        &self,
        paths: &[PathBuf],
    ) -> anyhow::Result<impl Iterator<Item = Result<Input, WalkError>> + Send + use<>> {
        let named: HashSet<PathBuf> = paths.iter().cloned().collect();
        let own = self.arguments.undo_log.iter().cloned().chain(self.arguments.reports.outputs().map(Path::to_owned));
        let list = self.root.path(|options| options.ignore_list.as_ref()).filter(|list| !named.contains(list));
        let copies = self.arguments.output_dir.iter().filter_map(|folder| resolved(folder));
        // The copies are looked at where they are what is asked for.
        let is_asked =
            |folder: &PathBuf| paths.iter().any(|path| path.canonicalize().is_ok_and(|path| path.starts_with(folder)));
        let written = own.chain(list).filter_map(|path| resolved(&path));
        let written: Vec<PathBuf> = written.chain(copies.filter(|folder| !is_asked(folder))).collect();
        let choice: Arc<dyn Choice> = Arc::clone(&self.workspace) as Arc<dyn Choice>;
        let only = self.copies.clone();
        let files = walk(paths, &choice)?.filter(move |path| match path {
            Ok(path) if only.as_ref().is_some_and(|only| !only.contains(path)) => false,
            Ok(path) if !written.is_empty() => {
                path.canonicalize().map_or(true, |path| !written.iter().any(|written| path.starts_with(written)))
            }
            _ => true,
        });
        let files = files.map(move |path| path.map(|path| Input::of(path.clone(), named.contains(&path))));
        Ok(self.spooled.iter().map(|spooled| Ok(spooled.input())).collect::<Vec<_>>().into_iter().chain(files))
    }

    /// The phases that the run is expected to have.
    fn phases(&self, fixes: bool) -> Vec<Phase> {
        let reports = !(self.arguments.diff || self.arguments.fix_only);
        // Comparing what is left once more usually finds nothing else.
        let fixing = [Phase::Settle, Phase::Settle, Phase::Fix];
        let checking = [Phase::Compare, Phase::Check];
        let phases = fixing.into_iter().filter(|_| fixes).chain(checking.into_iter().filter(|_| !fixes || reports));
        let compares = self.root.linter.compares();
        phases.filter(|phase| compares || matches!(phase, Phase::Fix | Phase::Check)).collect()
    }

    /// Begins a phase that goes through the files under `paths`.
    fn begin(&self, phase: Phase, total: Total, paths: &[PathBuf]) -> anyhow::Result<()> {
        let length = |input: Input| input.path.metadata().map_or(0, |metadata| metadata.len());
        let inputs = self.inputs(paths)?;
        self.progress.begin(phase, total, Box::new(move || inputs.filter_map(Result::ok).map(length).sum()));
        Ok(())
    }

    /// Checks standard input, if it was given, and what is under `paths`. What is found in each document alone is looked for
    /// while they are compared.
    fn check(&mut self, paths: &[PathBuf]) -> anyhow::Result<()> {
        let linters = Linters::new(&self.workspace, &self.root);
        let reading = self.reading.clone();
        let as_it_is = Box::new(|source| (source, false));
        let mut given = Given::new(self.stdin.take(), as_it_is, &reading, self.memory());
        let root = Arc::clone(&self.root);
        let mut gathered = self.gather(&root.linter, &mut given, paths, Phase::Compare)?;
        if interrupt::is_interrupted() {
            return Ok(());
        }
        // The run ends with this; what is held need not be taken apart before.
        let given = ManuallyDrop::new(given);
        let (held, given) = (gathered.held.take(), &*given);
        let check = |given: &pipeline::Given| {
            let linter = linters.of(&given.source.path);
            let alone = linter.alone(&given.document());
            (linter, alone)
        };
        std::thread::scope(|scope| {
            let mut compared = Awaited::begin(scope, gathered, given, &self.progress)?;
            if let Some(source) = &given.stdin {
                let one = pipeline::Given::new(source.clone(), None);
                let findings = together(&mut compared, &one, check(&one))?;
                self.report(&one, findings, given)?;
            }
            let total = held.as_ref().map_or(Total::Files, |held| Total::Texts(held.iter().map(Piece::size).sum()));
            self.begin(Phase::Check, total, paths)?;
            self.in_stream(paths, held, given.waiting(), check, |run, piece| {
                // Nothing is written before.
                compared.wait()?;
                match piece {
                    Piece::Done((document, found)) => {
                        let findings = together(&mut compared, &document, found)?;
                        if let (Some(attributes), Some(carrier)) = (&mut run.attributes, &document.carrier) {
                            let written = attributes.record(carrier, Some((&document.source.text, &findings)));
                            run.tell_failed(written);
                        }
                        run.report(&document, findings, given)?;
                    }
                    Piece::Passed(carrier, error) => {
                        let written = run.attributes.as_mut().map(|attributes| attributes.record(&carrier, None));
                        run.tell_failed(written.unwrap_or(Ok(())));
                        run.tell_bad(&carrier, error);
                    }
                    Piece::End(shard) => {
                        let written = run.attributes.as_mut().map(|attributes| attributes.end(&shard));
                        run.tell_failed(written.unwrap_or(Ok(())));
                    }
                    Piece::Unread(error) => {
                        if let Some(attributes) = &mut run.attributes {
                            attributes.miss();
                        }
                        run.tell(&error);
                    }
                    Piece::Unwalked(error) => run.fail(&error.to_string()),
                }
                Ok(())
            })
        })
    }

    /// What comparing finds in the documents under `paths`, as `given` makes them.
    pub(super) fn compare(&self, given: &mut Given<'_>, paths: &[PathBuf]) -> anyhow::Result<FindingsByDocument> {
        let gathered = self.gather(&self.root.linter, given, paths, Phase::Settle)?;
        let _pause = Pause::begin();
        Ok(gathered.compare(given)?.map(Compared::into_findings).unwrap_or_default())
    }

    /// What comparing needs to know of the documents under `paths`, as `given` makes them. Where they are only compared and
    /// all are checked, they are held if there is room.
    fn gather<'l>(
        &self,
        linter: &'l Linter,
        given: &mut Given<'_>,
        paths: &[PathBuf],
        phase: Phase,
    ) -> anyhow::Result<Gathered<'l>> {
        if linter.compares() {
            self.begin(phase, Total::Files, paths)?;
        }
        let holds = phase == Phase::Compare && self.changed.is_all();
        let changed = &self.changed;
        let is_new = |path: &Path| changed.contains(path);
        gather(linter, given, self.inputs(paths)?, is_new, holds, &self.progress)
    }

    /// Memory for comparing, if it was said.
    pub(super) fn memory(&self) -> Option<usize> {
        self.root.value(|options| options.memory.as_ref()).and_then(|(text, _)| parse_size(text).ok())
    }

    /// Fixes what can be fixed, and reports what remains.
    fn fix(mut self, plan: &Plan, mut delivery: Delivery, paths: &[PathBuf]) -> anyhow::Result<Exit> {
        self.summary.applied = Some(plan.most);
        if let Some(source) = self.stdin.take() {
            let rounds = self.compare_settled(plan, Some(&source), &[])?;
            let linter = self.known.linters(&self.root).of(&source.path);
            let outcome = rounds.fix(plan, &linter, &source);
            return self.finish_stdin(&delivery, source, outcome);
        }
        self.deliver(plan, &mut delivery, paths)?;
        if delivery.keeps_nothing() && self.summary.fixed > 0 && !self.arguments.quiet && self.spooled.is_empty() {
            output::warning("nothing was kept to undo these fixes; next time, --undo-log FILE keeps what they remove");
        }
        if let Some(spooled) = self.spooled.first().filter(|_| !self.arguments.diff) {
            self.is_read = self.output.copy(&spooled.input().path)?;
            self.is_aside = true;
        }
        if self.arguments.diff || self.arguments.fix_only || interrupt::is_interrupted() {
            return Ok(self.finish_fixed());
        }
        let targets: Vec<PathBuf> =
            paths.iter().map(|path| delivery.target(path)).filter(|path| path.exists()).collect();
        self.workspace.stand_for(delivery.copies());
        // The directory may hold copies that another run wrote.
        self.copies = delivery.is_copying().then(|| Arc::new(delivery.copies().keys().cloned().collect()));
        self.summary = Summary::from_fixes(&self.summary);
        self.check(&targets)?;
        self.finish()
    }

    /// Compares, fixes and delivers all files.
    fn deliver(&mut self, plan: &Plan, delivery: &mut Delivery, paths: &[PathBuf]) -> anyhow::Result<()> {
        let linters = self.known.linters(&self.root);
        let rounds = self.compare_settled(plan, None, paths)?;
        let fix = |given: &pipeline::Given| rounds.fix(plan, &linters.of(&given.source.path), &given.source);
        self.begin(Phase::Fix, Total::Files, paths)?;
        self.in_stream(paths, None, 0, fix, |run, piece| {
            let text = match piece {
                Piece::Done((pipeline::Given { source, carrier: Some(carrier), .. }, outcome)) => {
                    run.tell_refused(&source, &outcome);
                    delivery.record(&carrier, &source, &outcome)
                }
                Piece::Done((pipeline::Given { source, carrier: None, .. }, outcome)) => {
                    delivery.deliver(&source, &outcome).inspect(|_| run.count(&source, &outcome))
                }
                Piece::Passed(carrier, error) => {
                    run.tell_bad(&carrier, error);
                    delivery.pass(&carrier).map(|()| None)
                }
                Piece::End(shard) => delivery.end(&shard).map(|done| {
                    run.summary.fixed += done.fixed;
                    run.summary.fixed_documents += done.records;
                    run.summary.fixed_records += done.records;
                    None
                }),
                Piece::Unread(error) => {
                    delivery.miss();
                    run.tell(&error);
                    Ok(None)
                }
                Piece::Unwalked(error) => Err(error.into()),
            };
            match text {
                Ok(text) => run.write_exact(&text.unwrap_or_default())?,
                Err(error) => run.fail(&format!("{error:#}")),
            }
            Ok(())
        })
    }

    /// Standard input: the fixed text, or what would change, goes to standard output, and the report to standard error.
    fn finish_stdin(mut self, delivery: &Delivery, source: Source, outcome: Outcome) -> anyhow::Result<Exit> {
        self.count(&source, &outcome);
        let text = match outcome.fixed {
            Some(fixed) => fixed.text,
            _ => source.text.to_string(),
        };
        if self.arguments.diff {
            self.write_exact(&delivery.diff(&source, &text, false))?;
            return Ok(self.finish_fixed());
        }
        self.is_read = self.output.write_exact(&text)?;
        if self.arguments.fix_only {
            return Ok(self.finish_fixed());
        }
        let fixed = Source { text: text.into(), ..source };
        let as_it_is = Box::new(|source| (source, false));
        let reading = self.reading.clone();
        let mut given = Given::new(Some(fixed.clone()), as_it_is, &reading, self.memory());
        let compared = self.compare(&mut given, &[])?.into_iter().flat_map(|(_, findings)| findings).collect();
        let linter = self.known.linters(&self.root).of(&fixed.path);
        let findings = linter.findings(&fixed.document(), compared);
        self.gate.count(&findings);
        self.summary.add(&findings);
        let mut report = self.reports.document(&fixed.document(), &findings, &given)?;
        report.push_str(&self.reports.finish(&self.summary)?);
        if !self.arguments.quiet {
            self.output.write_aside(&report);
        }
        Ok(self.exit())
    }

    /// Takes the documents under `paths` in a stream, as they are held or else by reading them; all cores work on them, and
    /// what comes of them is taken in order. So many batches may wait for that.
    fn in_stream<T: Send>(
        &mut self,
        paths: &[PathBuf],
        held: Option<Vec<Piece<pipeline::Given>>>,
        waiting: usize,
        work: impl Fn(&pipeline::Given) -> T + Sync,
        mut done: impl FnMut(&mut Self, Piece<(pipeline::Given, T)>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let changed = Arc::clone(&self.changed);
        let reading = self.reading.clone();
        let documents = match held {
            Some(pieces) => {
                self.coverage.has_files.fetch_or(!pieces.is_empty(), Ordering::Relaxed);
                Documents::Held(pieces)
            }
            None => {
                let (has_files, has_unchanged) =
                    (Arc::clone(&self.coverage.has_files), Arc::clone(&self.coverage.has_unchanged));
                let inputs = self.inputs(paths)?.filter(move |input| match input {
                    Ok(input) => {
                        let is_checked = changed.is_all() || changed.contains(&input.path);
                        if is_checked { &has_files } else { &has_unchanged }.store(true, Ordering::Relaxed);
                        is_checked
                    }
                    Err(_) => true,
                });
                Documents::Files(inputs, &reading)
            }
        };
        let progress = Rc::clone(&self.progress);
        let work = |given: pipeline::Given| {
            let result = work(&given);
            (given, result)
        };
        stream(documents, waiting, &progress, work, |piece| {
            if let Piece::Done((given, _)) = &piece {
                self.coverage.add(&given.source.origin);
            }
            done(self, piece)?;
            Ok(self.is_read || self.reports.has_files())
        })?;
        self.end();
        Ok(())
    }
}

/// All that is found in a document, with what comparing found.
fn together(
    compared: &mut Awaited<'_>,
    one: &pipeline::Given,
    (linter, alone): (Linter, Alone),
) -> anyhow::Result<Vec<Finding>> {
    let document = one.document();
    let found = compared.tell(&document)?;
    Ok(linter.together(&document, alone, found))
}
