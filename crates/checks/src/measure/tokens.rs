//! The tokens of spaCy's rule-based tokenizer, which datatrove counts as words.
//!
//! Text is split into chunks at whitespace. Prefixes and suffixes are split off one at a time,
//! until the chunk is a special chunk or nothing more can be split off; the rest is split at
//! infixes. The behaviour is that of `spacy/tokenizer.pyx` and `spacy/lang/{,en/}punctuation.py` in
//! spaCy 3.8, which datatrove 0.10 uses for English. This is a reimplementation without regular
//! expressions; docs/measures.md shows how often it agrees.

mod polish;

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::contractions::{ENGLISH_CHUNKS, GENERAL_CHUNKS, MAX_BYTES};
use super::punctuation::is_sentence_end;
use crate::python::{self, CharacterClass};
use dechaff_text::Span;

/// Punctuation split off at either end of a chunk.
const SIGNS: &str = "…,:;!?¿؟¡()[]{}<>_#*&。？！，、；：～·।،۔؛٪\
    '\"”“`‘´’‚„»«「」『』（）〔〕【】《》〈〉⟦⟧";
/// Punctuation only split off at the start.
const OPENING_SIGNS: &str = "§%=—–$£€¥฿₽﷼₴₠₡₢₣₤₥₦₧₨₩₪₫₭₮₯₰₱₲₳₵₶₷₸₹₺₻₼₾₿";
/// Quotation marks, including characters that a regular expression of spaCy matches with them.
const QUOTES: &str = "'\"”“`‘´’‚„»«「」『』（）〔〕【】《》〈〉⟦⟧";
/// Units split off after a number.
const UNITS: &[&str] = &[
    "km", "km²", "km³", "m", "m²", "m³", "dm", "dm²", "dm³", "cm", "cm²", "cm³", "mm", "mm²",
    "mm³", "ha", "µm", "nm", "yd", "in", "ft", "kg", "g", "mg", "µg", "t", "lb", "oz", "m/s",
    "km/h", "kmh", "mph", "hPa", "Pa", "mbar", "mb", "MB", "kb", "KB", "gb", "GB", "tb", "TB", "T",
    "G", "M", "K", "%", "км", "м", "дм", "см", "мм", "нм", "кг", "г", "мг", "м/с", "км/ч", "кПа",
    "Па", "Кб", "КБ", "Мб", "МБ", "Гб", "ГБ",
];

/// A tokenizer of spaCy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SpacyTokenizer {
    /// The English tokenizer.
    English,
    /// The rules that the tokenizers of most languages share, without contractions and
    /// abbreviations.
    General,
    /// The Polish tokenizer, which has more infixes.
    Polish,
}

/// The number of tokenizers.
pub(super) const TOKENIZERS: usize = 3;

/// Returns the tokens of a text, without those that are whitespace.
pub(super) fn tokens(text: &str, tokenizer: SpacyTokenizer) -> Vec<Span> {
    let mut tokens = Vec::with_capacity(text.len() / 5);
    let splitter = Splitter { text, tokenizer };
    for chunk in python::split(text) {
        let bytes = &text.as_bytes()[chunk.range()];
        let is_plain_word = bytes.iter().all(u8::is_ascii_lowercase) && bytes.len() > 8;
        match is_plain_word {
            true => tokens.push(chunk),
            false => splitter.split_chunk(chunk, &mut tokens),
        }
    }
    splitter.merge_specials(tokens)
}

/// Splits the chunks of a text.
struct Splitter<'t> {
    text: &'t str,
    tokenizer: SpacyTokenizer,
}

impl Splitter<'_> {
    /// Returns the lengths of the tokens of a special chunk.
    fn special(&self, text: &str) -> Option<&'static [usize]> {
        // Polish has no abbreviations that keep their full stop.
        let is_polish = self.tokenizer == SpacyTokenizer::Polish;
        if text.len() > MAX_BYTES || is_polish && text.ends_with('.') {
            return None;
        }
        let chunks = match self.tokenizer {
            SpacyTokenizer::English => &ENGLISH_CHUNKS,
            SpacyTokenizer::General | SpacyTokenizer::Polish => &GENERAL_CHUNKS,
        };
        chunks.get(text).map(Vec::as_slice)
    }

    /// Appends the tokens of a chunk.
    fn split_chunk(&self, chunk: Span, tokens: &mut Vec<Span>) {
        let text = self.text;
        let Span { mut start, mut end } = chunk;
        let mut suffixes = Vec::new();
        while start < end {
            let rest = &text[start..end];
            if self.special(rest).is_some() {
                break;
            }
            let prefix = self.prefix_length(rest);
            if prefix > 0 && self.special(&rest[prefix..]).is_some() {
                tokens.push(Span::new(start, start + prefix));
                start += prefix;
                break;
            }
            let suffix = self.suffix_length(&rest[prefix..]);
            if suffix > 0 && self.special(&rest[..rest.len() - suffix]).is_some() {
                suffixes.push(Span::new(end - suffix, end));
                end -= suffix;
                break;
            }
            if prefix == 0 && suffix == 0 {
                break;
            }
            if prefix > 0 {
                tokens.push(Span::new(start, start + prefix));
                start += prefix;
            }
            if suffix > 0 && suffix <= end - start {
                suffixes.push(Span::new(end - suffix, end));
                end -= suffix;
            }
        }
        if start < end {
            self.split_stem(Span::new(start, end), tokens);
        }
        tokens.extend(suffixes.into_iter().rev());
    }

    /// Returns the length of the prefix to split off.
    fn prefix_length(&self, text: &str) -> usize {
        match self.tokenizer {
            SpacyTokenizer::Polish => polish::prefix_length(text),
            _ => prefix_length(text),
        }
    }

    /// Returns the length of the suffix to split off.
    fn suffix_length(&self, text: &str) -> usize {
        match self.tokenizer {
            SpacyTokenizer::Polish => polish::suffix_length(text),
            _ => suffix_length(text),
        }
    }

    /// Appends the rest of a chunk: the tokens of a special chunk, a whole URL, or the parts
    /// between infixes.
    fn split_stem(&self, stem: Span, tokens: &mut Vec<Span>) {
        let text = self.text;
        let Span { mut start, end } = stem;
        let content = &text[stem.range()];
        if let Some(lengths) = self.special(content) {
            for length in lengths {
                tokens.push(Span::new(start, start + length));
                start += length;
            }
            return;
        }
        let bytes = content.as_bytes();
        if bytes.iter().all(u8::is_ascii_alphanumeric) || is_url(content) {
            tokens.push(stem);
            return;
        }
        let mut at = start;
        while at < end {
            let length = match self.tokenizer {
                SpacyTokenizer::Polish => polish::infix_length(content, at - stem.start),
                _ => infix_length(content, at - stem.start, self.tokenizer),
            };
            if length == 0 {
                at += text[at..end].chars().next().map_or(1, char::len_utf8);
                continue;
            }
            // An infix at the start of the chunk stays with the text after it.
            if at > stem.start {
                if at > start {
                    tokens.push(Span::new(start, at));
                }
                tokens.push(Span::new(at, at + length));
                start = at + length;
            }
            at += length;
        }
        if start < end {
            tokens.push(Span::new(start, end));
        }
    }

    /// Joins consecutive tokens that together are a special chunk, such as `)` and `:`, or `Nov`
    /// and `.`.
    fn merge_specials(&self, tokens: Vec<Span>) -> Vec<Span> {
        const MAX_TOKENS: usize = 4;
        let text = self.text;
        let is_glued = |pair: &[Span]| pair[0].end == pair[1].start;
        let mut merged: Vec<Span> = Vec::with_capacity(tokens.len());
        let mut at = 0;
        while at < tokens.len() {
            let glued =
                tokens[at..].windows(2).take(MAX_TOKENS - 1).take_while(|pair| is_glued(pair));
            let joined = |size: usize| &text[tokens[at].start..tokens[at + size - 1].end];
            let is_one =
                |size: &usize| self.special(joined(*size)).is_some_and(|whole| whole.len() == 1);
            let length = (2..=glued.count() + 1).rev().find(is_one).unwrap_or(1);
            merged.push(Span::new(tokens[at].start, tokens[at + length - 1].end));
            at += length;
        }
        merged
    }
}

fn is_sign(character: char) -> bool {
    static ALL: LazyLock<FxHashMap<char, ()>> =
        LazyLock::new(|| SIGNS.chars().map(|sign| (sign, ())).collect());
    match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' => false,
        _ => ALL.contains_key(&character),
    }
}

/// Whether the character is a pictogram, of the Unicode category So.
fn is_icon(character: char) -> bool {
    static ICONS: LazyLock<CharacterClass> = LazyLock::new(|| CharacterClass::new(r"\p{So}"));
    !character.is_ascii() && ICONS.contains(character)
}

fn dots_length(text: &str) -> usize {
    text.bytes().take_while(|byte| *byte == b'.').count()
}

/// Returns the length of the prefix to split off.
fn prefix_length(text: &str) -> usize {
    let Some(first) = text.chars().next() else { return 0 };
    if first.is_ascii_lowercase() {
        return 0;
    }
    match first {
        '.' => match dots_length(text) {
            1 => 0,
            dots => dots,
        },
        '+' => usize::from(!text[1..].starts_with(|next: char| next.is_ascii_digit())),
        'U' if text.starts_with("US$") => 3,
        'C' | 'A' if text[1..].starts_with('$') => 2,
        _ if is_sign(first) || OPENING_SIGNS.contains(first) || is_icon(first) => first.len_utf8(),
        _ => 0,
    }
}

/// Returns the length of the suffix to split off.
fn suffix_length(text: &str) -> usize {
    let mut characters = text.chars().rev();
    let Some(last) = characters.next() else { return 0 };
    let before = characters.next();
    match last {
        '.' => full_stop_length(text, before, characters.next()),
        's' | 'S' => match before {
            Some(quote @ ('\'' | '’')) => quote.len_utf8() + 1,
            _ => 0,
        },
        '…' if before == Some('…') => 2 * last.len_utf8(),
        '—' | '–' => last.len_utf8(),
        '+' => usize::from(before.is_some_and(|before| before.is_ascii_digit())),
        _ if is_sign(last) || is_icon(last) => last.len_utf8(),
        _ if text.bytes().any(|byte| byte.is_ascii_digit()) => unit_length(text),
        _ => 0,
    }
}

/// Returns the length of a final full stop, unless it belongs to an abbreviation, or of an
/// ellipsis.
fn full_stop_length(text: &str, before: Option<char>, earlier: Option<char>) -> usize {
    let dots = text.bytes().rev().take_while(|byte| *byte == b'.').count();
    if dots > 1 {
        return dots;
    }
    let comes_off = match (earlier, before) {
        (Some('°'), Some('F' | 'f' | 'C' | 'c' | 'K' | 'k')) => true,
        (Some(earlier), Some(before)) if is_upper(earlier) && is_upper(before) => true,
        (_, Some(before)) => {
            before.is_ascii_digit()
                || is_lower(before)
                || is_sign(before)
                || "%²-+|".contains(before)
        }
        _ => false,
    };
    usize::from(comes_off)
}

/// Returns the length of the longest unit or currency after a number.
fn unit_length(text: &str) -> usize {
    let follows_digit = |unit: &str| {
        text.strip_suffix(unit).is_some_and(|number| number.ends_with(|c: char| c.is_ascii_digit()))
    };
    let units = UNITS.iter().copied().filter(|unit| follows_digit(unit)).map(str::len);
    let currency = text
        .chars()
        .next_back()
        .filter(|sign| OPENING_SIGNS.contains(*sign) && !"§=—–".contains(*sign));
    let currency = currency.filter(|sign| follows_digit(sign.encode_utf8(&mut [0; 4])));
    units.chain(currency.map(char::len_utf8)).max().unwrap_or(0)
}

/// Returns the length of the infix at `at`.
fn infix_length(text: &str, at: usize, tokenizer: SpacyTokenizer) -> usize {
    let Some(sign) = text[at..].chars().next() else { return 0 };
    if sign.is_ascii_alphanumeric() {
        return 0;
    }
    let before = text[..at].chars().next_back();
    let after = |length: usize| text[at + length..].chars().next();
    let is = |character: Option<char>, test: fn(char) -> bool| character.is_some_and(test);
    let digit = |character: char| character.is_ascii_digit();
    let letter_or_digit = |character: char| is_alpha(character) || character.is_ascii_digit();
    match sign {
        '.' if dots_length(&text[at..]) > 1 => dots_length(&text[at..]),
        '.' => {
            let splits = is(before, |before| is_lower(before) || QUOTES.contains(before))
                && is(after(1), |after| is_upper(after) || QUOTES.contains(after));
            usize::from(splits)
        }
        '+' | '*' | '^' => usize::from(
            is(before, digit) && is(after(1), |after| after.is_ascii_digit() || after == '-'),
        ),
        ',' => usize::from(is(before, is_alpha) && is(after(1), is_alpha)),
        ':' | '<' | '>' | '=' | '/' => {
            usize::from(is(before, letter_or_digit) && is(after(1), is_alpha))
        }
        '-' | '–' | '—' | '~' => {
            if sign == '-'
                && is(before, digit)
                && is(after(1), |after| after.is_ascii_digit() || after == '-')
            {
                return 1;
            }
            let run = text[at..].chars().take_while(|next| *next == sign).count();
            let max = match sign {
                '-' => 3,
                '—' => 2,
                _ => 1,
            };
            let length = run * sign.len_utf8();
            let may_precede = match tokenizer {
                SpacyTokenizer::English => letter_or_digit,
                _ => is_alpha,
            };
            let splits = run <= max && is(before, may_precede) && is(after(length), is_alpha);
            if splits { length } else { 0 }
        }
        '…' => sign.len_utf8(),
        _ if is_icon(sign) => sign.len_utf8(),
        _ => 0,
    }
}

/// Scripts without case whose characters count as lower and as upper case.
fn is_uncased(character: char) -> bool {
    matches!(character,
        '\u{591}'..='\u{5f4}' | '\u{620}'..='\u{64a}' | '\u{66e}'..='\u{6d5}' | '\u{6e5}'..='\u{6ff}'
        | '\u{750}'..='\u{77f}' | '\u{8a0}'..='\u{8bd}' | '\u{900}'..='\u{9ff}' | '\u{b80}'..='\u{bff}'
        | '\u{c00}'..='\u{cff}' | '\u{d80}'..='\u{dff}' | '\u{1100}'..='\u{137f}'
        | '\u{2e80}'..='\u{2fdf}' | '\u{2ff0}'..='\u{30ff}' | '\u{31c0}'..='\u{31ef}'
        | '\u{3200}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}'
        | '\u{f900}'..='\u{faff}' | '\u{fb1d}'..='\u{fdfb}' | '\u{fe30}'..='\u{fe4f}'
        | '\u{fe70}'..='\u{fefc}' | '\u{1ee00}'..='\u{1eebb}' | '\u{1f200}'..='\u{1f2ff}'
        | '\u{20000}'..='\u{2ebef}' | '\u{2f800}'..='\u{2fa1f}')
}

/// Whether the character belongs to a cased script known to the tokenizer.
fn is_cased_script(character: char) -> bool {
    matches!(character,
        'A'..='Z' | 'a'..='z' | '\u{c0}'..='\u{1bf}' | '\u{1c4}'..='\u{2af}' | '\u{386}'..='\u{3ce}'
        | '\u{401}'..='\u{45f}' | '\u{490}' | '\u{491}' | '\u{496}' | '\u{497}' | '\u{4a2}' | '\u{4a3}'
        | '\u{4ae}' | '\u{4af}' | '\u{4ba}' | '\u{4bb}' | '\u{4d8}' | '\u{4d9}' | '\u{4e8}' | '\u{4e9}'
        | '\u{1d00}'..='\u{1d9a}' | '\u{1e00}'..='\u{1eff}' | '\u{2c60}'..='\u{2c7f}'
        | '\u{a722}'..='\u{a7b9}' | '\u{ab30}'..='\u{ab64}' | '\u{ff21}'..='\u{ff3a}'
        | '\u{ff41}'..='\u{ff5a}')
}

fn is_lower(character: char) -> bool {
    character.is_ascii_lowercase()
        || is_cased_script(character) && character.is_lowercase()
        || is_uncased(character)
}

fn is_upper(character: char) -> bool {
    character.is_ascii_uppercase()
        || is_cased_script(character) && character.is_uppercase()
        || is_uncased(character)
}

fn is_alpha(character: char) -> bool {
    is_lower(character) || is_upper(character)
}

/// Whether the text is a host name, with or without a scheme, user, port and path.
fn is_url(text: &str) -> bool {
    if !text.contains('.') {
        return false;
    }
    let scheme = text.find("://").filter(|at| {
        let scheme = &text[..*at];
        let is_sign = |character: char| "+-._".contains(character);
        scheme.len() > 1 && scheme.chars().all(|one| one.is_alphanumeric() || is_sign(one))
    });
    let rest = scheme.map_or(text, |at| &text[at + 3..]);
    let after_user = rest.match_indices('@').map(|(at, _)| &rest[at + 1..]);
    std::iter::once(rest).chain(after_user).any(starts_with_host)
}

/// Whether the text is a host name, with or without a port and path.
fn starts_with_host(text: &str) -> bool {
    let end = text.find(['/', '?', '#', ':']).unwrap_or(text.len());
    let (host, rest) = text.split_at(end);
    let port = rest.strip_prefix(':').unwrap_or("");
    let digits = port.bytes().take_while(u8::is_ascii_digit).count();
    let path = match rest.starts_with(':') {
        true if (2..=5).contains(&digits) => &port[digits..],
        true => return false,
        false => rest,
    };
    if !path.is_empty() && !path.starts_with(['/', '?', '#']) {
        return false;
    }
    let Some((labels, top)) = host.rsplit_once('.') else { return false };
    let is_top = (2..=63).contains(&top.chars().count()) && top.chars().all(is_lower);
    is_top && labels.split('.').all(is_label) || is_address(host)
}

fn is_label(label: &str) -> bool {
    let is_end = |one: char| one.is_ascii_alphanumeric() || matches!(one, '\u{a1}'..='\u{ffff}');
    label.starts_with(is_end)
        && label.ends_with(is_end)
        && label.chars().all(|one| is_end(one) || matches!(one, '-' | '_'))
        && label.chars().count() <= 64
}

/// Whether the host is an IPv4 address that is not of a private network.
fn is_address(host: &str) -> bool {
    let octets: Vec<u16> = host.split('.').map_while(|octet| octet.parse().ok()).collect();
    let [first, second, third, fourth] = octets[..] else { return false };
    let is_private =
        matches!((first, second), (10 | 127, _) | (169, 254) | (192, 168) | (172, 16..=31));
    host.split('.').count() == 4
        && (1..=223).contains(&first)
        && second <= 255
        && third <= 255
        && (1..=254).contains(&fourth)
        && !is_private
}

/// Counts the sentences of a text like spaCy's sentencizer: a sentence starts after terminal
/// punctuation and any punctuation that follows.
pub(super) fn sentence_count(text: &str, tokens: &[Span]) -> usize {
    static PUNCTUATION: LazyLock<CharacterClass> = LazyLock::new(|| CharacterClass::new(r"\p{P}"));
    let mut has_ended = false;
    let mut sentences = 1;
    for token in tokens {
        let token = &text[token.range()];
        let mut characters = token.chars();
        let is_end = characters
            .next()
            .is_some_and(|first| characters.next().is_none() && is_sentence_end(first));
        if is_end {
            has_ended = true;
        } else if has_ended && !token.chars().all(|one| PUNCTUATION.contains(one)) {
            sentences += 1;
            has_ended = false;
        }
    }
    sentences
}
