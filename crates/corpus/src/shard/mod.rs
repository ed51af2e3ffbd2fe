//! Shards: files with many documents, and compressed files with one. They are read record by
//! record, and rewritten around the texts that changed.

mod arrow;
#[cfg(feature = "arrow")]
mod arrow_batches;
#[cfg(feature = "arrow")]
mod arrow_dictionary;
#[cfg(feature = "arrow")]
mod arrow_output;
#[cfg(feature = "arrow")]
mod arrow_rows;
#[cfg(feature = "arrow")]
mod arrow_writer;
mod csv;
mod csv_rows;
mod csv_syntax;
mod foreign_record;
mod format;
#[cfg(feature = "html")]
mod html_parser;
#[cfg(feature = "html")]
mod html_text;
mod http_message;
mod input_format;
mod json_fields;
mod json_layout;
mod json_lines;
mod json_record;
mod json_string;
mod labels;
mod line_syntax;
mod parquet;
mod parquet_pages;
mod parquet_reader;
mod parquet_writer;
mod record;
mod rewriter;
mod single_document;
mod stream;
mod warc;
mod warc_record;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::atomic_write::FileStamp;
use super::group_by::GroupBy;
use super::read::ReadError;
use super::storage::{self, SourceFile};
use dechaff_text::{Origin, PathName, Record, path_of};
use input_format::{ShardFile, ShardItems};

pub use format::{Format, INPUT_FORMATS};
pub use input_format::InputFormat;
pub use json_fields::FIELD_LIST_PREFIX;
pub use json_lines::JSON_LINES;
pub(crate) use json_lines::text_at;
pub use labels::RecordLabels;
pub use record::{RawRecord, RecordHandle};
pub use rewriter::{RecordAction, Rewriter};

/// How shards are read.
#[derive(Debug, Clone)]
pub struct ReadOptions {
    /// The format of all files, or `None` to detect it.
    pub content: Option<&'static InputFormat>,
    /// The field or column with the text. Dots lead into nested objects.
    pub text_field: String,
    /// The field or column with the ID.
    pub id_field: String,
    /// How documents are grouped into sites, if they are.
    pub group_by: Option<GroupBy>,
    /// The fields or columns with the language of a document, at most two. The second is used if
    /// the first is missing or blank.
    pub language_fields: Vec<String>,
    /// Maximum size of a document in bytes.
    pub max_record: usize,
}

impl ReadOptions {
    /// Reads the language of each document: from the fields `language` and `lang`, unless other
    /// fields are set.
    pub fn read_language(&mut self) {
        if self.language_fields.is_empty() {
            self.language_fields = vec!["language".into(), "lang".into()];
        }
    }

    /// Returns the field or column with the group of a record.
    fn group_field(&self) -> Option<&str> {
        self.group_by.as_ref().and_then(GroupBy::field)
    }
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            content: None,
            text_field: "text".into(),
            id_field: "id".into(),
            group_by: None,
            language_fields: Vec::new(),
            max_record: 64 << 20,
        }
    }
}

/// A file of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFile {
    /// The path to open.
    pub path: PathBuf,
    /// The name in messages. For standard input, it differs from the file name in `path`.
    pub name: String,
    /// Whether the file was passed explicitly, and not found in a directory.
    pub is_explicit: bool,
    /// The size in bytes, if it was listed.
    pub(crate) listed_size: Option<u64>,
}

impl InputFile {
    /// Creates the input for the file at `path`.
    pub fn new(path: PathBuf, is_explicit: bool) -> Self {
        let name = path.name();
        Self::with_name(path, name, is_explicit)
    }

    /// Creates the input for the file at `path`, which messages call `name`.
    pub fn with_name(path: PathBuf, name: String, is_explicit: bool) -> Self {
        Self { path, name, is_explicit, listed_size: None }
    }

    /// Returns the size in bytes.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn size(&self) -> io::Result<u64> {
        self.listed_size.map_or_else(|| storage::size(&self.path), Ok)
    }
}

/// A file with many documents, or a compressed one.
#[derive(Debug)]
pub struct Shard {
    /// The path to open.
    pub path: PathBuf,
    /// The name in messages.
    pub name: String,
    /// The path as given. For standard input, the bytes are elsewhere.
    pub given: PathBuf,
    /// The format of the file.
    pub format: Format,
    /// The stamp of the file when it was opened.
    pub stamp: FileStamp,
    read_options: ReadOptions,
}

impl Shard {
    /// Whether the shard has records, and is not a single compressed document.
    pub fn has_records(&self) -> bool {
        self.format.content.has_records
    }

    /// Whether new versions of the shard keep its format instead of becoming JSON Lines.
    pub fn is_rewritable(&self) -> bool {
        self.format.content.rewrite.is_some()
    }

    /// Opens the file again, from its start.
    ///
    /// # Errors
    ///
    /// It cannot be opened, or it is an object that has changed.
    fn reopen(&self) -> io::Result<SourceFile> {
        let file = SourceFile::open(&self.path)?;
        if file.version() != self.stamp.version {
            return Err(io::Error::other("the object changed while it was read"));
        }
        Ok(file)
    }

    fn origin(&self, index: u64, id: Option<String>) -> Origin {
        let record = self.has_records().then_some(Record { index, id });
        Origin { path: self.name.clone(), record }
    }

    /// Returns the error for a file that cannot be read at all.
    fn unreadable(&self, reason: String) -> ReadError {
        ReadError::UnreadableRecords { place: self.name.clone(), records: 1, reason }
    }

    /// Returns the error for a file without the field with the text.
    fn no_text_field(&self, reason: String, is_explicit: bool) -> ReadError {
        match is_explicit {
            true => self.unreadable(reason),
            false => ReadError::NotACorpus { path: self.name.clone(), reason },
        }
    }

    fn record_error(&self, index: u64, id: Option<String>, reason: String) -> ReadError {
        ReadError::UnreadableRecords {
            place: self.origin(index, id).to_string(),
            records: 1,
            reason,
        }
    }
}

/// An input file whose format is known.
pub enum OpenedFile {
    /// An uncompressed file with one document, to be read with [`fn@super::read`].
    Plain,
    /// A shard and its records.
    Shard(Arc<Shard>, Records),
}

/// Opens `input` and detects its format. `count` is increased by the number of bytes read from a
/// shard.
///
/// # Errors
///
/// The file cannot be read, or has no texts.
pub fn open(
    input: &InputFile,
    read_options: &ReadOptions,
    count: &Arc<AtomicU64>,
) -> Result<OpenedFile, ReadError> {
    let io = |error| ReadError::Io { path: input.name.clone(), error };
    // Spooled standard input cannot be opened by its name.
    let is_at_name = input.path.name() == input.name;
    // Avoids opening plain text files twice.
    if is_at_name && Format::is_plain_name(&input.path, read_options.content) {
        return Ok(OpenedFile::Plain);
    }
    let mut file = SourceFile::open(&input.path).map_err(io)?;
    let format = Format::from_source(&mut file, &input.path, read_options.content).map_err(io)?;
    if format == Format::PLAIN && is_at_name {
        return Ok(OpenedFile::Plain);
    }
    let shard = Arc::new(Shard {
        path: input.path.clone(),
        name: input.name.clone(),
        given: if is_at_name { input.path.clone() } else { path_of(&input.name) },
        format,
        stamp: FileStamp::from_file(&file).map_err(io)?,
        read_options: read_options.clone(),
    });
    let file = ShardFile {
        file,
        shard: Arc::clone(&shard),
        is_explicit: input.is_explicit,
        count: Arc::clone(count),
    };
    let records = (format.content.read)(file)?;
    Ok(OpenedFile::Shard(shard, Records(records)))
}

/// The records of a shard, in order.
pub struct Records(ShardItems);

/// The next part of a shard.
pub enum ShardItem {
    /// A record.
    Record(RawRecord),
    /// Records that cannot be read. Later ones may follow.
    Unreadable(ReadError),
}

impl Iterator for Records {
    type Item = ShardItem;

    fn next(&mut self) -> Option<ShardItem> {
        self.0.next()
    }
}
