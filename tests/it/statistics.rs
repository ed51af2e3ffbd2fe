//! `--statistics`: the same counts in every format.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

fn statistics(folder: &Path, format: &str) -> String {
    let flag = format!("--statistics={format}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_dechaff"));
    let arguments = ["check", "a.jsonl", "--group-by", "url", &flag];
    let output = command.current_dir(folder).args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn corpus() -> TempDir {
    let folder = TempDir::new().unwrap();
    let texts = [
        ("1", "https://a.example/1", "One two three four five six seven.\n\nLeave a Comment\n"),
        ("2", "https://www.a.example/2", "Nothing is wrong with this text at all.\n"),
        ("\u{202e},\"|<b>", "https://b.example/", "Leave a Comment\n\nRelated Posts\n"),
    ];
    let record = |(id, url, text): (&str, &str, &str)| {
        serde_json::json!({"id": id, "url": url, "text": text}).to_string() + "\n"
    };
    fs::write(folder.path().join("a.jsonl"), texts.map(record).concat()).unwrap();
    folder
}

#[test]
fn json_has_all_counts() {
    let folder = corpus();
    let counts: Value = serde_json::from_str(&statistics(folder.path(), "json")).unwrap();
    assert_eq!(counts["schema_version"], 1);
    let total = &counts["total"];
    let figures = ["documents", "documents_with_findings", "findings", "words", "removed_words"]
        .map(|key| &total[key]);
    // Three of ten words go from the first document, and all five from the last.
    assert_eq!(figures.map(|figure| figure.as_u64().unwrap()), [3, 2, 3, 23, 8]);
    let rule =
        counts["rules"].as_array().unwrap().iter().find(|rule| rule["code"] == "BP001").unwrap();
    assert_eq!(
        (&rule["documents"], &rule["findings"], &rule["bytes"]),
        (&2.into(), &2.into(), &30.into())
    );
    let sites = counts["sites"].as_array().unwrap();
    let of_sites: Vec<_> =
        sites.iter().map(|site| (site["site"].as_str().unwrap(), &site["documents"])).collect();
    assert_eq!(of_sites, [("a.example", &2.into()), ("b.example", &1.into())]);
    let kinds: u64 = counts["page_kinds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|kind| kind["documents"].as_u64().unwrap())
        .sum();
    assert_eq!(kinds, 3);
    let worst = counts["documents"].as_array().unwrap();
    assert_eq!(worst.len(), 2);
    assert!(worst[0]["document"].as_str().unwrap().contains("record 3"), "{worst:?}");
    let filled: Vec<&Value> = counts["removed_share"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|bin| bin["documents"] != 0)
        .collect();
    assert_eq!(filled.len(), 2);
    assert_eq!((&filled[0]["from"], &filled[0]["to"]), (&0.2.into(), &0.35.into()));
    assert_eq!(filled[1]["to"], 1.0);
}

#[test]
fn csv_and_markdown_escape_any_name() {
    let folder = corpus();
    let csv = statistics(folder.path(), "csv");
    let rows: Vec<&str> = csv.lines().collect();
    let columns = rows[0].split(',').count();
    for row in &rows {
        // The name of the last record has a comma and a quotation mark, and is quoted.
        let outside: String = row.split('"').step_by(2).collect();
        assert_eq!(outside.split(',').count(), columns, "{row}");
    }
    assert!(
        rows.contains(
            &format!("total,,,3,2,3,{}", rows[1].splitn(7, ',').nth(6).unwrap()).as_str()
        ),
        "{csv}"
    );
    assert!(rows.contains(&"removed_share,0.2 to 0.35,,1,,,,,,,,"), "{csv}");
    let markdown = statistics(folder.path(), "markdown");
    assert!(markdown.contains("| BP001 | comment-prompt | 2 | 2 |"), "{markdown}");
    assert!(!markdown.contains("<b>") && !markdown.contains('\u{202e}'), "{markdown}");
    let table = statistics(folder.path(), "table");
    assert!(
        table.contains("kind of page")
            && table.contains("b.example")
            && table.contains("20 to 35 %"),
        "{table}"
    );
    assert!(!table.contains('\u{202e}'));
}

/// A fix that replaces an entity removes no word, and overlapping fixes remove a word once.
#[test]
fn all_reports_agree_on_the_share_removed() {
    let folder = TempDir::new().unwrap();
    let text = "The R&amp;D budget of A&amp;B grew in the year, and the experts came to the co&shy;ast.\n\n\
                Leave a Comment\n\nShare your thoughts with us in the comments below!\n";
    fs::write(folder.path().join("a.txt"), text).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dechaff"));
        let command = command.current_dir(folder.path()).args(["check", "a.txt"]);
        let output = command.args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let counts: Value = serde_json::from_str(&run(&["--statistics=json"])).unwrap();
    let total = |key: &str| counts["total"][key].as_f64().unwrap();
    let share = total("removed_words") / total("words");
    assert_eq!((total("removed_words"), total("safe_removed_words")), (12.0, 12.0));
    let page = run(&["--output-format", "html", "--documents", "rows.jsonl"]);
    let row = fs::read_to_string(folder.path().join("rows.jsonl")).unwrap();
    let row: Value = serde_json::from_str(&row).unwrap();
    for column in ["removed_share", "safe_removed_share"] {
        assert!((row[column].as_f64().unwrap() - share).abs() < 1e-4, "{row}");
    }
    assert!(page.contains("remove 12 words"), "{page}");
    assert!(page.contains(&format!("lose {:.1}\u{a0}% of their words", 100.0 * share)), "{page}");
}
