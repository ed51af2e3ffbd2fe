//! Dolma attributes.

use std::fs::{self, File};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::{dechaff, documents, gzip, record_line, stderr, texts_of};

#[test]
fn dolma_mixer_accepts_the_attributes() {
    // The path of a Python interpreter with the package `dolma`.
    let Ok(python) = std::env::var("DOLMA_PYTHON") else {
        eprintln!("skipped: DOLMA_PYTHON does not name a Python with the package dolma");
        return;
    };
    let folder = TempDir::new().unwrap();
    let texts: Vec<String> = documents().into_iter().filter(|text| !text.is_empty()).collect();
    let lines: Vec<String> =
        texts.iter().enumerate().map(|(index, text)| record_line(index, text)).collect();
    let path = folder.path().join("documents/en/a.json.gz");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, gzip(&lines.concat())).unwrap();
    let arguments =
        ["check", "documents", "--output-format", "dolma", "--output-dir", ".", "--ignore", "ND"];
    let output = dechaff(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(folder.path().join("attributes/dechaff/en/a.json.gz").exists());
    let mixed =
        Command::new(python).arg("scripts/dolma_mix.py").arg(folder.path()).output().unwrap();
    assert!(mixed.status.success(), "{}", stderr(&mixed));

    // The mixer removes what one round of safe fixes removes.
    let mut unpacked = String::new();
    let mut decoder = flate2::read::MultiGzDecoder::new(
        File::open(folder.path().join("mixed/mixed-0000.json.gz")).unwrap(),
    );
    std::io::Read::read_to_string(&mut decoder, &mut unpacked).unwrap();
    let mixed = texts_of(&unpacked);
    assert_eq!(mixed.len(), texts.len());
    assert_ne!(mixed, texts);
    let mut found: Vec<Vec<(usize, usize)>> = vec![Vec::new(); texts.len()];
    let arguments = ["check", "documents", "--output-format", "json-lines", "--ignore", "ND"];
    let output = dechaff(folder.path(), &arguments);
    for finding in String::from_utf8(output.stdout).unwrap().lines() {
        let finding: Value = serde_json::from_str(finding).unwrap();
        let edits = finding["fix"]["edits"].as_array().cloned().unwrap_or_default();
        if finding["fix"]["applicability"] == "safe"
            && edits.iter().all(|edit| edit["content"] == "")
        {
            let index = finding["record"]["index"].as_u64().unwrap() as usize - 1;
            let place = |edit: &Value, name: &str| edit[name].as_u64().unwrap() as usize;
            found[index]
                .extend(edits.iter().map(|edit| (place(edit, "start"), place(edit, "end"))));
        }
    }
    for ((text, mixed), spans) in texts.iter().zip(&mixed).zip(&found) {
        let is_kept = |at: usize| !spans.iter().any(|(start, end)| (*start..*end).contains(&at));
        let expected: String = text
            .char_indices()
            .filter(|(at, _)| is_kept(*at))
            .map(|(_, character)| character)
            .collect();
        assert_eq!(*mixed, expected);
    }
}
