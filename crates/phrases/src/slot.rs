//! Slots such as `<number>` and `<word>`.

/// A part of a phrase that matches text of a certain form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    Number,
    Digits(Count),
    Word,
    Words(Count),
    Name,
    Names(Count),
    Text(Count),
    Date,
    Time,
    Price,
    Url,
    Email,
}

/// How many digits, words or characters a slot matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count {
    min: usize,
    max: Option<usize>,
}

/// The slots as written in phrases.
pub(super) const NAMES: &str = "`<number>`, `<digits>`, `<digits 1-2>`, `<word>`, `<words 1-4>`, `<name>`, `<names>`, \
                                `<text 2-60>`, `<date>`, `<time>`, `<price>`, `<url>` and `<email>`";

/// Maximum number of words of a slot: each one repeats the class of letters.
const MAX_WORDS: usize = 12;

/// Maximum number of digits or characters of a slot.
const MAX_CHARACTERS: usize = 999;

/// Word characters as a class; cheaper than Unicode's class.
pub const WORD: &str = r"0-9A-Z_a-z\u{C0}-\u{37D}\u{37F}-\u{386}\u{388}-\u{60B}\u{60D}-\u{61A}\u{61C}-\u{61E}\u{620}-\u{6D3}\u{6D5}-\u{963}\u{966}-\u{1FFF}\u{200C}\u{200D}\u{2C00}-\u{2DFF}\u{3005}-\u{3007}\u{3021}-\u{FEFE}\u{FF10}-\u{FF19}\u{FF21}-\u{FF3A}\u{FF41}-\u{FF5A}\u{FF66}-\u{1EFFF}\u{20000}-\u{3FFFF}";

/// Digits of scripts other than Latin, as a class.
pub const DIGIT: &str = "0-9٠-٩۰-۹०-९০-৯๐-๙０-９";

impl Slot {
    /// Parses the text between `<` and `>`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "number" => Self::Number,
            "word" => Self::Word,
            "name" => Self::Name,
            "date" => Self::Date,
            "time" => Self::Time,
            "price" => Self::Price,
            "url" => Self::Url,
            "email" => Self::Email,
            _ => {
                let (name, count) = text.split_once(' ').unwrap_or((text, "1+"));
                let limit =
                    if matches!(name, "words" | "names") { MAX_WORDS } else { MAX_CHARACTERS };
                let count = Count::parse(count, limit)?;
                match name {
                    "digits" => Self::Digits(count),
                    "words" => Self::Words(count),
                    "names" => Self::Names(count),
                    "text" => Self::Text(count),
                    _ => return None,
                }
            }
        })
    }

    pub(super) fn regex(self) -> String {
        let number = format!(r"[{DIGIT}](?:[.,'’٬٫\u{{A0}}\u{{202F}}]?[{DIGIT}])*");
        let word = format!(r"[{WORD}](?:['’.-]?[{WORD}])*");
        match self {
            Self::Number => number,
            Self::Digits(count) => format!("[{DIGIT}]{}", count.regex(0)),
            Self::Word => format!("(?-i:{word})"),
            Self::Words(count) => {
                format!(r"(?-i:{PLAIN_WORD}(?:,?\s+{PLAIN_WORD}){})", count.regex(1))
            }
            Self::Name => name(),
            Self::Names(count) => names(count),
            Self::Text(count) => format!("(?-i:[^.!?。！？]{})", count.regex(0)),
            Self::Date => date(),
            Self::Time => TIME.to_owned(),
            Self::Price => {
                let currency = r"(?:[$€£¥₹₽₴₩₫₺₪฿]|(?:us|usd|eur|gbp|jpy|chf|inr|rub|pln|czk|uah|try|brl)\b|zł|kč|руб\.?|грн\.?|元|円|원)";
                format!(r"(?:{currency}\s?{number}|{number}\s?{currency})")
            }
            Self::Url => {
                format!(
                    r"(?-i:(?:https?://|www\.)[^\s<>|]+|[{WORD}-]+(?:\.[{WORD}-]+)*\.[a-z]{{2,}}(?:/[^\s<>|]*)?)"
                )
            }
            Self::Email => format!(r"(?-i:[{WORD}.+-]+@[{WORD}-]+(?:\.[{WORD}-]+)+)"),
        }
    }
}

impl Count {
    /// Parses `4`, `1-4` or `2+`, up to `limit`.
    fn parse(text: &str, limit: usize) -> Option<Self> {
        let (min, max) = match text.strip_suffix('+') {
            Some(min) => (min.parse().ok()?, None),
            None => {
                let (min, max) = text.split_once('-').unwrap_or((text, text));
                (min.parse().ok()?, Some(max.parse().ok()?))
            }
        };
        ((1..=limit).contains(&min) && max.is_none_or(|max| (min..=limit).contains(&max)))
            .then_some(Self { min, max })
    }

    /// Returns the repetition operator for the occurrences after the first `before`.
    fn regex(self, before: usize) -> String {
        let max = self.max.map_or(String::new(), |max| (max - before).to_string());
        format!("{{{},{max}}}", self.min - before)
    }
}

/// A word, for expressions with several words: anything but blanks, brackets and the punctuation
/// between words. The class has few ranges, so it compiles to far fewer states than [`WORD`].
const PLAIN_WORD: &str = concat!(
    r"[^\s,.:;!?(){}\[\]\x22“”«»|<>–—、。，！？：；]+",
    r"(?:\.[^\s,.:;!?(){}\[\]\x22“”«»|<>–—、。，！？：；]+)*"
);

/// A word that starts with a capital, or with a letter of a script without case. Both are
/// approximations with few ranges: the common capitals of Latin, Greek, Cyrillic and Armenian, and
/// whole blocks of other scripts, including their marks and punctuation. The exact classes take
/// eight times as many states.
const NAME_WORD: &str = concat!(
    r"(?-i:[[\p{Lu}&&[A-Z\u{C0}-\u{17F}\u{181}\u{186}\u{189}\u{18A}\u{18F}\u{190}\u{194}\u{198}\u{1A0}\u{1AF}\u{1B3}\u{1E6}\u{218}\u{21A}\u{370}-\u{42F}\u{48A}-\u{52F}\u{531}-\u{556}\u{1E00}-\u{1EFF}]]",
    r"\u{5D0}-\u{60B}\u{60D}-\u{61A}\u{61C}-\u{61E}\u{620}-\u{65F}\u{66A}-\u{6D3}\u{6D5}-\u{6EF}\u{6FA}-\u{963}\u{970}-\u{9E5}",
    r"\u{9F0}-\u{E4F}\u{E5A}-\u{1DFF}\u{3005}-\u{3007}\u{3021}-\u{FAFF}\u{FF66}-\u{FFDC}\u{20000}-\u{3FFFF}]",
    r"[^\s,:;!?(){}\[\]\x22“”«»|/&+<>–—、。，！？：；0-9*_`~@#=$%^\\]*)"
);

/// Lower-case words within a name.
const PARTICLES: &str =
    "de|del|della|der|den|di|da|do|dos|du|la|le|van|von|zu|af|av|bin|ibn|al|el|y|e";

/// One to four capitalized words with particles between them.
fn name() -> String {
    format!(r"{NAME_WORD}(?:\s+(?:(?:{PARTICLES})\s+)?{NAME_WORD}){{0,3}}")
}

/// `count` capitalized words with particles, commas or "and" between them.
fn names(count: Count) -> String {
    format!(
        r"{NAME_WORD}(?:(?:\s*[,;/&+]\s*|\s+)(?:(?:{PARTICLES}|and|&|und|et)\s+){{0,2}}{NAME_WORD}){}",
        count.regex(1)
    )
}

/// A clock time: hours, optionally minutes, seconds, and a.m. or p.m.
const TIME: &str =
    r"[0-9]{1,2}(?:[:.h][0-9]{2}(?::[0-9]{2})?(?:\s?[ap]\.?\s?m\.?)?|\s?[ap]\.?\s?m\.?)";

/// A date in digits, or with the name of the month in one of the languages below.
fn date() -> String {
    let day = r"[0-9]{1,2}(?:st|nd|rd|th|er|º|ª)?\.?";
    let year = "[0-9]{4}";
    let digits = r"[0-9]{4}\s?[-/.年년]\s?[0-9]{1,2}\s?[-/.月월]\s?[0-9]{1,2}\s?[日일]?|[0-9]{1,2}[-/.][0-9]{1,2}[-/.](?:[0-9]{4}|[0-9]{2})";
    let month = format!("(?:{})", MONTHS.split_whitespace().collect::<Vec<_>>().join("|"));
    // Month names take the most states, so they occur once. The price is that some malformed dates
    // match too, such as those with a day on both sides.
    let before = format!(r"{day}\s?[-\s]\s?(?:de\s|d['’])?");
    let after = format!(r"\.?,?[-\s]\s?(?:del?\s|{day},?\s)?");
    format!("(?:{digits}|(?:{before})?{month}{after}{year})")
}

/// Names of months and their usual abbreviations, by language.
const MONTHS: &str = "\
    jan(?:uary)? feb(?:ruary)? mar(?:ch)? apr(?:il)? may june? july? aug(?:ust)? sept?(?:ember)? oct(?:ober)? nov(?:ember)? \
    dec(?:ember)? \
    enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre \
    januar februar märz mai juni juli oktober dezember \
    janvier février mars avril juin juillet août septembre octobre novembre décembre \
    janeiro fevereiro março maio junho julho setembro outubro novembro dezembro \
    gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre \
    januari februari maart mei augustus december \
    stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia \
    ledna února března dubna května června července srpna září října listopadu prosince \
    января февраля марта апреля мая июня июля августа сентября октября ноября декабря \
    січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня \
    ιανουαρίου φεβρουαρίου μαρτίου απριλίου μαΐου ιουνίου ιουλίου αυγούστου σεπτεμβρίου οκτωβρίου νοεμβρίου δεκεμβρίου \
    ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık";
