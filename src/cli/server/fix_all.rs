//! Applies all safe fixes to a document.

use std::sync::Arc;

use super::lint::{Analysis, own_matches};
use super::protocol::LspTextEdit;
use crate::finding::{Applicability, Edit, Finding};
use crate::fix::{FixOutcome, FixRounds};
use crate::linter::Linter;
use crate::text::{Document, Origin, TextProvider};

/// Returns the edits that `check --fix` would make if this were the only document. Copies in other
/// documents may have changed since they were compared, so no text is deleted because of them.
///
/// # Errors
///
/// The reason why the fixes are refused.
pub(super) fn fix_all(analysis: &Analysis) -> Result<Vec<LspTextEdit>, String> {
    let snapshot = &analysis.snapshot;
    let linter = &analysis.settings.linter;
    let fixer = analysis.settings.settings.fixer_up_to(Applicability::Safe);
    let document = snapshot.document();
    let rounds = FixRounds::run(
        &fixer,
        || false,
        |rounds| {
            let FixOutcome { fixed, refusal } = rounds.fix(&fixer, linter, &document);
            let text = fixed.map_or_else(|| snapshot.text.to_string(), |fixed| fixed.text);
            let refusal = rounds.new_refusal(&snapshot.origin, refusal);
            let refused = refusal.map(|refusal| (Arc::clone(&snapshot.origin), refusal));
            let matches = visible_matches(linter, &snapshot.origin, &text);
            Ok::<_, std::convert::Infallible>((matches, refused.into_iter().collect()))
        },
    );
    let Ok(rounds) = rounds;
    let FixOutcome { fixed, refusal } = rounds.fix(&fixer, linter, &document);
    let Some(fixed) = fixed else {
        return refusal.map_or(Ok(Vec::new()), |refusal| Err(refusal.to_string()));
    };
    let edits = fixed
        .changes
        .into_iter()
        .map(|change| text_edit(analysis, &Edit { span: change.span, content: change.content }));
    Ok(edits.collect())
}

/// Returns an edit in the protocol's positions.
pub(super) fn text_edit(analysis: &Analysis, edit: &Edit) -> LspTextEdit {
    LspTextEdit { range: analysis.snapshot.range(edit.span), new_text: edit.content.clone() }
}

fn visible_matches(linter: &Linter, origin: &Arc<Origin>, text: &str) -> Vec<Finding> {
    let document = Document::parse(Arc::clone(origin), text);
    let matches = own_matches(linter, &document, &SingleText { origin, text });
    linter.matches_to_fix(&document, &matches)
}

/// The text of one document.
struct SingleText<'t> {
    origin: &'t Origin,
    text: &'t str,
}

impl TextProvider for SingleText<'_> {
    fn text(&self, origin: &Origin) -> Option<Arc<str>> {
        (origin == self.origin).then(|| self.text.into())
    }
}
