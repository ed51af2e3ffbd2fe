//! Words, by Unicode Standard Annex #29.

use std::ops::RangeInclusive;

use unicode_segmentation::UnicodeSegmentation;

use super::Span;

/// The words of `text` as spans into it: runs that UAX #29 keeps together and that hold a letter or digit.
///
/// Characters whose part in a word is plain are taken one by one; what stands from any other character to the next blank is
/// left to the tables of Unicode.
pub fn words(text: &str) -> Words<'_> {
    Words { text, at: 0, rest: None }
}

/// The number of words in `text`, counted no further than `limit`.
pub fn count_words(text: &str, limit: usize) -> usize {
    /// Bytes of a word, at most, beyond which it is quicker to count the first ones.
    const LONG: usize = 20;
    if text.len() <= limit.saturating_mul(LONG) {
        let bounds = word_bounds(text);
        if bounds.start() == bounds.end() || *bounds.start() >= limit {
            return limit.min(*bounds.start());
        }
    }
    words(text).take(limit).count()
}

/// The number of words in `text`, counted no further than `limit`, where five signs of a script that puts no blanks between
/// words, each of which [`words`] takes for one, count as three: that is how many words they come to in Chinese and Japanese.
pub fn weigh_words(text: &str, limit: usize) -> usize {
    if begins_with(text, limit) {
        return limit;
    }
    let bounds = Bounds::of(text);
    let is_known = bounds.is_exact() || bounds.least_weight() >= limit;
    if is_known { limit.min(bounds.least_weight()) } else { weigh_each(text, limit) }
}

/// Whether [`weigh_words`] comes to `fewest` or more.
pub(super) fn weighs_at_least(text: &str, fewest: usize) -> bool {
    if begins_with(text, fewest) {
        return true;
    }
    let bounds = Bounds::of(text);
    bounds.least_weight() >= fewest || bounds.most >= fewest && weigh_each(text, fewest) == fewest
}

/// Whether the first bytes of a longer text tell already that its words weigh `fewest` or more.
fn begins_with(text: &str, fewest: usize) -> bool {
    /// Bytes of a word, at most, with what stands behind it, in most text.
    const LONG: usize = 12;
    let first = text.as_bytes().get(..fewest.saturating_mul(LONG)).map(Bounds::of_bytes);
    first.is_some_and(|bounds| bounds.least_weight() >= fewest)
}

fn weigh_each(text: &str, limit: usize) -> usize {
    const FIRST_SIGN: u8 = 0xE3;
    const LAST_SIGN: u8 = 0xE9;
    let (mut others, mut signs) = (0, 0);
    for word in words(text) {
        let is_sign = text.as_bytes().get(word.start).is_some_and(|byte| (FIRST_SIGN..=LAST_SIGN).contains(byte));
        signs += usize::from(is_sign);
        others += usize::from(!is_sign);
        if others + signs * 3 / 5 >= limit {
            return limit;
        }
    }
    others + signs * 3 / 5
}

/// Between which numbers that of the words in `text` lies, told in a tenth of the time that counting takes.
pub fn word_bounds(text: &str) -> RangeInclusive<usize> {
    let Bounds { starts, signs, most } = Bounds::of(text);
    starts + signs..=most
}

/// What two bytes at a time say of the words of a text.
///
/// A word begins with each ASCII letter or digit, and each Latin or Cyrillic letter of some first bytes, after a byte of ASCII that
/// neither is one nor joins others. Each Han character of some first bytes is one. None begins elsewhere than at an ASCII letter or
/// digit after any other byte, or beyond ASCII.
struct Bounds {
    /// Words that certainly begin, but for signs.
    starts: usize,
    /// Han characters, each a word.
    signs: usize,
    /// No more words than these begin, signs among them.
    most: usize,
}

impl Bounds {
    fn of(text: &str) -> Self {
        Self::of_bytes(text.as_bytes())
    }

    /// Of the first bytes of a text.
    fn of_bytes(bytes: &[u8]) -> Self {
        /// So many bytes at a time, which a byte can count.
        const PIECE: usize = 255;
        let mut bounds = Self { starts: 0, signs: 0, most: 0 };
        let mut add = |before: &[u8], here: &[u8]| {
            let (mut starts, mut signs, mut most) = (0_u8, 0_u8, 0_u8);
            for (before, here) in before.iter().zip(here) {
                let is_start = here.is_ascii_alphanumeric() & !before.is_ascii_alphanumeric();
                // One after the other, so that the processor can take many bytes at a time.
                let mid =
                    (*before == b'.') | (*before == b'\'') | (*before == b':') | (*before == b',') | (*before == b';');
                let joins = mid | (*before == b'_') | !before.is_ascii();
                // U+0100 to U+017F and U+0400 to U+047F; U+5000 to U+9FFF.
                let is_letter = (*here == 0xC4) | (*here == 0xC5) | (*here == 0xD0) | (*here == 0xD1);
                let is_wide_start = is_letter & !before.is_ascii_alphanumeric();
                starts += u8::from((is_start | is_wide_start) & !joins);
                signs += u8::from(here.wrapping_sub(0xE5) < 5);
                most += u8::from(is_start | (*here >= 0xC0));
            }
            bounds.starts += usize::from(starts);
            bounds.signs += usize::from(signs);
            bounds.most += usize::from(most);
        };
        add(b" ", bytes.get(..1).unwrap_or_default());
        for (before, here) in bytes.chunks(PIECE).zip(bytes.get(1..).unwrap_or_default().chunks(PIECE)) {
            add(before, here);
        }
        bounds
    }

    fn is_exact(&self) -> bool {
        self.starts + self.signs == self.most
    }

    /// What the words that certainly begin count as in [`weigh_words`].
    fn least_weight(&self) -> usize {
        self.starts + self.signs * 3 / 5
    }
}

/// Iterator over the words of a text, made by [`words`].
pub struct Words<'t> {
    text: &'t str,
    at: usize,
    /// The words up to the next blank, where they are left to the tables, and where those begin.
    rest: Option<(usize, unicode_segmentation::UnicodeWordIndices<'t>)>,
}

/// What a character does to the word it stands in or beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Belongs to no word.
    Other,
    Letter,
    Digit,
    /// The low line.
    Joiner,
    /// Joins letters and joins digits: `.` and single quotes.
    MidBoth,
    /// Joins letters: the colon.
    MidLetters,
    /// Joins digits: `,` and `;`.
    MidDigits,
    /// A word of its own, such as each Han character.
    Alone,
    /// Left to the tables.
    Unknown,
}

/// The classes of ASCII.
#[expect(clippy::cast_possible_truncation, reason = "the numbers of ASCII fit")]
const ASCII: [Class; 128] = {
    let mut classes = [Class::Other; 128];
    let mut byte = 0;
    while byte < 128 {
        classes[byte] = match byte as u8 {
            b'0'..=b'9' => Class::Digit,
            b'A'..=b'Z' | b'a'..=b'z' => Class::Letter,
            b'_' => Class::Joiner,
            b'.' | b'\'' => Class::MidBoth,
            b':' => Class::MidLetters,
            b',' | b';' => Class::MidDigits,
            _ => Class::Other,
        };
        byte += 1;
    }
    classes
};

/// The class of a character beyond ASCII, where it is plain that no table of later Unicode will say otherwise.
fn class_of(character: char) -> Class {
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
        | '™' => Class::Other,
        '‘' | '’' => Class::MidBoth,
        'À'..='Ö' | 'Ø'..='ö' | 'ø'..='ɏ' | 'Ά' | 'Έ'..='Ί' | 'Ό' | 'Ύ'..='Ρ' | 'Σ'..='ώ' | 'Ѐ'..='ҁ' | 'Ҋ'..='ԯ' => {
            Class::Letter
        }
        '一'..='鿿' => Class::Alone,
        '、' | '。' | '「' | '」' | '！' | '？' => Class::Other,
        _ => Class::Unknown,
    }
}

impl<'t> Words<'t> {
    /// The class and the length in bytes of the character at `at`; `Other` and 0 at the end.
    #[inline(always)]
    fn class(&self, at: usize) -> (Class, usize) {
        match self.text.as_bytes().get(at) {
            None => (Class::Other, 0),
            Some(&byte) if byte < 128 => (ASCII[usize::from(byte)], 1),
            Some(_) => self.wide_class(at),
        }
    }

    /// The same beyond ASCII.
    #[inline(never)]
    fn wide_class(&self, at: usize) -> (Class, usize) {
        let character = self.text.get(at..).and_then(|rest| rest.chars().next()).unwrap_or(' ');
        (class_of(character), character.len_utf8())
    }

    /// Leaves what stands from `start` to the next blank to the tables.
    fn leave(&mut self, start: usize) {
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        let end = memchr::memchr2(b' ', b'\n', rest).map_or(self.text.len(), |blank| start + blank);
        self.at = end;
        self.rest = self.text.get(start..end).map(|piece| (start, piece.unicode_word_indices()));
    }

    /// The end of the word that begins at `self.at` with a character of `class` that takes `length` bytes; `None` where an unknown
    /// character stands in it or at its end.
    fn end(&self, class: Class, length: usize) -> Option<(usize, bool)> {
        let (mut last, mut end, mut counts) = (class, self.at + length, class != Class::Joiner);
        loop {
            if last == Class::Letter {
                let rest = self.text.as_bytes().get(end..).unwrap_or_default();
                end += rest.iter().position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(rest.len());
            }
            let (next, length) = self.class(end);
            match next {
                Class::Unknown => return None,
                Class::Letter | Class::Digit | Class::Joiner if last != Class::Alone => {
                    counts |= next != Class::Joiner;
                    (last, end) = (next, end + length);
                }
                Class::MidBoth | Class::MidLetters | Class::MidDigits => {
                    let (after, width) = self.class(end + length);
                    match after {
                        Class::Unknown => return None,
                        Class::Letter if last == Class::Letter && next != Class::MidDigits => {}
                        Class::Digit if last == Class::Digit && next != Class::MidLetters => {}
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
            if let Some((start, rest)) = &mut self.rest {
                if let Some((offset, word)) = rest.next() {
                    let start = *start + offset;
                    return Some(Span::new(start, start + word.len()));
                }
                self.rest = None;
            }
            let (class, length) = self.class(self.at);
            match class {
                _ if length == 0 => return None,
                Class::Unknown => self.leave(self.at),
                Class::Letter | Class::Digit | Class::Joiner | Class::Alone => match self.end(class, length) {
                    Some((end, counts)) => {
                        let word = Span::new(self.at, end);
                        self.at = end;
                        if counts {
                            return Some(word);
                        }
                    }
                    None => self.leave(self.at),
                },
                Class::Other | Class::MidBoth | Class::MidLetters | Class::MidDigits => self.at += length,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn compare(text: &str) {
        let ours: Vec<_> = words(text).map(|word| &text[word.range()]).collect();
        let theirs: Vec<_> = text.unicode_words().collect();
        assert_eq!(ours, theirs, "{text:?}");
    }

    proptest! {
        #[test]
        fn plain_characters_make_the_words_that_the_tables_make(
            text in "([a-z'.:;,0-9 _\n]|[ä’‘“—…😀中文書。éЖиŉ́ω\u{ad}\u{200d}\u{a0}ªアーがا]){0,40}",
        ) {
            compare(&text);
            prop_assert!(word_bounds(&text).contains(&words(&text).count()));
            for limit in [1, 3, 8, 100] {
                let weight = weigh_each(&text, limit);
                prop_assert_eq!(weigh_words(&text, limit), weight);
                prop_assert_eq!(weighs_at_least(&text, limit), weight == limit);
            }
        }
    }

    #[test]
    fn bounds_of_plain_text_are_narrow() {
        for (text, bounds) in [
            ("", 0..=0),
            ("one", 1..=1),
            ("one two  3 (four), été", 4..=7),
            ("-a b.c", 2..=3),
            ("это слово, 書籍", 4..=10),
        ] {
            assert_eq!(word_bounds(text), bounds, "{text}");
        }
        assert_eq!(word_bounds(&"two words ".repeat(400)), 800..=800);
    }

    #[test]
    fn every_plain_character_is_what_the_tables_say() {
        for character in
            ('\u{1}'..='\u{FFFF}').filter(|&character| class_of(character) != Class::Unknown || character.is_ascii())
        {
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
