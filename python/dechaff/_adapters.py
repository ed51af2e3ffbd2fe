"""What the adapters share."""

from __future__ import annotations

from typing import Any, ClassVar

from dechaff._linter import Linter


def make_linter(linter: Linter | None, settings: dict[str, Any], *, threads: int | None = None) -> Linter:
    """Returns `linter`, or a linter with these settings. An adapter takes one or the other."""
    if linter is None:
        return Linter(**{"threads": threads, **settings})
    if settings:
        raise TypeError(f"pass a linter or settings, not both: {', '.join(settings)}")
    return linter


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


def drop_reason(linter: Linter, text: str) -> str | None:
    """Returns why a document should be dropped, or `None` to keep it.

    That is the code of its first finding of severity `error`, or `too_much_removed` if fixing would remove more of its
    words than `max-removed` allows.
    """
    for finding in linter.check(text):
        if finding.severity == "error":
            return finding.code
    return "too_much_removed" if linter.fix(text).refusal else None


def fix_table(linter: Linter, table: Any, column: str, unsafe_fixes: bool | None) -> Any:
    """Fixes a column of a `pyarrow.Table` or `pyarrow.RecordBatch`."""
    position = table.schema.get_field_index(column)
    if position < 0:
        raise KeyError(f"no column {column!r}; the columns are {', '.join(table.schema.names)}")
    fixed = linter.fix_batch(table.column(position), unsafe_fixes=unsafe_fixes)
    return table.set_column(position, column, fixed.texts)


def find_in_table(linter: Linter, table: Any, column: str, id: str) -> Any:
    """Returns a table with a row for each finding in a column, and the ID of its document in place of the row."""
    found = linter.check_batch(table.column(column)).to_arrow()
    ids = table.column(id).take(found["row"])
    return found.set_column(0, id, ids)
