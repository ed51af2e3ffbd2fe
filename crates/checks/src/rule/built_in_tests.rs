//! Compares what the build script extracts from built-in rules, and how the engine finds it, with plain
//! references.

use std::collections::{BTreeSet, HashSet};

use crate::Parameters;
use crate::pattern::differential::assert_agreement;
use crate::pattern::{Pattern, PatternSource};
use crate::rule::{Registry, Rule};
use crate::search::{Expression, Search};
use dechaff_findings::Applicability;
use dechaff_phrases::MAX_LINES;

const SEEDS: [&str; 5] = [
    include_str!("../../../../seeds/000_f959cded76acab99.txt"),
    include_str!("../../../../seeds/001_c939593177198e66.txt"),
    include_str!("../../../../seeds/002_3f05a9ecca76c598.txt"),
    include_str!("../../../../seeds/003_da060c371bad79b4.txt"),
    include_str!("../../../../seeds/004_717946b0a72bbb5c.txt"),
];

/// `line` and texts that are almost it.
fn variants(line: &str) -> Vec<String> {
    const MAX_EDITS: usize = 6;
    let mut variants = vec![
        line.to_owned(),
        line.to_uppercase(),
        line.to_lowercase(),
        format!("** {line} **"),
        format!("[{line}]:"),
        line.replace(' ', "  "),
        line.replace(' ', "\u{A0}"),
        line.replace('\'', "’").replace('"', "“").replace('-', "–"),
        line.replace(['’', 'ʼ'], "'").replace(['“', '”', '„'], "\""),
    ];
    let characters: Vec<char> = line.chars().collect();
    for at in (0..characters.len()).step_by(characters.len() / MAX_EDITS + 1) {
        let mut changed = characters.clone();
        changed[at] = if changed[at] == 'x' { 'ſ' } else { 'x' };
        variants.push(changed.iter().collect());
        changed.remove(at);
        variants.push(changed.iter().collect());
    }
    let words: Vec<&str> = line.split_whitespace().collect();
    for dropped in (0..words.len()).step_by(words.len() / MAX_EDITS + 1) {
        let rest: Vec<&str> = words
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != dropped)
            .map(|(_, word)| *word)
            .collect();
        variants.push(rest.join(" "));
    }
    variants
}

fn example_lines(rule: &Rule) -> Vec<String> {
    let file: toml::Table = toml::from_str(&rule.file.text).unwrap();
    let mut lines = Vec::new();
    let mut values: Vec<&toml::Value> = file["example"].as_array().unwrap().iter().collect();
    while let Some(value) = values.pop() {
        match value {
            toml::Value::String(text) => {
                lines.extend(text.replace(['⟦', '⟧'], "").lines().map(str::to_owned))
            }
            toml::Value::Array(array) => values.extend(array),
            toml::Value::Table(table) => values.extend(table.values()),
            _ => {}
        }
    }
    lines.retain(|line| !line.trim().is_empty());
    lines.sort();
    lines.dedup();
    lines
}

#[test]
fn engine_and_reference_agree() {
    let seeds: BTreeSet<&str> =
        SEEDS.iter().flat_map(|text| text.lines()).filter(|line| !line.trim().is_empty()).collect();
    let mut count = 0;
    for rule in Registry::embedded().unwrap().rules() {
        // Parsed, since a built-in rule keeps only hashes of lines.
        let Parameters::Pattern(patterns) = &Rule::parse(&rule.file).unwrap().parameters else {
            continue;
        };
        let examples: BTreeSet<String> =
            example_lines(rule).iter().flat_map(|line| variants(line)).collect();
        let units = examples.iter().map(String::as_str).chain(seeds.iter().copied());
        count += assert_agreement(&rule.info, patterns, units);
    }
    assert!(count > 1_000, "{count} matches");
}

#[test]
fn built_in_rules_are_compiled_as_their_files_say() {
    for rule in Registry::embedded().unwrap().rules() {
        let Parameters::Pattern(built_in) = &rule.parameters else { continue };
        let parsed = Rule::parse(&rule.file).unwrap();
        parsed.validate().unwrap();
        let parsed = parsed.parameters;
        let Parameters::Pattern(parsed) = parsed else { panic!("{}", rule.info.code) };
        assert_eq!(built_in.len(), parsed.len(), "{}", rule.info.code);
        built_in
            .iter()
            .zip(&parsed)
            .for_each(|(built_in, parsed)| assert_up_to_date(built_in, parsed));
    }
}

/// Asserts that a built-in pattern equals the one parsed from its file.
fn assert_up_to_date(built_in: &Pattern, parsed: &Pattern) {
    let regexes =
        |all: &[Expression]| all.iter().map(|one| one.regex().into_owned()).collect::<Vec<_>>();
    assert_eq!(regexes(&built_in.except).join("|"), regexes(&parsed.except).join("|"));
    let split = |pattern: &Pattern| {
        let (mut lines, mut others) = (pattern.lines.clone(), Vec::new());
        for expression in pattern.expressions.iter().flat_map(Expression::branches) {
            match expression.search(!pattern.is_part).unwrap().as_ref() {
                Search::Lines(hashes) => lines.extend(hashes.clone()),
                Search::Required(required) => {
                    others.push((expression.regex().into_owned(), required.clone()))
                }
            }
        }
        (lines, others)
    };
    assert_eq!(split(built_in), split(parsed));
}

/// The lines that a phrase of `pattern` matches as a whole and that its exceptions leave.
fn whole_lines(pattern: &Pattern, source: &PatternSource) -> Vec<(String, String)> {
    let exception = |one: &str| regex::Regex::new(&format!("(?i){one}")).unwrap();
    let exceptions: Vec<_> = pattern.except.iter().map(|one| exception(&one.regex())).collect();
    let lines = source.phrases.iter().flat_map(|phrase| {
        let lines = phrase.lines(MAX_LINES).unwrap_or_default();
        lines.into_iter().map(|line| (line, phrase.language.to_string()))
    });
    lines.filter(|(line, _)| !exceptions.iter().any(|exception| exception.is_match(line))).collect()
}

/// A safe fix would delete a heading if one list said that the line may be one and another did
/// not.
#[test]
fn lines_that_may_be_headings_are_in_no_list_without_that_guard() {
    let registry = Registry::embedded().unwrap();
    // By rule, since a weak word of one rule can be a sure one of another.
    let (mut guarded, mut unguarded) = (HashSet::new(), Vec::new());
    for rule in registry.rules() {
        let Parameters::Pattern(patterns) = &rule.parameters else { continue };
        for (pattern, source) in patterns.iter().zip(&rule.sources().unwrap()) {
            let lines = whole_lines(pattern, source).into_iter();
            if pattern.may_be_heading() {
                let rule = pattern.needs_neighbor.then_some(&rule.info.code);
                guarded.extend(lines.map(|line| (rule, line)));
            } else if pattern.fix.or(rule.info.fix) == Some(Applicability::Safe) {
                unguarded.extend(lines.map(|line| (&rule.info.code, line)));
            }
        }
    }
    assert!(guarded.contains(&(None, ("über uns".into(), "de".into()))));
    unguarded.retain(|(rule, line)| {
        [None, Some(*rule)].iter().any(|rule| guarded.contains(&(*rule, line.clone())))
    });
    assert_eq!(unguarded, []);
}
