//! Pages with labelled lines, and the lines that rules would remove.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use dechaff::finding::Finding;
use dechaff::text::Span;
use flate2::read::MultiGzDecoder;
use serde::Deserialize;

/// A page: a line of `lines/*.jsonl.gz`.
#[derive(Debug, Deserialize)]
pub(crate) struct Page {
    /// Unique within the track.
    pub(crate) id: String,
    /// The set it was published in.
    pub(crate) source: String,
    /// Language, by ISO 639-1.
    pub(crate) lang: String,
    /// The web site. Pages of one site are always in the same fold.
    pub(crate) domain: String,
    /// The kind of page, or its language; `None` in sets of articles.
    #[serde(default)]
    pub(crate) kind: Option<String>,
    /// The extracted text.
    pub(crate) text: String,
    /// The labels of its lines; blank lines have none.
    pub(crate) lines: Vec<Labelled>,
}

/// A line's label.
#[derive(Debug, Deserialize)]
pub(crate) struct Labelled {
    /// The number of the line, counted from 1. Only line feeds end lines.
    pub(crate) n: usize,
    /// The label from the human extraction of the page.
    pub(crate) label: Label,
    /// Why a line is not scored.
    #[serde(default)]
    pub(crate) sub: Option<String>,
}

/// The class of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Label {
    /// Part of the article.
    Content,
    /// Not part of it.
    Noise,
    /// Not scored.
    Mixed,
}

impl Page {
    /// Returns the lines of the text, without line ends.
    pub(crate) fn spans(&self) -> Vec<Span> {
        let mut start = 0;
        let line = |line: &str| {
            let span = Span::new(start, start + line.len());
            start = span.end + 1;
            span
        };
        self.text.split('\n').map(line).collect()
    }
}

/// Reads the pages of each file of labels in `folder`/lines, by file name.
pub(crate) fn read(folder: &Path) -> Result<Vec<(String, Vec<Page>)>> {
    let folder = folder.join("lines");
    let mut tracks = BTreeMap::new();
    for entry in
        fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?
    {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if let Some(track) = name.strip_suffix(".jsonl.gz") {
            tracks.insert(track.to_owned(), read_track(&path)?);
        }
    }
    ensure!(!tracks.is_empty(), "no *.jsonl.gz in {}", folder.display());
    // The main track, the output of a good extractor, comes first.
    let mut tracks: Vec<_> = tracks.into_iter().collect();
    tracks.sort_by_key(|(track, _)| {
        (!track.starts_with("residue-txt"), !track.starts_with("residue"))
    });
    Ok(tracks)
}

/// Reads the pages of one file of labels.
pub(crate) fn read_track(path: &Path) -> Result<Vec<Page>> {
    let lines = BufReader::new(MultiGzDecoder::new(File::open(path)?)).lines();
    let parse = |(number, line): (usize, std::io::Result<String>)| {
        serde_json::from_str(&line?).with_context(|| format!("{}:{}", path.display(), number + 1))
    };
    lines.enumerate().map(parse).collect()
}

/// Returns, for each line, the rules whose fixes together delete at least half of its bytes.
pub(crate) fn taken<'f>(
    lines: &[Span],
    findings: impl IntoIterator<Item = &'f Finding>,
) -> Vec<Vec<&'f str>> {
    let mut parts: Vec<Vec<(Span, &str)>> = vec![Vec::new(); lines.len()];
    for finding in findings {
        let Some(fix) = &finding.fix else { continue };
        if fix.edits.iter().any(|edit| !edit.content.trim().is_empty()) {
            continue;
        }
        for edit in &fix.edits {
            let first = lines.partition_point(|line| line.end <= edit.span.start);
            for (line, parts) in lines.iter().zip(&mut parts).skip(first) {
                if line.start >= edit.span.end {
                    break;
                }
                let part = Span::new(line.start.max(edit.span.start), line.end.min(edit.span.end));
                parts.push((part, &finding.rule.code));
            }
        }
    }
    lines.iter().zip(parts).map(|(line, parts)| codes_of_half(*line, parts)).collect()
}

/// Returns the codes of the parts of a line, if they cover half of it.
fn codes_of_half(line: Span, mut parts: Vec<(Span, &str)>) -> Vec<&str> {
    parts.sort_by_key(|(part, _)| part.start);
    let (mut covered, mut end) = (0, line.start);
    let mut codes = Vec::new();
    for (part, code) in parts {
        covered += part.end.saturating_sub(part.start.max(end));
        end = end.max(part.end);
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    if covered > 0 && 2 * covered >= line.len() { codes } else { Vec::new() }
}
