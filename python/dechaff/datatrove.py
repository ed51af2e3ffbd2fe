"""Steps for [datatrove](https://github.com/huggingface/datatrove) pipelines.

Each step takes a `Linter`, or its settings. Steps are sent to the processes of an executor, which use one thread
each.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from datatrove.data import Document, DocumentsPipeline
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.filters.base_filter import BaseFilter
from datatrove.utils.batching import batched
from datatrove.utils.typeshelper import StatHints

from dechaff._adapters import drop_reasons, make_linter
from dechaff._comparison import Comparison
from dechaff._linter import Linter
from dechaff._types import Verdict

if TYPE_CHECKING:
    from datatrove.pipeline.writers.disk_base import DiskWriter

__all__ = ["DechaffComparer", "DechaffDeduplicator", "DechaffFilter", "DechaffFixer", "DechaffUniqueReader"]


class DechaffFixer(PipelineStep):
    """Fixes the text of each document, and counts changed and refused documents."""

    name = "🧹 dechaff fixer"
    type = "✂️ - FORMAT"

    def __init__(
        self,
        linter: Linter | None = None,
        *,
        unsafe_fixes: bool | None = None,
        batch_size: int = 1_000,
        **settings: Any,
    ) -> None:
        super().__init__()
        self.linter = make_linter(linter, settings)
        self.unsafe_fixes = unsafe_fixes
        self.batch_size = batch_size

    def run(self, data: DocumentsPipeline, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
        """Yields the fixed documents."""
        for batch in batched(data, self.batch_size):
            with self.track_time("batch"):
                fixed = self.linter.fix_batch([document.text for document in batch], unsafe_fixes=self.unsafe_fixes)
            for row, (document, text) in enumerate(zip(batch, fixed.texts, strict=True)):
                self.stat_update(StatHints.total)
                if row in fixed.refusals:
                    self.stat_update("refused")
                if text != document.text:
                    self.stat_update("changed")
                    document.text = text
                self.update_doc_stats(document)
                yield document


class DechaffFilter(BaseFilter):
    """Drops documents that should not be ingested.

    A document is dropped if its verdict, as in `dechaff.DocumentReport`, is one of `verdicts`. The reason is the key of
    the threshold that decided, such as `drop-share`, or the code of a finding of severity `error`.
    """

    name = "🧹 dechaff filter"

    def __init__(
        self,
        linter: Linter | None = None,
        *,
        exclusion_writer: DiskWriter | None = None,
        batch_size: int = 100,
        verdicts: Collection[Verdict] = ("drop",),
        **settings: Any,
    ) -> None:
        super().__init__(exclusion_writer, batch_size)
        self.linter = make_linter(linter, settings)
        self.verdicts = verdicts

    def filter(self, doc: Document) -> bool | tuple[bool, str]:
        """Returns whether to keep a document, or why not."""
        return self.filter_batch([doc])[0]

    def filter_batch(self, batch: list[Document]) -> list[bool | tuple[bool, str]]:
        """Returns whether to keep each document, or why not."""
        reasons = drop_reasons(self.linter, [document.text for document in batch], self.verdicts)
        return [True if reason is None else (False, reason) for reason in reasons]


class DechaffDeduplicator(PipelineStep):
    """Deletes duplicates and near-duplicates among the documents of a task, but never the last copy.

    Documents without any other text are dropped. Texts are kept compressed until all have been read, and beyond a share
    of `memory` bytes in a temporary file; the rest of the documents stays in memory.
    """

    name = "🧹 dechaff deduplicator"
    type = "🫂 - DEDUP"

    def __init__(self, linter: Linter | None = None, *, memory: int | None = None, **settings: Any) -> None:
        super().__init__()
        if linter is None:
            settings = {"select": ["ND"], "config": {"max-removed": 1.0}, **settings}
        self.linter = make_linter(linter, settings)
        self.memory = memory

    def run(self, data: DocumentsPipeline, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
        """Yields the documents that still have text."""
        documents: list[Document] = []

        def read() -> Iterator[tuple[str, str]]:
            for document in data:
                text, document.text = document.text, ""
                documents.append(document)
                yield document.id, text

        with self.track_time():
            results = self.linter.fix_corpus(read(), unsafe_fixes=True, memory=self.memory)
        for document, (_, fixed) in zip(documents, results, strict=True):
            self.stat_update(StatHints.total)
            if fixed.is_changed:
                self.stat_update("changed")
            if fixed.is_changed and not fixed.text.strip():
                self.stat_update(StatHints.dropped)
                continue
            document.text = fixed.text
            self.stat_update(StatHints.forwarded)
            self.update_doc_stats(document)
            yield document


class DechaffComparer(PipelineStep):
    """Does a share of one step of a comparison in each task. Each step is an executor that depends on the previous one.

    It needs no documents, and passes its input through.
    """

    name = "🧹 dechaff comparer"
    type = "🫂 - DEDUP"

    def __init__(self, comparison: Comparison, step: str) -> None:
        super().__init__()
        self.comparison = comparison
        self.step = step

    def run(self, data: DocumentsPipeline = None, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
        """Does share `rank + 1` of `world_size`; if a step cannot be split, the first task does all of it."""
        count = self.comparison.shares(self.step, world_size)
        if count not in (1, world_size):
            raise ValueError(f"the step {self.step} was begun in {count} shares, so it needs {count} tasks")
        if rank < count:
            with self.track_time():
                self.comparison.run(self.step, rank + 1, count)
        yield from data or ()


class DechaffUniqueReader(PipelineStep):
    """Reads the documents of a finished comparison, without their copies.

    Documents without any other text are dropped. The metadata has the path of the document's file; other
    fields are not read.
    """

    name = "🧹 dechaff reader of unique text"
    type = "📖 - READER"

    def __init__(self, comparison: Comparison, *, unsafe_fixes: bool = True) -> None:
        super().__init__()
        self.comparison = comparison
        self.unsafe_fixes = unsafe_fixes

    def run(self, data: DocumentsPipeline = None, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
        """Yields the documents of share `rank + 1` of `world_size` that still have text."""
        yield from data or ()
        for batch in self.comparison.fix(rank + 1, world_size, unsafe_fixes=self.unsafe_fixes):
            for row in batch.to_pylist():
                self.stat_update(StatHints.total)
                if row["refusal"] is not None:
                    self.stat_update("refused")
                if row["removed_bytes"]:
                    self.stat_update("changed")
                    if not row["text"].strip():
                        self.stat_update(StatHints.dropped)
                        continue
                key = row["id"] if row["id"] is not None else f"{row['path']}/{row['record'] or 1}"
                document = Document(text=row["text"], id=key, metadata={"file_path": row["path"]})
                self.stat_update(StatHints.forwarded)
                self.update_doc_stats(document)
                yield document
