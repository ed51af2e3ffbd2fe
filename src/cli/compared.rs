//! `--compared`: a run over a share of the documents that were compared in steps.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use clap::Args;
use serde_json::json;

use super::against::index_settings;
use super::context::{CheckContext, Inputs};
use crate::corpus::work::{
    ComparedDocuments, FileList, Share, WorkFolder, WorkManifest, split_files,
};
use crate::corpus::{InputFile, ReadOptions};
use crate::linter::Linter;
use crate::text::PathName;

/// Arguments for a run after a comparison in steps.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct ComparedArguments {
    /// Report what a comparison in steps found, instead of comparing the documents
    ///
    /// `dechaff compare` makes the work folder, of the same paths with the same settings.
    #[arg(
        long = "compared",
        id = "compared",
        value_name = "WORK",
        help_heading = "Corpora",
        conflicts_with_all = ["against", "since", "group_by", "plan", "drop_verdict"]
    )]
    pub(super) work: Option<PathBuf>,

    /// Check share K of N of the documents
    #[arg(long, value_name = "K/N", requires = "compared", help_heading = "Corpora")]
    pub(super) partition: Option<Share>,
}

/// The files of a corpus in order of their names, which are split into shares of about the same
/// size.
pub(super) struct FileShares {
    files: Vec<InputFile>,
    sizes: Vec<u64>,
}

impl FileShares {
    /// Sorts files and reads their sizes.
    ///
    /// # Errors
    ///
    /// The size of a file cannot be read.
    pub(super) fn new(mut files: Vec<InputFile>) -> anyhow::Result<Self> {
        files.sort_by(|left, right| left.name.cmp(&right.name));
        files.dedup_by(|next, kept| next.name == kept.name);
        let size = |file: &InputFile| {
            let metadata = file.path.metadata();
            metadata.map(|metadata| metadata.len()).with_context(|| file.name.clone())
        };
        let sizes = files.iter().map(size).collect::<anyhow::Result<_>>()?;
        Ok(Self { files, sizes })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Returns the files of a share, and their size in bytes.
    pub(super) fn share(&self, share: Share) -> (Vec<InputFile>, u64) {
        let range = self.range(share);
        let bytes = self.sizes.get(range.clone()).map_or(0, |sizes| sizes.iter().sum());
        (self.files.get(range).map(<[_]>::to_vec).unwrap_or_default(), bytes)
    }

    /// Returns the name of the first file of a share, and that of the first one after it.
    fn bounds(&self, share: Share) -> (Option<&str>, Option<&str>) {
        let range = self.range(share);
        let name = |at: usize| self.files.get(at).map(|file| file.name.as_str());
        // Without files, the share has no documents.
        let start = name(range.start).or_else(|| self.files.last().map(|_| "\u{10ffff}"));
        (start, name(range.end))
    }

    fn range(&self, share: Share) -> std::ops::Range<usize> {
        let ranges = split_files(&self.sizes, share.count);
        let number = usize::try_from(share.number.saturating_sub(1)).unwrap_or(usize::MAX);
        ranges.get(number).cloned().unwrap_or(0..0)
    }
}

/// Returns the manifest of a comparison of files.
///
/// # Errors
///
/// The rules or options cannot be run in steps.
pub(super) fn manifest(
    linter: &Linter,
    read_options: &ReadOptions,
    files: &FileShares,
    shares: u32,
) -> anyhow::Result<WorkManifest> {
    ensure!(
        linter.staged_checks().next().is_some(),
        "none of the selected rules compares documents; select some, such as `--extend-select ND`"
    );
    if let Some(refusal) = linter.staged_refusal() {
        bail!("the rules cannot be run in steps: {refusal}");
    }
    ensure!(
        read_options.group_by.is_none(),
        "`--group-by`: lines of sites (ND007) are not compared in steps; leave it out, and check each \
         site in one run for them"
    );
    let format = read_options.content.map(|format| format.name);
    let reading = json!({
        "format": format,
        "text-field": read_options.text_field,
        "id-field": read_options.id_field,
        "max-record": read_options.max_record,
    });
    let names = files.files.iter().map(|file| file.name.as_str());
    let list = FileList::new(names.zip(files.sizes.iter().copied()));
    let settings = index_settings(linter)?;
    Ok(WorkManifest::new(settings, reading, list, shares))
}

/// The share of a run.
pub(super) struct ComparedRun {
    documents: Arc<ComparedDocuments>,
    /// The files of the share.
    pub(super) files: Arc<HashSet<PathBuf>>,
}

impl ComparedRun {
    /// Opens what was found in a share of the documents.
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
        let manifest = manifest(linter, &context.read_options, &files, shares)?;
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
