//! Lines parsed as running headers, footers or page numbers.

/// How a line gives its page number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PageNumberForm {
    /// "Page 3 of 48", with the number of pages.
    WithTotal(u32),
    /// "3 of 48" or "3/48", which may count anything.
    Counted(u32),
    /// "Page 3".
    Named,
    /// Text and a number separated by a bar, a tab or a wide gap.
    Apart,
    /// A number alone, possibly between dashes.
    Bare,
    /// Text and a number separated by a blank.
    Plain,
}

/// A possible page number, with the text next to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PageNumber {
    /// The page number.
    pub(super) number: u32,
    /// How it is given.
    pub(super) form: PageNumberForm,
    /// The letters and digits of the other text, in lower case.
    pub(super) key: String,
    /// Number of words in the other text, counted up to 2.
    pub(super) words: usize,
}

/// Maximum length of a running header, in bytes.
pub(super) const MAX_HEADER_BYTES: usize = 240;

/// Punctuation around page numbers.
const PUNCTUATION: [char; 9] = ['-', '–', '—', '|', '·', '•', '~', '*', '_'];
/// Punctuation that separates a page number from text.
const BARS: [char; 4] = ['|', '·', '•', '¦'];

const PAGE_WORDS: &[&str] = &[
    "page",
    "pages",
    "pg",
    "pag",
    "pagina",
    "página",
    "pàgina",
    "páxina",
    "seite",
    "strona",
    "strana",
    "stránka",
    "stran",
    "stranica",
    "str",
    "страница",
    "стр",
    "сторінка",
    "стор",
    "sivu",
    "sida",
    "sidan",
    "side",
    "oldal",
    "sayfa",
    "trang",
    "halaman",
    "laman",
    "puslapis",
    "psl",
    "lpp",
    "lehekülg",
    "lk",
    "faqe",
    "σελίδα",
    "σελ",
    "صفحة",
    "صفحه",
    "עמוד",
    "หน้า",
    "पृष्ठ",
    "orrialdea",
    "folio",
    "bladzijde",
    "blz",
    "blad",
    "leathanach",
    "tudalen",
];

const OF_WORDS: &[&str] = &[
    "of", "von", "de", "sur", "di", "van", "av", "af", "z", "ze", "из", "з", "od", "din", "dari",
    "από", "από", "של", "من", "trong", "iš", "no",
];

/// Returns the possible page numbers of a line: the number at its end and the number at its start.
pub(super) fn page_numbers(line: &str) -> Vec<PageNumber> {
    if line.len() > MAX_HEADER_BYTES {
        return Vec::new();
    }
    let (line, is_named) = without_cjk_units(line);
    let text = trim(&line);
    if !text.contains(|c: char| c.is_ascii_digit()) {
        return Vec::new();
    }
    let mut page_numbers: Vec<PageNumber> =
        [from_line_end(text, is_named), from_line_start(text, is_named)]
            .into_iter()
            .flatten()
            .collect();
    page_numbers.dedup();
    page_numbers
}

/// Whether a text may be a title, which starts with a capital in scripts that have them.
pub(super) fn may_be_title_text(text: &str) -> bool {
    !text.chars().find(|character| character.is_alphabetic()).is_some_and(char::is_lowercase)
}

/// Returns the letters and digits of a text, in lower case.
pub(super) fn key(text: &str) -> String {
    text.chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Rewrites Chinese, Japanese and Korean page numbers like others. Returns whether the line had
/// one.
fn without_cjk_units(line: &str) -> (std::borrow::Cow<'_, str>, bool) {
    const UNITS: [&str; 4] = ["页", "頁", "ページ", "쪽"];
    if line.is_ascii() || !UNITS.iter().any(|unit| line.contains(unit)) {
        return (line.into(), false);
    }
    let mut plain = line.replace('第', " ").replace('共', " of ").replace(['／', '，', ','], " ");
    for unit in UNITS {
        plain = plain.replace(unit, " ");
    }
    (plain.into(), true)
}

fn trim(text: &str) -> &str {
    text.trim_matches(|character: char| {
        character.is_whitespace() || PUNCTUATION.contains(&character)
    })
}

fn is_page_word(word: &str) -> bool {
    let lower = word.to_lowercase();
    let bare = lower.trim_end_matches(['.', ':']);
    PAGE_WORDS.contains(&bare) || matches!(lower.as_str(), "p." | "s." | "с.")
}

fn is_of_word(word: &str) -> bool {
    word == "/" || OF_WORDS.contains(&word.to_lowercase().as_str())
}

/// Returns the number that ends `text`, and the text before it.
fn last_number(text: &str) -> Option<(&str, u32)> {
    const MAX_DIGITS: usize = 4;
    let digits = text.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (before, number) = text.split_at(text.len() - digits);
    let is_apart = before.is_empty()
        || before.ends_with(|c: char| c.is_whitespace() || c == '/' || BARS.contains(&c))
        || before.ends_with('.') && is_page_word(last_word(before).1);
    (is_apart && (1..=MAX_DIGITS).contains(&digits))
        .then(|| Some((before, number.parse().ok()?)))?
}

/// Returns the number that starts `text`, and the text after it.
fn first_number(text: &str) -> Option<(u32, &str)> {
    const MAX_DIGITS: usize = 4;
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, after) = text.split_at(digits);
    let is_apart = after.is_empty()
        || after.starts_with(|c: char| c.is_whitespace() || c == '/' || BARS.contains(&c))
        || after.strip_prefix('.').is_some_and(|after| is_page_word(first_word(after).0));
    (is_apart && (1..=MAX_DIGITS).contains(&digits)).then(|| Some((number.parse().ok()?, after)))?
}

fn last_word(text: &str) -> (&str, &str) {
    let text = text.trim_end();
    let at = text
        .rfind(char::is_whitespace)
        .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    text.split_at(at)
}

fn first_word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()))
}

/// Whether a gap is wide enough to separate a number from text.
fn is_wide(gap: &str) -> bool {
    const WIDE: usize = 3;
    gap.contains('\t')
        || gap.contains(BARS)
        || gap.bytes().filter(|byte| *byte == b' ').count() >= WIDE
}

fn from_line_end(text: &str, mut is_named: bool) -> Option<PageNumber> {
    let (mut before, mut number) = last_number(text)?;
    let mut total = None;
    if let Some((first, page)) = number_before_total(before)
        && (1..=number).contains(&page)
    {
        total = Some(number);
        (before, number) = (first, page);
    }
    let mut head = before.trim_end_matches(is_gap);
    let mut gap = &before[head.len()..];
    let (rest, word) = last_word(head);
    if is_page_word(word.trim_start_matches(['(', '['])) {
        is_named = true;
        head = rest.trim_end_matches(is_gap);
        gap = &rest[head.len()..];
    }
    page_number(number, total, is_named, head, gap)
}

/// Returns the page number before "of" and the number of pages, and the text before it.
fn number_before_total(before: &str) -> Option<(&str, u32)> {
    let before = before.trim_end();
    if let Some(first) = before.strip_suffix('/') {
        return last_number(first.trim_end());
    }
    let (first, word) = last_word(before);
    is_of_word(word).then(|| last_number(first.trim_end()))?
}

fn from_line_start(text: &str, mut is_named: bool) -> Option<PageNumber> {
    let (word, rest) = first_word(text);
    let names_page = is_page_word(word);
    let (number, mut after) = first_number(if names_page { rest.trim_start() } else { text })?;
    is_named |= names_page;
    let mut total = None;
    let (word, rest) = first_word(after);
    let behind = if let Some(behind) = after.trim_start().strip_prefix('/') {
        Some(behind)
    } else {
        is_of_word(word).then_some(rest)
    };
    if let Some((pages, rest)) = behind.and_then(|behind| first_number(behind.trim_start()))
        && (1..=pages).contains(&number)
    {
        total = Some(pages);
        after = rest;
    }
    let (word, rest) = first_word(after.trim_start_matches('.'));
    if is_page_word(word) {
        is_named = true;
        after = rest;
    }
    let tail = after.trim_start_matches(is_gap);
    page_number(number, total, is_named, tail, &after[..after.len() - tail.len()])
}

fn is_gap(character: char) -> bool {
    character.is_whitespace()
        || PUNCTUATION.contains(&character)
        || BARS.contains(&character)
        || matches!(character, ',' | '(' | '[')
}

fn page_number(
    number: u32,
    total: Option<u32>,
    is_named: bool,
    text: &str,
    gap: &str,
) -> Option<PageNumber> {
    let key = key(text);
    let form = match total {
        Some(total) if is_named => PageNumberForm::WithTotal(total),
        Some(total) => PageNumberForm::Counted(total),
        None if is_named => PageNumberForm::Named,
        None if key.is_empty() => PageNumberForm::Bare,
        None if is_wide(gap) => PageNumberForm::Apart,
        None => PageNumberForm::Plain,
    };
    may_be_title_text(text).then(|| PageNumber {
        number,
        form,
        key,
        words: text.split_whitespace().take(2).count(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Vec<(u32, PageNumberForm, String)> {
        page_numbers(line)
            .into_iter()
            .map(|page_number| (page_number.number, page_number.form, page_number.key))
            .collect()
    }

    #[test]
    fn parses_page_numbers_in_many_forms() {
        let of =
            |number, total, key: &str| (number, PageNumberForm::WithTotal(total), key.to_owned());
        assert_eq!(parse("Page 3 of 48"), [of(3, 48, "")]);
        assert_eq!(parse("Harbour Board     Page 3 of 48"), [of(3, 48, "harbourboard")]);
        assert_eq!(parse("Seite 3 von 48 | Hafenamt"), [of(3, 48, "hafenamt")]);
        assert_eq!(parse("3/48"), [(3, PageNumberForm::Counted(48), String::new())]);
        assert_eq!(parse("第 3 页 共 48 页"), [of(3, 48, "")]);
        assert_eq!(parse("Стр. 3 из 48"), [of(3, 48, "")]);
        assert_eq!(parse("- 7 -"), [(7, PageNumberForm::Bare, String::new())]);
        assert_eq!(parse("p.7"), [(7, PageNumberForm::Named, String::new())]);
        assert_eq!(parse("7. oldal"), [(7, PageNumberForm::Named, String::new())]);
        assert_eq!(
            parse("Annual Report\t4"),
            [(4, PageNumberForm::Apart, "annualreport".to_owned())]
        );
        assert_eq!(
            parse("48 | Report 2023")[1],
            (48, PageNumberForm::Apart, "report2023".to_owned())
        );
        assert_eq!(parse("Step 3"), [(3, PageNumberForm::Plain, "step".to_owned())]);
        assert_eq!(parse("version 1.5"), []);
        assert_eq!(parse("2023-24"), []);
    }
}
