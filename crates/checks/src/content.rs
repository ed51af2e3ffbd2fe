//! Recognises lines that are content, whatever they say: speech, steps, lists introduced by a
//! sentence, and table rows.
//!
//! "Follow me." may be a button on a page or a sentence in a dialogue; quotation marks decide.

use dechaff_text::{BlockKind, Document, count_words, ends_sentence};

/// For each block, whether the blocks around it make it content. Computed on first use.
#[derive(Default)]
pub(super) struct ContentContext(Option<Vec<bool>>);

/// Whether a block is content because of its form or the blocks around it. `is_whole_line` tells
/// whether all of it would be noise, not only a part.
pub(super) fn is_content(
    document: &Document<'_>,
    block: usize,
    is_whole_line: bool,
    context: &mut ContentContext,
) -> bool {
    let one = &document.blocks()[block];
    let text = document.slice(one.content).trim();
    let is_item = is_whole_line && one.kind == BlockKind::ListItem;
    let is_step =
        || document.slice(one.span).trim_start().starts_with(|sign: char| sign.is_ascii_digit());
    is_speech(text)
        || is_bare_question(text)
        || is_item && is_step()
        || (is_item || text.contains('|')) && context.is_content(document, block)
}

/// Whether `text` is a sentence in quotation marks, or after a dash as in novels.
fn is_speech(text: &str) -> bool {
    const QUOTES: [(char, char); 8] = [
        ('"', '"'),
        ('“', '”'),
        ('„', '“'),
        ('„', '”'),
        ('«', '»'),
        ('»', '«'),
        ('‘', '’'),
        ('「', '」'),
    ];
    let (Some(first), Some(last)) = (text.chars().next(), text.chars().next_back()) else {
        return false;
    };
    if QUOTES.contains(&(first, last)) && text.len() > first.len_utf8() {
        let inner = text.strip_suffix(last).unwrap_or(text).trim_end();
        return inner.ends_with(ends_speech) && !inner.ends_with("...");
    }
    let is_dashed = text
        .strip_prefix('—')
        .is_some_and(|spoken| spoken.starts_with([' ', '¿', '¡']) || last != '.');
    is_dashed && ends_speech(last)
}

fn ends_speech(sign: char) -> bool {
    matches!(sign, '.' | '!' | '?' | '…' | ',' | '。' | '！' | '？' | '，')
}

/// Whether `text` is one word and a question mark. Buttons do not ask.
fn is_bare_question(text: &str) -> bool {
    text.strip_suffix('?')
        .is_some_and(|word| !word.is_empty() && word.chars().all(char::is_alphanumeric))
}

impl ContentContext {
    fn is_content(&mut self, document: &Document<'_>, block: usize) -> bool {
        let content = self.0.get_or_insert_with(|| {
            let mut content = vec![false; document.blocks().len()];
            mark_introduced_lists(document, &mut content);
            mark_lists_of_sentences(document, &mut content);
            mark_rows(document, &mut content);
            content
        });
        content.get(block).copied().unwrap_or(false)
    }
}

/// Marks the items of lists that a sentence with a colon introduces.
fn mark_introduced_lists(document: &Document<'_>, content: &mut [bool]) {
    const MIN_WORDS: usize = 5;
    let mut is_introduced = false;
    for (block, is_content) in document.blocks().iter().zip(content) {
        match block.kind {
            BlockKind::Blank => {}
            BlockKind::ListItem => *is_content |= is_introduced,
            _ => {
                let text = document.slice(block.content);
                is_introduced = block.kind == BlockKind::Paragraph
                    && text.ends_with([':', '：'])
                    && count_words(text, MIN_WORDS) == MIN_WORDS;
            }
        }
    }
}

/// Marks the items of lists of sentences, such as instructions, which may mention buttons.
fn mark_lists_of_sentences(document: &Document<'_>, content: &mut [bool]) {
    /// Items with fewer words may be links of a menu.
    const MIN_WORDS: usize = 5;
    const MIN_ITEMS: usize = 3;
    let text = |block: usize| document.slice(document.blocks()[block].content);
    let is_long = |block: usize| count_words(text(block), MIN_WORDS) == MIN_WORDS;
    for list in document.lists().into_iter().filter(|list| list.len() >= MIN_ITEMS) {
        let sentences =
            list.iter().filter(|&&block| is_long(block) || ends_sentence(text(block))).count();
        if 2 * sentences > list.len() {
            list.into_iter().for_each(|block| content[block] |= !is_long(block));
        }
    }
}

/// Marks rows of tables: runs of lines with bars that have a delimiter row, or three rows with
/// equally many bars. Blank lines may separate rows with equally many cells. If a document has a
/// delimiter row, any line that begins or ends with a bar is a row.
fn mark_rows(document: &Document<'_>, content: &mut [bool]) {
    if !document.text().contains('|') {
        return;
    }
    let mut run = ContentRun::default();
    let (mut bounded, mut has_delimiters) = (Vec::new(), false);
    for (index, block) in document.blocks().iter().enumerate() {
        if block.kind == BlockKind::Blank {
            run.has_gap = true;
            continue;
        }
        let text = document.slice(block.content);
        let cells = text.lines().map(inner_bars).max().unwrap_or(0);
        if !text.contains('|') || run.has_gap && cells != run.cells {
            run.close(content);
        }
        if text.contains('|') {
            let is_delimiters = text.lines().any(is_delimiter_row);
            has_delimiters |= is_delimiters;
            if cells > 0 && (text.starts_with('|') || text.ends_with('|')) {
                bounded.push(index);
            }
            run.add(index, cells, is_delimiters, block.lines.len());
        }
    }
    run.close(content);
    if has_delimiters {
        bounded.into_iter().for_each(|block| content[block] = true);
    }
}

/// A run of blocks with bars.
#[derive(Default)]
struct ContentRun {
    blocks: Vec<usize>,
    /// The number of bars between the cells of the last row.
    cells: usize,
    /// The number of last rows that have as many.
    alike: usize,
    longest: usize,
    has_delimiters: bool,
    has_gap: bool,
}

impl ContentRun {
    fn add(&mut self, block: usize, cells: usize, has_delimiters: bool, lines: usize) {
        self.alike = if cells == self.cells { self.alike + lines } else { lines };
        self.cells = cells;
        if cells > 0 {
            self.longest = self.longest.max(self.alike);
        }
        self.has_delimiters |= has_delimiters;
        self.has_gap = false;
        self.blocks.push(block);
    }

    /// Marks the blocks of the run if they are a table, and starts a new run.
    fn close(&mut self, content: &mut [bool]) {
        const MIN_ROWS: usize = 3;
        let run = std::mem::take(self);
        if run.has_delimiters && run.blocks.len() > 1 || run.longest >= MIN_ROWS {
            run.blocks.into_iter().for_each(|block| content[block] = true);
        }
    }
}

/// Returns the number of bars between the cells of a line.
fn inner_bars(line: &str) -> usize {
    line.trim().trim_matches('|').matches('|').count()
}

fn is_delimiter_row(line: &str) -> bool {
    line.contains('|') && line.contains("--") && line.chars().all(|sign| "|-: \t".contains(sign))
}
