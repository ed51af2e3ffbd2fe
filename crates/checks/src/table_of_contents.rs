//! The `outline` kind: a table of contents extracted without its pages.
//!
//! Either of two signs is enough: a heading such as "Contents" above entries that recur as headings
//! further down, or a run of links that all point into the document itself.

use std::collections::HashSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::DocumentCheck;
use super::bloom::BloomFilter;
use dechaff_findings::{Finding, FindingSink, ParameterError, RuleInfo, RuleWithParams};
use dechaff_text::{BlockKind, Document, Span, count_words, words};

/// The kind's name in rule files.
pub const NAME: &str = "outline";

/// The headings of a table of contents, and the minimum number of entries.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Parameters {
    /// Headings such as "Contents", compared by their words, ignoring case.
    pub headings: Vec<String>,
    /// Minimum number of entries.
    pub min_entries: usize,
}

/// Validates the parameters.
///
/// # Errors
///
/// Fails if there are no headings or the minimum is 0.
pub fn validate(parameters: &Parameters) -> Result<(), ParameterError> {
    if parameters.headings.is_empty() || parameters.min_entries == 0 {
        let message = "give at least one of `headings`, and `min-entries` of 1 or more".into();
        return Err(ParameterError { message, place: None });
    }
    Ok(())
}

/// Compiles the rules into one check.
///
/// # Errors
///
/// Never fails; [`validate`] has checked the parameters.
pub fn compile(
    rules: Vec<RuleWithParams<'_, Parameters>>,
) -> Result<Box<dyn DocumentCheck>, ParameterError> {
    let rules = rules
        .into_iter()
        .map(|(rule, parameters)| {
            let headings: HashSet<String> =
                parameters.headings.iter().map(|heading| title_key(heading)).collect();
            ContentsRule {
                rule,
                heading_filter: BloomFilter::new(headings.iter()),
                headings,
                min_entries: parameters.min_entries,
            }
        })
        .collect();
    Ok(Box::new(TableOfContentsCheck { rules }))
}

struct ContentsRule {
    rule: Arc<RuleInfo>,
    headings: HashSet<String>,
    heading_filter: BloomFilter,
    min_entries: usize,
}

struct TableOfContentsCheck {
    rules: Vec<ContentsRule>,
}

impl DocumentCheck for TableOfContentsCheck {
    fn check(&self, document: &Document<'_>, findings: &mut FindingSink<'_>) {
        for rule in &self.rules {
            rule.check(document, findings);
        }
    }
}

/// Longer lines are not headings.
const MAX_TITLE_WORDS: usize = 20;

impl ContentsRule {
    fn check(&self, document: &Document<'_>, findings: &mut FindingSink<'_>) {
        let blocks = document.blocks();
        let links: Vec<usize> =
            memchr::memmem::find_iter(document.text().as_bytes(), "](#").collect();
        let mut anchors: Option<HashSet<String>> = None;
        let mut block = 0;
        let mut contents_headings = 0;
        while block < blocks.len() {
            // Each contents heading costs a scan of the rest of the document.
            const MAX_CONTENTS_HEADINGS: usize = 50;
            let is_contents_heading = contents_headings < MAX_CONTENTS_HEADINGS
                && self.is_contents_heading(document, block);
            contents_headings += usize::from(is_contents_heading);
            let contents = if is_contents_heading {
                self.find_entries(document, block, block + 1)
                    .or_else(|| self.find_link_line(document, &links, block))
            } else if links.is_empty() {
                None
            } else {
                self.find_link_line(document, &links, block)
                    .or_else(|| self.find_link_list(document, block))
            };
            let Some(contents) = contents else {
                block += 1;
                continue;
            };
            let span = Span::new(blocks[block].span.start, blocks[contents.last].span.end);
            if mostly_leads_to_headings(
                document.slice(span),
                anchors.get_or_insert_with(|| heading_anchors(document)),
            ) {
                block = contents.last + 1;
                continue;
            }
            let mut finding = Finding::with_deletion(
                &self.rule,
                document,
                dechaff_text::trim(document.text(), span),
            );
            finding.label = Some(format!("{} entries, {}", contents.entries, contents.evidence));
            findings.push(finding);
            block = contents.last + 1;
        }
    }

    fn is_contents_heading(&self, document: &Document<'_>, block: usize) -> bool {
        let block = &document.blocks()[block];
        block.kind.is_text() && block.lines.len() == 1 && {
            const MAX_HEADING_BYTES: usize = 80;
            let content = document.slice(block.content);
            // Fast path: only link targets may put letters in front of a heading.
            content.len() <= MAX_HEADING_BYTES
                && (self.heading_filter.may_start_like(content) || starts_with_link_target(content))
                && (content.contains('(') || self.heading_filter.may_contain(content))
                && self.headings.contains(&title_key(content))
        }
    }

    /// Finds entries on lines of their own from block `first` on that recur as lines further down.
    fn find_entries(
        &self,
        document: &Document<'_>,
        heading: usize,
        first: usize,
    ) -> Option<TableOfContents> {
        let blocks = document.blocks();
        let mut entries: Vec<(usize, String, bool)> = Vec::new();
        let mut keys: HashSet<String> = HashSet::new();
        let bulleted = next_text(document, first)
            .is_some_and(|block| blocks[block].kind == BlockKind::ListItem);
        let mut blank_lines = 0;
        for (index, block) in blocks.iter().enumerate().skip(first) {
            if block.kind == BlockKind::Blank {
                blank_lines += block.lines.len();
                continue;
            }
            let content = document.slice(block.content);
            // Quotations and sentences are text, even if they recur below.
            let may_be_entry = block.kind.is_text()
                && block.kind != BlockKind::Quotation
                && !content.ends_with('.');
            let fits = may_be_entry
                && block.lines.len() == 1
                && (block.kind == BlockKind::ListItem) == bulleted;
            let key = if fits && content.len() <= 300 { title_key(content) } else { String::new() };
            // The first line that repeats an entry is the heading it points to.
            if key.is_empty()
                || key.split(' ').count() > MAX_TITLE_WORDS
                || keys.contains(&key)
                || blank_lines > 4
            {
                break;
            }
            blank_lines = 0;
            keys.insert(key.clone());
            entries.push((index, key, is_internal_link(content)));
            const MAX_ENTRIES: usize = 300;
            if entries.len() > MAX_ENTRIES {
                return None;
            }
        }
        let recurring = recurring_titles(document, entries.last()?.0 + 1, &keys);
        let recurs =
            |(_, key, is_internal): &(usize, String, bool)| *is_internal || recurring.contains(key);
        if !bulleted {
            // Without bullets, only the repetition distinguishes an entry from the following text.
            let end = entries.iter().rposition(recurs)? + 1;
            entries.truncate(end);
        }
        let repeated = entries.iter().filter(|entry| recurs(entry)).count();
        let enough = entries.len() >= self.min_entries && repeated * 10 >= entries.len() * 6;
        let last = entries.last()?.0;
        (enough && last > heading).then_some(TableOfContents {
            last,
            entries: entries.len(),
            evidence: "repeated below as headings",
        })
    }

    /// A single line of links into the document itself. `links` are the offsets of all such links.
    fn find_link_line(
        &self,
        document: &Document<'_>,
        links: &[usize],
        block: usize,
    ) -> Option<TableOfContents> {
        let content = document.blocks()[block].content;
        let text = document.slice(content);
        let before = |offset: usize| links.partition_point(|&link| link < offset);
        let entries = before(content.end).saturating_sub(before(content.start));
        if entries < self.min_entries || !document.blocks()[block].kind.is_text() {
            return None;
        }
        // Apart from the links, there is at most a title.
        (count_words(&outside_links(text), 8) < 8).then_some(TableOfContents {
            last: block,
            entries,
            evidence: "links into the text itself",
        })
    }

    /// A list, without a heading above it, whose items are all links into the document.
    fn find_link_list(&self, document: &Document<'_>, first: usize) -> Option<TableOfContents> {
        let blocks = document.blocks();
        if blocks[first].kind != BlockKind::ListItem {
            return None;
        }
        let is_entry = |block: &&dechaff_text::Block| {
            block.kind == BlockKind::ListItem && is_internal_link(document.slice(block.content))
        };
        let entries = blocks[first..].iter().take_while(is_entry).count();
        (entries >= self.min_entries.max(4)).then(|| TableOfContents {
            last: first + entries - 1,
            entries,
            evidence: "links into the text itself",
        })
    }
}

struct TableOfContents {
    /// Index of its last block.
    last: usize,
    entries: usize,
    evidence: &'static str,
}

fn next_text(document: &Document<'_>, first: usize) -> Option<usize> {
    (first..document.blocks().len())
        .find(|&block| document.blocks()[block].kind != BlockKind::Blank)
}

/// Returns those of `keys` that recur as a line after block `first`.
fn recurring_titles(
    document: &Document<'_>,
    first: usize,
    keys: &HashSet<String>,
) -> HashSet<String> {
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

/// Whether a link target comes before the first visible letter.
fn starts_with_link_target(title: &str) -> bool {
    let letters = title.find(char::is_alphabetic).unwrap_or(title.len());
    title[..letters].contains("](")
}

/// Returns the words of a title in lower case, without numbering, link targets and page numbers.
fn title_key(title: &str) -> String {
    let text = if title.contains("](") { without_link_targets(title) } else { title.to_owned() };
    let mut key: Vec<String> = words(&text).map(|word| text[word.range()].to_lowercase()).collect();
    let is_number = |word: &String| {
        word.chars().all(|character| character.is_ascii_digit() || character == '.')
    };
    while key.len() > 1 && key.first().is_some_and(is_number) {
        key.remove(0);
    }
    while key.len() > 1 && key.last().is_some_and(is_number) {
        key.pop();
    }
    key.join(" ")
}

/// Whether the line is a single Markdown link to an anchor in the same document.
fn is_internal_link(line: &str) -> bool {
    let line = line.trim_matches(|character: char| {
        !matches!(character, '[' | ')') && !character.is_alphanumeric()
    });
    line.starts_with('[')
        && line.ends_with(')')
        && line.contains("](#")
        && line.matches("](").count() == 1
}

/// Returns the anchors that Markdown renderers generate for the document's headings.
fn heading_anchors(document: &Document<'_>) -> HashSet<String> {
    let headings =
        document.blocks().iter().filter(|block| matches!(block.kind, BlockKind::Heading(_)));
    headings.map(|block| anchor(document.slice(block.content))).collect()
}

/// Returns a heading's anchor: lower case, hyphens for spaces, no punctuation.
fn anchor(title: &str) -> String {
    let kept =
        title.chars().filter(|character| character.is_alphanumeric() || " -_".contains(*character));
    kept.flat_map(char::to_lowercase)
        .map(|character| if character == ' ' { '-' } else { character })
        .collect()
}

/// Whether most of the links lead to headings of the document. Then the pages are there, and the
/// table of contents is useful.
fn mostly_leads_to_headings(contents: &str, anchors: &HashSet<String>) -> bool {
    let links: Vec<&str> =
        contents.split("](#").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    let good = links.iter().filter(|link| anchors.contains(&link.to_lowercase())).count();
    !links.is_empty() && good * 2 > links.len()
}

fn without_link_targets(text: &str) -> String {
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

/// Returns the text of a line outside its links.
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
