//! Fixes documents within the limits of a run, and explains why fixes are refused.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::{FixCycle, FixResult, FixSession, removed_share};
use crate::linter::Linter;
use crate::suppress::Suppressions;
use dechaff_findings::{Applicability, Finding};
use dechaff_text::Document;

/// The default for the largest share of its words that a document may lose.
pub const DEFAULT_MAX_REMOVED: f64 = 0.5;

/// Fixes documents according to the settings of a run.
pub struct Fixer {
    /// `Unsafe` applies all fixes, `Safe` only safe ones.
    max_applicability: Applicability,
    /// The largest share of its words that a document may lose, from 0 to 1.
    max_removed: f64,
    unchanged: UnchangedCache,
}

/// Hashes of texts that have no fixes by themselves. Later rounds need not lint them again.
#[derive(Default)]
struct UnchangedCache(Mutex<HashSet<[u8; 32]>>);

/// The result of fixing a document within the limits of a run.
#[derive(Debug, Default)]
pub struct FixOutcome {
    /// The fixed text, if it changed.
    pub fixed: Option<FixResult>,
    /// Why some or all fixes were not applied.
    pub refusal: Option<Refusal>,
}

/// Why fixes of a document are not applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Nothing is fixed.
    All(String),
    /// Only safe fixes are applied.
    Unsafe(String),
}

impl FixOutcome {
    fn refused(reason: impl Into<String>) -> Self {
        Self { fixed: None, refusal: Some(Refusal::All(reason.into())) }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(reason) => write!(formatter, "left alone: {reason}"),
            Self::Unsafe(reason) => {
                write!(formatter, "unsafe fixes were held back, only safe ones applied: {reason}")
            }
        }
    }
}

impl Fixer {
    /// Creates a fixer that applies fixes up to `max_applicability`, and leaves documents unchanged
    /// that would lose more than `max_removed` of their words, a share from 0 to 1.
    pub fn new(max_applicability: Applicability, max_removed: f64) -> Self {
        Self { max_applicability, max_removed, unchanged: UnchangedCache::default() }
    }

    /// Returns the least safe fixes that are applied.
    pub fn max_applicability(&self) -> Applicability {
        self.max_applicability
    }

    /// Whether a finding has a fix that is applied.
    pub fn applies(&self, finding: &Finding) -> bool {
        finding.applicable_fix(self.max_applicability).is_some()
    }

    /// Fixes a document using its own findings, then the matches of each round, which refer to the
    /// text after the earlier rounds. If unsafe fixes are refused, tries only the safe fixes of its
    /// own findings.
    pub fn fix<'f>(
        &self,
        linter: &Linter,
        document: &Document<'_>,
        rounds: impl Iterator<Item = &'f [Finding]>,
    ) -> FixOutcome {
        let outcome = self.fix_up_to(self.max_applicability, linter, document, rounds);
        match outcome.refusal {
            Some(Refusal::All(reason)) if self.max_applicability == Applicability::Unsafe => {
                let safe =
                    self.fix_up_to(Applicability::Safe, linter, document, std::iter::empty());
                FixOutcome { refusal: safe.refusal.or(Some(Refusal::Unsafe(reason))), ..safe }
            }
            _ => outcome,
        }
    }

    /// Fixes a document like [`Self::fix`], with fixes up to an applicability.
    pub fn fix_up_to<'f>(
        &self,
        max: Applicability,
        linter: &Linter,
        document: &Document<'_>,
        rounds: impl Iterator<Item = &'f [Finding]>,
    ) -> FixOutcome {
        if document.decoding().is_some() {
            let is_fixable = linter.check(document).iter().any(|finding| finding.fix.is_some());
            let reason = "not valid UTF-8; writing the file would lose its invalid bytes";
            return if is_fixable { FixOutcome::refused(reason) } else { FixOutcome::default() };
        }
        let mut fixing = FixSession::new(document);
        if let Err(unstable) = self.apply_rounds(max, linter, document, &mut fixing, rounds) {
            return FixOutcome::refused(unstable.to_string());
        }
        if let Some(reason) = self.refusal(document, &fixing.document()) {
            return FixOutcome::refused(reason);
        }
        FixOutcome { fixed: Some(fixing.finish()).filter(FixResult::is_changed), refusal: None }
    }

    fn apply_rounds<'f>(
        &self,
        max: Applicability,
        linter: &Linter,
        original: &Document<'_>,
        fixing: &mut FixSession<'_>,
        rounds: impl Iterator<Item = &'f [Finding]>,
    ) -> Result<(), FixCycle> {
        if !self.unchanged.contains(original) {
            fixing.fix_until_stable(linter, max)?;
            // Each round starts from the original, so only its text is looked up.
            if max == self.max_applicability && fixing.document().text() == original.text() {
                self.unchanged.insert(original);
            }
        }
        for compared in rounds {
            let document = fixing.document();
            // Suppression comments may turn out to be unused.
            if compared.iter().all(|finding| finding.fix.is_none())
                && Suppressions::from_document(&document).is_none()
            {
                continue;
            }
            // The file may have changed since it was compared.
            let mut compared = compared.to_vec();
            compared.retain(|finding| document.text().get(finding.span.range()).is_some());
            let findings = linter.lint(&document, compared);
            if !fixing.apply(&findings, max).is_empty() {
                fixing.fix_until_stable(linter, max)?;
            }
        }
        Ok(())
    }

    /// Returns why the change from `document` to `fixed` is refused, if it is.
    fn refusal(&self, document: &Document<'_>, fixed: &Document<'_>) -> Option<String> {
        let share = removed_share(document.text(), fixed.text());
        (share > self.max_removed).then(|| {
            format!(
                "the fixes would remove {:.0} % of its words; --max-removed allows {:.0} %",
                100.0 * share,
                100.0 * self.max_removed
            )
        })
    }
}

impl UnchangedCache {
    fn contains(&self, document: &Document<'_>) -> bool {
        let texts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        !texts.is_empty() && texts.contains(&Self::key(document))
    }

    fn insert(&self, document: &Document<'_>) {
        let key = Self::key(document);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key);
    }

    /// Hashes the text and its origin, since findings depend on the settings of the directory.
    fn key(document: &Document<'_>) -> [u8; 32] {
        let hash = Sha256::new_with_prefix(document.origin().to_string()).chain_update([0]);
        hash.chain_update(document.text()).finalize().into()
    }
}
