//! Lorem ipsum: filler made of words from the passage of Cicero that "Lorem ipsum" comes from.

use std::collections::HashSet;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use dechaff_text::words;

/// Whether `text` is lorem ipsum: at least `min_words` words, nine in ten of them from De finibus
/// bonorum et malorum I 32–33 or from the traditional "Lorem ipsum" text.
///
/// Real Latin uses many words outside this small vocabulary.
pub(crate) fn is_lorem_ipsum(text: &str, min_words: usize) -> bool {
    let mut total: usize = 0;
    let mut known: usize = 0;
    for word in words(text) {
        let word = &text[word.range()];
        total += 1;
        known += usize::from(
            word.len() <= MAX_WORD_BYTES && VOCABULARY.contains(word.to_ascii_lowercase().as_str()),
        );
        // The first words are enough to reject ordinary prose.
        if total == 24 && known * 2 < total {
            return false;
        }
    }
    total >= min_words && known * 10 >= total * 9
}

/// A cheap prefilter: whether `text` contains a long word of the vocabulary. Lorem ipsum of four or
/// more words always does.
pub(super) fn may_contain_lorem_ipsum(text: &str) -> bool {
    let bytes = text.as_bytes();
    let index = &*NGRAM_INDEX;
    // Every long word has an indexed n-gram at one of the probed offsets, wherever it starts.
    (0..bytes.len()).step_by(STRIDE).any(|at| {
        let Some(ngram) = bytes.get(at..at + NGRAM).and_then(<[u8]>::first_chunk) else {
            return false;
        };
        let ngram = to_lowercase(ngram);
        let bucket = bucket(ngram);
        index.bitmap[bucket / 64] >> (bucket % 64) & 1 != 0 && index.has_word_at(ngram, at, bytes)
    })
}

/// Minimum length of a long word.
const MIN_WORD_BYTES: usize = 6;
/// Length of the n-grams by which long words are found.
const NGRAM: usize = 4;
/// Distance between the offsets that are probed.
const STRIDE: usize = MIN_WORD_BYTES - NGRAM + 1;

/// Finds long words by one n-gram for each alignment.
struct NgramIndex {
    /// One bit per bucket; rejects most n-grams without a hash lookup.
    bitmap: Box<[u64; BUCKETS / 64]>,
    /// The words that contain each n-gram, and its offset in them.
    words: FxHashMap<u32, Vec<(&'static str, usize)>>,
}

impl NgramIndex {
    /// Whether `bytes` contains a word that has `ngram` at offset `at`.
    fn has_word_at(&self, ngram: u32, at: usize, bytes: &[u8]) -> bool {
        self.words.get(&ngram).into_iter().flatten().any(|(word, offset)| {
            let here =
                at.checked_sub(*offset).and_then(|start| bytes.get(start..start + word.len()));
            here.is_some_and(|here| here.eq_ignore_ascii_case(word.as_bytes()))
        })
    }
}

/// Builds the index of the vocabulary.
pub(super) fn warm_up() {
    LazyLock::force(&NGRAM_INDEX);
}

static NGRAM_INDEX: LazyLock<NgramIndex> = LazyLock::new(|| {
    let mut index = NgramIndex { bitmap: Box::new([0; _]), words: FxHashMap::default() };
    for &word in VOCABULARY.iter().filter(|word| word.len() >= MIN_WORD_BYTES) {
        for alignment in 0..STRIDE {
            // The rarest n-gram, since many words of living languages share the Latin endings.
            let offsets = (alignment..=word.len() - NGRAM).step_by(STRIDE);
            let ngrams = offsets.map(|at| (at, &word.as_bytes()[at..at + NGRAM]));
            let rarest = ngrams.min_by_key(|(_, ngram)| {
                ngram.iter().map(|letter| letter_rank(*letter)).sum::<usize>()
            });
            if let Some((at, ngram)) =
                rarest.and_then(|(at, ngram)| Some((at, to_lowercase(ngram.first_chunk()?))))
            {
                let bucket = bucket(ngram);
                index.bitmap[bucket / 64] |= 1 << (bucket % 64);
                index.words.entry(ngram).or_default().push((word, at));
            }
        }
    }
    index
});

/// Rank of a letter by frequency in text; 0 is the rarest.
fn letter_rank(letter: u8) -> usize {
    const LETTERS: &[u8] = b"zqxjkvbpygfwmucldrhsnioate";
    LETTERS.iter().position(|other| *other == letter).unwrap_or(0)
}

const BUCKET_BITS: u32 = 16;
const BUCKETS: usize = 1 << BUCKET_BITS;

/// Packs four ASCII letters into a number, in lower case.
fn to_lowercase(ngram: &[u8; NGRAM]) -> u32 {
    u32::from_le_bytes(*ngram) | 0x2020_2020
}

fn bucket(ngram: u32) -> usize {
    (ngram.wrapping_mul(0x9E37_79B1) >> (u32::BITS - BUCKET_BITS)) as usize
}

/// Length of the longest word in the vocabulary.
const MAX_WORD_BYTES: usize = 16;

static VOCABULARY: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    PASSAGE.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty()).collect()
});

/// Cicero, De finibus I 32–33 (45 BC), and the scrambled text used by printers since the 1960s, in
/// lower case.
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
    fn distinguishes_filler_from_latin() {
        assert!(is_lorem_ipsum(
            "Temporibus omnis molestiae totam quia sed quia soluta. Quae et temporibus delectus.",
            5
        ));
        assert!(is_lorem_ipsum(
            "Nesciunt harum iusto quidem adipisci rerum. Omnis ea et ut dolores eaque.",
            5
        ));
        assert!(!is_lorem_ipsum(
            "Gallia est omnis divisa in partes tres, quarum unam incolunt Belgae.",
            5
        ));
        assert!(!is_lorem_ipsum("Quo usque tandem abutere, Catilina, patientia nostra?", 5));
    }
}
