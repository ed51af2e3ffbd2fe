//! Checks and fixes single documents, and columns of documents.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use dechaff::corpus::ResolvedSettings;
use dechaff::duplicates::store;
use dechaff::finding::{Applicability, Finding};
use dechaff::fix::{FixOutcome, FixRounds, Fixer};
use dechaff::linter::Linter;
use dechaff::report::DocumentJudge;
use dechaff::suppress::Suppressions;
use dechaff::text::{Document, Origin, TextProvider, language_code};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3_arrow::{PyChunkedArray, PyRecordBatch};

use crate::columns::{Changes, Column, Columns, FindingTable, FixedTexts, MeasureTable};
use crate::error::{self, Error};
use crate::pool::Threads;
use crate::rows::{FindingRow, FixedRow, MeasureCell, RuleRow};
use crate::settings::State;

/// Maximum size of a document, because comparison stores offsets in 32 bits.
const MAX_BYTES: usize = u32::MAX as usize;

/// The name of a text without a path, as for standard input.
const NO_PATH: &str = "-";

/// Compiled rules.
#[pyclass(frozen, module = "dechaff._dechaff")]
pub(crate) struct Engine {
    /// Only locked while the thread is attached to Python. So is `fork`, so no child process
    /// inherits the lock.
    compiled: Mutex<Compiled>,
    pub(crate) threads: Option<usize>,
    /// The settings as JSON.
    state: String,
}

/// The settings as compiled by one process.
///
/// Rules build tables and fill caches when used. If another thread does so during a `fork`, its
/// locks are never released in the child, which therefore compiles the settings again.
struct Compiled {
    process: u32,
    settings: Arc<ResolvedSettings>,
}

impl Compiled {
    /// Compiles settings while the thread is attached to Python, so that no `fork` can interfere.
    fn new(_attached: Python<'_>, state: &str) -> PyResult<Self> {
        let compile = || serde_json::from_str::<State>(state)?.compile();
        let settings = compile().map_err(|error| error::to_python(&error))?;
        // All linters of a process share some tables.
        settings.linter.warm_up();
        Ok(Self { process: std::process::id(), settings: Arc::new(settings) })
    }
}

/// The fixed texts, a row for each change, and the reasons for refused fixes, by row.
type FixedColumn = (PyChunkedArray, PyRecordBatch, Vec<(usize, String)>);

/// The text of the only document in a comparison.
struct OnlyText<'t>(&'t str);

impl TextProvider for OnlyText<'_> {
    fn text(&self, _: &Origin) -> Option<Arc<str>> {
        Some(Arc::from(self.0))
    }
}

#[pymethods]
impl Engine {
    #[new]
    #[pyo3(signature = (arguments, config, config_file, threads))]
    fn new(
        py: Python<'_>,
        arguments: &str,
        config: Option<&str>,
        config_file: Option<PathBuf>,
        threads: Option<usize>,
    ) -> PyResult<Self> {
        let state = py.detach(|| {
            let state = State::read(arguments, config, config_file.as_deref())?;
            anyhow::Ok(serde_json::to_string(&state)?)
        });
        Self::from_state(py, &state.map_err(|error| error::to_python(&error))?, threads)
    }

    /// Compiles the settings of another engine.
    #[staticmethod]
    #[pyo3(signature = (state, threads))]
    fn from_state(py: Python<'_>, state: &str, threads: Option<usize>) -> PyResult<Self> {
        if threads == Some(0) {
            return Err(PyValueError::new_err("threads must be at least 1"));
        }
        Ok(Self {
            compiled: Mutex::new(Compiled::new(py, state)?),
            threads,
            state: state.to_owned(),
        })
    }

    /// Returns the state of an engine with the same settings that runs only these rules.
    fn select(&self, codes: Vec<String>) -> PyResult<String> {
        let select = || {
            let state = serde_json::from_str::<State>(&self.state)?.selecting(codes)?;
            anyhow::Ok(serde_json::to_string(&state)?)
        };
        select().map_err(|error| error::to_python(&error))
    }

    /// Returns the codes of the rules that it runs and that compare documents.
    fn comparing_rules(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        let settings = self.settings(py)?;
        let rules = settings.settings.rules(&settings.registry);
        let codes = rules.map(|rule| rule.info.code.clone());
        Ok(codes.filter(|code| settings.linter.is_corpus_rule(code)).collect())
    }

    #[getter]
    fn state(&self) -> &str {
        &self.state
    }

    fn rules(&self, py: Python<'_>) -> PyResult<Vec<RuleRow>> {
        let resolved = self.settings(py)?;
        let ResolvedSettings { registry, settings, .. } = resolved.as_ref();
        let row = |rule: &dechaff::rule::Rule| {
            let info = &settings.effective(rule).info;
            let fix = info.fix.map(|fix| settings.applicability(rule).unwrap_or(fix));
            RuleRow::new(rule, info, fix, settings.is_selected(rule))
        };
        Ok(registry.rules().iter().map(row).collect())
    }

    #[pyo3(signature = (text, path))]
    fn check(
        &self,
        py: Python<'_>,
        text: PyBackedStr,
        path: Option<&str>,
    ) -> PyResult<Vec<FindingRow>> {
        let settings = self.settings(py)?;
        let (linter, origin) = document_settings(&settings, path);
        py.detach(|| check(&linter, &origin, &text)).map_err(store_error)
    }

    #[pyo3(signature = (text, path, unsafe_fixes))]
    fn fix(
        &self,
        py: Python<'_>,
        text: PyBackedStr,
        path: Option<&str>,
        unsafe_fixes: Option<bool>,
    ) -> PyResult<FixedRow> {
        let settings = self.settings(py)?;
        let (linter, origin) = document_settings(&settings, path);
        let fixer = fixer(&settings, unsafe_fixes);
        py.detach(|| fix(&linter, &fixer, &origin, &text)).map_err(store_error)
    }

    /// Checks each text by itself. Returns a record batch with a row for each finding.
    #[pyo3(signature = (column, path))]
    fn check_batch(
        &self,
        py: Python<'_>,
        column: Columns,
        path: Option<&str>,
    ) -> PyResult<PyRecordBatch> {
        let settings = self.settings(py)?;
        let (linter, origin) = document_settings(&settings, path);
        let threads = Threads::get(py, self.threads)?;
        let mut table = FindingTable::default();
        for (start, column) in column.numbered() {
            let check = |_: usize, text: &str| check(&linter, &origin, text);
            for_each_row(py, &column, &threads, check, |row, found| {
                found.iter().flatten().for_each(|finding| table.append(start + row, finding));
            })?;
        }
        table.finish()
    }

    /// Judges each text by itself. Returns the rows that `--documents` writes, as JSON, and `None`
    /// for nulls.
    #[pyo3(signature = (column))]
    fn report_batch(&self, py: Python<'_>, column: Columns) -> PyResult<Vec<Option<String>>> {
        let settings = self.settings(py)?;
        let (linter, origin) = document_settings(&settings, None);
        let threads = Threads::get(py, self.threads)?;
        let thresholds = settings.verdict_thresholds();
        let mut rows = Vec::new();
        for (_, column) in column.numbered() {
            let report = |_: usize, text: &str| {
                let (document, findings) = lint(&linter, &origin, text)?;
                let row =
                    DocumentJudge::new(thresholds).judge(&document, &findings, &linter, |_| false);
                Ok(row.json())
            };
            for_each_row(py, &column, &threads, report, |_, row| rows.push(row))?;
        }
        Ok(rows)
    }

    /// Measures a text. Returns pairs of the name of a column and its value.
    #[pyo3(signature = (text, language))]
    fn measure(
        &self,
        py: Python<'_>,
        text: PyBackedStr,
        language: Option<&str>,
    ) -> PyResult<Vec<(String, MeasureCell)>> {
        let columns = self.settings(py)?.measure_columns();
        let language = language.and_then(language_code);
        let values = py.detach(|| columns.measure(&text, language.as_deref()));
        let names = columns.names().into_iter().map(|(name, _)| name);
        Ok(names.zip(values.into_iter().map(MeasureCell::from)).collect())
    }

    /// Measures each text of a column. Returns a record batch with a row for each text.
    #[pyo3(signature = (column, languages))]
    fn measure_batch(
        &self,
        py: Python<'_>,
        column: Columns,
        languages: Option<Vec<Option<String>>>,
    ) -> PyResult<PyRecordBatch> {
        let columns = self.settings(py)?.measure_columns();
        let threads = Threads::get(py, self.threads)?;
        let codes: Option<Vec<Option<String>>> = languages
            .map(|labels| labels.iter().map(|label| language_code(label.as_deref()?)).collect());
        let rows = column.rows();
        if let Some(codes) = codes.as_ref().filter(|codes| codes.len() != rows) {
            let message = format!("{rows} texts, but {} languages", codes.len());
            return Err(PyValueError::new_err(message));
        }
        let mut table = MeasureTable::new(&columns);
        for (start, column) in column.numbered() {
            let measure = |row: usize, text: &str| {
                let code = codes.as_ref().and_then(|codes| codes.get(start + row)?.as_deref());
                Ok(columns.measure(text, code))
            };
            for_each_row(py, &column, &threads, measure, |_, values| table.append(values))?;
        }
        table.finish()
    }

    /// Fixes each text by itself.
    #[pyo3(signature = (column, path, unsafe_fixes))]
    fn fix_batch(
        &self,
        py: Python<'_>,
        column: Columns,
        path: Option<&str>,
        unsafe_fixes: Option<bool>,
    ) -> PyResult<FixedColumn> {
        let settings = self.settings(py)?;
        let (linter, origin) = document_settings(&settings, path);
        let fixer = fixer(&settings, unsafe_fixes);
        let threads = Threads::get(py, self.threads)?;
        let (mut chunks, mut changes, mut refusals) = (Vec::new(), Changes::default(), Vec::new());
        for (start, column) in column.numbered() {
            let mut texts = FixedTexts::new(&column);
            let fix = |_: usize, text: &str| fix(&linter, &fixer, &origin, text);
            for_each_row(py, &column, &threads, fix, |row, fixed| {
                if let Some(fixed) = &fixed {
                    fixed.changes.iter().for_each(|change| changes.append(start + row, change));
                    refusals
                        .extend(fixed.refusal.iter().map(|reason| (start + row, reason.clone())));
                }
                texts.append(column.text(row), fixed.and_then(|fixed| fixed.text));
            })?;
            chunks.push(texts.finish()?);
        }
        let chunks = PyChunkedArray::from_array_refs(chunks)?;
        Ok((chunks, changes.finish()?, refusals))
    }
}

impl Engine {
    /// Returns the settings as compiled by this process.
    pub(crate) fn settings(&self, py: Python<'_>) -> PyResult<Arc<ResolvedSettings>> {
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if compiled.process != std::process::id() {
            let inherited = std::mem::replace(&mut *compiled, Compiled::new(py, &self.state)?);
            // Another thread of the parent process may have been changing it.
            std::mem::forget(inherited);
        }
        Ok(Arc::clone(&compiled.settings))
    }
}

/// Returns the linter and the origin of a document with this path.
fn document_settings(settings: &ResolvedSettings, path: Option<&str>) -> (Linter, Arc<Origin>) {
    let origin = Arc::new(Origin::file(path.unwrap_or(NO_PATH)));
    let absolute = path.and_then(|path| std::path::absolute(path).ok());
    let linter =
        absolute.map_or_else(|| settings.linter.clone(), |path| settings.linter_for(&path));
    (linter, origin)
}

/// Returns the fixer of a call; `None` leaves the choice to the settings.
pub(crate) fn fixer(settings: &ResolvedSettings, unsafe_fixes: Option<bool>) -> Fixer {
    match unsafe_fixes {
        Some(true) => settings.fixer_up_to(Applicability::Unsafe),
        Some(false) => settings.fixer_up_to(Applicability::Safe),
        None => settings.fixer(),
    }
}

pub(crate) fn store_error(error: store::StoreError) -> PyErr {
    Error::new_err(error.message)
}

/// Compares the parts of a document with each other.
fn compare(linter: &Linter, document: &Document<'_>) -> store::Result<Vec<Finding>> {
    if !linter.has_corpus_checks() {
        return Ok(Vec::new());
    }
    linter.compare([linter.sketch(document)], &OnlyText(document.text()))
}

fn check_size(text: &str) -> store::Result<()> {
    if text.len() < MAX_BYTES {
        return Ok(());
    }
    Err(store::StoreError { message: "documents must be smaller than 4 GB".into() })
}

/// Applies `work` to the rows and texts of a column in parallel, and passes each row's result to
/// `visit` in order, `None` for a null. Checks for Ctrl-C regularly.
fn for_each_row<T: Send>(
    py: Python<'_>,
    column: &Column,
    threads: &Threads,
    work: impl Fn(usize, &str) -> store::Result<T> + Send + Sync,
    mut visit: impl FnMut(usize, Option<T>) + Send,
) -> PyResult<()> {
    for rows in column.slices(threads.count()) {
        py.check_signals()?;
        py.detach(|| {
            let rows: Vec<usize> = rows.collect();
            let results =
                threads.map(&rows, |&row| column.text(row).map(|text| work(row, text)).transpose());
            rows.into_iter().zip(results).try_for_each(|(row, result)| {
                visit(row, result?);
                Ok(())
            })
        })
        .map_err(store_error)?;
    }
    Ok(())
}

fn lint<'t>(
    linter: &Linter,
    origin: &Arc<Origin>,
    text: &'t str,
) -> store::Result<(Document<'t>, Vec<Finding>)> {
    check_size(text)?;
    let document = Document::parse(Arc::clone(origin), text);
    let findings = linter.lint(&document, compare(linter, &document)?);
    Ok((document, findings))
}

fn check(linter: &Linter, origin: &Arc<Origin>, text: &str) -> store::Result<Vec<FindingRow>> {
    let (document, findings) = lint(linter, origin, text)?;
    Ok(FindingRow::all(&document, &findings, &OnlyText(text)))
}

/// Fixes a document like the command does with a single one.
fn fix(
    linter: &Linter,
    fixer: &Fixer,
    origin: &Arc<Origin>,
    text: &str,
) -> store::Result<FixedRow> {
    check_size(text)?;
    let document = Document::parse(Arc::clone(origin), text);
    let fix_alone = |rounds: &FixRounds| rounds.fix(fixer, linter, &document);
    let matches_after = |outcome: &FixOutcome| {
        let text = outcome.fixed.as_ref().map_or(text, |fixed| &fixed.text);
        let fixed = Document::parse(Arc::clone(origin), text);
        compare(linter, &fixed).map(|matches| linter.matches_to_fix(&fixed, &matches))
    };
    // Most documents contain no duplicates and no suppression comments that may become unused, so
    // one pass is enough.
    let outcome = fix_alone(&FixRounds::default());
    let matches = if linter.has_corpus_checks() { matches_after(&outcome)? } else { Vec::new() };
    let has_suppressions = Suppressions::from_document(&document).is_some();
    if !has_suppressions && !matches.iter().any(|finding| fixer.applies(finding)) {
        return Ok(FixedRow::new(text, outcome));
    }
    let rounds = FixRounds::run(
        fixer,
        || false,
        |rounds| {
            let outcome = fix_alone(rounds);
            let refusal = rounds.new_refusal(origin, outcome.refusal.clone());
            let matches = matches_after(&outcome)?;
            Ok::<_, store::StoreError>((
                matches,
                refusal.map(|refusal| (Arc::clone(origin), refusal)).into_iter().collect(),
            ))
        },
    )?;
    Ok(FixedRow::new(text, fix_alone(&rounds)))
}
