//! Reads the documents of files in batches.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use dechaff::corpus::{
    InputFile, OpenedFile, RawRecord, ReadError, ReadOptions, ShardItem, Source, open, read,
};
use dechaff::duplicates::store::{self, StoreError};
use dechaff::text::{Document, DocumentIndex};

/// Bytes of text per batch of a thread.
const BATCH_BYTES: usize = 1 << 20;

/// A document of a file.
pub(crate) struct ReadDocument {
    pub(crate) source: Source,
    language: Option<String>,
    /// The site, if documents are grouped and this one has one.
    pub(crate) site: Option<Arc<str>>,
}

impl ReadDocument {
    /// Computes the index of the text.
    pub(crate) fn index(&self) -> Arc<DocumentIndex> {
        Arc::new(DocumentIndex::new(&self.source.text))
    }

    /// Returns the document, given the index of its text.
    pub(crate) fn document(&self, index: &Arc<DocumentIndex>) -> Document<'_> {
        let document = self.source.document_with_index(Arc::clone(index));
        document.with_language(self.language.as_deref()).with_site(self.site.clone())
    }
}

/// How files are read.
pub(crate) struct DocumentReader<'r> {
    pub(crate) options: &'r ReadOptions,
    /// Whether to skip unreadable records.
    pub(crate) skips_bad_records: bool,
    pub(crate) threads: usize,
}

impl DocumentReader<'_> {
    /// Reads files in order, and calls `visit` with batches of documents. Each batch comes from one
    /// file.
    ///
    /// # Errors
    ///
    /// A file or record cannot be read, or `visit` fails.
    pub(crate) fn read(
        &self,
        files: &[InputFile],
        mut visit: impl FnMut(Vec<ReadDocument>) -> store::Result<()>,
    ) -> store::Result<()> {
        let mut batch = Vec::new();
        let mut bytes = 0;
        for file in files {
            match open(file, self.options, &Arc::new(AtomicU64::new(0))) {
                Ok(OpenedFile::Plain) => match read(&file.path, self.options.max_record) {
                    Ok(source) => {
                        let site = self.site(&source, None);
                        batch.push(ReadDocument { source, language: None, site });
                    }
                    Err(error) => self.accept(error)?,
                },
                Ok(OpenedFile::Shard(_, mut records)) => {
                    // Errors of the callback are returned at the end.
                    let mut outcome = Ok(());
                    records.all(|item| {
                        outcome = self.add(item, &mut batch, &mut bytes);
                        if outcome.is_ok() && bytes >= self.threads * BATCH_BYTES {
                            bytes = 0;
                            outcome = visit(std::mem::take(&mut batch));
                        }
                        outcome.is_ok()
                    });
                    outcome?;
                }
                Err(error) => self.accept(error)?,
            }
            bytes = 0;
            visit(std::mem::take(&mut batch))?;
        }
        Ok(())
    }

    fn add(
        &self,
        item: ShardItem,
        batch: &mut Vec<ReadDocument>,
        bytes: &mut usize,
    ) -> store::Result<()> {
        let raw: RawRecord = match item {
            ShardItem::Record(raw) => raw,
            ShardItem::Unreadable(error) => return self.accept(error),
        };
        let (handle, source) = raw.decode();
        match source {
            Ok(Some(source)) => {
                *bytes += source.text.len();
                let site = self.site(&source, handle.labels.group.as_deref());
                batch.push(ReadDocument { source, language: handle.labels.language, site });
                Ok(())
            }
            Ok(None) => Ok(()),
            Err(error) => self.accept(error),
        }
    }

    fn site(&self, source: &Source, value: Option<&str>) -> Option<Arc<str>> {
        self.options.group_by.as_ref()?.group(&source.path, value)
    }

    /// Returns the error, unless the file was skipped on purpose.
    fn accept(&self, error: ReadError) -> store::Result<()> {
        match &error {
            ReadError::UnreadableRecords { .. } if !self.skips_bad_records => Err(StoreError {
                message: format!("{error}; skip_bad_records=True leaves out such records"),
            }),
            ReadError::Io { .. } => Err(StoreError { message: error.to_string() }),
            _ => Ok(()),
        }
    }
}
