//! `dechaff check --fix`: what a document becomes, and where it goes.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, bail};
use sha2::{Digest, Sha256};
use similar::TextDiff;

use super::arguments::CheckArguments;
use super::layout::{Layout, relative};
use super::shards::Rewriting;
use super::workspace::Profile;
use crate::corpus::{LogPlace, Original, Source, UndoLog, create, entries, remove_stale_files, replace};
use crate::engine::Linter;
use crate::finding::{Applicability, Finding};
use crate::fix::{FixCycle, FixResult, FixSession, removed_share};
use crate::report::printable;
use crate::suppress::Suppressions;
use crate::text::{Document, PathName};

/// How documents are fixed.
pub(super) struct Plan {
    /// Fixes up to which applicability are applied.
    pub(super) most: Applicability,
    max_removed: f64,
    rested: Rested,
}

/// Texts that their own fixes leave as they are, so that comparing them once more need not check them once more.
#[derive(Default)]
struct Rested(Mutex<HashSet<[u8; 32]>>);

/// What is done with fixed documents.
pub(super) struct Delivery {
    pub(super) destination: Destination,
    pub(super) layout: Layout,
    pub(super) undo_log: Option<UndoLog>,
    /// Records that are blank once they are fixed are left out.
    pub(super) drops_empty: bool,
    /// The undo log keeps the records that are left out.
    pub(super) keeps_dropped: bool,
    /// Folders without the temporary files of killed runs.
    swept: HashSet<PathBuf>,
    /// Copies written so far, each with its original.
    claimed: HashMap<PathBuf, PathBuf>,
    /// The shard that is being written.
    pub(super) rewriting: Option<Rewriting>,
}

/// Where a fixed document goes.
pub(super) enum Destination {
    /// Back into its file.
    InPlace,
    /// Into a copy in another directory.
    Copy,
    /// Nowhere: the difference is printed.
    Diff,
}

/// What fixing makes of a document.
#[derive(Default)]
pub(super) struct Outcome {
    /// The fixed text, if anything was fixed.
    pub(super) fixed: Option<FixResult>,
    /// Why not all was fixed that could be.
    pub(super) refusal: Option<Refusal>,
}

/// Why a document is not fixed, or not as far as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Nothing is fixed.
    All(String),
    /// Only safe fixes are applied.
    Unsafe(String),
}

impl Outcome {
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

impl Plan {
    /// How the settings of the run want documents fixed.
    pub(super) fn new(root: &Profile) -> Self {
        const MOST_REMOVED: f64 = 0.5;
        let is_unsafe = root.value(|options| options.unsafe_fixes.as_ref()).is_some_and(|(value, _)| *value);
        let most = if is_unsafe { Applicability::Unsafe } else { Applicability::Safe };
        let share = root.value(|options| options.max_removed.as_ref()).map(|(share, _)| *share);
        Self { most, max_removed: share.unwrap_or(MOST_REMOVED), rested: Rested::default() }
    }

    /// Whether the fix of a finding, if it has one, is applied.
    pub(super) fn applies(&self, finding: &Finding) -> bool {
        finding.applicable_fix(self.most).is_some()
    }

    /// Fixes a document by what is found in it alone, and then by what comparing it with others found: each of `rounds` is of
    /// what the ones before it make of the document. Where that is refused, only safe fixes of what is found in it alone are tried.
    pub(super) fn fix<'f>(
        &self,
        linter: &Linter,
        source: &Source,
        rounds: impl Iterator<Item = &'f [Finding]>,
    ) -> Outcome {
        let outcome = self.fix_up_to(self.most, linter, source, rounds);
        match outcome.refusal {
            Some(Refusal::All(reason)) if self.most == Applicability::Unsafe => {
                let safe = self.fix_up_to(Applicability::Safe, linter, source, std::iter::empty());
                Outcome { refusal: safe.refusal.or(Some(Refusal::Unsafe(reason))), ..safe }
            }
            _ => outcome,
        }
    }

    /// Fixes a document as [`Self::fix`] does, by fixes up to an applicability.
    pub(super) fn fix_up_to<'f>(
        &self,
        most: Applicability,
        linter: &Linter,
        source: &Source,
        rounds: impl Iterator<Item = &'f [Finding]>,
    ) -> Outcome {
        let document = source.document();
        if source.decoding.is_some() {
            let is_fixable = linter.check(&document).iter().any(|finding| finding.fix.is_some());
            let reason = "not valid UTF-8: writing it would lose the bytes that could not be read";
            return if is_fixable { Outcome::refused(reason) } else { Outcome::default() };
        }
        let mut fixing = FixSession::new(&document);
        if let Err(unstable) = self.settle(most, linter, &document, &mut fixing, rounds) {
            return Outcome::refused(unstable.to_string());
        }
        if let Some(reason) = self.refusal(source, &fixing.document()) {
            return Outcome::refused(reason);
        }
        Outcome { fixed: Some(fixing.finish()).filter(FixResult::is_changed), refusal: None }
    }

    fn settle<'f>(
        &self,
        most: Applicability,
        linter: &Linter,
        original: &Document<'_>,
        fixing: &mut FixSession<'_>,
        rounds: impl Iterator<Item = &'f [Finding]>,
    ) -> Result<(), FixCycle> {
        if !self.rested.has(original) {
            fixing.fix_until_stable(linter, most)?;
            // It comes from its file again in each round, so that what its fixes make of it is not asked about.
            if most == self.most && fixing.document().text() == original.text() {
                self.rested.add(original);
            }
        }
        for compared in rounds {
            let document = fixing.document();
            // Besides what comparing found, there may be comments that leave nothing out.
            if compared.iter().all(|finding| finding.fix.is_none()) && Suppressions::from_document(&document).is_none()
            {
                continue;
            }
            // A file may have changed since it was compared.
            let mut compared = compared.to_vec();
            compared.retain(|finding| document.text().get(finding.span.range()).is_some());
            let findings = linter.findings(&document, compared);
            if !fixing.apply(&findings, most).is_empty() {
                fixing.fix_until_stable(linter, most)?;
            }
        }
        Ok(())
    }

    /// Why a document is left alone that fixing would make `fixed` of, if it is.
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

impl Rested {
    fn has(&self, document: &Document<'_>) -> bool {
        let texts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        !texts.is_empty() && texts.contains(&Self::key(document))
    }

    fn add(&self, document: &Document<'_>) {
        let key = Self::key(document);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key);
    }

    /// A hash of the text and of where it is from: what is found in it depends on the settings of its folder.
    fn key(document: &Document<'_>) -> [u8; 32] {
        let hash = Sha256::new_with_prefix(document.origin().to_string()).chain_update([0]);
        hash.chain_update(document.text()).finalize().into()
    }
}

impl Delivery {
    /// What `arguments` ask to be done with fixed documents, which come from `paths` and, if `stdin` is not 0, from standard
    /// input; `None` if they ask for no fixes.
    ///
    /// # Errors
    ///
    /// The undo log cannot be opened, the output directory cannot be used, or the arguments contradict each other.
    pub(super) fn new(arguments: &CheckArguments, paths: &[PathBuf], stdin: usize) -> anyhow::Result<Option<Self>> {
        if arguments.reports.has_dolma() {
            if arguments.output_dir.is_none() {
                bail!("--output-format dolma needs --output-dir: attributes are files beside the documents");
            }
            if arguments.fix
                || arguments.fix_only
                || arguments.diff
                || arguments.unsafe_fixes
                || arguments.undo_log.is_some()
            {
                bail!(
                    "--output-format dolma says what is found and fixes nothing: give it without --fix, --diff and the like"
                );
            }
            return Ok(None);
        }
        let destination = match &arguments.output_dir {
            _ if arguments.diff => Destination::Diff,
            Some(_) => Destination::Copy,
            None if arguments.fix || arguments.fix_only => Destination::InPlace,
            None if arguments.unsafe_fixes || arguments.undo_log.is_some() => {
                let flag = if arguments.undo_log.is_some() { "--undo-log" } else { "--unsafe-fixes" };
                bail!("{flag} has no effect without --fix, --fix-only or --output-dir (--diff shows what would change)")
            }
            None => return Ok(None),
        };
        let has_files = arguments.output_dir.is_some() || arguments.undo_log.is_some() || stdin < arguments.paths.len();
        if stdin > 0 && has_files {
            bail!("`-` is fixed onto standard output: give it alone, without --output-dir and --undo-log");
        }
        let written: Vec<PathBuf> =
            arguments.reports.outputs().map(Path::to_owned).chain(arguments.undo_log.clone()).collect();
        let output = arguments.output_dir.as_deref().filter(|_| matches!(destination, Destination::Copy));
        let layout = Layout::new(paths, output, &written)?;
        let undo_log = arguments.undo_log.as_deref().map(UndoLog::open).transpose()?;
        Ok(Some(Self {
            destination,
            layout,
            undo_log,
            drops_empty: arguments.drop_empty,
            keeps_dropped: arguments.keep_dropped,
            swept: HashSet::new(),
            claimed: HashMap::new(),
            rewriting: None,
        }))
    }

    /// The copies that were written, each with its original.
    pub(super) fn copies(&self) -> &HashMap<PathBuf, PathBuf> {
        &self.claimed
    }

    /// Where a document that came from `path` is after the run.
    pub(super) fn target(&self, path: &Path) -> PathBuf {
        self.layout.target(path)
    }

    /// Whether copies are written.
    pub(super) fn is_copying(&self) -> bool {
        matches!(self.destination, Destination::Copy)
    }

    /// Whether a change in place leaves nothing to undo it with.
    pub(super) fn keeps_nothing(&self) -> bool {
        matches!(self.destination, Destination::InPlace) && self.undo_log.is_none()
    }

    /// Puts a document where it belongs. Returns what is to be printed of it.
    ///
    /// # Errors
    ///
    /// It cannot be written; nothing is then half written.
    pub(super) fn deliver(&mut self, source: &Source, outcome: &Outcome) -> anyhow::Result<Option<String>> {
        let path = source.path.as_path();
        let target = self.target(path);
        self.sweep(&target);
        let before = &*source.text;
        if matches!(self.destination, Destination::Copy) {
            self.claim(path, &target)?;
        }
        let logged = match (&self.undo_log, &outcome.fixed) {
            (Some(_), Some(fixed)) => {
                let name = self.layout.log_path(&target)?;
                let place = LogPlace { base: &self.layout.base(), path: &name, record: None };
                entries(place, Original { text: before, raw: &[] }, &fixed.text, &fixed.changes)
            }
            _ => Vec::new(),
        };
        let undo_log = &mut self.undo_log;
        let mut log =
            || undo_log.as_mut().map_or(Ok(()), |log| log.append(&logged).context("cannot write the undo log"));
        match (&self.destination, &outcome.fixed) {
            (Destination::Diff, Some(fixed)) => return Ok(Some(self.diff(source, &fixed.text, false))),
            (Destination::InPlace, Some(fixed)) => {
                replace(path, before.as_bytes(), fixed.text.as_bytes(), || log().map_err(std::io::Error::other))?;
            }
            (Destination::Copy, Some(fixed)) => {
                log()?;
                create(&target, fixed.text.as_bytes())?;
            }
            // What was not fixed is copied as it was, byte for byte.
            (Destination::Copy, _) => create(&target, &std::fs::read(path)?)?,
            _ => {}
        }
        Ok(None)
    }

    /// Removes what killed runs left in the folder of `target`.
    pub(super) fn sweep(&mut self, target: &Path) {
        let Some(folder) = target.parent().filter(|_| !matches!(self.destination, Destination::Diff)) else { return };
        if !self.swept.contains(folder) {
            remove_stale_files(folder);
            self.swept.insert(folder.to_owned());
        }
    }

    /// Makes sure that no copy replaces an original, another copy or a file of somebody else.
    pub(super) fn claim(&mut self, path: &Path, target: &Path) -> anyhow::Result<()> {
        if target.canonicalize().is_ok_and(|target| path.canonicalize().is_ok_and(|path| path == target)) {
            bail!("{}: --output-dir would replace the original; it was left as it is", path.name());
        }
        self.layout.claim(target)?;
        if self.claimed.insert(target.to_owned(), path.to_owned()).is_some() {
            bail!("{}: another file was already written to {}", path.name(), target.name());
        }
        Ok(())
    }

    /// A unified diff, as `git apply` and `patch -p1` take it; of a record, one that says so first and that they do not take.
    pub(super) fn diff(&self, source: &Source, after: &str, is_inside: bool) -> String {
        let place = printable(&source.origin.to_string()).into_owned();
        let (note, name) = match is_inside {
            true => {
                let note = format!("# {place}: its text as it would change; not a patch of the file\n");
                (note, place.into_bytes())
            }
            false => (String::new(), relative(&source.path).into_os_string().into_encoded_bytes()),
        };
        // Only `\n` ends a line for git; a lone `\r` does not.
        let (old, new): (Vec<&str>, Vec<&str>) =
            (source.text.split_inclusive('\n').collect(), after.split_inclusive('\n').collect());
        let difference = TextDiff::configure().newline_terminated(true).diff_slices(&old, &new);
        let header = (quoted(&[b"a/", &*name].concat()), quoted(&[b"b/", &*name].concat()));
        note + &difference.unified_diff().context_radius(3).header(&header.0, &header.1).to_string()
    }
}

/// A name as git writes it in a patch: in quotes, with escapes, where it holds quotes, backslashes, bytes that
/// are not UTF-8 or characters that [`printable`] escapes.
fn quoted(name: &[u8]) -> String {
    let is_plain = |name: &&str| !name.contains(['"', '\\']) && matches!(printable(name), Cow::Borrowed(_));
    if let Some(name) = str::from_utf8(name).ok().filter(is_plain) {
        return name.to_owned();
    }
    let mut quoted = String::from("\"");
    let push_octal = |quoted: &mut String, bytes: &[u8]| {
        bytes.iter().for_each(|byte| quoted.push_str(&format!("\\{byte:03o}")));
    };
    for chunk in name.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '"' | '\\' => quoted.extend(['\\', character]),
                '\t' => quoted.push_str("\\t"),
                '\n' => quoted.push_str("\\n"),
                '\r' => quoted.push_str("\\r"),
                other if matches!(printable(other.encode_utf8(&mut [0; 4])), Cow::Borrowed(_)) => quoted.push(other),
                other => push_octal(&mut quoted, other.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        push_octal(&mut quoted, chunk.invalid());
    }
    quoted + "\""
}
