//! Inline code spans.

use std::collections::HashMap;

use dechaff_text::Span;

/// Returns the spans of the code spans in a line. An unclosed backtick opens none.
pub(super) fn code_spans(line: &str) -> Vec<Span> {
    let bytes = line.as_bytes();
    let mut runs: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    while let Some(offset) = memchr::memchr(b'`', &bytes[at..]) {
        let start = at + offset;
        let length = bytes[start..].iter().take_while(|&&byte| byte == b'`').count();
        runs.push((start, length));
        at = start + length;
    }
    if runs.len() < 2 {
        return Vec::new();
    }
    // For each run, the next run of the same length. Built from the right, so that no run is
    // searched for twice.
    let mut next_of: HashMap<usize, usize> = HashMap::new();
    let mut closes = vec![None; runs.len()];
    for (index, (_, length)) in runs.iter().enumerate().rev() {
        closes[index] = next_of.insert(*length, index);
    }
    let mut spans = Vec::new();
    let mut index = 0;
    while let Some(&(start, _)) = runs.get(index) {
        match closes[index] {
            Some(close) => {
                spans.push(Span::new(start, runs[close].0 + runs[close].1));
                index = close + 1;
            }
            None => index += 1,
        }
    }
    spans
}

/// Whether `offset` is in one of `spans`, which must be sorted.
pub(super) fn is_within(spans: &[Span], offset: usize) -> bool {
    let index = spans.partition_point(|span| span.end <= offset);
    spans.get(index).is_some_and(|span| span.start <= offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_span_closes_with_as_many_backticks_as_it_opens() {
        let of = |line: &str| {
            code_spans(line).iter().map(|span| line[span.range()].to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(of("a `b` c ``d ` e`` f"), ["`b`", "``d ` e``"]);
        assert_eq!(of("a ` b `` c"), [""; 0]);
    }
}
