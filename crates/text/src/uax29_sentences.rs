//! Sentence boundaries by UAX #29.
//!
//! A boundary can only follow a terminator, so the text between terminators is skipped and the
//! characters around each one decide. Around uncommon characters, `unicode-segmentation` takes over
//! up to the next unambiguous boundary.

use unicode_segmentation::UnicodeSegmentation;

use super::Span;

/// Splits `line` at its sentence boundaries. The spans are adjacent and cover the whole line.
pub(super) fn sentence_bounds(line: &str) -> impl Iterator<Item = Span> + '_ {
    let mut breaks = Breaks { line, at: 0, fallback: None };
    let mut start = 0;
    std::iter::from_fn(move || {
        let end = breaks.next_after(start)?;
        let piece = Span::new(start, end);
        start = end;
        Some(piece)
    })
}

/// The role of a character next to a terminator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SentenceBreakClass {
    Other,
    Lower,
    Upper,
    /// A letter of a script without case.
    Letter,
    Digit,
    Blank,
    /// Quotation marks and brackets.
    Close,
    /// Commas, colons and dashes: the sentence continues after them.
    Continue,
    /// A full stop.
    Stop,
    /// Any other terminator.
    Mark,
    /// Not decided here.
    Unknown,
}

#[expect(clippy::cast_possible_truncation, reason = "ASCII fits into a byte")]
const ASCII: [SentenceBreakClass; 128] = {
    let mut classes = [SentenceBreakClass::Other; 128];
    let mut byte = 0;
    while byte < 128 {
        classes[byte] = match byte as u8 {
            b'a'..=b'z' => SentenceBreakClass::Lower,
            b'A'..=b'Z' => SentenceBreakClass::Upper,
            b'0'..=b'9' => SentenceBreakClass::Digit,
            b' ' | b'\t' | 0x0B | 0x0C => SentenceBreakClass::Blank,
            b'"' | b'\'' | b'(' | b')' | b'[' | b']' | b'{' | b'}' => SentenceBreakClass::Close,
            b',' | b'-' | b':' | b';' => SentenceBreakClass::Continue,
            b'.' => SentenceBreakClass::Stop,
            b'!' | b'?' => SentenceBreakClass::Mark,
            b'\r' | b'\n' => SentenceBreakClass::Unknown,
            _ => SentenceBreakClass::Other,
        };
        byte += 1;
    }
    classes
};

fn class_of(character: char) -> SentenceBreakClass {
    match character {
        '\u{A0}' => SentenceBreakClass::Blank,
        '«' | '»' | '‘'..='‟' | '‹' | '›' => SentenceBreakClass::Close,
        '–' | '—' | '、' | '，' | '：' => SentenceBreakClass::Continue,
        '。' | '！' | '？' => SentenceBreakClass::Mark,
        '§'
        | '©'
        | '®'
        | '°'
        | '±'
        | '·'
        | '×'
        | '÷'
        | '†'..='‣'
        | '…'
        | '€'
        | '™'
        | '←'..='⇿'
        | '■'..='◿' => SentenceBreakClass::Other,
        'À'..='ƺ' | 'Ǎ'..='ǰ' | 'Ǵ'..='ȟ' | 'Ȣ'..='ɏ' | 'Ά' | 'Έ'..='ώ' | 'Ѐ'..='ҁ' | 'Ҋ'..='ԯ' => {
            match (character.is_lowercase(), character.is_uppercase()) {
                (true, _) => SentenceBreakClass::Lower,
                (_, true) => SentenceBreakClass::Upper,
                _ => SentenceBreakClass::Unknown,
            }
        }
        'ぁ'..='ゖ' | 'ァ'..='ヺ' | '一'..='鿿' | '가'..='힣' => SentenceBreakClass::Letter,
        _ => SentenceBreakClass::Unknown,
    }
}

fn class_of_any(character: char) -> SentenceBreakClass {
    if character.is_ascii() { ASCII[character as usize] } else { class_of(character) }
}

struct Breaks<'l> {
    line: &'l str,
    /// Offset up to which the line has been read.
    at: usize,
    /// The last boundary, the end of the stretch, and the boundaries within the stretch that
    /// `unicode-segmentation` decides.
    fallback: Option<(usize, usize, unicode_segmentation::USentenceBounds<'l>)>,
}

impl Breaks<'_> {
    #[inline]
    fn class(&self, at: usize) -> Option<(SentenceBreakClass, usize)> {
        let byte = *self.line.as_bytes().get(at)?;
        if byte < 128 {
            return Some((ASCII[usize::from(byte)], 1));
        }
        let character = self.line.get(at..)?.chars().next()?;
        Some((class_of(character), character.len_utf8()))
    }

    /// Returns the first boundary after `start`, itself a boundary or the start of the line.
    fn next_after(&mut self, start: usize) -> Option<usize> {
        if start >= self.line.len() {
            return None;
        }
        if let Some((at, end, sentence_bounds)) = &mut self.fallback {
            if let Some(piece) = sentence_bounds.next() {
                *at += piece.len();
                return Some(*at);
            }
            (self.at, self.fallback) = (*end, None);
        }
        loop {
            let Some((class, length)) = self.next_terminator() else {
                return Some(self.line.len());
            };
            if class == SentenceBreakClass::Unknown {
                return self.fall_back_to_tables(start);
            }
            let before = self.class_before(self.at);
            self.at += length;
            match self.decide(before, class) {
                Decision::Break(at) => {
                    self.at = at;
                    return Some(at);
                }
                Decision::Continue(at) => self.at = at,
                Decision::Unknown => return self.fall_back_to_tables(start),
            }
        }
    }

    /// Advances to the next terminator or unknown character and returns its class and length.
    fn next_terminator(&mut self) -> Option<(SentenceBreakClass, usize)> {
        loop {
            let rest = self.line.as_bytes().get(self.at..)?;
            let plain = |byte: &u8| {
                byte.is_ascii()
                    && !matches!(
                        ASCII[usize::from(*byte)],
                        SentenceBreakClass::Stop
                            | SentenceBreakClass::Mark
                            | SentenceBreakClass::Unknown
                    )
            };
            self.at += rest.iter().position(|byte| !plain(byte))?;
            let (class, length) = match self.line.get(self.at..)?.chars().next()? {
                // Fast path: most non-ASCII characters are two-byte letters.
                'À'..='ƺ' | 'Ѐ'..='ҁ' => (SentenceBreakClass::Other, 2),
                character => (class_of_any(character), character.len_utf8()),
            };
            if matches!(
                class,
                SentenceBreakClass::Stop | SentenceBreakClass::Mark | SentenceBreakClass::Unknown
            ) {
                return Some((class, length));
            }
            self.at += length;
        }
    }

    /// Returns the class of the character that ends at `at`.
    fn class_before(&self, at: usize) -> SentenceBreakClass {
        let character = self.line.get(..at).and_then(|before| before.chars().next_back());
        character.map_or(SentenceBreakClass::Other, class_of_any)
    }

    /// Decides whether the terminator just before `self.at` ends a sentence. `before` is the class
    /// of the character that precedes it.
    fn decide(&self, before: SentenceBreakClass, terminator: SentenceBreakClass) -> Decision {
        let is_stop = terminator == SentenceBreakClass::Stop;
        let first = self.class(self.at);
        match first {
            Some((SentenceBreakClass::Digit, _)) if is_stop => return Decision::Continue(self.at),
            Some((SentenceBreakClass::Upper, _))
                if is_stop
                    && matches!(before, SentenceBreakClass::Upper | SentenceBreakClass::Lower) =>
            {
                return Decision::Continue(self.at);
            }
            _ => {}
        }
        let mut at = self.at;
        for skipped in [SentenceBreakClass::Close, SentenceBreakClass::Blank] {
            while let Some((_, length)) = self.class(at).filter(|(class, _)| *class == skipped) {
                at += length;
            }
        }
        let Some((next, _)) = self.class(at) else { return Decision::Break(at) };
        match next {
            SentenceBreakClass::Unknown => return Decision::Unknown,
            SentenceBreakClass::Continue | SentenceBreakClass::Stop | SentenceBreakClass::Mark => {
                return Decision::Continue(at);
            }
            _ => {}
        }
        // After a full stop, a lower-case letter continues the sentence, whatever signs precede it.
        let mut ahead = at;
        while is_stop && let Some((class, length)) = self.class(ahead) {
            match class {
                SentenceBreakClass::Lower => return Decision::Continue(at),
                SentenceBreakClass::Unknown => return Decision::Unknown,
                SentenceBreakClass::Upper
                | SentenceBreakClass::Letter
                | SentenceBreakClass::Stop
                | SentenceBreakClass::Mark => break,
                _ => ahead += length,
            }
        }
        Decision::Break(at)
    }

    /// Lets `unicode-segmentation` find the boundaries from `start` to the next unambiguous one: a
    /// lower-case letter, a terminator, a space and a capital.
    fn fall_back_to_tables(&mut self, start: usize) -> Option<usize> {
        let bytes = self.line.as_bytes();
        let is_unambiguous = |at: &usize| {
            matches!(
                bytes.get(at.saturating_sub(2)..at + 2),
                Some([b'a'..=b'z', b'.' | b'!' | b'?', b' ', b'A'..=b'Z'])
            )
        };
        let from = self.at;
        let end = memchr::memchr_iter(b' ', bytes.get(from..)?)
            .map(|blank| from + blank)
            .find(is_unambiguous);
        let end = end.map_or(bytes.len(), |blank| blank + 1);
        let mut sentence_bounds = self.line.get(start..end)?.split_sentence_bounds();
        let first = start + sentence_bounds.next()?.len();
        self.fallback = Some((first, end, sentence_bounds));
        Some(first)
    }
}

enum Decision {
    /// A sentence ends here.
    Break(usize),
    /// No sentence ends before here.
    Continue(usize),
    /// Not decided here.
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn compare(line: &str) {
        let actual: Vec<&str> = sentence_bounds(line).map(|piece| &line[piece.range()]).collect();
        let expected: Vec<&str> = line.split_sentence_bounds().collect();
        assert_eq!(actual, expected, "{line:?}");
    }

    proptest! {
        #[test]
        fn agrees_with_unicode_segmentation(line in "([a-cA-C1 .!?,\"')(]|[éЖ“”’—…。中\u{a0}\u{301}\u{2028}\u{ad}ا·]|[a-c][.!?] [A-C]){0,30}") {
            compare(&line);
        }
    }

    #[test]
    fn classified_characters_agree_with_unicode_segmentation() {
        for character in ('\u{1}'..='\u{FFFF}').filter(|&character| {
            class_of(character) != SentenceBreakClass::Unknown || character.is_ascii()
        }) {
            for template in [
                "a.#B", "a. #B", "a. #b", "a! #B", "a!# B", "a# B", "a#B", "a.#1", "#.B", "1.# B",
                "a. 1#b", "a#.", "a.#) B",
            ] {
                compare(&template.replace('#', &character.to_string()));
            }
        }
    }
}
