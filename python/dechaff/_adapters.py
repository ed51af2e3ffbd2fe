"""Code that the adapters share."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar, get_args

from dechaff._linter import Linter, make_linter
from dechaff._types import DocumentReport, Verdict

__all__ = ["FixColumn", "drop_reasons", "find_in_table", "fix_table", "make_linter"]


class FixColumn:
    """Fixes a column of Arrow tables with a linter that uses `threads` threads."""

    threads: ClassVar[int | None] = None

    def __init__(
        self,
        linter: Linter | None = None,
        column: str = "text",
        *,
        unsafe_fixes: bool | None = None,
        **settings: Any,
    ) -> None:
        self.linter = make_linter(linter, settings, threads=self.threads)
        self.column = column
        self.unsafe_fixes = unsafe_fixes

    def __call__(self, table: Any) -> Any:
        """Returns the table with fixed texts."""
        return fix_table(self.linter, table, self.column, self.unsafe_fixes)


def drop_reasons(linter: Linter, texts: Any, verdicts: Collection[Verdict]) -> list[str | None]:
    """Returns why each text of a column should be dropped, or `None` to keep it.

    A text is dropped if its verdict is one of `verdicts`. The reason is the key of the threshold that decided, such as
    `drop-share`, or the code of a finding of severity `error`.
    """
    if isinstance(verdicts, str):
        raise TypeError(f"verdicts is a list, not a single value: write [{verdicts!r}]")
    unknown = set(verdicts) - set(get_args(Verdict))
    if unknown:
        raise ValueError(f"no such verdict: {', '.join(sorted(unknown))}; verdicts are {', '.join(get_args(Verdict))}")
    return [
        _short_reason(report) if report is not None and report.verdict in verdicts else None
        for report in linter._report_batch(texts)
    ]


def _short_reason(report: DocumentReport) -> str:
    """Returns a reason that can be counted, unlike the sentence in the report."""
    if report.threshold is not None:
        return report.threshold.partition(" ")[0]
    code, separator, _ = report.reason.partition(": ")
    return code if separator else report.verdict


def fix_table(linter: Linter, table: Any, column: str, unsafe_fixes: bool | None) -> Any:
    """Fixes a column of a `pyarrow.Table` or `pyarrow.RecordBatch`."""
    position = table.schema.get_field_index(column)
    if position < 0:
        raise KeyError(f"no column {column!r}; the columns are {', '.join(table.schema.names)}")
    fixed = linter.fix_batch(table.column(position), unsafe_fixes=unsafe_fixes)
    return table.set_column(position, column, fixed.texts)


def find_in_table(linter: Linter, table: Any, column: str, id: str) -> Any:
    """Returns a table with a row for each finding in a column, with the ID of its document instead of the row."""
    found = linter.check_batch(table.column(column)).to_arrow()
    ids = table.column(id).take(found["row"])
    return found.set_column(0, id, ids)
