"""Reads the documents of a corpus from any supported type."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import repeat
from typing import Any, NamedTuple

# The number of rows converted at a time.
_MAX_DOCUMENTS = 1_000
_MAX_CHARACTERS = 4_000_000


class Fields(NamedTuple):
    """The names of the columns or keys to read."""

    text: str
    id: str | None
    group: str | None


class Row(NamedTuple):
    """A document: its ID, its text, and the path or field that it is grouped by."""

    id: Any
    text: str | None
    group: str | None


def read_documents(documents: Any, text: str, id: str | None, group_by: str | None) -> Iterator[Row]:
    """Yields documents. Without IDs, they are numbered from 0."""
    if group_by != "path":
        return _read(documents, Fields(text, id, group_by))
    rows = _read(documents, Fields(text, id, None))
    return (Row(row.id, row.text, row.id if isinstance(row.id, str) else None) for row in rows)


def _read(documents: Any, fields: Fields) -> Iterator[Row]:
    if isinstance(documents, str | bytes):
        raise TypeError("expected documents, found a single text; use `check` or `fix`")
    if isinstance(documents, Mapping):
        yield from (Row(key, text, None) for key, text in documents.items())
        return
    columns = getattr(documents, "column_names", None)
    if columns is None:
        columns = getattr(documents, "columns", None)
    if columns is not None:
        yield from _read_table(documents, fields)
        return
    if hasattr(documents, "read_next_batch"):
        start = 0
        for batch in documents:
            for number, row in enumerate(_read_table(_table(batch), fields)):
                yield row._replace(id=start + number) if fields.id is None else row
            start += batch.num_rows
        return
    for number, document in enumerate(_values(documents)):
        if document is None or isinstance(document, str):
            yield Row(number, document, None)
        elif isinstance(document, Mapping):
            key = number if fields.id is None else document[fields.id]
            group = None if fields.group is None else document.get(fields.group)
            yield Row(key, document[fields.text], _group(group))
        else:
            key, text = document
            yield Row(key, text, None)


def _read_table(table: Any, fields: Fields) -> Iterator[Row]:
    texts = _values(table[fields.text])
    groups = repeat(None) if fields.group is None else _values(table[fields.group])
    numbered = enumerate(texts) if fields.id is None else zip(_values(table[fields.id]), texts, strict=True)
    return (Row(key, text, _group(group)) for (key, text), group in zip(numbered, groups, strict=False))


def _group(value: Any) -> str | None:
    """Returns the value of a field if it is a string or number, as in the command."""
    is_value = isinstance(value, str | int | float) and not isinstance(value, bool)
    return str(value) if is_value else None


def _table(batch: Any) -> Any:
    import pyarrow

    return pyarrow.Table.from_batches([batch])


def _values(column: Any) -> Any:
    """Iterates over the plain values of a column."""
    host = type(column).__module__.split(".")[0]
    if host == "pyarrow":
        return (value.as_py() for value in column)
    if host == "pandas":
        return (None if missing else value for value, missing in zip(column, column.isna(), strict=True))
    return column


def batches(documents: Iterable[Row]) -> Iterator[list[Row]]:
    """Divides documents into lists of bounded size."""
    rows: list[Row] = []
    characters = 0
    for row in documents:
        rows.append(row)
        characters += len(row.text) if isinstance(row.text, str) else 0
        if len(rows) >= _MAX_DOCUMENTS or characters >= _MAX_CHARACTERS:
            yield rows
            rows, characters = [], 0
    if rows:
        yield rows
