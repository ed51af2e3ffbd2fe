//! Examples: a rule's documentation and its tests.

use serde::Deserialize;

use dechaff_text::Span;

/// What a rule finds, or what it leaves alone.
///
/// In `bad` the marks `⟦` and `⟧` stand around what the rule is to mark; they are taken out before
/// the text is linted.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Example {
    /// Documents in which the rule finds what is marked.
    pub bad: Option<Documents>,
    /// What its fix makes of them, if it has one.
    pub good: Option<Documents>,
    /// Documents in which the rule finds nothing.
    pub allow: Option<Documents>,
    /// Other rules that run beside this one, by code or name: the company that weak evidence
    /// needs.
    #[serde(default)]
    pub with: Vec<String>,
    /// The file name the documents are linted under; `example.txt` if left out.
    pub path: Option<String>,
}

/// One text or several.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Documents {
    /// One document.
    One(String),
    /// A corpus of several.
    Many(Vec<String>),
}

impl Documents {
    /// The texts, in order.
    pub fn texts(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Many(texts) => texts,
        }
    }
}

/// A text whose marks were taken out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkedText {
    /// The text without marks.
    pub text: String,
    /// What stood between marks, in order.
    pub spans: Vec<Span>,
}

impl MarkedText {
    /// Takes the marks `⟦` and `⟧` out of `source`.
    pub fn parse(source: &str) -> Self {
        let (mut text, mut spans, mut open) =
            (String::with_capacity(source.len()), Vec::new(), None);
        for character in source.chars() {
            match character {
                '⟦' => open = Some(text.len()),
                '⟧' => spans.extend(open.take().map(|start| Span::new(start, text.len()))),
                _ => text.push(character),
            }
        }
        Self { text, spans }
    }
}
