//! Slots such as `<number>` and `<word>`.

/// A part of a phrase that matches text of a certain form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    Number,
    Digits { min: usize, max: Option<usize> },
    Word,
    Name,
    Date,
    Time,
    Price,
    Url,
    Email,
}

/// The slots as written in phrases.
pub(super) const NAMES: &str = "`<number>`, `<digits>`, `<digits 1-2>`, `<word>`, `<name>`, `<date>`, `<time>`, `<price>`, \
                                `<url>` and `<email>`";

/// Word characters as a class; cheaper than Unicode's class.
pub const WORD: &str = r"0-9A-Z_a-z\u{C0}-\u{37D}\u{37F}-\u{386}\u{388}-\u{60B}\u{60D}-\u{61A}\u{61C}-\u{61E}\u{620}-\u{6D3}\u{6D5}-\u{963}\u{966}-\u{1FFF}\u{200C}\u{200D}\u{2C00}-\u{2DFF}\u{3005}-\u{3007}\u{3021}-\u{FEFE}\u{FF10}-\u{FF19}\u{FF21}-\u{FF3A}\u{FF41}-\u{FF5A}\u{FF66}-\u{1EFFF}\u{20000}-\u{3FFFF}";

/// Digits of scripts that have their own, as a class.
pub const DIGIT: &str = "0-9٠-٩۰-۹०-९০-৯๐-๙０-９";

impl Slot {
    /// Parses the text between `<` and `>`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "number" => Self::Number,
            "digits" => Self::Digits { min: 1, max: None },
            "word" => Self::Word,
            "name" => Self::Name,
            "date" => Self::Date,
            "time" => Self::Time,
            "price" => Self::Price,
            "url" => Self::Url,
            "email" => Self::Email,
            _ => {
                let count = text.strip_prefix("digits ")?;
                let (min, max) = count.split_once('-').unwrap_or((count, count));
                let (min, max) = (min.parse().ok()?, max.parse().ok()?);
                (1..=max).contains(&min).then_some(Self::Digits { min, max: Some(max) })?
            }
        })
    }

    pub(super) fn regex(self) -> String {
        let number = format!(r"[{DIGIT}](?:[.,'’٬٫\u{{A0}}\u{{202F}}]?[{DIGIT}])*");
        match self {
            Self::Number => number,
            Self::Digits { min, max: None } => format!("[{DIGIT}]{{{min},}}"),
            Self::Digits { min, max: Some(max) } => format!("[{DIGIT}]{{{min},{max}}}"),
            Self::Word => format!(r"(?-i:[{WORD}](?:['’.-]?[{WORD}])*)"),
            Self::Name => name(),
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

/// One to four words that start with a capital, or with a letter of a script without case, with
/// particles between them.
fn name() -> String {
    let word = r"(?-i:[\p{Lu}\p{Lt}\p{Lo}])[\p{L}\p{M}.'’-]*";
    let particle = "de|del|della|der|den|di|da|do|dos|du|la|le|van|von|zu|af|av|bin|ibn|al|el|y|e";
    // The class of capitals takes 300 states, so `word` occurs as few times as possible.
    format!(r"{word}(?:\s+(?:(?:{particle})\s+)?{word}){{0,3}}")
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
    format!(
        r"(?:{digits}|{day}\s?[-\s]\s?(?:de\s|d['’])?{month}\.?,?[-\s]\s?(?:de\s|del\s)?{year}|{month}\.?\s{day},?\s{year}|{month}\.?,?\s(?:de\s)?{year})"
    )
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
