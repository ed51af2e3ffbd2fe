"""Functions for PySpark data frames. Each task uses one thread.

`PYSPARK_PYTHON` must name a Python that has dechaff and pyarrow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pyspark.sql.types import FloatType, LongType, StringType, StructField, StructType

from dechaff import _spark_corpus
from dechaff._adapters import find_in_table, fix_table, make_linter
from dechaff._comparison import MEMORY
from dechaff._linter import Linter, Path

if TYPE_CHECKING:
    from pyarrow import RecordBatch
    from pyspark.sql import DataFrame

__all__ = ["check", "compare", "fix", "fix_corpus"]


def fix(
    frame: DataFrame,
    column: str = "text",
    linter: Linter | None = None,
    *,
    unsafe_fixes: bool | None = None,
    **settings: Any,
) -> DataFrame:
    """Fixes a column of texts. Rows and other columns are unchanged."""
    linter = make_linter(linter, settings, threads=1)
    return frame.mapInArrow(_Fix(linter, column, unsafe_fixes), frame.schema)


def check(
    frame: DataFrame, id: str, column: str = "text", linter: Linter | None = None, **settings: Any
) -> DataFrame:
    """Returns a row for each finding: the `id` of the document, and the columns of `dechaff.FindingTable`."""
    linter = make_linter(linter, settings, threads=1)
    return frame.mapInArrow(_Check(linter, column, id), StructType([frame.schema[id], *_finding_fields()]))


def compare(
    frame: DataFrame,
    work: Path,
    id: str,
    column: str = "text",
    linter: Linter | None = None,
    *,
    order_by: Sequence[str] = (),
    language: str | None = None,
    partitions: int | None = None,
    memory: int = MEMORY,
    **settings: Any,
) -> DataFrame:
    """Checks documents, and compares them with each other, in steps whose tasks Spark runs.

    Returns a row for each finding: the `id` of the document; the columns of `dechaff.FindingTable`; and for copies
    `original`, the ID of the document with the original, and its position: `original_start` and `original_end` in
    code points, `original_start_byte` and `original_end_byte`. Rows without a text are left out.

    `work` is a folder on a file system that the driver and all executors share. It contains the documents as Parquet
    files, and the output of each step. A stopped job resumes where it was; use another folder for other documents. Keep
    the folder for as long as you need the result.

    The first copy in order of the columns `order_by`, then `id`, counts as the original. So the findings depend
    neither on the partitions of `frame` nor on `partitions`. They are those of `dechaff check work/documents` with the
    same settings.

    - `language`: a column with language codes, for measures that depend on the language.
    - `partitions`: the number of tasks of a step, by default four per core. With up to 500 MB of text, a task takes
      less than 1 GB.
    - `memory`: a soft limit on the memory of a task outside of the JVM, in bytes.

    Raises `dechaff.Error` with the message of the task if one fails.
    """
    linter = make_linter(linter, settings, threads=1)
    job = _spark_corpus.CorpusJob(frame, work, id, column, order_by, language, partitions, memory)
    return job.findings(linter, _finding_fields())


def fix_corpus(
    frame: DataFrame,
    work: Path,
    id: str,
    column: str = "text",
    linter: Linter | None = None,
    *,
    unsafe_fixes: bool | None = None,
    rounds: int = 2,
    order_by: Sequence[str] = (),
    partitions: int | None = None,
    memory: int = MEMORY,
    **settings: Any,
) -> DataFrame:
    """Fixes documents and removes copies, but never the last one, in steps whose tasks Spark runs.

    Each document is fixed by itself first. Then the texts are compared and copies removed, up to `rounds` times or
    until no more can be removed: a copy stays in a round if a fix may delete its original.

    Returns the `id` and the fixed `text` of each document; `removed_bytes`, the UTF-8 bytes that fixes deleted or
    replaced; and `refusal`, why fixes were not applied, or null. The other arguments are those of `compare`.
    """
    linter = make_linter(linter, settings, threads=1)
    job = _spark_corpus.CorpusJob(frame, work, id, column, order_by, None, partitions, memory)
    return job.fixed(linter, unsafe_fixes, rounds)


def _finding_fields() -> list[StructField]:
    numbers = ("start", "end", "start_byte", "end_byte", "line", "column")
    texts = ("code", "name", "severity", "message", "help", "fix")
    fields = [StructField(name, LongType()) for name in numbers] + [StructField(name, StringType()) for name in texts]
    return [*fields, StructField("probability", FloatType()), StructField("fingerprint", StringType())]


class _Fix:
    def __init__(self, linter: Linter, column: str, unsafe_fixes: bool | None) -> None:
        self.linter, self.column, self.unsafe_fixes = linter, column, unsafe_fixes

    def __call__(self, batches: Iterable[RecordBatch]) -> Iterator[RecordBatch]:
        for batch in batches:
            yield fix_table(self.linter, batch, self.column, self.unsafe_fixes)


class _Check:
    def __init__(self, linter: Linter, column: str, id: str) -> None:
        self.linter, self.column, self.id = linter, column, id

    def __call__(self, batches: Iterable[RecordBatch]) -> Iterator[RecordBatch]:
        for batch in batches:
            yield from find_in_table(self.linter, batch, self.column, self.id).to_batches()
