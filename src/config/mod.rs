//! Settings: which rules run, with which parameters, and what is made of their findings.

mod options;
mod paths;
mod tuned;

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;

use crate::finding::Applicability;
use crate::rule::{Registry, Rule, Selector, UnknownSelector};
use crate::user_file::UserFileError;

pub use options::{FailOn, Layer, Options};
pub use paths::PathPatterns;

/// What decides which rules run, after ruff: the more exact selector wins; `ignore` wins between equals. A prefix enables the
/// default rules it covers; an opt-in rule needs its full code, its name or `ALL`.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Rules to run in place of those that run by default; empty for those.
    pub select: Vec<Selector>,
    /// Rules to run besides.
    pub extend_select: Vec<Selector>,
    /// Rules not to run.
    pub ignore: Vec<Selector>,
    /// Rules not to run in some files.
    per_file_ignores: Vec<(PathPatterns, Vec<Selector>)>,
    /// Files to take from folders; `None` for those that are taken by default.
    include: Option<PathPatterns>,
    /// Files and folders to leave out.
    exclude: Vec<PathPatterns>,
    /// Applicability of fixes where it is not the rule's, the strongest last.
    applicability: Vec<(Selector, Applicability)>,
    /// Rules whose severity or parameters are not those of their files, by code.
    tuned: HashMap<String, Rule>,
}

impl Settings {
    /// Settings from the texts of selectors, each a code, a prefix of one, a name or `ALL`.
    ///
    /// # Errors
    ///
    /// The first selector that means no rule.
    pub fn new(
        registry: &Registry,
        select: &[String],
        extend_select: &[String],
        ignore: &[String],
    ) -> Result<Self, UnknownSelector> {
        let parse = |texts: &[String]| -> Result<Vec<Selector>, UnknownSelector> {
            texts.iter().map(|text| registry.selector(text)).collect()
        };
        let (select, extend_select, ignore) = (parse(select)?, parse(extend_select)?, parse(ignore)?);
        Ok(Self { select, extend_select, ignore, ..Self::default() })
    }

    /// What `layers` come to, the strongest first. A single value is that of the strongest layer that has one; lists add up,
    /// but a layer with `select` puts aside what those below it select and ignore.
    ///
    /// # Errors
    ///
    /// The first thing that makes no sense: a selector that means no rule, a pattern that is none, a parameter that the rule
    /// does not have, another version of the program.
    pub fn of(registry: &Registry, layers: &[Layer]) -> Result<Self, UserFileError> {
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
        let enabling = |texts: &[Spanned<String>]| -> Result<Vec<Selector>, UserFileError> {
            texts.iter().map(|text| enabling_selector(registry, layer, text)).collect()
        };
        if let Some(select) = &options.select {
            self.select = enabling(select.get_ref())?;
            self.extend_select.clear();
            self.ignore.clear();
        }
        self.extend_select.extend(enabling(&options.extend_select)?);
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

        let sides =
            [(&options.extend_unsafe_fixes, Applicability::Unsafe), (&options.extend_safe_fixes, Applicability::Safe)];
        for (texts, applicability) in sides {
            for text in texts {
                let selector = selector(registry, layer, text)?;
                let has_fix = registry.rules().iter().any(|rule| selector.means(&rule.info) && rule.info.fix.is_some());
                if !has_fix {
                    return Err(layer.fault(format!("`{}` has no fix", text.get_ref()), text.span()));
                }
                self.applicability.push((selector, applicability));
            }
        }
        let both = options.extend_safe_fixes.iter().find(|safe| options.extend_unsafe_fixes.contains(safe));
        if let Some(both) = both {
            let message =
                format!("`{}` stands under `extend-unsafe-fixes` too; its fixes are one or the other", both.get_ref());
            return Err(layer.fault(message, both.span()));
        }
        if let Some(share) = options.max_removed.as_ref().filter(|share| !(0.0..=1.0).contains(share.get_ref())) {
            let fault = layer.fault("`max-removed` is a share of words, from 0 to 1", share.span());
            return Err(fault.with_hint(Some("write 0.5 for half of them".into())));
        }
        let sizes = [("memory", &options.memory, usize::MAX), ("max-record", &options.max_record, MAX_RECORD)];
        for (key, size, most) in sizes {
            if let Some(size) = size {
                let fault = |error: String| layer.fault(format!("`{key}`: {error}"), size.span());
                if bytes(size.get_ref()).map_err(fault)? > most {
                    return Err(fault("a document is less than 4 GB".into()));
                }
            }
        }
        tuned::tune(registry, layer, &mut self.tuned)
    }

    /// Whether `rule` is to run.
    pub fn is_selected(&self, rule: &Rule) -> bool {
        let enabled = |selectors: &[Selector]| selectors.iter().filter_map(|one| one.enables(rule)).max();
        let ignored = self.ignore.iter().filter_map(|one| one.specificity(&rule.info)).max();
        let chosen = if self.select.is_empty() { rule.default.then_some(0) } else { enabled(&self.select) };
        match (chosen.max(enabled(&self.extend_select)), ignored) {
            (Some(chosen), Some(ignored)) => chosen > ignored,
            (chosen, None) => chosen.is_some(),
            (None, Some(_)) => false,
        }
    }

    /// The rules of `registry` that are to run, as they are to run.
    pub fn rules<'r>(&'r self, registry: &'r Registry) -> impl Iterator<Item = &'r Rule> {
        let rules = registry.rules().iter().filter(|rule| self.is_selected(rule));
        rules.map(|rule| self.effective(rule))
    }

    /// `rule` with the severity and the parameters that the settings give it.
    pub fn effective<'r>(&'r self, rule: &'r Rule) -> &'r Rule {
        self.tuned.get(&rule.info.code).unwrap_or(rule)
    }

    /// What the fixes of `rule` count as, where that is not what the rule's file says.
    pub fn applicability(&self, rule: &Rule) -> Option<Applicability> {
        let means = self.applicability.iter().enumerate().filter_map(|(index, (selector, applicability))| {
            selector.specificity(&rule.info).map(|specificity| ((specificity, index), *applicability))
        });
        means.max_by_key(|(rank, _)| *rank).map(|(_, applicability)| applicability)
    }

    /// The codes of the rules that are not to run in the file `path`.
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
        let ignored =
            registry.rules().iter().filter(|rule| selectors.iter().any(|selector| selector.means(&rule.info)));
        ignored.map(|rule| rule.info.code.clone()).collect()
    }

    /// Whether the file or folder `path` is to be left out.
    pub fn is_excluded(&self, path: &Path) -> bool {
        self.exclude.iter().any(|patterns| patterns.matches(path))
    }

    /// Whether the file or folder `path`, met while walking a folder that was given, is to be left out: by a pattern that
    /// matches it, and not by one that matches the folder that was given.
    pub fn is_excluded_below(&self, path: &Path) -> bool {
        self.exclude.iter().any(|patterns| patterns.matches_itself(path))
    }

    /// The files to take from folders, if that is set.
    pub fn include(&self) -> Option<&PathPatterns> {
        self.include.as_ref()
    }

    /// Whether the file `path` is to be taken from a folder; `None` where nothing is said of that.
    pub fn is_included(&self, path: &Path) -> Option<bool> {
        self.include.as_ref().map(|include| include.matches(path))
    }
}

fn selector(registry: &Registry, layer: &Layer, text: &Spanned<String>) -> Result<Selector, UserFileError> {
    registry.selector(text.get_ref()).map_err(|unknown| {
        let hint = unknown.nearest.as_ref().map(|nearest| format!("did you mean `{nearest}`?"));
        let hint = hint.unwrap_or_else(|| "`dechaff rule --all` lists the rules".into());
        let message = format!("no rule has the code or name `{}`", unknown.selector);
        layer.fault(message, text.span()).with_hint(Some(hint))
    })
}

/// A selector under `select` or `extend-select`, which has to enable some rule.
fn enabling_selector(registry: &Registry, layer: &Layer, text: &Spanned<String>) -> Result<Selector, UserFileError> {
    const MAX_NAMED: usize = 5;
    let selector = selector(registry, layer, text)?;
    if registry.rules().iter().any(|rule| selector.enables(rule).is_some()) {
        return Ok(selector);
    }
    let covered = registry.infos().filter(|rule| selector.means(rule)).take(MAX_NAMED);
    let codes: Vec<String> = covered.map(|rule| format!("`{}`", rule.code)).collect();
    let message = format!("`{}` covers only opt-in rules, which a prefix does not enable", text.get_ref());
    let hint = format!("give the full code: {}", codes.join(", "));
    Err(layer.fault(message, text.span()).with_hint(Some(hint)))
}

fn patterns(layer: &Layer, patterns: &[Spanned<String>]) -> Result<PathPatterns, UserFileError> {
    let texts: Vec<&str> = patterns.iter().map(|pattern| pattern.get_ref().as_str()).collect();
    PathPatterns::new(&layer.folder, &texts).map_err(|(index, message)| {
        let place = patterns.get(index).map_or(0..0, Spanned::span);
        layer.fault(message, place)
    })
}

/// Sees to it that this is a version that the layer allows.
fn require_version(layer: &Layer) -> Result<(), UserFileError> {
    const VERSION: &str = env!("CARGO_PKG_VERSION");
    let Some(required) = &layer.options.required_version else { return Ok(()) };
    let fault = |message: String, place: Range<usize>| Err(layer.fault(message, place));
    let requirement = match semver::VersionReq::parse(required.get_ref()) {
        Ok(requirement) => requirement,
        Err(error) => return fault(format!("not a range of versions such as `>=0.1`: {error}"), required.span()),
    };
    match semver::Version::parse(VERSION) {
        Ok(version) if !requirement.matches(&version) => {
            fault(format!("this is dechaff {VERSION}; the configuration asks for {requirement}"), required.span())
        }
        _ => Ok(()),
    }
}

/// Most bytes of a document: comparing keeps places in it as four bytes each.
const MAX_RECORD: usize = u32::MAX as usize;

/// A number of bytes, such as `64MB` or `2GB`; units are powers of 1,024.
///
/// # Errors
///
/// It is none.
pub fn bytes(text: &str) -> Result<usize, String> {
    const FORM: &str = "give a number of bytes, such as 64MB or 2GB";
    let number = text.trim_end_matches(|character: char| character.is_ascii_alphabetic() || character == ' ');
    let unit = text.get(number.len()..).unwrap_or("").trim().to_ascii_uppercase();
    let shift = match unit.as_str() {
        "" | "B" => 0,
        "K" | "KB" | "KIB" => 10,
        "M" | "MB" | "MIB" => 20,
        "G" | "GB" | "GIB" => 30,
        _ => return Err(FORM.into()),
    };
    let number: usize = number.parse().map_err(|_| FORM.to_owned())?;
    number.checked_shl(shift).filter(|bytes| bytes >> shift == number).ok_or_else(|| "that is too much".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::user_file::UserFile;

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
        ];
        let registry = Registry::parse(&files).unwrap();
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let settings = Settings::new(&registry, &owned(select), &owned(extend), &owned(ignore)).unwrap();
        registry.rules().iter().filter(|rule| settings.is_selected(rule)).map(|rule| rule.info.code.clone()).collect()
    }

    /// Places in a document are kept in 32 bits, and would wrap around in a larger one.
    #[test]
    fn max_record_is_less_than_4_gb() {
        let registry = Registry::parse(&[]).unwrap();
        let settings = |size: &str| {
            let file = UserFile::new("dechaff.toml", format!("max-record = '{size}'"));
            Settings::of(&registry, &[Layer::parse(&file, "/".into()).unwrap()])
        };
        assert!(settings("4294967295").is_ok());
        assert_eq!(settings("4GB").unwrap_err().message, "`max-record`: a document is less than 4 GB");
    }

    #[test]
    fn the_more_exact_selector_wins() {
        assert_eq!(selected(&[], &[], &[]), ["AA001", "AA002", "AB001"]);
        assert_eq!(selected(&["AA"], &[], &[]), ["AA001", "AA002"]);
        assert_eq!(selected(&["two"], &[], &[]), ["AA002"]);
        assert_eq!(selected(&["A"], &[], &["AA"]), ["AB001"]);
        assert_eq!(selected(&["AA001"], &[], &["AA"]), ["AA001"]);
        assert_eq!(selected(&["AA"], &["AB001"], &["ab"]), ["AA001", "AA002", "AB001"]);
        assert_eq!(selected(&[], &[], &["ALL"]), [""; 0]);
    }

    #[test]
    fn an_opt_in_rule_needs_its_full_code_its_name_or_all() {
        assert_eq!(selected(&["AA003"], &[], &[]), ["AA003"]);
        assert_eq!(selected(&["Opt-In"], &[], &[]), ["AA003"]);
        assert_eq!(selected(&["AA"], &["aa003"], &["AA"]), ["AA003"]);
        assert_eq!(selected(&["ALL"], &[], &[]), ["AA001", "AA002", "AA003", "AB001"]);
        assert_eq!(selected(&[], &["AA00"], &[]), ["AA001", "AA002", "AB001"]);
        assert_eq!(selected(&["ALL"], &[], &["AA"]), ["AB001"]);
    }
}
