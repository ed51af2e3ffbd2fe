//! Writes the output of a task: rows, sorted in memory, in as many files as necessary.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::blocks::{self, BLOCK_ROWS, BlockEntry};
use super::entry::{FileEntry, Share, TaskEntry, task_name};
use super::file::{blob_section, table_sections};
use super::section_file::MAGIC;
use crate::index::attempt_name;
use crate::index::sections::SectionWriter;
use crate::storage;
use dechaff_duplicates::staged::{StagedBlob, StagedRow, StagedTable, Step, StepOutput};
use dechaff_duplicates::store::{Result, StoreError};

/// The output of a task.
pub(super) struct TaskOutput {
    pub(super) folder: PathBuf,
    stage: &'static str,
    /// Part of file names, so that two attempts at a task never write the same file.
    attempt: String,
    pub(super) entry: TaskEntry,
    /// The number of runs written.
    runs: usize,
    run: RunRows,
    /// The first document of this run and the number of documents in it.
    pub(super) documents: (u32, u32),
}

/// The rows and blobs that are written together.
#[derive(Default)]
struct RunRows {
    rows: usize,
    /// The maximum number of rows in memory.
    max_rows: usize,
    tables: BTreeMap<StagedTable, Vec<StagedRow>>,
    blobs: Vec<(StagedBlob, Vec<u8>)>,
}

impl TaskOutput {
    /// Starts the output of a task, for a manifest with this checksum.
    pub(super) fn new(
        folder: &Path,
        checksum: &str,
        stage: &'static str,
        share: Share,
        memory: usize,
    ) -> Self {
        const MIN_ROWS: usize = 256;
        // A growing vector takes twice its size, and so does sorting at most.
        let max_rows = (memory / 2 / size_of::<StagedRow>()).max(MIN_ROWS);
        let (documents, text_bytes, rows) = (0, 0, 0);
        let manifest = checksum.to_owned();
        Self {
            folder: folder.to_owned(),
            stage,
            attempt: attempt_name(),
            entry: TaskEntry { share, manifest, documents, text_bytes, rows, files: Vec::new() },
            runs: 0,
            run: RunRows { max_rows, ..RunRows::default() },
            documents: (0, 0),
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.run.rows >= self.run.max_rows
    }

    /// Writes the rows and blobs in memory: a file for each step that is the last to read them.
    pub(super) fn flush(&mut self) -> Result<()> {
        let mut steps: BTreeMap<Option<Step>, (Vec<StagedTable>, Vec<StagedBlob>)> =
            BTreeMap::new();
        for table in self.run.tables.keys() {
            steps.entry(table.last_step()).or_default().0.push(*table);
        }
        for (blob, _) in &self.run.blobs {
            steps.entry(Some(blob.last_step())).or_default().1.push(*blob);
        }
        for (last_step, (tables, blobs)) in steps {
            let file = self.file_name(last_step.map_or("result", Step::name));
            let mut writer = SectionWriter::new(&self.folder.join(&file), MAGIC)?;
            for table in tables {
                let mut rows = self.run.tables.remove(&table).unwrap_or_default();
                self.entry.rows += rows.len() as u64;
                rows.sort_unstable();
                write_table(table, &rows, &mut writer)?;
            }
            for (blob, bytes) in self.run.blobs.iter().filter(|(blob, _)| blobs.contains(blob)) {
                writer.begin(&blob_section(*blob));
                let bytes = zstd::bulk::compress(bytes, 1).map_err(compression_error)?;
                writer.write(&bytes)?;
            }
            self.add_file(file, writer, last_step)?;
        }
        self.run.blobs.clear();
        self.run.rows = 0;
        self.runs += 1;
        Ok(())
    }

    pub(super) fn file_name(&self, name: &str) -> String {
        let task = task_name(self.stage, self.entry.share);
        format!("{task}-{}-{:04}-{name}.dxw", self.attempt, self.runs)
    }

    pub(super) fn add_file(
        &mut self,
        file: String,
        writer: SectionWriter,
        last_step: Option<Step>,
    ) -> Result<()> {
        let footer = writer.finish()?;
        let last_step = last_step.map(|step| step.name().to_owned());
        let (first, documents) = self.documents;
        self.entry.files.push(FileEntry { file, footer, first, documents, last_step });
        Ok(())
    }

    /// Writes the rest, and the entry of the task. Returns the number of rows.
    pub(super) fn finish(mut self) -> Result<u64> {
        self.flush()?;
        // Another machine may have finished the task in the meantime. Its files are in use.
        if !self.entry.write(&self.folder, self.stage)? {
            for file in &self.entry.files {
                let _ = storage::remove(&self.folder.join(&file.file));
            }
        }
        Ok(self.entry.rows)
    }
}

fn write_table(table: StagedTable, rows: &[StagedRow], writer: &mut SectionWriter) -> Result<()> {
    let [rows_name, blocks_name] = table_sections(table);
    writer.begin(&rows_name);
    let mut entries = Vec::new();
    let mut compressor = blocks::compressor(1).map_err(compression_error)?;
    for block in rows.chunks(BLOCK_ROWS) {
        let (Some(first), Some(last)) = (block.first(), block.last()) else { continue };
        let bytes = blocks::encode(table, block, &mut compressor).map_err(compression_error)?;
        let too_large = |_| StoreError { message: "a block is too large".into() };
        let entry = BlockEntry {
            first: first.key,
            last: last.key,
            offset: writer.length(),
            length: u32::try_from(bytes.len()).map_err(too_large)?,
            rows: u32::try_from(block.len()).map_err(too_large)?,
        };
        entries.extend(entry.to_bytes());
        writer.write(&bytes)?;
    }
    writer.begin(&blocks_name);
    Ok(writer.write(&entries)?)
}

pub(super) fn compression_error(error: std::io::Error) -> StoreError {
    StoreError { message: format!("cannot compress: {error}") }
}

impl StepOutput for TaskOutput {
    fn row(&mut self, table: StagedTable, row: StagedRow) -> Result<()> {
        if self.is_full() && self.documents.1 == 0 {
            self.flush()?;
        }
        self.run.tables.entry(table).or_default().push(row);
        self.run.rows += 1;
        Ok(())
    }

    fn blob(&mut self, blob: StagedBlob, bytes: &[u8]) -> Result<()> {
        self.run.blobs.push((blob, bytes.to_vec()));
        Ok(())
    }
}
