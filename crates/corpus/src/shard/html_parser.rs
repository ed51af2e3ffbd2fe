//! Parses pages in HTML within bounds.
//!
//! html5ever and dom_smoothie take quadratic time in the depth of a page and in the attributes of a
//! tag, and recurse to its depth, so a hostile page of 100 kB could take minutes or overflow the
//! stack. The bounds are checked while the page is parsed.
//!
//! They were measured on 90 kinds of hostile pages of up to 5 MB, each targeting one cost: deep,
//! wide, both, many attributes, long attributes, many entities, reopened formatting, headings under
//! a long title. The slowest page within the bounds, 1,000 tags of 1,000 attributes, takes 0.7 s on
//! a core at 2.9 GHz, and pages outside of them are rejected within 1.3 s.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;

use dom_query::{Document, Element, NodeData, NodeId};
use html5ever::interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use html5ever::tree_builder::{TreeBuilder, TreeBuilderOpts};
use html5ever::{Attribute, QualName, TokenizerResult};

/// Maximum number of nodes: elements, texts and comments.
const MAX_NODES: usize = 100_000;
/// Maximum depth of an element. Chromium does not nest deeper than 512.
const MAX_DEPTH: usize = 256;
/// Maximum of the sum, over all nodes, of the depth times the bytes of text, with
/// [`NODE_BYTES`] for each node. Every pass of the extractor visits each text once per ancestor.
const MAX_NESTED_BYTES: usize = 100_000_000;
const NODE_BYTES: usize = 64;
/// Maximum of the sum, over all tags and comments, of the squared number of their words. Each
/// attribute is compared with those before it.
const MAX_ATTRIBUTE_PAIRS: u64 = 2_000_000_000;
/// Maximum of the sum, over all texts and attributes, of the bytes times the characters that are
/// escaped when the extractor writes them. Each of these scans the rest.
const MAX_ESCAPED_BYTES: usize = 50_000_000_000;
/// Maximum of the number of headings times the bytes of the longest title. The extractor compares
/// each heading with the title of the page.
const MAX_COMPARED_TITLE_BYTES: usize = 30_000_000;
/// Bytes parsed between checks of the bounds.
const CHUNK_BYTES: usize = 4096;

/// Parses a page.
///
/// # Errors
///
/// The page exceeds a bound; the error says which.
pub(super) fn parse_page(page: &str) -> Result<Document, String> {
    let options = TreeBuilderOpts { scripting_enabled: false, ..TreeBuilderOpts::default() };
    let tree = CountedTree { document: Document::default(), last: Cell::new(None) };
    let guard = TokenGuard {
        builder: TreeBuilder::new(tree, options),
        exceeded: Cell::new(None),
        has_token: Cell::new(false),
    };
    let tokenizer = Tokenizer::new(guard, TokenizerOpts::default());
    let mut unfinished = UnfinishedTag::default();
    for chunk in chunks(page) {
        let queue = BufferQueue::default();
        queue.push_back(StrTendril::from_slice(chunk));
        tokenizer.sink.has_token.set(false);
        while !matches!(tokenizer.feed(&queue), TokenizerResult::Done) {}
        let is_costly = unfinished.add(chunk, tokenizer.sink.has_token.get());
        if let Some(bound) = tokenizer.sink.exceeded.get().or(is_costly) {
            return Err(bound.to_owned());
        }
    }
    tokenizer.end();
    let document = tokenizer.sink.builder.sink.document;
    match exceeded_by_texts(&document) {
        Some(bound) => Err(bound.to_owned()),
        None => Ok(document),
    }
}

/// Splits a page so that a tag can only start at the beginning of a chunk.
fn chunks(page: &str) -> impl Iterator<Item = &str> {
    let mut rest = page;
    std::iter::from_fn(move || {
        let next_tag = memchr::memchr(b'<', rest.as_bytes().get(1..)?).map(|at| at + 1);
        let end = next_tag.unwrap_or(rest.len()).min(rest.ceil_char_boundary(CHUNK_BYTES));
        let (chunk, after) = rest.split_at(end);
        rest = after;
        Some(chunk)
    })
}

/// The part read so far of an unfinished tag or comment.
#[derive(Default)]
struct UnfinishedTag {
    words: u64,
    pairs: u64,
}

impl UnfinishedTag {
    /// Adds a chunk. `has_token` tells whether the tokenizer finished a tag or found text.
    fn add(&mut self, chunk: &str, has_token: bool) -> Option<&'static str> {
        let is_separator = |byte: &u8| byte.is_ascii_whitespace() || b"/\"'=".contains(byte);
        // Everything after the last `>` is text.
        let end = if has_token { chunk.rfind('>').unwrap_or(0) } else { chunk.len() };
        let tag = chunk.as_bytes().get(..end).unwrap_or_default();
        let before = self.words;
        self.words += tag.iter().filter(|byte| is_separator(byte)).count() as u64;
        let squares = |words: u64| words.saturating_mul(words);
        self.pairs = self.pairs.saturating_add(squares(self.words) - squares(before));
        if has_token {
            self.words = 0;
        }
        (self.pairs > MAX_ATTRIBUTE_PAIRS).then_some("has tags with too many attributes")
    }
}

/// Forwards tokens until a bound is exceeded.
struct TokenGuard {
    builder: TreeBuilder<NodeId, CountedTree>,
    /// The bound that was exceeded.
    exceeded: Cell<Option<&'static str>>,
    /// Whether there was a token in this chunk.
    has_token: Cell<bool>,
}

impl TokenSink for TokenGuard {
    type Handle = NodeId;

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<NodeId> {
        if self.exceeded.get().is_some() || matches!(token, Token::ParseError(_)) {
            return TokenSinkResult::Continue;
        }
        self.has_token.set(true);
        let may_nest = matches!(token, Token::TagToken(Tag { kind: TagKind::StartTag, .. }));
        let result = self.builder.process_token(token, line);
        let tree = &self.builder.sink;
        if tree.document.tree.len() > MAX_NODES {
            self.exceeded.set(Some("has too many elements"));
        } else if may_nest && tree.last_depth() > MAX_DEPTH {
            self.exceeded.set(Some("is nested too deeply"));
        }
        result
    }

    fn end(&self) {
        self.builder.end();
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.builder.adjusted_current_node_present_but_not_in_html_namespace()
    }
}

/// Returns the bound that the texts and attributes of a page exceed.
fn exceeded_by_texts(document: &Document) -> Option<&'static str> {
    let tree = &document.tree;
    let (mut nested, mut escaped) = (0usize, 0usize);
    let mut titles = Titles::default();
    for id in tree.descendant_ids_of_it(&tree.root().id) {
        let depth = tree.ancestor_ids_of_it(&id, Some(MAX_DEPTH + 2)).count();
        // Elements may have moved since the last checks.
        if depth > MAX_DEPTH + 1 {
            return Some("is nested too deeply");
        }
        let mut bytes = NODE_BYTES;
        tree.query_node(&id, |node| {
            if let Some(element) = node.as_element() {
                titles.add_element(element);
                for attribute in &element.attrs {
                    escaped = escaped.saturating_add(escape_cost(&attribute.value));
                }
            }
            if let NodeData::Text { contents } = &node.data {
                bytes += contents.len();
                escaped = escaped.saturating_add(escape_cost(contents));
            }
        });
        titles.add_text(document, id, bytes);
        nested = nested.saturating_add(bytes.saturating_mul(depth));
    }
    match () {
        _ if nested > MAX_NESTED_BYTES => Some("has too much deeply nested text"),
        _ if escaped > MAX_ESCAPED_BYTES => Some("has too many entities"),
        _ if titles.cost() > MAX_COMPARED_TITLE_BYTES => {
            Some("has too many headings for its title")
        }
        _ => None,
    }
}

/// The headings of a page, and possible titles.
#[derive(Default)]
struct Titles {
    headings: usize,
    /// The bytes of the longest title in metadata.
    metadata: usize,
    /// The bytes of each possible title element.
    elements: HashMap<NodeId, usize>,
}

impl Titles {
    fn add_element(&mut self, element: &Element) {
        let name = &*element.name.local;
        self.headings += usize::from(matches!(name, "h1" | "h2"));
        let is_title = |value: &str| value.to_ascii_lowercase().contains("title");
        if name == "meta" && element.attrs.iter().any(|attribute| is_title(&attribute.value)) {
            let longest = element.attrs.iter().map(|attribute| attribute.value.len()).max();
            self.metadata = self.metadata.max(longest.unwrap_or(0));
        }
    }

    /// Adds the bytes of a node to the title or heading around it.
    fn add_text(&mut self, document: &Document, id: NodeId, bytes: usize) {
        let tree = &document.tree;
        let may_be_title = |ancestor: &NodeId| {
            tree.get_name(ancestor).is_some_and(|name| matches!(&*name.local, "h1" | "title"))
        };
        let ancestors = tree.ancestor_ids_of(&id, Some(MAX_DEPTH + 1));
        for title in ancestors.into_iter().filter(may_be_title) {
            *self.elements.entry(title).or_default() += bytes;
        }
    }

    fn cost(&self) -> usize {
        let longest = self.elements.values().copied().max().unwrap_or(0).max(self.metadata);
        longest.saturating_mul(self.headings)
    }
}

fn escape_cost(text: &str) -> usize {
    let is_escaped = |byte: &u8| b"&<>\"\xC2".contains(byte);
    text.len().saturating_mul(text.as_bytes().iter().filter(|byte| is_escaped(byte)).count())
}

/// A document that remembers its last element.
struct CountedTree {
    document: Document,
    last: Cell<Option<NodeId>>,
}

impl CountedTree {
    fn last_depth(&self) -> usize {
        let tree = &self.document.tree;
        let depth = |id: NodeId| tree.ancestor_ids_of_it(&id, Some(MAX_DEPTH + 1)).count();
        self.last.get().map_or(0, depth)
    }
}

impl TreeSink for CountedTree {
    type Handle = NodeId;
    type Output = Document;
    type ElemName<'a> = <Document as TreeSink>::ElemName<'a>;

    fn finish(self) -> Document {
        self.document
    }

    /// Parse errors are not reported.
    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> NodeId {
        self.document.get_document()
    }

    fn elem_name<'a>(&'a self, target: &'a NodeId) -> Self::ElemName<'a> {
        self.document.elem_name(target)
    }

    fn create_element(
        &self,
        name: QualName,
        attributes: Vec<Attribute>,
        flags: ElementFlags,
    ) -> NodeId {
        let id = self.document.create_element(name, attributes, flags);
        self.last.set(Some(id));
        id
    }

    fn create_comment(&self, text: StrTendril) -> NodeId {
        self.document.create_comment(text)
    }

    fn create_pi(&self, target: StrTendril, data: StrTendril) -> NodeId {
        self.document.create_pi(target, data)
    }

    fn append(&self, parent: &NodeId, child: NodeOrText<NodeId>) {
        self.document.append(parent, child);
    }

    fn append_based_on_parent_node(
        &self,
        element: &NodeId,
        previous: &NodeId,
        child: NodeOrText<NodeId>,
    ) {
        self.document.append_based_on_parent_node(element, previous, child);
    }

    fn append_doctype_to_document(&self, name: StrTendril, public: StrTendril, system: StrTendril) {
        self.document.append_doctype_to_document(name, public, system);
    }

    fn get_template_contents(&self, target: &NodeId) -> NodeId {
        self.document.get_template_contents(target)
    }

    fn same_node(&self, one: &NodeId, other: &NodeId) -> bool {
        self.document.same_node(one, other)
    }

    fn set_quirks_mode(&self, mode: QuirksMode) {
        self.document.set_quirks_mode(mode);
    }

    fn append_before_sibling(&self, sibling: &NodeId, child: NodeOrText<NodeId>) {
        self.document.append_before_sibling(sibling, child);
    }

    fn add_attrs_if_missing(&self, target: &NodeId, attributes: Vec<Attribute>) {
        self.document.add_attrs_if_missing(target, attributes);
    }

    fn remove_from_parent(&self, target: &NodeId) {
        self.document.remove_from_parent(target);
    }

    fn reparent_children(&self, node: &NodeId, parent: &NodeId) {
        self.document.reparent_children(node, parent);
    }

    fn is_mathml_annotation_xml_integration_point(&self, node: &NodeId) -> bool {
        self.document.is_mathml_annotation_xml_integration_point(node)
    }
}
