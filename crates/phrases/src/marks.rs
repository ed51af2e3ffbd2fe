//! Punctuation around units, and the normal form in which whole lines are looked up.

/// Characters that may surround a whole unit: blanks, punctuation, symbols, arrows and emoji. These
/// ranges compile to far fewer states than "neither letter nor digit".
pub const MARKS: &str = r"[\x00-/:-@\[-`{-\u{A9}\u{AB}-\u{B1}\u{B4}\u{B6}-\u{B8}\u{BB}\u{BF}\u{37E}\u{387}\u{60C}\u{61B}\u{61F}\u{6D4}\u{964}\u{965}\u{2000}-\u{206F}\u{20A0}-\u{20CF}\u{2122}\u{2190}-\u{245F}\u{2500}-\u{2BFF}\u{3000}-\u{3004}\u{3008}-\u{3020}\u{FE0F}\u{FEFF}\u{FF01}-\u{FF0F}\u{FF1A}-\u{FF20}\u{FF3B}-\u{FF40}\u{FF5B}-\u{FF65}\u{1F000}-\u{1FAFF}]*";

/// Whether a character is one of [`MARKS`].
pub fn is_mark(character: char) -> bool {
    matches!(character,
        '\0'..='/' | ':'..='@' | '['..='`' | '{'..='\u{A9}' | '\u{AB}'..='\u{B1}' | '\u{B4}' | '\u{B6}'..='\u{B8}' | '\u{BB}'
        | '\u{BF}' | '\u{37E}' | '\u{387}' | '\u{60C}' | '\u{61B}' | '\u{61F}' | '\u{6D4}' | '\u{964}' | '\u{965}' | '\u{2000}'..='\u{206F}' | '\u{20A0}'..='\u{20CF}' | '\u{2122}' | '\u{2190}'..='\u{245F}' | '\u{2500}'..='\u{2BFF}'
        | '\u{3000}'..='\u{3004}' | '\u{3008}'..='\u{3020}' | '\u{FE0F}' | '\u{FEFF}' | '\u{FF01}'..='\u{FF0F}'
        | '\u{FF1A}'..='\u{FF20}' | '\u{FF3B}'..='\u{FF40}' | '\u{FF5B}'..='\u{FF65}' | '\u{1F000}'..='\u{1FAFF}')
}

/// Sets of characters that phrases treat like the first of each set.
pub(super) const SAME: [&str; 3] = ["'’‘ʼ‛´", "\"“”„‟«»", "-‐‑‒–—−"];

/// Normalizes a line for lookup: trims punctuation, folds case, collapses runs of blanks to a
/// space, and replaces typographic variants of `'`, `"` and `-`.
///
/// Case is folded as in regular expressions, character by character: `ς` becomes `σ`, and `ſ`
/// becomes `s`, which phrases that are not looked up do not match; a letter whose lower case has several characters, such as `İ`, is unchanged.
pub fn normalize(line: &str) -> String {
    let line = line.trim_matches(is_mark);
    let mut normal = String::with_capacity(line.len());
    let mut is_after_blank = false;
    for character in line.chars() {
        if character.is_whitespace() {
            if !is_after_blank {
                normal.push(' ');
            }
            is_after_blank = true;
        } else {
            normal.push(fold(character));
            is_after_blank = false;
        }
    }
    normal
}

/// Normalizes a character that is not a blank, as in [`normalize`].
pub fn fold(character: char) -> char {
    match character {
        '\0'..='\x7F' => character.to_ascii_lowercase(),
        '’' | '‘' | 'ʼ' | '‛' | '´' => '\'',
        '“' | '”' | '„' | '‟' | '«' | '»' => '"',
        '\u{2010}'..='\u{2014}' | '−' => '-',
        // Letters that are only equal under case folding: their upper case is not a single
        // character.
        '\u{1FD3}' => '\u{390}',
        '\u{1FE3}' => '\u{3B0}',
        '\u{FB05}' => '\u{FB06}',
        // These scripts have no case.
        '\u{590}'..='\u{109F}' | '\u{2E80}'..='\u{A63F}' | '\u{AC00}'..='\u{FAFF}' => character,
        _ => {
            // Via upper case, so that `ς` becomes `σ` and `ſ` becomes `s`. But `ı` is not `i`.
            let upper = if character == 'ı' { None } else { single(character.to_uppercase()) };
            let upper = upper.unwrap_or(character);
            single(upper.to_lowercase()).unwrap_or(upper)
        }
    }
}

fn single(mut characters: impl Iterator<Item = char>) -> Option<char> {
    let first = characters.next();
    first.filter(|_| characters.next().is_none())
}
