//! Lines that may be titles, compared without regard to case, width, punctuation and accents of capitals.

/// A line that may be a title.
#[derive(Debug)]
pub(super) struct Line {
    /// Its letters and digits, folded; of a line that holds the same twice, those of one half.
    pub(super) key: String,
    /// The same line in two halves.
    pub(super) double: Option<Double>,
    /// Its parts before and after what may part a title from the name of a site.
    parts: Vec<(String, Form)>,
    /// It is in capitals.
    pub(super) is_capitals: bool,
    /// It has so few words that it may be a term as well.
    pub(super) is_short: bool,
    /// It ends in a comma or the like.
    pub(super) goes_on: bool,
}

/// A line that holds a title twice.
#[derive(Debug)]
pub(super) struct Double {
    /// Where the first ends, without what parts the two.
    pub(super) end_of_first: usize,
    /// Where the second begins.
    pub(super) second: usize,
    /// Nothing stands between them.
    pub(super) is_glued: bool,
}

/// What a line holds beside the title.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Nothing.
    Whole,
    /// A bar and a name, or the address of a site.
    Barred,
    /// A name after a dash or before a colon, which may be words of a headline too.
    Joined,
}

const BARS: [&str; 8] = [" | ", "｜", " » ", " « ", " :: ", " · ", " > ", " › "];
const DASHES: [&str; 6] = [" - ", " – ", " — ", "_", " -- ", "——"];
const COLONS: [&str; 2] = [": ", "："];

impl Line {
    pub(super) fn parse(text: &str) -> Self {
        let (whole, double) = match double(text) {
            Some(double) => (key(&text[..double.end_of_first]), Some(double)),
            None => (key(text), None),
        };
        let has_case = |is: fn(char) -> bool| text.chars().any(is);
        let once = double.as_ref().map_or(text, |double| &text[..double.end_of_first]);
        Self {
            is_short: is_short(once),
            is_capitals: has_case(char::is_uppercase) && !has_case(char::is_lowercase),
            goes_on: text.ends_with([',', ';', '、', '，', '；']),
            parts: parts(text),
            double,
            key: whole,
        }
    }

    /// What the line holds beside the title `base`; `None` where it is no copy of it.
    pub(super) fn form_of(&self, base: &Line) -> Option<Form> {
        if self.key == base.key {
            return (!self.key.is_empty()).then_some(Form::Whole);
        }
        let is_title = |(part, _): &&(String, Form)| !base.is_short && *part == base.key;
        self.parts.iter().find(is_title).map(|(_, form)| *form)
    }
}

/// Whether a title is short: fewer than three words, and less than a handful of characters of Chinese or Japanese.
fn is_short(text: &str) -> bool {
    const MIN_WORDS: usize = 3;
    const MIN_IDEOGRAPHS: usize = 5;
    let ideographs = text.chars().filter(|&character| is_ideograph(character)).take(MIN_IDEOGRAPHS).count();
    text.split_whitespace().take(MIN_WORDS).count() < MIN_WORDS && ideographs < MIN_IDEOGRAPHS
}

fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{E00}'..='\u{EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}' | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7FF}')
}

/// The parts of a line that may be a title with the name of a site after or before it.
fn parts(text: &str) -> Vec<(String, Form)> {
    let mut parts = Vec::new();
    let mut add = |title: &str, name: &str, form: Form| {
        if let Some(form) = form_with(name.trim(), form) {
            parts.push((key(title), form));
        }
    };
    for (separators, form) in [(&BARS[..], Form::Barred), (&DASHES[..], Form::Joined)] {
        for separator in separators {
            for (first, second) in text.split_once(separator).into_iter().chain(text.rsplit_once(separator)) {
                add(first, second, form);
                add(second, first, form);
            }
        }
    }
    for separator in COLONS {
        if let Some((name, title)) = text.split_once(separator) {
            add(title, name, Form::Joined);
        }
    }
    parts
}

/// How a line with `name` beside the title is taken; `None` where that is no name of a site.
fn form_with(name: &str, form: Form) -> Option<Form> {
    const MAX_BARRED: usize = 8;
    const MAX_JOINED: usize = 5;
    let words = name.split_whitespace().count();
    let is_address = words == 1 && name.contains('.') && !name.ends_with('.') && name.is_ascii();
    if is_address {
        return Some(Form::Barred);
    }
    let begins_name = name.starts_with(|first: char| first.is_alphanumeric() && !first.is_lowercase());
    let is_name = begins_name && !name.ends_with(['?', '!', '.']);
    match form {
        Form::Barred => (1..=MAX_BARRED).contains(&words).then_some(Form::Barred),
        // Numbers tell parts of a series apart.
        _ => (is_name && words <= MAX_JOINED && !name.contains(|c: char| c.is_ascii_digit())).then_some(Form::Joined),
    }
}

/// The letters and digits of a text, folded.
fn key(text: &str) -> String {
    text.chars().filter(|character| character.is_alphanumeric()).flat_map(fold).collect()
}

/// A letter without case, width and the accents that capitals often lack.
fn fold(character: char) -> impl Iterator<Item = char> {
    let narrow = match u32::from(character) {
        wide @ 0xFF01..=0xFF5E => char::from_u32(wide - 0xFEE0).unwrap_or(character),
        _ => character,
    };
    narrow.to_lowercase().filter(|character| character.is_alphanumeric()).flat_map(|character| {
        let (first, second) = match character {
            'ß' => ('s', Some('s')),
            'ı' => ('i', None),
            'ς' => ('σ', None),
            'ά' => ('α', None),
            'έ' => ('ε', None),
            'ή' => ('η', None),
            'ί' | 'ϊ' | 'ΐ' => ('ι', None),
            'ό' => ('ο', None),
            'ύ' | 'ϋ' | 'ΰ' => ('υ', None),
            'ώ' => ('ω', None),
            other => (other, None),
        };
        std::iter::once(first).chain(second)
    })
}

/// The two halves of a line that holds the same twice.
fn double(text: &str) -> Option<Double> {
    const MIN_LETTERS: usize = 8;
    const MIN_IDEOGRAPHS: usize = 5;
    const MIN_DISTINCT: usize = 4;
    let folded: Vec<(usize, char)> = text
        .char_indices()
        .filter(|(_, character)| character.is_alphanumeric())
        .flat_map(|(at, character)| fold(character).map(move |character| (at, character)))
        .collect();
    let (first, second) = folded.split_at(folded.len() / 2);
    let is_same = first.len() == second.len() && first.iter().zip(second).all(|(left, right)| left.1 == right.1);
    let is_cut_between = first.last()?.0 < second.first()?.0;
    let (opening, second) = (first.first()?.0, second.first()?.0);
    if !is_same || !is_cut_between {
        return None;
    }
    let distinct: std::collections::HashSet<char> = first.iter().map(|(_, character)| *character).collect();
    // The second half begins with the signs that the first does, such as a quotation mark.
    let second = if text[..second].ends_with(&text[..opening]) { second - opening } else { second };
    let is_gap = |character: char| character.is_whitespace() || "|-–—:·_/".contains(character);
    let end_of_first = text[..second].trim_end_matches(is_gap).len();
    let is_glued = end_of_first == second;
    // "Event logging (event logging)" tells a topic from another.
    if text[..end_of_first].ends_with(['(', '[', '{', '（', '"', '\'', '“', '«', '/']) {
        return None;
    }
    let words = text[..end_of_first].split_whitespace().count();
    let ideographs = text[..end_of_first].chars().filter(|&character| is_ideograph(character)).count();
    let is_long =
        ideographs >= MIN_IDEOGRAPHS || first.len() >= MIN_LETTERS && if is_glued { words > 1 } else { words > 2 };
    (is_long && distinct.len() >= MIN_DISTINCT).then_some(Double { end_of_first, second, is_glued })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(line: &str, title: &str) -> Option<Form> {
        Line::parse(line).form_of(&Line::parse(title))
    }

    #[test]
    fn copies_differ_in_case_width_and_marks() {
        let title = "Why the north mole was made longer";
        assert_eq!(form("WHY THE NORTH MOLE WAS MADE LONGER", title), Some(Form::Whole));
        assert_eq!(form("“Why the North Mole was made longer”", title), Some(Form::Whole));
        assert_eq!(form("Why the north mole was made longer | Harbour News", title), Some(Form::Barred));
        assert_eq!(form("Why the north mole was made longer - harbour.example.org", title), Some(Form::Barred));
        assert_eq!(form("Why the north mole was made longer — Harbour News", title), Some(Form::Joined));
        assert_eq!(form("Harbour News: Why the north mole was made longer", title), Some(Form::Joined));
        assert_eq!(form("Why the north mole was made longer - and what it cost", title), None);
        assert_eq!(form("Why the north mole was made longer – Part 2", title), None);
        assert_eq!(form("Why the north mole was made longer than any", title), None);
        assert_eq!(form("Home > News > Why the north mole was made longer", title), Some(Form::Barred));
        assert_eq!(form("STRASSE AM ALTEN HAFEN", "Straße am alten Hafen"), Some(Form::Whole));
        assert_eq!(form("ΤΟ ΛΙΜΑΝΙ ΤΗΣ ΠΟΛΗΣ", "Το λιμάνι της πόλης"), Some(Form::Whole));
        assert_eq!(form("北防波堤为何加长_港口新闻", "北防波堤为何加长"), Some(Form::Joined));
        assert_eq!(form("Python | Harbour News", "Python"), None);
    }

    #[test]
    fn a_line_may_hold_its_title_twice() {
        let halves = |text: &str| double(text).map(|double| (text[..double.end_of_first].to_owned(), double.is_glued));
        assert_eq!(halves("The mole was longThe mole was long"), Some(("The mole was long".into(), true)));
        assert_eq!(halves("The mole was long – The Mole Was Long"), Some(("The mole was long".into(), false)));
        assert_eq!(halves("北防波堤为何加长北防波堤为何加长"), Some(("北防波堤为何加长".into(), true)));
        assert_eq!(halves("New York, New York"), None);
        assert_eq!(halves("哈哈哈哈哈哈哈哈哈哈"), None);
        assert_eq!(halves("kupu-kupu"), None);
        assert_eq!(halves("The event log (the event log)"), None);
    }
}
