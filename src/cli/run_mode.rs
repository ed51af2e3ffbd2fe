//! What a run does: check, fix, or write Dolma attributes.

use std::path::PathBuf;

use anyhow::bail;

use super::arguments::CheckArguments;

/// What a run does.
pub(super) enum RunMode {
    /// Reports findings.
    Check,
    /// Fixes documents, then reports what remains.
    Fix(FixOptions),
    /// Writes attributes for Dolma's mixer below a directory.
    Dolma(PathBuf),
}

/// How documents are fixed.
#[derive(Debug, Clone, Copy)]
pub(super) struct FixOptions {
    pub(super) destination: Destination,
    /// Leaves out records that are blank after fixing.
    pub(super) drop_empty: bool,
    /// Stores dropped records in the undo log.
    pub(super) keep_dropped: bool,
}

/// Where fixed documents go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Destination {
    /// Into the original file, or onto standard output.
    InPlace,
    /// Into a copy in the output directory.
    Copy,
    /// Nowhere; the diff is printed.
    Diff,
}

impl RunMode {
    /// Determines the mode from `arguments`. `stdin` is the number of times that `-` is among the
    /// paths.
    ///
    /// # Errors
    ///
    /// The arguments contradict each other.
    pub(super) fn from_args(arguments: &CheckArguments, stdin: usize) -> anyhow::Result<Self> {
        if arguments.reports.has_dolma() {
            return Self::dolma(arguments);
        }
        let fixes = arguments.fix || arguments.fix_only;
        let destination = match &arguments.output_dir {
            _ if arguments.diff => Destination::Diff,
            Some(_) => Destination::Copy,
            None if fixes => Destination::InPlace,
            None if arguments.unsafe_fixes
                || arguments.undo_log.is_some()
                || arguments.plan.is_some() =>
            {
                let flag = match arguments {
                    CheckArguments { undo_log: Some(_), .. } => "--undo-log",
                    CheckArguments { plan: Some(_), .. } => "--plan",
                    _ => "--unsafe-fixes",
                };
                bail!(
                    "{flag} has no effect without --fix, --fix-only or --output-dir (--diff shows what would change)"
                )
            }
            None => return Ok(Self::Check),
        };
        let has_files = arguments.output_dir.is_some()
            || arguments.undo_log.is_some()
            || stdin < arguments.paths.len();
        if arguments.keep_dropped && !arguments.drop_empty && arguments.drop_verdict.is_empty() {
            bail!("--keep-dropped has no effect without --drop-empty or --drop-verdict");
        }
        if stdin > 0 && has_files {
            bail!(
                "`-` is fixed onto standard output: pass it alone, without --output-dir and --undo-log"
            );
        }
        if stdin > 0 && arguments.plan.is_some() {
            bail!("--plan only fixes files; remove `-`");
        }
        Ok(Self::Fix(FixOptions {
            destination,
            drop_empty: arguments.drop_empty,
            keep_dropped: arguments.keep_dropped,
        }))
    }

    fn dolma(arguments: &CheckArguments) -> anyhow::Result<Self> {
        let Some(directory) = &arguments.output_dir else {
            bail!("--output-format dolma needs --output-dir for the attribute files")
        };
        let fixes = arguments.fix || arguments.fix_only || arguments.diff || arguments.unsafe_fixes;
        let fixes = fixes || !arguments.drop_verdict.is_empty();
        if fixes || arguments.undo_log.is_some() {
            bail!(
                "--output-format dolma cannot be combined with fixing; remove --fix, --diff and similar options"
            );
        }
        Ok(Self::Dolma(directory.clone()))
    }
}
