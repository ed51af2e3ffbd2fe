//! The task that sketches documents: writes their texts and the rows that later steps group.

use std::path::Path;

use super::entry::{SKETCH, Share, TaskEntry};
use super::folder::WorkFolder;
use super::lock::TaskLock;
use super::logs::{LogWriter, ORIGINS, StoredOrigin, TEXTS};
use super::section_file::MAGIC;
use super::task_output::{TaskOutput, compression_error};
use crate::index::sections::SectionWriter;
use dechaff_duplicates::staged::SketchCounts;
use dechaff_duplicates::store::{Result, StoreError};
use dechaff_engine::linter::{Linter, Sketch};
use dechaff_text::Origin;

/// A task that sketches documents.
pub struct SketchTask<'l> {
    linter: &'l Linter,
    output: TaskOutput,
    counts: SketchCounts,
    /// The file of this run.
    documents_file: Option<DocumentsFile>,
    last: Option<Origin>,
    _lock: TaskLock,
}

/// A file with the texts and origins of the documents of a run.
struct DocumentsFile {
    name: String,
    writer: SectionWriter,
    texts: LogWriter,
    origins: LogWriter,
    origin_bytes: Vec<u8>,
}

impl DocumentsFile {
    /// The compression level, as the best compromise between size and time.
    const LEVEL: i32 = 3;

    fn new(folder: &Path, name: String) -> Result<Self> {
        let mut writer = SectionWriter::new(&folder.join(&name), MAGIC)?;
        writer.begin(TEXTS[0]);
        Ok(Self {
            name,
            writer,
            texts: LogWriter::new(Self::LEVEL).map_err(compression_error)?,
            origins: LogWriter::new(Self::LEVEL).map_err(compression_error)?,
            origin_bytes: Vec::new(),
        })
    }

    fn add(&mut self, origin: &Origin, text: &str) -> Result<()> {
        if let Some(block) = self.texts.add(text).map_err(compression_error)? {
            self.writer.write(&block)?;
        }
        let origin = StoredOrigin::encode(origin).map_err(compression_error)?;
        let block = self.origins.add(&origin).map_err(compression_error)?;
        self.origin_bytes.extend(block.unwrap_or_default());
        Ok(())
    }

    /// Writes the rest. Returns the name of the file and its writer.
    fn finish(mut self) -> Result<(String, SectionWriter)> {
        if let Some(block) = self.texts.finish().map_err(compression_error)? {
            self.writer.write(&block)?;
        }
        let block = self.origins.finish().map_err(compression_error)?;
        self.origin_bytes.extend(block.unwrap_or_default());
        self.writer.begin(TEXTS[1]);
        self.writer.write(&self.texts.blocks)?;
        self.writer.begin(ORIGINS[0]);
        self.writer.write(&self.origin_bytes)?;
        self.writer.begin(ORIGINS[1]);
        self.writer.write(&self.origins.blocks)?;
        Ok((self.name, self.writer))
    }
}

impl<'l> SketchTask<'l> {
    /// Starts to sketch the documents of a share, in files of about `bytes`. Returns `None` if that
    /// has already been done.
    ///
    /// # Errors
    ///
    /// Another process is doing it, or the folder cannot be read or written.
    pub fn begin(
        folder: &WorkFolder,
        linter: &'l Linter,
        share: Share,
        memory: usize,
        bytes: u64,
    ) -> Result<Option<Self>> {
        let lock = folder.lock(SKETCH, share)?;
        if TaskEntry::read(folder.path(), SKETCH, share)?.is_some() {
            return Ok(None);
        }
        Ok(Some(Self {
            linter,
            output: TaskOutput::new(folder.path(), folder.checksum(), SKETCH, share, memory),
            counts: SketchCounts::new(bytes),
            documents_file: None,
            last: None,
            _lock: lock,
        }))
    }

    /// Adds a document. Documents must come in ascending order.
    ///
    /// # Errors
    ///
    /// A file cannot be written, or documents are not in order.
    pub fn add(&mut self, sketch: &Sketch, text: &str) -> Result<()> {
        if self.last.as_ref().is_some_and(|last| *last >= *sketch.origin) {
            return Err(StoreError {
                message: format!("{}: documents are not in order", sketch.origin),
            });
        }
        self.last = Some((*sketch.origin).clone());
        let (first, documents) = self.output.documents;
        let number = documents;
        self.output.documents = (first, next(number)?);
        self.output.entry.documents = next(self.output.entry.documents)?;
        self.output.entry.text_bytes += text.len() as u64;
        let file = match &mut self.documents_file {
            Some(file) => file,
            none => {
                let name = self.output.file_name("texts");
                none.insert(DocumentsFile::new(&self.output.folder, name)?)
            }
        };
        file.add(&sketch.origin, text)?;
        for (position, check) in self.linter.staged_checks() {
            let Some(part) = sketch.parts.get(position) else { continue };
            check.sketch_rows(number, part, &mut self.output)?;
            check.count(part, &mut self.counts);
        }
        if self.output.is_full() { self.end_run() } else { Ok(()) }
    }

    /// Writes the texts and rows so far.
    fn end_run(&mut self) -> Result<()> {
        if let Some(file) = self.documents_file.take() {
            let (name, writer) = file.finish()?;
            self.output.add_file(name, writer, None)?;
        }
        self.output.flush()?;
        self.output.documents = (self.output.entry.documents, 0);
        Ok(())
    }

    /// Completes the task. Returns the number of documents.
    ///
    /// # Errors
    ///
    /// A file cannot be written.
    pub fn finish(mut self) -> Result<u32> {
        self.end_run()?;
        self.counts.write(&mut self.output)?;
        let documents = self.output.entry.documents;
        self.output.finish()?;
        Ok(documents)
    }
}

fn next(number: u32) -> Result<u32> {
    number
        .checked_add(1)
        .ok_or_else(|| StoreError { message: "more than 4,294,967,295 documents".into() })
}
