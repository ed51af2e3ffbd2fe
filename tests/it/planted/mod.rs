//! Paragraphs with planted near-duplicates, identical on every machine.
//!
//! Words follow each other as in the seed articles, so that sequences of words recur as in prose.

use std::collections::BTreeMap;

use dechaff::duplicates::duplicate::SetSource;
use dechaff::duplicates::store;

/// Sets in memory, for set joins.
pub(crate) struct MemorySets(pub(crate) Vec<Vec<u64>>);

impl SetSource for MemorySets {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn size(&self, index: usize) -> usize {
        self.0[index].len()
    }

    fn read(&self, index: usize, members: &mut Vec<u64>) -> store::Result<()> {
        members.clone_from(&self.0[index]);
        Ok(())
    }
}

/// A SplitMix64 generator.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }
}

/// Returns `count` paragraphs of 30 to 120 words, a quarter of them edited copies of others.
pub(crate) fn paragraphs(count: usize, seed: u64) -> Vec<String> {
    let text = SEEDS.join(" ");
    let words: Vec<&str> =
        text.split_whitespace().filter(|word| word.starts_with(char::is_alphabetic)).collect();
    let mut following: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for pair in words.windows(2) {
        following.entry(pair[0]).or_default().push(pair[1]);
    }
    let mut random = Random(seed);
    let mut paragraphs: Vec<String> = Vec::with_capacity(count);
    while paragraphs.len() < count {
        let is_copy = random.below(4) == 0 && !paragraphs.is_empty();
        let paragraph = if is_copy {
            let base = paragraphs[random.below(paragraphs.len())].clone();
            edited(&base, &words, &mut random)
        } else {
            let length = 30 + random.below(90);
            let mut word = random.pick(&words);
            let mut paragraph = vec![word];
            for _ in 1..length {
                word = following.get(word).map_or(words[0], |next| random.pick(next));
                paragraph.push(word);
            }
            paragraph.join(" ")
        };
        paragraphs.push(paragraph);
    }
    paragraphs
}

fn edited(base: &str, vocabulary: &[&str], random: &mut Random) -> String {
    let mut words: Vec<&str> = base.split(' ').collect();
    let edits = (words.len() * random.pick(&[2, 5, 10, 20]) / 100).max(1);
    match random.below(6) {
        kind @ 0..=2 => {
            for _ in 0..edits {
                let at = random.below(words.len());
                match kind {
                    0 => words[at] = random.pick(vocabulary),
                    1 => words.insert(at, random.pick(vocabulary)),
                    _ => {
                        if words.len() > 8 {
                            words.remove(at);
                        }
                    }
                }
            }
        }
        3 => {
            let mut sentences: Vec<&str> = base.split_inclusive(". ").collect();
            let (one, other) = (random.below(sentences.len()), random.below(sentences.len()));
            sentences.swap(one, other);
            return sentences.concat();
        }
        4 => words.truncate((words.len() - edits).max(8)),
        _ => words
            .splice(0..0, "Originally published by our partners on Monday:".split(' '))
            .for_each(drop),
    }
    words.join(" ")
}

const SEEDS: [&str; 5] = [
    include_str!("../../../seeds/000_f959cded76acab99.txt"),
    include_str!("../../../seeds/001_c939593177198e66.txt"),
    include_str!("../../../seeds/002_3f05a9ecca76c598.txt"),
    include_str!("../../../seeds/003_da060c371bad79b4.txt"),
    include_str!("../../../seeds/004_717946b0a72bbb5c.txt"),
];
