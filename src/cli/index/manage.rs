//! `dechaff index stat`, `compact`, `remove` and `verify`.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, ensure};
use globset::{Glob, GlobSet, GlobSetBuilder};
use indicatif::HumanBytes;
use serde_json::json;

use super::{IndexPath, RemoveArguments};
use crate::cli::settings_resolver::absolute;
use crate::cli::{Exit, interrupt};
use crate::corpus::index::{IndexReader, IndexWriter};
use crate::corpus::storage::{self, parse_location};
use crate::report::count;
use crate::text::PathName;

pub(super) fn stat(arguments: &IndexPath) -> anyhow::Result<Exit> {
    let reader = open(&arguments.index)?;
    let size = Size::new(&reader);
    let manifest = reader.manifest();
    let rules: Vec<&str> = manifest.settings.rules.iter().map(|rule| rule.code.as_str()).collect();
    let json = json!({
        "format": manifest.format,
        "documents": size.documents,
        "removed": size.removed,
        "units": size.units,
        "text_bytes": size.text_bytes,
        "index_bytes": size.index_bytes,
        "segments": manifest.segments.len(),
        "sketch": manifest.settings.sketch,
        "unicode": manifest.settings.unicode,
        "rules": manifest.settings.rules,
    });
    let mut text = String::new();
    let _ = writeln!(text, "{}", arguments.index.name());
    let _ = writeln!(text, "  documents  {}", size.documents);
    let _ = writeln!(text, "  removed    {}", size.removed);
    let _ = writeln!(text, "  units      {}", size.units);
    let _ = writeln!(text, "  text       {}", HumanBytes(size.text_bytes));
    let _ = writeln!(text, "  index      {}", HumanBytes(size.index_bytes));
    let _ = writeln!(text, "  segments   {}", manifest.segments.len());
    let _ = writeln!(text, "  rules      {}", rules.join(", "));
    let _ = writeln!(text, "  unicode    {}", manifest.settings.unicode);
    super::print(arguments.output_format, &text, &json)?;
    Ok(Exit::Success)
}

pub(super) fn verify(arguments: &IndexPath) -> anyhow::Result<Exit> {
    let reader = open(&arguments.index)?;
    reader.verify()?;
    let size = Size::new(&reader);
    let segments = reader.manifest().segments.len();
    let text = format!(
        "undamaged: {} in {}\n",
        counted(size.documents, "document"),
        count(segments, "segment")
    );
    let json = json!({ "documents": size.documents, "segments": segments });
    super::print(arguments.output_format, &text, &json)?;
    Ok(Exit::Success)
}

pub(super) fn compact(arguments: &IndexPath) -> anyhow::Result<Exit> {
    let (mut writer, reader) = IndexWriter::open_existing(&arguments.index)?;
    interrupt::listen();
    let before = (reader.manifest().segments.len(), Size::new(&reader));
    if before.0 > 1 || before.1.removed > 0 {
        writer.compact(&reader)?;
        writer.commit()?;
    }
    let after = Size::new(&open(&arguments.index)?);
    let text = format!(
        "{} and {} before, {} now; {} dropped\n",
        count(before.0, "segment"),
        HumanBytes(before.1.index_bytes),
        HumanBytes(after.index_bytes),
        counted(before.1.removed, "removed document"),
    );
    let json = json!({
        "segments_before": before.0,
        "index_bytes_before": before.1.index_bytes,
        "index_bytes": after.index_bytes,
        "dropped": before.1.removed,
    });
    super::print(arguments.output_format, &text, &json)?;
    Ok(Exit::Success)
}

pub(super) fn remove(arguments: &RemoveArguments) -> anyhow::Result<Exit> {
    let patterns = patterns(&arguments.paths)?;
    let (mut writer, reader) = IndexWriter::open_existing(&arguments.index)?;
    interrupt::listen();
    let mut removed = 0;
    reader.for_each_document(&mut |document, entry| {
        let has_id = |id: &String| {
            let record = entry.record.as_ref().and_then(|record| record.id.as_ref());
            record.is_some_and(|record| record == id)
        };
        if patterns.is_match(&entry.path) || arguments.id.iter().any(has_id) {
            writer.remove(document);
            removed += 1;
        }
        Ok(())
    })?;
    let asked = arguments.paths.iter().chain(&arguments.id).cloned().collect::<Vec<_>>().join(", ");
    ensure!(
        removed > 0,
        "{}: no document matches {asked}; the index is unchanged",
        arguments.index.name()
    );
    writer.commit()?;
    let text = format!("removed {}\n", count(removed, "document"));
    super::print(arguments.output_format, &text, &json!({ "removed": removed }))?;
    Ok(Exit::Success)
}

/// Returns a set of patterns that match absolute paths, and everything below a path.
///
/// # Errors
///
/// A pattern is invalid.
fn patterns(paths: &[String]) -> anyhow::Result<GlobSet> {
    let here = std::env::current_dir().context("cannot find the working directory")?;
    let mut patterns = GlobSetBuilder::new();
    for path in paths {
        let path = parse_location(OsStr::new(path)).with_context(|| path.clone())?;
        let pattern = absolute(&here, &path).name();
        for pattern in [pattern.clone(), format!("{pattern}/**")] {
            patterns.add(
                Glob::new(&pattern).with_context(|| format!("{}: invalid pattern", path.name()))?,
            );
        }
    }
    Ok(patterns.build()?)
}

fn open(path: &Path) -> anyhow::Result<IndexReader> {
    let here = std::env::current_dir().context("cannot find the working directory")?;
    Ok(IndexReader::open(path, &here)?)
}

/// The size of an index.
struct Size {
    documents: u64,
    removed: u64,
    units: u64,
    text_bytes: u64,
    index_bytes: u64,
}

impl Size {
    fn new(reader: &IndexReader) -> Self {
        let segments = || reader.manifest().segments.iter();
        let removed = segments().map(|segment| u64::from(segment.removed_documents())).sum();
        let documents: u64 = segments().map(|segment| u64::from(segment.documents)).sum();
        let file_size = |file: &str| storage::size(&reader.path().join(file)).unwrap_or(0);
        Self {
            documents: documents.saturating_sub(removed),
            removed,
            units: segments().map(|segment| u64::from(segment.units)).sum(),
            text_bytes: segments().map(|segment| segment.text_bytes).sum(),
            index_bytes: segments().map(|segment| file_size(&segment.file)).sum(),
        }
    }
}

/// Formats a number with a noun.
fn counted(number: u64, noun: &str) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX), noun)
}
