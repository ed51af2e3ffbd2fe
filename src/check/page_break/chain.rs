//! Rows of ascending page numbers.

use std::collections::HashMap;

use super::reading::{Form, Reading};

/// A reading of the line with that index.
pub(super) struct Candidate {
    pub(super) line: usize,
    /// Offset of the line.
    pub(super) start: usize,
    pub(super) reading: Reading,
    /// It stands inside a sentence or at a form feed.
    pub(super) cuts: bool,
    /// No text comes before it.
    pub(super) is_first: bool,
}

/// A line that names its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PageLine {
    pub(super) line: usize,
    /// Beyond doubt.
    pub(super) is_certain: bool,
}

/// Fewest bytes between two page breaks: two page numbers do not follow each other.
const MIN_DISTANCE: usize = 60;

/// The lines that name their page, by index; `candidates` are in order of line.
pub(super) fn page_lines(candidates: &[Candidate]) -> Vec<PageLine> {
    let mut times: HashMap<&str, usize> = HashMap::new();
    for candidate in candidates {
        *times.entry(&candidate.reading.key).or_default() += 1;
    }
    let recurs = |candidate: &Candidate| times.get(candidate.reading.key.as_str()).is_some_and(|times| *times > 1);
    let eligible: Vec<&Candidate> =
        candidates.iter().filter(|candidate| candidate.reading.key.is_empty() || recurs(candidate)).collect();

    let mut links: Vec<Link> = Vec::with_capacity(eligible.len());
    let mut by_number: HashMap<u32, usize> = HashMap::new();
    let mut by_key: HashMap<(&str, Option<u32>), usize> = HashMap::new();
    for (index, candidate) in eligible.iter().enumerate() {
        let Reading { number, form, key, .. } = &candidate.reading;
        let group = (key.as_str(), total(*form));
        let same = by_key.get(&group).copied().filter(|_| matches!(form, Form::OfTotal(_)));
        let steps = [number.checked_sub(1), number.checked_sub(2)].into_iter().flatten();
        let before = steps
            .filter_map(|step| by_number.get(&step).copied())
            .chain(same)
            .filter(|&before| follows(eligible[before], candidate))
            .max_by_key(|&before| (links[before].length, before));
        links.push(Link { before, length: before.map_or(1, |before| links[before].length + 1) });
        by_number.insert(*number, index);
        by_key.insert(group, index);
    }

    let mut order: Vec<usize> = (0..links.len()).collect();
    order.sort_by_key(|&index| (std::cmp::Reverse(links[index].length), index));
    let mut is_used = vec![false; links.len()];
    let mut found = Vec::new();
    for last in order {
        let mut chain = Vec::new();
        let mut next = Some(last);
        while let Some(index) = next.filter(|&index| !is_used[index]) {
            is_used[index] = true;
            chain.push(eligible[index]);
            next = links[index].before;
        }
        found.extend(judge(&chain, &times));
    }
    found.sort_by_key(|page: &PageLine| (page.line, !page.is_certain));
    found.dedup_by_key(|page| page.line);
    found
}

/// The longest row that ends with a candidate.
struct Link {
    before: Option<usize>,
    length: usize,
}

fn total(form: Form) -> Option<u32> {
    match form {
        Form::OfTotal(total) | Form::Counted(total) => Some(total),
        _ => None,
    }
}

/// Whether `next` may name the page after that of `candidate`, or one soon after.
fn follows(candidate: &Candidate, next: &Candidate) -> bool {
    const MAX_STEP: u32 = 12;
    let (from, to) = (&candidate.reading, &next.reading);
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

/// The lines of a row that name pages, if the row does.
fn judge(chain: &[&Candidate], times: &HashMap<&str, usize>) -> Vec<PageLine> {
    const MIN_PAGES: usize = 3;
    let count = |is: &dyn Fn(&Candidate) -> bool| chain.iter().filter(|candidate| is(candidate)).count();
    let is_of_total = |candidate: &Candidate| matches!(candidate.reading.form, Form::OfTotal(_));
    let counted = count(&is_of_total);
    let cuts = count(&|candidate| candidate.cuts);
    // A single word and a number, set apart or not, may be the heading of a chapter or a question.
    // A text that comes with other numbers as well, such as those of a rating, is no head.
    let mut in_chain: HashMap<&str, usize> = HashMap::new();
    for candidate in chain {
        *in_chain.entry(&candidate.reading.key).or_default() += 1;
    }
    let is_always_here = |key: &str| times.get(key) == in_chain.get(key);
    let is_head = |candidate: &Candidate| {
        let Reading { form, words, key, .. } = &candidate.reading;
        *form == Form::Apart && *words > 1 && is_always_here(key)
    };
    let heads = count(&|candidate| is_head(candidate) || is_of_total(candidate));
    let named = count(&|candidate| candidate.reading.form == Form::Named);
    let is_long = chain.len() >= MIN_PAGES;
    let all_counted = chain.len() >= 2 && counted == chain.len();
    let has_heads = heads * 3 >= chain.len() * 2 && (cuts > 0 || chain.len() > MIN_PAGES);
    // Numbers from 1 on that come before their text are those of verses, items or chapters.
    let first = chain.last();
    let opens = first.is_some_and(|first| first.reading.number == 1 && !first.cuts || first.is_first);
    let bare = count(&|candidate| candidate.reading.form == Form::Bare);
    let is_list = opens && bare * 2 > chain.len();
    let is_certain = all_counted || is_long && !is_list && (cuts * 2 >= chain.len() || has_heads);
    let is_likely = is_long && named == chain.len() && first.is_some_and(|first| !first.is_first);
    if !(is_certain || is_likely) {
        return Vec::new();
    }
    let belongs = |candidate: &&&Candidate| candidate.reading.form != Form::Plain || candidate.cuts;
    let lines = chain.iter().filter(belongs);
    lines.map(|candidate| PageLine { line: candidate.line, is_certain }).collect()
}
