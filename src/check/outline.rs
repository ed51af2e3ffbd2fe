//! The `outline` kind: a table of contents that was extracted without its page.
//!
//! Two signs are enough on their own: a heading that announces contents, followed by entries that repeat lines further
//! down; or a run of links that all point into the document itself.

use std::collections::HashSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::sieve::Sieve;
use super::{DocumentCheck, KindRule, ParameterError};
use crate::finding::{Finding, RuleInfo};
use crate::text::{BlockKind, Document, Span, count_words, words};

/// The kind's name in rule files.
pub const NAME: &str = "outline";

/// What announces a table of contents, and how much of one is needed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Parameters {
    /// Headings that announce contents, compared by their words, case aside.
    pub headings: Vec<String>,
    /// Fewest entries.
    pub min_entries: usize,
}

/// Whether there is a heading to look for and an entry to ask for.
///
/// # Errors
///
/// No heading, or a minimum of no entries.
pub fn validate(parameters: &Parameters) -> Result<(), ParameterError> {
    if parameters.headings.is_empty() || parameters.min_entries == 0 {
        let message = "give at least one of `headings`, and `min-entries` of 1 or more".into();
        return Err(ParameterError { message, place: None });
    }
    Ok(())
}

/// Makes one check of all the rules.
///
/// # Errors
///
/// None: what can be wrong is found by [`validate`].
pub fn compile(rules: Vec<KindRule<'_, Parameters>>) -> Result<Box<dyn DocumentCheck>, ParameterError> {
    let rules = rules
        .into_iter()
        .map(|(rule, parameters)| {
            let headings: HashSet<String> = parameters.headings.iter().map(|heading| title_key(heading)).collect();
            OutlineRule { rule, known: Sieve::of(headings.iter()), headings, min_entries: parameters.min_entries }
        })
        .collect();
    Ok(Box::new(OutlineCheck { rules }))
}

struct OutlineRule {
    rule: Arc<RuleInfo>,
    headings: HashSet<String>,
    known: Sieve,
    min_entries: usize,
}

struct OutlineCheck {
    rules: Vec<OutlineRule>,
}

impl DocumentCheck for OutlineCheck {
    fn check(&self, document: &Document<'_>, findings: &mut Vec<Finding>) {
        for rule in &self.rules {
            rule.check(document, findings);
        }
    }
}

/// Words of the longest title; longer lines are no headings.
const LONGEST_TITLE: usize = 20;

impl OutlineRule {
    fn check(&self, document: &Document<'_>, findings: &mut Vec<Finding>) {
        let blocks = document.blocks();
        let links: Vec<usize> = memchr::memmem::find_iter(document.text().as_bytes(), "](#").collect();
        let mut anchors: Option<HashSet<String>> = None;
        let mut block = 0;
        let mut announced = 0;
        while block < blocks.len() {
            // Each announcement costs a look through the rest of the document.
            const MOST_ANNOUNCED: usize = 50;
            let announces = announced < MOST_ANNOUNCED && self.announces(document, block);
            announced += usize::from(announces);
            let found = if announces {
                self.listed(document, block, block + 1).or_else(|| self.flattened(document, &links, block))
            } else if links.is_empty() {
                None
            } else {
                self.flattened(document, &links, block).or_else(|| self.linked(document, block))
            };
            let Some(outline) = found else {
                block += 1;
                continue;
            };
            let span = Span::new(blocks[block].span.start, blocks[outline.last].span.end);
            if leads_somewhere(document.slice(span), anchors.get_or_insert_with(|| heading_anchors(document))) {
                block = outline.last + 1;
                continue;
            }
            let mut finding = Finding::with_deletion(&self.rule, document, crate::text::trim(document.text(), span));
            finding.label = Some(format!("{} entries, {}", outline.entries, outline.proof));
            findings.push(finding);
            block = outline.last + 1;
        }
    }

    fn announces(&self, document: &Document<'_>, block: usize) -> bool {
        let block = &document.blocks()[block];
        block.kind.is_text() && block.lines.len() == 1 && {
            const LONGEST_HEADING: usize = 80;
            let content = document.slice(block.content);
            // Numbers beside a title have no letters; the target of a link has.
            content.len() <= LONGEST_HEADING
                && (self.known.may_begin(content) || begins_with_target(content))
                && (content.contains('(') || self.known.may_hold(content))
                && self.headings.contains(&title_key(content))
        }
    }

    /// Entries on lines of their own from block `first` on, each of which stands again further down.
    fn listed(&self, document: &Document<'_>, heading: usize, first: usize) -> Option<Outline> {
        let blocks = document.blocks();
        let mut entries: Vec<(usize, String, bool)> = Vec::new();
        let mut keys: HashSet<String> = HashSet::new();
        let bulleted = next_text(document, first).is_some_and(|block| blocks[block].kind == BlockKind::ListItem);
        let mut blank_lines = 0;
        for (index, block) in blocks.iter().enumerate().skip(first) {
            if block.kind == BlockKind::Blank {
                blank_lines += block.lines.len();
                continue;
            }
            let content = document.slice(block.content);
            // A quotation or a sentence is text, even where it stands again below.
            let may_be_entry = block.kind.is_text() && block.kind != BlockKind::Quotation && !content.ends_with('.');
            let fits = may_be_entry && block.lines.len() == 1 && (block.kind == BlockKind::ListItem) == bulleted;
            let key = if fits && content.len() <= 300 { title_key(content) } else { String::new() };
            // The first line that repeats an entry is the heading it points to.
            if key.is_empty() || key.split(' ').count() > LONGEST_TITLE || keys.contains(&key) || blank_lines > 4 {
                break;
            }
            blank_lines = 0;
            keys.insert(key.clone());
            entries.push((index, key, points_inside(content)));
            const MOST_ENTRIES: usize = 300;
            if entries.len() > MOST_ENTRIES {
                return None;
            }
        }
        let titles = titles_after(document, entries.last()?.0 + 1, &keys);
        let stands_again = |(_, key, inside): &(usize, String, bool)| *inside || titles.contains(key);
        if !bulleted {
            // Without bullets nothing but the repetition tells an entry from what follows.
            let end = entries.iter().rposition(stands_again)? + 1;
            entries.truncate(end);
        }
        let repeated = entries.iter().filter(|entry| stands_again(entry)).count();
        let enough = entries.len() >= self.min_entries && repeated * 10 >= entries.len() * 6;
        let last = entries.last()?.0;
        (enough && last > heading).then_some(Outline {
            last,
            entries: entries.len(),
            proof: "repeated below as headings",
        })
    }

    /// One line of links into the document itself, which stand at `links`.
    fn flattened(&self, document: &Document<'_>, links: &[usize], block: usize) -> Option<Outline> {
        let content = document.blocks()[block].content;
        let text = document.slice(content);
        let before = |offset: usize| links.partition_point(|&link| link < offset);
        let entries = before(content.end).saturating_sub(before(content.start));
        if entries < self.min_entries || !document.blocks()[block].kind.is_text() {
            return None;
        }
        // What is left beside the links is a title at most.
        (count_words(&outside_links(text), 8) < 8).then_some(Outline {
            last: block,
            entries,
            proof: "links into the text itself",
        })
    }

    /// A list whose items are all links into the document, with no heading above it.
    fn linked(&self, document: &Document<'_>, first: usize) -> Option<Outline> {
        let blocks = document.blocks();
        if blocks[first].kind != BlockKind::ListItem {
            return None;
        }
        let is_entry = |block: &&crate::text::Block| {
            block.kind == BlockKind::ListItem && points_inside(document.slice(block.content))
        };
        let entries = blocks[first..].iter().take_while(is_entry).count();
        (entries >= self.min_entries.max(4)).then(|| Outline {
            last: first + entries - 1,
            entries,
            proof: "links into the text itself",
        })
    }
}

struct Outline {
    /// Index of the last block that belongs to it.
    last: usize,
    entries: usize,
    proof: &'static str,
}

fn next_text(document: &Document<'_>, first: usize) -> Option<usize> {
    (first..document.blocks().len()).find(|&block| document.blocks()[block].kind != BlockKind::Blank)
}

/// Those of `keys` that stand as a line of their own after block `first`.
fn titles_after(document: &Document<'_>, first: usize, keys: &HashSet<String>) -> HashSet<String> {
    let mut found = HashSet::new();
    for block in document.blocks().get(first..).unwrap_or_default() {
        if block.kind.is_text() && block.content.len() <= 300 {
            let key = title_key(document.slice(block.content));
            if keys.contains(&key) {
                found.insert(key);
            }
        }
    }
    found
}

/// Whether the target of a link stands before the first letter that is shown.
fn begins_with_target(title: &str) -> bool {
    let letters = title.find(char::is_alphabetic).unwrap_or(title.len());
    title[..letters].contains("](")
}

/// The words of a title, lower case, without numbering, link targets and page numbers.
fn title_key(title: &str) -> String {
    let text = if title.contains("](") { without_targets(title) } else { title.to_owned() };
    let mut key: Vec<String> = words(&text).map(|word| text[word.range()].to_lowercase()).collect();
    let is_number = |word: &String| word.chars().all(|character| character.is_ascii_digit() || character == '.');
    while key.len() > 1 && key.first().is_some_and(is_number) {
        key.remove(0);
    }
    while key.len() > 1 && key.last().is_some_and(is_number) {
        key.pop();
    }
    key.join(" ")
}

/// Whether the line is one markdown link to an anchor of the same document.
fn points_inside(line: &str) -> bool {
    let line = line.trim_matches(|character: char| !matches!(character, '[' | ')') && !character.is_alphanumeric());
    line.starts_with('[') && line.ends_with(')') && line.contains("](#") && line.matches("](").count() == 1
}

/// The anchors that markdown gives the document's headings.
fn heading_anchors(document: &Document<'_>) -> HashSet<String> {
    let headings = document.blocks().iter().filter(|block| matches!(block.kind, BlockKind::Heading(_)));
    headings.map(|block| anchor(document.slice(block.content))).collect()
}

/// A heading's anchor: lower case, blanks as dashes, no punctuation.
fn anchor(title: &str) -> String {
    let kept = title.chars().filter(|character| character.is_alphanumeric() || " -_".contains(*character));
    kept.flat_map(char::to_lowercase).map(|character| if character == ' ' { '-' } else { character }).collect()
}

/// Whether most of the links in `outline` lead to headings of the document: then the page is there, and its contents serve.
fn leads_somewhere(outline: &str, anchors: &HashSet<String>) -> bool {
    let links: Vec<&str> = outline.split("](#").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    let good = links.iter().filter(|link| anchors.contains(&link.to_lowercase())).count();
    !links.is_empty() && good * 2 > links.len()
}

fn without_targets(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("](") {
        kept.push_str(&rest[..at]);
        rest = &rest[at + 2..];
        rest = rest.find(')').map_or("", |end| &rest[end + 1..]);
    }
    kept.push_str(rest);
    kept
}

/// The text between the links of a line.
fn outside_links(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("](") {
        let open = rest[..at].rfind('[').unwrap_or(at);
        kept.push_str(&rest[..open]);
        kept.push(' ');
        rest = &rest[at + 2..];
        rest = rest.find(')').map_or("", |end| &rest[end + 1..]);
    }
    kept.push_str(rest);
    kept
}
