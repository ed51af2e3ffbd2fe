//! `dechaff rule`: explains a rule, or lists several.

use std::fmt::Write as _;

use anyhow::bail;
use unicode_width::UnicodeWidthStr;

use super::Exit;
use super::arguments::RuleArguments;
use super::match_text::match_text;
use super::output::Output;
use super::settings_resolver::{ResolvedSettings, SettingsResolver};
use crate::finding::Applicability;
use crate::report::{count, printable};
use crate::rule::{Documents, Rule, Selector};

/// Width of paragraphs on a wider terminal.
const MAX_COLUMNS: usize = 100;

/// The style of marked text in examples.
const MARK: &str = "\x1b[1;4;33m";
const BOLD: &str = "\x1b[1m";
const RESET: &str = "\x1b[0m";

pub(super) fn run(arguments: &RuleArguments) -> anyhow::Result<Exit> {
    let settings =
        SettingsResolver::new(&arguments.settings, &toml::Table::new(), false)?.run_settings(&[])?;
    let mut output = Output::new(arguments.color);
    let rules = settings.registry.rules();
    if let (Some(name), Some(text)) = (&arguments.rule, &arguments.text) {
        let rule = settings.settings.effective(settings.registry.find(name)?);
        let (page, exit) = match_text(rule, text)?;
        output.write(&page)?;
        return Ok(exit);
    }
    let text = match &arguments.rule {
        None => list(rules.iter()),
        Some(name) => match settings.registry.find(name) {
            Ok(rule) => explain(&settings, rule, &output),
            Err(_) if name.eq_ignore_ascii_case("all") => {
                bail!("no rule has the code or name `{name}`; `dechaff rule --all` lists all rules")
            }
            Err(unknown) => {
                let group = Selector::from(name.as_str());
                let members: Vec<&Rule> =
                    rules.iter().filter(|rule| group.means(&rule.info)).collect();
                if members.is_empty() {
                    return Err(unknown.into());
                }
                list(members.into_iter())
            }
        },
    };
    output.write(&text)?;
    Ok(Exit::Success)
}

/// Lists rules, one per line.
fn list<'r>(rules: impl Iterator<Item = &'r Rule> + Clone) -> String {
    let width = rules.clone().map(|rule| rule.info.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for rule in rules {
        let info = &rule.info;
        let fix = info.fix.map_or(String::new(), |fix| format!("  [{fix} fix]"));
        let default = if rule.default { "" } else { "  [opt-in]" };
        let _ = writeln!(
            text,
            "{}  {:width$}  {}{fix}{default}",
            info.code,
            info.name,
            printable(&info.summary)
        );
    }
    text
}

/// Returns the page of `rule`, with the parameters that the configuration sets.
fn explain(settings: &ResolvedSettings, rule: &Rule, output: &Output) -> String {
    let effective = settings.settings.effective(rule);
    let info = &effective.info;
    let paint =
        |text: &str| if output.color { format!("{BOLD}{text}{RESET}") } else { text.to_owned() };
    let columns = output.columns.min(MAX_COLUMNS);
    let mut page = format!(
        "{}: {}\n\n",
        paint(&format!("{} {}", info.code, info.name)),
        printable(&info.summary)
    );
    for paragraph in rule.why.split("\n\n") {
        let _ = writeln!(page, "{}\n", wrapped(&printable(&paragraph.replace('\n', " ")), columns));
    }
    let fix =
        match settings.settings.applicability(rule).filter(|_| info.fix.is_some()).or(info.fix) {
            Some(Applicability::Safe) => "safe, applied by --fix",
            Some(Applicability::Unsafe) => "unsafe, applied by --unsafe-fixes",
            None => "none",
        };
    let default = if rule.default { "yes" } else { "no; select it by code or name" };
    let _ = writeln!(
        page,
        "Severity:        {}\nFix:             {fix}\nRuns by default: {default}",
        info.severity
    );
    let _ = writeln!(
        page,
        "Kind of check:   {}, since {}",
        rule.parameters.kind(),
        printable(&rule.since)
    );
    let languages = rule.languages();
    if !languages.is_empty() {
        let listed: Vec<String> =
            languages.iter().map(|(key, phrases)| format!("{key} ({phrases})")).collect();
        let _ = writeln!(
            page,
            "Phrases:         {}",
            wrapped(&listed.join(", "), columns - 17).replace('\n', "\n                 ")
        );
    }
    parameters(&mut page, rule, effective, &paint);
    if let Some(example) = rule.examples().iter().find(|example| example.bad.is_some()) {
        documents(&mut page, &paint("Found"), example.bad.as_ref(), output.color);
        documents(&mut page, &paint("After the fix"), example.good.as_ref(), output.color);
    }
    let allowed = rule.examples().iter().find_map(|example| example.allow.as_ref());
    documents(&mut page, &paint("Not reported"), allowed, output.color);
    page
}

/// Writes the parameters in effect, with the default of each that was changed.
fn parameters(page: &mut String, rule: &Rule, effective: &Rule, paint: &impl Fn(&str) -> String) {
    let (defaults, values) = (rule.parameter_values(), effective.parameter_values());
    if values.is_empty() {
        return;
    }
    let _ = write!(page, "\n{} (set under [rule.{}]", paint("Parameters"), rule.info.code);
    if let Some(patterns) = rule.patterns().filter(|patterns| *patterns > 1) {
        let _ = write!(page, "; a value applies to all {}", count(patterns, "pattern"));
    }
    page.push_str("):\n");
    for (key, value) in values {
        let default = defaults.iter().find(|(known, _)| *known == key).map(|(_, default)| default);
        let _ = write!(page, "    {key} = {}", printable(&value));
        match default {
            Some(default) if *default == value => {}
            Some(default) => {
                let _ = write!(page, "    # default: {}", printable(default));
            }
            None => page.push_str("    # not set by default"),
        }
        page.push('\n');
    }
}

/// Writes the texts of an example, indented. Marked text is coloured or, without colour, enclosed
/// in `⟦` and `⟧`.
fn documents(page: &mut String, title: &str, documents: Option<&Documents>, color: bool) {
    let Some(documents) = documents else { return };
    let several = documents.texts().len() > 1;
    for (index, text) in documents.texts().iter().enumerate() {
        let number = if several { format!(", document {}", index + 1) } else { String::new() };
        let _ = writeln!(page, "\n{title}{number}:");
        let mut is_marked = false;
        for line in text.trim_end().lines() {
            let mut line = printable(line).into_owned();
            if color {
                let begins = if is_marked { MARK } else { "" };
                is_marked = match (line.rfind('⟦'), line.rfind('⟧')) {
                    (Some(open), Some(close)) => open > close,
                    (Some(_), None) => true,
                    (None, Some(_)) => false,
                    (None, None) => is_marked,
                };
                let ends = if is_marked { RESET } else { "" };
                line = format!("{begins}{}{ends}", line.replace('⟦', MARK).replace('⟧', RESET));
            }
            let _ = writeln!(page, "{}", format!("    {line}").trim_end());
        }
        if text.trim().is_empty() {
            page.push_str("    (empty)\n");
        }
    }
}

/// Wraps `text` to `columns` columns.
fn wrapped(text: &str, columns: usize) -> String {
    let (mut lines, mut width) = (String::new(), 0);
    for word in text.split_whitespace() {
        let length = word.width();
        if width > 0 && width + 1 + length > columns {
            lines.push('\n');
            width = 0;
        } else if width > 0 {
            lines.push(' ');
            width += 1;
        }
        lines.push_str(word);
        width += length;
    }
    lines
}
