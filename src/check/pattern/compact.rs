//! Regular expressions as they are compiled.
//!
//! The build script reads this file too.

/// Puts cheap classes in the place of those that hold hundreds of ranges each and take most of the time to compile.
///
/// - `\w` is a letter or digit of ASCII, or any character from U+00C0 on that is no punctuation or symbol of the blocks for
///   these; `\d` is a digit of ASCII.
/// - `\b` is a boundary of ASCII words, unless letters beyond ASCII stand in the expression: a Unicode boundary rules out
///   the fast engines on any text that is not ASCII, if only for a curly quote.
/// - Classes of no letters, or of all (`\p{N}` is one, `\p{L}` the other), are taken as they are: to ignore their case, each
///   character would have to be looked up.
pub(super) fn compact(expression: &str) -> String {
    const WORD: &str = r"0-9A-Z_a-z\u{C0}-\u{1FFF}\u{2C00}-\u{2DFF}\u{3005}-\u{3007}\u{3021}-\u{FEFE}\u{FF10}-\u{FF19}\u{FF21}-\u{FF3A}\u{FF41}-\u{FF5A}\u{FF66}-\u{1EFFF}\u{20000}-\u{3FFFF}";
    let has_wide_letters = expression.chars().any(|character| !character.is_ascii() && character.is_alphabetic());
    let mut compact = String::with_capacity(expression.len());
    // Where the class at hand begins, and whether it holds a letter, and all of them.
    let mut class: Option<(usize, bool, bool)> = None;
    let mut characters = expression.chars();
    while let Some(character) = characters.next() {
        match (character, &mut class) {
            ('\\', class) => match (characters.next(), class) {
                (Some('w'), Some((_, _, all))) => {
                    *all = true;
                    compact.push_str(WORD);
                }
                (Some('w'), None) => compact.push_str(&format!("(?-i:[{WORD}])")),
                (Some('W'), None) => compact.push_str(&format!("(?-i:[^{WORD}])")),
                (Some('d'), Some(_)) => compact.push_str("0-9"),
                (Some('d'), None) => compact.push_str("[0-9]"),
                (Some('b'), None) if !has_wide_letters => compact.push_str(r"(?-u:\b)"),
                (Some('p'), class) if ["{L}", "{N}"].iter().any(|name| characters.as_str().starts_with(name)) => {
                    let name: String = characters.by_ref().take(3).collect();
                    match class {
                        Some((_, _, all)) => {
                            *all |= name == "{L}";
                            compact.push_str(&format!(r"\p{name}"));
                        }
                        None => compact.push_str(&format!(r"(?-i:\p{name})")),
                    }
                }
                (Some(other), class) => {
                    // A class of Unicode, or a character by its number, may be a letter.
                    if let Some((_, letters, _)) =
                        class.as_mut().filter(|_| matches!(other, 'p' | 'P' | 'x' | 'u' | 'U'))
                    {
                        *letters = true;
                    }
                    compact.extend(['\\', other]);
                }
                (None, _) => compact.push('\\'),
            },
            ('[', None) => {
                class = Some((compact.len(), false, false));
                compact.push('[');
            }
            (']', Some((start, letters, all))) => {
                compact.push(']');
                if *all || !*letters {
                    compact.insert_str(*start, "(?-i:");
                    compact.push(')');
                }
                class = None;
            }
            (other, class) => {
                if let Some((_, letters, _)) = class {
                    *letters |= other.is_alphabetic() || other == '[';
                }
                compact.push(other);
            }
        }
    }
    compact
}
