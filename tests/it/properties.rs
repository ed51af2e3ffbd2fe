//! For any text, linting does not panic or point outside the text, and fixing converges.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use dechaff::config::{Layer, Settings};
use dechaff::finding::Applicability;
use dechaff::fix;
use dechaff::linter::Linter;
use dechaff::report::{Concise, Full, JsonLines, Reporter, render_user_file_error};
use dechaff::rule::{MarkedText, Registry, Rule};
use dechaff::suppress::{Baseline, IgnoreList, suppression_comments};
use dechaff::text::{BlockKind, Document, Origin, TextProvider, words};
use dechaff::user_file::{UserFile, UserFileError};
use proptest::prelude::*;

struct NoTexts;

impl TextProvider for NoTexts {
    fn text(&self, _: &Origin) -> Option<Arc<str>> {
        None
    }
}

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| Registry::embedded().unwrap());
static LINTER: LazyLock<Linter> =
    LazyLock::new(|| Linter::new(&REGISTRY, &Settings::default()).unwrap());

fn document(text: &str) -> Document<'_> {
    Document::parse(Arc::new(Origin::file("a.md")), text)
}

/// Generates pages from lines of rule examples, prose, marks and random characters.
fn pages() -> impl Strategy<Value = String> {
    let mut lines: Vec<String> = Vec::new();
    for example in REGISTRY.rules().iter().flat_map(|rule| rule.examples()) {
        for documents in example.bad.iter().chain(&example.allow) {
            for text in documents.texts() {
                lines.extend(MarkedText::parse(text).text.lines().map(str::to_owned));
            }
        }
    }
    let line = prop_oneof![
        6 => proptest::sample::select(lines),
        2 => Just("The ministry said on Monday that the talks would go on, although nobody knew for how long.".to_owned()),
        1 => "[-*#>|`~ a-z\t]{0,20}",
        1 => "\\PC{0,30}",
        1 => "[\u{0}-\u{1f}\u{200b}\u{feff}é中😀\u{301} ]{0,8}",
    ];
    let end = prop_oneof![4 => Just("\n"), 3 => Just("\n\n"), 1 => Just("\r\n"), 1 => Just(" ")];
    proptest::collection::vec((line, end), 0..40)
        .prop_map(|lines| lines.into_iter().map(|(line, end)| line + end).collect())
}

/// Generates rule files, configuration files, baselines and ignore lists, with lines missing,
/// repeated and mixed.
fn user_files() -> impl Strategy<Value = String> {
    let rules = REGISTRY.rules().iter().map(|rule| rule.file.text.clone());
    let others = [
        include_str!("../../src/cli/starter.toml").replace("# ", ""),
        "select = [\"BP\"]\nextend = \"a.toml\"\n[rule.ND002]\nthreshold = 0.9\nkeep = \"longest\"\nseverity = \"info\"\n".into(),
        "{\"version\": 1, \"findings\": [{\"path\":\"a\",\"rule\":\"BP001\",\"fingerprint\":\"0\",\"text\":\"x\"}]}".into(),
        "# list\nBP001 0123456789abcdef0123456789abcdef # a\n".into(),
        "[tool.dechaff]\nignore = [\"海\"]\n".into(),
    ];
    let lines: Vec<String> = rules
        .chain(others)
        .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let line = prop_oneof![8 => proptest::sample::select(lines), 1 => "[\\[\\]{}=\"',.a-z0-9 é海\u{0}]{0,20}"];
    proptest::collection::vec(line, 0..12).prop_map(|lines| lines.join("\n"))
}

/// Renders the error, if any. A span outside the file would panic.
fn shown<T>(outcome: Result<T, UserFileError>) -> Option<T> {
    outcome.map_err(|fault| (render_user_file_error(&fault, true), fault.to_string())).ok()
}

fn words_of(text: &str) -> impl Iterator<Item = &str> {
    words(text).map(|word| &text[word.range()])
}

/// Removes the characters that EN003 and EN004 remove from within words.
fn without_invisible(text: &str) -> String {
    let is_invisible = |character| {
        matches!(
            character,
            '\u{ad}' | '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{e000}'..='\u{f8ff}'
        )
    };
    text.chars().filter(|character| !is_invisible(*character)).collect()
}

fn is_subsequence<'t>(
    mut part: impl Iterator<Item = &'t str>,
    mut whole: impl Iterator<Item = &'t str>,
) -> bool {
    part.all(|word| whole.any(|other| other == word))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_user_file_parses_or_has_a_renderable_error(text in user_files()) {
        let file = UserFile::new("file", text);
        if let Some(rule) = shown(Rule::parse(&file)) {
            shown(rule.validate());
        }
        if let Some(layer) = shown(Layer::parse(&file, PathBuf::from("/"))) {
            shown(Settings::from_layers(&REGISTRY, &[layer]));
        }
        shown(Layer::parse_pyproject(&file, PathBuf::from("/")));
        shown(Baseline::parse(&file, |_| true));
        let known: HashSet<&str> = REGISTRY.infos().map(|rule| rule.code.as_str()).collect();
        shown(IgnoreList::parse(&file, &known));
    }

    #[test]
    fn suppression_comments_and_ignore_list_keep_text_and_suppress_findings(text in pages()) {
        let found = LINTER.check(&document(&text));
        let mut noted = text.clone();
        for edit in suppression_comments(&document(&text), &found).into_iter().rev() {
            noted.replace_range(edit.span.range(), &edit.content);
        }
        prop_assert!(words_of(&noted).count() >= words_of(&text).count());
        // Comments change the neighbours of lines, so other findings may appear; the ignore list
        // must suppress all.
        let list = IgnoreList::from_counts(found.iter().map(|finding| ((finding.rule.code.clone(), finding.fingerprint(&text)), usize::MAX)));
        prop_assert!(LINTER.clone().with_ignore_list(Arc::new(list)).check(&document(&text)).is_empty());
    }

    #[test]
    fn every_line_belongs_to_one_block(text in pages()) {
        let document = document(&text);
        let mut next = 0;
        for (index, block) in document.blocks().iter().enumerate() {
            prop_assert_eq!(block.lines.start, next);
            prop_assert!(block.lines.end > block.lines.start);
            prop_assert!(block.span.contains(block.content) || block.content.is_empty());
            next = block.lines.end;
            if block.kind != BlockKind::Blank {
                for sentence in document.sentences(index) {
                    prop_assert!(block.span.contains(*sentence));
                }
            }
        }
        prop_assert_eq!(next, document.lines().len());
    }

    #[test]
    fn findings_and_edits_lie_within_the_text(text in pages()) {
        let document = document(&text);
        let findings = LINTER.check(&document);
        for finding in &findings {
            prop_assert!(text.get(finding.span.range()).is_some());
            for edit in finding.fix.iter().flat_map(|fix| &fix.edits) {
                prop_assert!(text.get(edit.span.range()).is_some());
            }
        }
        let mut output = String::new();
        Full::new(80, false).fold(true).write_document(&document, &findings, &NoTexts, &mut output);
        Concise::new(true).write_document(&document, &findings, &NoTexts, &mut output);
        prop_assert!(!output.contains(|character: char| character.is_control() && character != '\n'));
        JsonLines.write_document(&document, &findings, &NoTexts, &mut output);
    }

    #[test]
    fn fixing_converges_and_only_removes_words(text in pages()) {
        let fixed = fix::fix(&LINTER, &document(&text), Applicability::Unsafe).unwrap();
        let again = fix::fix(&LINTER, &document(&fixed.text), Applicability::Unsafe).unwrap().text;
        prop_assert_eq!(&again, &fixed.text);
        // Fixes that create a word, from an entity, a broken word, a ligature or a glued mark or
        // title.
        let makes_words = ["MS009", "EN002", "EN005", "SY007", "MS010"].iter().any(|code| fixed.applied.contains_key(*code));
        let (before, after) = (without_invisible(&text), without_invisible(&fixed.text));
        prop_assert!(makes_words || is_subsequence(words_of(&after), words_of(&before)), "{after:?} from {before:?}");
    }

    #[test]
    fn changes_reproduce_the_fixed_text(text in pages()) {
        let fixed = fix::fix(&LINTER, &document(&text), Applicability::Unsafe).unwrap();
        let (mut rebuilt, mut at) = (String::new(), 0);
        for change in &fixed.changes {
            rebuilt.push_str(&text[at..change.span.start]);
            rebuilt.push_str(&change.content);
            at = change.span.end;
        }
        rebuilt.push_str(&text[at..]);
        prop_assert_eq!(rebuilt, fixed.text);
    }
}
