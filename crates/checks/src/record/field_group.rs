//! Groups of fields: runs of fields below one heading, or below none.

use std::iter::Peekable;

use super::field::{Field, LabelIndex, MAX_LABEL_BYTES, MAX_LINE_BYTES, cells, without_marker};
use super::field_kind::FieldKind;
use dechaff_text::{Block, BlockKind, Document, Span, trim};

/// A run of fields.
pub(super) struct FieldGroup {
    /// From its heading, or its first field, to its last field.
    pub(super) span: Span,
    pub(super) fields: Vec<Field>,
}

/// The fields of one line.
struct FieldLine {
    /// From the heading above, if there is one, to the end of the last value.
    span: Span,
    fields: Vec<Field>,
    /// Whether there are blank lines, and no heading, between this line and the one before.
    after_gap: bool,
}

/// Prefilter: whether `document` may contain at least `fields` fields, wherever they are.
pub(super) fn may_contain_records(
    document: &Document<'_>,
    labels: &LabelIndex,
    fields: usize,
) -> bool {
    if memchr::memmem::find(document.text().as_bytes(), "：".as_bytes()).is_some() {
        return true;
    }
    let text = document.text();
    let mut count = 0;
    let mut colons = memchr::memchr_iter(b':', text.as_bytes()).peekable();
    document.blocks().iter().filter(|block| is_readable(block)).any(|block| {
        let lines = &document.lines()[block.lines.clone()];
        let is_label = |cell: &&Span| labels.kind(&text[cell.range()]).is_some();
        let headed = |line: &Span| {
            cells(text, *line).iter().filter(is_label).count() >= MIN_LABELLED_COLUMNS
        };
        let is_headed = block.kind == BlockKind::Table && lines.first().is_some_and(headed);
        is_headed
            || lines.iter().any(|line| {
                while colons.next_if(|colon| *colon < line.start).is_some() {}
                let within =
                    std::iter::from_fn(|| colons.next_if(|colon| *colon < line.end)).count();
                if within >= 3 || labels.may_be_field(&text[line.range()]) {
                    let label = without_marker(text, *line);
                    count += labels.fields(text, trim(text, *line)).len();
                    count += usize::from(labels.kind(&text[label.range()]).is_some());
                }
                count >= fields
            })
    })
}

/// Minimum number of known labels in the header of a table of records.
const MIN_LABELLED_COLUMNS: usize = 4;

/// A record in code is an example.
fn is_readable(block: &Block) -> bool {
    !matches!(
        block.kind,
        BlockKind::Blank | BlockKind::Code | BlockKind::Comment | BlockKind::FrontMatter
    )
}

/// Returns the groups of fields in `document`.
pub(super) fn groups(document: &Document<'_>, labels: &LabelIndex) -> Vec<FieldGroup> {
    let mut parser = FieldGroupParser {
        document,
        labels,
        groups: Vec::new(),
        open: OpenGroup::default(),
        heading: None,
        punctuation: String::new(),
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
        parser.gap |= index > parser.last_line + 1;
        if block.kind == BlockKind::Table && index == block.lines.start {
            if parser.parse_table_of_records(block) {
                while lines.next_if(|(next, _, _)| next.lines == block.lines).is_some() {}
                continue;
            }
            if is_ruled(document, block) && labels.fields(text, line).is_empty() {
                parser.close_group();
                parser.heading.get_or_insert(Heading { span: line, is_known: true, line: index });
                continue;
            }
        }
        if !parser.parse_label_above_value(index, line, &mut lines) {
            parser.parse_line(index, line);
        }
        parser.last_line = index;
    }
    parser.close_group();
    parser.groups
}

#[derive(Clone, Copy)]
struct Heading {
    span: Span,
    is_known: bool,
    /// The index of its last line.
    line: usize,
}

/// A group that further lines may belong to.
#[derive(Default)]
struct OpenGroup {
    rows: Vec<FieldLine>,
    /// Lines after the last row that are not fields of a known kind, with their indices.
    pending: Vec<(usize, Span)>,
}

impl OpenGroup {
    fn push(&mut self, row: FieldLine) {
        self.rows.push(row);
        self.pending.clear();
    }

    /// Adds another address line at the end if it contains a number such as a postcode.
    fn include_address_line(&mut self, document: &Document<'_>) {
        let (Some(row), Some(&(index, line))) = (self.rows.last_mut(), self.pending.first()) else {
            return;
        };
        let text = document.slice(line);
        let is_address = row.fields.last().is_some_and(|field| field.kind == FieldKind::Address)
            && index == document.line_at(row.span.end.saturating_sub(1)) + 1
            && !text.ends_with('.')
            && text.bytes().filter(u8::is_ascii_digit).count() >= 3;
        if is_address {
            row.span.end = line.end;
        }
    }

    /// Moves the rows to `groups`, and drops the pending lines.
    fn close(&mut self, document: &Document<'_>, groups: &mut Vec<FieldGroup>) {
        self.include_address_line(document);
        self.pending.clear();
        // If lines mostly follow each other directly, a blank line ends a record.
        let gaps = self.rows.iter().skip(1).filter(|row| row.after_gap).count();
        let is_tight = gaps * 2 < self.rows.len().saturating_sub(1);
        let mut is_first = true;
        for row in self.rows.drain(..) {
            match groups.last_mut() {
                Some(group) if !(is_first || is_tight && row.after_gap) => {
                    group.span = group.span.cover(row.span);
                    group.fields.extend(row.fields);
                }
                _ => groups.push(FieldGroup { span: row.span, fields: row.fields }),
            }
            is_first = false;
        }
    }
}

struct FieldGroupParser<'c, 't> {
    document: &'c Document<'t>,
    labels: &'c LabelIndex,
    groups: Vec<FieldGroup>,
    open: OpenGroup,
    /// A heading that waits for fields.
    heading: Option<Heading>,
    /// The punctuation around the last field's label.
    punctuation: String,
    /// The index of the last line examined.
    last_line: usize,
    /// Whether there are blank lines after the last line of the group.
    gap: bool,
}

impl FieldGroupParser<'_, '_> {
    /// Parses a line that may be fields, a heading, or anything else.
    fn parse_line(&mut self, index: usize, line: Span) {
        let text = self.document.text();
        let content = &text[line.range()];
        let fields = self.labels.fields(text, line);
        if !fields.is_empty() {
            return self.add_fields(index, line, fields);
        }
        if !content.contains(char::is_alphanumeric) {
            return self.parse_punctuation(index, line);
        }
        let is_known = self.labels.is_heading(content);
        let is_group = is_group_heading(content);
        // A subheading such as `instagram:` stays in the group if fields follow; so does a field of
        // an unknown kind.
        if !is_known && !is_group && self.may_be_part(index, line) {
            self.open.pending.push((index, line));
            return;
        }
        if is_known || !is_group {
            self.close_group();
        }
        let above = self
            .heading
            .take()
            .filter(|above| is_group && (above.is_known || above.line + 1 == index));
        self.heading = (is_known || is_group).then(|| Heading {
            span: above.map_or(line, |above| above.span.cover(line)),
            is_known: is_known || above.is_some_and(|above| above.is_known),
            line: index,
        });
    }

    fn add_fields(&mut self, index: usize, line: Span, fields: Vec<Field>) {
        let (Some(first), Some(last)) = (fields.first(), fields.last()) else { return };
        let punctuation = self.punctuation(line, first);
        let after_blank = std::mem::take(&mut self.gap);
        if after_blank && punctuation != self.punctuation && self.heading.is_none() {
            self.close_group();
        }
        self.punctuation = punctuation;
        // Text before fields in a row is separate, unless it is short enough to be a title.
        const MAX_TITLE_BYTES: usize = 60;
        let lead = first.label.start.saturating_sub(line.start);
        let own = if lead > MAX_TITLE_BYTES { first.label.start } else { line.start };
        let span = Span::new(own, last.value.end.max(line.end));
        // Any line may end with a colon. A heading must be known, or be right above the first
        // field.
        let heading = self.heading.take().filter(|heading| {
            heading.is_known || heading.line + 1 == index || !self.open.rows.is_empty()
        });
        let after_gap = after_blank && heading.is_none();
        self.open.push(FieldLine {
            span: heading.map_or(span, |heading| heading.span.cover(span)),
            fields,
            after_gap,
        });
    }

    /// Returns the punctuation before a field's label, and the first after it.
    fn punctuation(&self, line: Span, field: &Field) -> String {
        let text = self.document.text();
        let before = text.get(line.start..field.label.start).unwrap_or_default();
        let between = text.get(field.label.end..field.value.start).unwrap_or_default();
        let is_mark = |character: &char| !character.is_alphanumeric() && !character.is_whitespace();
        before.chars().filter(is_mark).chain(['_']).chain(between.chars().find(is_mark)).collect()
    }

    /// Handles a line without letters and digits: a table delimiter, or a bracket of serialised
    /// data.
    fn parse_punctuation(&mut self, index: usize, line: Span) {
        let content = self.document.slice(line);
        match self.open.rows.last_mut() {
            Some(row) if content.contains('}') && self.open.pending.is_empty() => {
                row.span.end = line.end
            }
            None if content.contains('{') => {
                self.heading = Some(Heading { span: line, is_known: true, line: index })
            }
            _ => {}
        }
    }

    /// Parses a label on its own line, with the value on the next.
    fn parse_label_above_value<'b, L>(
        &mut self,
        index: usize,
        line: Span,
        lines: &mut Peekable<L>,
    ) -> bool
    where
        L: Iterator<Item = (&'b Block, usize, Span)>,
    {
        let text = self.document.text();
        let label = without_marker(text, line);
        if label.len() > MAX_LABEL_BYTES {
            return false;
        }
        let Some(kind) = self.labels.kind(&text[label.range()]) else { return false };
        let Some(&(_, _, value)) = lines.peek() else { return false };
        let content = &text[value.range()];
        // Birth and City are also family names.
        let is_announced =
            text[label.range()].ends_with([':', '：']) && !content.ends_with([':', '：']);
        let is_value = content.len() <= MAX_LINE_BYTES
            && kind.is_valid(content)
            && (is_announced || self.labels.kind(content).is_none())
            && self.labels.fields(text, value).is_empty();
        if is_value {
            lines.next();
            self.add_fields(index, line, vec![Field { kind, label, value }]);
        }
        is_value
    }

    /// Parses a table whose header consists of labels; each row is a record.
    fn parse_table_of_records(&mut self, block: &Block) -> bool {
        let text = self.document.text();
        let rows = &self.document.lines()[block.lines.clone()];
        let [header, rule, body @ ..] = rows else { return false };
        let kinds: Vec<(Span, Option<FieldKind>)> = cells(text, *header)
            .into_iter()
            .map(|cell| (cell, self.labels.kind(&text[cell.range()])))
            .collect();
        let known = kinds.iter().filter(|(_, kind)| kind.is_some()).count();
        if known < MIN_LABELLED_COLUMNS
            || known * 10 < kinds.len() * 6
            || !is_rule(&text[rule.range()])
        {
            return false;
        }
        let fields: Vec<Field> = body
            .iter()
            .flat_map(|&row| cells(text, row).into_iter().zip(&kinds))
            .filter_map(|(value, &(label, kind))| Some(Field { kind: kind?, label, value }))
            .filter(|field| !field.value.is_empty())
            .collect();
        self.close_group();
        let start = self
            .heading
            .take()
            .filter(|heading| heading.is_known)
            .map_or(block.span.start, |it| it.span.start);
        self.groups.push(FieldGroup { span: Span::new(start, block.span.end), fields });
        true
    }

    /// Whether a line that is not a known field may be part of a group: the rest of an address, or
    /// a field of another kind.
    fn may_be_part(&self, index: usize, line: Span) -> bool {
        const MAX_PENDING: usize = 2;
        const MAX_BYTES: usize = 120;
        let Some(row) = self.open.rows.last() else { return false };
        if self.open.pending.len() >= MAX_PENDING || line.len() > MAX_BYTES {
            return false;
        }
        let content = self.document.slice(without_marker(self.document.text(), line));
        let is_labelled = content.find([':', '：']).is_some_and(|at| at <= MAX_LABEL_BYTES);
        is_labelled
            || index == self.last_line + 1
                && row.fields.last().is_some_and(|field| field.kind == FieldKind::Address)
    }

    /// Closes the open group.
    fn close_group(&mut self) {
        self.open.close(self.document, &mut self.groups);
    }
}

/// Whether the line is short and ends with a colon.
fn is_group_heading(line: &str) -> bool {
    let line = line.trim_end_matches(['*', '_', ' ', '{', '[']);
    line.len() <= MAX_LABEL_BYTES
        && line.ends_with([':', '：'])
        && line.split_whitespace().count() <= 4
}

/// Whether the block is a table with a delimiter below its first row.
fn is_ruled(document: &Document<'_>, block: &Block) -> bool {
    block.lines.len() > 2 && is_rule(document.slice(document.lines()[block.lines.start + 1]))
}

fn is_rule(row: &str) -> bool {
    row.contains('-')
        && row.chars().all(|character| matches!(character, '|' | '-' | ':' | ' ' | '\t' | '\r'))
}
