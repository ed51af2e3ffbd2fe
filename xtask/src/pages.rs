//! Pages whose lines are labelled, and what rules would take from them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use dechaff::finding::{Edit, Finding};
use dechaff::text::Span;
use flate2::read::MultiGzDecoder;
use serde::Deserialize;

/// A page as a line of `lines/*.jsonl.gz` has it.
#[derive(Debug, Deserialize)]
pub(crate) struct Page {
    /// Unlike that of any other page of the track.
    pub(crate) id: String,
    /// The set it was published in.
    pub(crate) source: String,
    /// Language, by ISO 639-1.
    pub(crate) lang: String,
    /// The web site it comes from; pages of one site never stand on two sides of a split.
    pub(crate) domain: String,
    /// The extracted text.
    pub(crate) text: String,
    /// The labels of its lines; blank lines have none.
    pub(crate) lines: Vec<Labelled>,
}

/// A line's label.
#[derive(Debug, Deserialize)]
pub(crate) struct Labelled {
    /// Place among the lines of the text, cut at line feeds only, counted from 1.
    pub(crate) n: usize,
    /// What a person's extraction of the page says of it.
    pub(crate) label: Label,
    /// Why a line is not scored.
    #[serde(default)]
    pub(crate) sub: Option<String>,
}

/// What a line is.
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
    /// The lines of the text, without their ends.
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

/// The pages of each file of labels in `folder`/lines, by the file's name.
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
    // What a good extractor leaves matters most, and comes first.
    let mut tracks: Vec<_> = tracks.into_iter().collect();
    tracks.sort_by_key(|(track, _)| {
        (!track.starts_with("residue-txt"), !track.starts_with("residue"))
    });
    Ok(tracks)
}

/// The pages of one file of labels.
pub(crate) fn read_track(path: &Path) -> Result<Vec<Page>> {
    let lines = BufReader::new(MultiGzDecoder::new(File::open(path)?)).lines();
    let parse = |(number, line): (usize, std::io::Result<String>)| {
        serde_json::from_str(&line?).with_context(|| format!("{}:{}", path.display(), number + 1))
    };
    lines.enumerate().map(parse).collect()
}

/// For each line, the rules whose fixes take it: together at least 80 % of its characters, blanks
/// aside.
pub(crate) fn taken<'f>(
    text: &str,
    lines: &[Span],
    findings: impl IntoIterator<Item = &'f Finding>,
) -> Vec<Vec<&'f str>> {
    let mut taken: Vec<(usize, Vec<&str>)> = vec![(0, Vec::new()); lines.len()];
    for finding in findings {
        let edits =
            finding.fix.iter().flat_map(|fix| &fix.edits).filter(|edit| Edit::is_deletion(edit));
        for edit in edits {
            let mut line = lines.partition_point(|line| line.end < edit.span.start);
            while let Some(span) = lines.get(line).filter(|span| span.start < edit.span.end) {
                let part = Span::new(
                    span.start.max(edit.span.start),
                    span.end.min(edit.span.end).max(span.start),
                );
                let ink = ink(text.get(part.range()).unwrap_or(""));
                let (count, codes) = &mut taken[line];
                *count += ink;
                if ink > 0 && !codes.contains(&finding.rule.code.as_str()) {
                    codes.push(&finding.rule.code);
                }
                line += 1;
            }
        }
    }
    let whole = |(line, (count, codes)): (&Span, (usize, Vec<&'f str>))| {
        let all = ink(text.get(line.range()).unwrap_or(""));
        if 5 * count >= 4 * all.max(1) { codes } else { Vec::new() }
    };
    lines.iter().zip(taken).map(whole).collect()
}

fn ink(text: &str) -> usize {
    text.chars().filter(|character| !character.is_whitespace()).count()
}
