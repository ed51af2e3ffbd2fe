//! TextProvider had again, to verify what hashes say.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use unicode_normalization::UnicodeNormalization;

use super::compare::Site;
use super::token::Tokens;
use crate::check::DocumentSet;
use crate::text::{Document, Origin, Span, TextProvider};

/// The texts of documents and their tokens, kept for a while.
pub(super) struct Library<'c> {
    origins: Arc<[Arc<Origin>]>,
    /// Where texts are had.
    source: &'c dyn TextProvider,
    texts: FxHashMap<u32, Option<Arc<str>>>,
    /// The document that is looked at, which others seldom are compared with again.
    open: Option<(u32, Arc<str>)>,
    tokens: FxHashMap<Site, Arc<Tokens>>,
    /// The line that others were compared with last, without digits.
    last_line: Option<(Site, Arc<str>)>,
    text_room: Room,
    token_room: Room,
}

/// What may be held, in bytes, about.
struct Room {
    held: usize,
    most: usize,
}

impl Room {
    /// Counts what is to be held besides; `false` if all else must go for it.
    fn take(&mut self, bytes: usize) -> bool {
        // One large document must not push out all else each time that it is asked for.
        self.most = self.most.max(bytes.saturating_mul(4));
        self.held += bytes;
        let has_room = self.held <= self.most;
        if !has_room {
            self.held = bytes;
        }
        has_room
    }
}

impl<'c> Library<'c> {
    pub(super) fn new(documents: &DocumentSet<'c>) -> Self {
        Self::one_of(1, documents)
    }

    /// One of so many that share the memory.
    pub(super) fn one_of(
        libraries: usize,
        DocumentSet { origins, texts: source, memory, .. }: &DocumentSet<'c>,
    ) -> Self {
        const LEAST: usize = 1 << 20;
        /// Tokens take four times as much as their text, and are asked for again soon if at all.
        const MOST_TOKENS: usize = 1 << 24;
        let most = (memory / 4).max(LEAST) / libraries;
        let (texts, tokens) = (FxHashMap::default(), FxHashMap::default());
        Self {
            origins: Arc::clone(origins),
            source: *source,
            texts,
            open: None,
            tokens,
            last_line: None,
            text_room: Room { held: 0, most },
            token_room: Room { held: 0, most: most.min(MOST_TOKENS) },
        }
    }

    pub(super) fn origin(&self, document: u32) -> Option<&Arc<Origin>> {
        self.origins.get(document as usize)
    }

    /// Has the text of a document at hand until another is opened.
    pub(super) fn open(&mut self, number: u32, document: &Document<'_>) {
        // A text that is at hand is shared; any other would be read once more.
        let held = self.source.index(document.origin()).and_then(|_| self.source.text(document.origin()));
        self.open = Some((number, held.unwrap_or_else(|| document.text().into())));
    }

    /// The text of a document, if it can still be had.
    pub(super) fn text(&mut self, document: u32) -> Option<Arc<str>> {
        if let Some((_, text)) = self.open.as_ref().filter(|(open, _)| *open == document) {
            return Some(Arc::clone(text));
        }
        if let Some(text) = self.texts.get(&document) {
            return text.clone();
        }
        let text = self.source.text(self.origin(document)?);
        if !self.text_room.take(text.as_ref().map_or(0, |text| text.len())) {
            self.texts.clear();
        }
        self.texts.insert(document, text.clone());
        text
    }

    /// The document, whose text is `text`.
    pub(super) fn document<'t>(&self, number: u32, text: &'t str) -> Option<Document<'t>> {
        let origin = self.origin(number)?;
        Some(match self.source.index(origin) {
            Some(index) => Document::from_index(Arc::clone(origin), text, index),
            None => Document::parse(Arc::clone(origin), text),
        })
    }

    /// The tokens of a place, if it can still be had.
    pub(super) fn tokens(&mut self, site: Site) -> Option<Arc<Tokens>> {
        if let Some(tokens) = self.tokens.get(&site) {
            return Some(Arc::clone(tokens));
        }
        let text = self.text(site.document)?;
        text.get(site.span().range())?;
        let tokens = Arc::new(Tokens::of(&text, site.span()));
        if !self.token_room.take(tokens.tokens.len() * size_of::<super::Token>()) {
            self.tokens.clear();
        }
        self.tokens.insert(site, Arc::clone(&tokens));
        Some(tokens)
    }

    /// Whether two places hold the same letters and digits, case and ways of writing aside.
    pub(super) fn are_equal(&mut self, left: Site, right: Site) -> bool {
        let (Some(one), Some(other)) = (self.text(left.document), self.text(right.document)) else { return false };
        match (one.get(left.span().range()), other.get(right.span().range())) {
            (Some(one), Some(other)) => one == other || folded(one) == folded(other),
            _ => false,
        }
    }

    /// Whether two lines are written almost alike once all digits are: their normalised Levenshtein similarity is at least
    /// `least`.
    pub(super) fn are_alike(&mut self, left: Site, right: Site, least: f64) -> bool {
        let (Some(one), Some(other)) = (self.text(left.document), self.text(right.document)) else { return false };
        match (one.get(left.span().range()), other.get(right.span().range())) {
            (Some(one), Some(other)) => {
                one == other || {
                    let known = self.last_line.take().filter(|(site, _)| *site == right);
                    let other = known.map_or_else(|| Arc::from(without_digits(other)), |(_, line)| line);
                    self.last_line = Some((right, Arc::clone(&other)));
                    let one = without_digits(one);
                    *one == *other || is_near(&one, &other, least)
                }
            }
            _ => false,
        }
    }
}

/// Whether the normalised Levenshtein similarity of the lines is at least `least`.
fn is_near(one: &str, other: &str, least: f64) -> bool {
    let longest = one.chars().count().max(other.chars().count());
    // What both begin with and what both end with costs nothing.
    let begin: usize =
        one.chars().zip(other.chars()).take_while(|(one, other)| one == other).map(|(one, _)| one.len_utf8()).sum();
    let (one, other) = (&one[begin..], &other[begin..]);
    let ends = one.chars().rev().zip(other.chars().rev());
    let end: usize = ends.take_while(|(one, other)| one == other).map(|(one, _)| one.len_utf8()).sum();
    let distance = strsim::levenshtein(&one[..one.len() - end], &other[..other.len() - end]);
    1.0 - distance as f64 / longest as f64 >= least
}

/// Folded, with one digit for each number.
fn without_digits(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for character in folded(text).chars() {
        let character = if character.is_numeric() { '0' } else { character };
        if character != '0' || !kept.ends_with('0') {
            kept.push(character);
        }
    }
    kept
}

/// Letters and digits alone, after NFKC and in lower case.
fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|character| character.to_ascii_lowercase())
            .collect();
    }
    text.nfkc()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .map(|character| if character == 'ς' { 'σ' } else { character })
        .collect()
}

/// Bytes of `text` that stand right after `span` and belong to its last sentence: closing marks.
pub(super) fn with_closing_marks(text: &str, span: Span) -> Span {
    let rest = text.get(span.end..).unwrap_or("");
    let marks = rest.trim_start_matches(|character: char| {
        !character.is_alphanumeric()
            && !character.is_whitespace()
            && !matches!(character, '(' | '[' | '{' | '“' | '‘' | '<' | '#')
    });
    Span::new(span.start, span.end + (rest.len() - marks.len()))
}
