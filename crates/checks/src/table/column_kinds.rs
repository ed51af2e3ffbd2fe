//! The contents of each column, as evidence for where a cell belongs.

use super::row::Row;
use dechaff_text::Span;

/// Minimum number of filled cells that determine the kind of a column.
const MIN_CELLS: u32 = 2;

/// The content of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CellKind {
    /// Digits, and no letter.
    Number,
    /// Letters, and no digit.
    Words,
    /// Nothing, only punctuation, or both letters and digits. Fits any column.
    Any,
}

impl CellKind {
    fn from_cell(cell: &str) -> Self {
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
struct KindCounts {
    numbers: u32,
    words: u32,
    others: u32,
}

impl KindCounts {
    fn kind(self) -> CellKind {
        match self {
            Self { numbers, words: 0, others: 0 } if numbers >= MIN_CELLS => CellKind::Number,
            Self { numbers: 0, words, others: 0 } if words >= MIN_CELLS => CellKind::Words,
            _ => CellKind::Any,
        }
    }
}

/// Counts the kinds of cells by column, over complete rows.
#[derive(Debug, Default)]
pub(super) struct ColumnKinds {
    columns: Vec<KindCounts>,
}

impl ColumnKinds {
    pub(super) fn new(columns: usize) -> Self {
        Self { columns: vec![KindCounts::default(); columns] }
    }

    /// Counts the cells of `row`, unless it has too few or too many.
    pub(super) fn add(&mut self, text: &str, row: &Row) {
        if row.cells.len() != self.columns.len() {
            return;
        }
        for (counts, cell) in self.columns.iter_mut().zip(&row.cells) {
            let cell = text[cell.range()].trim();
            match CellKind::from_cell(cell) {
                CellKind::Number => counts.numbers += 1,
                CellKind::Words => counts.words += 1,
                CellKind::Any => {
                    counts.others += u32::from(cell.chars().any(char::is_alphanumeric))
                }
            }
        }
    }

    /// Whether this is a list of names and values: two columns, the second with both numbers and
    /// words.
    pub(super) fn look_like_pairs(&self) -> bool {
        matches!(self.columns.as_slice(), [_, KindCounts { numbers: 1.., words: 1.., .. }])
    }

    /// Whether `row` has words where other rows have numbers, as a header does.
    pub(super) fn look_titled_by(&self, text: &str, row: &Row) -> bool {
        let mut pairs = self.pairs(text, &row.cells, 0);
        row.cells.len() == self.columns.len()
            && pairs.any(|(kind, column)| column == CellKind::Number && kind == CellKind::Words)
    }

    /// Whether `row` has a number in a column of numbers, as a data row does.
    pub(super) fn look_like(&self, text: &str, row: &Row) -> bool {
        let cells = row.cells.iter().map(|cell| CellKind::from_cell(&text[cell.range()]));
        cells.zip(&self.columns).any(|(kind, counts)| {
            kind == CellKind::Number
                && counts.numbers > 0
                && counts.words == 0
                && counts.others == 0
        })
    }

    /// Returns the index of the one missing cell of `row`, if the other cells fit their columns in
    /// only one way.
    pub(super) fn missing_cell(&self, text: &str, row: &Row) -> Option<usize> {
        let count = row.cells.len();
        if count + 1 != self.columns.len() {
            return None;
        }
        // A single cell of words may be a label above the rows that follow.
        if let [cell] = row.cells.as_slice()
            && CellKind::from_cell(&text[cell.range()]) == CellKind::Words
        {
            return None;
        }
        let fits = |(kind, column): &(CellKind, CellKind)| !kind.contradicts(*column);
        let latest = self.pairs(text, &row.cells, 0).take_while(fits).count();
        let shifted: Vec<(CellKind, CellKind)> = self.pairs(text, &row.cells, 1).collect();
        let earliest = count - shifted.iter().rev().take_while(|pair| fits(pair)).count();
        if earliest != latest {
            return None;
        }
        // The cells on both sides of the gap decide. They must match the kinds of their columns,
        // not just be compatible.
        let matches =
            |(kind, column): &(CellKind, CellKind)| kind == column && *kind != CellKind::Any;
        let is_right_firm = latest == count || shifted.get(latest).is_some_and(matches);
        let is_left_firm = latest == 0
            || self.pairs(text, &row.cells, 0).nth(latest - 1).is_some_and(|pair| matches(&pair));
        (is_left_firm && is_right_firm).then_some(latest)
    }

    /// Pairs the kinds of `cells` with those of the columns from `offset` on.
    fn pairs<'s>(
        &'s self,
        text: &'s str,
        cells: &'s [Span],
        offset: usize,
    ) -> impl Iterator<Item = (CellKind, CellKind)> + 's {
        let columns = self.columns.iter().skip(offset).map(|counts| counts.kind());
        cells.iter().map(|cell| CellKind::from_cell(&text[cell.range()])).zip(columns)
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
    fn locates_a_missing_cell_by_its_neighbours() {
        assert_eq!(missing("| 7 | felt |"), Some(0));
        assert_eq!(missing("| green | felt |"), Some(1));
        assert_eq!(missing("| green | 7 |"), Some(2));
        assert_eq!(missing("| green | ? |"), None);
        assert_eq!(missing("| 7 | 8 |"), None);
        assert_eq!(missing("| green |"), None);
    }
}
