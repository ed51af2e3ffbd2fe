//! Where Unicode Standard Annex #29 breaks a line into sentences.
//!
//! A break stands only behind a terminator. So the text between terminators is skipped, and what stands around one decides.
//! Where an uncommon character stands, the tables of Unicode decide, up to the next break that is certain.

use unicode_segmentation::UnicodeSegmentation;

use super::Span;

/// The pieces between sentence breaks, one after the other, together all of `line`.
pub(super) fn pieces(line: &str) -> impl Iterator<Item = Span> + '_ {
    let mut breaks = Breaks { line, at: 0, known: None };
    let mut start = 0;
    std::iter::from_fn(move || {
        let end = breaks.next_after(start)?;
        let piece = Span::new(start, end);
        start = end;
        Some(piece)
    })
}

/// What a character does beside a terminator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Other,
    Lower,
    Upper,
    /// A letter without case.
    Letter,
    Digit,
    Blank,
    /// Quotes and brackets.
    Close,
    /// Commas, colons and dashes, after which a sentence goes on.
    Continue,
    /// The full stop.
    Stop,
    /// Other terminators.
    Mark,
    /// Left to the tables.
    Unknown,
}

#[expect(clippy::cast_possible_truncation, reason = "the numbers of ASCII fit")]
const ASCII: [Class; 128] = {
    let mut classes = [Class::Other; 128];
    let mut byte = 0;
    while byte < 128 {
        classes[byte] = match byte as u8 {
            b'a'..=b'z' => Class::Lower,
            b'A'..=b'Z' => Class::Upper,
            b'0'..=b'9' => Class::Digit,
            b' ' | b'\t' | 0x0B | 0x0C => Class::Blank,
            b'"' | b'\'' | b'(' | b')' | b'[' | b']' | b'{' | b'}' => Class::Close,
            b',' | b'-' | b':' | b';' => Class::Continue,
            b'.' => Class::Stop,
            b'!' | b'?' => Class::Mark,
            b'\r' | b'\n' => Class::Unknown,
            _ => Class::Other,
        };
        byte += 1;
    }
    classes
};

fn class_of(character: char) -> Class {
    match character {
        '\u{A0}' => Class::Blank,
        '«' | '»' | '‘'..='‟' | '‹' | '›' => Class::Close,
        '–' | '—' | '、' | '，' | '：' => Class::Continue,
        '。' | '！' | '？' => Class::Mark,
        '§' | '©' | '®' | '°' | '±' | '·' | '×' | '÷' | '†'..='‣' | '…' | '€' | '™' | '←'..='⇿' | '■'..='◿' => {
            Class::Other
        }
        'À'..='ƺ' | 'Ǎ'..='ǰ' | 'Ǵ'..='ȟ' | 'Ȣ'..='ɏ' | 'Ά' | 'Έ'..='ώ' | 'Ѐ'..='ҁ' | 'Ҋ'..='ԯ' => {
            match (character.is_lowercase(), character.is_uppercase()) {
                (true, _) => Class::Lower,
                (_, true) => Class::Upper,
                _ => Class::Unknown,
            }
        }
        'ぁ'..='ゖ' | 'ァ'..='ヺ' | '一'..='鿿' | '가'..='힣' => Class::Letter,
        _ => Class::Unknown,
    }
}

fn class_of_any(character: char) -> Class {
    if character.is_ascii() { ASCII[character as usize] } else { class_of(character) }
}

struct Breaks<'l> {
    line: &'l str,
    /// Up to here the line was read.
    at: usize,
    /// Up to `1` the tables say where the breaks are; the pieces begin at `0`.
    known: Option<(usize, usize, unicode_segmentation::USentenceBounds<'l>)>,
}

impl Breaks<'_> {
    #[inline]
    fn class(&self, at: usize) -> Option<(Class, usize)> {
        let byte = *self.line.as_bytes().get(at)?;
        if byte < 128 {
            return Some((ASCII[usize::from(byte)], 1));
        }
        let character = self.line.get(at..)?.chars().next()?;
        Some((class_of(character), character.len_utf8()))
    }

    /// The first break after `start`, which is one or the start of the line.
    fn next_after(&mut self, start: usize) -> Option<usize> {
        if start >= self.line.len() {
            return None;
        }
        if let Some((at, end, pieces)) = &mut self.known {
            if let Some(piece) = pieces.next() {
                *at += piece.len();
                return Some(*at);
            }
            (self.at, self.known) = (*end, None);
        }
        loop {
            let Some((class, length)) = self.ending() else { return Some(self.line.len()) };
            if class == Class::Unknown {
                return self.ask(start);
            }
            let before = self.before(self.at);
            self.at += length;
            match self.decide(before, class) {
                Decision::Break(at) => {
                    self.at = at;
                    return Some(at);
                }
                Decision::GoesOn(at) => self.at = at,
                Decision::Unknown => return self.ask(start),
            }
        }
    }

    /// Moves to the next terminator or unknown character and tells which it is.
    fn ending(&mut self) -> Option<(Class, usize)> {
        loop {
            let rest = self.line.as_bytes().get(self.at..)?;
            let plain = |byte: &u8| {
                byte.is_ascii() && !matches!(ASCII[usize::from(*byte)], Class::Stop | Class::Mark | Class::Unknown)
            };
            self.at += rest.iter().position(|byte| !plain(byte))?;
            let (class, length) = match self.line.get(self.at..)?.chars().next()? {
                // Letters of two bytes are most of what is not ASCII.
                'À'..='ƺ' | 'Ѐ'..='ҁ' => (Class::Other, 2),
                character => (class_of_any(character), character.len_utf8()),
            };
            if matches!(class, Class::Stop | Class::Mark | Class::Unknown) {
                return Some((class, length));
            }
            self.at += length;
        }
    }

    /// The class of the character that ends at `at`.
    fn before(&self, at: usize) -> Class {
        let character = self.line.get(..at).and_then(|before| before.chars().next_back());
        character.map_or(Class::Other, class_of_any)
    }

    /// What the terminator means that stands before `self.at` and has a character of class `before` before it.
    fn decide(&self, before: Class, terminator: Class) -> Decision {
        let is_stop = terminator == Class::Stop;
        let first = self.class(self.at);
        match first {
            Some((Class::Digit, _)) if is_stop => return Decision::GoesOn(self.at),
            Some((Class::Upper, _)) if is_stop && matches!(before, Class::Upper | Class::Lower) => {
                return Decision::GoesOn(self.at);
            }
            _ => {}
        }
        let mut at = self.at;
        for skipped in [Class::Close, Class::Blank] {
            while let Some((_, length)) = self.class(at).filter(|(class, _)| *class == skipped) {
                at += length;
            }
        }
        let Some((next, _)) = self.class(at) else { return Decision::Break(at) };
        match next {
            Class::Unknown => return Decision::Unknown,
            Class::Continue | Class::Stop | Class::Mark => return Decision::GoesOn(at),
            _ => {}
        }
        // After a full stop a small letter goes on with the sentence, whatever signs stand before it.
        let mut ahead = at;
        while is_stop && let Some((class, length)) = self.class(ahead) {
            match class {
                Class::Lower => return Decision::GoesOn(at),
                Class::Unknown => return Decision::Unknown,
                Class::Upper | Class::Letter | Class::Stop | Class::Mark => break,
                _ => ahead += length,
            }
        }
        Decision::Break(at)
    }

    /// Asks the tables for the breaks from `start` to the next that is certain: a word, its full stop, a blank, a capital.
    fn ask(&mut self, start: usize) -> Option<usize> {
        let bytes = self.line.as_bytes();
        let certain = |at: &usize| {
            matches!(
                bytes.get(at.saturating_sub(2)..at + 2),
                Some([b'a'..=b'z', b'.' | b'!' | b'?', b' ', b'A'..=b'Z'])
            )
        };
        let from = self.at;
        let end = memchr::memchr_iter(b' ', bytes.get(from..)?).map(|blank| from + blank).find(certain);
        let end = end.map_or(bytes.len(), |blank| blank + 1);
        let mut pieces = self.line.get(start..end)?.split_sentence_bounds();
        let first = start + pieces.next()?.len();
        self.known = Some((first, end, pieces));
        Some(first)
    }
}

enum Decision {
    /// A sentence ends here.
    Break(usize),
    /// It does not end before here.
    GoesOn(usize),
    /// The tables know.
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn compare(line: &str) {
        let ours: Vec<&str> = pieces(line).map(|piece| &line[piece.range()]).collect();
        let theirs: Vec<&str> = line.split_sentence_bounds().collect();
        assert_eq!(ours, theirs, "{line:?}");
    }

    proptest! {
        #[test]
        fn breaks_are_those_of_the_tables(line in "([a-cA-C1 .!?,\"')(]|[éЖ“”’—…。中\u{a0}\u{301}\u{2028}\u{ad}ا·]|[a-c][.!?] [A-C]){0,30}") {
            compare(&line);
        }
    }

    #[test]
    fn every_plain_character_is_what_the_tables_say() {
        for character in
            ('\u{1}'..='\u{FFFF}').filter(|&character| class_of(character) != Class::Unknown || character.is_ascii())
        {
            for template in [
                "a.#B", "a. #B", "a. #b", "a! #B", "a!# B", "a# B", "a#B", "a.#1", "#.B", "1.# B", "a. 1#b", "a#.",
                "a.#) B",
            ] {
                compare(&template.replace('#', &character.to_string()));
            }
        }
    }
}
