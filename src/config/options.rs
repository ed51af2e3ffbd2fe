//! What a configuration file may say, as it is written.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;
use toml::{Spanned, Value};

use crate::fault::{Fault, WrittenFile};
use crate::finding::Severity;

/// The keys of a configuration file. Paths in it are relative to the folder it stands in.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(title = "Configuration of dechaff"))]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Options {
    /// Another configuration file to start from; what this one says comes on top.
    #[cfg_attr(feature = "cli", schemars(with = "Option<String>"))]
    pub extend: Option<Spanned<String>>,
    /// The versions of dechaff that may be used, such as `>=0.1`.
    #[cfg_attr(feature = "cli", schemars(with = "Option<String>"))]
    pub required_version: Option<Spanned<String>>,
    /// Files and folders with rules of your own.
    #[cfg_attr(feature = "cli", schemars(with = "Vec<String>"))]
    pub rules: Vec<Spanned<String>>,
    /// The rules to run instead of the default ones: codes, prefixes of codes (which leave out opt-in rules), names, or `ALL`.
    #[cfg_attr(feature = "cli", schemars(with = "Option<Vec<String>>"))]
    pub select: Option<Spanned<Vec<Spanned<String>>>>,
    /// Rules to run in addition.
    #[cfg_attr(feature = "cli", schemars(with = "Vec<String>"))]
    pub extend_select: Vec<Spanned<String>>,
    /// Rules to leave out.
    #[cfg_attr(feature = "cli", schemars(with = "Vec<String>"))]
    pub ignore: Vec<Spanned<String>>,
    /// Rules to leave out in the files that a pattern matches, such as `"quotes/**" = ["ND"]`.
    #[cfg_attr(feature = "cli", schemars(with = "BTreeMap<String, Vec<String>>"))]
    pub per_file_ignores: BTreeMap<Spanned<String>, Vec<Spanned<String>>>,
    /// Patterns of the files to take from a folder, in place of those that are taken by default.
    #[cfg_attr(feature = "cli", schemars(with = "Option<Vec<String>>"))]
    pub include: Option<Spanned<Vec<Spanned<String>>>>,
    /// Patterns of files and folders to leave out, as in a `.gitignore`.
    #[cfg_attr(feature = "cli", schemars(with = "Vec<String>"))]
    pub exclude: Vec<Spanned<String>>,
    /// Rules whose fixes count as safe here.
    #[cfg_attr(feature = "cli", schemars(with = "Vec<String>"))]
    pub extend_safe_fixes: Vec<Spanned<String>>,
    /// Rules whose fixes count as unsafe here.
    #[cfg_attr(feature = "cli", schemars(with = "Vec<String>"))]
    pub extend_unsafe_fixes: Vec<Spanned<String>>,
    /// Settings of single rules, by code or name: `severity`, and what the rule's own file says of its check. By the
    /// beginning of a code, only `severity`.
    #[cfg_attr(feature = "cli", schemars(with = "BTreeMap<String, RuleOptions>"))]
    pub rule: BTreeMap<Spanned<String>, BTreeMap<Spanned<String>, Spanned<Value>>>,
    /// Whether `--fix` applies unsafe fixes too.
    #[cfg_attr(feature = "cli", schemars(with = "Option<bool>"))]
    pub unsafe_fixes: Option<Spanned<bool>>,
    /// The largest share of its words, 0 to 1, that fixing may take from a document; 0.5 if left out.
    #[cfg_attr(feature = "cli", schemars(with = "Option<f64>", range(min = 0, max = 1)))]
    pub max_removed: Option<Spanned<f64>>,
    /// Memory that comparing documents may take, such as `2GB`.
    #[cfg_attr(feature = "cli", schemars(with = "Option<String>"))]
    pub memory: Option<Spanned<String>>,
    /// The field or column of corpora that holds the text, such as `doc.text`; `text` if left out.
    #[cfg_attr(feature = "cli", schemars(with = "Option<String>"))]
    pub text_field: Option<Spanned<String>>,
    /// The field or column of corpora that holds the identifier; `id` if left out.
    #[cfg_attr(feature = "cli", schemars(with = "Option<String>"))]
    pub id_field: Option<Spanned<String>>,
    /// Documents larger than this are left unread and reported; `1GB` if left out.
    #[cfg_attr(feature = "cli", schemars(with = "Option<String>"))]
    pub max_record: Option<Spanned<String>>,
    /// The least severity that fails a run; `info` if left out.
    #[cfg_attr(feature = "cli", schemars(with = "Option<FailOn>"))]
    pub fail_on: Option<Spanned<FailOn>>,
    /// How many findings of that severity pass; 0 if left out.
    #[cfg_attr(feature = "cli", schemars(with = "Option<usize>"))]
    pub max_findings: Option<Spanned<usize>>,
    /// The baseline: a file with the findings that are known.
    #[cfg_attr(feature = "cli", schemars(with = "Option<String>"))]
    pub baseline: Option<Spanned<String>>,
    /// The ignore list: a file with passages that are to be left alone.
    #[cfg_attr(feature = "cli", schemars(with = "Option<String>"))]
    pub ignore_list: Option<Spanned<String>>,
}

/// What the schema says of one rule's table.
#[cfg(feature = "cli")]
#[derive(schemars::JsonSchema)]
#[allow(dead_code, reason = "it describes what is read key by key")]
struct RuleOptions {
    /// How much its findings matter.
    severity: Option<Severity>,
    /// Parameters of its check, as in the rule's file.
    #[schemars(flatten)]
    parameters: BTreeMap<String, serde_json::Value>,
}

/// The least severity that fails a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum FailOn {
    /// Errors only.
    Error,
    /// Warnings and errors.
    Warning,
    /// Anything found.
    #[default]
    Info,
    /// Nothing.
    Never,
}

impl FailOn {
    /// Whether a finding of `severity` counts.
    pub fn counts(self, severity: Severity) -> bool {
        match self {
            Self::Error => severity >= Severity::Error,
            Self::Warning => severity >= Severity::Warning,
            Self::Info => true,
            Self::Never => false,
        }
    }
}

/// Options, and the file that says them.
#[derive(Debug, Clone)]
pub struct Layer {
    /// The file.
    pub file: Arc<WrittenFile>,
    /// What paths and patterns in it are relative to.
    pub folder: PathBuf,
    /// What it says.
    pub options: Options,
}

/// The part of a `pyproject.toml` that is ours.
#[derive(Deserialize)]
struct Project {
    tool: Option<Tools>,
}

#[derive(Deserialize)]
struct Tools {
    dechaff: Option<Options>,
}

impl Layer {
    /// Reads a `dechaff.toml`.
    ///
    /// # Errors
    ///
    /// The first fault of form: TOML that does not parse, a key that is unknown or of the wrong type.
    pub fn parse(file: &Arc<WrittenFile>, folder: PathBuf) -> Result<Self, Fault> {
        let options = toml::from_str(&file.text).map_err(|error| fault(file, &error, &[]))?;
        Ok(Self { file: Arc::clone(file), folder, options })
    }

    /// Reads the section `[tool.dechaff]` of a `pyproject.toml`; `None` if it has none.
    ///
    /// # Errors
    ///
    /// As of [`Layer::parse`].
    pub fn of_project(file: &Arc<WrittenFile>, folder: PathBuf) -> Result<Option<Self>, Fault> {
        let project: Project = toml::from_str(&file.text).map_err(|error| fault(file, &error, &["tool", "dechaff"]))?;
        let options = project.tool.and_then(|tools| tools.dechaff);
        Ok(options.map(|options| Self { file: Arc::clone(file), folder, options }))
    }

    /// A fault of what the layer says at `place`.
    pub fn fault(&self, message: impl Into<String>, place: std::ops::Range<usize>) -> Fault {
        Fault::new(&self.file, message, Some(place))
    }
}

/// What is wrong with the configuration `file`, whose keys are in the table at `path`. `[rules.CODE]` is a common slip for
/// `[rule.CODE]`.
fn fault(file: &Arc<WrittenFile>, error: &toml::de::Error, path: &[&str]) -> Fault {
    let fault = Fault::new(file, error.message(), error.span());
    let whole = toml::from_str::<toml::Table>(&file.text).ok();
    let own = whole.and_then(|whole| {
        path.iter().try_fold(whole, |mut table, key| match table.remove(*key) {
            Some(Value::Table(inner)) => Some(inner),
            _ => None,
        })
    });
    let rules = own.as_ref().and_then(|own| own.get("rules")).and_then(Value::as_table);
    let Some(code) = rules.and_then(|rules| rules.keys().next()).filter(|_| error.message().contains("sequence"))
    else {
        return fault;
    };
    let prefix = if path.is_empty() { String::new() } else { format!("{}.", path.join(".")) };
    let hint = format!("write `[{prefix}rule.{code}]`");
    let message = "`rules` is a list of folders with custom rules; settings of one rule belong under `rule`";
    Fault { message: message.into(), ..fault }.with_hint(Some(hint))
}
