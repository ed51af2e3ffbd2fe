use std::collections::BTreeMap;

use super::*;

fn lists() -> WordLists {
    let own: BTreeMap<String, WordList> = toml::from_str(
        r#"
        write = ["leave", "post"]
        remark = ["comment(s)", "repl{y | ies}"]
        both = ["@write or @remark"]
        circle = ["@circle"]
        month = { en = ["may"], de = ["mai"] }
        "#,
    )
    .unwrap();
    WordLists::new(own, None)
}

fn parse(block: &str, extent: Extent) -> Result<Vec<Phrase>, PhraseError> {
    parse_block(block, &Context { language: "en".into(), extent, lists: &lists() })
}

fn lines(phrase: &str) -> Vec<String> {
    parse(phrase, Extent::Whole)
        .unwrap()
        .iter()
        .flat_map(|phrase| phrase.lines(100).unwrap())
        .collect()
}

fn matches(phrase: &str, extent: Extent, text: &str) -> bool {
    parse(phrase, extent).unwrap().iter().any(|phrase| {
        let regex = phrase.regex();
        let regex = if extent == Extent::Whole {
            format!("^(?-i:{MARKS})(?:{regex})(?-i:{MARKS})$")
        } else {
            regex
        };
        regex_automata::meta::Regex::new(&format!("(?i:{regex})")).unwrap().is_match(text)
    })
}

fn is_line(phrase: &str, text: &str) -> bool {
    matches(phrase, Extent::Whole, text)
}

fn contains(phrase: &str, text: &str) -> bool {
    matches(phrase, Extent::Contains, text)
}

#[test]
fn finite_phrases_expand_to_lines() {
    assert_eq!(lines("[please] leave a comment"), ["leave a comment", "please leave a comment"]);
    assert_eq!(lines("{post | leave} [a | the] Comment(s)").len(), 12);
    assert_eq!(lines("@write @remark").len(), 8);
    assert_eq!(lines("@both").len(), 8);
    assert_eq!(lines("e[-]mail"), ["e-mail", "email"]);
    assert_eq!(lines("linked[ ]in"), ["linked in", "linkedin"]);
    assert_eq!(lines("{发表|添加}[的]{评论}").len(), 4);
    assert_eq!(lines("won’t “stop” now"), ["won't \"stop\" now"]);
    assert_eq!(lines("a | b"), ["a", "b"]);
    assert_eq!(lines("# a comment\n\n  a\n# another\nb"), ["a", "b"]);
    assert_eq!(lines("@month"), ["may"]);
}

#[test]
fn indented_lines_continue_a_phrase() {
    assert_eq!(lines("a {b |\n  c}\n  [d]\ne"), ["a b", "a b d", "a c", "a c d", "e"]);
    assert_eq!(lines("  a\n  b\n    c\n\n    d"), ["a", "b c", "d"]);
    let phrases = parse("# x\na\nb |\n  c d", Extent::Whole).unwrap();
    assert_eq!(phrases.iter().map(|phrase| phrase.line).collect::<Vec<_>>(), [1, 2, 3]);
}

#[test]
fn infinite_phrases_and_outer_punctuation_are_not_expanded() {
    for phrase in
        ["a <word>", "a ...", "a*", "share:", "^a", "a$", "{a|b}{a|b}{a|b}{a|b}{a|b}{a|b}{a|b}"]
    {
        assert_eq!(parse(phrase, Extent::Whole).unwrap()[0].lines(100), None, "{phrase}");
    }
    assert_eq!(parse("a", Extent::Contains).unwrap()[0].lines(100), None);
}

#[test]
fn blanks_disappear_with_missing_words() {
    for (phrase, yes, no) in [
        (
            "a [b] c",
            vec!["a c", "a b c", "A  B\u{A0}c", "* a c!"],
            vec!["ac", "abc", "a  bc", "a b"],
        ),
        ("[a] [b] c", vec!["c", "a c", "b c", "a b c"], vec!["bc", "ab c", "a b"]),
        ("a [b] [c]", vec!["a", "a b", "a c", "a b c"], vec!["ab", "ac", "a bc"]),
        ("a {[b] c}", vec!["a c", "a b c"], vec!["a", "a b"]),
        ("a[ ]c", vec!["a c", "ac", "a  c"], vec!["abc"]),
        ("a[b]c", vec!["ac", "abc"], vec!["a c"]),
        ("a {[b] [c]} d", vec!["a d", "a b d", "a c d", "a b c d"], vec!["ad"]),
    ] {
        for text in yes {
            assert!(is_line(phrase, text), "{phrase}: {text}");
        }
        for text in no {
            assert!(!is_line(phrase, text), "{phrase}: {text}");
        }
    }
}

#[test]
fn gaps_start_and_end_at_word_boundaries() {
    for text in ["share", "share it", "share: it", "Share… now"] {
        assert!(is_line("share ...", text), "{text}");
    }
    assert!(!is_line("share ...", "shared it"));
    assert!(is_line("share...", "shared it"));
    for text in ["a b", "a x, y b", "a — b"] {
        assert!(is_line("a ... b", text), "{text}");
    }
    for text in ["ab", "a", "a xb"] {
        assert!(!is_line("a ... b", text), "{text}");
    }
    assert!(is_line("... b", "x b") && is_line("... b", "b") && !is_line("... b", "xb"));
    assert!(is_line("a ...3", "a xyz") && !is_line("a ...3", "a xyzw"));
    assert!(
        is_line("a ...2-3", "a xy") && !is_line("a ...2-3", "a x") && !is_line("a ...2-3", "a")
    );
    assert!(is_line("a ...2+", "a xyz") && !is_line("a ...2+", "a x"));
    assert!(is_line("a ... [b] c", "a c") && is_line("a ... [b] c", "a x b c"));
}

#[test]
fn slots_match_their_form() {
    for (slot, yes, no) in [
        ("<number>", vec!["5", "1,234", "1.234.567", "٣٤", "12’000"], vec!["a", "1 2"]),
        ("<digits 1-2>", vec!["1", "12"], vec!["123"]),
        ("<digits 2+>", vec!["12", "1234"], vec!["1"]),
        ("<word>", vec!["home", "Überraschung", "don't", "слово"], vec!["two words"]),
        ("<words 2>", vec!["two words", "here, there"], vec!["one", "three of them", "a. b"]),
        ("<words 1-3>", vec!["one", "three of them"], vec!["there are now four"]),
        ("<words 3+>", vec!["three of them", "there are now four"], vec!["two words"]),
        (
            "<name>",
            vec!["Ann Lee", "Ludwig van Beethoven", "J. R. R. Tolkien", "王小明"],
            vec!["the table", "Ann lee"],
        ),
        (
            "<names 2+>",
            vec!["Ann Lee", "Ann Lee and Jo van Tan", "Ann Lee, MD", "Ann/Jo", "Ann & Jo"],
            vec!["Ann", "Ann lee", "the table", "Ann and jo"],
        ),
        ("<text 2-5>", vec!["ab", "a, b", "(a b)"], vec!["a", "a. b", "a? b", "abcdef"]),
        (
            "<date>",
            vec![
                "2024-05-01",
                "1 May 2024",
                "May 1st, 2024",
                "12. März 2021",
                "3 de mayo de 2020",
                "2024年5月1日",
            ],
            vec!["May"],
        ),
        ("<time>", vec!["5:30", "17.45", "5:30 p.m.", "5pm"], vec!["5", "530"]),
        ("<price>", vec!["$5.99", "12 €", "EUR 30", "300 руб."], vec!["12"]),
        ("<url>", vec!["https://a.example/b", "www.shop.example", "shop.example"], vec!["shop"]),
        ("<email>", vec!["me@shop.example"], vec!["shop.example"]),
    ] {
        for text in yes {
            assert!(is_line(&format!("x {slot} y"), &format!("x {text} y")), "{slot}: {text}");
        }
        for text in no {
            assert!(!is_line(&format!("x {slot} y"), &format!("x {text} y")), "{slot}: {text}");
        }
    }
}

#[test]
fn contained_phrases_match_at_word_boundaries() {
    assert!(contains("share", "please share.") && contains("share", "Share"));
    assert!(!contains("share", "shared") && !contains("share", "unshare"));
    assert!(
        contains("комментарий", "ваш комментарий!") && !contains("комментарий", "комментарийный")
    );
    assert!(contains("评论", "发表评论吧"));
    assert!(
        contains("share*", "shared")
            && contains("^share", "— share it")
            && !contains("^share", "to share")
    );
    assert!(contains("share $", "to share.") && !contains("share$", "share it"));
}

#[test]
fn punctuation_of_other_scripts_ends_words() {
    assert!(is_line("মন্তব্য করুন", "মন্তব্য করুন।") && is_line("تبصرہ کریں", "تبصرہ کریں۔"));
    assert!(
        is_line("هل كان مفيدا", "هل كان مفيدا؟") && is_line("حقوق محفوظة ...", "حقوق محفوظة، 2019")
    );
    assert!(contains("{দায়ী নয় | দায়ী নন}", "কর্তৃপক্ষ দায়ী নয়।") && contains("محفوظة", "محفوظة، 2019"));
    assert!(!contains("নয়", "নয়ন"));
}

#[test]
fn special_characters_can_be_escaped() {
    assert!(is_line(r"a \[b\] \{c\} \@d \<e\> f\(s)", "a [b] {c} @d <e> f(s)"));
    assert!(is_line("a (5) b", "a (5) b") && is_line(r"a \* b \...", "a * b ..."));
    assert!(is_line("costs <number> \\$", "costs 5 $"));
}

#[test]
fn errors_have_spans_and_hints() {
    for (phrase, place, message) in [
        ("a [b", 2..3, "`[` is not closed"),
        ("a b]", 3..4, "`]` closes no bracket"),
        ("a {b]", 4..5, "`]` where `}` is expected"),
        ("a {b | }", 6..8, "an empty alternative"),
        ("a []", 3..4, "an empty alternative"),
        ("a | | b", 4..5, "the phrase is empty"),
        ("a <numbr>", 2..9, "`<numbr>` is not a slot"),
        ("a <b", 2..3, "`<` is not closed"),
        ("x\na @writ b", 4..9, "there is no list `@writ`"),
        ("a @circle", 2..9, "in the list `@circle`"),
        ("[a] ...", 0..7, "`[a] ...` matches everything"),
        ("a ...5-2", 2..8, "a gap is at most"),
        ("a \\", 2..3, "nothing follows"),
    ] {
        let error = parse(phrase, Extent::Whole).unwrap_err();
        assert!(error.message.starts_with(message), "{phrase}: {}", error.message);
        assert_eq!(error.span, place, "{phrase}");
        assert!(error.hint.is_some(), "{phrase}");
    }
    let exploding = format!("{} x", "{a|b|c|d|e|f|g|h|i|j|k|l|m|n|o|p} ".repeat(800));
    assert!(parse(&exploding, Extent::Whole).unwrap_err().message.contains("expands too far"));
    assert!(
        parse(&"[a".repeat(50), Extent::Whole)
            .unwrap_err()
            .message
            .contains("brackets within each other")
    );
}

/// `normalize` and the simple case folding of regular expressions agree on each character.
#[test]
fn normalize_folds_case_like_regexes() {
    let mut wrong = Vec::new();
    let has_case = |character: &char| {
        character.is_alphabetic() && (character.is_lowercase() || character.is_uppercase())
    };
    for character in ('\0'..='\u{1FFFF}').filter(has_case) {
        let one = character.to_string();
        let mut class =
            regex_syntax::hir::ClassUnicode::new([regex_syntax::hir::ClassUnicodeRange::new(
                character, character,
            )]);
        class.try_case_fold_simple().unwrap();
        for other in class.iter().flat_map(|range| range.start()..=range.end()) {
            if normalize(&format!("x{one}x")) != normalize(&format!("x{other}x")) {
                wrong.push((character, other));
            }
        }
    }
    assert_eq!(wrong, []);
}

#[test]
fn punctuation_class_and_predicate_agree() {
    let regex = regex_automata::meta::Regex::new(&format!("^{MARKS}$")).unwrap();
    for character in '\0'..='\u{1FFFF}' {
        assert_eq!(
            regex.is_match(character.encode_utf8(&mut [0; 4]) as &str),
            is_mark(character),
            "{character:?}"
        );
    }
}
