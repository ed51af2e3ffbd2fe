//! Features of a page that indicate its kind, mostly shares of its lines.

use rustc_hash::FxHashMap;

use crate::{BlockKind, Document, count_words_cjk_weighted, ends_sentence};

macro_rules! features {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// A feature of a page. "Share" means share of lines, where a block of text counts as one
        /// line.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum PageFeature { $($(#[$doc])* $name),* }

        impl PageFeature {
            /// All features, in the order used by [`PageFeatures`].
            pub const ALL: &[Self] = &[$(Self::$name),*];
        }
    };
}

features! {
    /// Logarithm of the number of lines.
    Lines,
    /// Share of prose.
    Prose,
    /// Share of bytes in prose.
    ProseBytes,
    /// Logarithm of the mean length of prose blocks, in words.
    ProseWords,
    /// Longest run of prose blocks, as a share of all prose blocks.
    ProseRun,
    /// Share of lines with at most 3 words, excluding prose.
    Short,
    /// Share of lines with 4 to 11 words, excluding prose.
    Medium,
    /// Share of list items.
    Items,
    /// Share of headings.
    Headings,
    /// Share of lines of code.
    Code,
    /// Share of table rows.
    Rows,
    /// Share of lines with a price.
    Prices,
    /// Share of lines with a digit.
    Digits,
    /// Share of lines with a time of day or a year.
    Times,
    /// Share of lines that are repeated exactly.
    Copies,
    /// Share of lines that are repeated but for their numbers.
    Templates,
    /// Share of lines with traces of a link.
    Links,
    /// Share of lines with separators such as `|` and `»`.
    Separators,
    /// Share of questions.
    Questions,
    /// Share of exclamations.
    Exclamations,
    /// Share of lines that end like a sentence.
    Closed,
    /// Share of lines that end with an ellipsis.
    CutOff,
    /// Share of lines with a short label before a colon.
    Labels,
    /// Share of lines that start with a lower-case letter, excluding prose.
    LowerCase,
    /// Share of lines with backticks, empty parentheses or other characters typical of code.
    CodeSigns,
    /// First-person singular pronouns per word.
    Myself,
    /// First-person plural pronouns per word.
    Ourselves,
    /// Second-person pronouns per word.
    Yourself,
    /// How well the shape of a line predicts that of a line two to six lines below.
    Period,
    /// Standard deviation of the log line length.
    Spread,
}

/// The number of features.
pub const PAGE_FEATURE_COUNT: usize = PageFeature::ALL.len();

/// The features of a page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PageFeatures {
    values: [f32; PAGE_FEATURE_COUNT],
}

/// Counters over the lines of a page.
#[derive(Default)]
struct LineCounters {
    lines: u32,
    sums: [f32; PAGE_FEATURE_COUNT],
    prose_words: f32,
    prose_run: u32,
    longest_prose_run: u32,
    all_bytes: usize,
    prose_bytes: usize,
    words: f32,
    pronouns: [f32; 3],
    lengths: Vec<f32>,
    shapes: Vec<u8>,
    copies: FxHashMap<u64, u32>,
    templates: FxHashMap<u64, u32>,
    hashes: Vec<(u64, u64)>,
}

impl PageFeatures {
    /// Computes the features of a document.
    pub fn from_document(document: &Document<'_>) -> Self {
        let mut counts = LineCounters::default();
        for (index, block) in document.blocks().iter().enumerate() {
            let text = document.slice(block.content);
            match block.kind {
                BlockKind::Blank | BlockKind::FrontMatter | BlockKind::Comment => {}
                BlockKind::Code => counts.add_lines(PageFeature::Code, block.lines.len()),
                BlockKind::Table => counts.add_lines(PageFeature::Rows, block.lines.len()),
                kind => counts.add_text(text, kind, document.is_prose(index)),
            }
        }
        counts.finish()
    }

    /// Returns all values, in the order of [`PageFeature::ALL`].
    pub fn values(&self) -> &[f32; PAGE_FEATURE_COUNT] {
        &self.values
    }

    /// Returns the value of one feature.
    pub fn value(&self, feature: PageFeature) -> f32 {
        self.values[feature as usize]
    }
}

impl LineCounters {
    fn add(&mut self, feature: PageFeature, has_feature: bool) {
        self.sums[feature as usize] += f32::from(u8::from(has_feature));
    }

    fn add_lines(&mut self, feature: PageFeature, lines: usize) {
        self.lines = self.lines.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        self.sums[feature as usize] += lines as f32;
    }

    fn add_text(&mut self, text: &str, kind: BlockKind, is_prose: bool) {
        const MAX_WORDS: usize = 100;
        const SHORT: usize = 3;
        const MEDIUM: usize = 11;
        let words = count_words_cjk_weighted(text, MAX_WORDS);
        self.lines += 1;
        self.all_bytes += text.len();
        self.lengths.push((words as f32 + 1.0).ln());
        self.prose_run = if is_prose { self.prose_run + 1 } else { 0 };
        self.longest_prose_run = self.longest_prose_run.max(self.prose_run);
        self.add(PageFeature::Prose, is_prose);
        self.add(PageFeature::Items, kind == BlockKind::ListItem);
        self.add(PageFeature::Headings, matches!(kind, BlockKind::Heading(_)));
        if is_prose {
            self.prose_bytes += text.len();
            self.prose_words += words as f32;
        } else {
            self.add(PageFeature::Short, words <= SHORT);
            self.add(PageFeature::Medium, words > SHORT && words <= MEDIUM);
            self.add(PageFeature::LowerCase, text.starts_with(char::is_lowercase));
        }
        let ends_sentence = ends_sentence(text);
        self.add(PageFeature::Closed, ends_sentence);
        self.add(PageFeature::CutOff, text.ends_with("...") || text.ends_with('…'));
        self.add(PageFeature::Questions, text.ends_with(['?', '？']));
        self.add(PageFeature::Exclamations, text.ends_with(['!', '！']));
        let marks = LineMarks::from_text(text);
        self.add(PageFeature::Digits, marks.has_digit);
        self.add(PageFeature::Prices, marks.has_price);
        self.add(PageFeature::Times, marks.has_time);
        self.add(PageFeature::Links, marks.has_link);
        self.add(PageFeature::Separators, marks.has_separator);
        self.add(PageFeature::Labels, marks.has_label);
        self.add(PageFeature::CodeSigns, marks.has_code);
        self.words += words as f32;
        self.count_pronouns(text);
        let hash = case_folded_hash(text.as_bytes());
        let template = if marks.has_digit { template_hash(text) } else { hash };
        *self.copies.entry(hash).or_default() += 1;
        *self.templates.entry(template).or_default() += 1;
        self.hashes.push((hash, template));
        let length = words.min(31).ilog2_or_zero();
        let item = u8::from(kind == BlockKind::ListItem);
        self.shapes.push(
            (length << 3)
                | (item << 2)
                | (u8::from(ends_sentence) << 1)
                | u8::from(marks.has_digit),
        );
    }

    fn count_pronouns(&mut self, text: &str) {
        let mut count = |word: &str| {
            if let Some(person) = person(word) {
                self.pronouns[person] += 1.0;
            }
        };
        text.split(|character: char| !is_word_character(character)).for_each(&mut count);
    }

    /// Returns the highest share of lines with the shape of the line two to six lines above.
    fn period(&self) -> f32 {
        const LAGS: std::ops::RangeInclusive<usize> = 2..=6;
        const MIN_LINES: usize = 8;
        if self.shapes.len() < MIN_LINES {
            return 0.0;
        }
        let share = |lag: usize| {
            let pairs = self.shapes.iter().zip(&self.shapes[lag..]);
            pairs.filter(|(one, other)| one == other).count() as f32
                / (self.shapes.len() - lag) as f32
        };
        LAGS.map(share).fold(0.0, f32::max)
    }

    fn spread(&self) -> f32 {
        let count = self.lengths.len().max(1) as f32;
        let mean = self.lengths.iter().sum::<f32>() / count;
        (self.lengths.iter().map(|length| (length - mean) * (length - mean)).sum::<f32>() / count)
            .sqrt()
    }

    fn finish(mut self) -> PageFeatures {
        let repeated = |counts: &FxHashMap<u64, u32>, hash: &u64| {
            counts.get(hash).is_some_and(|count| *count > 1)
        };
        let copies = self.hashes.iter().filter(|(hash, _)| repeated(&self.copies, hash)).count();
        let templates =
            self.hashes.iter().filter(|(_, template)| repeated(&self.templates, template)).count();
        self.sums[PageFeature::Copies as usize] = copies as f32;
        self.sums[PageFeature::Templates as usize] = templates as f32;
        let prose = self.sums[PageFeature::Prose as usize];
        let lines = self.lines.max(1) as f32;
        let words = self.words.max(1.0);
        let mut values = self.sums.map(|sum| sum / lines);
        let mut set = |feature: PageFeature, value: f32| values[feature as usize] = value;
        set(PageFeature::Lines, lines.ln());
        set(PageFeature::ProseBytes, self.prose_bytes as f32 / self.all_bytes.max(1) as f32);
        set(PageFeature::ProseWords, (self.prose_words / prose.max(1.0) + 1.0).ln());
        set(PageFeature::ProseRun, self.longest_prose_run as f32 / prose.max(1.0));
        set(PageFeature::Myself, self.pronouns[0] / words);
        set(PageFeature::Ourselves, self.pronouns[1] / words);
        set(PageFeature::Yourself, self.pronouns[2] / words);
        set(PageFeature::Period, self.period());
        set(PageFeature::Spread, self.spread());
        PageFeatures { values }
    }
}

/// Common pronouns of at most seven bytes: those of "I", "we" and "you".
const PRONOUNS: [&[&str]; 3] = [
    &[
        "I", "my", "My", "me", "ich", "Ich", "mein", "mir", "mich", "je", "Je", "mon", "moi", "yo",
        "mi", "io", "eu", "ja", "mam", "я", "Я", "мне", "我",
    ],
    &[
        "we", "We", "our", "Our", "us", "wir", "Wir", "unser", "unsere", "uns", "nous", "Nous",
        "notre", "nos", "Nos", "noi", "nossa", "nosso", "мы", "Мы", "наш",
    ],
    &[
        "you", "You", "your", "Your", "Sie", "Ihr", "Ihre", "Ihnen", "du", "Du", "vous", "Vous",
        "votre", "vos", "usted", "tu", "tus", "você", "seu", "sua", "вы", "Вы", "ваш", "вас",
        "вам",
    ],
];

/// For each first byte, the lengths of the pronouns that start with it, as a bitset. Rejects most
/// words.
static PRONOUN_LENGTHS: [u8; 256] = {
    let mut lengths = [0; 256];
    let mut person = 0;
    while person < PRONOUNS.len() {
        let mut index = 0;
        while index < PRONOUNS[person].len() {
            let word = PRONOUNS[person][index].as_bytes();
            lengths[word[0] as usize] |= 1 << word.len();
            index += 1;
        }
        person += 1;
    }
    lengths
};

/// Returns the grammatical person of a common pronoun: 0 for "I", 1 for "we", 2 for "you".
fn person(word: &str) -> Option<usize> {
    let lengths = PRONOUN_LENGTHS[usize::from(*word.as_bytes().first()?)];
    if word.len() >= 8 || lengths >> word.len() & 1 == 0 {
        return None;
    }
    PRONOUNS.iter().position(|pronouns| pronouns.contains(&word))
}

/// Whether a character is part of a word rather than a blank, punctuation or a symbol. This is an
/// approximation: looking up characters in Unicode's tables took 1.5 % of a run on 7 MB of pages.
fn is_word_character(character: char) -> bool {
    let is_separator = || {
        matches!(
            character,
            '×' | '÷'
                | '\u{300}'..='\u{36F}'
                | '\u{1680}'
                | '\u{2000}'..='\u{2BFF}'
                | '\u{3000}'..='\u{3004}'
                | '\u{3008}'..='\u{3020}'
                | '\u{FE00}'..='\u{FE0F}'
                | '\u{FEFF}'..='\u{FF0F}'
                | '\u{FF1A}'..='\u{FF20}'
                | '\u{FF3B}'..='\u{FF40}'
                | '\u{FF5B}'..='\u{FF65}'
                | '\u{FFF0}'..='\u{FFFF}'
                | '\u{1F000}'..='\u{1FAFF}'
        )
    };
    character.is_ascii_alphanumeric() || character >= '\u{C0}' && !is_separator()
}

/// Hashes `text`, ignoring its numbers and the case of ASCII letters.
pub fn template_hash(text: &str) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut was_digit = false;
    for byte in text.bytes() {
        let is_digit = byte.is_ascii_digit() || was_digit && matches!(byte, b'.' | b',');
        let folded = if is_digit { b'0' } else { byte.to_ascii_lowercase() };
        if !(is_digit && was_digit) {
            hash = (hash ^ u64::from(folded)).wrapping_mul(0x0100_0000_01b3);
        }
        was_digit = is_digit;
    }
    hash
}

/// Hashes `bytes`, ignoring the case of ASCII letters, eight bytes at a time.
fn case_folded_hash(bytes: &[u8]) -> u64 {
    let (chunks, rest) = bytes.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let seed = bytes.len() as u64;
    chunks.iter().chain([&last]).fold(seed, |hash, chunk| {
        let folded = u64::from_le_bytes(chunk.map(|byte| byte.to_ascii_lowercase()));
        (hash ^ folded).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31)
    })
}

/// The contents of a line.
#[derive(Default)]
struct LineMarks {
    has_digit: bool,
    has_price: bool,
    has_time: bool,
    has_link: bool,
    has_separator: bool,
    has_label: bool,
    has_code: bool,
}

impl LineMarks {
    fn from_text(text: &str) -> Self {
        const MAX_LABEL: usize = 30;
        let mut marks = Self::default();
        let bytes = text.as_bytes();
        let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
        for (at, &byte) in bytes.iter().enumerate() {
            match byte {
                b' ' | b'a'..=b'z' => {}
                b'0'..=b'9' => {
                    marks.has_digit = true;
                    let is_first = at == 0 || !is_digit(at - 1);
                    let is_year = is_first && matches!(bytes.get(at..at + 2), Some(b"19" | b"20"));
                    marks.has_time |=
                        is_year && is_digit(at + 2) && is_digit(at + 3) && !is_digit(at + 4);
                }
                b':' => {
                    let is_clock = at > 0 && is_digit(at - 1) && is_digit(at + 1);
                    marks.has_time |= is_clock;
                    marks.has_label |=
                        !is_clock && at > 0 && at <= MAX_LABEL && bytes.get(at + 1) != Some(&b'/');
                    marks.has_code |= bytes.get(at + 1) == Some(&b':');
                }
                b'$' => marks.has_price |= is_digit(at + 1) || is_digit(at + 2),
                b'|' => marks.has_separator = true,
                b'@' => marks.has_link = true,
                b']' => marks.has_link |= bytes.get(at + 1) == Some(&b'('),
                b'/' => marks.has_link |= bytes.get(at + 1) == Some(&b'/'),
                b'`' | b'{' | b'}' | b'\\' => marks.has_code = true,
                b'(' => marks.has_code |= bytes.get(at + 1) == Some(&b')'),
                // `£` and `¥` in UTF-8.
                0xC2 => marks.has_price |= matches!(bytes.get(at + 1), Some(0xA3 | 0xA5)),
                0xE2 => match bytes.get(at + 1..at + 3) {
                    Some([0x82, 0xA0..=0xBF]) => marks.has_price = true,
                    Some([0x80, 0xA2 | 0xBA] | [0x86, _]) => marks.has_separator = true,
                    _ => {}
                },
                _ => {}
            }
        }
        marks
    }
}

/// Binary logarithm of a small count.
trait Log2 {
    fn ilog2_or_zero(self) -> u8;
}

impl Log2 for usize {
    fn ilog2_or_zero(self) -> u8 {
        self.checked_ilog2().and_then(|log| u8::try_from(log + 1).ok()).unwrap_or(0)
    }
}
