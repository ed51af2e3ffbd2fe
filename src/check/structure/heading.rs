//! Headings that lost their line ends.
//!
//! Where a flattened heading ends cannot be told from the line. It is told by the document where the title stands again: in
//! its list of contents, as the anchor of a link, or as a heading or short line elsewhere.

use rustc_hash::FxHashSet;

use super::proof::{heading, mended};
use super::{Found, Line, code_spans, is_within, lines_with, newline};
use crate::check::fnv::{OFFSET_BASIS, add_byte};
use crate::finding::Edit;
use crate::text::{BlockKind, Document, Span, words};

/// Most words of a title.
const MOST_WORDS: usize = 24;
/// Where a title may begin at the latest that stands at the start of a line, behind its signs.
const FARTHEST_START: usize = 7;
/// Fewest words after a title at the start of a line for it to be a title with its paragraph.
const FEWEST_REST: usize = 8;

pub(super) fn find(document: &Document<'_>, found: &mut Vec<Found>) {
    let mut titles: Option<FxHashSet<u64>> = None;
    for line in lines_with(document, "# ") {
        // A heading may be the first thing in an item or a quotation.
        let first = line.block.content.start.saturating_sub(line.span.start);
        let is_own = |marker: &Marker| marker.start > 0 && marker.start == first;
        let mut markers: Vec<Marker> = markers(line.text).filter(|marker| !is_own(marker)).collect();
        // The heading that the line is has nothing after it unless it is long.
        let is_heading = |markers: &[Marker]| {
            markers.iter().all(|marker| marker.start == 0) && markers.len() < 2 && line.text.len() < 60
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
            // A title of one word and what must follow it.
            if marker.start == 0
                && marker.title <= FARTHEST_START
                && crate::text::count_words(&line.text[marker.title..end], FEWEST_REST + 1) <= FEWEST_REST
            {
                continue;
            }
            let titles = titles.get_or_insert_with(|| titles_of(document));
            let title = title_end(titles, line.text, marker.title, end);
            if marker.start == 0 && title.is_none() || marker.level() == 1 && title.is_none() {
                continue;
            }
            found.push(report(document, &line, marker, title));
        }
    }
}

/// The signs of a heading in a line.
#[derive(Debug, Clone, Copy)]
struct Marker {
    start: usize,
    /// One past the last sign.
    end: usize,
    /// Where the title begins.
    title: usize,
}

impl Marker {
    fn level(self) -> usize {
        self.end - self.start
    }
}

/// Runs of one to six signs, each a word of its own before a word that may begin a title.
fn markers(line: &str) -> impl Iterator<Item = Marker> + '_ {
    let bytes = line.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = at + memchr::memchr(b'#', bytes.get(at..)?)?;
            let end = start + bytes[start..].iter().take_while(|&&byte| byte == b'#').count();
            at = end;
            let title = end + bytes[end..].iter().take_while(|&&byte| byte == b' ').count();
            let parted = start == 0 || bytes[start - 1] == b' ';
            let first = line[title..].chars().next();
            let opens = first.is_some_and(|first| {
                first.is_uppercase()
                    || first.is_numeric()
                    || first.is_alphabetic() && !first.is_lowercase()
                    || matches!(first, '"' | '“' | '\'' | '‘' | '¿' | '¡' | '*' | '[')
            });
            if parted && end - start <= 6 && title > end && opens {
                return Some(Marker { start, end, title });
            }
        }
    })
}

fn report(document: &Document<'_>, line: &Line<'_, '_>, marker: &Marker, title: Option<usize>) -> Found {
    let base = line.span.start;
    let sign = Span::new(base + marker.start, base + marker.end);
    let found = Found::new(sign);
    let is_plain = matches!(line.block.kind, BlockKind::Paragraph | BlockKind::Heading(_));
    let Some(end) = title.filter(|_| is_plain) else {
        return found.label(if title.is_some() {
            "a heading inside a line"
        } else {
            "where the title ends cannot be told"
        });
    };
    let name = &line.text[marker.title..end];
    let paragraph = newline(document, line.index).repeat(2);
    let mut edits = Vec::new();
    let before = line.text[..marker.start].trim_end();
    if !before.is_empty() {
        edits.push(Edit { span: Span::new(base + before.len(), sign.start), content: paragraph.clone() });
    }
    let rest = line.text[end..].trim_start();
    if !rest.is_empty() {
        let start = base + line.text.len() - rest.len();
        edits.push(Edit { span: Span::new(base + end, start), content: paragraph });
    }
    let near = Span::new(base + before.len(), (base + line.text.len() - rest.len()).max(base + end));
    let proven = mended(document.text(), near, &edits).is_some_and(|mended| {
        let seen = heading(mended.trim_start()).unwrap_or_default();
        add_letters(OFFSET_BASIS, &seen) == add_letters(OFFSET_BASIS, name)
    });
    let found = found.label(format!("heading “{name}”"));
    if proven { found.fix("put the heading on a line of its own", edits) } else { found }
}

/// Where the longest title ends that the document knows and that begins at `start`.
fn title_end(titles: &FxHashSet<u64>, line: &str, start: usize, end: usize) -> Option<usize> {
    let text = &line[start..end];
    let mut so_far = OFFSET_BASIS;
    let mut best = None;
    let mut words = words(text).take(MOST_WORDS + 1).peekable();
    while let Some(word) = words.next() {
        so_far = add_letters(so_far, &text[word.range()]);
        // A title takes the marks that close it: `Why?`, `“Now”`.
        let closing =
            text[word.end..].find(|c: char| c.is_whitespace() || c.is_alphanumeric()).unwrap_or(text.len() - word.end);
        let stop = word.end + closing;
        let next = words.peek().and_then(|next| text[next.start..].chars().next());
        let parted = text[stop..].is_empty() || text[stop..].starts_with(char::is_whitespace);
        if parted && !next.is_some_and(char::is_lowercase) && titles.contains(&so_far) {
            best = Some(stop);
        }
    }
    let stop = best?;
    let rest = &text[stop..];
    let is_alone = rest.trim().is_empty();
    (is_alone && start > FARTHEST_START || crate::text::count_words(rest, FEWEST_REST) >= FEWEST_REST)
        .then_some(start + stop)
}

/// The keys of what the document itself gives as titles: texts and anchors of links into it, and short lines.
fn titles_of(document: &Document<'_>) -> FxHashSet<u64> {
    let text = document.text();
    let mut titles = FxHashSet::default();
    for hit in memchr::memmem::find_iter(text.as_bytes(), b"](#") {
        const FARTHEST: usize = 300;
        let rest = text.get(hit + 3..).unwrap_or_default();
        let ends = |(count, (_, c)): &(usize, (usize, char))| *count == FARTHEST || matches!(c, ')' | ' ' | '\n');
        let end = rest.char_indices().enumerate().find(ends).map_or(rest.len(), |(_, (at, _))| at);
        titles.insert(add_letters(OFFSET_BASIS, &rest[..end]));
        let mut from = hit.saturating_sub(FARTHEST);
        while !text.is_char_boundary(from) {
            from += 1;
        }
        if let Some(open) = text[from..hit].rfind('[') {
            titles.insert(add_letters(OFFSET_BASIS, &text[from + open + 1..hit]));
        }
    }
    for block in document.blocks() {
        const LONGEST: usize = 160;
        let content = block.content;
        if block.kind.is_text() && block.lines.len() == 1 && content.len() <= LONGEST {
            let line = document.slice(content);
            if !crate::text::ends_sentence(line) || line.ends_with(['?', '!']) {
                titles.insert(add_letters(OFFSET_BASIS, line));
            }
        }
    }
    titles.remove(&OFFSET_BASIS);
    titles
}

/// Adds the letters and digits of a title, in lower case, to their hash: the same for a title and the anchor made of it.
fn add_letters(hash: u64, title: &str) -> u64 {
    if title.is_ascii() {
        return title
            .bytes()
            .filter(u8::is_ascii_alphanumeric)
            .fold(hash, |hash, byte| add_byte(hash, byte.to_ascii_lowercase()));
    }
    let letters = title.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase);
    letters.fold(hash, |hash, letter| letter.encode_utf8(&mut [0; 4]).bytes().fold(hash, add_byte))
}
