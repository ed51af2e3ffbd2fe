//! `--compared`: checks a share of the documents that were compared in steps.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, ensure};
use clap::Args;

use super::context::{CheckContext, Inputs};
use super::reading_arguments::location;
use crate::corpus::work::{ComparedDocuments, FileShares, Share, WorkFolder, WorkManifest};
use crate::text::PathName;

/// Arguments for a run after a comparison in steps.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct ComparedArguments {
    /// Report the duplicates found by `dechaff compare` instead of comparing the documents
    ///
    /// The work folder must have been made with the same paths and settings.
    #[arg(
        long = "compared",
        id = "compared",
        value_name = "WORK",
        value_parser = location(),
        help_heading = "Corpora",
        conflicts_with_all = ["against", "since", "plan", "drop_verdict"]
    )]
    pub(super) work: Option<PathBuf>,

    /// Check share K of N of the documents
    #[arg(long, value_name = "K/N", requires = "compared", help_heading = "Corpora")]
    pub(super) partition: Option<Share>,
}

/// The share of a run.
pub(super) struct ComparedRun {
    documents: Arc<ComparedDocuments>,
    /// The files of the share.
    pub(super) files: Arc<HashSet<PathBuf>>,
}

impl ComparedRun {
    /// Opens the findings of a share of the documents.
    ///
    /// # Errors
    ///
    /// The comparison is not done, or it was made of other files or with other settings.
    pub(super) fn open(
        context: &CheckContext<'_>,
        inputs: &Inputs,
    ) -> anyhow::Result<Option<Self>> {
        let arguments = context.arguments;
        let ComparedArguments { work, partition } = &arguments.compared;
        let Some(work) = work else { return Ok(None) };
        let linter = &context.settings.linter;
        let files = context.files(inputs)?.collect::<Result<Vec<_>, _>>()?;
        let files = FileShares::new(files)?;
        let folder = WorkFolder::open(work)?;
        let shares = folder.manifest().shares;
        let manifest = WorkManifest::of_files(linter, &context.read_options, &files, shares)?;
        folder.require(&manifest)?;
        let share = partition.unwrap_or(Share { number: 1, count: 1 });
        let fixes_in_place = arguments.fix || arguments.fix_only;
        ensure!(
            share.count == 1 || !fixes_in_place || arguments.output_dir.is_some() || arguments.diff,
            "--fix would change files that the other shares were compared with; write copies with \
             --output-dir DIR"
        );
        let documents = ComparedDocuments::open(&folder, files.bounds(share))
            .with_context(|| format!("--compared {}", work.name()))?;
        let (own, _) = files.share(share);
        let own = own.into_iter().map(|file| file.path).collect();
        Ok(Some(Self { documents: Arc::new(documents), files: Arc::new(own) }))
    }

    /// Returns the documents.
    pub(super) fn documents(&self) -> Arc<ComparedDocuments> {
        Arc::clone(&self.documents)
    }
}
