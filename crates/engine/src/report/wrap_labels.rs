//! Wraps long labels between words, beside their mark or, if there is no room, on the line below
//! it.
//!
//! The renderer prints a label on one line, and a terminal would break that line within a word.

use unicode_width::UnicodeWidthChar;

/// Minimum width for wrapping a label beside its mark.
const MIN_BESIDE: usize = 28;
/// Minimum width of a label below its mark, if necessary by starting left of the mark.
const MIN_BELOW: usize = 40;

/// Wraps each of `labels` in `rendered`, with or without colours, if its line is wider than
/// `columns`.
pub(super) fn wrap_labels(rendered: String, labels: &[String], columns: usize) -> String {
    let is_wide = |line: &str| line.len() > columns && width(&parse(line)) > columns;
    if !rendered.lines().any(is_wide) {
        return rendered;
    }
    let lines: Vec<Vec<Cell<'_>>> = rendered.lines().map(parse).collect();
    let mut wrapped: Vec<String> = Vec::with_capacity(lines.len());
    for (index, line) in lines.iter().enumerate() {
        let next = lines.get(index + 1).map_or(&[][..], Vec::as_slice);
        match LabelLine::find(line, labels).filter(|_| width(line) > columns) {
            Some(label) => wrapped.extend(label.wrap(next, columns).iter().map(|line| print(line))),
            None => wrapped.push(print(line)),
        }
    }
    wrapped.join("\n")
}

/// A character and the escape sequences that style it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cell<'r> {
    style: &'r str,
    character: char,
}

impl Cell<'_> {
    const BLANK: Self = Cell { style: "", character: ' ' };

    fn width(self) -> usize {
        self.character.width().unwrap_or(0)
    }
}

const RESET: &str = "\u{1b}[0m";

/// Parses a rendered line. The renderer starts a style with escape sequences and ends it with a
/// reset.
fn parse(line: &str) -> Vec<Cell<'_>> {
    let mut cells = Vec::with_capacity(line.len());
    for part in line.split(RESET) {
        let plain = part.find('\u{1b}').unwrap_or(part.len());
        let (before, styled) = part.split_at(plain);
        let mut text = 0;
        while let Some(end) = styled[text..].strip_prefix('\u{1b}').and_then(|rest| rest.find('m'))
        {
            text += end + 2;
        }
        let (style, styled) = styled.split_at(text);
        cells.extend(before.chars().map(|character| Cell { style: "", character }));
        cells.extend(styled.chars().map(|character| Cell { style, character }));
    }
    cells
}

fn print(cells: &[Cell<'_>]) -> String {
    let mut text = String::with_capacity(cells.len());
    let mut style = "";
    for cell in cells {
        if cell.style != style {
            if !style.is_empty() {
                text.push_str(RESET);
            }
            text.push_str(cell.style);
            style = cell.style;
        }
        text.push(cell.character);
    }
    if !style.is_empty() {
        text.push_str(RESET);
    }
    text
}

fn width(cells: &[Cell<'_>]) -> usize {
    cells.iter().map(|cell| cell.width()).sum()
}

/// A rendered line that ends with a label.
struct LabelLine<'l, 'r> {
    line: &'l [Cell<'r>],
    /// Width of the line number gutter, including its bar.
    gutter: usize,
    /// Index of the first cell of the label.
    label: usize,
}

impl<'l, 'r> LabelLine<'l, 'r> {
    /// Parses `line` if it consists of bars, blanks, marks and then one of `labels`.
    fn find(line: &'l [Cell<'r>], labels: &[String]) -> Option<Self> {
        let bar = line
            .iter()
            .position(|cell| cell.character != ' ')
            .filter(|&at| line[at].character == '|')?;
        let length = labels.iter().filter(|label| !label.is_empty() && ends_with(line, label));
        let label = line.len() - length.map(|label| label.chars().count()).max()?;
        let is_mark = |cell: &Cell<'_>| matches!(cell.character, ' ' | '|' | '^' | '-');
        let is_label = label > bar + 1 && line[bar..label].iter().all(is_mark);
        is_label.then_some(Self { line, gutter: bar + 1, label })
    }

    /// Returns the wrapped lines. `next` is the line below this one.
    fn wrap(&self, next: &[Cell<'r>], columns: usize) -> Vec<Vec<Cell<'r>>> {
        let (before, label) = self.line.split_at(self.label);
        let room = columns.saturating_sub(before.len());
        let is_mark = |cell: &Cell<'_>| matches!(cell.character, '^' | '-');
        let has_mark = before.iter().any(is_mark);
        if !has_mark || room >= MIN_BESIDE {
            let room = room.max(1);
            return wrap_words(label, room)
                .into_iter()
                .enumerate()
                .map(|(index, words)| {
                    let start =
                        if index == 0 { before.to_vec() } else { self.indent(next, self.label) };
                    [start, words].concat()
                })
                .collect();
        }
        let end = before.iter().rposition(is_mark).map_or(self.label, |last| last + 1);
        let mark =
            before[..end].iter().rposition(|cell| !is_mark(cell)).map_or(0, |blank| blank + 1);
        // A mark far to the right leaves no room below it either.
        let indent =
            mark.min(columns.saturating_sub(width(label).min(MIN_BELOW))).max(self.gutter + 1);
        let words = wrap_words(label, columns.saturating_sub(indent).max(1)).into_iter();
        let below = words.map(|words| [self.indent(next, indent), words].concat());
        std::iter::once(before[..end].to_vec()).chain(below).collect()
    }

    /// Returns the gutter and padding up to `column`, with the bars leading to other labels.
    fn indent(&self, next: &[Cell<'r>], column: usize) -> Vec<Cell<'r>> {
        let bar = |line: &[Cell<'r>], at: usize| {
            line.get(at).copied().filter(|cell| cell.character == '|')
        };
        // A source line does not continue the bars.
        let next = if bar(next, self.gutter - 1).is_some() { next } else { &[] };
        let filling = (self.gutter..column).map(|at| {
            bar(&self.line[..self.label], at).or_else(|| bar(next, at)).unwrap_or(Cell::BLANK)
        });
        self.line[..self.gutter].iter().copied().chain(filling).collect()
    }
}

fn ends_with(line: &[Cell<'_>], label: &str) -> bool {
    let mut cells = line.iter().rev();
    label
        .chars()
        .rev()
        .all(|character| cells.next().is_some_and(|cell| cell.character == character))
}

/// Breaks `cells` into lines of at most `room` columns: at spaces, next to wide characters or, as a
/// last resort, within words.
fn wrap_words<'r>(cells: &[Cell<'r>], room: usize) -> Vec<Vec<Cell<'r>>> {
    let mut lines = Vec::new();
    let mut rest = cells;
    while !rest.is_empty() {
        let mut used = 0;
        let fits = |cell: &&Cell<'_>| {
            used += cell.width();
            used <= room
        };
        let fit_count = rest.iter().take_while(fits).count().max(1);
        if fit_count == rest.len() {
            lines.push(rest.to_vec());
            break;
        }
        let may_break = |at: &usize| {
            let (left, right) = (rest[*at - 1], rest[*at]);
            right.character == ' ' || left.character == ' ' || left.width() > 1 || right.width() > 1
        };
        let end = (1..=fit_count).rev().find(may_break).unwrap_or(fit_count);
        let (line, after) = rest.split_at(end);
        let trimmed =
            line.iter().rposition(|cell| cell.character != ' ').map_or(0, |last| last + 1);
        lines.push(line[..trimmed].to_vec());
        rest = &after[after.iter().take_while(|cell| cell.character == ' ').count()..];
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_width::UnicodeWidthStr;

    fn wrapped(rendered: &str, label: &str, columns: usize) -> String {
        wrap_labels(rendered.to_owned(), &[label.to_owned()], columns)
    }

    #[test]
    fn wraps_a_label_beside_its_mark() {
        let line = "  | ^^^^ a heading that says what the table below is about";
        let expected = "  | ^^^^ a heading that says what the\n  |      table below is about";
        assert_eq!(wrapped(line, &line[9..], 40), expected);
        assert_eq!(wrapped(line, &line[9..], 80), line);
    }

    #[test]
    fn moves_a_label_without_room_below_its_mark() {
        let line = format!("  | {} copied from here", "^".repeat(34));
        assert_eq!(
            wrapped(&line, "copied from here", 40),
            format!("  | {}\n  | copied from here", "^".repeat(34))
        );
        let line = format!("  | {}^^^ copied from here", " ".repeat(30));
        let expected = format!("  | {}^^^\n  | {}copied from here", " ".repeat(30), " ".repeat(20));
        assert_eq!(wrapped(&line, "copied from here", 40), expected);
    }

    #[test]
    fn continues_the_bars_to_other_labels() {
        let rendered = "  | ^^^      --- the second of the two marks\n  | |\n  | first";
        let expected =
            "  | ^^^      ---\n  | |        the second of the two marks\n  | |\n  | first";
        assert_eq!(wrapped(rendered, "the second of the two marks", 40), expected);
        let rendered = "  | |     the second of the two marks";
        assert_eq!(
            wrapped(rendered, "the second of the two marks", 26),
            "  | |     the second of\n  | |     the two marks"
        );
    }

    #[test]
    fn keeps_the_colours_of_wrapped_text() {
        let (bar, mark) = ("\u{1b}[1m\u{1b}[94m  |\u{1b}[0m", "\u{1b}[1m\u{1b}[33m");
        let line =
            format!("{bar} {mark}^^^^{RESET} {mark}a heading that says nothing at all{RESET}");
        let expected = format!(
            "{bar} {mark}^^^^{RESET} {mark}a heading that says nothing{RESET}\n{bar}      {mark}at all{RESET}"
        );
        assert_eq!(wrapped(&line, "a heading that says nothing at all", 37), expected);
    }

    #[test]
    fn breaks_between_wide_characters() {
        let line = "  | ^^ 标题“对话的命令”下面没有正文只有一个表格";
        let printed = wrapped(line, &line[7..], 36);
        assert!(
            printed.lines().count() == 2 && printed.lines().all(|line| line.width() <= 36),
            "{printed}"
        );
    }

    #[test]
    fn leaves_lines_without_labels_unchanged() {
        for line in [
            "12 | ^^ label label label",
            "  = note: label label label",
            "  | text: label label label",
        ] {
            assert_eq!(wrapped(line, "label label label", 12), line);
        }
    }
}
