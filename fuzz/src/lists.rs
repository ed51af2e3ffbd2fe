//! Files that dechaff writes and people edit: baselines and ignore lists.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use dechaff::finding::Finding;
use dechaff::suppress::{Baseline, IgnoreEntry, IgnoreList};
use dechaff::text::{Document, Origin};
use dechaff::user_file::UserFile;

use super::input;
use super::shared::{LINTER, REGISTRY, shown};

const PAGE: &str =
    "The talks go on in Muscat next week.\n\nLeave a Comment\n\nShare this:\n\nLeave a Comment\n";

static FINDINGS: LazyLock<Vec<Finding>> =
    LazyLock::new(|| LINTER.check(&Document::parse(Arc::new(Origin::file("page.txt")), PAGE)));

/// The input is the file.
pub fn run(input: &[u8]) {
    let file = UserFile::new("list", input::text(input));
    let known: HashSet<&str> = REGISTRY.infos().map(|rule| rule.code.as_str()).collect();
    if let Some(list) = shown(IgnoreList::parse(&file, &known)) {
        let mut findings = FINDINGS.clone();
        list.filter(PAGE, &mut findings);
        assert!(findings.len() <= FINDINGS.len());
        let _ = list.unused();
    }
    // The length of a name decides whether the file exists.
    let is_there = |path: &str| path.len().is_multiple_of(2);
    if let Some(mut baseline) = shown(Baseline::parse(&file, is_there)) {
        check_written(&mut baseline);
        let mut findings = FINDINGS.clone();
        let known = baseline.filter("page.txt", PAGE, &mut findings);
        assert_eq!(known + findings.len(), FINDINGS.len());
        let (before, stale) = (
            baseline.len(),
            baseline.stale().fold(0, |sum: usize, it| sum.saturating_add(it.count)),
        );
        baseline.prune();
        assert!(
            baseline.len() == before - stale || before == usize::MAX,
            "prune forgets what is stale"
        );
        baseline.record("other.txt", PAGE, &FINDINGS);
        assert!(baseline.len() >= FINDINGS.len());
        check_written(&mut baseline);
    }
}

/// Written files are read back unchanged.
fn check_written(baseline: &mut Baseline) {
    let written = baseline.to_json().expect("names and numbers serialise");
    let file = UserFile::new("baseline.json", written.as_str());
    let mut read = Baseline::parse(&file, |_| true).expect("what was written is read");
    assert_eq!(read.to_json().expect("names and numbers serialise"), written);
    assert_eq!(read.len(), baseline.len());
}

pub fn seeds() -> Vec<Vec<u8>> {
    let mut baseline = Baseline::default();
    baseline.record("page.txt", PAGE, &FINDINGS);
    baseline.record("gone", PAGE, &FINDINGS);
    let entries = FINDINGS.iter().map(|finding| IgnoreEntry {
        rule: finding.rule.code.clone(),
        fingerprint: finding.fingerprint(PAGE),
        remark: "page.txt:3 Leave".into(),
    });
    let list: String = entries.map(|entry| format!("{entry}\n")).collect();
    vec![
        baseline.to_json().unwrap_or_default().into_bytes(),
        format!("# Reviewed\n\n{list}").into_bytes(),
    ]
}
