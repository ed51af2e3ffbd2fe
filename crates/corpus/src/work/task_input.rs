//! Reads the output of the sketch and earlier steps.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet, VecDeque};
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::entry::{Share, TaskEntry, WorkProgress};
use super::error_at;
use super::file::{FileRows, WorkFile};
use super::logs::{Log, LogBlock, StoredOrigin};
use crate::storage;
use dechaff_duplicates::staged::{
    NumberedTexts, Rows, StagedBlob, StagedRow, StagedTable, Step, StepInput, StepSplit, place_key,
};
use dechaff_duplicates::store::{Result, StoreError};
use dechaff_text::Origin;

/// The files read by a step, or by a run after all steps.
pub(super) struct WorkFiles {
    files: Vec<WorkFile>,
    /// The indexes of the files with texts, by their first document.
    texts: Vec<usize>,
    pub(super) documents: u32,
    /// The blocks of texts read last, most recent first.
    recent: Mutex<VecDeque<RecentBlock>>,
}

/// A block of texts in memory.
struct RecentBlock {
    file: usize,
    block: usize,
    texts: LogBlock,
}

impl WorkFiles {
    /// Opens the files that `step` reads; `None` stands for a run after all steps. The tasks before
    /// it must be done. Removes files that no later step reads.
    pub(super) fn open(
        folder: &Path,
        checksum: &str,
        progress: &WorkProgress,
        step: Option<Step>,
    ) -> Result<Self> {
        let mut files = Vec::new();
        let mut named = HashSet::new();
        let mut documents = 0_u32;
        for stage in &progress.steps {
            if stage.step.is_some() && step.is_some_and(|step| stage.step >= Some(step)) {
                break;
            }
            for number in 1..=stage.count.unwrap_or(0) {
                let share = Share { number, count: stage.count.unwrap_or(1) };
                let entry = TaskEntry::read(folder, stage.name(), share)?.ok_or_else(|| {
                    error_at(folder, format_args!("part {share} of {} is missing", stage.name()))
                })?;
                if entry.manifest != checksum {
                    let what = format_args!(
                        "share {share} of {} belongs to another comparison; remove it",
                        stage.name()
                    );
                    return Err(error_at(folder, what));
                }
                for file in &entry.files {
                    if !file.is_read_by(step) {
                        continue;
                    }
                    named.insert(file.file.clone());
                    let first = documents.checked_add(file.first).ok_or_else(too_many)?;
                    files.push(WorkFile::open(folder, file, first)?);
                }
                documents = documents.checked_add(entry.documents).ok_or_else(too_many)?;
            }
        }
        remove_unread(folder, progress, step, &named);
        let mut texts: Vec<usize> =
            (0..files.len()).filter(|index| files[*index].texts.is_some()).collect();
        texts.sort_by_key(|index| files[*index].first_document);
        Ok(Self { files, texts, documents, recent: Mutex::default() })
    }

    /// Returns rows of all files in ascending order.
    pub(super) fn rows(&self, table: StagedTable, keys: RangeInclusive<u64>) -> Result<Rows<'_>> {
        self.merged_rows(&[table], keys, None)
    }

    /// Returns rows of several tables in ascending order: those with these keys, restricted to
    /// `wanted` if given.
    pub(super) fn merged_rows(
        &self,
        tables: &[StagedTable],
        keys: RangeInclusive<u64>,
        wanted: Option<&Arc<[u64]>>,
    ) -> Result<Rows<'_>> {
        let mut streams = Vec::new();
        for file in &self.files {
            for table in tables {
                streams.extend(file.rows(*table, keys.clone(), wanted.cloned())?);
            }
        }
        let mut heap = BinaryHeap::with_capacity(streams.len());
        for (index, stream) in streams.iter_mut().enumerate() {
            heap.extend(stream.next()?.map(|row| Reverse((row, index))));
        }
        Ok(Box::new(MergedRows { streams, heap, has_failed: false }))
    }

    pub(super) fn blobs(
        &self,
        blob: StagedBlob,
        visit: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        for file in &self.files {
            if let Some(bytes) = file.blob(blob)? {
                visit(&bytes)?;
            }
        }
        Ok(())
    }

    /// Returns the file with the text of a document.
    fn text_file(&self, document: u32) -> Option<usize> {
        let after = self.texts.partition_point(|index| {
            self.files.get(*index).is_some_and(|file| file.first_document <= document)
        });
        let index = *self.texts.get(after.checked_sub(1)?)?;
        let file = self.files.get(index)?;
        (document - file.first_document < file.documents).then_some(index)
    }

    /// Returns the text of a document.
    ///
    /// # Errors
    ///
    /// There is no such document, or a file is damaged.
    pub(super) fn text(&self, document: u32) -> Result<Arc<str>> {
        /// Number of cached blocks. Blocks are at least 64 kB, if there are many.
        const MAX_RECENT: usize = 128;
        let missing = || StoreError { message: format!("document {document} is missing") };
        let index = self.text_file(document).ok_or_else(missing)?;
        let file = self.files.get(index).ok_or_else(missing)?;
        let log = file.texts.as_ref().ok_or_else(missing)?;
        let number = document - file.first_document;
        let block = log.block_of(number).ok_or_else(missing)?;
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let at = recent.iter().position(|recent| (recent.file, recent.block) == (index, block));
        let found = match at {
            Some(at) => recent.remove(at),
            None => {
                let texts = log.read(&file.sections, block)?;
                Some(RecentBlock { file: index, block, texts })
            }
        };
        let found = found.ok_or_else(missing)?;
        let text = found.texts.get(number).map(Arc::from);
        recent.push_front(found);
        recent.truncate(MAX_RECENT);
        text.ok_or_else(missing)
    }

    /// Returns the origins of the documents with these numbers, which are in ascending order.
    pub(super) fn origins(&self, mut numbers: &[u32]) -> Result<Vec<Arc<Origin>>> {
        let mut origins = Vec::with_capacity(numbers.len());
        while let Some(&first) = numbers.first() {
            let (file, log, block) = self.origin_block(first)?;
            let strings = log.read(&file.sections, block)?;
            let string_of = |number: &u32| strings.get(number.checked_sub(file.first_document)?);
            let before = origins.len();
            for string in numbers.iter().map_while(string_of) {
                origins.push(StoredOrigin::decode(string, file.path())?);
            }
            if origins.len() == before {
                return Err(missing_origin(file));
            }
            numbers = &numbers[origins.len() - before..];
        }
        Ok(origins)
    }

    fn origin_block(&self, document: u32) -> Result<(&WorkFile, &Log, usize)> {
        let missing = || StoreError { message: format!("document {document} is missing") };
        let index = self.text_file(document).ok_or_else(missing)?;
        let file = self.files.get(index).ok_or_else(missing)?;
        let log = file.origins.as_ref().ok_or_else(missing)?;
        let block = log.block_of(document - file.first_document).ok_or_else(missing)?;
        Ok((file, log, block))
    }

    /// Returns the origin of a document.
    fn origin(&self, document: u32) -> Result<Arc<Origin>> {
        let origin = self.origins(&[document])?.pop();
        origin.ok_or_else(|| StoreError { message: format!("document {document} is missing") })
    }

    /// Returns the number of a document.
    pub(super) fn number(&self, origin: &Origin) -> Result<Option<u32>> {
        let number = self.count_before(|other| other < origin)?;
        Ok((number < self.documents && *self.origin(number)? == *origin).then_some(number))
    }

    /// Returns the first document whose path is not before `path`.
    pub(super) fn first_from(&self, path: &str) -> Result<u32> {
        self.count_before(|origin| origin.path.as_str() < path)
    }

    /// Returns the number of leading documents whose origins satisfy `is_before`.
    fn count_before(&self, is_before: impl Fn(&Origin) -> bool) -> Result<u32> {
        let (mut low, mut high) = (0, self.documents);
        while low < high {
            let middle = low + (high - low) / 2;
            if is_before(&*self.origin(middle)?) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }
}

/// Removes the files of stages that are done, except for those in `named`: files that no later step
/// reads, and those left by killed tasks. Another process may do the same, so errors do not matter.
fn remove_unread(
    folder: &Path,
    progress: &WorkProgress,
    step: Option<Step>,
    named: &HashSet<String>,
) {
    let before =
        progress.steps.iter().take_while(|stage| stage.step.is_none() || stage.step != step);
    let prefixes: Vec<String> = before.map(|stage| format!("{}-", stage.name())).collect();
    for file in storage::list(folder).unwrap_or_default() {
        let is_done = prefixes.iter().any(|prefix| file.name.starts_with(prefix));
        if is_done && file.name.ends_with(".dxw") && !named.contains(&file.name) {
            let _ = storage::remove(&file.path);
        }
    }
}

fn missing_origin(file: &WorkFile) -> StoreError {
    error_at(file.path(), "an origin is missing or damaged")
}

fn too_many() -> StoreError {
    StoreError { message: "more than 4,294,967,295 documents".into() }
}

/// Rows of several files in ascending order.
struct MergedRows<'f> {
    streams: Vec<FileRows<'f>>,
    heap: BinaryHeap<Reverse<(StagedRow, usize)>>,
    has_failed: bool,
}

impl Iterator for MergedRows<'_> {
    type Item = Result<StagedRow>;

    fn next(&mut self) -> Option<Result<StagedRow>> {
        if self.has_failed {
            return None;
        }
        let mut top = self.heap.peek_mut()?;
        let Reverse((row, index)) = *top;
        match self.streams.get_mut(index)?.next() {
            Ok(Some(next)) => *top = Reverse((next, index)),
            Ok(None) => drop(std::collections::binary_heap::PeekMut::pop(top)),
            Err(error) => {
                drop(top);
                self.has_failed = true;
                return Some(Err(error));
            }
        }
        Some(Ok(row))
    }
}

/// The input of a task.
pub(super) struct TaskInput<'i> {
    pub(super) files: WorkFiles,
    pub(super) share: RangeInclusive<u64>,
    pub(super) memory: usize,
    pub(super) is_interrupted: &'i (dyn Fn() -> bool + Send + Sync),
}

/// Returns the range of keys or places of a task; `None` if it is empty.
pub(super) fn share_range(step: Step, share: Share, documents: u32) -> Option<RangeInclusive<u64>> {
    let part = |total: u128, number: u32| total * u128::from(number) / u128::from(share.count);
    let range = |total: u128, last: u128| {
        let (start, end) = (part(total, share.number - 1), part(total, share.number));
        let end = if share.number == share.count { last } else { end };
        (start, end)
    };
    let number = |number: u128| u64::try_from(number).unwrap_or(u64::MAX);
    Some(match step.split() {
        StepSplit::Single => 0..=u64::MAX,
        StepSplit::Keys => {
            let (start, end) = range(1 << 64, 1 << 64);
            number(start)..=number(end.saturating_sub(1))
        }
        StepSplit::Documents => {
            let (start, end) = range(u128::from(documents), u128::from(documents));
            if start == end {
                return None;
            }
            let place = |document: u128| place_key(u32::try_from(document).unwrap_or(u32::MAX), 0);
            place(start)..=(place(end - 1) | u64::from(u32::MAX))
        }
    })
}

impl NumberedTexts for TaskInput<'_> {
    fn text(&self, document: u32) -> Option<Arc<str>> {
        self.files.text(document).ok()
    }
}

impl StepInput for TaskInput<'_> {
    fn share(&self) -> RangeInclusive<u64> {
        self.share.clone()
    }

    fn rows(&self, table: StagedTable, keys: RangeInclusive<u64>) -> Result<Rows<'_>> {
        self.files.rows(table, keys)
    }

    fn rows_of(&self, table: StagedTable, keys: Arc<[u64]>) -> Result<Rows<'_>> {
        self.files.merged_rows(&[table], 0..=u64::MAX, Some(&keys))
    }

    fn blobs(&self, blob: StagedBlob, visit: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        self.files.blobs(blob, visit)
    }

    fn memory(&self) -> usize {
        self.memory
    }

    fn check_interrupt(&self) -> Result<()> {
        if (self.is_interrupted)() {
            return Err(StoreError { message: "interrupted; run the task again".into() });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_cover_everything_once() {
        for count in 1..9 {
            for step in [Step::Exact, Step::Count] {
                let mut next = 0;
                for number in 1..=count {
                    let Some(range) = share_range(step, Share { number, count }, 5) else {
                        continue;
                    };
                    assert_eq!(*range.start(), next);
                    next = range.end().wrapping_add(1);
                }
                let end = if step == Step::Exact { 0 } else { place_key(5, 0) };
                assert_eq!(next, end);
            }
        }
    }
}
