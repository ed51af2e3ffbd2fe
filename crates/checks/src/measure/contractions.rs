//! The exceptions of spaCy's English tokenizer: contractions, abbreviations, times and emoticons.
//!
//! They come from `spacy/lang/en/tokenizer_exceptions.py` and `spacy/lang/tokenizer_exceptions.py`
//! in spaCy 3.8, without emoticons that are more than a face.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

/// The special chunks, with the byte lengths of their tokens.
type SpecialChunks = FxHashMap<String, Vec<usize>>;

/// Exceptions of English.
pub(super) static ENGLISH_CHUNKS: LazyLock<SpecialChunks> = LazyLock::new(|| {
    let mut chunks = general_chunks();
    add_english(&mut chunks);
    chunks
});

/// Exceptions of every language: faces, and letters with a full stop.
pub(super) static GENERAL_CHUNKS: LazyLock<SpecialChunks> = LazyLock::new(general_chunks);

/// Maximum length of a special chunk, in bytes.
pub(super) const MAX_BYTES: usize = 16;

/// Stems, and the endings that are split from them. Both also exist without apostrophes and
/// capitalized.
const CONTRACTIONS: &[(&str, &str)] = &[
    ("i", "'m 'm|a 'll 'll|'ve 'd 'd|'ve 've"),
    ("you we they", "'ll 'll|'ve 'd 'd|'ve 've 're"),
    ("he she it", "'ll 'll|'ve 'd 'd|'ve 's"),
    ("who what when where why how there", "'s 'll 'll|'ve 're 've 'd 'd|'ve"),
    ("that this", "'s 'll 'll|'ve 'd 'd|'ve"),
    ("these those", "'ll 'll|'ve 're 've 'd 'd|'ve"),
    ("ca could do does did had may might must need ought sha should wo would", "n't n't|'ve"),
    ("could might must should would", "'ve"),
    ("ai are is was were have has dare", "n't"),
    ("not", "'ve"),
];

/// Words that look like a contraction without its apostrophe.
const WORDS: &str = "ill its hell shell shed were well whore";

/// Chunks with their tokens separated by `|`. Each also exists capitalized.
const SPLIT: &str = "can|not gon|na got|ta let|'s c'm|on how|'d|'y";

/// Chunks that are a single token. Each also exists capitalized.
const WHOLE_WITH_CAPITAL: &str = "doin doin' goin goin' nothin nothin' nuthin nuthin' ol ol' \
    somethin somethin' lovin lovin' havin havin' ma'am o'clock co.";

/// Chunks that are a single token: elisions, states, months, titles and the like.
const WHOLE: &str = "em 'em ll 'll nuff 'nuff 'S 's ‘S ‘s and/or w/o 're 'Cause 'cause 'cos 'Cos \
    'coz 'Coz 'cuz 'Cuz 'bout 'd a.m. p.m. e.g. E.g. E.G. i.e. I.e. I.E. vs. v.s. \
    Ak. Ala. Ariz. Ark. Calif. Colo. Conn. Del. D.C. Fla. Ga. Ia. Id. Ill. Ind. Kan. Kans. Ky. La. \
    Mass. Md. Mich. Minn. Miss. Mo. Mont. N.C. N.D. N.H. N.J. N.M. N.Y. Neb. Nebr. Nev. Okla. Ore. \
    Pa. S.C. Tenn. Va. Wash. Wis. Jan. Feb. Mar. Apr. Jun. Jul. Aug. Sep. Sept. Oct. Nov. Dec. \
    Adm. Bros. Corp. Dr. Gen. Gov. Inc. Jr. Ltd. Messrs. Mr. Mrs. Ms. Mt. Ph.D. Prof. Rep. Rev. \
    Sen. St.";

/// Symbols and faces that are a single token in every language.
const SIGNS: &str = "' '' C++ ä. ö. ü. — <3 </3 ^_^ ^__^ -_- -__- o_o o_O O_o O_O 0_o o_0 0_0 v_v V_V ;_; @_@ \
    o.O O.o O.O o.o 0.0 o.0 0.o v.v V.V xD XD ._.";

/// Faces: the eyes, and the mouths that follow them with or without a nose.
const FACES: &[(&str, &str)] = &[
    (":", ") )) ))) ] } ( (( ((( / | P p O o 0 * 3 > X x D"),
    ("=", ") ] ( [ / | 3 D"),
    (";", ") D"),
    ("8", ") D"),
];

/// Faces whose mouth comes first.
const MIRRORED_FACES: &str = "(: (-: [: [-: (; (-; ): )-: (= [= ]= (-8 >:( :') :'-) :'( :'-( :() \
    >:o :1";

/// Returns the special chunks of every language.
fn general_chunks() -> SpecialChunks {
    let mut chunks = SpecialChunks::default();
    for whole in SIGNS.split_whitespace().chain(MIRRORED_FACES.split_whitespace()) {
        add_whole(&mut chunks, whole);
    }
    for letter in 'a'..='z' {
        add_whole(&mut chunks, &format!("{letter}."));
    }
    for (eyes, mouths) in FACES {
        for mouth in mouths.split(' ') {
            add_whole(&mut chunks, &format!("{eyes}{mouth}"));
            if mouth != "[" {
                add_whole(&mut chunks, &format!("{eyes}-{mouth}"));
            }
        }
    }
    chunks
}

/// Adds a chunk that is a single token, with either apostrophe.
fn add_whole(chunks: &mut SpecialChunks, whole: &str) {
    for whole in [whole.to_owned(), whole.replace('\'', "’")] {
        let length = whole.len();
        chunks.insert(whole, vec![length]);
    }
}

/// Adds a chunk with its tokens separated by `|`, with either apostrophe.
fn add_split(chunks: &mut SpecialChunks, pieces: &str) {
    for pieces in [pieces.to_owned(), pieces.replace('\'', "’")] {
        let lengths = pieces.split('|').map(str::len).collect();
        chunks.insert(pieces.replace('|', ""), lengths);
    }
}

fn with_capital(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}

/// Adds the special chunks of English.
fn add_english(chunks: &mut SpecialChunks) {
    for (stems, endings) in CONTRACTIONS {
        let pairs =
            stems.split(' ').flat_map(|stem| endings.split(' ').map(move |ending| (stem, ending)));
        for (stem, ending) in pairs {
            for ending in [ending.to_owned(), ending.replace('\'', "")] {
                let pieces = format!("{stem}|{ending}");
                if !WORDS.split(' ').any(|word| word == pieces.replace('|', "")) {
                    add_split(chunks, &pieces);
                    add_split(chunks, &with_capital(&pieces));
                }
            }
        }
    }
    for pieces in SPLIT.split(' ').chain(WHOLE_WITH_CAPITAL.split_whitespace()) {
        add_split(chunks, pieces);
        add_split(chunks, &with_capital(pieces));
    }
    add_split(chunks, "y'|all");
    add_split(chunks, "y|all");
    WHOLE.split_whitespace().for_each(|whole| add_whole(chunks, whole));
    for hour in 1..=12 {
        for half in ["am", "pm", "a.m.", "p.m."] {
            add_split(chunks, &format!("{hour}|{half}"));
        }
    }
}
