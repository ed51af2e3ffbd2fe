//! Settings: which rules run, with which parameters, and how their findings are treated.

mod options;
mod path_patterns;
mod presets;
mod rule_overrides;

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;

use dechaff_checks::rule::{Registry, Rule, Selector, UnknownSelector};
use dechaff_findings::Applicability;
use dechaff_findings::user_file::UserFileError;

pub use options::{DocumentOptions, FailOn, Layer, Options};
pub use path_patterns::PathPatterns;
pub use presets::{PRESETS, with_presets};

/// The merged settings of all configuration layers.
///
/// Rules are selected as in ruff: the more specific selector wins, and `ignore` wins ties. A prefix
/// enables the default rules that it matches, or opt-in rules if it matches no others; otherwise,
/// an opt-in rule needs its full code, its name or `ALL`.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Rules to run instead of the default ones; empty for the default ones.
    pub select: Vec<Selector>,
    /// Rules to run in addition.
    pub extend_select: Vec<Selector>,
    /// Rules not to run.
    pub ignore: Vec<Selector>,
    /// Rules not to run in matching files.
    per_file_ignores: Vec<(PathPatterns, Vec<Selector>)>,
    /// Files to pick up from directories; `None` for the default ones.
    include: Option<PathPatterns>,
    /// Files and directories to exclude.
    exclude: Vec<PathPatterns>,
    /// Overridden applicability of fixes, in order of increasing priority.
    applicability: Vec<(Selector, Applicability)>,
    /// Rules with overridden severity or parameters, by code.
    rule_overrides: HashMap<String, Rule>,
}

impl Settings {
    /// Creates settings from selectors: codes, prefixes of codes, names or `ALL`.
    ///
    /// # Errors
    ///
    /// Returns the first selector that matches no rule.
    pub fn new(
        registry: &Registry,
        select: &[String],
        extend_select: &[String],
        ignore: &[String],
    ) -> Result<Self, UnknownSelector> {
        let parse = |texts: &[String]| -> Result<Vec<Selector>, UnknownSelector> {
            texts.iter().map(|text| registry.selector(text)).collect()
        };
        Ok(Self {
            select: parse(select)?,
            extend_select: parse(extend_select)?,
            ignore: parse(ignore)?,
            ..Self::default()
        })
    }

    /// Merges `layers`, of which the first has the highest priority. Single values come from the
    /// first layer that sets them. Lists are concatenated, but `select` in a layer discards
    /// `select` and `ignore` of the layers with lower priority.
    ///
    /// # Errors
    ///
    /// Returns the first error: a selector that matches no rule, an invalid pattern, an unknown
    /// parameter, or a version requirement that is not met.
    pub fn from_layers(registry: &Registry, layers: &[Layer]) -> Result<Self, UserFileError> {
        let mut settings = Self::default();
        for layer in layers.iter().rev() {
            settings.add(registry, layer)?;
        }
        Ok(settings)
    }

    fn add(&mut self, registry: &Registry, layer: &Layer) -> Result<(), UserFileError> {
        let options = &layer.options;
        require_version(layer)?;
        let selectors = |texts: &[Spanned<String>]| -> Result<Vec<Selector>, UserFileError> {
            texts.iter().map(|text| selector(registry, layer, text)).collect()
        };
        if let Some(select) = &options.select {
            self.select = selectors(select.get_ref())?;
            self.extend_select.clear();
            self.ignore.clear();
        }
        self.extend_select.extend(selectors(&options.extend_select)?);
        self.ignore.extend(selectors(&options.ignore)?);

        for (pattern, texts) in &options.per_file_ignores {
            let patterns = patterns(layer, std::slice::from_ref(pattern))?;
            self.per_file_ignores.push((patterns, selectors(texts)?));
        }
        if let Some(include) = &options.include {
            self.include = Some(patterns(layer, include.get_ref())?);
        }
        if !options.exclude.is_empty() {
            self.exclude.push(patterns(layer, &options.exclude)?);
        }

        self.add_applicability(registry, layer)?;
        require_valid_numbers(layer)?;
        rule_overrides::apply_rule_overrides(registry, layer, &mut self.rule_overrides)
    }

    fn add_applicability(
        &mut self,
        registry: &Registry,
        layer: &Layer,
    ) -> Result<(), UserFileError> {
        let options = &layer.options;
        let sides = [
            (&options.extend_unsafe_fixes, Applicability::Unsafe),
            (&options.extend_safe_fixes, Applicability::Safe),
        ];
        for (texts, applicability) in sides {
            for text in texts {
                let selector = selector(registry, layer, text)?;
                let has_fix = registry
                    .rules()
                    .iter()
                    .any(|rule| selector.means(&rule.info) && rule.info.fix.is_some());
                if !has_fix {
                    return Err(
                        layer.error(format!("`{}` has no fix", text.get_ref()), text.span())
                    );
                }
                self.applicability.push((selector, applicability));
            }
        }
        let both = options
            .extend_safe_fixes
            .iter()
            .find(|safe| options.extend_unsafe_fixes.contains(safe));
        if let Some(both) = both {
            let message = format!(
                "`{}` is both in `extend-safe-fixes` and in `extend-unsafe-fixes`",
                both.get_ref()
            );
            return Err(layer.error(message, both.span()));
        }
        Ok(())
    }

    /// Whether `rule` is selected.
    pub fn is_selected(&self, rule: &Rule) -> bool {
        let enabled =
            |selectors: &[Selector]| selectors.iter().filter_map(|one| one.enables(rule)).max();
        let ignored = self.ignore.iter().filter_map(|one| one.specificity(&rule.info)).max();
        let chosen =
            if self.select.is_empty() { rule.default.then_some(0) } else { enabled(&self.select) };
        match (chosen.max(enabled(&self.extend_select)), ignored) {
            (Some(chosen), Some(ignored)) => chosen > ignored,
            (chosen, None) => chosen.is_some(),
            (None, Some(_)) => false,
        }
    }

    /// Returns the selected rules with their overrides applied.
    pub fn rules<'r>(&'r self, registry: &'r Registry) -> impl Iterator<Item = &'r Rule> {
        let rules = registry.rules().iter().filter(|rule| self.is_selected(rule));
        rules.map(|rule| self.effective(rule))
    }

    /// Returns `rule` with its overrides applied.
    pub fn effective<'r>(&'r self, rule: &'r Rule) -> &'r Rule {
        self.rule_overrides.get(&rule.info.code).unwrap_or(rule)
    }

    /// Returns the applicability of the fixes of `rule` if the settings override it.
    pub fn applicability(&self, rule: &Rule) -> Option<Applicability> {
        let overrides = self.applicability.iter().enumerate().filter_map(
            |(index, (selector, applicability))| {
                selector
                    .specificity(&rule.info)
                    .map(|specificity| ((specificity, index), *applicability))
            },
        );
        overrides.max_by_key(|(rank, _)| *rank).map(|(_, applicability)| applicability)
    }

    /// Returns the codes of the rules ignored in the file `path`.
    pub fn ignored_in(&self, registry: &Registry, path: &Path) -> Vec<String> {
        let selectors: Vec<&Selector> = self
            .per_file_ignores
            .iter()
            .filter(|(patterns, _)| patterns.matches(path))
            .flat_map(|(_, selectors)| selectors)
            .collect();
        if selectors.is_empty() {
            return Vec::new();
        }
        let ignored = registry
            .rules()
            .iter()
            .filter(|rule| selectors.iter().any(|selector| selector.means(&rule.info)));
        ignored.map(|rule| rule.info.code.clone()).collect()
    }

    /// Whether the file or directory `path` is excluded.
    pub fn is_excluded(&self, path: &Path) -> bool {
        self.exclude.iter().any(|patterns| patterns.matches(path))
    }

    /// Whether the file or directory `path`, found in a directory passed explicitly, is excluded:
    /// by a pattern that matches it, not by one that matches the directory passed.
    pub fn is_excluded_below(&self, path: &Path) -> bool {
        self.exclude.iter().any(|patterns| patterns.matches_itself(path))
    }

    /// Returns the patterns of files to pick up from directories, if set.
    pub fn include(&self) -> Option<&PathPatterns> {
        self.include.as_ref()
    }

    /// Whether to pick up the file `path` from a directory; `None` if the settings do not say.
    pub fn is_included(&self, path: &Path) -> Option<bool> {
        self.include.as_ref().map(|include| include.matches(path))
    }
}

fn selector(
    registry: &Registry,
    layer: &Layer,
    text: &Spanned<String>,
) -> Result<Selector, UserFileError> {
    registry.selector(text.get_ref()).map_err(|unknown| {
        let hint = unknown.nearest.as_ref().map(|nearest| format!("did you mean `{nearest}`?"));
        let hint = hint.unwrap_or_else(|| "`dechaff rule --all` lists the rules".into());
        let message = format!("no rule has the code or name `{}`", unknown.selector);
        layer.error(message, text.span()).with_hint(Some(hint))
    })
}

fn patterns(layer: &Layer, patterns: &[Spanned<String>]) -> Result<PathPatterns, UserFileError> {
    let texts: Vec<&str> = patterns.iter().map(|pattern| pattern.get_ref().as_str()).collect();
    PathPatterns::new(&layer.folder, &texts).map_err(|(index, message)| {
        let span = patterns.get(index).map_or(0..0, Spanned::span);
        layer.error(message, span)
    })
}

/// Rejects shares and sizes that are out of range.
fn require_valid_numbers(layer: &Layer) -> Result<(), UserFileError> {
    let options = &layer.options;
    let shares = [
        ("max-removed", &options.max_removed),
        ("drop-share", &options.documents.drop_share),
        ("review-share", &options.documents.review_share),
    ];
    for (key, share) in shares {
        if let Some(share) = share.as_ref().filter(|share| !(0.0..=1.0).contains(share.get_ref())) {
            let error =
                layer.error(format!("`{key}` is a share of words, from 0 to 1"), share.span());
            return Err(error.with_hint(Some("for example, 0.5 is half of the words".into())));
        }
    }
    let sizes = [
        ("memory", &options.memory, usize::MAX),
        ("max-record", &options.max_record, MAX_RECORD_BYTES),
    ];
    for (key, size, max) in sizes {
        if let Some(size) = size {
            let error = |message: String| layer.error(format!("`{key}`: {message}"), size.span());
            if parse_size(size.get_ref()).map_err(error)? > max {
                return Err(error("documents must be smaller than 4 GB".into()));
            }
        }
    }
    Ok(())
}

/// Checks this program's version against the requirement of the layer.
fn require_version(layer: &Layer) -> Result<(), UserFileError> {
    const VERSION: &str = env!("CARGO_PKG_VERSION");
    let Some(required) = &layer.options.required_version else { return Ok(()) };
    let fail = |message: String, span: Range<usize>| Err(layer.error(message, span));
    let requirement = match semver::VersionReq::parse(required.get_ref()) {
        Ok(requirement) => requirement,
        Err(error) => {
            return fail(
                format!("not a version requirement such as `>=0.1`: {error}"),
                required.span(),
            );
        }
    };
    match semver::Version::parse(VERSION) {
        Ok(version) if !requirement.matches(&version) => fail(
            format!("this is dechaff {VERSION}; the configuration requires {requirement}"),
            required.span(),
        ),
        _ => Ok(()),
    }
}

/// Maximum size of a document: comparison stores offsets as `u32`.
const MAX_RECORD_BYTES: usize = u32::MAX as usize;

/// Parses a size in bytes, such as `64MB` or `2GB`. Units are powers of 1,024.
///
/// # Errors
///
/// Returns a message if `text` is not a size or is too large.
pub fn parse_size(text: &str) -> Result<usize, String> {
    const EXPECTED: &str = "expected a number of bytes, such as 64MB or 2GB";
    let number = text
        .trim_end_matches(|character: char| character.is_ascii_alphabetic() || character == ' ');
    let unit = text.get(number.len()..).unwrap_or("").trim().to_ascii_uppercase();
    let shift = match unit.as_str() {
        "" | "B" => 0,
        "K" | "KB" | "KIB" => 10,
        "M" | "MB" | "MIB" => 20,
        "G" | "GB" | "GIB" => 30,
        _ => return Err(EXPECTED.into()),
    };
    let number: usize = number.parse().map_err(|_| EXPECTED.to_owned())?;
    number
        .checked_shl(shift)
        .filter(|bytes| bytes >> shift == number)
        .ok_or_else(|| "too large".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use dechaff_findings::user_file::UserFile;

    fn selected(select: &[&str], extend: &[&str], ignore: &[&str]) -> Vec<String> {
        let rule = |code: &str, name: &str, default: bool| {
            let text = format!(
                "code='{code}'\nname='{name}'\nsummary=''\nwhy=''\nsince=''\ndefault={default}\n[[find]]\nen='abc'"
            );
            UserFile::new("x.toml", text)
        };
        let files = [
            rule("AA001", "one", true),
            rule("AA002", "two", true),
            rule("AA003", "opt-in", false),
            rule("AB001", "three", true),
            rule("AC001", "first-opt-in", false),
            rule("AC002", "second-opt-in", false),
        ];
        let registry = Registry::parse(&files).unwrap();
        let owned =
            |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let settings =
            Settings::new(&registry, &owned(select), &owned(extend), &owned(ignore)).unwrap();
        registry
            .rules()
            .iter()
            .filter(|rule| settings.is_selected(rule))
            .map(|rule| rule.info.code.clone())
            .collect()
    }

    /// Offsets are stored in 32 bits and would wrap around in a larger document.
    #[test]
    fn max_record_is_less_than_4_gb() {
        let registry = Registry::parse(&[]).unwrap();
        let settings = |size: &str| {
            let file = UserFile::new("dechaff.toml", format!("max-record = '{size}'"));
            Settings::from_layers(&registry, &[Layer::parse(&file, "/".into()).unwrap()])
        };
        assert!(settings("4294967295").is_ok());
        assert_eq!(
            settings("4GB").unwrap_err().message,
            "`max-record`: documents must be smaller than 4 GB"
        );
    }

    #[test]
    fn more_specific_selector_wins() {
        assert_eq!(selected(&[], &[], &[]), ["AA001", "AA002", "AB001"]);
        assert_eq!(selected(&["AA"], &[], &[]), ["AA001", "AA002"]);
        assert_eq!(selected(&["two"], &[], &[]), ["AA002"]);
        assert_eq!(selected(&["A"], &[], &["AA"]), ["AB001"]);
        assert_eq!(selected(&["AA001"], &[], &["AA"]), ["AA001"]);
        assert_eq!(selected(&["AA"], &["AB001"], &["ab"]), ["AA001", "AA002", "AB001"]);
        assert_eq!(selected(&[], &[], &["ALL"]), [""; 0]);
    }

    #[test]
    fn opt_in_rule_needs_full_code_name_or_all() {
        assert_eq!(selected(&["AA003"], &[], &[]), ["AA003"]);
        assert_eq!(selected(&["Opt-In"], &[], &[]), ["AA003"]);
        assert_eq!(selected(&["AA"], &["aa003"], &["AA"]), ["AA003"]);
        assert_eq!(
            selected(&["ALL"], &[], &[]),
            ["AA001", "AA002", "AA003", "AB001", "AC001", "AC002"]
        );
        assert_eq!(selected(&[], &["AA00"], &[]), ["AA001", "AA002", "AB001"]);
        assert_eq!(selected(&["ALL"], &[], &["AA", "AC"]), ["AB001"]);
    }

    #[test]
    fn prefix_of_opt_in_rules_alone_enables_them() {
        assert_eq!(selected(&["AC"], &[], &[]), ["AC001", "AC002"]);
        assert_eq!(selected(&["AB"], &["AC"], &["AC001"]), ["AB001", "AC002"]);
        assert_eq!(selected(&["A"], &[], &[]), ["AA001", "AA002", "AB001"]);
    }
}
