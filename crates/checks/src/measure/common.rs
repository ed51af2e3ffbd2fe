//! Measures shared by several sets, and the word list that they count.

use super::set::Measure;

pub(super) const WORDS: Measure = Measure::number("words", "{} [word|words]", "");
pub(super) const MEAN_WORD_LENGTH: Measure = Measure::number(
    "mean-word-length",
    "words have {} [character|characters] on average",
    "the longest word",
);
pub(super) const SYMBOLS_PER_WORD: Measure = Measure::number(
    "symbols-per-word",
    "{} number [sign or ellipsis|signs or ellipses] per word",
    "most of them",
);
pub(super) const BULLET_LINES: Measure =
    Measure::share("bullet-lines", "{} of lines start with a bullet", "most bullets");
pub(super) const ELLIPSIS_LINES: Measure =
    Measure::share("ellipsis-lines", "{} of lines end with an ellipsis", "most ellipses");
pub(super) const ALPHABETIC_WORDS: Measure = Measure::share(
    "alphabetic-words",
    "{} of words contain a letter",
    "most words without a letter",
);
pub(super) const WORDLESS_WORDS: Measure =
    Measure::share("wordless-words", "{} of words contain no letter", "most such words");
pub(super) const STOP_WORDS: Measure = Measure::number(
    "stop-words",
    "{} [word|words] of “the, be, to, of, and, that, have, with”",
    "",
);
pub(super) const RECURRING_LINES: Measure =
    Measure::share("repeated-lines", "{} of lines occur more than once", "repeated most");
pub(super) const RECURRING_PARAGRAPHS: Measure =
    Measure::share("repeated-paragraphs", "{} of paragraphs occur more than once", "repeated most");
pub(super) const RECURRING_LINE_CHARACTERS: Measure = Measure::share(
    "repeated-line-characters",
    "{} of characters are in lines that occur more than once",
    "repeated most",
);
pub(super) const REPEATED_LINES: Measure =
    Measure::share("repeated-lines", "{} of lines are repeats", "repeated most");
pub(super) const REPEATED_PARAGRAPHS: Measure =
    Measure::share("repeated-paragraphs", "{} of paragraphs are repeats", "repeated most");
pub(super) const REPEATED_LINE_CHARACTERS: Measure = Measure::share(
    "repeated-line-characters",
    "{} of characters are in repeats of lines",
    "repeated most",
);
pub(super) const REPEATED_PARAGRAPH_CHARACTERS: Measure = Measure::share(
    "repeated-paragraph-characters",
    "{} of characters are in repeats of paragraphs",
    "repeated most",
);
pub(super) const LEFT_OUT_WORDS: Measure = Measure::share(
    "words-in-left-out-lines",
    "{} of words are in lines to leave out",
    "such lines",
);

/// Gopher's stop words.
const STOP_WORD_LIST: [&str; 8] = ["the", "be", "to", "of", "and", "that", "have", "with"];

/// Whether a word is one of [`STOP_WORDS`].
pub(super) fn is_stop_word(word: &str) -> bool {
    STOP_WORD_LIST.contains(&word)
}

/// Whether a word is one of [`STOP_WORDS`], ignoring case.
pub(super) fn is_stop_word_in_any_case(word: &str) -> bool {
    STOP_WORD_LIST.iter().any(|stop| word.eq_ignore_ascii_case(stop))
}
