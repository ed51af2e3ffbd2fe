//! The language of a text, from a label or identified from the text itself.

/// The maximum number of characters used to identify a language.
const SAMPLE: usize = 4_000;

/// Maps three-letter codes (ISO 639-2 and 639-3) to two-letter codes (ISO 639-1), for the languages
/// that can be identified. Sorted.
#[rustfmt::skip]
const CODES: &[(&str, &str)] = &[
    ("afr", "af"), ("amh", "am"), ("ara", "ar"), ("aze", "az"), ("bel", "be"), ("ben", "bn"),
    ("bul", "bg"), ("cat", "ca"), ("ces", "cs"), ("chi", "zh"), ("cmn", "zh"), ("cym", "cy"),
    ("cze", "cs"), ("dan", "da"), ("deu", "de"), ("dut", "nl"), ("ell", "el"), ("eng", "en"),
    ("epo", "eo"), ("est", "et"), ("fas", "fa"), ("fin", "fi"), ("fra", "fr"), ("fre", "fr"),
    ("ger", "de"), ("gre", "el"), ("guj", "gu"), ("heb", "he"), ("hin", "hi"), ("hrv", "hr"),
    ("hun", "hu"), ("hye", "hy"), ("ind", "id"), ("ita", "it"), ("jav", "jv"), ("jpn", "ja"),
    ("kan", "kn"), ("kat", "ka"), ("khm", "km"), ("kor", "ko"), ("lat", "la"), ("lav", "lv"),
    ("lit", "lt"), ("mal", "ml"), ("mar", "mr"), ("may", "ms"), ("mkd", "mk"), ("msa", "ms"),
    ("mya", "my"), ("nep", "ne"), ("nld", "nl"), ("nob", "nb"), ("nor", "no"), ("ori", "or"),
    ("pan", "pa"), ("per", "fa"), ("pes", "fa"), ("pol", "pl"), ("por", "pt"), ("ron", "ro"),
    ("rum", "ro"), ("rus", "ru"), ("sin", "si"), ("slk", "sk"), ("slo", "sk"), ("slv", "sl"),
    ("sna", "sn"), ("spa", "es"), ("srp", "sr"), ("swe", "sv"), ("tam", "ta"), ("tel", "te"),
    ("tgl", "tl"), ("tha", "th"), ("tuk", "tk"), ("tur", "tr"), ("ukr", "uk"), ("urd", "ur"),
    ("uzb", "uz"), ("vie", "vi"), ("yid", "yi"), ("zho", "zh"), ("zul", "zu"),
];

/// Returns the language code for a label: two letters if there is such a code, otherwise three.
/// Returns `None` if the label is not a code.
///
/// Labels are ISO 639 codes in any case, optionally followed by a script or region, such as `de`,
/// `deu_Latn` and `pt-BR`, or preceded by fastText's `__label__`.
pub fn language_code(label: &str) -> Option<String> {
    let label = label.trim();
    let label = label.strip_prefix("__label__").unwrap_or(label);
    let code = label.split(['_', '-']).next().unwrap_or(label).to_ascii_lowercase();
    let is_code = matches!(code.len(), 2 | 3) && code.bytes().all(|byte| byte.is_ascii_lowercase());
    // Undetermined, multiple, no linguistic content, and values that some tools write.
    let is_none = ["und", "mul", "zxx", "mis", "unk"].contains(&code.as_str());
    (is_code && !is_none).then(|| shortest(&code).to_owned())
}

/// Identifies the language of a text from its first 4,000 characters. Returns a code like
/// [`language_code`], or `None` if the evidence is weak.
pub fn identify_language(text: &str) -> Option<&'static str> {
    let end = text.char_indices().nth(SAMPLE).map_or(text.len(), |(at, _)| at);
    let found = whatlang::detect(&text[..end])?;
    found.is_reliable().then(|| shortest_static(found.lang().code()))
}

fn shortest(code: &str) -> &str {
    let at = CODES.binary_search_by(|(long, _)| (*long).cmp(code));
    at.ok().and_then(|at| CODES.get(at)).map_or(code, |(_, short)| short)
}

fn shortest_static(code: &'static str) -> &'static str {
    shortest(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_name_languages_in_many_ways() {
        for label in ["de", "DE", "deu", "ger", "deu_Latn", "de-AT", "__label__de", " de "] {
            assert_eq!(language_code(label).as_deref(), Some("de"), "{label}");
        }
        assert_eq!(language_code("gsw").as_deref(), Some("gsw"));
        for label in ["", "und", "German", "d", "12", "mul"] {
            assert_eq!(language_code(label), None, "{label}");
        }
        assert!(CODES.is_sorted());
    }

    #[test]
    fn a_language_is_identified_by_a_few_sentences() {
        let text = "Die Fähre zur Insel fährt um sieben Uhr am Morgen ab. Die meisten Leute an Bord \
                    arbeiten im Hafen, und sie kennen einander schon seit vielen Jahren.";
        assert_eq!(identify_language(text), Some("de"));
        assert_eq!(identify_language(""), None);
        assert_eq!(identify_language("12 + 34"), None);
    }
}
