//! The counts of a run, and the summary line made of them.

use dechaff_findings::{Applicability, Finding};

/// The counts of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Documents checked.
    pub documents: usize,
    /// Size of the texts checked, in bytes. [`Summary::add`] does not know it.
    pub bytes: u64,
    /// Documents with at least one finding.
    pub documents_with_findings: usize,
    /// Findings.
    pub findings: usize,
    /// Whether there are more findings than are listed and counted.
    pub is_partial: bool,
    /// Findings with a safe fix.
    pub safe_fixes: usize,
    /// Findings with an unsafe fix.
    pub unsafe_fixes: usize,
    /// Files skipped because they are not text.
    pub skipped: usize,
    /// Findings in the baseline, not counted in the other fields.
    pub suppressed_by_baseline: usize,
    /// Findings fixed before the remaining ones were counted.
    pub fixed: usize,
    /// Highest applicability of the fixes applied, in a run with `--fix`.
    pub applied: Option<Applicability>,
    /// Documents with applied fixes.
    pub fixed_documents: usize,
    /// Documents with applied fixes that are records of a file.
    pub fixed_records: usize,
    /// Documents checked that are records of a file.
    pub records: usize,
    /// Documents left out of copies because of their verdict.
    pub dropped: usize,
    /// Records that could not be read.
    pub unreadable_records: u64,
    /// Records skipped because this build does not read them.
    pub skipped_records: u64,
    /// Files skipped because their records have no text field.
    pub files_without_text_field: usize,
    /// Files that could not be read.
    pub unreadable_files: usize,
    /// Why no document was checked, if that is expected.
    pub none_checked_reason: Option<String>,
}

impl Summary {
    /// Creates a summary with the counts of a fix pass, before the remaining findings are counted.
    pub fn from_fixes(fixing: &Self) -> Self {
        let Self { fixed, fixed_documents, fixed_records, applied, dropped, .. } = *fixing;
        Self { fixed, fixed_documents, fixed_records, applied, dropped, ..Self::default() }
    }

    /// Counts a document and its findings.
    pub fn add(&mut self, findings: &[Finding]) {
        self.documents += 1;
        self.documents_with_findings += usize::from(!findings.is_empty());
        self.findings += findings.len();
        self.is_partial |= findings.iter().any(|finding| finding.unlisted > 0);
        let count_fixes = |applicability: Applicability| {
            findings
                .iter()
                .filter(|finding| {
                    finding.fix.as_ref().is_some_and(|fix| fix.applicability == applicability)
                })
                .count()
        };
        self.safe_fixes += count_fixes(Applicability::Safe);
        self.unsafe_fixes += count_fixes(Applicability::Unsafe);
    }

    /// Formats the summary as one line.
    pub fn line(&self) -> String {
        let noun = self.noun();
        let fixed = count(self.fixed, "finding");
        if self.documents == 0 && self.fixed == 0 {
            let reason = self.none_checked_reason.iter().map(|reason| format!(": {reason}"));
            return format!("no files checked{}{}", reason.collect::<String>(), self.not_checked());
        }
        if self.documents == 0 {
            let noun = if self.fixed_records > 0 { "record" } else { "file" };
            let documents = count(self.fixed_documents, noun);
            return format!(
                "{fixed} fixed in {documents}; nothing checked after that{}",
                self.not_checked()
            );
        }
        let mut line = format!("{} checked: ", count(self.documents, noun));
        if self.fixed > 0 {
            line.push_str(&format!("{fixed} fixed in {}; ", count(self.fixed_documents, noun)));
        }
        match self.findings {
            0 if self.fixed > 0 => line.push_str("nothing remains"),
            0 => line.push_str("no findings"),
            findings => {
                let documents = count(self.documents_with_findings, noun);
                let bound = if self.is_partial { "at least " } else { "" };
                line.push_str(&format!("{bound}{} in {documents}", count(findings, "finding")));
                line.push_str(&self.fixable());
            }
        }
        if self.suppressed_by_baseline > 0 {
            let known = count(self.suppressed_by_baseline, "known finding");
            line.push_str(&format!("; {known} left out"));
        }
        line + &self.not_checked()
    }

    /// Describes in parentheses what could still be fixed.
    fn fixable(&self) -> String {
        let (safe, others) = (self.safe_fixes, self.unsafe_fixes);
        // After a fix pass, the remaining fixable findings are in documents that were not fixed.
        match self.applied {
            Some(Applicability::Unsafe) if safe + others > 0 => {
                format!(" ({} fixable, but not fixed)", safe + others)
            }
            Some(Applicability::Safe) if safe > 0 && others > 0 => {
                format!(" ({safe} fixable, but not fixed; {others} more with --unsafe-fixes)")
            }
            Some(Applicability::Safe) if safe > 0 => format!(" ({safe} fixable, but not fixed)"),
            _ if safe > 0 && others > 0 => {
                format!(" ({safe} fixable with --fix, {others} more with --unsafe-fixes)")
            }
            _ if safe > 0 => format!(" ({safe} fixable with --fix)"),
            _ if others > 0 => format!(" ({others} fixable with --unsafe-fixes)"),
            _ => String::new(),
        }
    }

    /// Lists what was skipped or could not be read.
    fn not_checked(&self) -> String {
        let number = |records: u64| usize::try_from(records).unwrap_or(usize::MAX);
        let parts = [
            (self.dropped, "document", "left out by verdict"),
            (self.skipped, "file", "skipped: not text"),
            (number(self.skipped_records), "record", "skipped"),
            (self.files_without_text_field, "file", "skipped: no text field"),
            (self.unreadable_files, "file", "could not be read"),
            (number(self.unreadable_records), "record", "could not be read"),
        ];
        let parts = parts.into_iter().filter(|(number, ..)| *number > 0);
        parts.map(|(number, noun, what)| format!("; {} {what}", count(number, noun))).collect()
    }

    /// Returns the noun for the documents: "file", "record", or "document" for a mix of both.
    pub fn noun(&self) -> &'static str {
        match self.records {
            0 => "file",
            records if records == self.documents => "record",
            _ => "document",
        }
    }
}

/// Formats a count, such as "1 file" or "2 files".
pub fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
