//! `dechaff index add`.

use std::path::Path;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use anyhow::{Context, ensure};
use serde_json::json;

use super::AddArguments;
use crate::cli::against::index_settings;
use crate::cli::check::set_threads;
use crate::cli::pipeline::{DocumentSource, Event, Pipeline, WorkItem};
use crate::cli::progress::{Phase, Progress, TotalSize};
use crate::cli::settings_resolver::{SettingsResolver, absolute};
use crate::cli::{Exit, interrupt, output};
use crate::config::parse_size;
use crate::corpus::index::{
    AddOutcome, DocumentPlace, IndexEntry, IndexWriter, NewDocument, add_keys, new_units, text_hash,
};
use crate::corpus::{
    InputFile, PathFilter, ReadError, ReadOptions, RecordHandle, WalkError, expand_globs, walk,
};
use crate::duplicates::element_order::ElementOrder;
use crate::linter::Linter;
use crate::report::count;
use crate::text::PathName;

/// The default memory for postings.
const MEMORY: usize = 256 << 20;

pub(super) fn run(arguments: &AddArguments) -> anyhow::Result<Exit> {
    ensure!(
        !arguments.paths.iter().any(|path| path.as_os_str() == "-"),
        "`-`: an index needs the paths of documents; pass files or directories"
    );
    set_threads(arguments.jobs)?;
    let paths = expand_globs(&arguments.paths)?;
    let resolver =
        Arc::new(SettingsResolver::new(&arguments.settings, &arguments.options(), false)?);
    let settings = resolver.run_settings(&paths)?;
    resolver.resolve(&paths)?;
    let read_options = arguments.read_options.read_options(&settings);
    let here = std::env::current_dir().context("cannot find the working directory")?;
    let memory = arguments.memory.as_ref().and_then(|size| parse_size(size).ok());
    let linter = &settings.linter;
    let index = index_settings(linter)?;
    let writer = IndexWriter::open(&arguments.index, index, memory.unwrap_or(MEMORY))?;
    interrupt::listen();
    let mut addition = Addition::new(linter, &here, &read_options, writer);
    let path_filter: Arc<dyn PathFilter> = Arc::clone(&resolver) as Arc<dyn PathFilter>;
    addition.add_all(walk(&paths, &path_filter)?, &{
        let size = |input: InputFile| input.size().unwrap_or(0);
        let all = walk(&paths, &path_filter)?;
        let progress = Progress::new(false);
        progress.start_phase(
            Phase::Compare,
            TotalSize::Files,
            Box::new(move || all.filter_map(Result::ok).map(size).sum()),
        );
        Rc::new(progress)
    })?;
    if interrupt::is_interrupted() {
        output::warning("interrupted; the index is unchanged");
        return Ok(Exit::Interrupted);
    }
    addition.finish(arguments)
}

/// Documents that are being added.
struct Addition<'a> {
    linter: &'a Linter,
    here: &'a Path,
    read_options: &'a ReadOptions,
    writer: IndexWriter,
    /// Documents of a new index that wait until its element order is known.
    waiting: Vec<NewDocument>,
    waiting_bytes: usize,
    counts: AddedDocuments,
}

#[derive(Default)]
struct AddedDocuments {
    added: usize,
    replaced: usize,
    known: usize,
    units: usize,
    unreadable: usize,
    failed: bool,
}

impl<'a> Addition<'a> {
    fn new(
        linter: &'a Linter,
        here: &'a Path,
        read_options: &'a ReadOptions,
        writer: IndexWriter,
    ) -> Self {
        let counts = AddedDocuments::default();
        Self { linter, here, read_options, writer, waiting: Vec::new(), waiting_bytes: 0, counts }
    }

    fn add_all(
        &mut self,
        files: impl Iterator<Item = Result<InputFile, WalkError>> + Send,
        progress: &Rc<Progress>,
    ) -> anyhow::Result<()> {
        /// The element order is computed from documents whose sketches have this total size.
        const ORDER_BYTES: usize = 64 << 20;
        let order = OnceLock::new();
        if let Some(known) = self.writer.order() {
            order.get_or_init(|| known.clone());
        }
        let (linter, here, read_options) = (self.linter, self.here, self.read_options);
        let sketch =
            |item: WorkItem| sketch_document(linter, here, read_options, &item, order.get());
        std::thread::scope(|scope| {
            let documents = DocumentSource::Files(files, read_options);
            for event in Pipeline::spawn(scope, documents, 0, progress, sketch) {
                match event {
                    Event::Document(document) => {
                        if order.get().is_some() {
                            self.add(document, order.get())?;
                            continue;
                        }
                        self.waiting_bytes +=
                            document.units.iter().map(|unit| unit.bytes.len()).sum::<usize>();
                        self.waiting.push(document);
                        if self.waiting_bytes > ORDER_BYTES {
                            self.add_waiting(&order)?;
                        }
                    }
                    Event::Skipped(_, Some(error)) | Event::ReadError(error) => {
                        self.counts.read_error(&error);
                    }
                    Event::WalkError(error) => {
                        self.counts.failed = true;
                        output::error(&error.to_string());
                    }
                    Event::Skipped(_, None) | Event::ShardEnd(_) => {}
                }
            }
            anyhow::Ok(())
        })?;
        if order.get().is_none() {
            self.add_waiting(&order)?;
        }
        progress.finish();
        Ok(())
    }

    /// Computes the element order from the waiting documents, and adds them.
    fn add_waiting(&mut self, order: &OnceLock<ElementOrder>) -> anyhow::Result<()> {
        let mut made = ElementOrder::with_capacity(self.waiting_bytes / size_of::<u64>());
        for unit in self.waiting.iter().flat_map(|document| &document.units) {
            let mut checks = self.linter.indexed_checks().map(|(_, check)| check);
            if let Some(check) = checks.find(|check| check.number() == unit.check) {
                check.count_elements(&unit.bytes, &mut made);
            }
        }
        self.writer.set_order(made.clone());
        let order = order.get_or_init(|| made);
        for document in std::mem::take(&mut self.waiting) {
            self.add(document, Some(order))?;
        }
        Ok(())
    }

    fn add(
        &mut self,
        mut document: NewDocument,
        order: Option<&ElementOrder>,
    ) -> anyhow::Result<()> {
        if let Some(order) =
            order.filter(|_| self.writer.outcome(&document.entry) != AddOutcome::Known)
        {
            add_keys(self.linter, &mut document.units, order);
        }
        let units = document.units.len();
        match self.writer.add(&document)? {
            AddOutcome::Known => self.counts.known += 1,
            AddOutcome::New => self.counts.added += 1,
            AddOutcome::Changed => self.counts.replaced += 1,
        }
        self.counts.units += units;
        Ok(())
    }

    fn finish(self, arguments: &AddArguments) -> anyhow::Result<Exit> {
        let AddedDocuments { added, replaced, known, unreadable, failed, .. } = self.counts;
        ensure!(
            added + replaced + known > 0,
            "no document was found in {}; the index is unchanged",
            arguments.paths.iter().map(|path| path.name()).collect::<Vec<_>>().join(", ")
        );
        if added + replaced > 0 {
            self.writer.commit()?;
        }
        let mut text = format!("added {}", count(added, "document"));
        if replaced > 0 {
            text.push_str(&format!(", replaced {replaced} whose text has changed"));
        }
        if known > 0 {
            text.push_str(&format!("; {known} were already in the index"));
        }
        text.push('\n');
        let json = json!({
            "added": added, "replaced": replaced, "known": known, "unreadable": unreadable,
        });
        super::print(arguments.output_format, &text, &json)?;
        let has_failed = failed || unreadable > 0 && !arguments.skip_bad_records;
        Ok(if has_failed { Exit::Failure } else { Exit::Success })
    }
}

impl AddedDocuments {
    fn read_error(&mut self, error: &ReadError) {
        output::read_error(error);
        match error {
            ReadError::UnreadableRecords { .. } => self.unreadable += 1,
            ReadError::Io { .. } => self.failed = true,
            _ => {}
        }
    }
}

impl AddArguments {
    /// Returns the arguments that are also configuration keys.
    fn options(&self) -> toml::Table {
        self.read_options.options_with_rules(&self.select, &self.extend_select, &self.ignore)
    }
}

/// Sketches a document.
fn sketch_document(
    linter: &Linter,
    here: &Path,
    read_options: &ReadOptions,
    item: &WorkItem,
    order: Option<&ElementOrder>,
) -> NewDocument {
    let document = item.document();
    let source = &item.source;
    let entry = IndexEntry {
        path: absolute(here, &source.path).name(),
        record: source.origin.record.clone(),
        place: place(item.handle.as_ref(), &read_options.text_field),
        hash: text_hash(&source.text),
        bytes: source.text.len() as u64,
    };
    let mut units = new_units(linter, &document);
    if let Some(order) = order {
        add_keys(linter, &mut units, order);
    }
    NewDocument { entry, units }
}

fn place(handle: Option<&RecordHandle>, text_field: &str) -> DocumentPlace {
    match handle.map(RecordHandle::line) {
        None => DocumentPlace::File,
        Some(Some(line)) => DocumentPlace::Line(line.start, line.end, text_field.to_owned()),
        Some(None) => DocumentPlace::Record(text_field.to_owned()),
    }
}
