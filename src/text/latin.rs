//! Pseudo-Latin: filler made by drawing words from the passage of Cicero that "Lorem ipsum" was cut from.

use std::collections::HashSet;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::words;

/// Whether `text` is pseudo-Latin: at least `minimum` words, of which at least nine in ten stand in the vocabulary of
/// De finibus bonorum et malorum I 32–33, or in the traditional "Lorem ipsum" text.
///
/// Real Latin has many words outside so small a vocabulary.
pub fn is_pseudo_latin(text: &str, minimum: usize) -> bool {
    let (mut total, mut known) = (0_usize, 0_usize);
    for word in words(text) {
        let word = &text[word.range()];
        total += 1;
        known += usize::from(word.len() <= LONGEST && VOCABULARY.contains(word.to_ascii_lowercase().as_str()));
        // A page of prose is told from filler by its first words.
        if total == 24 && known * 2 < total {
            return false;
        }
    }
    total >= minimum && known * 10 >= total * 9
}

/// A cheap test that filler of four words or more passes: a long word of the vocabulary stands in `text`.
pub fn hints_at_latin(text: &str) -> bool {
    let (bytes, parts) = (text.as_bytes(), &*PARTS);
    // Wherever a long word begins, one of its parts stands at a place that is looked at.
    (0..bytes.len()).step_by(STEP).any(|at| {
        let Some(part) = bytes.get(at..at + PART).and_then(<[u8]>::first_chunk).map(small) else { return false };
        let place = place(part);
        parts.taken[place / 64] >> (place % 64) & 1 != 0 && parts.is_word_around(part, at, bytes)
    })
}

/// Letters of a long word.
const LONG: usize = 6;
/// Bytes of a part of one.
const PART: usize = 4;
/// How far the places are apart that are looked at.
const STEP: usize = LONG - PART + 1;

/// The parts of long words by which they are found.
struct Parts {
    /// Whether one falls on a place.
    taken: Box<[u64; PLACES / 64]>,
    /// By each part the words that have it, and behind how many letters.
    words: FxHashMap<u32, Vec<(&'static str, usize)>>,
}

impl Parts {
    /// Whether a word stands in `bytes` that has `part` at `at`.
    fn is_word_around(&self, part: u32, at: usize, bytes: &[u8]) -> bool {
        self.words.get(&part).into_iter().flatten().any(|(word, before)| {
            let here = at.checked_sub(*before).and_then(|start| bytes.get(start..start + word.len()));
            here.is_some_and(|here| here.eq_ignore_ascii_case(word.as_bytes()))
        })
    }
}

static PARTS: LazyLock<Parts> = LazyLock::new(|| {
    let mut parts = Parts { taken: Box::new([0; _]), words: FxHashMap::default() };
    for &word in VOCABULARY.iter().filter(|word| word.len() >= LONG) {
        // Of those that are looked at together the rarest: many words of living languages end as some of these do.
        for first in 0..STEP {
            let places = (first..=word.len() - PART).step_by(STEP).map(|at| (at, &word.as_bytes()[at..at + PART]));
            let rarest = places.min_by_key(|(_, part)| part.iter().map(|letter| commonness(*letter)).sum::<usize>());
            if let Some((at, part)) = rarest.and_then(|(at, part)| Some((at, small(part.first_chunk()?)))) {
                let place = place(part);
                parts.taken[place / 64] |= 1 << (place % 64);
                parts.words.entry(part).or_default().push((word, at));
            }
        }
    }
    parts
});

/// How frequent a letter is in text, by its rank.
fn commonness(letter: u8) -> usize {
    const LETTERS: &[u8] = b"zqxjkvbpygfwmucldrhsnioate";
    LETTERS.iter().position(|other| *other == letter).unwrap_or(0)
}

const PLACE_BITS: u32 = 16;
const PLACES: usize = 1 << PLACE_BITS;

/// Four letters as a number, capitals as small letters.
fn small(part: &[u8; PART]) -> u32 {
    u32::from_le_bytes(*part) | 0x2020_2020
}

/// Where four letters fall.
fn place(part: u32) -> usize {
    (part.wrapping_mul(0x9E37_79B1) >> (u32::BITS - PLACE_BITS)) as usize
}

/// Bytes of the longest word in the vocabulary.
const LONGEST: usize = 16;

static VOCABULARY: LazyLock<HashSet<&str>> =
    LazyLock::new(|| PASSAGE.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty()).collect());

/// Cicero, De finibus I 32–33 (45 BC), and the scrambled text that printers have used since the 1960s; lower case.
const PASSAGE: &str = "
    sed ut perspiciatis unde omnis iste natus error sit voluptatem accusantium doloremque laudantium totam rem aperiam
    eaque ipsa quae ab illo inventore veritatis et quasi architecto beatae vitae dicta sunt explicabo nemo enim ipsam
    voluptatem quia voluptas sit aspernatur aut odit aut fugit sed quia consequuntur magni dolores eos qui ratione
    voluptatem sequi nesciunt neque porro quisquam est qui dolorem ipsum quia dolor sit amet consectetur adipisci velit
    sed quia non numquam eius modi tempora incidunt ut labore et dolore magnam aliquam quaerat voluptatem ut enim ad
    minima veniam quis nostrum exercitationem ullam corporis suscipit laboriosam nisi ut aliquid ex ea commodi
    consequatur quis autem vel eum iure reprehenderit qui in ea voluptate velit esse quam nihil molestiae consequatur
    vel illum qui dolorem eum fugiat quo voluptas nulla pariatur

    at vero eos et accusamus et iusto odio dignissimos ducimus qui blanditiis praesentium voluptatum deleniti atque
    corrupti quos dolores et quas molestias excepturi sint occaecati cupiditate non provident similique sunt in culpa
    qui officia deserunt mollitia animi id est laborum et dolorum fuga et harum quidem rerum facilis est et expedita
    distinctio nam libero tempore cum soluta nobis est eligendi optio cumque nihil impedit quo minus id quod maxime
    placeat facere possimus omnis voluptas assumenda est omnis dolor repellendus temporibus autem quibusdam et aut
    officiis debitis aut rerum necessitatibus saepe eveniet ut et voluptates repudiandae sint et molestiae non
    recusandae itaque earum rerum hic tenetur a sapiente delectus ut aut reiciendis voluptatibus maiores alias
    consequatur aut perferendis doloribus asperiores repellat

    lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore et dolore magna
    aliqua ut enim ad minim veniam quis nostrud exercitation ullamco laboris nisi ut aliquip ex ea commodo consequat
    duis aute irure dolor in reprehenderit in voluptate velit esse cillum dolore eu fugiat nulla pariatur excepteur sint
    occaecat cupidatat non proident sunt in culpa qui officia deserunt mollit anim id est laborum
    voluptatibus ipsum provident error voluptatum deserunt
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filler_is_told_from_latin() {
        assert!(is_pseudo_latin(
            "Temporibus omnis molestiae totam quia sed quia soluta. Quae et temporibus delectus.",
            5
        ));
        assert!(is_pseudo_latin("Nesciunt harum iusto quidem adipisci rerum. Omnis ea et ut dolores eaque.", 5));
        assert!(!is_pseudo_latin("Gallia est omnis divisa in partes tres, quarum unam incolunt Belgae.", 5));
        assert!(!is_pseudo_latin("Quo usque tandem abutere, Catilina, patientia nostra?", 5));
    }
}
