//! Positions in machine-readable formats lead to the bytes of the finding and its fix.

use dechaff::finding::Finding;
use dechaff::report::{RdJson, Sarif};
use dechaff::text::{Document, Span};
use serde_json::Value;

use super::{REGISTRY, linted, print, texts};

/// Converts a line and column to a byte offset. `width` is the number of columns of a character.
fn offset(
    document: &Document<'_>,
    position: (&Value, &Value),
    width: impl Fn(char) -> usize,
) -> usize {
    let (line, column) =
        (position.0.as_u64().unwrap() as usize, position.1.as_u64().unwrap() as usize);
    let start = document.lines()[line - 1].start;
    let mut left = column - 1;
    let skipped = document.text()[start..].chars().take_while(|&character| {
        let is_before = left > 0;
        left = left.saturating_sub(width(character));
        is_before
    });
    start + skipped.map(char::len_utf8).sum::<usize>()
}

/// Applies edits to the text.
fn fixed(text: &str, edits: &[(usize, usize, String)]) -> String {
    let mut result = text.to_owned();
    for (start, end, content) in edits.iter().rev() {
        result.replace_range(start..end, content);
    }
    result
}

fn by_finding(finding: &Finding, text: &str) -> String {
    let edits = finding.fix.iter().flat_map(|fix| &fix.edits);
    fixed(
        text,
        &edits
            .map(|edit| (edit.span.start, edit.span.end, edit.content.clone()))
            .collect::<Vec<_>>(),
    )
}

#[test]
fn sarif_positions_match_byte_offsets() {
    let texts = texts();
    let (all, texts_by_origin) = linted(&texts);
    let log: Value =
        serde_json::from_str(&print(&mut Sarif::new(REGISTRY.rules()), &all, &texts_by_origin))
            .unwrap();
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let expected = all
        .iter()
        .flat_map(|(document, findings)| findings.iter().map(move |finding| (document, finding)));
    let (mut others, mut records) = (0, 0);
    for (result, (document, finding)) in run["results"].as_array().unwrap().iter().zip(expected) {
        let descriptor =
            &run["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().unwrap() as usize];
        assert_eq!(descriptor["id"], *finding.rule.code);
        assert!(descriptor["help"]["markdown"].as_str().unwrap().contains("Found in:"));
        assert_eq!(
            result["partialFingerprints"]["flaggedText/v1"],
            finding.fingerprint(document.text())
        );
        let location = &result["locations"][0];
        if let Some(record) = &finding.origin.record {
            records += 1;
            assert!(
                location["logicalLocations"][0]["name"]
                    .as_str()
                    .unwrap()
                    .starts_with(&format!("record {}", record.index))
            );
            assert!(
                location["physicalLocation"].get("region").is_none()
                    && result.get("fixes").is_none()
            );
            continue;
        }
        let span = |region: &Value| {
            let start = offset(document, (&region["startLine"], &region["startColumn"]), |_| 1);
            let end = offset(document, (&region["endLine"], &region["endColumn"]), |_| 1);
            assert_eq!(region["byteOffset"], start);
            assert_eq!(region["byteLength"], end - start);
            Span::new(start, end)
        };
        let region = &location["physicalLocation"]["region"];
        assert_eq!(span(region), finding.span);
        assert_eq!(region["snippet"]["text"], document.slice(finding.span));
        if finding.fix.is_some() {
            let replacements =
                result["fixes"][0]["artifactChanges"][0]["replacements"].as_array().unwrap().iter();
            let edits = replacements.map(|replacement| {
                let span = span(&replacement["deletedRegion"]);
                (
                    span.start,
                    span.end,
                    replacement["insertedContent"]["text"].as_str().unwrap().to_owned(),
                )
            });
            assert_eq!(
                fixed(document.text(), &edits.collect::<Vec<_>>()),
                by_finding(finding, document.text())
            );
        }
        others += finding.labels.iter().filter(|label| label.origin.is_some()).count();
        assert_eq!(result["relatedLocations"].as_array().map_or(0, Vec::len), finding.labels.len());
    }
    assert!(
        others > 0 && records > 0,
        "the other copy of a duplicate, and a record, are among the findings"
    );
}

#[test]
fn rdjson_columns_are_bytes_and_suggestions_apply_the_fix() {
    let texts = texts();
    let (all, texts_by_origin) = linted(&texts);
    let log: Value =
        serde_json::from_str(&print(&mut RdJson::default(), &all, &texts_by_origin)).unwrap();
    let expected = all
        .iter()
        .flat_map(|(document, findings)| findings.iter().map(move |finding| (document, finding)));
    let mut suggested = 0;
    for (diagnostic, (document, finding)) in
        log["diagnostics"].as_array().unwrap().iter().zip(expected)
    {
        if finding.origin.record.is_some() {
            assert!(
                diagnostic["location"].get("range").is_none()
                    && diagnostic.get("suggestions").is_none()
            );
            assert!(diagnostic["message"].as_str().unwrap().contains("record 1"));
            continue;
        }
        let span = |range: &Value| {
            let to_offset = |position: &Value| {
                offset(document, (&position["line"], &position["column"]), char::len_utf8)
            };
            Span::new(to_offset(&range["start"]), to_offset(&range["end"]))
        };
        assert_eq!(span(&diagnostic["location"]["range"]), finding.span);
        if let Some(suggestion) = diagnostic["suggestions"].get(0) {
            suggested += 1;
            let span = span(&suggestion["range"]);
            let edit = (span.start, span.end, suggestion["text"].as_str().unwrap().to_owned());
            assert_eq!(fixed(document.text(), &[edit]), by_finding(finding, document.text()));
        }
    }
    assert!(suggested > 3);
}
