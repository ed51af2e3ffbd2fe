//! The keys of a configuration file, and the parsing of such files.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;
use toml::{Spanned, Value};

use dechaff_findings::Severity;
use dechaff_findings::user_file::{UserFile, UserFileError};

/// The keys of a configuration file. Paths are relative to its directory.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(title = "Configuration of dechaff")
)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Options {
    /// A configuration file to extend; this one has priority over it.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub extend: Option<Spanned<String>>,
    /// A built-in configuration to extend; this one has priority over it: `dclm`, `docs`, `dolma3`,
    /// `fineweb` or `rag`.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub preset: Option<Spanned<String>>,
    /// The versions of dechaff that may be used, such as `>=0.1`.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub required_version: Option<Spanned<String>>,
    /// Files and directories with custom rules.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub rules: Vec<Spanned<String>>,
    /// The rules to run instead of the default ones: codes, prefixes of codes (without opt-in
    /// rules), names, or `ALL`.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Vec<String>>"))]
    pub select: Option<Spanned<Vec<Spanned<String>>>>,
    /// Rules to run in addition.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub extend_select: Vec<Spanned<String>>,
    /// Rules to leave out.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub ignore: Vec<Spanned<String>>,
    /// Rules to ignore in the files that a pattern matches, such as `"quotes/**" = ["ND"]`.
    #[cfg_attr(feature = "schema", schemars(with = "BTreeMap<String, Vec<String>>"))]
    pub per_file_ignores: BTreeMap<Spanned<String>, Vec<Spanned<String>>>,
    /// Patterns of the files to pick up from directories, instead of the default ones.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Vec<String>>"))]
    pub include: Option<Spanned<Vec<Spanned<String>>>>,
    /// Patterns of files and directories to leave out, as in a `.gitignore`.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub exclude: Vec<Spanned<String>>,
    /// Rules whose fixes are treated as safe.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub extend_safe_fixes: Vec<Spanned<String>>,
    /// Rules whose fixes are treated as unsafe.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub extend_unsafe_fixes: Vec<Spanned<String>>,
    /// Settings of individual rules, by code or name: `severity`, and the parameters of the rule's
    /// check. A prefix of a code can only set `severity`.
    #[cfg_attr(feature = "schema", schemars(with = "BTreeMap<String, RuleOptions>"))]
    pub rule: BTreeMap<Spanned<String>, BTreeMap<Spanned<String>, Spanned<Value>>>,
    /// Whether `--fix` applies unsafe fixes too.
    #[cfg_attr(feature = "schema", schemars(with = "Option<bool>"))]
    pub unsafe_fixes: Option<Spanned<bool>>,
    /// The largest share of its words, 0 to 1, that fixing may remove from a document; 0.5 by
    /// default.
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>", range(min = 0, max = 1)))]
    pub max_removed: Option<Spanned<f64>>,
    /// Thresholds of the verdicts that `--documents` writes.
    pub documents: DocumentOptions,
    /// Indexes of other documents to compare with, made by `dechaff index add`.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub against: Vec<Spanned<String>>,
    /// Memory for comparing documents, such as `2GB`; a quarter of free memory by default.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub memory: Option<Spanned<String>>,
    /// The field or column of corpora that holds the text, such as `doc.text`; `text` by default.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub text_field: Option<Spanned<String>>,
    /// The field or column of corpora that holds the ID; `id` by default.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub id_field: Option<Spanned<String>>,
    /// What groups documents into sites, so that ND007 can report lines that recur on a site:
    /// `path` for the folder, or the field or column that holds the URL.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub group_by: Option<Spanned<String>>,
    /// The field or column of corpora that holds the language; by default `language`, then `lang`.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub language_field: Option<Spanned<String>>,
    /// Documents larger than this are skipped and reported; `64MB` by default.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub max_record: Option<Spanned<String>>,
    /// The lowest severity that makes a run fail; `info` by default.
    #[cfg_attr(feature = "schema", schemars(with = "Option<FailOn>"))]
    pub fail_on: Option<Spanned<FailOn>>,
    /// How many findings of that severity are allowed; 0 by default.
    #[cfg_attr(feature = "schema", schemars(with = "Option<usize>"))]
    pub max_findings: Option<Spanned<usize>>,
    /// The baseline: a file with the known findings.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub baseline: Option<Spanned<String>>,
    /// The ignore list: a file with passages that are not reported.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub ignore_list: Option<Spanned<String>>,
}

/// Thresholds of the verdicts on documents.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct DocumentOptions {
    /// A document with fewer words is dropped; 1 by default.
    #[cfg_attr(feature = "schema", schemars(with = "Option<usize>"))]
    pub min_words: Option<Spanned<usize>>,
    /// A document is dropped if this share of its words, 0 to 1, is noise or in documents that are
    /// kept; 0.9 by default.
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>", range(min = 0, max = 1)))]
    pub drop_share: Option<Spanned<f64>>,
    /// A document needs review if this share of its words, 0 to 1, is flagged without a safe fix;
    /// 0.3 by default.
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>", range(min = 0, max = 1)))]
    pub review_share: Option<Spanned<f64>>,
}

/// The schema of the table of one rule.
#[cfg(feature = "schema")]
#[derive(schemars::JsonSchema)]
#[schemars(rename_all = "kebab-case")]
#[allow(dead_code, reason = "only describes the schema; the keys are read one by one")]
struct RuleOptions {
    /// Severity of its findings.
    severity: Option<Severity>,
    /// ND002: minimum share of five-word shingles in common (Jaccard), from 0.1 to 1.
    threshold: Option<f64>,
    /// ND002: which of two near-duplicates stays, `first` in order of path and position, or
    /// `longest`.
    keep: Option<String>,
    /// ND002: if more paragraphs than this share a shingle, only those close to each other are
    /// compared because of it.
    crowd: Option<u32>,
    /// Minimum number of words; for ND001 and ND002, a table by kind of block.
    min_words: Option<serde_json::Value>,
    /// Maximum number of words.
    max_words: Option<u32>,
    /// ND003: minimum number of words of a sentence repeated in another document.
    min_words_across: Option<u32>,
    /// ND004: minimum number of words of a paragraph contained in a longer one.
    min_words_whole: Option<u32>,
    /// ND005 and ND006: minimum number of documents with the line.
    min_documents: Option<u32>,
    /// ND005 and ND006: minimum number of occurrences in one document.
    min_times: Option<u32>,
    /// ND005 and ND006: minimum Levenshtein similarity of two lines treated as the same.
    alike: Option<f64>,
    /// ND007: minimum number of pages of a site.
    min_site_pages: Option<u32>,
    /// ND007: minimum number of pages of the site with the line.
    min_pages: Option<u32>,
    /// ND007: minimum share of the pages of the site with the line, from 0 to 1.
    min_share: Option<f64>,
    /// BP901 and BP902: minimum probability at which the model reports a line.
    least_probability: Option<f64>,
    /// Other parameters of its check, which `dechaff rule CODE` shows.
    #[schemars(flatten)]
    parameters: BTreeMap<String, serde_json::Value>,
}

/// The lowest severity that makes a run fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum FailOn {
    /// Errors only.
    Error,
    /// Warnings and errors.
    Warning,
    /// Any finding.
    #[default]
    Info,
    /// Nothing.
    Never,
}

impl FailOn {
    /// Whether a finding of `severity` makes the run fail.
    pub fn includes(self, severity: Severity) -> bool {
        match self {
            Self::Error => severity >= Severity::Error,
            Self::Warning => severity >= Severity::Warning,
            Self::Info => true,
            Self::Never => false,
        }
    }
}

/// A configuration layer: the options of one file, or of the command line.
#[derive(Debug, Clone)]
pub struct Layer {
    /// The file.
    pub file: Arc<UserFile>,
    /// The directory that its paths and patterns are relative to.
    pub folder: PathBuf,
    /// The options.
    pub options: Options,
}

/// The relevant part of a `pyproject.toml`.
#[derive(Deserialize)]
struct PyProject {
    tool: Option<Tools>,
}

#[derive(Deserialize)]
struct Tools {
    dechaff: Option<Options>,
}

impl Layer {
    /// Parses a `dechaff.toml`.
    ///
    /// # Errors
    ///
    /// Returns the first error: invalid TOML, an unknown key or a value of the wrong type.
    pub fn parse(file: &Arc<UserFile>, folder: PathBuf) -> Result<Self, UserFileError> {
        let options =
            toml::from_str(&file.text).map_err(|error| convert_error(file, &error, &[]))?;
        Ok(Self { file: Arc::clone(file), folder, options })
    }

    /// Parses the table `[tool.dechaff]` of a `pyproject.toml`. Returns `None` if there is none.
    ///
    /// # Errors
    ///
    /// As for [`Layer::parse`].
    pub fn parse_pyproject(
        file: &Arc<UserFile>,
        folder: PathBuf,
    ) -> Result<Option<Self>, UserFileError> {
        let project: PyProject = toml::from_str(&file.text)
            .map_err(|error| convert_error(file, &error, &["tool", "dechaff"]))?;
        let options = project.tool.and_then(|tools| tools.dechaff);
        Ok(options.map(|options| Self { file: Arc::clone(file), folder, options }))
    }

    /// Creates an error at `span` of the file.
    pub fn error(&self, message: impl Into<String>, span: std::ops::Range<usize>) -> UserFileError {
        UserFileError::new(&self.file, message, Some(span))
    }
}

/// Converts a parse error of `file`, whose keys are in the table at `path`. Recognises
/// `[rules.CODE]`, a common mistake for `[rule.CODE]`.
fn convert_error(file: &Arc<UserFile>, error: &toml::de::Error, path: &[&str]) -> UserFileError {
    let converted = UserFileError::new(file, error.message(), error.span());
    let whole = toml::from_str::<toml::Table>(&file.text).ok();
    let own = whole.and_then(|whole| {
        path.iter().try_fold(whole, |mut table, key| match table.remove(*key) {
            Some(Value::Table(inner)) => Some(inner),
            _ => None,
        })
    });
    let rules = own.as_ref().and_then(|own| own.get("rules")).and_then(Value::as_table);
    let Some(code) = rules
        .and_then(|rules| rules.keys().next())
        .filter(|_| error.message().contains("sequence"))
    else {
        return converted;
    };
    let prefix = if path.is_empty() { String::new() } else { format!("{}.", path.join(".")) };
    let hint = format!("write `[{prefix}rule.{code}]`");
    let message =
        "`rules` is a list of directories with custom rules; settings of one rule belong in `rule`";
    UserFileError { message: message.into(), ..converted }.with_hint(Some(hint))
}
