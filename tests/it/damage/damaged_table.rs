//! Tables with known content and the damage done to them.

use std::collections::BTreeSet;

use proptest::prelude::*;

/// What a column contains.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Content {
    Words,
    Numbers,
    Mixed,
    Ideographs,
    Code,
}

/// How a table is written.
#[derive(Debug, Clone)]
pub(super) struct TableStyle {
    pub(super) outer_pipes: bool,
    pub(super) aligned: bool,
    pub(super) padded: bool,
    pub(super) prefix: &'static str,
    pub(super) text_above: bool,
    pub(super) text_below: bool,
}

/// A defect added to a table. Numbers choose the row and the column.
#[derive(Debug, Clone, Copy)]
pub(super) enum Damage {
    FirstCellLost(usize),
    LastCellLost(usize),
    CellDropped(usize, usize),
    RowSpan {
        first: usize,
        count: usize,
        column: usize,
    },
    TotalRow,
    Label(usize, &'static str),
    AllCellsOnLines,
    BlankInCell(usize, usize),
    Wrapped(usize, usize),
    WrappedHeader,
    EmptyHeader(bool),
    NoDelimiter,
    ShortDelimiter,
    Gap(usize),
    ExtraCell(usize),
    Below(&'static str),
    HeaderAgain(usize),
    /// A label in the first cell that spans all columns.
    SpanningLabel(usize),
    /// A list that lost its line breaks.
    FlatList(usize, usize),
    /// Only the leading pipe is lost.
    LeadingPipeLost(usize),
    CellsOnLines(usize),
    Quoted(usize),
}

#[derive(Debug, Clone)]
pub(super) struct Damaged {
    pub(super) columns: Vec<Content>,
    pub(super) rows: usize,
    /// Empty cells.
    pub(super) empty: BTreeSet<(usize, usize)>,
    pub(super) style: TableStyle,
    pub(super) damages: Vec<Damage>,
}

/// Returns the content of a cell: a unique word and a common one.
pub(super) fn cell(content: Content, row: usize, column: usize) -> String {
    const SYLLABLES: [&str; 10] = ["ba", "de", "fi", "go", "ku", "la", "me", "ni", "po", "ru"];
    let name = format!(
        "{}{}{}",
        SYLLABLES[row % 10],
        SYLLABLES[column % 10],
        SYLLABLES[(row + column) % 10]
    );
    match content {
        _ if row == 0 => format!("Title{name} of"),
        Content::Words => format!("{name} kept"),
        Content::Numbers => format!("{}{}{} 55", 3 + row, column + 1, (row * column) % 7),
        Content::Mixed => format!("{name}{row} kept"),
        Content::Ideographs => format!(
            "欄{}{} 値",
            ["一", "二", "三", "四", "五", "六", "七", "八"][row % 8],
            ["甲", "乙", "丙", "丁", "戊", "己"][column % 6]
        ),
        Content::Code => format!("`{name}\\|b` kept"),
    }
}

/// Returns the unique word of a cell.
pub(super) fn key(content: Content, row: usize, column: usize) -> String {
    let cell = cell(content, row, column);
    let word = cell.split(' ').next().unwrap();
    word.trim_matches('`').split('\\').next().unwrap().to_owned()
}

impl Damaged {
    pub(super) fn width(&self) -> usize {
        self.columns.len()
    }

    pub(super) fn cells(&self, row: usize) -> Vec<String> {
        let cell = |(column, &content): (usize, &Content)| {
            let is_empty = row > 0 && self.empty.contains(&(row, column));
            if is_empty { String::new() } else { cell(content, row, column) }
        };
        self.columns.iter().enumerate().map(cell).collect()
    }

    pub(super) fn line(&self, cells: &[String]) -> String {
        let pad =
            |cell: &String| if self.style.padded { format!("{cell:<14}") } else { cell.clone() };
        let inner = cells.iter().map(pad).collect::<Vec<_>>().join(" | ");
        if self.style.outer_pipes { format!("| {inner} |") } else { inner.trim().to_owned() }
    }

    /// Puts the cells of a row on separate lines, with pipes on lines between them.
    pub(super) fn cells_and_pipes_on_lines(&self, row: usize) -> Vec<String> {
        let mut lines = vec!["|".to_owned()];
        lines.extend(self.cells(row).into_iter().flat_map(|cell| [cell, " |".to_owned()]));
        lines.retain(|line| !line.is_empty());
        lines
    }

    pub(super) fn delimiter(&self, width: usize) -> String {
        let dashes = |column: usize| match (self.style.aligned, column % 3) {
            (false, _) => "---",
            (true, 0) => ":---",
            (true, 1) => "---:",
            (true, _) => ":-:",
        };
        self.line(&(0..width).map(|column| dashes(column).to_owned()).collect::<Vec<_>>())
    }

    /// Formats the table: header, delimiter and rows, with the damage applied.
    pub(super) fn text(&self) -> String {
        let mut groups: Vec<Vec<String>> =
            vec![vec![self.line(&self.cells(0))], vec![self.delimiter(self.width())]];
        groups.extend((1..=self.rows).map(|row| vec![self.line(&self.cells(row))]));
        let mut below = Vec::new();
        for &damage in &self.damages {
            self.apply(damage, &mut groups, &mut below);
        }
        let mut lines: Vec<String> = Vec::new();
        if self.style.text_above {
            lines.extend(["Some words above.".to_owned(), String::new()]);
        }
        lines.extend(groups.into_iter().flatten());
        lines.extend(below);
        if self.style.text_below {
            lines.extend([String::new(), "Some words below.".to_owned()]);
        }
        let line =
            |line: String| format!("{}{line}", self.style.prefix).trim_end().to_owned() + "\n";
        lines.into_iter().map(line).collect()
    }

    pub(super) fn apply(
        &self,
        damage: Damage,
        groups: &mut [Vec<String>],
        below: &mut Vec<String>,
    ) {
        // Data rows come after the header and the delimiter.
        let place = |row: usize| 1 + (row - 1) % self.rows + 1;
        let group_of = |row: usize| 2 + (row - 1) % self.rows;
        let number = |row: usize| (row - 1) % self.rows + 1;
        match damage {
            Damage::FirstCellLost(row) => {
                let cells = self.cells(number(row));
                let rest = self.line(&cells[1..]);
                groups[group_of(row)] = vec![rest.strip_prefix('|').unwrap_or(&rest).to_owned()];
            }
            Damage::LastCellLost(row) => {
                let cells = self.cells(number(row));
                let rest = self.line(&cells[..cells.len() - 1]);
                groups[group_of(row)] =
                    vec![rest.strip_suffix('|').unwrap_or(&rest).trim_end().to_owned()];
            }
            Damage::CellDropped(row, column) => {
                let mut cells = self.cells(number(row));
                cells.remove(column % self.width());
                groups[group_of(row)] = vec![self.line(&cells)];
            }
            Damage::RowSpan { first, count, column } => {
                for row in number(first) + 1..=(number(first) + count).min(self.rows) {
                    let mut cells = self.cells(row);
                    cells.remove(column % self.width());
                    groups[1 + row] = vec![self.line(&cells)];
                }
            }
            Damage::TotalRow => {
                let mut cells = self.cells(self.rows);
                if self.width() > 2 {
                    cells.remove(1);
                }
                groups[1 + self.rows] = vec![self.line(&cells)];
            }
            Damage::Label(row, label) => groups[place(row)].insert(0, label.to_owned()),
            Damage::AllCellsOnLines => {
                for row in 1..=self.rows {
                    groups[1 + row] = self.cells_and_pipes_on_lines(row);
                }
            }
            Damage::BlankInCell(row, column) | Damage::Wrapped(row, column) => {
                let mut cells = self.cells(number(row));
                let column = column % self.width();
                let cell = cells[column].replacen(' ', "\n", 1);
                if cell.contains('\n') && self.style.outer_pipes {
                    cells[column] = cell;
                    let line = self.line(&cells);
                    let (first, second) = line.split_once('\n').unwrap();
                    let mut lines = vec![first.to_owned(), second.to_owned()];
                    if matches!(damage, Damage::BlankInCell(..)) {
                        lines.insert(1, String::new());
                    }
                    groups[group_of(row)] = lines;
                }
            }
            Damage::WrappedHeader => {
                let cells: Vec<String> =
                    self.cells(0).iter().map(|cell| cell.replacen(' ', "\n", 1)).collect();
                let line = format!("| {} |", cells.join("\n         |      "));
                if self.style.outer_pipes {
                    groups[0] = line.split('\n').map(str::to_owned).collect();
                }
            }
            Damage::EmptyHeader(with_delimiter) => {
                let empty = format!("|{}", "   |".repeat(self.width()));
                let mut lines = vec![empty];
                if with_delimiter {
                    lines.push(self.delimiter(self.width()));
                }
                groups[0].splice(0..0, lines);
            }
            Damage::SpanningLabel(row) => {
                groups[place(row)].insert(0, "| Mail servers |".to_owned())
            }
            Damage::FlatList(row, column) => {
                let mut cells = self.cells(number(row));
                let column = column % self.width();
                cells[column] = format!("* begin {} * and more * and yet more", cells[column]);
                groups[group_of(row)] = vec![self.line(&cells)];
            }
            Damage::LeadingPipeLost(row) => {
                let line = self.line(&self.cells(number(row)));
                groups[group_of(row)] = vec![line.strip_prefix("| ").unwrap_or(&line).to_owned()];
            }
            Damage::CellsOnLines(row) => {
                groups[group_of(row)] = self.cells_and_pipes_on_lines(number(row))
            }
            Damage::Quoted(row) => {
                let mut cells = self.cells(number(row));
                cells[0] = format!("- {}", cells[0]);
                groups[group_of(row)] = vec![self.line(&cells)];
            }
            Damage::NoDelimiter => groups[1].clear(),
            Damage::ShortDelimiter => groups[1] = vec![self.delimiter(self.width() - 1)],
            Damage::Gap(row) => groups[place(row)].insert(0, String::new()),
            Damage::ExtraCell(row) => {
                let mut cells = self.cells(number(row));
                cells.push(String::new());
                groups[group_of(row)] = vec![self.line(&cells)];
            }
            Damage::Below(line) => below.push(line.to_owned()),
            Damage::HeaderAgain(row) => {
                let lines = [self.line(&self.cells(0)), self.delimiter(self.width())];
                groups[place(row)].splice(0..0, lines);
            }
        }
    }
}

pub(super) fn damage() -> impl Strategy<Value = Damage> {
    let row = 1_usize..8;
    let column = 0_usize..6;
    let label = prop_oneof![
        Just("Mail servers"),
        Just("**Mail servers**"),
        Just("郵便"),
        Just("mail, by size:")
    ];
    let line = prop_oneof![
        Just("{: .wide }"),
        Just("[A caption]"),
        Just(": A caption"),
        Just("^block-id"),
        Just("Note: a remark on the table."),
        Just("※ 注"),
    ];
    prop_oneof![
        row.clone().prop_map(Damage::FirstCellLost),
        row.clone().prop_map(Damage::LastCellLost),
        (row.clone(), column.clone()).prop_map(|(row, column)| Damage::CellDropped(row, column)),
        (row.clone(), 1_usize..4, column.clone())
            .prop_map(|(first, count, column)| Damage::RowSpan { first, count, column }),
        Just(Damage::TotalRow),
        (row.clone(), label).prop_map(|(row, label)| Damage::Label(row, label)),
        Just(Damage::AllCellsOnLines),
        (row.clone(), column.clone()).prop_map(|(row, column)| Damage::BlankInCell(row, column)),
        (row.clone(), column).prop_map(|(row, column)| Damage::Wrapped(row, column)),
        Just(Damage::WrappedHeader),
        any::<bool>().prop_map(Damage::EmptyHeader),
        Just(Damage::NoDelimiter),
        Just(Damage::ShortDelimiter),
        row.clone().prop_map(Damage::Gap),
        row.clone().prop_map(Damage::ExtraCell),
        line.prop_map(Damage::Below),
        row.clone().prop_map(Damage::HeaderAgain),
        row.clone().prop_map(Damage::SpanningLabel),
        (row.clone(), 0_usize..6).prop_map(|(row, column)| Damage::FlatList(row, column)),
        row.clone().prop_map(Damage::LeadingPipeLost),
        row.clone().prop_map(Damage::CellsOnLines),
        row.prop_map(Damage::Quoted),
    ]
}

pub(super) fn damaged(count: std::ops::Range<usize>) -> impl Strategy<Value = Damaged> {
    let content = prop_oneof![
        4 => Just(Content::Words), 3 => Just(Content::Numbers), 1 => Just(Content::Mixed),
        1 => Just(Content::Ideographs), 1 => Just(Content::Code)
    ];
    let prefix = prop_oneof![4 => Just(""), 1 => Just("> "), 1 => Just("  ")];
    let style = (prop::bool::weighted(0.8), any::<[bool; 4]>(), prefix).prop_map(
        |(outer_pipes, [aligned, padded, text_above, text_below], prefix)| TableStyle {
            outer_pipes,
            aligned,
            padded,
            prefix,
            text_above,
            text_below,
        },
    );
    let columns = prop::collection::vec(content, 2..6);
    let empty = prop::collection::btree_set((1_usize..8, 0_usize..6), 0..3);
    (columns, 2_usize..8, empty, style, prop::collection::vec(damage(), count)).prop_map(
        |(columns, rows, empty, style, damages)| Damaged { columns, rows, empty, style, damages },
    )
}
