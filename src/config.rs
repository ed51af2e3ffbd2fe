//! Settings: which rules run.

use crate::rule::{Registry, Rule, Selector, UnknownSelector};

/// What decides which rules run, after ruff: the more exact selector wins; `ignore` wins between equals.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Rules to run in place of those that run by default; empty for those.
    pub select: Vec<Selector>,
    /// Rules to run besides.
    pub extend_select: Vec<Selector>,
    /// Rules not to run.
    pub ignore: Vec<Selector>,
}

impl Settings {
    /// Settings from the texts of selectors, each a code, the beginning of one, a name or `ALL`.
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
        Ok(Self { select: parse(select)?, extend_select: parse(extend_select)?, ignore: parse(ignore)? })
    }

    /// Whether `rule` is to run.
    pub fn is_selected(&self, rule: &Rule) -> bool {
        let best = |selectors: &[Selector]| selectors.iter().filter_map(|one| one.specificity(rule)).max();
        let chosen = if self.select.is_empty() { rule.default.then_some(0) } else { best(&self.select) };
        match (chosen.max(best(&self.extend_select)), best(&self.ignore)) {
            (Some(chosen), Some(ignored)) => chosen > ignored,
            (chosen, None) => chosen.is_some(),
            (None, Some(_)) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selected(select: &[&str], extend: &[&str], ignore: &[&str]) -> Vec<String> {
        let rule = |code: &str, name: &str| {
            format!("code='{code}'\nname='{name}'\nsummary=''\nwhy=''\nsince=''\n[[check.pattern]]\nany=['abc']")
        };
        let files = [rule("AA001", "one"), rule("AA002", "two"), rule("AB001", "three")];
        let registry = Registry::parse(files.iter().map(|file| ("x.toml", file.as_str()))).unwrap();
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let settings = Settings::new(&registry, &owned(select), &owned(extend), &owned(ignore)).unwrap();
        registry.rules().iter().filter(|rule| settings.is_selected(rule)).map(|rule| rule.info.code.clone()).collect()
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
}
