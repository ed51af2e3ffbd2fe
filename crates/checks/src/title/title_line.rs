//! Comparison of possible titles, ignoring case, width, punctuation and accents that capitals often
//! lack.

/// A line that may be a title.
#[derive(Debug)]
pub(super) struct TitleLine {
    /// Its letters and digits, folded. If the line contains a title twice, those of one half.
    pub(super) key: String,
    /// The two halves of a line that contains a title twice.
    pub(super) doubled: Option<DoubledTitle>,
    /// The parts before and after separators that may separate a title from a site name, folded.
    parts: Vec<(String, AddedText)>,
    /// Whether it is all in capitals.
    pub(super) is_capitals: bool,
    /// Whether it has so few words that it may also be a term.
    pub(super) is_short: bool,
    /// Whether it ends in a comma or semicolon.
    pub(super) continues: bool,
}

/// A line that contains a title twice.
#[derive(Debug)]
pub(super) struct DoubledTitle {
    /// End of the first occurrence, without the separator.
    pub(super) end_of_first: usize,
    /// Start of the second occurrence.
    pub(super) second: usize,
    /// Whether there is nothing between the two.
    pub(super) is_glued: bool,
}

/// What a line contains in addition to the title.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AddedText {
    /// Nothing.
    Nothing,
    /// A bar and a site name, or a domain.
    BarOrDomain,
    /// A name after a dash or before a colon, which may also be part of a headline.
    DashOrColon,
}

const BARS: [&str; 8] = [" | ", "｜", " » ", " « ", " :: ", " · ", " > ", " › "];
const DASHES: [&str; 6] = [" - ", " – ", " — ", "_", " -- ", "——"];
const COLONS: [&str; 2] = [": ", "："];

impl TitleLine {
    pub(super) fn parse(text: &str) -> Self {
        let (whole, doubled) = match find_doubled(text) {
            Some(doubled) => (key(&text[..doubled.end_of_first]), Some(doubled)),
            None => (key(text), None),
        };
        let has_case = |is: fn(char) -> bool| text.chars().any(is);
        let once = doubled.as_ref().map_or(text, |doubled| &text[..doubled.end_of_first]);
        Self {
            is_short: is_short(once),
            is_capitals: has_case(char::is_uppercase) && !has_case(char::is_lowercase),
            continues: text.ends_with([',', ';', '、', '，', '；']),
            parts: parts(text),
            doubled,
            key: whole,
        }
    }

    /// Returns what the line contains in addition to the title `base`; `None` if it is not a copy
    /// of it.
    pub(super) fn added_to(&self, base: &TitleLine) -> Option<AddedText> {
        if self.key == base.key {
            return (!self.key.is_empty()).then_some(AddedText::Nothing);
        }
        let is_title = |(part, _): &&(String, AddedText)| !base.is_short && *part == base.key;
        self.parts.iter().find(is_title).map(|(_, added)| *added)
    }
}

/// Whether a title has fewer than three words, and fewer than five ideographs.
fn is_short(text: &str) -> bool {
    const MIN_WORDS: usize = 3;
    const MIN_IDEOGRAPHS: usize = 5;
    let ideographs =
        text.chars().filter(|&character| is_ideograph(character)).take(MIN_IDEOGRAPHS).count();
    text.split_whitespace().take(MIN_WORDS).count() < MIN_WORDS && ideographs < MIN_IDEOGRAPHS
}

fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{E00}'..='\u{EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}' | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7FF}')
}

/// Returns the parts of a line that may be a title, with a site name after or before.
fn parts(text: &str) -> Vec<(String, AddedText)> {
    let mut parts = Vec::new();
    let mut add = |title: &str, name: &str, added: AddedText| {
        if let Some(added) = classify_name(name.trim(), added) {
            parts.push((key(title), added));
        }
    };
    for (separators, added) in
        [(&BARS[..], AddedText::BarOrDomain), (&DASHES[..], AddedText::DashOrColon)]
    {
        for separator in separators {
            for (first, second) in
                text.split_once(separator).into_iter().chain(text.rsplit_once(separator))
            {
                add(first, second, added);
                add(second, first, added);
            }
        }
    }
    for separator in COLONS {
        if let Some((name, title)) = text.split_once(separator) {
            add(title, name, AddedText::DashOrColon);
        }
    }
    parts
}

/// Classifies a line with `name` next to the title; `None` if `name` cannot be a site name.
fn classify_name(name: &str, added: AddedText) -> Option<AddedText> {
    const MAX_BARRED: usize = 8;
    const MAX_JOINED: usize = 5;
    let words = name.split_whitespace().count();
    let is_address = words == 1 && name.contains('.') && !name.ends_with('.') && name.is_ascii();
    if is_address {
        return Some(AddedText::BarOrDomain);
    }
    let begins_name =
        name.starts_with(|first: char| first.is_alphanumeric() && !first.is_lowercase());
    let is_name = begins_name && !name.ends_with(['?', '!', '.']);
    match added {
        AddedText::BarOrDomain => {
            (1..=MAX_BARRED).contains(&words).then_some(AddedText::BarOrDomain)
        }
        // Numbers distinguish the parts of a series.
        _ => (is_name && words <= MAX_JOINED && !name.contains(|c: char| c.is_ascii_digit()))
            .then_some(AddedText::DashOrColon),
    }
}

/// Returns the letters and digits of a text, folded.
fn key(text: &str) -> String {
    text.chars().filter(|character| character.is_alphanumeric()).flat_map(fold).collect()
}

/// Removes case, width, and accents that capitals often lack.
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

/// Returns the two halves of a line that contains the same text twice.
fn find_doubled(text: &str) -> Option<DoubledTitle> {
    const MIN_LETTERS: usize = 8;
    const MIN_IDEOGRAPHS: usize = 5;
    const MIN_DISTINCT: usize = 4;
    let folded: Vec<(usize, char)> = text
        .char_indices()
        .filter(|(_, character)| character.is_alphanumeric())
        .flat_map(|(at, character)| fold(character).map(move |character| (at, character)))
        .collect();
    let (first, second) = folded.split_at(folded.len() / 2);
    let is_same = first.len() == second.len()
        && first.iter().zip(second).all(|(left, right)| left.1 == right.1);
    let is_cut_between = first.last()?.0 < second.first()?.0;
    let (opening, second) = (first.first()?.0, second.first()?.0);
    if !is_same || !is_cut_between {
        return None;
    }
    let distinct: std::collections::HashSet<char> =
        first.iter().map(|(_, character)| *character).collect();
    // The second half starts with the same punctuation as the first, such as a quotation mark.
    let second = if text[..second].ends_with(&text[..opening]) { second - opening } else { second };
    let is_gap = |character: char| character.is_whitespace() || "|-–—:·_/".contains(character);
    let end_of_first = text[..second].trim_end_matches(is_gap).len();
    let is_glued = end_of_first == second;
    // "Event logging (event logging)" is a disambiguation.
    if text[..end_of_first].ends_with(['(', '[', '{', '（', '"', '\'', '“', '«', '/']) {
        return None;
    }
    let words = text[..end_of_first].split_whitespace().count();
    let ideographs =
        text[..end_of_first].chars().filter(|&character| is_ideograph(character)).count();
    let is_long = ideographs >= MIN_IDEOGRAPHS
        || first.len() >= MIN_LETTERS && if is_glued { words > 1 } else { words > 2 };
    (is_long && distinct.len() >= MIN_DISTINCT).then_some(DoubledTitle {
        end_of_first,
        second,
        is_glued,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(line: &str, title: &str) -> Option<AddedText> {
        TitleLine::parse(line).added_to(&TitleLine::parse(title))
    }

    #[test]
    fn recognises_copies_despite_case_width_and_punctuation() {
        let title = "Why the north mole was made longer";
        assert_eq!(added("WHY THE NORTH MOLE WAS MADE LONGER", title), Some(AddedText::Nothing));
        assert_eq!(added("“Why the North Mole was made longer”", title), Some(AddedText::Nothing));
        assert_eq!(
            added("Why the north mole was made longer | Harbour News", title),
            Some(AddedText::BarOrDomain)
        );
        assert_eq!(
            added("Why the north mole was made longer - harbour.example.org", title),
            Some(AddedText::BarOrDomain)
        );
        assert_eq!(
            added("Why the north mole was made longer — Harbour News", title),
            Some(AddedText::DashOrColon)
        );
        assert_eq!(
            added("Harbour News: Why the north mole was made longer", title),
            Some(AddedText::DashOrColon)
        );
        assert_eq!(added("Why the north mole was made longer - and what it cost", title), None);
        assert_eq!(added("Why the north mole was made longer – Part 2", title), None);
        assert_eq!(added("Why the north mole was made longer than any", title), None);
        assert_eq!(
            added("Home > News > Why the north mole was made longer", title),
            Some(AddedText::BarOrDomain)
        );
        assert_eq!(
            added("STRASSE AM ALTEN HAFEN", "Straße am alten Hafen"),
            Some(AddedText::Nothing)
        );
        assert_eq!(added("ΤΟ ΛΙΜΑΝΙ ΤΗΣ ΠΟΛΗΣ", "Το λιμάνι της πόλης"), Some(AddedText::Nothing));
        assert_eq!(
            added("北防波堤为何加长_港口新闻", "北防波堤为何加长"),
            Some(AddedText::DashOrColon)
        );
        assert_eq!(added("Python | Harbour News", "Python"), None);
    }

    #[test]
    fn finds_the_halves_of_a_doubled_title() {
        let halves = |text: &str| {
            find_doubled(text)
                .map(|doubled| (text[..doubled.end_of_first].to_owned(), doubled.is_glued))
        };
        assert_eq!(
            halves("The mole was longThe mole was long"),
            Some(("The mole was long".into(), true))
        );
        assert_eq!(
            halves("The mole was long – The Mole Was Long"),
            Some(("The mole was long".into(), false))
        );
        assert_eq!(
            halves("北防波堤为何加长北防波堤为何加长"),
            Some(("北防波堤为何加长".into(), true))
        );
        assert_eq!(halves("New York, New York"), None);
        assert_eq!(halves("哈哈哈哈哈哈哈哈哈哈"), None);
        assert_eq!(halves("kupu-kupu"), None);
        assert_eq!(halves("The event log (the event log)"), None);
    }
}
