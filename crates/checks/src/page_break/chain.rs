//! Chains of ascending page numbers.

use std::collections::HashMap;

use super::page_number::{PageNumber, PageNumberForm};

/// A possible page number, with the line it is on.
pub(super) struct PageNumberCandidate {
    pub(super) line: usize,
    /// Byte offset of the line.
    pub(super) start: usize,
    pub(super) page_number: PageNumber,
    /// Whether the line is inside a sentence or at a form feed.
    pub(super) cuts_sentence: bool,
    /// Whether no text comes before the line.
    pub(super) is_first: bool,
}

/// A line with a page number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NumberedLine {
    pub(super) line: usize,
    /// Whether there is no doubt that it is one.
    pub(super) is_certain: bool,
}

/// Minimum number of bytes between two page breaks, since there is text between page numbers.
const MIN_DISTANCE: usize = 60;

/// Returns the lines with page numbers, sorted by line. `candidates` must be sorted by line.
pub(super) fn numbered_lines(candidates: &[PageNumberCandidate]) -> Vec<NumberedLine> {
    let mut times: HashMap<&str, usize> = HashMap::new();
    for candidate in candidates {
        *times.entry(&candidate.page_number.key).or_default() += 1;
    }
    let recurs = |candidate: &PageNumberCandidate| {
        times.get(candidate.page_number.key.as_str()).is_some_and(|times| *times > 1)
    };
    let eligible: Vec<&PageNumberCandidate> = candidates
        .iter()
        .filter(|candidate| candidate.page_number.key.is_empty() || recurs(candidate))
        .collect();

    let mut links: Vec<ChainLink> = Vec::with_capacity(eligible.len());
    let mut by_number: HashMap<u32, usize> = HashMap::new();
    let mut by_key: HashMap<(&str, Option<u32>), usize> = HashMap::new();
    for (index, candidate) in eligible.iter().enumerate() {
        let PageNumber { number, form, key, .. } = &candidate.page_number;
        let group = (key.as_str(), total(*form));
        let same =
            by_key.get(&group).copied().filter(|_| matches!(form, PageNumberForm::WithTotal(_)));
        let steps = [number.checked_sub(1), number.checked_sub(2)].into_iter().flatten();
        let before = steps
            .filter_map(|step| by_number.get(&step).copied())
            .chain(same)
            .filter(|&before| follows(eligible[before], candidate))
            .max_by_key(|&before| (links[before].length, before));
        links.push(ChainLink {
            before,
            length: before.map_or(1, |before| links[before].length + 1),
        });
        by_number.insert(*number, index);
        by_key.insert(group, index);
    }

    let mut order: Vec<usize> = (0..links.len()).collect();
    order.sort_by_key(|&index| (std::cmp::Reverse(links[index].length), index));
    let mut is_used = vec![false; links.len()];
    let mut numbered = Vec::new();
    for last in order {
        let mut chain = Vec::new();
        let mut next = Some(last);
        while let Some(index) = next.filter(|&index| !is_used[index]) {
            is_used[index] = true;
            chain.push(eligible[index]);
            next = links[index].before;
        }
        numbered.extend(numbered_lines_of(&chain, &times));
    }
    numbered.sort_by_key(|page: &NumberedLine| (page.line, !page.is_certain));
    numbered.dedup_by_key(|page| page.line);
    numbered
}

/// The longest chain that ends with a candidate.
struct ChainLink {
    before: Option<usize>,
    length: usize,
}

fn total(form: PageNumberForm) -> Option<u32> {
    match form {
        PageNumberForm::WithTotal(total) | PageNumberForm::Counted(total) => Some(total),
        _ => None,
    }
}

/// Whether `next` may be the number of the next page, or of one soon after.
fn follows(candidate: &PageNumberCandidate, next: &PageNumberCandidate) -> bool {
    const MAX_STEP: u32 = 12;
    let (from, to) = (&candidate.page_number, &next.page_number);
    let totals_agree = match (total(from.form), total(to.form)) {
        (Some(from), Some(to)) => from == to,
        _ => true,
    };
    let step = to.number.saturating_sub(from.number);
    candidate.line < next.line
        && next.start.saturating_sub(candidate.start) >= MIN_DISTANCE
        && (1..=MAX_STEP).contains(&step)
        && totals_agree
}

/// Returns the lines of a chain that are page numbers, if the chain consists of page numbers.
fn numbered_lines_of(
    chain: &[&PageNumberCandidate],
    times: &HashMap<&str, usize>,
) -> Vec<NumberedLine> {
    const MIN_PAGES: usize = 3;
    let count = |is: &dyn Fn(&PageNumberCandidate) -> bool| {
        chain.iter().filter(|candidate| is(candidate)).count()
    };
    let is_of_total = |candidate: &PageNumberCandidate| {
        matches!(candidate.page_number.form, PageNumberForm::WithTotal(_))
    };
    let counted = count(&is_of_total);
    let cuts_sentence = count(&|candidate| candidate.cuts_sentence);
    // A single word and a number may be a chapter heading or a question. A text that also occurs
    // with other numbers, such as those of a rating, is not a header.
    let mut in_chain: HashMap<&str, usize> = HashMap::new();
    for candidate in chain {
        *in_chain.entry(&candidate.page_number.key).or_default() += 1;
    }
    let is_always_here = |key: &str| times.get(key) == in_chain.get(key);
    let is_header = |candidate: &PageNumberCandidate| {
        let PageNumber { form, words, key, .. } = &candidate.page_number;
        *form == PageNumberForm::Apart && *words > 1 && is_always_here(key)
    };
    let headers = count(&|candidate| is_header(candidate) || is_of_total(candidate));
    let named = count(&|candidate| candidate.page_number.form == PageNumberForm::Named);
    let is_long = chain.len() >= MIN_PAGES;
    let all_counted = chain.len() >= 2 && counted == chain.len();
    let has_heads =
        headers * 3 >= chain.len() * 2 && (cuts_sentence > 0 || chain.len() > MIN_PAGES);
    // Numbers from 1 on, each before its text, are those of verses, items or chapters.
    let first = chain.last();
    let opens = first.is_some_and(|first| {
        first.page_number.number == 1 && !first.cuts_sentence || first.is_first
    });
    let bare = count(&|candidate| candidate.page_number.form == PageNumberForm::Bare);
    let is_list = opens && bare * 2 > chain.len();
    let is_certain =
        all_counted || is_long && !is_list && (cuts_sentence * 2 >= chain.len() || has_heads);
    let is_likely = is_long && named == chain.len() && first.is_some_and(|first| !first.is_first);
    if !(is_certain || is_likely) {
        return Vec::new();
    }
    let belongs = |candidate: &&&PageNumberCandidate| {
        candidate.page_number.form != PageNumberForm::Plain || candidate.cuts_sentence
    };
    let lines = chain.iter().filter(belongs);
    lines.map(|candidate| NumberedLine { line: candidate.line, is_certain }).collect()
}
