//! Any text is checked, compared with itself, reported and fixed without a panic, and fixing comes to rest.
//!
//! `cargo +nightly fuzz run documents -- -max_len=4096`, in this folder or the one above.

#![no_main]

use std::sync::{Arc, LazyLock};

use dechaff::engine::Linter;
use dechaff::finding::Applicability;
use dechaff::fix::Fixing;
use dechaff::report::{Full, Json, Report, Summary};
use dechaff::rule::Registry;
use dechaff::text::{Document, Origin, Texts};
use libfuzzer_sys::fuzz_target;

static LINTER: LazyLock<Linter> =
    LazyLock::new(|| Linter::of(Registry::embedded().expect("the rules parse").rules()).expect("the rules compile"));

struct One(Arc<str>);

impl Texts for One {
    fn text(&self, _: &Origin) -> Option<Arc<str>> {
        Some(Arc::clone(&self.0))
    }
}

fuzz_target!(|text: &str| {
    let texts = One(Arc::from(text));
    for name in ["page.txt", "page.md"] {
        let document = Document::parse(Arc::new(Origin::file(name)), text);
        let compared = LINTER.compare([LINTER.sketch(&document)], &texts).expect("memory does not fail");
        let findings = LINTER.findings(&document, compared);
        for finding in &findings {
            assert!(text.get(finding.span.range()).is_some());
        }
        let mut output = String::new();
        let mut summary = Summary::default();
        summary.add(&findings);
        let reports: [&mut dyn Report; 2] = [&mut Full::new(80, false), &mut Json::default()];
        for report in reports {
            report.document(&document, &findings, &texts, &mut output);
            report.finish(&summary, &mut output);
        }
        let mut fixing = Fixing::of(&document);
        if fixing.settle(&LINTER, Applicability::Unsafe).is_ok() {
            let fixed = fixing.finish();
            let again = Document::parse(Arc::new(Origin::file(name)), &fixed.text);
            let mut second = Fixing::of(&again);
            if second.settle(&LINTER, Applicability::Unsafe).is_ok() {
                assert_eq!(second.finish().text, fixed.text);
            }
        }
    }
});
