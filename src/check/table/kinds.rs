//! What the cells of each column hold, as evidence for where a cell belongs.

use super::row::Row;
use crate::text::Span;

/// Fewest filled cells that say what a column holds.
const MIN_CELLS: u32 = 2;

/// What a cell holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Digits, and no letter.
    Number,
    /// Letters, and no digit.
    Words,
    /// Nothing, signs, or letters and digits: fits any column.
    Any,
}

impl Kind {
    fn of(cell: &str) -> Self {
        let has_digit = cell.chars().any(char::is_numeric);
        let has_letter = cell.chars().any(char::is_alphabetic);
        match (has_digit, has_letter) {
            (true, false) => Self::Number,
            (false, true) => Self::Words,
            _ => Self::Any,
        }
    }

    fn contradicts(self, other: Self) -> bool {
        self != other && self != Self::Any && other != Self::Any
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    numbers: u32,
    words: u32,
    others: u32,
}

impl Counts {
    fn kind(self) -> Kind {
        match self {
            Self { numbers, words: 0, others: 0 } if numbers >= MIN_CELLS => Kind::Number,
            Self { numbers: 0, words, others: 0 } if words >= MIN_CELLS => Kind::Words,
            _ => Kind::Any,
        }
    }
}

/// Kinds of the cells of whole rows, by column.
#[derive(Debug, Default)]
pub(super) struct ColumnKinds {
    columns: Vec<Counts>,
}

impl ColumnKinds {
    pub(super) fn new(columns: usize) -> Self {
        Self { columns: vec![Counts::default(); columns] }
    }

    /// Counts the cells of `row`, unless some are missing or too many.
    pub(super) fn add(&mut self, text: &str, row: &Row) {
        if row.cells.len() != self.columns.len() {
            return;
        }
        for (counts, cell) in self.columns.iter_mut().zip(&row.cells) {
            let cell = text[cell.range()].trim();
            match Kind::of(cell) {
                Kind::Number => counts.numbers += 1,
                Kind::Words => counts.words += 1,
                Kind::Any => counts.others += u32::from(cell.chars().any(char::is_alphanumeric)),
            }
        }
    }

    /// Whether the second of two columns holds numbers as well as words, as the values of a list of names do.
    pub(super) fn look_like_pairs(&self) -> bool {
        matches!(self.columns.as_slice(), [_, Counts { numbers: 1.., words: 1.., .. }])
    }

    /// Whether `row` has words where the rows have numbers, as titles do.
    pub(super) fn look_titled_by(&self, text: &str, row: &Row) -> bool {
        let mut pairs = self.pairs(text, &row.cells, 0);
        row.cells.len() == self.columns.len()
            && pairs.any(|(kind, column)| column == Kind::Number && kind == Kind::Words)
    }

    /// Whether `row` has a number where all rows have numbers, as data does.
    pub(super) fn look_like(&self, text: &str, row: &Row) -> bool {
        let cells = row.cells.iter().map(|cell| Kind::of(&text[cell.range()]));
        cells
            .zip(&self.columns)
            .any(|(kind, counts)| kind == Kind::Number && counts.numbers > 0 && counts.words == 0 && counts.others == 0)
    }

    /// Where the one missing cell of `row` was, if the other cells fit their columns in no other way.
    pub(super) fn missing_cell(&self, text: &str, row: &Row) -> Option<usize> {
        let count = row.cells.len();
        if count + 1 != self.columns.len() {
            return None;
        }
        // A row of nothing but words may be a label that heads the rows below it.
        if let [cell] = row.cells.as_slice()
            && Kind::of(&text[cell.range()]) == Kind::Words
        {
            return None;
        }
        let fits = |(kind, column): &(Kind, Kind)| !kind.contradicts(*column);
        let latest = self.pairs(text, &row.cells, 0).take_while(fits).count();
        let shifted: Vec<(Kind, Kind)> = self.pairs(text, &row.cells, 1).collect();
        let earliest = count - shifted.iter().rev().take_while(|pair| fits(pair)).count();
        if earliest != latest {
            return None;
        }
        // The cells on both sides of the gap decide; they have to match their columns, not just fit them.
        let matches = |(kind, column): &(Kind, Kind)| kind == column && *kind != Kind::Any;
        let is_right_firm = latest == count || shifted.get(latest).is_some_and(matches);
        let is_left_firm =
            latest == 0 || self.pairs(text, &row.cells, 0).nth(latest - 1).is_some_and(|pair| matches(&pair));
        (is_left_firm && is_right_firm).then_some(latest)
    }

    /// Kinds of `cells` with those of their columns, the first of which is `offset`.
    fn pairs<'s>(&'s self, text: &'s str, cells: &'s [Span], offset: usize) -> impl Iterator<Item = (Kind, Kind)> + 's {
        let columns = self.columns.iter().skip(offset).map(|counts| counts.kind());
        cells.iter().map(|cell| Kind::of(&text[cell.range()])).zip(columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(text: &str, line: usize) -> Row {
        let start = text.split_inclusive('\n').take(line).map(str::len).sum();
        let end = text[start..].find('\n').map_or(text.len(), |end| start + end);
        Row::parse(text, line, Span::new(start, end)).unwrap()
    }

    fn missing(last: &str) -> Option<usize> {
        let text = format!("| red | 12 | wool |\n| blue | 9 | silk |\n{last}");
        let mut kinds = ColumnKinds::new(3);
        (0..2).for_each(|line| kinds.add(&text, &row(&text, line)));
        kinds.missing_cell(&text, &row(&text, 2))
    }

    #[test]
    fn a_missing_cell_is_found_by_its_neighbours() {
        assert_eq!(missing("| 7 | felt |"), Some(0));
        assert_eq!(missing("| green | felt |"), Some(1));
        assert_eq!(missing("| green | 7 |"), Some(2));
        assert_eq!(missing("| green | ? |"), None);
        assert_eq!(missing("| 7 | 8 |"), None);
        assert_eq!(missing("| green |"), None);
    }
}
