//! Counts of flagged and unflagged lines, and the metrics derived from them.

use std::fmt;
use std::ops::AddAssign;

use dechaff::text::Span;

use crate::pages::{Label, Page};

/// Lines and characters by label: flagged, and not flagged.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    /// Pages.
    pub(crate) pages: usize,
    /// Pages with flagged content.
    pub(crate) damaged: usize,
    /// Lines of noise.
    pub(crate) noise: [usize; 2],
    /// Lines of content.
    pub(crate) content: [usize; 2],
    /// Characters of noise.
    pub(crate) noise_characters: [usize; 2],
    /// Characters of content.
    pub(crate) content_characters: [usize; 2],
}

impl Tally {
    /// Counts a page, given whether each of its lines is flagged.
    pub(crate) fn add(&mut self, page: &Page, lines: &[Span], flagged: &[bool]) {
        self.pages += 1;
        let mut is_damaged = false;
        for line in &page.lines {
            let (Some(span), Some(&flagged)) = (lines.get(line.n - 1), flagged.get(line.n - 1))
            else {
                continue;
            };
            let characters = page.text.get(span.range()).unwrap_or("").trim().chars().count();
            let state = usize::from(!flagged);
            match line.label {
                Label::Mixed => {}
                Label::Noise => {
                    self.noise[state] += 1;
                    self.noise_characters[state] += characters;
                }
                Label::Content => {
                    self.content[state] += 1;
                    self.content_characters[state] += characters;
                    is_damaged |= flagged;
                }
            }
        }
        self.damaged += usize::from(is_damaged);
    }

    /// The share of flagged lines that are noise.
    pub(crate) fn precision(&self) -> f64 {
        share(self.noise[0], self.noise[0] + self.content[0])
    }

    /// The share of noise lines that are flagged.
    pub(crate) fn recall(&self) -> f64 {
        share(self.noise[0], self.noise[0] + self.noise[1])
    }

    /// The harmonic mean of precision and recall.
    pub(crate) fn f1(&self) -> f64 {
        let (precision, recall) = (self.precision(), self.recall());
        if precision + recall > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 }
    }

    /// The share of content characters that are flagged.
    pub(crate) fn harm(&self) -> f64 {
        share(self.content_characters[0], self.content_characters[0] + self.content_characters[1])
    }

    /// The share of noise characters that are flagged.
    pub(crate) fn gain(&self) -> f64 {
        share(self.noise_characters[0], self.noise_characters[0] + self.noise_characters[1])
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.pages += other.pages;
        self.damaged += other.damaged;
        for state in 0..2 {
            self.noise[state] += other.noise[state];
            self.content[state] += other.content[state];
            self.noise_characters[state] += other.noise_characters[state];
            self.content_characters[state] += other.content_characters[state];
        }
    }
}

/// Returns the start of `text` for a table cell.
pub(crate) fn excerpt(text: &str, max_chars: usize) -> String {
    let mut excerpt: String =
        text.chars().take(max_chars).collect::<String>().replace(['|', '\t'], " ");
    if text.chars().count() > max_chars {
        excerpt.push('…');
    }
    excerpt
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// The header of the columns that a [`Tally`] formats.
pub(crate) const HEAD: &str =
    "pages | content | noise | precision | recall | F1 | content taken | noise taken | pages damaged |
|---|---|---|---|---|---|---|---|---|";

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} | {} | {} | {:.3} | {:.3} | {:.3} | {:.3} % | {:.1} % | {:.1} % |",
            self.pages,
            self.content[0] + self.content[1],
            self.noise[0] + self.noise[1],
            self.precision(),
            self.recall(),
            self.f1(),
            100.0 * self.harm(),
            100.0 * self.gain(),
            100.0 * share(self.damaged, self.pages),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::HEAD;

    #[test]
    fn header_and_delimiter_row_have_the_same_number_of_cells() {
        let (titles, dashes) = HEAD.split_once('\n').unwrap();
        assert_eq!(titles.matches('|').count() + 1, dashes.matches('|').count());
    }
}
