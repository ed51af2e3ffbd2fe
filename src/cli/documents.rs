//! Verdicts on documents and their measures: `--documents`, `--drop-verdict` and `--measures`.

use std::path::PathBuf;

use anyhow::bail;

use super::context::CheckContext;
use super::interrupt::is_interrupted;
use super::pipeline::WorkItem;
use crate::check::measure::MeasureValue;
use crate::corpus::{DocumentTable, MeasureTable};
use crate::finding::Finding;
use crate::report::{DocumentJudge, JudgedDocuments, Judgement, Verdict};
use crate::text::{Document, Origin, PathName, path_of};

/// The verdicts on the documents of a run and their measures, if they are requested.
pub(super) struct DocumentTables {
    verdicts: Option<DocumentVerdicts>,
    measures: Option<MeasureTable>,
}

impl DocumentTables {
    /// Creates the tables that the arguments request.
    ///
    /// # Errors
    ///
    /// A table cannot be created.
    pub(super) fn new(context: &CheckContext<'_>) -> anyhow::Result<Self> {
        Ok(Self { verdicts: DocumentVerdicts::new(context)?, measures: measure_table(context)? })
    }

    /// Judges documents without writing a table of verdicts.
    pub(super) fn collect_verdicts(&mut self, context: &CheckContext<'_>) {
        self.verdicts = Some(DocumentVerdicts::without_table(context));
    }

    /// Whether neither verdicts nor measures are requested.
    pub(super) fn is_empty(&self) -> bool {
        self.verdicts.is_none() && self.measures.is_none()
    }

    pub(super) fn has_measures(&self) -> bool {
        self.measures.is_some()
    }

    /// Adds a document. Returns the verdict on it, if documents are judged.
    ///
    /// # Errors
    ///
    /// A table cannot be written.
    pub(super) fn add(
        &mut self,
        item: &WorkItem,
        findings: &[Finding],
        values: Vec<MeasureValue>,
        context: &CheckContext<'_>,
    ) -> anyhow::Result<Option<Judgement>> {
        if let Some(table) = &mut self.measures {
            table.add(&item.source.origin, item.source.text.len(), values)?;
        }
        let judge =
            |verdicts: &mut DocumentVerdicts| verdicts.judge(&item.document(), findings, context);
        self.verdicts.as_mut().map(judge).transpose()
    }

    /// Completes the tables, unless documents are missing from them. Returns the documents to leave
    /// out of copies.
    ///
    /// # Errors
    ///
    /// A table cannot be written.
    pub(super) fn finish(&mut self) -> anyhow::Result<Option<JudgedDocuments>> {
        if let Some(table) = self.measures.take().filter(|_| !is_interrupted()) {
            table.finish()?;
        }
        let verdicts = self.verdicts.take().filter(|_| !is_interrupted());
        verdicts.map(DocumentVerdicts::finish).transpose()
    }
}

/// Creates the table of measures, if `--measures` is given.
///
/// # Errors
///
/// It cannot be created.
fn measure_table(context: &CheckContext<'_>) -> anyhow::Result<Option<MeasureTable>> {
    let arguments = context.arguments;
    let (Some(path), Some(columns)) = (arguments.measures.as_deref(), &context.measures) else {
        return Ok(None);
    };
    let mut others = arguments.documents.iter().map(PathBuf::as_path);
    if others.any(|other| other == path) {
        bail!("{}: --measures and --documents are the same file", path.name());
    }
    if arguments.reports.outputs().any(|report| report == path) {
        bail!("{}: --measures and --output-file are the same file", path.name());
    }
    Ok(Some(MeasureTable::create(path, columns)?))
}

/// Judges the documents of a run in input order and records the verdicts.
struct DocumentVerdicts {
    judge: DocumentJudge,
    table: Option<DocumentTable>,
    /// The verdicts of documents that are left out of copies.
    drop_verdicts: Vec<Verdict>,
    dropped: JudgedDocuments,
}

impl DocumentVerdicts {
    /// Creates a recorder if `arguments` ask for verdicts.
    ///
    /// # Errors
    ///
    /// The table cannot be created.
    fn new(context: &CheckContext<'_>) -> anyhow::Result<Option<Self>> {
        let arguments = context.arguments;
        if !arguments.wants_verdicts() {
            return Ok(None);
        }
        if let Some(path) = arguments.documents.as_deref()
            && arguments.reports.outputs().any(|report| report == path)
        {
            bail!("{}: --documents and --output-file are the same file", path.name());
        }
        let table = arguments.documents.as_deref().map(DocumentTable::create).transpose()?;
        let drop_verdicts =
            arguments.drop_verdict.iter().map(|verdict| verdict.verdict()).collect();
        Ok(Some(Self { table, drop_verdicts, ..Self::without_table(context) }))
    }

    /// Creates a recorder that only returns the verdicts.
    fn without_table(context: &CheckContext<'_>) -> Self {
        Self {
            judge: DocumentJudge::new(context.settings.verdict_thresholds()),
            table: None,
            drop_verdicts: Vec::new(),
            dropped: JudgedDocuments::default(),
        }
    }

    /// Judges a document by all its findings, including those in a baseline. Returns the verdict.
    ///
    /// # Errors
    ///
    /// The table cannot be written.
    fn judge(
        &mut self,
        document: &Document<'_>,
        findings: &[Finding],
        context: &CheckContext<'_>,
    ) -> anyhow::Result<Judgement> {
        let is_reference = |origin: &Origin| {
            context.comparison.against.contains(origin)
                || !context.changed.contains(&path_of(&origin.path))
        };
        let row = self.judge.judge(document, findings, &context.settings.linter, is_reference);
        let judgement = row.decision.clone();
        if self.drop_verdicts.contains(&judgement.verdict) {
            self.dropped.insert(document.origin());
        }
        if let Some(table) = &mut self.table {
            table.add(row)?;
        }
        Ok(judgement)
    }

    /// Completes the table, and returns the documents to leave out of copies.
    ///
    /// # Errors
    ///
    /// The table cannot be written. An existing file is then unchanged.
    fn finish(self) -> anyhow::Result<JudgedDocuments> {
        self.table.map_or(Ok(()), DocumentTable::finish)?;
        Ok(self.dropped)
    }
}
