//! Headings that lost their line ends.
//!
//! The line alone does not show where a flattened heading ends. The rest of the document does, if
//! it repeats the title: in a table of contents, as a link anchor, or as a heading or short line
//! elsewhere.

use rustc_hash::FxHashSet;

use super::detection::{DetectionSink, StructureDetection};
use super::text_lines::{Line, lines_containing, newline};
use super::verify::{apply_preserving_words, first_heading};
use crate::code_spans::{code_spans, is_within};
use dechaff_findings::Edit;
use dechaff_phrases::fnv::{OFFSET_BASIS, add_byte};
use dechaff_text::{BlockKind, Document, Span, words};

/// Maximum number of words in a title.
const MAX_TITLE_WORDS: usize = 24;
/// Maximum offset of a title from the start of a line, after the `#` signs.
const MAX_TITLE_START: usize = 7;
/// Minimum number of words that must follow a title at the start of a line.
const MIN_PARAGRAPH_WORDS: usize = 8;

pub(super) fn detect(document: &Document<'_>, detections: &mut DetectionSink<'_, '_, '_>) {
    let mut titles: Option<FxHashSet<u64>> = None;
    for line in lines_containing(document, "# ") {
        // A heading may be the first thing in a list item or quotation.
        let first = line.block.content.start.saturating_sub(line.span.start);
        let is_own = |marker: &Marker| marker.start > 0 && marker.start == first;
        let mut markers: Vec<Marker> =
            markers(line.text).filter(|marker| !is_own(marker)).collect();
        // A regular heading has nothing after its title, unless it is long.
        let is_heading = |markers: &[Marker]| {
            markers.iter().all(|marker| marker.start == 0)
                && markers.len() < 2
                && line.text.len() < 60
        };
        if is_heading(&markers) {
            continue;
        }
        let code = code_spans(line.text);
        markers.retain(|marker| !is_within(&code, marker.start));
        if is_heading(&markers) {
            continue;
        }
        for (index, marker) in markers.iter().enumerate() {
            let end = markers.get(index + 1).map_or(line.text.len(), |next| next.start);
            // Too little text to be a title with its paragraph.
            if marker.start == 0
                && marker.title <= MAX_TITLE_START
                && dechaff_text::count_words(&line.text[marker.title..end], MIN_PARAGRAPH_WORDS + 1)
                    <= MIN_PARAGRAPH_WORDS
            {
                continue;
            }
            let titles = titles.get_or_insert_with(|| known_titles(document));
            let title = title_end(titles, line.text, marker.title, end);
            if marker.start == 0 && title.is_none() || marker.level() == 1 && title.is_none() {
                continue;
            }
            detections.push(detection_at(document, &line, marker, title));
        }
    }
}

/// The `#` signs of a heading in a line.
#[derive(Debug, Clone, Copy)]
struct Marker {
    start: usize,
    /// One past the last `#`.
    end: usize,
    /// Start of the title.
    title: usize,
}

impl Marker {
    fn level(self) -> usize {
        self.end - self.start
    }
}

/// Returns runs of one to six `#` signs that stand alone before a word that may start a title.
fn markers(line: &str) -> impl Iterator<Item = Marker> + '_ {
    let bytes = line.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = at + memchr::memchr(b'#', bytes.get(at..)?)?;
            let end = start + bytes[start..].iter().take_while(|&&byte| byte == b'#').count();
            at = end;
            let title = end + bytes[end..].iter().take_while(|&&byte| byte == b' ').count();
            let is_separate = start == 0 || bytes[start - 1] == b' ';
            let first = line[title..].chars().next();
            let opens = first.is_some_and(|first| {
                first.is_uppercase()
                    || first.is_numeric()
                    || first.is_alphabetic() && !first.is_lowercase()
                    || matches!(first, '"' | '“' | '\'' | '‘' | '¿' | '¡' | '*' | '[')
            });
            if is_separate && end - start <= 6 && title > end && opens {
                return Some(Marker { start, end, title });
            }
        }
    })
}

fn detection_at(
    document: &Document<'_>,
    line: &Line<'_, '_>,
    marker: &Marker,
    title: Option<usize>,
) -> StructureDetection {
    let base = line.span.start;
    let sign = Span::new(base + marker.start, base + marker.end);
    let detection = StructureDetection::new(sign);
    let is_plain = matches!(line.block.kind, BlockKind::Paragraph | BlockKind::Heading(_));
    let Some(end) = title.filter(|_| is_plain) else {
        return detection.with_label(if title.is_some() {
            "a heading inside a line"
        } else {
            "the end of the title is unclear"
        });
    };
    let name = &line.text[marker.title..end];
    let paragraph = newline(document, line.index).repeat(2);
    let mut edits = Vec::new();
    let before = line.text[..marker.start].trim_end();
    if !before.is_empty() {
        edits.push(Edit {
            span: Span::new(base + before.len(), sign.start),
            content: paragraph.clone(),
        });
    }
    let rest = line.text[end..].trim_start();
    if !rest.is_empty() {
        let start = base + line.text.len() - rest.len();
        edits.push(Edit { span: Span::new(base + end, start), content: paragraph });
    }
    let near =
        Span::new(base + before.len(), (base + line.text.len() - rest.len()).max(base + end));
    let is_verified =
        apply_preserving_words(document.text(), near, &edits).is_some_and(|repaired| {
            let seen = first_heading(repaired.trim_start()).unwrap_or_default();
            hash_title(OFFSET_BASIS, &seen) == hash_title(OFFSET_BASIS, name)
        });
    let detection = detection.with_label(format!("heading “{name}”"));
    if is_verified {
        detection.with_fix("put the heading on its own line", edits)
    } else {
        detection
    }
}

/// Returns the end of the longest known title that starts at `start`.
fn title_end(titles: &FxHashSet<u64>, line: &str, start: usize, end: usize) -> Option<usize> {
    let text = &line[start..end];
    let mut so_far = OFFSET_BASIS;
    let mut best = None;
    let mut words = words(text).take(MAX_TITLE_WORDS + 1).peekable();
    while let Some(word) = words.next() {
        so_far = hash_title(so_far, &text[word.range()]);
        // Closing punctuation belongs to the title: `Why?`, `“Now”`.
        let closing = text[word.end..]
            .find(|c: char| c.is_whitespace() || c.is_alphanumeric())
            .unwrap_or(text.len() - word.end);
        let stop = word.end + closing;
        let next = words.peek().and_then(|next| text[next.start..].chars().next());
        let is_separate = text[stop..].is_empty() || text[stop..].starts_with(char::is_whitespace);
        if is_separate && !next.is_some_and(char::is_lowercase) && titles.contains(&so_far) {
            best = Some(stop);
        }
    }
    let stop = best?;
    let rest = &text[stop..];
    let is_alone = rest.trim().is_empty();
    (is_alone && start > MAX_TITLE_START
        || dechaff_text::count_words(rest, MIN_PARAGRAPH_WORDS) >= MIN_PARAGRAPH_WORDS)
        .then_some(start + stop)
}

/// Returns the hashes of all titles in the document: texts and anchors of internal links, and short
/// lines.
fn known_titles(document: &Document<'_>) -> FxHashSet<u64> {
    let text = document.text();
    let mut titles = FxHashSet::default();
    for hit in memchr::memmem::find_iter(text.as_bytes(), b"](#") {
        const MAX_LINK_BYTES: usize = 300;
        let rest = text.get(hit + 3..).unwrap_or_default();
        let ends = |(count, (_, c)): &(usize, (usize, char))| {
            *count == MAX_LINK_BYTES || matches!(c, ')' | ' ' | '\n')
        };
        let end = rest.char_indices().enumerate().find(ends).map_or(rest.len(), |(_, (at, _))| at);
        titles.insert(hash_title(OFFSET_BASIS, &rest[..end]));
        let mut from = hit.saturating_sub(MAX_LINK_BYTES);
        while !text.is_char_boundary(from) {
            from += 1;
        }
        if let Some(open) = text[from..hit].rfind('[') {
            titles.insert(hash_title(OFFSET_BASIS, &text[from + open + 1..hit]));
        }
    }
    for block in document.blocks() {
        const MAX_BYTES: usize = 160;
        let content = block.content;
        if block.kind.is_text() && block.lines.len() == 1 && content.len() <= MAX_BYTES {
            let line = document.slice(content);
            if !dechaff_text::ends_sentence(line) || line.ends_with(['?', '!']) {
                titles.insert(hash_title(OFFSET_BASIS, line));
            }
        }
    }
    titles.remove(&OFFSET_BASIS);
    titles
}

/// Adds the letters and digits of a title, in lower case, to a hash. A title and its anchor have
/// the same hash.
fn hash_title(hash: u64, title: &str) -> u64 {
    if title.is_ascii() {
        return title
            .bytes()
            .filter(u8::is_ascii_alphanumeric)
            .fold(hash, |hash, byte| add_byte(hash, byte.to_ascii_lowercase()));
    }
    let letters = title.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase);
    letters.fold(hash, |hash, letter| letter.encode_utf8(&mut [0; 4]).bytes().fold(hash, add_byte))
}
