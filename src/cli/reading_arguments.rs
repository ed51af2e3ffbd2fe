//! Arguments for reading corpora, which several commands share.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{OsStringValueParser, PossibleValue, PossibleValuesParser, TypedValueParser};

use super::settings_resolver::ResolvedSettings;
use crate::config::parse_size;
use crate::corpus::storage::parse_location;
use crate::corpus::{INPUT_FORMATS, InputFormat, ReadOptions};

/// Options for reading corpora.
#[derive(Debug, Clone, Args)]
pub(super) struct ReadingArguments {
    /// File format [default: detected from name and content]
    #[arg(long, value_name = "FORMAT", value_parser = format_parser(), help_heading = "Corpora")]
    pub(super) format: Option<&'static InputFormat>,

    /// Field or column with the text; use dots for nested fields [default: text]
    #[arg(long, value_name = "FIELD", help_heading = "Corpora")]
    pub(super) text_field: Option<String>,

    /// Field or column with the document's ID [default: id]
    #[arg(long, value_name = "FIELD", help_heading = "Corpora")]
    pub(super) id_field: Option<String>,

    /// Report lines that recur on many pages of one site (ND007): `path`, or the field or column
    /// with the URL of the page
    #[arg(long, value_name = "FIELD|path", help_heading = "Corpora")]
    pub(super) group_by: Option<String>,

    /// Field or column with the language of a document, for measures that depend on it
    /// [default: language, then lang]
    #[arg(long, value_name = "FIELD", help_heading = "Corpora")]
    pub(super) language_field: Option<String>,

    /// Skip and report documents larger than this [default: 64MB]
    #[arg(long, value_name = "BYTES", value_parser = parse_bytes, help_heading = "Corpora")]
    pub(super) max_record: Option<String>,
}

impl ReadingArguments {
    /// Returns the options as configuration keys.
    pub(super) fn options(&self) -> toml::Table {
        let keys = [
            ("text-field", &self.text_field),
            ("id-field", &self.id_field),
            ("group-by", &self.group_by),
            ("language-field", &self.language_field),
            ("max-record", &self.max_record),
        ];
        keys.into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), value.clone()?.into())))
            .collect()
    }

    /// Returns the options and the choice of rules as configuration keys.
    pub(super) fn options_with_rules(
        &self,
        select: &[String],
        extend_select: &[String],
        ignore: &[String],
    ) -> toml::Table {
        let mut table = self.options();
        let lists = [("select", select), ("extend-select", extend_select), ("ignore", ignore)];
        for (key, rules) in lists {
            if !rules.is_empty() {
                table.insert(key.to_owned(), rules.to_vec().into());
            }
        }
        table
    }

    /// Returns the read options of a run with these settings, which include [`Self::options`].
    pub(super) fn read_options(&self, settings: &ResolvedSettings) -> ReadOptions {
        ReadOptions { content: self.format, ..settings.read_options() }
    }
}

/// Parses the name of a file format, whatever the compression.
fn format_parser() -> impl TypedValueParser<Value = &'static InputFormat> {
    let names =
        INPUT_FORMATS.iter().map(|format| PossibleValue::new(format.name).help(format.summary));
    PossibleValuesParser::new(names).try_map(|name| {
        INPUT_FORMATS.iter().copied().find(|format| format.name == name).ok_or("no such format")
    })
}

/// Checks a size such as `64MB`.
///
/// # Errors
///
/// `text` is not a size.
pub(super) fn parse_bytes(text: &str) -> Result<String, String> {
    parse_size(text).map(|_| text.to_owned())
}

/// Parses a path or a URL.
pub(super) fn location() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().try_map(|text| parse_location(&text))
}
