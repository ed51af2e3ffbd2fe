"""The documents of a corpus, whatever they come as."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

# What is converted at a time.
_MAX_DOCUMENTS = 1_000
_MAX_CHARACTERS = 4_000_000


def read_documents(documents: Any, text: str, id: str | None) -> Iterator[tuple[Any, str | None]]:
    """Yields pairs of ID and text. Without IDs, documents are numbered from 0."""
    if isinstance(documents, str | bytes):
        raise TypeError("expected documents, found a single text; use `check` or `fix`")
    if isinstance(documents, Mapping):
        yield from documents.items()
        return
    columns = getattr(documents, "column_names", None)
    if columns is None:
        columns = getattr(documents, "columns", None)
    if columns is not None:
        texts = _values(documents[text])
        yield from zip(_values(documents[id]), texts, strict=True) if id is not None else enumerate(texts)
        return
    if hasattr(documents, "read_next_batch"):
        start = 0
        for batch in documents:
            for number, (key, value) in enumerate(read_documents(_table(batch), text, id)):
                yield (start + number if id is None else key), value
            start += batch.num_rows
        return
    for number, document in enumerate(_values(documents)):
        if document is None or isinstance(document, str):
            yield number, document
        elif isinstance(document, Mapping):
            yield (number if id is None else document[id]), document[text]
        else:
            key, value = document
            yield key, value


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


def batches(documents: Iterable[tuple[Any, str | None]]) -> Iterator[tuple[list[Any], list[str | None]]]:
    """Divides documents into lists of bounded size."""
    ids: list[Any] = []
    texts: list[str | None] = []
    characters = 0
    for key, text in documents:
        ids.append(key)
        texts.append(text)
        characters += len(text) if isinstance(text, str) else 0
        if len(ids) >= _MAX_DOCUMENTS or characters >= _MAX_CHARACTERS:
            yield ids, texts
            ids, texts, characters = [], [], 0
    if ids:
        yield ids, texts
