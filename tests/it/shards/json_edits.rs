//! Edits of JSON strings preserve all other bytes of a line.

use std::fs;
use std::sync::Arc;

use dechaff::corpus::{
    InputFile, OpenedFile, ReadOptions, RecordAction, Rewriter, ShardItem, open,
};
use dechaff::text::Span;
use proptest::prelude::*;
use tempfile::TempDir;

/// Any JSON value, in any formatting.
fn odd_json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("1.50e+03".to_owned()),
        Just("-0".to_owned()),
        Just("123456789012345678901234567890.10".to_owned()),
        Just(r#""\ud800 lone \/ \u0041""#.to_owned()),
        "[a-zé😀 ]{0,8}".prop_map(|text| format!("\"{text}\"")),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3)
                .prop_map(|items| format!("[ {} ]", items.join(" ,\t"))),
            proptest::collection::vec(("[a-z]{1,3}", inner), 0..3).prop_map(|fields| {
                let fields: Vec<String> =
                    fields.iter().map(|(name, value)| format!("\"{name}\" : {value}")).collect();
                format!("{{{}}}", fields.join(","))
            }),
        ]
    })
}

/// A character in one of its JSON escapes, and the character itself.
fn odd_character() -> impl Strategy<Value = (String, String)> {
    prop_oneof![
        "[ -!#-\\[\\]-~é中😀]".prop_map(|text: String| (text.clone(), text)),
        "[a-zé中😀\n\t]".prop_map(|text: String| {
            let units = text.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect();
            (units, text)
        }),
        Just((r"\/".to_owned(), "/".to_owned())),
        Just((r"\n".to_owned(), "\n".to_owned())),
        Just((r#"\""#.to_owned(), "\"".to_owned())),
        Just((r"\\".to_owned(), "\\".to_owned())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn edits_preserve_all_other_bytes(
        fields in proptest::collection::vec(("[a-z]{1,4}", odd_json()), 0..4),
        characters in proptest::collection::vec(odd_character(), 0..30),
        cut in (0.0..1.0, 0.0..1.0),
        inserted in prop_oneof![Just(String::new()), "[a-zü\n\"]{0,4}"],
        end in prop_oneof![Just("\n"), Just("\r\n"), Just("")],
    ) {
        let (from, to): (f64, f64) = cut;
        let (from, to) = (from.min(to), from.max(to));
        let at = |share: f64| (share * characters.len() as f64) as usize;
        let (from, to) = (at(from), at(to));
        let literal = |part: &[(String, String)]| part.iter().map(|(json, _)| json.as_str()).collect::<String>();
        let text = |part: &[(String, String)]| part.iter().map(|(_, text)| text.as_str()).collect::<String>();
        // The key is repeated; the last value wins.
        let others: String = fields.iter().map(|(name, value)| format!("\"{name}\":{value} ,")).collect();
        let (before, after) = (format!("{{ {others}\"text\": 1, \"text\" :"), format!(" , \"tail\" : {{\"text\":\"x\"}}}}{end}"));
        let line = format!("{before}\"{}\"{after}", literal(&characters));

        let folder = TempDir::new().unwrap();
        let (path, target) = (folder.path().join("a.jsonl"), folder.path().join("b.jsonl"));
        fs::write(&path, &line).unwrap();
        let opened = open(&InputFile::new(path, true), &ReadOptions::default(), &Arc::default()).unwrap();
        let OpenedFile::Shard(shard, mut records) = opened else { panic!("no shard") };
        let Some(ShardItem::Record(raw)) = records.next() else { panic!("no record") };
        let (handle, source) = raw.decode();
        let source = source.unwrap().unwrap();
        prop_assert_eq!(&*source.text, &text(&characters));
        let span = Span::new(text(&characters[..from]).len(), text(&characters[..to]).len());
        let fixed = format!("{}{inserted}{}", text(&characters[..from]), text(&characters[to..]));
        let mut rewriter = Rewriter::new(&shard, Some(&target)).unwrap();
        rewriter.write_record(&handle, RecordAction::Edit(&fixed, vec![(span, inserted.as_str())])).unwrap();
        prop_assert!(rewriter.finish(|_| Ok(())).unwrap());

        let written = fs::read_to_string(&target).unwrap();
        let expected = (format!("{before}\"{}", literal(&characters[..from])), format!("{}\"{after}", literal(&characters[to..])));
        prop_assert!(written.starts_with(&expected.0) && written.ends_with(&expected.1), "{} from {}", written, line);
        let middle = &written[expected.0.len()..written.len() - expected.1.len()];
        prop_assert_eq!(serde_json::from_str::<String>(&format!("\"{middle}\"")).unwrap(), inserted);
        prop_assert!(!line.is_ascii() || middle.is_ascii());
    }
}
