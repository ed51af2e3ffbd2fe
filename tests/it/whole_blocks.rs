//! No fix leaves half of a block, such as a licence, a comment, a rewrapped paragraph or a
//! sentence.

use std::sync::{Arc, LazyLock};

use dechaff::config::Settings;
use dechaff::finding::{Applicability, Finding};
use dechaff::fix::{FixSession, preserve_last_copy};
use dechaff::linter::Linter;
use dechaff::rule::Registry;
use dechaff::text::{Document, Origin, TextProvider};
use proptest::prelude::*;
use proptest::sample::select;

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| Registry::embedded().unwrap());
static LINTER: LazyLock<Linter> =
    LazyLock::new(|| Linter::new(&REGISTRY, &Settings::default()).unwrap());

/// The only document of a corpus.
struct SingleText(Arc<str>);

impl TextProvider for SingleText {
    fn text(&self, _: &Origin) -> Option<Arc<str>> {
        Some(Arc::clone(&self.0))
    }
}

fn document(text: &str) -> Document<'_> {
    Document::parse(Arc::new(Origin::file("a.txt")), text)
}

fn compared(text: &str) -> Vec<Finding> {
    let document = document(text);
    let found = LINTER.compare([LINTER.sketch(&document)], &SingleText(text.into())).unwrap();
    LINTER.visible_matches(&document, found)
}

/// Applies the fixes of all rules, including those that compare, until nothing changes.
fn fixed(text: &str, max: Applicability) -> String {
    let mut text = text.to_owned();
    for _ in 0..10 {
        let document = document(&text);
        let mut fixing = FixSession::new(&document);
        fixing.fix_until_stable(&LINTER, max).unwrap();
        let stable = fixing.document().text().to_owned();
        let mut found = compared(&stable);
        preserve_last_copy(&mut found, max);
        fixing.apply(&found, max);
        let next = fixing.document().text().to_owned();
        if next == text {
            return text;
        }
        text = next;
    }
    panic!("never comes to rest: {text}");
}

const PROSE: &str = "The dredger worked on ninety days, eleven fewer than in the year before, since its pump had to be sent to the \
                     yard twice. The channel is nonetheless as deep as the chart says, and no ship touched the ground in it. The \
                     pilots ask for two more buoys at the bend below the mill, where the current turns.";
const BETWEEN: &str = "Nothing was borrowed in all of that time, said the treasurer.\n\nThe dues stay as they are until the board has met.";
const LICENCE: [&str; 8] = [
    "Copyright YEAR The Quay Authors",
    "",
    "Licensed under the Quay Public Licence, version 2 (the \"Licence\");",
    "you may not use this file except in compliance with the Licence.",
    "You may obtain a copy of the Licence at the address of the harbour board.",
    "",
    "Unless required by law or agreed to in writing, software distributed under",
    "the Licence is distributed on an \"AS IS\" basis, without warranties of any kind.",
];

/// Wraps `text` at `width` and prefixes each line.
fn wrapped(text: &str, width: usize, prefix: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().unwrap();
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.iter().map(|line| format!("{prefix}{line}")).collect::<Vec<_>>().join("\n")
}

/// Formats the licence as a source code comment.
fn licence(marker: &str, year: &str) -> String {
    let lines = LICENCE.map(|line| line.replace("YEAR", year));
    match marker {
        "/*" => format!(
            "/*\n{}\n */",
            lines.map(|line| format!(" * {line}").trim_end().to_owned()).join("\n")
        ),
        "<!--" => format!("<!--\n{}\n-->", lines.join("\n")),
        "" => lines.join("\n"),
        _ => lines.map(|line| format!("{marker} {line}").trim_end().to_owned()).join("\n"),
    }
}

#[test]
fn copy_wrapped_at_another_width_is_one_duplicate() {
    for (prefix, other) in [("", ""), ("> ", ""), ("> ", "> "), ("  ", "")] {
        let text = format!(
            "{}\n\n{BETWEEN}\n\n{}\n",
            wrapped(PROSE, 76, other),
            wrapped(PROSE, 49, prefix)
        );
        let found = compared(&text);
        assert_eq!(found.len(), 1, "{text}{found:#?}");
        assert_eq!(found[0].rule.code, "ND001");
        let document = document(&text);
        assert_eq!(document.position(found[0].span.start).line, 10, "{text}");
        assert_eq!(
            fixed(&text, Applicability::Safe),
            format!("{}\n\n{BETWEEN}\n", wrapped(PROSE, 76, other))
        );
    }
}

#[test]
fn repeated_source_comment_is_one_duplicate() {
    for marker in ["//", "#", "*", "--", ";", "%", "/*"] {
        let (one, code) =
            (licence(marker, "2024"), "package quay\n\nfunc OpenGate() { gate.Open() }");
        let text = format!("{one}\n\n{code}\n\n{one}\n");
        let found = compared(&text);
        assert_eq!(found.len(), 1, "{text}{found:#?}");
        assert_eq!(found[0].rule.code, "ND001", "{text}");
        assert_eq!(fixed(&text, Applicability::Unsafe), format!("{one}\n\n{code}\n"));
    }
}

#[test]
fn licence_keeps_its_copyright_line() {
    let text = format!("{}\n", licence("", "2024"));
    assert_eq!(fixed(&text, Applicability::Unsafe), text);
    // A page footer is not a licence.
    let page = format!("{PROSE}\n\n© 2024 The Quay Times. All rights reserved.\n");
    assert_eq!(fixed(&page, Applicability::Safe), format!("{PROSE}\n"));
}

#[test]
fn title_that_starts_a_sentence_elsewhere_is_kept() {
    let text = format!(
        "The harbour board and its pilots in the year of the flood\n\n{PROSE}\n\n\
         The harbour board and its pilots in the year of the flood met on the mole, and went home when the rain came.\n"
    );
    assert_eq!(fixed(&text, Applicability::Unsafe), text);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn licence_is_deleted_or_kept_as_a_whole(
        marker in select(&["//", "#", "*", "--", ";", "%", "/*", "<!--", ""][..]),
        years in proptest::collection::vec(select(&["2021", "2023", "2024"][..]), 1..4),
        has_code in any::<bool>(),
        is_unsafe in any::<bool>(),
    ) {
        let between = if has_code { "\n\npackage quay\n\nfunc OpenGate() { gate.Open() }\n\n" } else { "\n\n" };
        let copies: Vec<String> = years.iter().map(|year| licence(marker, year)).collect();
        let text = copies.join(between) + "\n";
        let mut left = fixed(&text, if is_unsafe { Applicability::Unsafe } else { Applicability::Safe });
        prop_assert!(copies.iter().any(|copy| left.contains(copy)), "none is left of {text}");
        for copy in &copies {
            left = left.replace(copy, "");
        }
        for part in LICENCE.iter().flat_map(|line| line.split(" YEAR ")).filter(|part| !part.is_empty()) {
            prop_assert!(!left.contains(part), "{part:?} is left in {left:?} of {text}");
        }
    }

    #[test]
    fn rewrapped_paragraph_is_deleted_as_a_whole(
        widths in (30..100_usize, 30..100_usize),
        prefixes in (select(&["", "> ", "  "][..]), select(&["", "> ", "  "][..])),
        is_unsafe in any::<bool>(),
    ) {
        let first = wrapped(PROSE, widths.0, prefixes.0);
        let text = format!("{first}\n\n{BETWEEN}\n\n{}\n", wrapped(PROSE, widths.1, prefixes.1));
        let fixed = fixed(&text, if is_unsafe { Applicability::Unsafe } else { Applicability::Safe });
        prop_assert_eq!(fixed, format!("{first}\n\n{BETWEEN}\n"));
    }
}
