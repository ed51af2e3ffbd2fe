//! Damage that tables have when extracted or converted.

use super::Random;
use super::tables::{Damaged, Table, delimiters, line};

/// Damages a table that has at least two columns and three data rows.
type Shape = fn(&Table, &mut Random) -> Option<Damaged>;

/// What comes before and after a table.
const CONTEXTS: [(&str, &str); 6] = [
    ("", ""),
    (
        "The survey lists what grows along the river.\n\n",
        "\n\nAll figures are from the spring of last year.\n",
    ),
    ("## Survey\n\n", "\n"),
    ("- The first item of a list\n- The second item\n\n", "\n\n- One more item\n"),
    (
        "The survey lists what grows along the river:\n\n",
        "\n\n## Method\n\nWe walked the bank twice and counted.\n",
    ),
    ("", "\n\nSource: survey of the river, second edition.\n"),
];

/// Returns `rounds` documents per shape of damage, with tables of 2 to 6 columns.
pub(crate) fn damaged_tables(rounds: usize) -> impl Iterator<Item = Damaged> {
    SHAPES.iter().enumerate().flat_map(move |(index, shape)| {
        (0..rounds).filter_map(move |round| {
            let mut random = Random((index * 1_000 + round) as u64);
            let table = Table::new(2 + round % 5, 3 + random.below(5), &mut random);
            let mut damaged = shape(&table, &mut random)?;
            let (before, after) = random.pick(&CONTEXTS);
            damaged.text = format!("{before}{}{after}", damaged.text.trim_end_matches('\n'));
            if random.below(8) == 0 {
                damaged.text = damaged.text.replace('\n', "\r\n");
            }
            Some(damaged)
        })
    })
}

/// Creates a document from `lines`, which contain all lines of the table.
fn damaged(table: &Table, shape: &'static str, lines: &[String]) -> Option<Damaged> {
    Some(table.damaged(shape, lines.join("\n")))
}

/// Picks a data row, neither the first nor the last if there are others.
fn data_row(table: &Table, random: &mut Random) -> usize {
    2 + random.below(table.rows.len() - 3)
}

/// Replaces one data row of the table by `replaced`.
fn with_row(
    table: &Table,
    shape: &'static str,
    row: usize,
    replaced: Vec<String>,
) -> Option<Damaged> {
    let mut lines = table.lines();
    lines.splice(row + 1..row + 2, replaced);
    damaged(table, shape, &lines)
}

const SHAPES: &[Shape] = &[
    |table, _| damaged(table, "whole", &table.lines()),
    |table, _| {
        let lines: Vec<String> =
            table.lines().iter().map(|line| line.trim_matches(['|', ' ']).to_owned()).collect();
        damaged(table, "whole, without outer bars", &lines)
    },
    |table, _| {
        let mut lines = table.lines();
        lines[1] = delimiters(table.columns(), ":---:");
        let wide = |line: &String| line.replace(" | ", "    |  ");
        damaged(table, "whole, aligned", &lines.iter().map(wide).collect::<Vec<_>>())
    },
    |table, random| {
        let row = data_row(table, random);
        let cells = &table.rows[row];
        with_row(table, "short row: last cell lost", row, vec![line(&cells[..cells.len() - 1])])
    },
    |table, random| {
        let row = data_row(table, random);
        with_row(table, "short row: first cell lost", row, vec![line(&table.rows[row][1..])])
    },
    |table, random| {
        let row = data_row(table, random);
        let mut cells = table.rows[row].clone();
        cells.remove(table.columns() / 2);
        with_row(table, "short row: middle cell lost", row, vec![line(&cells)])
    },
    |table, random| {
        let row = data_row(table, random);
        let text = line(&table.rows[row][1..]);
        with_row(
            table,
            "first cell and its bar lost",
            row,
            vec![text.trim_start_matches("| ").to_owned()],
        )
    },
    |table, random| {
        let row = data_row(table, random);
        with_row(
            table,
            "first bar lost",
            row,
            vec![line(&table.rows[row]).trim_start_matches("| ").to_owned()],
        )
    },
    |table, random| {
        let row = data_row(table, random);
        with_row(
            table,
            "last bar lost",
            row,
            vec![line(&table.rows[row]).trim_end_matches(" |").to_owned()],
        )
    },
    // A cell that spans rows appears only in the first of them.
    |table, _| {
        let mut lines = table.lines();
        for (row, text) in lines.iter_mut().enumerate().skip(3) {
            if row % 3 != 0 {
                *text = line(&table.rows[row - 1][1..]);
            }
        }
        damaged(table, "row span", &lines)
    },
    |table, _| {
        let mut lines = table.lines();
        let last = table.rows.len() - 1;
        let middle = table.columns() - 1;
        for row in [last - 1, last] {
            let cells: Vec<&String> = table.rows[row]
                .iter()
                .enumerate()
                .filter(|(column, _)| *column != middle / 2)
                .map(|(_, cell)| cell)
                .collect();
            lines[row + 1] = line(&cells);
        }
        damaged(table, "row span in a middle column", &lines)
    },
    // A cell that spans columns appears once.
    |table, random| {
        let row = data_row(table, random);
        let cells = &table.rows[row];
        let text = line(&[format!("**{}**", cells[0]), cells[cells.len() - 1].clone()]);
        if table.columns() > 2 { with_row(table, "column span", row, vec![text]) } else { None }
    },
    |table, random| {
        let row = data_row(table, random);
        with_row(table, "long row: empty cell", row, vec![format!("{}  |", line(&table.rows[row]))])
    },
    |table, random| {
        let row = data_row(table, random);
        let mut cells = table.rows[row].clone();
        cells[0] = format!("{} | Extra", cells[0]);
        let damaged = with_row(table, "long row: bar in the first cell", row, vec![line(&cells)])?;
        Some(damaged.with("Extra", row, 0))
    },
    |table, random| {
        let row = data_row(table, random);
        let mut lines = table.lines();
        lines.insert(row + 1, "| **Southern bank** |".into());
        Some(damaged(table, "label row", &lines)?.with("Southern bank", 90, 0))
    },
    |table, random| {
        let row = data_row(table, random);
        let mut lines = table.lines();
        lines.insert(row + 1, "Southern bank".into());
        Some(damaged(table, "label line", &lines)?.with("Southern bank", 90, 0))
    },
    |table, random| {
        let row = data_row(table, random);
        let mut lines = table.lines();
        lines.insert(
            row + 1,
            line(
                &vec!["Southern bank"; 1]
                    .into_iter()
                    .chain(vec![""; table.columns() - 1])
                    .collect::<Vec<_>>(),
            ),
        );
        Some(damaged(table, "label row, padded", &lines)?.with("Southern bank", 90, 0))
    },
    |table, random| {
        let row = data_row(table, random);
        let cells = table.rows[row].iter().flat_map(|cell| ["|".to_owned(), cell.clone()]);
        with_row(table, "cells on lines of their own", row, cells.chain(["|".to_owned()]).collect())
    },
    |table, _| {
        let lines: Vec<String> = (table.rows.iter().enumerate())
            .flat_map(|(row, cells)| {
                let mut lines: Vec<String> =
                    cells.iter().flat_map(|cell| ["|".to_owned(), cell.clone()]).collect();
                lines.push("|".into());
                lines.extend((row == 0).then(|| table.delimiters()));
                lines
            })
            .collect();
        damaged(table, "all cells on lines of their own", &lines)
    },
    |table, random| {
        let row = data_row(table, random);
        let lines = table.rows[row].iter().map(|cell| format!("| {cell}")).collect::<Vec<_>>();
        with_row(table, "one line for each cell", row, lines)
    },
    |table, random| split_cell(table, random, "blank line in a cell", "\n\n"),
    |table, random| split_cell(table, random, "line break in a cell", "\n"),
    |table, random| split_cell(table, random, "list in a cell", "\n- "),
    |table, random| {
        let row = data_row(table, random);
        let mut cells = table.rows[row].clone();
        let last = cells.len() - 1;
        cells[last] = format!("- {} - Overleaf Rest", cells[last]);
        Some(with_row(table, "flat list in a cell", row, vec![line(&cells)])?.with(
            "Overleaf Rest",
            row,
            last,
        ))
    },
    |table, _| {
        let mut lines = table.lines();
        let groups: Vec<String> =
            (0..table.columns()).map(|column| format!("Group{}", column / 2)).collect();
        lines.insert(0, line(&groups));
        damaged(table, "two headers", &lines)
    },
    |table, _| {
        let mut lines = table.lines();
        let units: Vec<String> =
            (0..table.columns()).map(|column| format!("(unit{column})")).collect();
        lines.insert(2, line(&units));
        damaged(table, "units below the header", &lines)
    },
    |table, _| {
        let mut lines = table.lines();
        lines.insert(0, line(&vec![""; table.columns()]));
        damaged(table, "empty header above the real one", &lines)
    },
    |table, _| {
        let mut lines = table.lines();
        lines.splice(
            0..2,
            [line(&vec![""; table.columns()]), table.delimiters(), line(&table.rows[0])],
        );
        damaged(table, "empty header", &lines)
    },
    |table, random| {
        let row = data_row(table, random);
        let mut lines = table.lines();
        lines.splice(row + 1..row + 1, [line(&table.rows[0]), table.delimiters()]);
        let damaged = damaged(table, "header repeated", &lines)?;
        Some(Damaged { spare_delimiters: 1, has_copies: true, ..damaged })
    },
    |table, _| wrapped_header(table, 1),
    |table, _| wrapped_header(table, table.columns() - 1),
    |table, _| wrapped_header(table, 0),
    |table, _| {
        let mut lines = table.lines();
        let title = table.columns() - 1;
        lines[0] = lines[0].replacen(
            &table.rows[0][title],
            &format!("{}\ncontinued", table.rows[0][title]),
            1,
        );
        Some(damaged(table, "line break in a title", &lines)?.with("continued", 0, title))
    },
    |table, _| {
        let mut lines = table.lines();
        lines.remove(1);
        damaged(table, "delimiter row missing", &lines)
    },
    |table, _| {
        let mut lines = table.lines();
        lines[1] = delimiters(table.columns() - 1, "---");
        if table.columns() > 2 { damaged(table, "delimiter row short", &lines) } else { None }
    },
    |table, _| {
        let mut lines = table.lines();
        lines[1] = delimiters(table.columns() + 1, "---");
        damaged(table, "delimiter row long", &lines)
    },
    |table, random| {
        let mut lines = table.lines();
        lines[1] = delimiters(table.columns(), random.pick(&["———", "–––", "===", "—"]));
        damaged(table, "delimiter row of other signs", &lines)
    },
    |table, _| {
        let mut lines = table.lines();
        lines.swap(0, 1);
        damaged(table, "delimiter row first", &lines)
    },
    |table, random| {
        let row = data_row(table, random);
        let mut lines = table.lines();
        lines.insert(row + 1, table.delimiters());
        damaged(table, "delimiter row between rows", &lines)
    },
    |table, _| {
        let mut lines = table.lines();
        lines.remove(0);
        damaged(table, "header lost", &lines)
    },
    |table, _| damaged(table, "glued", &[table.lines().join(" ")]),
    |table, _| {
        let lines = table.lines().join(" ");
        damaged(
            table,
            "glued to prose",
            &[format!("The survey lists these: {lines} and no others.")],
        )
    },
    |table, _| {
        let mut lines = table.lines();
        lines.insert(0, "The survey of the year lists what follows.".into());
        damaged(table, "text directly above", &lines)
    },
    |table, _| {
        let mut lines = table.lines();
        lines.push("That is all that the survey lists for the year.".into());
        damaged(table, "text directly below", &lines)
    },
    |table, random| {
        let mut lines = table.lines();
        let belonging = [
            "{: .table .table-striped}",
            "[Plants of the river]",
            "^river-table",
            "Table: Plants of the river",
            "[^1]: Rough figures",
        ];
        lines.push(random.pick(&belonging).to_owned());
        damaged(table, "attributes, caption or anchor below", &lines)
    },
    |table, random| {
        let row = data_row(table, random);
        let mut lines = table.lines();
        lines.insert(row + 1, String::new());
        damaged(table, "blank line between rows", &lines)
    },
    |table, _| {
        let mut lines = table.lines();
        lines.insert(1, String::new());
        damaged(table, "blank line below the header", &lines)
    },
    |table, _| {
        let lines: Vec<String> =
            table.lines().iter().flat_map(|line| [line.clone(), String::new()]).collect();
        damaged(table, "blank lines between all rows", &lines)
    },
    |table, random| {
        let row = data_row(table, random);
        let mut lines = table.lines();
        lines[row + 1] = format!("- {}", lines[row + 1]);
        damaged(table, "list marker before a row", &lines)
    },
    |table, random| {
        let row = data_row(table, random);
        let mut cells = table.rows[row].clone();
        cells[0] = format!("{} \\| `left \\| right`", cells[0]);
        Some(with_row(table, "escaped bars", row, vec![line(&cells)])?.with("left right", row, 0))
    },
    |table, random| {
        let row = data_row(table, random);
        let mut cells = table.rows[row].clone();
        cells[0] = format!("{} `left | right`", cells[0]);
        Some(with_row(table, "bar in code", row, vec![line(&cells)])?.with("left right", row, 0))
    },
    |table, random| {
        let row = data_row(table, random);
        let mut cells = table.rows[row].clone();
        cells[0] = format!("[[{}|alias]]", cells[0]);
        Some(with_row(table, "bar in a wiki link", row, vec![line(&cells)])?.with("alias", row, 0))
    },
    |table, _| {
        let mut table = table.clone();
        for (row, cells) in table.rows.iter_mut().enumerate().skip(1) {
            let column = row % cells.len();
            cells[column].clear();
        }
        damaged(&table, "empty cells", &table.lines())
    },
    |table, _| {
        let mut table = table.clone();
        table.rows[0][0].clear();
        damaged(&table, "empty first title", &table.lines())
    },
    |table, random| {
        let row = data_row(table, random);
        let mut lines = table.lines();
        lines.insert(row + 1, line(&vec![""; table.columns()]));
        damaged(table, "empty row", &lines)
    },
    |table, _| {
        let mut lines = table.lines();
        let last = lines.len() - 1;
        lines[last] =
            format!("| {}", table.rows[table.rows.len() - 1][..table.columns() - 1].join(" | "));
        damaged(table, "cut off", &lines)
    },
    |table, random| two_tables(table, random, "two tables", "\n\n"),
    |table, random| two_tables(table, random, "two tables without a blank line", "\n"),
    |table, random| {
        two_tables(
            table,
            random,
            "two tables and a caption between them",
            "\n\nThe other bank:\n\n",
        )
    },
    |table, _| {
        let lines: Vec<String> = table.lines().iter().map(|line| format!("> {line}")).collect();
        damaged(table, "in a quotation", &lines)
    },
    |table, random| {
        let row = data_row(table, random);
        let mut lines: Vec<String> = table.lines().iter().map(|line| format!("> {line}")).collect();
        lines[row + 1] = format!("> {}", line(&table.rows[row][1..]));
        damaged(table, "short row in a quotation", &lines)
    },
];

/// Splits a cell of a data row by `gap`.
fn split_cell(
    table: &Table,
    random: &mut Random,
    shape: &'static str,
    gap: &str,
) -> Option<Damaged> {
    let row = data_row(table, random);
    let column = random.below(table.columns());
    let mut cells = table.rows[row].clone();
    cells[column] = format!("{}{gap}Overleaf Rest", cells[column]);
    let lines = line(&cells).split('\n').map(str::to_owned).collect();
    Some(with_row(table, shape, row, lines)?.with("Overleaf Rest", row, column))
}

/// Continues the titles of the header in the next row: the title of `column`, or all titles if it
/// is 0.
fn wrapped_header(table: &Table, column: usize) -> Option<Damaged> {
    let part = |index: usize| {
        if column == 0 || index == column { format!("per unit{index}") } else { String::new() }
    };
    let parts: Vec<String> = (0..table.columns()).map(part).collect();
    let mut lines = table.lines();
    lines.insert(1, line(&parts));
    let damaged = damaged(table, "titles wrapped into a second row", &lines)?;
    Some(parts.iter().enumerate().fold(damaged, |damaged, (index, part)| {
        damaged.with(part.trim_start_matches("per "), 0, index)
    }))
}

/// Puts `gap` between two tables with different words.
fn two_tables(
    table: &Table,
    random: &mut Random,
    shape: &'static str,
    gap: &str,
) -> Option<Damaged> {
    let mut other = Table::new(table.columns(), 3, random);
    for cell in other.rows.iter_mut().flatten() {
        *cell = cell.split(' ').map(|word| format!("{word}x")).collect::<Vec<_>>().join(" ");
    }
    let lines = [table.lines().join("\n"), other.lines().join("\n")];
    Some(damaged(table, shape, &[lines.join(gap)])?.with_table(&other))
}
