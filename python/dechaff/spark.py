"""Functions for PySpark data frames. Each task uses one thread.

`PYSPARK_PYTHON` must name a Python that has dechaff and pyarrow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from pyspark.sql.types import FloatType, LongType, StringType, StructField, StructType

from dechaff._adapters import find_in_table, fix_table, make_linter
from dechaff._linter import Linter

if TYPE_CHECKING:
    from pyarrow import RecordBatch
    from pyspark.sql import DataFrame

__all__ = ["check", "fix"]


def fix(
    frame: DataFrame,
    column: str = "text",
    linter: Linter | None = None,
    *,
    unsafe_fixes: bool | None = None,
    **settings: Any,
) -> DataFrame:
    """Fixes a column of texts. Rows and other columns stay as they are."""
    linter = make_linter(linter, settings, threads=1)
    return frame.mapInArrow(_Fix(linter, column, unsafe_fixes), frame.schema)


def check(
    frame: DataFrame, id: str, column: str = "text", linter: Linter | None = None, **settings: Any
) -> DataFrame:
    """Returns a row for each finding: the `id` of the document, and the columns of `dechaff.FindingTable`."""
    linter = make_linter(linter, settings, threads=1)
    numbers = ("start", "end", "start_byte", "end_byte", "line", "column")
    texts = ("code", "name", "severity", "message", "help", "fix")
    fields = [StructField(name, LongType()) for name in numbers] + [StructField(name, StringType()) for name in texts]
    fields += [StructField("probability", FloatType()), StructField("fingerprint", StringType())]
    return frame.mapInArrow(_Check(linter, column, id), StructType([frame.schema[id], *fields]))


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
