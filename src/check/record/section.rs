//! Sections: runs of fields under one heading, or under none.

use std::iter::Peekable;

use super::Class;
use super::field::{Field, LONGEST_LABEL, LONGEST_LINE, Labels, cells, without_marker};
use crate::text::{Block, BlockKind, Document, Span, trim};

/// A run of fields.
pub(super) struct Section {
    /// From its heading, or its first field, to its last.
    pub(super) span: Span,
    pub(super) fields: Vec<Field>,
}

/// The fields of one line, with what belongs to them.
struct Row {
    /// From the heading above, if there is one, to the end of the last value.
    span: Span,
    fields: Vec<Field>,
    /// Blank lines, and no heading, stand between this row and the one before.
    after_gap: bool,
}

/// Whether so many fields may stand in `document`, without a look at how they stand together.
pub(super) fn may_hold(document: &Document<'_>, labels: &Labels, fields: usize) -> bool {
    if memchr::memmem::find(document.text().as_bytes(), "：".as_bytes()).is_some() {
        return true;
    }
    let text = document.text();
    let (mut count, mut colons) = (0, memchr::memchr_iter(b':', text.as_bytes()).peekable());
    document.blocks().iter().filter(|block| is_readable(block)).any(|block| {
        let lines = &document.lines()[block.lines.clone()];
        let is_label = |cell: &&Span| labels.class(&text[cell.range()]).is_some();
        let headed = |line: &Span| cells(text, *line).iter().filter(is_label).count() >= HEADED;
        let is_headed = block.kind == BlockKind::Table && lines.first().is_some_and(headed);
        is_headed
            || lines.iter().any(|line| {
                while colons.next_if(|colon| *colon < line.start).is_some() {}
                let within = std::iter::from_fn(|| colons.next_if(|colon| *colon < line.end)).count();
                if within >= 3 || labels.may_be_field(&text[line.range()]) {
                    let label = without_marker(text, *line);
                    count += labels.fields(text, trim(text, *line)).len();
                    count += usize::from(labels.class(&text[label.range()]).is_some());
                }
                count >= fields
            })
    })
}

/// Columns of a table that must be fields.
const HEADED: usize = 4;

/// In code a record is an example of one.
fn is_readable(block: &Block) -> bool {
    !matches!(block.kind, BlockKind::Blank | BlockKind::Code | BlockKind::Comment | BlockKind::FrontMatter)
}

/// The sections of `document`.
pub(super) fn sections(document: &Document<'_>, labels: &Labels) -> Vec<Section> {
    let mut collector = Collector {
        document,
        labels,
        sections: Vec::new(),
        rows: Vec::new(),
        heading: None,
        pending: Vec::new(),
        layout: String::new(),
        last_line: 0,
        gap: false,
    };
    let text = document.text();
    let mut lines = document
        .blocks()
        .iter()
        .filter(|block| is_readable(block))
        .flat_map(|block| block.lines.clone().map(move |line| (block, line)))
        .map(|(block, line)| (block, line, trim(text, document.lines()[line])))
        .peekable();
    while let Some((block, index, line)) = lines.next() {
        collector.gap |= index > collector.last_line + 1;
        if block.kind == BlockKind::Table && index == block.lines.start {
            if collector.take_table(block) {
                while lines.next_if(|(next, _, _)| next.lines == block.lines).is_some() {}
                continue;
            }
            if is_ruled(document, block) && labels.fields(text, line).is_empty() {
                collector.close();
                collector.heading.get_or_insert(Heading { span: line, is_known: true, line: index });
                continue;
            }
        }
        if !collector.take_label_above(index, line, &mut lines) {
            collector.take(index, line);
        }
        collector.last_line = index;
    }
    collector.close();
    collector.sections
}

#[derive(Clone, Copy)]
struct Heading {
    span: Span,
    is_known: bool,
    /// The index of its last line.
    line: usize,
}

struct Collector<'c, 't> {
    document: &'c Document<'t>,
    labels: &'c Labels,
    sections: Vec<Section>,
    /// The rows of the open section.
    rows: Vec<Row>,
    /// A heading that waits for fields, and whether its words are known to head records.
    heading: Option<Heading>,
    /// Lines within the open section that are no fields of a known class, with their indices.
    pending: Vec<(usize, Span)>,
    /// The marks around the last field's label.
    layout: String,
    /// The index of the last line that was looked at.
    last_line: usize,
    /// Blank lines stand somewhere after the last row.
    gap: bool,
}

impl Collector<'_, '_> {
    /// A line that may be a field, a heading, or something else.
    fn take(&mut self, index: usize, line: Span) {
        let text = self.document.text();
        let content = &text[line.range()];
        let fields = self.labels.fields(text, line);
        if !fields.is_empty() {
            return self.add(index, line, fields);
        }
        if !content.contains(char::is_alphanumeric) {
            return self.take_marks(index, line);
        }
        let is_known = self.labels.heads(content);
        let is_group = is_group_heading(content);
        // A group such as `instagram:` stays in the section if fields follow; so does a field of an unknown class.
        if !is_known && !is_group && self.may_belong(index, line) {
            self.pending.push((index, line));
            return;
        }
        if is_known || !is_group {
            self.close();
        }
        let above = self.heading.take().filter(|above| is_group && (above.is_known || above.line + 1 == index));
        self.heading = (is_known || is_group).then(|| Heading {
            span: above.map_or(line, |above| above.span.cover(line)),
            is_known: is_known || above.is_some_and(|above| above.is_known),
            line: index,
        });
    }

    fn add(&mut self, index: usize, line: Span, fields: Vec<Field>) {
        let (Some(first), Some(last)) = (fields.first(), fields.last()) else { return };
        let layout = self.layout(line, first);
        let after_blank = std::mem::take(&mut self.gap);
        if after_blank && layout != self.layout && self.heading.is_none() {
            self.close();
        }
        self.layout = layout;
        // What leads up to fields in a row is text of its own if it is more than a title.
        const LONGEST_TITLE: usize = 60;
        let lead = first.label.start.saturating_sub(line.start);
        let own = if lead > LONGEST_TITLE { first.label.start } else { line.start };
        let span = Span::new(own, last.value.end.max(line.end));
        // Any line may end with a colon: one that opens a section stands directly above it, or has words that are known.
        let heading = self
            .heading
            .take()
            .filter(|heading| heading.is_known || heading.line + 1 == index || !self.rows.is_empty());
        let after_gap = after_blank && heading.is_none();
        self.rows.push(Row { span: heading.map_or(span, |heading| heading.span.cover(span)), fields, after_gap });
        self.pending.clear();
    }

    /// The marks before a field's label, and the first after it.
    fn layout(&self, line: Span, field: &Field) -> String {
        let text = self.document.text();
        let before = text.get(line.start..field.label.start).unwrap_or_default();
        let between = text.get(field.label.end..field.value.start).unwrap_or_default();
        let is_mark = |character: &char| !character.is_alphanumeric() && !character.is_whitespace();
        before.chars().filter(is_mark).chain(['_']).chain(between.chars().find(is_mark)).collect()
    }

    /// A line without letters and digits: a rule of a table, a bracket of serialised data.
    fn take_marks(&mut self, index: usize, line: Span) {
        let content = self.document.slice(line);
        match self.rows.last_mut() {
            Some(row) if content.contains('}') && self.pending.is_empty() => row.span.end = line.end,
            None if content.contains('{') => self.heading = Some(Heading { span: line, is_known: true, line: index }),
            _ => {}
        }
    }

    /// A label on a line of its own, with its value on the next.
    fn take_label_above<'b, L>(&mut self, index: usize, line: Span, lines: &mut Peekable<L>) -> bool
    where
        L: Iterator<Item = (&'b Block, usize, Span)>,
    {
        let text = self.document.text();
        let label = without_marker(text, line);
        if label.len() > LONGEST_LABEL {
            return false;
        }
        let Some(class) = self.labels.class(&text[label.range()]) else { return false };
        let Some(&(_, _, value)) = lines.peek() else { return false };
        let content = &text[value.range()];
        // A family may be called Birth or City.
        let is_announced = text[label.range()].ends_with([':', '：']) && !content.ends_with([':', '：']);
        let is_value = content.len() <= LONGEST_LINE
            && class.fits(content)
            && (is_announced || self.labels.class(content).is_none())
            && self.labels.fields(text, value).is_empty();
        if is_value {
            lines.next();
            self.add(index, line, vec![Field { class, label, value }]);
        }
        is_value
    }

    /// A table that has the labels for its header: each row is a record.
    fn take_table(&mut self, block: &Block) -> bool {
        let text = self.document.text();
        let rows = &self.document.lines()[block.lines.clone()];
        let [header, rule, body @ ..] = rows else { return false };
        let classes: Vec<(Span, Option<Class>)> =
            cells(text, *header).into_iter().map(|cell| (cell, self.labels.class(&text[cell.range()]))).collect();
        let known = classes.iter().filter(|(_, class)| class.is_some()).count();
        if known < HEADED || known * 10 < classes.len() * 6 || !is_rule(&text[rule.range()]) {
            return false;
        }
        let fields: Vec<Field> = body
            .iter()
            .flat_map(|&row| cells(text, row).into_iter().zip(&classes))
            .filter_map(|(value, &(label, class))| Some(Field { class: class?, label, value }))
            .filter(|field| !field.value.is_empty())
            .collect();
        self.close();
        let start = self.heading.take().filter(|heading| heading.is_known).map_or(block.span.start, |it| it.span.start);
        self.sections.push(Section { span: Span::new(start, block.span.end), fields });
        true
    }

    /// Whether a line that is no field may still stand among fields: the rest of an address, or a field of another class.
    fn may_belong(&self, index: usize, line: Span) -> bool {
        const MOST_PENDING: usize = 2;
        const LONGEST: usize = 120;
        let Some(row) = self.rows.last() else { return false };
        if self.pending.len() >= MOST_PENDING || line.len() > LONGEST {
            return false;
        }
        let content = self.document.slice(without_marker(self.document.text(), line));
        let is_labelled = content.find([':', '：']).is_some_and(|at| at <= LONGEST_LABEL);
        is_labelled
            || index == self.last_line + 1 && row.fields.last().is_some_and(|field| field.class == Class::Address)
    }

    /// Ends the open section.
    fn close(&mut self) {
        if let Some(row) = self.rows.last_mut() {
            // The rest of an address at the end belongs to it if it holds a number such as a post code.
            let rest =
                self.pending.first().map(|&(index, line)| (index, line, self.document.slice(line))).filter(|rest| {
                    row.fields.last().is_some_and(|field| field.class == Class::Address)
                        && rest.0 == self.document.line_at(row.span.end.saturating_sub(1)) + 1
                        && !rest.2.ends_with('.')
                        && rest.2.bytes().filter(u8::is_ascii_digit).count() >= 3
                });
            if let Some((_, line, _)) = rest {
                row.span.end = line.end;
            }
        }
        self.pending.clear();
        // Where rows follow each other line by line, a gap ends a record.
        let gaps = self.rows.iter().skip(1).filter(|row| row.after_gap).count();
        let is_tight = gaps * 2 < self.rows.len().saturating_sub(1);
        let mut is_first = true;
        for row in self.rows.drain(..) {
            match self.sections.last_mut() {
                Some(section) if !(is_first || is_tight && row.after_gap) => {
                    section.span = section.span.cover(row.span);
                    section.fields.extend(row.fields);
                }
                _ => self.sections.push(Section { span: row.span, fields: row.fields }),
            }
            is_first = false;
        }
    }
}

/// A short line that ends with a colon and has nothing after it.
fn is_group_heading(line: &str) -> bool {
    let line = line.trim_end_matches(['*', '_', ' ', '{', '[']);
    line.len() <= LONGEST_LABEL && line.ends_with([':', '：']) && line.split_whitespace().count() <= 4
}

/// Whether the block is a table whose first row is set off by a rule.
fn is_ruled(document: &Document<'_>, block: &Block) -> bool {
    block.lines.len() > 2 && is_rule(document.slice(document.lines()[block.lines.start + 1]))
}

fn is_rule(row: &str) -> bool {
    row.contains('-') && row.chars().all(|character| matches!(character, '|' | '-' | ':' | ' ' | '\t' | '\r'))
}
