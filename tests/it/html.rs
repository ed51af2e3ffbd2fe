//! The HTML report quotes a corpus without becoming part of it, and stays small.

mod histograms;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use dechaff::finding::{Finding, RuleInfo, Severity};
use dechaff::report::{Html, Reporter, Summary};
use dechaff::rule::{Registry, Rule};
use dechaff::text::{Document, Origin, Record, Span, TextProvider};
use tempfile::TempDir;

/// Text that must not become markup, a template, or a change of direction.
pub(crate) const HOSTILE: &[&str] = &[
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "{{constructor.constructor('x')()}}",
    "</pre></section></main><style>*{display:none}</style>",
    "<!-- ]]> --> &lt;b&gt; &amp;amp; `${x}`",
    "javascript:alert(1)//' onmouseover='x",
];

/// Elements that the page consists of.
const ELEMENTS: &[&str] = &[
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "header",
    "main",
    "section",
    "footer",
    "nav",
    "h1",
    "h2",
    "h3",
    "h4",
    "p",
    "ul",
    "ol",
    "li",
    "dl",
    "div",
    "dt",
    "dd",
    "small",
    "strong",
    "span",
    "a",
    "code",
    "pre",
    "bdi",
    "br",
    "del",
    "ins",
    "mark",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "svg",
    "rect",
    "text",
    "figure",
    "figcaption",
    "details",
    "summary",
];

/// Attributes that cannot run or load anything.
const ATTRIBUTES: &[&str] = &[
    "lang",
    "charset",
    "http-equiv",
    "content",
    "name",
    "class",
    "id",
    "href",
    "scope",
    "role",
    "tabindex",
    "dir",
    "aria-label",
    "aria-labelledby",
    "aria-hidden",
    "focusable",
    "viewBox",
    "preserveAspectRatio",
    "x",
    "y",
    "width",
    "height",
];

/// Parses a page as XML, which is stricter than HTML, and checks what it consists of.
pub(crate) fn parse(page: &str) -> roxmltree::Document<'_> {
    let options =
        roxmltree::ParsingOptions { allow_dtd: true, ..roxmltree::ParsingOptions::default() };
    let parsed = roxmltree::Document::parse_with_options(page, options).unwrap_or_else(|error| {
        let line = page.lines().nth(error.pos().row as usize - 1).unwrap_or_default();
        panic!("{error}: {line}")
    });
    let mut last_heading = 0;
    for node in parsed.descendants().filter(roxmltree::Node::is_element) {
        let name = node.tag_name().name();
        assert!(ELEMENTS.contains(&name), "<{name}> in {page}");
        for attribute in node.attributes() {
            assert!(ATTRIBUTES.contains(&attribute.name()), "{} in {page}", attribute.name());
        }
        if let Some(target) = node.attribute("href") {
            let target = target.strip_prefix('#').expect(target);
            assert!(
                parsed.descendants().any(|node| node.attribute("id") == Some(target)),
                "#{target} is missing"
            );
        }
        if let Some(level) = name.strip_prefix('h').and_then(|level| level.parse::<u32>().ok()) {
            assert!(level <= last_heading + 1, "<{name}> after <h{last_heading}>");
            last_heading = level;
        }
        if name == "th" {
            assert!(node.attribute("scope").is_some(), "a header cell without a scope");
        }
    }
    let policy = parsed
        .descendants()
        .find(|node| node.attribute("http-equiv") == Some("Content-Security-Policy"));
    assert!(policy.unwrap().attribute("content").unwrap().starts_with("default-src 'none'"));
    parsed
}

/// Returns all text of a page.
pub(crate) fn text(page: &roxmltree::Document<'_>) -> String {
    page.descendants().filter_map(|node| node.is_text().then(|| node.text()).flatten()).collect()
}

/// Returns the texts of the elements with this name.
fn texts_of(page: &roxmltree::Document<'_>, name: &str) -> Vec<String> {
    let elements = page.descendants().filter(|node| node.has_tag_name(name));
    elements
        .map(|node| {
            node.descendants().filter_map(|node| node.text().filter(|_| node.is_text())).collect()
        })
        .collect()
}

fn report(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dechaff"));
    command.current_dir(folder).args([
        "check",
        "-q",
        "--output-format",
        "html",
        "--output-file",
        "../report.html",
    ]);
    let output = command.args(arguments).output().unwrap();
    assert_ne!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    fs::read_to_string(folder.join("../report.html")).unwrap()
}

/// Creates a directory `corpus` with these files.
fn corpus(files: &[(&str, &[u8])]) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("corpus")).unwrap();
    for (name, content) in files {
        fs::write(folder.path().join("corpus").join(name), content).unwrap();
    }
    folder
}

#[test]
fn a_hostile_corpus_is_shown_as_text() {
    let folder = corpus(&[]);
    let path = folder.path().join("corpus");
    let mut records = String::new();
    for (index, hostile) in HOSTILE.iter().enumerate() {
        let text = format!(
            "{hostile} one {index}\u{202e}\n\nPLANT {hostile} \u{1b}[2J\u{0}\n\nLeave a Comment\n\n{hostile}\n"
        );
        // A file with a null character would be skipped as not text.
        let mut bytes = text.replace('\0', "").into_bytes();
        bytes.extend(b"PLANT caf\xE9 \xFF\xFE\n");
        fs::write(path.join(format!("{index}{}.txt", hostile.replace('/', "\u{2215}"))), bytes)
            .unwrap();
        let record = serde_json::json!({ "id": hostile, "text": text });
        writeln!(records, "{record}").unwrap();
    }
    fs::write(path.join("records.jsonl"), records).unwrap();
    fs::create_dir(folder.path().join("rules")).unwrap();
    let all = HOSTILE.join(" ");
    let mut rule = toml::toml! {
        code = "XX001"
        name = "a-plant"
        since = "1"
        fix = "unsafe"
    };
    for key in ["summary", "why", "note"] {
        rule.insert(key.into(), all.clone().into());
    }
    let find: toml::Table = toml::from_str("match = \"contains\"\nregex = ['plant\\b.*']").unwrap();
    rule.insert("find".into(), toml::Value::Array(vec![find.into()]));
    let examples = ["bad = \"A text.\\n\\n⟦PLANT it⟧\"", "allow = \"Nothing.\""];
    let examples = examples.map(|example| toml::Value::Table(toml::from_str(example).unwrap()));
    rule.insert("example".into(), toml::Value::Array(examples.into()));
    fs::write(folder.path().join("rules/plant.toml"), rule.to_string()).unwrap();
    fs::write(folder.path().join("dechaff.toml"), "rules = [\"rules\"]\n").unwrap();

    let page = report(&path, &[".", "--config", "../dechaff.toml"]);
    let parsed = parse(&page);
    let shown = text(&parsed);
    for hostile in HOSTILE {
        assert!(shown.contains(hostile), "{hostile:?} is not shown in {shown}");
    }
    assert!(texts_of(&parsed, "h3").iter().any(|title| title.contains("XX001")), "{shown}");
    for shown_control in ["␛[2J", "\\u{202e}", "caf\u{fffd}"] {
        assert!(shown.contains(shown_control), "{shown_control:?}: {shown}");
    }
    assert!(!page.contains("{{") && !page.contains('\u{202e}') && !page.contains("<script"));
    assert!(
        !page.contains("://") && !page.contains("url(") && !page.contains("@import"),
        "the page loads something"
    );
}

#[test]
fn marks_removals_and_shows_copies_side_by_side() {
    let copied = "The ministry said on Tuesday that the talks would resume in Muscat next week, and that both sides \
                  had agreed to bring their own experts along for the first time since the spring.";
    let files = [
        ("a.txt", format!("A page.\n\n{copied}\n\nThe last word.\n\nLeave a Comment\n")),
        ("b.txt", format!("Another page.\n\n{copied}\n\nThe end is near.\n")),
        ("clean.txt", "Nothing is wrong with this text, which nobody wrote.\n".into()),
    ];
    let files: Vec<(&str, &[u8])> =
        files.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    let folder = corpus(&files);
    let page = report(&folder.path().join("corpus"), &["."]);
    let parsed = parse(&page);
    assert_eq!(texts_of(&parsed, "h1"), ["2 findings in 2 of 3 files"]);
    let removed = texts_of(&parsed, "del").concat();
    assert!(removed.contains("Leave a Comment") && removed.contains(copied), "{removed}");
    assert!(!removed.contains("The last word."), "{removed}");
    let pair = texts_of(&parsed, "figure");
    assert_eq!(pair.len(), 2, "{pair:?}");
    assert!(pair[0].contains("a.txt:3:1") && pair[1].contains("b.txt:3:1"), "{pair:?}");
    assert!(pair.iter().all(|side| side.contains(copied)), "{pair:?}");
    assert!(text(&parsed).contains("remove no words from 1 of 3 files"), "{}", text(&parsed));
}

/// The copies of a custom rule are shown side by side too, whatever its code.
#[test]
fn copies_of_custom_rules_are_shown_side_by_side() {
    let verse = "O for a muse of fire that would ascend the brightest heaven of invention";
    let text = |title: &str| format!("{title}\n\n{verse}\n\nThe end of {title}.\n");
    let (one, two) = (text("The first page"), text("Quite another one"));
    let folder = corpus(&[("a.txt", one.as_bytes()), ("b.txt", two.as_bytes())]);
    fs::create_dir(folder.path().join("rules")).unwrap();
    let rule = "code = \"XX001\"\nname = \"same-verse\"\nsummary = \"a verse twice\"\nsince = \"1\"\n\
                why = \"A verse that is on several pages is on one of them too many.\"\nfix = \"unsafe\"\n\
                [check.duplicate.exact.min-words]\nparagraph = 8\n";
    fs::write(folder.path().join("rules/verse.toml"), rule).unwrap();
    fs::write(folder.path().join("dechaff.toml"), "rules = [\"rules\"]\n").unwrap();
    let arguments = [".", "--config", "../dechaff.toml", "--select", "XX001"];
    let page = report(&folder.path().join("corpus"), &arguments);
    let pair = texts_of(&parse(&page), "figure");
    assert_eq!(pair.len(), 2, "{page}");
    assert!(pair.iter().all(|side| side.contains(verse)), "{pair:?}");
}

#[test]
fn a_clean_corpus_has_a_page_too() {
    let folder = corpus(&[("a.txt", b"Nothing is wrong with this text.\n")]);
    let page = report(&folder.path().join("corpus"), &["."]);
    assert_eq!(texts_of(&parse(&page), "h1"), ["No findings in 1 file"]);
}

#[test]
fn the_page_does_not_depend_on_the_number_of_threads() {
    let folder = corpus(&[]);
    for index in 0..120 {
        let name = format!("corpus/{index:03}.txt");
        let text = format!(
            "Page {index} has a text.\n\nShare your thoughts on no. {} below!\n\nLeave a Comment\n",
            index % 40
        );
        fs::write(folder.path().join(name), text).unwrap();
    }
    let path = folder.path().join("corpus");
    let one = report(&path, &[".", "--jobs", "1"]);
    assert!(one.contains("more samples"), "{one}");
    for _ in 0..3 {
        assert_eq!(one, report(&path, &[".", "--jobs", "4"]));
    }
}

struct NoTexts;

impl TextProvider for NoTexts {
    fn text(&self, _: &Origin) -> Option<Arc<str>> {
        None
    }
}

/// Every rule of a large set flags many different long texts that are escaped at length, in
/// documents with long names.
#[test]
fn the_size_of_the_page_is_bounded() {
    let registry = Registry::embedded().unwrap();
    let rules: Vec<Rule> = (0..800)
        .map(|number| {
            let mut rule = registry.find("ND001").unwrap().clone();
            rule.info = Arc::new(RuleInfo {
                code: format!("XX{number:03}"),
                name: "a-rule".into(),
                summary: "<".repeat(5_000),
                severity: Severity::Info,
                fix: None,
                note: Some("\u{e0041}".repeat(5_000)),
                amid_content: false,
                is_custom: true,
            });
            rule
        })
        .collect();
    let mut html = Html::new(&rules, vec!["\u{202e}".repeat(10_000); 500]);
    let (mut output, mut summary) = (String::new(), Summary::default());
    let other = Arc::new(Origin::file("\u{202e}".repeat(3_000)));
    for number in 0..20 {
        let text = format!("{number}{}", "\u{e0041}".repeat(10_000));
        let origin = Origin {
            path: "\u{202e}{".repeat(3_000),
            record: Some(Record { index: number, id: None }),
        };
        let document = Document::parse(Arc::new(origin), &text);
        let findings: Vec<Finding> = rules
            .iter()
            .map(|rule| {
                let mut finding = Finding::new(&rule.info, &document, Span::new(0, text.len()));
                let origin = Some(Arc::clone(&other));
                let label = dechaff::finding::Label {
                    origin,
                    span: Span::new(0, 1),
                    message: "seen".into(),
                };
                finding.labels.push(label);
                finding
            })
            .collect();
        summary.add(&findings);
        html.write_document(&document, &findings, &NoTexts, &mut output);
    }
    html.finish(&summary, &mut output);
    assert!(output.len() < 3_000_000, "{} bytes", output.len());
    let page = parse(&output);
    assert!(text(&page).contains("The samples of"), "all samples are shown");
    assert!(texts_of(&page, "figure").len() > 8, "no copies are shown");
}
