//! `dechaff compare sketch`.

use std::rc::Rc;
use std::sync::Arc;

use anyhow::{Context, ensure};

use super::{MEMORY, SketchArguments, print};
use crate::cli::check::set_threads;
use crate::cli::duplicate_pass::{missing_sites, site_of};
use crate::cli::pipeline::{DocumentSource, Event, Pipeline, WorkItem};
use crate::cli::progress::{Phase, Progress, TotalSize};
use crate::cli::settings_resolver::SettingsResolver;
use crate::cli::{Exit, interrupt, output};
use crate::config::parse_size;
use crate::corpus::work::{FileShares, SketchTask, WorkFolder, WorkManifest};
use crate::corpus::{InputFile, PathFilter, ReadError, ReadOptions, expand_globs, walk};
use crate::linter::{Linter, Sketch};
use crate::report::count;

pub(super) fn run(arguments: &SketchArguments) -> anyhow::Result<Exit> {
    ensure!(
        !arguments.paths.iter().any(|path| path.as_os_str() == "-"),
        "`-`: standard input cannot be split; pass files or directories"
    );
    set_threads(arguments.jobs)?;
    let paths = expand_globs(&arguments.paths)?;
    let resolver =
        Arc::new(SettingsResolver::new(&arguments.settings, &arguments.options(), false)?);
    let settings = resolver.run_settings(&paths)?;
    resolver.resolve(&paths)?;
    let read_options = arguments.read_options.read_options(&settings);
    let linter = &settings.linter;
    let path_filter: Arc<dyn PathFilter> = Arc::clone(&resolver) as Arc<dyn PathFilter>;
    let files = walk(&paths, &path_filter)?;
    let shares = FileShares::new(files.collect::<Result<Vec<_>, _>>()?)?;
    ensure!(!shares.is_empty(), "no files to compare");
    let share = arguments.partition;
    let manifest = WorkManifest::of_files(linter, &read_options, &shares, share.count)?;
    let folder = WorkFolder::create(&arguments.work, manifest)?;
    let (own, bytes) = shares.share(share);
    let memory = arguments.memory.as_ref().and_then(|size| parse_size(size).ok());
    let memory = memory.unwrap_or(MEMORY);
    interrupt::listen();
    let Some(mut task) = SketchTask::begin(&folder, linter, share, memory, bytes)? else {
        print(&format!("sketch: share {share} was done before"))?;
        return Ok(Exit::Success);
    };
    let progress = Progress::new(false);
    progress.start_phase(Phase::Compare, TotalSize::Files, Box::new(move || bytes));
    let progress = Rc::new(progress);
    let documents = ShareDocuments { files: own, read_options: &read_options, linter };
    let skip_bad_records = arguments.skip_bad_records;
    let outcome = documents
        .sketch(&mut task, &progress, skip_bad_records)
        .context("cannot sketch documents")?;
    progress.finish();
    if interrupt::is_interrupted() {
        output::warning("interrupted; run the task again");
        return Ok(Exit::Interrupted);
    }
    ensure!(
        !outcome.has_failed,
        "share {share} was not completed, because documents could not be read; --skip-bad-records \
         leaves out records that are not readable"
    );
    // The documents of other shares may have sites.
    let lacks_sites = outcome.has_documents && !outcome.has_site;
    if let Some(group_by) = read_options.group_by.as_ref().filter(|_| lacks_sites) {
        output::warning(&missing_sites(group_by));
    }
    let documents = task.finish()?;
    let documents = count(usize::try_from(documents).unwrap_or(usize::MAX), "document");
    print(&format!("sketch: share {share} done, {documents}"))?;
    Ok(Exit::Success)
}

/// The outcome of sketching a share.
#[derive(Default)]
struct SketchOutcome {
    has_documents: bool,
    has_site: bool,
    /// A document could not be read.
    has_failed: bool,
}

/// The documents of a share, and how they are sketched.
struct ShareDocuments<'s> {
    files: Vec<InputFile>,
    read_options: &'s ReadOptions,
    linter: &'s Linter,
}

impl ShareDocuments<'_> {
    /// Adds the sketches of the documents to `task`.
    fn sketch(
        self,
        task: &mut SketchTask<'_>,
        progress: &Rc<Progress>,
        skip_bad_records: bool,
    ) -> anyhow::Result<SketchOutcome> {
        let Self { files, read_options, linter } = self;
        let sketch = |item: WorkItem| -> (Sketch, bool, Arc<str>) {
            let site = site_of(&item.source, item.handle.as_ref(), read_options);
            let has_site = site.is_some();
            (linter.sketch(&item.document().with_site(site)), has_site, item.source.text)
        };
        let documents = DocumentSource::Files(files.into_iter().map(Ok), read_options);
        let mut outcome = SketchOutcome::default();
        std::thread::scope(|scope| {
            for event in Pipeline::spawn(scope, documents, 0, progress, sketch) {
                match event {
                    Event::Document((sketch, has_site, text)) => {
                        outcome.has_documents = true;
                        outcome.has_site |= has_site;
                        task.add(&sketch, &text)?;
                    }
                    Event::Skipped(_, Some(error)) | Event::ReadError(error) => {
                        outcome.has_failed |= read_error(&error, skip_bad_records);
                    }
                    Event::WalkError(error) => return Err(error.into()),
                    Event::Skipped(_, None) | Event::ShardEnd(_) => {}
                }
            }
            Ok(outcome)
        })
    }
}

/// Reports a file or record that was not read. Returns whether that is a failure.
fn read_error(error: &ReadError, skip_bad_records: bool) -> bool {
    output::read_error(error);
    match error {
        ReadError::UnreadableRecords { .. } => !skip_bad_records,
        ReadError::Io { .. } => true,
        _ => false,
    }
}

impl SketchArguments {
    /// Returns the arguments that are also configuration keys.
    fn options(&self) -> toml::Table {
        self.read_options.options_with_rules(&self.select, &self.extend_select, &self.ignore)
    }
}
