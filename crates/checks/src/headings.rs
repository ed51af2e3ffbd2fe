//! Recognizes matched lines that are headings. "Comments" is a label if nothing follows it, and a
//! heading if text does.

use dechaff_text::{BlockKind, Document, count_words};

/// A matched line that may be a heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct WeakLine {
    /// Identifies the pattern. Lines of one pattern can form a bar.
    pub(super) pattern: usize,
    pub(super) block: usize,
    /// The pattern's `or-run-of`.
    pub(super) or_run_of: usize,
}

/// Whether a line is a heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum HeadingVerdict {
    /// It is a label, because no text below belongs to it.
    #[default]
    Label,
    /// It has heading markup but no text below it, or ends a bar right above text.
    Doubtful,
    /// It heads the text below it, or belongs to a list that a sentence introduces.
    Heading,
}

/// The position of a line in a bar: a run of three or more labels of one pattern.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bar {
    No,
    Inner,
    Last,
    /// A sentence that ends with a colon introduces it.
    Introduced,
}

/// Returns a verdict on each of the `weak` lines. `noise` tells, for each block, whether other
/// findings delete it.
pub(super) fn judge(
    document: &Document<'_>,
    noise: &[bool],
    weak: &[WeakLine],
) -> Vec<HeadingVerdict> {
    let bars = bars(document, noise, weak);
    let is_label = |block: usize| matches!(bars[block], Bar::Inner | Bar::Last);
    let below = followers(document, |block| noise[block] || is_label(block));
    let mut order: Vec<usize> = (0..weak.len()).collect();
    order.sort_unstable_by_key(|&index| std::cmp::Reverse(weak[index].block));
    let mut verdicts = vec![HeadingVerdict::Label; weak.len()];
    let mut heads_text = vec![false; noise.len()];
    // A label above another label of the same kind is not a heading.
    let mut label_patterns = vec![None; noise.len()];
    for index in order {
        let block = weak[index].block;
        let below = below[block];
        let has_body = || {
            below.is_some_and(|below| {
                label_patterns[below] != Some(weak[index].pattern)
                    && is_body(document, block, below)
                    || heads_text[below]
            })
        };
        verdicts[index] = match (bars[block], document.marked_heading(block)) {
            (Bar::Inner, _) => HeadingVerdict::Label,
            (Bar::Introduced, _) => HeadingVerdict::Heading,
            (Bar::Last, _) if gap(document, block) > gap_above(document, block) => {
                HeadingVerdict::Label
            }
            (Bar::Last, _) if has_body() => HeadingVerdict::Doubtful,
            (Bar::Last, _) => HeadingVerdict::Label,
            (Bar::No, None) if has_body() => HeadingVerdict::Heading,
            (Bar::No, None) => HeadingVerdict::Label,
            (Bar::No, Some(level)) => {
                let has_subheading = || {
                    let subheading = below.and_then(|below| document.marked_heading(below));
                    subheading.is_some_and(|below| below > level)
                };
                if has_body() || has_subheading() {
                    HeadingVerdict::Heading
                } else {
                    HeadingVerdict::Doubtful
                }
            }
        };
        let is_paragraph = document.blocks()[block].kind == BlockKind::Paragraph;
        if verdicts[index] == HeadingVerdict::Label && is_paragraph {
            label_patterns[block] = Some(weak[index].pattern);
        }
        heads_text[block] |= verdicts[index] == HeadingVerdict::Heading && bars[block] == Bar::No;
    }
    verdicts
}

/// Whether the line at `block` is the heading of the text in the block `below`. A list item is not
/// a heading of the next one.
fn is_body(document: &Document<'_>, block: usize, below: usize) -> bool {
    let is_numbered = |block: usize| {
        let one = &document.blocks()[block];
        (one.kind == BlockKind::ListItem).then(|| {
            document.slice(one.span).trim_start().starts_with(|first: char| first.is_ascii_digit())
        })
    };
    document.is_body(below)
        && (is_numbered(block).is_none() || is_numbered(block) != is_numbered(below))
}

/// Returns the position of each block in a bar.
fn bars(document: &Document<'_>, noise: &[bool], weak: &[WeakLine]) -> Vec<Bar> {
    const MIN_BAR_LINES: usize = 3;
    let next = followers(document, |block| noise[block]);
    let mut lines: Vec<WeakLine> = weak.to_vec();
    lines.retain(|line| !noise[line.block] && document.marked_heading(line.block).is_none());
    lines.sort_unstable();
    lines.dedup();
    let mut bars = vec![Bar::No; noise.len()];
    let is_row = |left: &WeakLine, right: &WeakLine| {
        left.pattern == right.pattern && next[left.block] == Some(right.block)
    };
    let rows = lines.chunk_by(is_row).flat_map(|row| {
        // The lines of a bar are close together.
        let closest = row.iter().map(|line| gap(document, line.block)).min();
        row.chunk_by(move |left, _| Some(gap(document, left.block)) == closest)
    });
    for row in rows {
        let [first, .., last] = row else { continue };
        if row.len() < first.or_run_of.max(MIN_BAR_LINES) {
            continue;
        }
        let is_introduced = introduces(document, noise, first.block);
        for line in row {
            bars[line.block] = if is_introduced { Bar::Introduced } else { Bar::Inner };
        }
        if !is_introduced {
            bars[last.block] = Bar::Last;
        }
    }
    bars
}

/// Whether a sentence with a colon introduces the lines from block `first` on, as in "She used
/// three of them:".
fn introduces(document: &Document<'_>, noise: &[bool], first: usize) -> bool {
    let blocks = document.blocks();
    const MIN_WORDS: usize = 4;
    let above = blocks[..first].iter().rposition(|block| block.kind != BlockKind::Blank);
    above.filter(|&above| !noise[above] && blocks[above].kind.is_text()).is_some_and(|above| {
        let above = document.slice(blocks[above].content);
        above.ends_with([':', '：']) && count_words(above, MIN_WORDS) == MIN_WORDS
    })
}

/// Returns for each block the next one that is neither blank nor skipped.
fn followers(document: &Document<'_>, is_skipped: impl Fn(usize) -> bool) -> Vec<Option<usize>> {
    let mut next = None;
    let mut followers: Vec<Option<usize>> = Vec::with_capacity(document.blocks().len());
    for (index, block) in document.blocks().iter().enumerate().rev() {
        followers.push(next);
        if !matches!(block.kind, BlockKind::Blank | BlockKind::Comment) && !is_skipped(index) {
            next = Some(index);
        }
    }
    followers.reverse();
    followers
}

/// Returns the number of blank lines below a block.
fn gap(document: &Document<'_>, block: usize) -> usize {
    document
        .blocks()
        .get(block + 1)
        .filter(|next| next.kind == BlockKind::Blank)
        .map_or(0, |next| next.lines.len())
}

fn gap_above(document: &Document<'_>, block: usize) -> usize {
    block.checked_sub(2).map_or(0, |above| gap(document, above))
}
