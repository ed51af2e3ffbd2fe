//! Punctuation around units, and the normal form in which whole lines are looked up.

/// What may surround a whole unit: blanks, punctuation, symbols, arrows and emoji. Ranges compile to far less than "neither
/// letter nor digit" would.
pub const MARKS: &str = r"[\x00-/:-@\[-`{-\u{A9}\u{AB}-\u{B1}\u{B4}\u{B6}-\u{B8}\u{BB}\u{BF}\u{37E}\u{387}\u{60C}\u{61B}\u{61F}\u{6D4}\u{964}\u{965}\u{2000}-\u{206F}\u{20A0}-\u{20CF}\u{2122}\u{2190}-\u{245F}\u{2500}-\u{2BFF}\u{3000}-\u{3004}\u{3008}-\u{3020}\u{FE0F}\u{FEFF}\u{FF01}-\u{FF0F}\u{FF1A}-\u{FF20}\u{FF3B}-\u{FF40}\u{FF5B}-\u{FF65}\u{1F000}-\u{1FAFF}]*";

/// Whether a character is one of [`MARKS`].
pub fn is_mark(character: char) -> bool {
    matches!(character,
        '\0'..='/' | ':'..='@' | '['..='`' | '{'..='\u{A9}' | '\u{AB}'..='\u{B1}' | '\u{B4}' | '\u{B6}'..='\u{B8}' | '\u{BB}'
        | '\u{BF}' | '\u{37E}' | '\u{387}' | '\u{60C}' | '\u{61B}' | '\u{61F}' | '\u{6D4}' | '\u{964}' | '\u{965}' | '\u{2000}'..='\u{206F}' | '\u{20A0}'..='\u{20CF}' | '\u{2122}' | '\u{2190}'..='\u{245F}' | '\u{2500}'..='\u{2BFF}'
        | '\u{3000}'..='\u{3004}' | '\u{3008}'..='\u{3020}' | '\u{FE0F}' | '\u{FEFF}' | '\u{FF01}'..='\u{FF0F}'
        | '\u{FF1A}'..='\u{FF20}' | '\u{FF3B}'..='\u{FF40}' | '\u{FF5B}'..='\u{FF65}' | '\u{1F000}'..='\u{1FAFF}')
}

/// Characters that phrases take for the same as the first of each set.
pub(super) const SAME: [&str; 3] = ["'’‘ʼ‛´", "\"“”„‟«»", "-‐‑‒–—−"];

/// Normalizes a line for lookup: trims punctuation, folds case, collapses runs of blanks to a
/// space, and replaces typographic variants of `'`, `"` and `-`.
///
/// Case is folded like in regular expressions, character by character: `ς` becomes `σ` and `ſ`
/// becomes `s`; a letter whose lower case has several characters, such as `İ`, stays as it is.
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

/// A character as [`normalize`] writes it.
pub(super) fn fold(character: char) -> char {
    if character.is_ascii() {
        return character.to_ascii_lowercase();
    }
    if let Some(first) = SAME.iter().find(|same| same.contains(character)).and_then(|same| same.chars().next()) {
        return first;
    }
    match character {
        'ς' => 'σ',
        'ſ' => 's',
        // Letters whose lower case is another letter's only when case is folded.
        'µ' => 'μ',
        '\u{345}' | '\u{1FBE}' => 'ι',
        'ϐ' => 'β',
        'ϑ' | 'ϴ' => 'θ',
        'ϕ' => 'φ',
        'ϖ' => 'π',
        'ϰ' => 'κ',
        'ϱ' => 'ρ',
        'ϵ' => 'ε',
        '\u{1FD3}' => '\u{390}',
        '\u{1FE3}' => '\u{3B0}',
        '\u{1C80}' => 'в',
        '\u{1C81}' => 'д',
        '\u{1C82}' => 'о',
        '\u{1C83}' => 'с',
        '\u{1C84}' | '\u{1C85}' => 'т',
        '\u{1C86}' => 'ъ',
        '\u{1C87}' => 'ѣ',
        '\u{1C88}' => 'ꙋ',
        'ẛ' => 'ṡ',
        '\u{FB05}' => '\u{FB06}',
        _ => {
            let mut lower = character.to_lowercase();
            match (lower.next(), lower.next()) {
                (Some(one), None) => one,
                _ => character,
            }
        }
    }
}
