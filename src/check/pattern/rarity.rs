//! How rare bytes in a row are in text.
//!
//! The build script reads this file too.

/// For each sort of byte how many bits it tells that another follows it, as a digit of base 16; at the end of the list, that it
/// stands anywhere. Sorts are letters, blanks, digits, other signs of ASCII, and bytes beyond. Counted in documentation and
/// web pages, mostly English.
const PAIRS: [&[u8; SORTS]; SORTS + 1] = [
    b"b545b86a5a6343d6d3436688694b79",
    b"48982bbb44a39a3af4593abf4f5969",
    b"3b5a3be34a556a2ac4735ded795a6b",
    b"49662a8a39b58848d659589b791a49",
    b"585466797b9554868334a6767c2b49",
    b"4bbb44cc3dc6ad2bd4955d9b6f296c",
    b"59aa2a644ed6855ae45859bd7c2a49",
    b"3baa1ded3eb99849c6857caf7c3c6b",
    b"5745555cbd745235a533a5d9c76d89",
    b"3a991bee6ccb9728b85b3babce5976",
    b"578727783ba69566e7477b8f7e2947",
    b"499528aa3f839946d955599f4d3c5b",
    b"368529ec4fb64933fa696bbc7f495a",
    b"4a5346395a778757ca4366bd7d2a48",
    b"7655846a7a754265f355364a9b3d7a",
    b"39a739a65ec37a35f3444c9c8e4b6a",
    b"9b89bdd99ab68bda9a8d0aadad5768",
    b"3866287a3e675638c644669d5a3959",
    b"6a5939c44c787855b9435a8f6a2a39",
    b"498b38c23dc79947f5566a8a5d3a48",
    b"5655486c5b935495e333fbd99b4d78",
    b"2bae1def2fbcbe5ae889aced9e787b",
    b"3a992bc32fb8954bb547cc8f8d4b5a",
    b"3a494bc83ddb5c92b68379b98b3749",
    b"67795aaa6aa77624b947b98dc91b37",
    b"39781d9839788547d8986a7a464965",
    b"45455566488656459543675b6a3645",
    b"9999998bbf9d9acbcc99cdb9cc3125",
    b"6757777769976775b756887a8e1528",
    b"9b9aabbcafc9ababe868ca9ebd3762",
    b"4755366549856446a44467696a3646",
];
const SORTS: usize = 30;

/// How many bits it tells that some bytes of a text stand at some place, ASCII case aside: the more the rarer they are.
pub(super) struct Rarity {
    /// For each byte what it tells that it stands anywhere.
    alone: Vec<u32>,
    /// For each byte what it and all before it tell behind each other.
    behind: Vec<u32>,
}

impl Rarity {
    pub(super) fn of(text: &[u8]) -> Self {
        let of_pair = |before: usize, here: usize| char::from(PAIRS[before][here]).to_digit(16).unwrap_or(0);
        let sorts: Vec<usize> = text.iter().map(|byte| sort(*byte)).collect();
        let mut sum = 0;
        let behind = sorts.iter().zip(std::iter::once(&SORTS).chain(&sorts)).map(|(here, before)| {
            sum += of_pair(*before, *here);
            sum
        });
        Self { behind: behind.collect(), alone: sorts.iter().map(|here| of_pair(SORTS, *here)).collect() }
    }

    /// What the bytes from `at` on tell, as many as `length`, and 0 if there are not so many.
    pub(super) fn bits(&self, at: usize, length: usize) -> u32 {
        let last = (at + length).checked_sub(1);
        let told = || Some(self.alone.get(at)? + self.behind.get(last?)? - self.behind.get(at)?);
        told().unwrap_or(0)
    }
}

/// How many bits it tells that these bytes stand at some place, ASCII case aside.
pub(super) fn bits(bytes: &[u8]) -> u32 {
    Rarity::of(bytes).bits(0, bytes.len())
}

fn sort(byte: u8) -> usize {
    match byte.to_ascii_lowercase() {
        letter @ b'a'..=b'z' => usize::from(letter - b'a'),
        blank if blank.is_ascii_whitespace() => 26,
        b'0'..=b'9' => 27,
        sign if sign.is_ascii() => 28,
        _ => 29,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequent_words_tell_less() {
        for (frequent, rare) in [("the", "fax"), ("on the", "cookie"), ("tion", "wifi"), ("let", "know"), ("a", "q")] {
            assert!(bits(frequent.as_bytes()) < bits(rare.as_bytes()), "{frequent} {rare}");
        }
        assert_eq!(bits(b"Cookie"), bits(b"cookie"));
    }
}
