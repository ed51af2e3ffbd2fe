//! A cache of texts and their tokens, for verifying and reporting matches.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::matches::DocSpan;
use super::token::{Token, Tokens};
use crate::DocumentSet;
use crate::indexed::IndexedPlaces;
use crate::staged::NumberedTexts;
use dechaff_text::{Document, Origin, TextProvider};

/// Caches the texts of documents, and the tokens of spans.
pub(super) struct TextCache<'c> {
    source: TextSource<'c>,
    texts: FxHashMap<u32, Option<Arc<str>>>,
    /// The document whose findings are being built.
    pinned: Option<(u32, Arc<str>)>,
    tokens: FxHashMap<DocSpan, Arc<Tokens>>,
    /// The line compared last, without its numbers.
    pub(super) last_line: Option<(DocSpan, Arc<str>)>,
    text_budget: CacheBudget,
    token_budget: CacheBudget,
}

/// The source of texts.
enum TextSource<'c> {
    /// The documents of a run.
    Documents {
        origins: Arc<[Arc<Origin>]>,
        indexed: Arc<IndexedPlaces>,
        provider: &'c dyn TextProvider,
    },
    /// Documents known only by number.
    Numbered(&'c dyn NumberedTexts),
}

/// A memory budget in bytes.
struct CacheBudget {
    used: usize,
    max: usize,
}

impl CacheBudget {
    /// Reserves memory for an entry. Returns false if the cache must be cleared first.
    fn reserve(&mut self, bytes: usize) -> bool {
        // Otherwise a single large document would clear the cache each time it is requested.
        self.max = self.max.max(bytes.saturating_mul(4));
        self.used += bytes;
        let fits = self.used <= self.max;
        if !fits {
            self.used = bytes;
        }
        fits
    }
}

impl<'c> TextCache<'c> {
    pub(super) fn new(documents: &DocumentSet<'c>) -> Self {
        Self::with_share_of_budget(1, documents)
    }

    /// Creates one of several caches that share the memory budget.
    pub(super) fn with_share_of_budget(caches: usize, documents: &DocumentSet<'c>) -> Self {
        let source = TextSource::Documents {
            origins: Arc::clone(&documents.origins),
            indexed: Arc::clone(&documents.indexed),
            provider: documents.texts,
        };
        Self::with_source(source, documents.memory, caches)
    }

    /// Creates a cache of documents known only by number.
    pub(super) fn numbered(texts: &'c dyn NumberedTexts, memory: usize) -> Self {
        Self::with_source(TextSource::Numbered(texts), memory, 1)
    }

    fn with_source(source: TextSource<'c>, memory: usize, caches: usize) -> Self {
        const MIN_BYTES: usize = 1 << 20;
        /// Tokens take four times the memory of their text, and are rarely needed again later.
        const MAX_TOKEN_BYTES: usize = 1 << 24;
        let max = (memory / 4).max(MIN_BYTES) / caches;
        Self {
            source,
            texts: FxHashMap::default(),
            pinned: None,
            tokens: FxHashMap::default(),
            last_line: None,
            text_budget: CacheBudget { used: 0, max },
            token_budget: CacheBudget { used: 0, max: max.min(MAX_TOKEN_BYTES) },
        }
    }

    pub(super) fn origin(&self, document: u32) -> Option<&Arc<Origin>> {
        match &self.source {
            TextSource::Documents { origins, .. } => origins.get(document as usize),
            TextSource::Numbered(_) => None,
        }
    }

    /// Keeps the text of a document until another one is pinned.
    pub(super) fn pin(&mut self, number: u32, document: &Document<'_>) {
        // Share the provider's text if it is in memory; do not read it again.
        let shared = match &self.source {
            TextSource::Documents { provider, .. } => {
                let origin = document.origin();
                provider.index(origin).and_then(|_| provider.text(origin))
            }
            TextSource::Numbered(_) => None,
        };
        self.pinned = Some((number, shared.unwrap_or_else(|| document.text().into())));
    }

    /// Returns the text of a document, or `None` if it can no longer be read.
    pub(super) fn text(&mut self, document: u32) -> Option<Arc<str>> {
        if let Some((_, text)) = self.pinned.as_ref().filter(|(pinned, _)| *pinned == document) {
            return Some(Arc::clone(text));
        }
        if let Some(text) = self.texts.get(&document) {
            return text.clone();
        }
        let text = match &self.source {
            TextSource::Documents { origins, provider, .. } => {
                provider.text(origins.get(document as usize)?)
            }
            TextSource::Numbered(texts) => texts.text(document),
        };
        if !self.text_budget.reserve(text.as_ref().map_or(0, |text| text.len())) {
            self.texts.clear();
        }
        self.texts.insert(document, text.clone());
        text
    }

    /// Returns the line of a span whose text is in an index but no longer available.
    pub(super) fn lost_line(&mut self, doc_span: DocSpan) -> Option<u32> {
        let TextSource::Documents { indexed, .. } = &self.source else { return None };
        let units = indexed.get(&doc_span.document)?;
        let before = units.partition_point(|(start, _)| *start <= doc_span.start);
        let (_, line) = *units.get(before.checked_sub(1)?)?;
        self.text(doc_span.document).is_none().then_some(line)
    }

    /// Parses `text`, the text of a document, unless the provider has its index.
    pub(super) fn document<'t>(&self, number: u32, text: &'t str) -> Option<Document<'t>> {
        let TextSource::Documents { origins, provider, .. } = &self.source else { return None };
        let origin = origins.get(number as usize)?;
        Some(Document::parse_or_reuse(origin, text, *provider))
    }

    /// Returns the tokens of a span, or `None` if its text can no longer be read.
    pub(super) fn tokens(&mut self, doc_span: DocSpan) -> Option<Arc<Tokens>> {
        if let Some(tokens) = self.tokens.get(&doc_span) {
            return Some(Arc::clone(tokens));
        }
        let text = self.text(doc_span.document)?;
        text.get(doc_span.span().range())?;
        let tokens = Arc::new(Tokens::parse(&text, doc_span.span()));
        if !self.token_budget.reserve(tokens.tokens.len() * size_of::<Token>()) {
            self.tokens.clear();
        }
        self.tokens.insert(doc_span, Arc::clone(&tokens));
        Some(tokens)
    }
}
