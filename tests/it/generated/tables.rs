//! Tables with known cells, and the harm that repairs of damaged tables do.

use std::collections::BTreeMap;

use super::Random;

/// Column titles, then the cells of each row. No word occurs twice.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) rows: Vec<Vec<String>>,
}

/// A damaged table.
#[derive(Debug, Clone)]
pub(crate) struct Damaged {
    /// The kind of damage.
    pub(crate) shape: &'static str,
    /// The document with the table.
    pub(crate) text: String,
    /// The row and column of each word.
    pub(super) places: BTreeMap<String, (usize, usize)>,
    /// The rows that are headers.
    pub(super) headers: Vec<usize>,
    /// Number of delimiters that a repair may remove, such as that of a repeated header.
    pub(crate) spare_delimiters: usize,
    /// Whether a repair may delete words, such as those of a repeated header.
    pub(crate) has_copies: bool,
}

/// Harm done by a repair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Harm {
    /// Words are lost.
    Lost(String),
    /// A cell in a changed row is in the wrong row or column.
    Moved(String),
    /// A data row is above a delimiter, and was not before.
    MadeHeader(String),
    /// There are fewer delimiters than before.
    DelimiterRemoved,
}

const LATIN: &str = "Amber Birch Cedar Delta Ember Fjord Grove Haven Islet Jetty Knoll Larch Maple Nectar Otter Pearl Quartz Raven \
    Sable Thorn Umber Velvet Willow Yarrow Zephyr Acorn Basalt Cobalt Dapple Elm Fennel Garnet Hazel Indigo Jasper Kelp \
    Linden Marble Nutmeg Onyx Poplar Quince Rowan Saffron Teal Ultra Violet Walnut Xenon Yew Zinc Alder Beech Clover Dune \
    Eider Flint Gorse Heron Ivy Juniper Kestrel Lupin Moss Nettle Ochre Plum Quail Reed Sorrel Tansy Umbel Vetch Wren Yucca";
const CHINESE: &str = "琥珀 白桦 雪松 三角 余烬 峡湾 果园 港口 小岛 码头 山丘 落叶 枫树 花蜜 水獭 珍珠 石英 乌鸦 黑貂 荆棘 棕土 \
    丝绒 柳树 蓍草 西风 橡子 玄武 钴蓝 斑纹 榆木 茴香 石榴 榛子 靛蓝 碧玉 海带 椴树 大理 肉豆 缟玛 白杨 木瓜 花楸 藏红 水鸭 核桃 \
    紫衫 锌板 赤杨 山毛 三叶 沙丘 绒鸭 燧石 金雀 苍鹭 长春 杜松 红隼 羽扇 苔藓 荨麻 赭石 李子 鹌鹑 芦苇 酸模 艾菊 伞形 野豌 鹪鹩 丝兰";

impl Table {
    /// Creates a table of `columns` columns and `rows` data rows.
    pub(crate) fn new(columns: usize, rows: usize, random: &mut Random) -> Self {
        let mut words: Vec<&str> =
            if random.below(5) == 0 { CHINESE } else { LATIN }.split_whitespace().collect();
        random.shuffle(&mut words);
        let mut words = words.into_iter();
        let mut number = 100 + random.below(400);
        // All cells of a column are of the same kind.
        let kinds: Vec<usize> = (0..columns).map(|_| random.below(4)).collect();
        let mut cell = |column: usize, is_title: bool, random: &mut Random| {
            number += 7 + random.below(9);
            let kind = if is_title { 2 } else { kinds[column] };
            match (kind, words.next()) {
                (0, _) => number.to_string(),
                (1, Some(word)) => format!("{word} {number}"),
                (_, Some(word)) => word.to_owned(),
                (_, None) => format!("T{number}"),
            }
        };
        let rows = (0..=rows)
            .map(|index| (0..columns).map(|column| cell(column, index == 0, random)).collect())
            .collect();
        Self { rows }
    }

    /// Returns the number of columns.
    pub(crate) fn columns(&self) -> usize {
        self.rows[0].len()
    }

    /// Formats the delimiter.
    pub(crate) fn delimiters(&self) -> String {
        delimiters(self.columns(), "---")
    }

    /// Formats the table, one line per row, including the delimiter.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.rows.iter().map(|row| line(row)).collect();
        lines.insert(1, self.delimiters());
        lines
    }

    /// Describes the table damaged into `text`, where the words of its cells are searched for.
    pub(crate) fn damaged(&self, shape: &'static str, text: String) -> Damaged {
        let mut places = BTreeMap::new();
        for (row, cells) in self.rows.iter().enumerate() {
            for (column, cell) in cells.iter().enumerate() {
                places.extend(words(cell).map(|word| (word.to_owned(), (row, column))));
            }
        }
        Damaged { shape, text, places, headers: vec![0], spare_delimiters: 0, has_copies: false }
    }
}

/// Formats a table row.
pub(crate) fn line<S: AsRef<str>>(cells: &[S]) -> String {
    let cells: Vec<&str> = cells.iter().map(AsRef::as_ref).collect();
    format!("| {} |", cells.join(" | "))
}

/// Formats a delimiter.
pub(crate) fn delimiters(columns: usize, sign: &str) -> String {
    format!("|{}", format!("{sign}|").repeat(columns))
}

impl Damaged {
    /// Declares that the words of `cell`, if present, belong in `row` and `column`.
    pub(crate) fn with(mut self, cell: &str, row: usize, column: usize) -> Self {
        self.places.extend(words(cell).map(|word| (word.to_owned(), (row, column))));
        self
    }

    /// Adds the rows of another table below those of this one.
    pub(crate) fn with_table(mut self, other: &Table) -> Self {
        const FURTHER: usize = 100;
        for (word, (row, column)) in other.damaged("", String::new()).places {
            self.places.insert(word, (row + FURTHER, column));
        }
        self.headers.push(FURTHER);
        self
    }

    /// Returns the harm in `fixed`, the result of a fix.
    pub(crate) fn harms(&self, fixed: &str) -> Vec<Harm> {
        let mut harms = Vec::new();
        if !self.has_copies {
            let (before, after) = (counts(&self.text), counts(fixed));
            let lost = before
                .iter()
                .filter(|(word, count)| after.get(*word).is_none_or(|kept| kept < count));
            let lost: Vec<&str> = lost.map(|(word, _)| *word).collect();
            if !lost.is_empty() {
                harms.push(Harm::Lost(lost.join(" ")));
            }
        }
        let lines: Vec<&str> = fixed.lines().collect();
        let old: Vec<&str> = self.text.lines().collect();
        let is_old = |line: &str| old.iter().any(|old| squeezed(old) == squeezed(line));
        for line in
            lines.iter().filter(|line| line.contains('|') && !is_delimiters(line) && !is_old(line))
        {
            if !self.is_right(line) {
                harms.push(Harm::Moved((*line).to_owned()));
            }
        }
        let above = |lines: &[&str]| -> Vec<String> {
            lines
                .windows(2)
                .filter(|pair| is_delimiters(pair[1]))
                .map(|pair| squeezed(pair[0]))
                .collect()
        };
        let before = above(&old);
        let is_data = |line: &String| {
            words(line).any(|word| {
                self.places.get(word).is_some_and(|(row, _)| !self.headers.contains(row))
            })
        };
        let made = above(&lines).into_iter().filter(|line| is_data(line) && !before.contains(line));
        harms.extend(made.map(Harm::MadeHeader));
        let count = |lines: &[&str]| lines.iter().filter(|line| is_delimiters(line)).count();
        if count(&lines) + self.spare_delimiters < count(&old) {
            harms.push(Harm::DelimiterRemoved);
        }
        harms
    }

    /// Whether the cells of a row are in their columns, and all belong to the same row.
    fn is_right(&self, line: &str) -> bool {
        let mut row = None;
        cells(line).iter().enumerate().all(|(column, cell)| {
            words(cell).filter_map(|word| self.places.get(word)).all(|(its_row, its_column)| {
                *its_column == column && row.replace(*its_row).is_none_or(|row| row == *its_row)
            })
        })
    }

    /// Whether `fixed` contains a table with all cells in place and no line left over.
    pub(crate) fn is_whole(&self, fixed: &str) -> bool {
        let lines: Vec<&str> = fixed.lines().collect();
        let mut seen = 0;
        let mut at = 0;
        while at + 1 < lines.len() {
            let columns = cells(lines[at]).len();
            if !(lines[at].contains('|')
                && is_delimiters(lines[at + 1])
                && cells(lines[at + 1]).len() == columns)
            {
                at += 1;
                continue;
            }
            let rows =
                lines[at..].iter().take_while(|line| !line.trim().is_empty() && line.contains('|'));
            for line in rows {
                at += 1;
                if is_delimiters(line) {
                    continue;
                }
                if cells(line).len() != columns || !self.is_right(line) {
                    return false;
                }
                seen += words(line).filter(|word| self.places.contains_key(*word)).count();
            }
        }
        seen >= words(fixed).filter(|word| self.places.contains_key(*word)).count()
    }
}

/// Whether a line is a delimiter, well-formed or not.
fn is_delimiters(line: &str) -> bool {
    let line = line.trim_start_matches(['>', ' ']).trim();
    line.contains('|')
        && line.chars().filter(|sign| "-—–=".contains(*sign)).count() >= 2
        && line.chars().all(|sign| "|-—–=: ".contains(sign))
}

/// Splits a row into trimmed cells.
fn cells(line: &str) -> Vec<String> {
    let line = line.trim_start_matches(['>', ' ']).trim();
    let line = line.strip_prefix('|').unwrap_or(line);
    let mut cells = vec![String::new()];
    let mut is_escaped = false;
    for sign in line.chars() {
        match (sign, cells.last_mut()) {
            ('|', _) if !is_escaped => cells.push(String::new()),
            (sign, Some(cell)) => cell.push(sign),
            _ => {}
        }
        is_escaped = sign == '\\' && !is_escaped;
    }
    if cells.last().is_some_and(|cell| cell.trim().is_empty()) && cells.len() > 1 {
        cells.pop();
    }
    cells.into_iter().map(|cell| cell.trim().to_owned()).collect()
}

fn squeezed(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty())
}

fn counts(text: &str) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for word in words(text) {
        *counts.entry(word).or_insert(0) += 1;
    }
    counts
}
