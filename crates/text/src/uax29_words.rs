//! Word segmentation by UAX #29.

use std::ops::RangeInclusive;

use unicode_segmentation::UnicodeSegmentation;

use super::Span;

/// Returns the words of `text` as spans into it: the UAX #29 segments that contain a letter or
/// digit.
///
/// Common characters are classified here, one by one. From any other character to the next space,
/// `unicode-segmentation` takes over.
pub fn words(text: &str) -> Words<'_> {
    Words { text, at: 0, fallback: None }
}

/// Counts the words in `text`, up to `limit`.
pub fn count_words(text: &str, limit: usize) -> usize {
    /// In texts with more bytes per counted word than this, counting the first words is faster.
    const MAX_BYTES_PER_WORD: usize = 20;
    if text.len() <= limit.saturating_mul(MAX_BYTES_PER_WORD) {
        let bounds = word_count_bounds(text);
        if bounds.start() == bounds.end() || *bounds.start() >= limit {
            return limit.min(*bounds.start());
        }
    }
    words(text).take(limit).count()
}

/// Counts the words in `text`, up to `limit`, with five CJK characters counting as three words.
///
/// [`words`] returns each ideograph as a word; the weight is the usual ratio of words to characters
/// in Chinese and Japanese.
pub fn count_words_cjk_weighted(text: &str, limit: usize) -> usize {
    if prefix_has_weighted_words(text, limit) {
        return limit;
    }
    let bounds = WordCountBounds::from_text(text);
    let is_known = bounds.is_exact() || bounds.min_weight() >= limit;
    if is_known { limit.min(bounds.min_weight()) } else { count_each_weighted(text, limit) }
}

/// Whether [`count_words_cjk_weighted`] reaches `min`.
pub(super) fn has_weighted_words(text: &str, min: usize) -> bool {
    if prefix_has_weighted_words(text, min) {
        return true;
    }
    let bounds = WordCountBounds::from_text(text);
    bounds.min_weight() >= min || bounds.max >= min && count_each_weighted(text, min) == min
}

/// Whether the start of a longer text is enough to see that its weighted word count reaches `min`.
fn prefix_has_weighted_words(text: &str, min: usize) -> bool {
    /// Most words, with the space after them, are shorter.
    const BYTES_PER_WORD: usize = 12;
    let prefix =
        text.as_bytes().get(..min.saturating_mul(BYTES_PER_WORD)).map(WordCountBounds::from_bytes);
    prefix.is_some_and(|bounds| bounds.min_weight() >= min)
}

fn count_each_weighted(text: &str, limit: usize) -> usize {
    /// First bytes, in UTF-8, of the ideographs and kana.
    const CJK_LEAD_BYTES: RangeInclusive<u8> = 0xE3..=0xE9;
    let (mut others, mut ideographs) = (0, 0);
    for word in words(text) {
        let is_ideograph =
            text.as_bytes().get(word.start).is_some_and(|byte| CJK_LEAD_BYTES.contains(byte));
        ideographs += usize::from(is_ideograph);
        others += usize::from(!is_ideograph);
        if others + ideographs * 3 / 5 >= limit {
            return limit;
        }
    }
    others + ideographs * 3 / 5
}

/// Returns lower and upper bounds of the word count, about ten times faster than counting.
pub fn word_count_bounds(text: &str) -> RangeInclusive<usize> {
    let WordCountBounds { starts, ideographs, max } = WordCountBounds::from_text(text);
    starts + ideographs..=max
}

/// Bounds of the word count, from pairs of adjacent bytes.
///
/// A word certainly starts at an ASCII letter or digit, and at the lead byte of common Latin and
/// Cyrillic letters, if the byte before is ASCII and neither alphanumeric nor a joiner. Each
/// ideograph with a common lead byte is a word. No word starts anywhere but at a lead byte beyond
/// ASCII, or at an ASCII letter or digit that does not follow another.
struct WordCountBounds {
    /// Certain word starts, without ideographs.
    starts: usize,
    /// Ideographs, each of which is a word.
    ideographs: usize,
    /// Upper bound of the word count, including ideographs.
    max: usize,
}

impl WordCountBounds {
    fn from_text(text: &str) -> Self {
        Self::from_bytes(text.as_bytes())
    }

    /// Computes the bounds for a prefix of a text, which may end within a character.
    fn from_bytes(bytes: &[u8]) -> Self {
        /// Chunk size for which the counters of a chunk fit into a byte.
        const CHUNK: usize = 255;
        let mut bounds = Self { starts: 0, ideographs: 0, max: 0 };
        let mut add = |before: &[u8], here: &[u8]| {
            let (mut starts, mut ideographs, mut max) = (0_u8, 0_u8, 0_u8);
            for (before, here) in before.iter().zip(here) {
                let is_start = here.is_ascii_alphanumeric() & !before.is_ascii_alphanumeric();
                // Without short-circuit operators and tables, so that the loop is vectorised.
                let mid = (*before == b'.')
                    | (*before == b'\'')
                    | (*before == b':')
                    | (*before == b',')
                    | (*before == b';');
                let joins = mid | (*before == b'_') | !before.is_ascii();
                // U+0100 to U+017F and U+0400 to U+047F; U+5000 to U+9FFF.
                let is_letter =
                    (*here == 0xC4) | (*here == 0xC5) | (*here == 0xD0) | (*here == 0xD1);
                let is_wide_start = is_letter & !before.is_ascii_alphanumeric();
                starts += u8::from((is_start | is_wide_start) & !joins);
                ideographs += u8::from(here.wrapping_sub(0xE5) < 5);
                max += u8::from(is_start | (*here >= 0xC0));
            }
            bounds.starts += usize::from(starts);
            bounds.ideographs += usize::from(ideographs);
            bounds.max += usize::from(max);
        };
        add(b" ", bytes.get(..1).unwrap_or_default());
        for (before, here) in
            bytes.chunks(CHUNK).zip(bytes.get(1..).unwrap_or_default().chunks(CHUNK))
        {
            add(before, here);
        }
        bounds
    }

    fn is_exact(&self) -> bool {
        self.starts + self.ideographs == self.max
    }

    /// Lower bound of [`count_words_cjk_weighted`].
    fn min_weight(&self) -> usize {
        self.starts + self.ideographs * 3 / 5
    }
}

/// Iterator over the words of a text, returned by [`words`].
pub struct Words<'t> {
    text: &'t str,
    at: usize,
    /// Start of a stretch that `unicode-segmentation` splits, and the words in it.
    fallback: Option<(usize, unicode_segmentation::UnicodeWordIndices<'t>)>,
}

/// The role of a character in or next to a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WordBreakClass {
    /// Belongs to no word.
    Other,
    Letter,
    Digit,
    /// The underscore.
    Joiner,
    /// Joins letters, and joins digits: `.` and single quotes.
    MidBoth,
    /// Joins letters: the colon.
    MidLetters,
    /// Joins digits: `,` and `;`.
    MidDigits,
    /// A word by itself, such as an ideograph.
    Alone,
    /// Not decided here.
    Unknown,
}

#[expect(clippy::cast_possible_truncation, reason = "ASCII fits into a byte")]
const ASCII: [WordBreakClass; 128] = {
    let mut classes = [WordBreakClass::Other; 128];
    let mut byte = 0;
    while byte < 128 {
        classes[byte] = match byte as u8 {
            b'0'..=b'9' => WordBreakClass::Digit,
            b'A'..=b'Z' | b'a'..=b'z' => WordBreakClass::Letter,
            b'_' => WordBreakClass::Joiner,
            b'.' | b'\'' => WordBreakClass::MidBoth,
            b':' => WordBreakClass::MidLetters,
            b',' | b';' => WordBreakClass::MidDigits,
            _ => WordBreakClass::Other,
        };
        byte += 1;
    }
    classes
};

/// Classifies a non-ASCII character, if no later version of Unicode will classify it differently.
fn class_of(character: char) -> WordBreakClass {
    match character {
        '\u{A0}'
        | '«'
        | '»'
        | '©'
        | '®'
        | '°'
        | '×'
        | '÷'
        | '\u{2010}'..='\u{2017}'
        | '\u{201A}'..='\u{2023}'
        | '…'
        | '€'
        | '™' => WordBreakClass::Other,
        '‘' | '’' => WordBreakClass::MidBoth,
        'À'..='Ö'
        | 'Ø'..='ö'
        | 'ø'..='ɏ'
        | 'Ά'
        | 'Έ'..='Ί'
        | 'Ό'
        | 'Ύ'..='Ρ'
        | 'Σ'..='ώ'
        | 'Ѐ'..='ҁ'
        | 'Ҋ'..='ԯ' => WordBreakClass::Letter,
        '一'..='鿿' => WordBreakClass::Alone,
        '、' | '。' | '「' | '」' | '！' | '？' => WordBreakClass::Other,
        _ => WordBreakClass::Unknown,
    }
}

impl<'t> Words<'t> {
    /// Returns the class and length in bytes of the character at `at`; `Other` and 0 at the end.
    #[inline(always)]
    fn class(&self, at: usize) -> (WordBreakClass, usize) {
        match self.text.as_bytes().get(at) {
            None => (WordBreakClass::Other, 0),
            Some(&byte) if byte < 128 => (ASCII[usize::from(byte)], 1),
            Some(_) => self.wide_class(at),
        }
    }

    /// Cold path of [`class`](Self::class) for non-ASCII characters.
    #[inline(never)]
    fn wide_class(&self, at: usize) -> (WordBreakClass, usize) {
        let character = self.text.get(at..).and_then(|rest| rest.chars().next()).unwrap_or(' ');
        (class_of(character), character.len_utf8())
    }

    /// Lets `unicode-segmentation` split the stretch from `start` to the next space.
    fn fall_back_to_tables(&mut self, start: usize) {
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        let end = memchr::memchr2(b' ', b'\n', rest).map_or(self.text.len(), |blank| start + blank);
        self.at = end;
        self.fallback =
            self.text.get(start..end).map(|stretch| (start, stretch.unicode_word_indices()));
    }

    /// Returns the end of the word that starts at `self.at` with a character of `class`, `length`
    /// bytes long, and whether it contains more than underscores. Returns `None` if an unknown
    /// character occurs in it or right after it.
    fn word_end(&self, class: WordBreakClass, length: usize) -> Option<(usize, bool)> {
        let (mut last, mut end, mut counts) =
            (class, self.at + length, class != WordBreakClass::Joiner);
        loop {
            if last == WordBreakClass::Letter {
                let rest = self.text.as_bytes().get(end..).unwrap_or_default();
                end +=
                    rest.iter().position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(rest.len());
            }
            let (next, length) = self.class(end);
            match next {
                WordBreakClass::Unknown => return None,
                WordBreakClass::Letter | WordBreakClass::Digit | WordBreakClass::Joiner
                    if last != WordBreakClass::Alone =>
                {
                    counts |= next != WordBreakClass::Joiner;
                    (last, end) = (next, end + length);
                }
                WordBreakClass::MidBoth
                | WordBreakClass::MidLetters
                | WordBreakClass::MidDigits => {
                    let (after, width) = self.class(end + length);
                    match after {
                        WordBreakClass::Unknown => return None,
                        WordBreakClass::Letter
                            if last == WordBreakClass::Letter
                                && next != WordBreakClass::MidDigits => {}
                        WordBreakClass::Digit
                            if last == WordBreakClass::Digit
                                && next != WordBreakClass::MidLetters => {}
                        _ => return Some((end, counts)),
                    }
                    (last, end) = (after, end + length + width);
                }
                _ => return Some((end, counts)),
            }
        }
    }
}

impl Iterator for Words<'_> {
    type Item = Span;

    fn next(&mut self) -> Option<Span> {
        loop {
            if let Some((start, words)) = &mut self.fallback {
                if let Some((offset, word)) = words.next() {
                    let start = *start + offset;
                    return Some(Span::new(start, start + word.len()));
                }
                self.fallback = None;
            }
            let (class, length) = self.class(self.at);
            match class {
                _ if length == 0 => return None,
                WordBreakClass::Unknown => self.fall_back_to_tables(self.at),
                WordBreakClass::Letter
                | WordBreakClass::Digit
                | WordBreakClass::Joiner
                | WordBreakClass::Alone => match self.word_end(class, length) {
                    Some((end, counts)) => {
                        let word = Span::new(self.at, end);
                        self.at = end;
                        if counts {
                            return Some(word);
                        }
                    }
                    None => self.fall_back_to_tables(self.at),
                },
                WordBreakClass::Other
                | WordBreakClass::MidBoth
                | WordBreakClass::MidLetters
                | WordBreakClass::MidDigits => self.at += length,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn compare(text: &str) {
        let actual: Vec<_> = words(text).map(|word| &text[word.range()]).collect();
        let expected: Vec<_> = text.unicode_words().collect();
        assert_eq!(actual, expected, "{text:?}");
    }

    proptest! {
        #[test]
        fn agrees_with_unicode_segmentation(
            text in "([a-z'.:;,0-9 _\n]|[ä’‘“—…😀中文書。éЖиŉ́ω\u{ad}\u{200d}\u{a0}ªアーがا]){0,40}",
        ) {
            compare(&text);
            prop_assert!(word_count_bounds(&text).contains(&words(&text).count()));
            for limit in [1, 3, 8, 100] {
                let weight = count_each_weighted(&text, limit);
                prop_assert_eq!(count_words_cjk_weighted(&text, limit), weight);
                prop_assert_eq!(has_weighted_words(&text, limit), weight == limit);
            }
        }
    }

    #[test]
    fn bounds_are_narrow_for_common_text() {
        for (text, bounds) in [
            ("", 0..=0),
            ("one", 1..=1),
            ("one two  3 (four), été", 4..=7),
            ("-a b.c", 2..=3),
            ("это слово, 書籍", 4..=10),
        ] {
            assert_eq!(word_count_bounds(text), bounds, "{text}");
        }
        assert_eq!(word_count_bounds(&"two words ".repeat(400)), 800..=800);
    }

    #[test]
    fn classified_characters_agree_with_unicode_segmentation() {
        for character in ('\u{1}'..='\u{FFFF}').filter(|&character| {
            class_of(character) != WordBreakClass::Unknown || character.is_ascii()
        }) {
            for template in [
                "a#b",
                "1#2",
                "a#1",
                "#",
                "a#",
                "#a",
                "_#_",
                "# #",
                "1##2",
                "a##b",
                "#.#",
                "#,#",
                "#'#",
                "中#中",
                "a#\u{301}b",
            ] {
                compare(&template.replace('#', &character.to_string()));
            }
        }
    }
}
