//! The lines around a page break, and the sentence that it cuts.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::chain::{PageNumberCandidate, numbered_lines};
use super::page_number::{MAX_HEADER_BYTES, key, may_be_title_text, page_numbers};
use dechaff_text::{BlockKind, Document, is_blank};

/// The lines of a page break, including blank lines between them.
pub(super) struct BreakRegion {
    pub(super) lines: Range<usize>,
    /// The last line among them with a page number.
    page: usize,
    pub(super) is_certain: bool,
}

/// One half of a sentence cut by a page break.
pub(super) struct SentenceHalf {
    pub(super) line: usize,
    /// Whether its paragraph has several lines.
    pub(super) is_wrapped: bool,
    /// Whether its script puts blanks between words.
    pub(super) has_blanks: bool,
}

/// Returns the page breaks of a document, in order.
pub(super) fn break_regions(document: &Document<'_>) -> Vec<BreakRegion> {
    let lines = LineView { document };
    let mut candidates: Vec<PageNumberCandidate> = Vec::new();
    let mut unnumbered: HashMap<String, Vec<usize>> = HashMap::new();
    let first_text =
        (0..document.lines().len()).find(|line| !lines.is_empty(*line)).unwrap_or_default();
    for (index, line) in document.lines().iter().enumerate() {
        let text = document.slice(*line);
        if text.len() > MAX_HEADER_BYTES || text.is_empty() {
            continue;
        }
        if may_name_page(text) {
            let page_numbers = page_numbers(text);
            if !page_numbers.is_empty() && lines.is_text(index) {
                let cuts_sentence =
                    lines.cuts_sentence_with_headers(index) || lines.has_form_feed(index);
                candidates.extend(page_numbers.into_iter().map(|page_number| {
                    PageNumberCandidate {
                        line: index,
                        start: line.start,
                        page_number,
                        cuts_sentence,
                        is_first: index <= first_text,
                    }
                }));
            }
        } else if lines.may_recur(index) && lines.is_inside_sentence(index..index + 1) {
            unnumbered.entry(key(text)).or_default().push(index);
        }
    }
    let mut pages: HashMap<usize, bool> =
        numbered_lines(&candidates).into_iter().map(|page| (page.line, page.is_certain)).collect();
    pages.extend(recurring_lines(&lines, unnumbered).into_iter().map(|line| (line, true)));
    if pages.is_empty() {
        return Vec::new();
    }
    with_companions(&lines, &pages)
}

/// Prefilter: whether a line starts or ends with a number, apart from punctuation.
fn may_name_page(text: &str) -> bool {
    let is_punctuation = |character: char| !character.is_alphanumeric();
    let text = text.trim_matches(is_punctuation);
    let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    is_digit(text.as_bytes().first())
        || is_digit(text.as_bytes().last())
        || text.bytes().any(|byte| byte.is_ascii_digit())
            && (text.ends_with(['页', '頁', 'ジ', '쪽'])
                || text.bytes().take(24).any(|byte| byte.is_ascii_digit()))
}

/// Returns lines without a number that recur and cut sentences, such as "CONFIDENTIAL".
/// `unnumbered` holds the lines that cut a sentence.
///
/// If enough of its occurrences cut a sentence, the occurrences between sentences are included as
/// well, except for the first one, which may be the title.
fn recurring_lines(
    lines: &LineView<'_, '_>,
    mut unnumbered: HashMap<String, Vec<usize>>,
) -> Vec<usize> {
    const MIN_TIMES: usize = 3;
    unnumbered.retain(|key, places| !key.is_empty() && places.len() >= MIN_TIMES);
    if unnumbered.is_empty() {
        return Vec::new();
    }
    let mut all: HashMap<String, Vec<usize>> = HashMap::new();
    for line in (0..lines.document.lines().len()).filter(|line| lines.may_recur(*line)) {
        let key = key(lines.text(line));
        if unnumbered.contains_key(&key) {
            all.entry(key).or_default().push(line);
        }
    }
    let mut recurring = Vec::new();
    for (key, places) in all {
        let cutting = unnumbered.get(&key).map_or(&[][..], Vec::as_slice);
        if cutting.len() * 3 >= places.len() * 2 {
            recurring.extend(
                places.iter().copied().skip(usize::from(places.first() != cutting.first())),
            );
        }
    }
    recurring
}

/// Joins lines with page numbers to regions, with adjacent lines that recur at other page breaks.
fn with_companions(lines: &LineView<'_, '_>, pages: &HashMap<usize, bool>) -> Vec<BreakRegion> {
    const MAX_LINES: usize = 2;
    let mut order: Vec<usize> = pages.keys().copied().collect();
    order.sort_unstable();
    let near = |page: usize| {
        let above = lines.above(page).take(MAX_LINES).take_while(|line| lines.may_be_header(*line));
        let below = lines.below(page).take(MAX_LINES).take_while(|line| lines.may_be_header(*line));
        [above.collect::<Vec<_>>(), below.collect::<Vec<_>>()]
    };
    let mut recurring: HashMap<String, HashSet<usize>> = HashMap::new();
    for line in order.iter().flat_map(|page| near(*page).concat()) {
        recurring.entry(key(lines.text(line))).or_default().insert(line);
    }
    let least = (order.len() / 3).clamp(2, 3);
    recurring.retain(|key, lines| !key.is_empty() && lines.len() >= least);
    let recurs = |line: usize| recurring.contains_key(&key(lines.text(line)));
    let mut regions: Vec<BreakRegion> = Vec::new();
    for &page in &order {
        let [above, below] = near(page);
        let mut first = above.into_iter().take_while(|line| recurs(*line)).last().unwrap_or(page);
        let last = below.into_iter().take_while(|line| recurs(*line)).last().unwrap_or(page);
        let is_certain = pages.get(&page).copied().unwrap_or_default();
        let touches = |region: &BreakRegion, first: usize| {
            lines.above(first).next().is_none_or(|line| line < region.lines.end)
        };
        // Lines that recur between all page breaks are text.
        if let Some(region) = regions.last_mut()
            && touches(region, first)
            && lines.above(page).next().is_some_and(|line| line > region.page)
        {
            region.lines.end = region.page + 1;
            first = page;
        }
        match regions.last_mut() {
            Some(region) if touches(region, first) => {
                region.lines.end = region.lines.end.max(last + 1);
                region.page = page;
                region.is_certain &= is_certain;
            }
            _ => regions.push(BreakRegion { lines: first..last + 1, page, is_certain }),
        }
    }
    regions
}

impl BreakRegion {
    /// Returns the halves of the sentence that the region cuts.
    pub(super) fn sentence_halves(
        &self,
        document: &Document<'_>,
    ) -> Option<(SentenceHalf, SentenceHalf)> {
        /// Lines of wrapped text are shorter than this, in characters.
        const MAX_WRAPPED_CHARACTERS: usize = 130;
        let lines = LineView { document };
        let (before, after) = lines.neighbours(&self.lines)?;
        if !lines.is_inside_sentence(self.lines.clone())
            && !lines.is_inside_wrapped_sentence(before, after)
        {
            return None;
        }
        let continues = before.checked_sub(1).is_some_and(|line| !lines.is_empty(line))
            || !lines.is_empty(after + 1);
        let is_wrapped = continues && lines.text(before).chars().count() <= MAX_WRAPPED_CHARACTERS;
        let half = |line, character: Option<char>| SentenceHalf {
            line,
            is_wrapped,
            has_blanks: character.is_none_or(|character| !is_ideograph(character)),
        };
        Some((
            half(before, lines.text(before).chars().next_back()),
            half(after, lines.text(after).chars().next()),
        ))
    }
}

/// Line-based access to a document that ignores its blocks.
struct LineView<'d, 't> {
    document: &'d Document<'t>,
}

impl<'t> LineView<'_, 't> {
    fn text(&self, line: usize) -> &'t str {
        self.document
            .lines()
            .get(line)
            .map_or("", |span| self.document.slice(*span).trim_matches(is_blank))
    }

    fn is_empty(&self, line: usize) -> bool {
        self.text(line).is_empty()
    }

    fn above(&self, line: usize) -> impl Iterator<Item = usize> {
        (0..line).rev().filter(|line| !self.is_empty(*line))
    }

    fn below(&self, line: usize) -> impl Iterator<Item = usize> {
        (line + 1..self.document.lines().len()).filter(|line| !self.is_empty(*line))
    }

    fn neighbours(&self, lines: &Range<usize>) -> Option<(usize, usize)> {
        Some((self.above(lines.start).next()?, self.below(lines.end.saturating_sub(1)).next()?))
    }

    fn kind(&self, line: usize) -> Option<BlockKind> {
        let span = self.document.lines().get(line)?;
        self.document.blocks().get(self.document.block_at(span.start)).map(|block| block.kind)
    }

    fn is_text(&self, line: usize) -> bool {
        matches!(self.kind(line), Some(BlockKind::Paragraph | BlockKind::ListItem))
    }

    fn has_form_feed(&self, line: usize) -> bool {
        let has = |line: usize| {
            let span = self.document.lines().get(line);
            span.is_some_and(|span| self.document.slice(*span).contains('\u{C}'))
        };
        has(line) || has(line + 1) || line > 0 && has(line - 1)
    }

    /// Whether there is an empty line on both sides.
    fn is_isolated(&self, line: usize) -> bool {
        line > 0
            && self.is_empty(line - 1)
            && self.is_empty(line + 1)
            && line + 1 < self.document.lines().len()
    }

    /// Whether a line without a number may be a running header: short, between empty lines, and not
    /// the end of a sentence.
    fn may_recur(&self, line: usize) -> bool {
        self.is_isolated(line)
            && self.may_be_header(line)
            && may_be_title_text(self.text(line))
            && self.kind(line) == Some(BlockKind::Paragraph)
    }

    /// Whether a line cuts a sentence, alone or with adjacent header lines that empty lines
    /// separate from the text.
    fn cuts_sentence_with_headers(&self, line: usize) -> bool {
        const MAX_LINES: usize = 2;
        if self.is_inside_sentence(line..line + 1) {
            return true;
        }
        let above = self.above(line).take(MAX_LINES).take_while(|line| self.may_be_header(*line));
        let below = self.below(line).take(MAX_LINES).take_while(|line| self.may_be_header(*line));
        let starts: Vec<usize> =
            above.filter(|line| *line > 0 && self.is_empty(line - 1)).chain([line]).collect();
        let ends: Vec<usize> = below.filter(|line| self.is_empty(line + 1)).chain([line]).collect();
        starts.iter().any(|start| ends.iter().any(|end| self.is_inside_sentence(*start..end + 1)))
    }

    /// Whether a line may be part of a running header: short, and not the end of a sentence.
    fn may_be_header(&self, line: usize) -> bool {
        const MAX_BYTES: usize = 100;
        let text = self.text(line);
        text.len() <= MAX_BYTES && !ends_sentence(text) && self.is_text(line)
    }

    /// Whether the text before and after `lines` is one sentence: it does not end before them, and
    /// continues after them in lower case or in a script without case.
    fn is_inside_sentence(&self, lines: Range<usize>) -> bool {
        /// Shorter lines may be items or labels.
        const MIN_LENGTH: usize = 20;
        const MIN_WORDS: usize = 5;
        let Some((before, after)) = self.neighbours(&lines) else { return false };
        let head = self.text(before);
        let tail = self.text(after);
        let (Some(last), Some(first)) = (head.chars().next_back(), tail.chars().next()) else {
            return false;
        };
        let is_open = last.is_alphanumeric()
            || matches!(last, ',' | ';' | '-' | '\u{AD}' | '‐' | '、' | '，' | '،');
        let is_caseless = |character: char| {
            character.is_alphabetic() && !character.is_lowercase() && !character.is_uppercase()
        };
        let continues = first.is_lowercase() || is_caseless(first) && !last.is_ascii_digit();
        let is_long = |text: &str| text.chars().nth(MIN_LENGTH - 1).is_some();
        is_open
            && continues
            && is_long(head)
            && (is_long(tail) || ends_sentence(tail))
            && (is_ideograph(last) || head.split_whitespace().nth(MIN_WORDS - 1).is_some())
            && self.are_text(before, after)
    }

    /// The same for a sentence that continues with a capital: a wrapped paragraph that ends in the
    /// middle of a sentence.
    fn is_inside_wrapped_sentence(&self, before: usize, after: usize) -> bool {
        const MIN_CHARACTERS: usize = 50;
        let head = self.text(before);
        let tail = self.text(after);
        let ends_open =
            head.ends_with(|last: char| last.is_lowercase() || matches!(last, ',' | '-'));
        let is_wrapped = before.checked_sub(1).is_some_and(|line| !self.is_empty(line))
            && self.is_text(before - 1);
        ends_open
            && is_wrapped
            && tail.starts_with(char::is_alphabetic)
            && [head, tail].into_iter().all(|text| text.chars().count() >= MIN_CHARACTERS)
            && self.are_text(before, after)
    }

    fn are_text(&self, before: usize, after: usize) -> bool {
        self.is_text(before) && self.kind(after) == Some(BlockKind::Paragraph)
    }
}

fn ends_sentence(text: &str) -> bool {
    text.trim_end_matches(['"', '\'', '”', '’', '»', ')', ' ', '\u{C}'])
        .ends_with(['.', '!', '?', ':', '…', '。', '！', '？', '।', '؟'])
}

/// Whether the character belongs to a script without spaces between words.
fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{E00}'..='\u{EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}' | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{FF00}'..='\u{FFEF}' | '\u{20000}'..='\u{3FFFF}')
}
