//! The syntax of CSV fields: literal, or in quotes with inner quotes doubled.

use std::borrow::Cow;
use std::ops::Range;

use csv_core::ReadFieldResult;

use super::ReadOptions;
use super::csv_rows::parser;
use super::labels::{MAX_LABEL_FIELDS, RecordLabels};
use super::line_syntax::{LineSyntax, RecordFields, TextField};
use crate::undo_log::Replacement;
use dechaff_text::Span;

/// The columns of a file, and their delimiter.
#[derive(Debug)]
pub(super) struct CsvSyntax {
    delimiter: u8,
    columns: usize,
    text: usize,
    id: Option<usize>,
    labels: [Option<usize>; MAX_LABEL_FIELDS],
}

impl CsvSyntax {
    /// Finds the columns in the header row.
    ///
    /// # Errors
    ///
    /// There is no text column. Returns the names of all columns.
    pub(super) fn new(
        delimiter: u8,
        header: &str,
        read_options: &ReadOptions,
    ) -> Result<Self, Vec<String>> {
        let mut syntax =
            Self { delimiter, columns: 0, text: 0, id: None, labels: [None; MAX_LABEL_FIELDS] };
        let header = header.strip_prefix('\u{FEFF}').unwrap_or(header);
        let literals = syntax.literals(header);
        let names = literals.iter().map(|literal| {
            let literal = header.get(literal.clone()).unwrap_or_default();
            decode(literal).unwrap_or(Cow::Borrowed(literal)).into_owned()
        });
        let names: Vec<String> = names.collect();
        let find = |name: &str| names.iter().position(|column| column == name);
        syntax.id = find(&read_options.id_field);
        syntax.labels = read_options.label_fields().map(|field| field.and_then(find));
        syntax.columns = names.len();
        match find(&read_options.text_field) {
            Some(text) => Ok(Self { text, ..syntax }),
            None => Err(names),
        }
    }

    /// Returns the ranges of the fields in a row, without delimiters and line endings.
    fn literals(&self, row: &str) -> Vec<Range<usize>> {
        let bytes = row.as_bytes();
        // The parser skips blank lines.
        let mut at = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let mut literals = Vec::with_capacity(self.columns);
        let mut parser = parser(self.delimiter);
        let mut content = [0; 1_024];
        let mut start = at;
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            let (result, length, _) = parser.read_field(rest, &mut content);
            at += length;
            let is_last = match result {
                ReadFieldResult::InputEmpty | ReadFieldResult::OutputFull => continue,
                ReadFieldResult::End => return literals,
                ReadFieldResult::Field { record_end } => record_end,
            };
            let field = bytes.get(start..at).unwrap_or_default();
            let field = match is_last {
                false => field.strip_suffix(&[self.delimiter]).unwrap_or(field),
                true => {
                    let field = field.strip_suffix(b"\n").unwrap_or(field);
                    field.strip_suffix(b"\r").unwrap_or(field)
                }
            };
            literals.push(start..start + field.len());
            if is_last {
                return literals;
            }
            start = at;
        }
    }

    /// Whether a text has to be quoted. Quotes other than at the start are literal.
    fn needs_quotes(&self, text: &str) -> bool {
        // A row with a single empty field would be a blank line.
        text.starts_with('"')
            || self.columns == 1 && text.is_empty()
            || text.bytes().any(|byte| byte == self.delimiter || matches!(byte, b'\r' | b'\n'))
    }

    /// Replaces passages of the text. Adds quotes if the new text needs them.
    fn splice(&self, literal: &str, edits: &[(Span, &str)]) -> Option<String> {
        let is_quoted = literal.starts_with('"');
        let at = usize::from(is_quoted);
        let mut cursor = LiteralCursor { literal, is_quoted, at, text_at: 0 };
        let mut spliced = literal.get(..at)?.to_owned();
        for (span, text) in edits {
            let from = cursor.at;
            cursor.advance_to(span.start)?;
            spliced.push_str(literal.get(from..cursor.at)?);
            spliced.push_str(&if is_quoted { doubled(text) } else { (*text).to_owned() });
            cursor.advance_to(span.end)?;
        }
        spliced.push_str(literal.get(cursor.at..)?);
        let lacks_quotes = !is_quoted && self.needs_quotes(&spliced);
        Some(if lacks_quotes { format!("\"{}\"", doubled(&spliced)) } else { spliced })
    }
}

impl LineSyntax for CsvSyntax {
    fn parse(&self, line: &str, read_options: &ReadOptions) -> RecordFields {
        let literals = self.literals(line);
        let value = |column: usize| {
            let text = decode(line.get(literals.get(column)?.clone())?)?;
            Some(text.into_owned()).filter(|value| !value.is_empty())
        };
        let name = &read_options.text_field;
        let text = match literals.get(self.text) {
            _ if literals.len() != self.columns => Err(format!(
                "it has {} but the header has {}; is a quote missing?",
                fields(literals.len()),
                self.columns
            )),
            None => Err(format!("no column `{name}`")),
            Some(literal) => match decode(line.get(literal.clone()).unwrap_or_default()) {
                Some(text) => Ok(TextField {
                    literal: literal.clone(),
                    text: text.into_owned(),
                    lone_surrogates: None,
                }),
                None => Err(format!(
                    "the column `{name}` begins with a quote that is not closed at its end"
                )),
            },
        };
        let id = self.id.and_then(value).and_then(|id| serde_json::to_string(&id).ok());
        let labels = self.labels.map(|label| label.and_then(value));
        RecordFields { id, labels: RecordLabels::new(labels), text }
    }

    fn is_self_contained(&self) -> bool {
        false
    }

    fn edit(&self, literal: &str, edits: &[(Span, &str)], _: bool) -> Option<String> {
        self.splice(literal, edits)
    }

    /// Returns the passages of an unquoted field, even if they are the same when quoted: an edit
    /// may have to add quotes, and undoing it removes them.
    fn spellings(&self, literal: &str, spans: &[Span]) -> Option<Vec<Option<String>>> {
        let is_quoted = literal.starts_with('"');
        let spelling = |span: &Span| match is_quoted {
            true => Some(None),
            false => literal.get(span.range()).map(|passage| Some(passage.to_owned())),
        };
        spans.iter().map(spelling).collect()
    }

    fn restore(&self, literal: &str, replacements: &[Replacement], _: bool) -> Option<String> {
        let was_unquoted = replacements.iter().any(|passage| passage.raw.is_some());
        // The log may have been edited.
        let is_changed =
            |passage: &Replacement| passage.raw.as_ref().is_some_and(|raw| *raw != passage.text);
        if replacements.iter().any(is_changed) {
            return None;
        }
        let edits: Vec<(Span, &str)> =
            replacements.iter().map(|passage| (passage.span, passage.text.as_str())).collect();
        let restored = self.splice(literal, &edits)?;
        let text = decode(&restored)?;
        let is_plain = was_unquoted && !self.needs_quotes(&text);
        Some(if is_plain { text.into_owned() } else { restored })
    }
}

/// Doubles the quotes of a text.
fn doubled(text: &str) -> String {
    text.replace('"', "\"\"")
}

fn fields(number: usize) -> String {
    format!("{number} field{}", if number == 1 { "" } else { "s" })
}

/// Returns the text of a field, or `None` if its quotes are unbalanced or followed by text.
fn decode(literal: &str) -> Option<Cow<'_, str>> {
    let Some(rest) = literal.strip_prefix('"') else { return Some(literal.into()) };
    let inner = rest.strip_suffix('"')?;
    let mut parts = inner.split("\"\"");
    if parts.any(|part| part.contains('"')) {
        return None;
    }
    Some(if inner.contains('"') { inner.replace("\"\"", "\"").into() } else { inner.into() })
}

/// A position in a literal, and the corresponding position in its text.
struct LiteralCursor<'l> {
    literal: &'l str,
    is_quoted: bool,
    at: usize,
    text_at: usize,
}

impl LiteralCursor<'_> {
    /// Advances to byte `target` of the text.
    fn advance_to(&mut self, target: usize) -> Option<()> {
        while self.text_at < target {
            let rest = self.literal.as_bytes().get(self.at..)?;
            let missing = target - self.text_at;
            let plain = match memchr::memchr(b'"', rest) {
                Some(quote) if self.is_quoted => quote.min(missing),
                _ => missing.min(rest.len()),
            };
            if plain == 0 {
                // A doubled quote, or the end.
                rest.strip_prefix(b"\"\"")?;
                self.at += 2;
                self.text_at += 1;
            } else {
                self.at += plain;
                self.text_at += plain;
            }
        }
        (self.text_at == target).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn syntax(header: &str) -> CsvSyntax {
        CsvSyntax::new(b',', header, &ReadOptions::default()).unwrap()
    }

    fn parse(row: &str) -> Result<(Range<usize>, String), String> {
        let fields = syntax("id,text,n\r\n").parse(row, &ReadOptions::default());
        fields.text.map(|field| (field.literal, field.text))
    }

    #[test]
    fn fields_are_found_in_rows() {
        assert_eq!(parse("1,a b,2\n").unwrap(), (2..5, "a b".into()));
        assert_eq!(parse("\n\r\n1,\"a, \"\"b\"\"\r\n\",\r\n").unwrap().1, "a, \"b\"\r\n");
        assert_eq!(parse("1,5\" disk,x").unwrap(), (2..9, "5\" disk".into()));
        assert_eq!(parse("1,,x").unwrap(), (2..2, String::new()));
        for (row, expected) in [
            ("1,2\n", "it has 2 fields but the header has 3"),
            ("1,2,3,4\n", "it has 4 fields but the header has 3"),
            ("1,\"a,2\n", "it has 2 fields"),
            ("1,\"a\" b,2\n", "begins with a quote that is not closed"),
        ] {
            assert!(parse(row).unwrap_err().contains(expected), "{row}: {:?}", parse(row));
        }
        let fields = syntax("text,id").parse("a,\"x\"\"y\"", &ReadOptions::default());
        assert_eq!(fields.id.as_deref(), Some(r#""x\"y""#));
    }

    #[test]
    fn header_without_a_text_column_lists_the_others() {
        let names = CsvSyntax::new(b'\t', "\u{FEFF}a\t\"b c\"\n", &ReadOptions::default());
        assert_eq!(names.unwrap_err(), ["a", "b c"]);
    }

    #[test]
    fn edits_keep_the_bytes_around_them_and_are_undone() {
        for (literal, span, text, expected) in [
            ("\"a \"\"b\"\" c\"", 2..5, "", "\"a  c\""),
            ("\"a \"\"b\"\" c\"", 0..2, "\"", "\"\"\"\"\"b\"\" c\""),
            ("a \" b", 2..4, "x", "a xb"),
            ("a b", 1..2, ", ", "\"a, b\""),
            ("a \" b", 1..1, "\n", "\"a\n \"\" b\""),
            ("ab", 0..2, "", ""),
        ] {
            let syntax = syntax("id,text,n");
            let before = decode(literal).unwrap().into_owned();
            let edited = syntax.edit(literal, &[(Span::new(span.start, span.end), text)], false);
            assert_eq!(edited.as_deref(), Some(expected), "{literal}");
            let raw =
                syntax.spellings(literal, &[Span::new(span.start, span.end)]).unwrap().remove(0);
            let passage = Replacement {
                span: Span::new(span.start, span.start + text.len()),
                text: before[span].to_owned(),
                raw,
            };
            let restored = syntax.restore(expected, &[passage], false);
            assert_eq!(restored.as_deref(), Some(literal));
        }
        let alone = syntax("text");
        assert_eq!(alone.edit("ab", &[(Span::new(0, 2), "")], false).unwrap(), "\"\"");
    }
}
