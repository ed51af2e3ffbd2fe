//! Measures the harm that safe fixes do to clean content, and lists every lost line with the rule
//! that caused it.
//!
//! The task fails if an invariant is broken: no heading with text below it is deleted, no table
//! cell moves, and the clean texts in `tests/clean` do not change.

mod examples;
mod generated;
mod labelled;
mod loss;
mod report;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use dechaff::config::Settings;
use dechaff::finding::Applicability;
use dechaff::fix::{FixResult, FixSession, preserve_last_copy};
use dechaff::linter::Linter;
use dechaff::rule::Registry;
use dechaff::text::{Document, Origin, TextProvider};

/// The result of the measurement.
pub(crate) struct Harm {
    /// The report to print.
    pub(crate) report: String,
    /// Whether a hard invariant is broken.
    pub(crate) is_broken: bool,
}

/// Applies all safe fixes to generated content, and to the labelled pages in `folder`/lines if
/// given.
pub(crate) fn run(folder: Option<&Path>) -> Result<Harm> {
    let registry = Registry::embedded()?;
    let linter = Linter::new(&registry, &Settings::default())?;
    let mut report = String::new();
    if let Some(folder) = folder {
        labelled::measure(&linter, folder, &mut report)?;
    }
    examples::measure(&registry, &mut report)?;
    let is_broken = generated::measure(&linter, &mut report)?;
    let _ = writeln!(
        report,
        "\n{}",
        if is_broken { "BROKEN: a hard invariant does not hold" } else { "all invariants hold" }
    );
    Ok(Harm { report, is_broken })
}

/// Applies the safe fixes to a document until nothing changes, as `--fix` does for a directory with
/// one file.
fn fix_safely(linter: &Linter, path: &str, text: &str) -> Result<FixResult> {
    const MAX_ROUNDS: usize = 20;
    let origin = Arc::new(Origin::file(path));
    let document = Document::parse(origin, text);
    let mut session = FixSession::new(&document);
    session
        .fix_until_stable(linter, Applicability::Safe)
        .map_err(|error| anyhow!("{path}: {error}"))?;
    for _ in 0..MAX_ROUNDS {
        let document = session.document();
        let texts = OneText(Arc::clone(document.origin()), document.text().into());
        let mut compared = linter
            .compare([linter.sketch(&document)], &texts)
            .map_err(|error| anyhow!("{error}"))?;
        preserve_last_copy(&mut compared, Applicability::Safe);
        let compared = linter.visible_matches(&document, compared);
        if session.apply(&compared, Applicability::Safe).is_empty() {
            return Ok(session.finish());
        }
        session
            .fix_until_stable(linter, Applicability::Safe)
            .map_err(|error| anyhow!("{path}: {error}"))?;
    }
    Err(anyhow!("{path}: fixes keep changing the text after {MAX_ROUNDS} rounds"))
}

/// Provides the text of the only document.
struct OneText(Arc<Origin>, Arc<str>);

impl TextProvider for OneText {
    fn text(&self, origin: &Origin) -> Option<Arc<str>> {
        (*self.0 == *origin).then(|| Arc::clone(&self.1))
    }
}
