//! Fixes the text of a document.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::settings_resolver::ResolvedSettings;
use crate::corpus::Source;
use crate::finding::{Applicability, Finding};
use crate::fix::{FixCycle, FixResult, FixSession, removed_share};
use crate::linter::Linter;
use crate::suppress::Suppressions;
use crate::text::Document;

/// Fixes documents as the settings of a run say.
pub(super) struct Fixer {
    /// `Unsafe` applies all fixes, `Safe` only safe ones.
    pub(super) max_applicability: Applicability,
    /// The largest share of its words that a document may lose, from 0 to 1.
    max_removed: f64,
    unchanged: UnchangedCache,
}

/// Hashes of texts without fixes of their own. Later rounds need not lint them again.
#[derive(Default)]
struct UnchangedCache(Mutex<HashSet<[u8; 32]>>);

/// The result of fixing a document.
#[derive(Default)]
pub(super) struct FixOutcome {
    /// The fixed text, if it changed.
    pub(super) fixed: Option<FixResult>,
    /// Why some or all fixes were not applied.
    pub(super) refusal: Option<Refusal>,
}

/// Why fixes of a document are not applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
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
            Self::Unsafe(reason) => write!(formatter, "unsafe fixes were held back, only safe ones applied: {reason}"),
        }
    }
}

impl Fixer {
    /// Creates a fixer with the settings of the run.
    pub(super) fn new(settings: &ResolvedSettings) -> Self {
        const DEFAULT_MAX_REMOVED: f64 = 0.5;
        let is_unsafe = settings.value(|options| options.unsafe_fixes.as_ref()).is_some_and(|(value, _)| *value);
        let max_removed = settings.value(|options| options.max_removed.as_ref());
        Self {
            max_applicability: if is_unsafe { Applicability::Unsafe } else { Applicability::Safe },
            max_removed: max_removed.map_or(DEFAULT_MAX_REMOVED, |(share, _)| *share),
            unchanged: UnchangedCache::default(),
        }
    }

    /// Whether a finding has a fix that is applied.
    pub(super) fn applies(&self, finding: &Finding) -> bool {
        finding.applicable_fix(self.max_applicability).is_some()
    }

    /// Fixes a document by its own findings, then by the matches of each round, which refer to the text after the rounds
    /// before. If unsafe fixes are refused, tries only the safe fixes of its own findings.
    pub(super) fn fix<'f>(
        &self,
        linter: &Linter,
        source: &Source,
        rounds: impl Iterator<Item = &'f [Finding]>,
    ) -> FixOutcome {
        let outcome = self.fix_up_to(self.max_applicability, linter, source, rounds);
        match outcome.refusal {
            Some(Refusal::All(reason)) if self.max_applicability == Applicability::Unsafe => {
                let safe = self.fix_up_to(Applicability::Safe, linter, source, std::iter::empty());
                FixOutcome { refusal: safe.refusal.or(Some(Refusal::Unsafe(reason))), ..safe }
            }
            _ => outcome,
        }
    }

    /// Fixes a document like [`Self::fix`], with fixes up to an applicability.
    pub(super) fn fix_up_to<'f>(
        &self,
        max: Applicability,
        linter: &Linter,
        source: &Source,
        rounds: impl Iterator<Item = &'f [Finding]>,
    ) -> FixOutcome {
        let document = source.document();
        if source.decoding.is_some() {
            let is_fixable = linter.check(&document).iter().any(|finding| finding.fix.is_some());
            let reason = "not valid UTF-8: writing it would lose the bytes that could not be read";
            return if is_fixable { FixOutcome::refused(reason) } else { FixOutcome::default() };
        }
        let mut fixing = FixSession::new(&document);
        if let Err(unstable) = self.apply_rounds(max, linter, &document, &mut fixing, rounds) {
            return FixOutcome::refused(unstable.to_string());
        }
        if let Some(reason) = self.refusal(source, &fixing.document()) {
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
            if compared.iter().all(|finding| finding.fix.is_none()) && Suppressions::from_document(&document).is_none()
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

    /// Returns why the change from `source` to `fixed` is refused, if it is.
    fn refusal(&self, source: &Source, fixed: &Document<'_>) -> Option<String> {
        let share = removed_share(&source.text, fixed.text());
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
