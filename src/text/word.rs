//! Words, by Unicode Standard Annex #29.

use unicode_segmentation::UnicodeSegmentation;

use super::Span;

/// The words of `text` as spans into it: runs that UAX #29 keeps together and that hold a letter or digit.
///
/// Text between two ASCII spaces that is all ASCII takes a path that needs no Unicode tables.
pub fn words(text: &str) -> impl Iterator<Item = Span> + '_ {
    Pieces { text, at: 0 }.flat_map(move |piece| {
        text[piece.range()].unicode_word_indices().map(move |(offset, word)| {
            let start = piece.start + offset;
            Span::new(start, start + word.len())
        })
    })
}

/// The number of words in `text`, counted no further than `limit`.
pub fn count_words(text: &str, limit: usize) -> usize {
    words(text).take(limit).count()
}

/// Cuts a text at ASCII spaces into pieces that are all ASCII and pieces that are not.
///
/// UAX #29 never joins two words over a space, so the words of the pieces are the words of the text.
struct Pieces<'t> {
    text: &'t str,
    at: usize,
}

impl Iterator for Pieces<'_> {
    type Item = Span;

    fn next(&mut self) -> Option<Span> {
        let start = self.at;
        let rest = self.text.as_bytes().get(start..)?;
        if rest.is_empty() {
            return None;
        }
        let ascii = rest.iter().position(|byte| !byte.is_ascii()).unwrap_or(rest.len());
        let end = if ascii == rest.len() {
            ascii
        } else {
            match memchr::memrchr(b' ', &rest[..ascii]) {
                Some(space) => space + 1,
                None => {
                    let after = memchr::memchr(b' ', &rest[ascii..]);
                    after.map_or(rest.len(), |space| ascii + space + 1)
                }
            }
        };
        self.at = start + end;
        Some(Span::new(start, self.at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_pieces_change_no_word(text in "([a-z'.:,0-9 _\n]|[ä’😀中́\u{200d}\u{a0}]){0,40}") {
            let ours: Vec<_> = words(&text).map(|word| &text[word.range()]).collect();
            let theirs: Vec<_> = text.unicode_words().collect();
            prop_assert_eq!(ours, theirs);
        }
    }
}
