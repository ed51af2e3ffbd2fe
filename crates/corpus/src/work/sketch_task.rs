//! The task that sketches documents: writes their texts and the rows that later steps group.

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
    /// The file that texts are written to.
    texts_file: Option<(String, SectionWriter)>,
    texts: LogWriter,
    origins: LogWriter,
    origin_bytes: Vec<u8>,
    last: Option<Origin>,
    _lock: TaskLock,
}

impl<'l> SketchTask<'l> {
    /// The compression level, as the best compromise between size and time.
    const TEXT_LEVEL: i32 = 3;

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
            texts_file: None,
            texts: LogWriter::new(Self::TEXT_LEVEL).map_err(compression_error)?,
            origins: LogWriter::new(Self::TEXT_LEVEL).map_err(compression_error)?,
            origin_bytes: Vec::new(),
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
        if self.texts_file.is_none() {
            let file = self.output.file_name("texts");
            let mut writer = SectionWriter::new(&self.output.folder.join(&file), MAGIC)?;
            writer.begin(TEXTS[0]);
            self.texts_file = Some((file, writer));
        }
        let block = self.texts.add(text).map_err(compression_error)?;
        if let (Some((_, writer)), Some(block)) = (&mut self.texts_file, block) {
            writer.write(&block)?;
        }
        let origin = StoredOrigin::encode(&sketch.origin).map_err(compression_error)?;
        let block = self.origins.add(&origin).map_err(compression_error)?;
        self.origin_bytes.extend(block.unwrap_or_default());
        for (position, check) in self.linter.staged_checks() {
            let Some(part) = sketch.parts.get(position) else { continue };
            check.sketch_rows(number, part, &mut self.output)?;
            check.count(part, &mut self.counts);
        }
        if self.output.is_full() { self.end_run() } else { Ok(()) }
    }

    /// Writes the texts and rows so far.
    fn end_run(&mut self) -> Result<()> {
        if let Some((file, mut writer)) = self.texts_file.take() {
            if let Some(block) = self.texts.finish().map_err(compression_error)? {
                writer.write(&block)?;
            }
            let block = self.origins.finish().map_err(compression_error)?;
            self.origin_bytes.extend(block.unwrap_or_default());
            writer.begin(TEXTS[1]);
            writer.write(&self.texts.blocks)?;
            writer.begin(ORIGINS[0]);
            writer.write(&std::mem::take(&mut self.origin_bytes))?;
            writer.begin(ORIGINS[1]);
            writer.write(&self.origins.blocks)?;
            self.output.add_file(file, writer, None)?;
            self.texts = LogWriter::new(Self::TEXT_LEVEL).map_err(compression_error)?;
            self.origins = LogWriter::new(Self::TEXT_LEVEL).map_err(compression_error)?;
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
