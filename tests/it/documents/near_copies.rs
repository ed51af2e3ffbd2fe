//! Of near copies of a document, one stays.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use super::{NOISE, article, dechaff, prose, rows, verdicts, write_records};

/// Replaces every `step`th word.
fn edited(text: &str, step: usize) -> String {
    let words = text.split(' ').enumerate();
    let edit = |(number, word): (usize, &str)| {
        if number % step == step - 1 { "elsewhere".into() } else { word.to_owned() }
    };
    words.map(edit).collect::<Vec<_>>().join(" ")
}

#[test]
fn of_near_copies_the_configured_one_stays() {
    let folder = TempDir::new().unwrap();
    let text = article("a") + "\n" + &article("a2") + "\n" + &article("a3");
    let long =
        format!("{}\n{}", edited(&text, 200), "One more line, with some words of its own.\n");
    let labels = "Home\n\nShop\n\nBlog\n\nAbout us\n\nContact\n\nImprint\n";
    let texts = [
        ("labels", format!("{labels}\n{text}\n{labels}")),
        ("plain", text.clone()),
        ("long", format!("{long}\n{labels}\n{labels}")),
        ("other", article("b")),
        ("half", format!("{}\n\n{}\n\n{}\n", prose("a 0"), prose("c"), prose("d"))),
    ];
    write_records(folder.path(), &texts);
    for (keep, staying) in [("first", "labels"), ("longest", "long"), ("cleanest", "plain")] {
        let setting = format!("rule.ND008.keep = \"{keep}\"");
        dechaff(
            folder.path(),
            &["check", "a.jsonl", "-q", "--documents", "rows.jsonl", "--config", &setting],
        );
        let rows = rows(&folder.path().join("rows.jsonl"));
        for id in ["labels", "plain", "long"] {
            let is_dropped = rows[id]["verdict"] == "drop";
            assert_eq!(is_dropped, id != staying, "{keep}: {:#}", rows[id]);
            if is_dropped {
                assert_eq!(rows[id]["nearest_record_id"], staying);
                assert_eq!(rows[id]["threshold"], "ND008");
                let reason = rows[id]["reason"].as_str().unwrap();
                assert!(
                    reason.starts_with("it is a near copy of a.jsonl: record ")
                        && reason.contains(" % alike"),
                    "{reason}"
                );
            }
        }
        assert_ne!(rows["other"]["verdict"], "drop");
        assert_ne!(rows["half"]["verdict"], "drop");
    }
    // Without the rules for duplicates, no document counts as a copy.
    dechaff(
        folder.path(),
        &["check", "a.jsonl", "-q", "--documents", "rows.jsonl", "--ignore", "ND"],
    );
    assert!(verdicts(&folder.path().join("rows.jsonl")).values().all(|verdict| verdict != "drop"));
    // Without verdicts, the rule is opt-in.
    let output = dechaff(folder.path(), &["check", "a.jsonl", "--output-format", "concise"]);
    assert!(!String::from_utf8(output.stdout).unwrap().contains("ND008"));
}

/// The second is a near copy of the first, and the third one of the second but not of the first.
#[test]
fn copies_of_copies_do_not_drift() {
    let folder = TempDir::new().unwrap();
    let first = article("a") + &article("b");
    let words: Vec<&str> = first.split(' ').collect();
    let with_end = |from: usize| {
        let end = (0..words.len() - from).map(|number| format!("word{number}"));
        words[..from].iter().map(|word| (*word).to_owned()).chain(end).collect::<Vec<_>>().join(" ")
    };
    let texts = [
        ("1", first.clone()),
        ("2", with_end(words.len() * 91 / 100)),
        ("3", with_end(words.len() * 82 / 100)),
    ];
    write_records(folder.path(), &texts);
    dechaff(folder.path(), &["check", "a.jsonl", "-q", "--documents", "rows.jsonl"]);
    let rows = rows(&folder.path().join("rows.jsonl"));
    let dropped: Vec<&str> =
        ["1", "2", "3"].into_iter().filter(|id| rows[*id]["verdict"] == "drop").collect();
    assert_eq!(dropped, ["2"], "{rows:#?}");
}

/// A large corpus of copies, with documents in between that are all noise.
#[test]
fn no_copy_of_a_document_is_left() {
    let folder = TempDir::new().unwrap();
    let mut texts: Vec<(String, String, bool)> = Vec::new();
    for number in 0..60 {
        let text = article(&format!("planted {number}"));
        texts.push((format!("original-{number:02}"), text.clone(), false));
        texts.push((format!("exact-{number:02}"), text.clone(), true));
        texts.push((format!("near-{number:02}"), edited(&text, 60 + number), true));
        texts.push((
            format!("noise-{number:02}"),
            format!("{NOISE}\nAdvertisement\n\nShare on page {number}\n"),
            true,
        ));
        texts.push((
            format!("half-{number:02}"),
            prose(&format!("planted {number} 0")) + "\n\n" + &article(&text),
            false,
        ));
    }
    let records: Vec<(&str, String)> =
        texts.iter().map(|(id, text, _)| (id.as_str(), text.clone())).collect();
    write_records(folder.path(), &records);
    let run = [
        "check",
        "a.jsonl",
        "-q",
        "--output-dir",
        "clean",
        "--drop-verdict",
        "drop",
        "--documents",
        "rows.jsonl",
    ];
    dechaff(folder.path(), &run);
    let rows = rows(&folder.path().join("rows.jsonl"));
    let wrong: Vec<&String> = texts
        .iter()
        .filter(|(id, _, drop)| (rows[id]["verdict"] == "drop") != *drop)
        .map(|(id, ..)| id)
        .collect();
    assert!(wrong.len() * 50 <= texts.len(), "{} of {}: {wrong:?}", wrong.len(), texts.len());
    let copy = fs::read_to_string(folder.path().join("clean/a.jsonl")).unwrap();
    let left: Vec<Value> = copy.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let distinct: std::collections::HashSet<&str> =
        left.iter().map(|record| record["text"].as_str().unwrap()).collect();
    assert_eq!(distinct.len(), left.len(), "an exact copy is left");
    assert!(left.iter().all(|record| !record["id"].as_str().unwrap().starts_with("exact")));
}
