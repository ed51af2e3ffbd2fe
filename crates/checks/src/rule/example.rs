//! Examples: a rule's documentation and its tests.

use serde::Deserialize;

use dechaff_text::Span;

/// An example of a text that a rule reports or ignores.
///
/// In `bad`, the marks `⟦` and `⟧` enclose the text that the rule must flag. They are removed
/// before linting.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Example {
    /// Documents in which the rule must flag the marked text.
    pub bad: Option<Documents>,
    /// The documents after fixing, if the rule has a fix.
    pub good: Option<Documents>,
    /// Documents in which the rule must find nothing.
    pub allow: Option<Documents>,
    /// Other rules that run together with this one, by code or name, because weak evidence needs
    /// their findings.
    #[serde(default)]
    pub with: Vec<String>,
    /// The file name of the documents; `example.txt` by default.
    pub path: Option<String>,
}

/// One text or several.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Documents {
    /// One document.
    One(String),
    /// Several documents, linted as a corpus.
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

/// A text with the positions of its removed marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkedText {
    /// The text without marks.
    pub text: String,
    /// The spans between the marks, in order.
    pub spans: Vec<Span>,
}

impl MarkedText {
    /// Removes the marks `⟦` and `⟧` from `source`.
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
