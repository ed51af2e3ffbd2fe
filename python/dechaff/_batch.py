"""Columns of texts in, columns and tables out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dechaff._types import undo

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow


class _Table:
    """A table that any library with Arrow's PyCapsule interface can read without copying."""

    def __init__(self, batch: Any) -> None:
        self._batch = batch

    def __len__(self) -> int:
        """Returns the number of rows."""
        rows: int = self._batch.num_rows
        return rows

    def __arrow_c_array__(self, requested_schema: object = None) -> Any:
        """Exports the table for other libraries."""
        return self._batch.__arrow_c_array__(requested_schema)

    def to_arrow(self) -> pyarrow.Table:
        """Returns a `pyarrow.Table`."""
        import pyarrow

        return pyarrow.Table.from_batches([pyarrow.record_batch(self._batch)])

    def to_pandas(self) -> pandas.DataFrame:
        """Returns a `pandas.DataFrame`; needs `pyarrow` too."""
        return self.to_arrow().to_pandas()

    def to_polars(self) -> polars.DataFrame:
        """Returns a `polars.DataFrame`."""
        import polars

        return polars.DataFrame(self._batch)


class FindingTable(_Table):
    """The findings in a column of texts, one row per finding.

    Columns: `row` (of the text, from 0), `start` and `end` in code points, `start_byte` and `end_byte`, `line`,
    `column`, `code`, `name`, `severity`, `message`, `help`, `fix` (`safe`, `unsafe` or null), `probability` and
    `fingerprint`, as in `Finding`.
    """


class MeasureTable(_Table):
    """The quality measures of a column of texts, one row per text; a null has a row of nulls.

    Columns, as in the file of `dechaff check --measures FILE`: for each set its name, such as `gopher@dolma-v2`, with
    the first threshold that the text fails, or null; then `gopher@dolma-v2:words` and so on with the values, or null if
    the set does not define one. Shares are from 0 to 1.
    """


class ChangeTable(_Table):
    """The changes to a column of texts, one row per change.

    Columns: `row` (of the text, from 0), `start` and `end` in code points of the original, `start_byte` and `end_byte`,
    `removed`, `inserted` and `rules`, as in `Change`.
    """


@dataclass(frozen=True)
class FixedBatch:
    """A column of texts after fixing.

    - `texts`: the fixed texts, in the type of the column that was passed: a list for a list, a `polars.Series` for a
      `polars.Series`, and so on. Nulls stay null.
    - `changes`: what changed.
    - `refusals`: why some or all fixes of a text were not applied, by row.
    """

    texts: Any
    changes: ChangeTable
    refusals: dict[int, str]

    def undo(self) -> list[str | None]:
        """Returns the original texts."""
        changes: dict[int, list[dict[str, Any]]] = {}
        for change in self.changes.to_arrow().to_pylist():
            changes.setdefault(change["row"], []).append(change)
        texts = _plain(self.texts)
        return [text if text is None else undo(text, changes.get(row, ())) for row, text in enumerate(texts)]


def _plain(column: Any) -> Iterable[str | None]:
    to_list = getattr(column, "to_pylist", None) or getattr(column, "to_list", None)
    texts = to_list() if to_list else column
    return (text if isinstance(text, str) else None for text in texts)


def read_labels(column: Any) -> list[str | None]:
    """Returns a column of labels, in which values other than strings count as null."""
    return list(_plain(column))


def read_column(column: Any) -> tuple[Any, Callable[[Any], Any]]:
    """Converts a column for the extension module, and returns a function that converts the result back."""
    host = type(column).__module__.split(".")[0]
    if host == "pandas":
        import pandas

        missing = column.isna()
        texts = [None if is_missing else text for text, is_missing in zip(column, missing, strict=True)]

        def to_pandas(fixed: Any) -> Any:
            return pandas.Series(_items(fixed), index=column.index, name=column.name, dtype=column.dtype)

        return texts, to_pandas
    if host == "polars":
        import polars

        def to_polars(fixed: Any) -> Any:
            return polars.Series(fixed).alias(column.name)

        return column, to_polars
    if host == "pyarrow":
        import pyarrow

        if isinstance(column, pyarrow.ChunkedArray):
            return column, pyarrow.chunked_array
        return column, lambda fixed: pyarrow.chunked_array(fixed).chunk(0)
    if hasattr(column, "__arrow_c_array__") or hasattr(column, "__arrow_c_stream__"):
        return column, lambda fixed: fixed
    if isinstance(column, str | bytes):
        raise TypeError("expected a column of texts, found a single text; use `check` or `fix`")
    return column if isinstance(column, list | tuple) else list(column), _items


def _items(fixed: Any) -> list[str | None]:
    return [item.as_py() for item in fixed]
