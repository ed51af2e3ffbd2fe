"""The linter."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from dechaff import _dechaff
from dechaff._batch import ChangeTable, FindingTable, FixedBatch, MeasureTable, read_column, read_labels
from dechaff._documents import batches, read_documents
from dechaff._types import DocumentReport, Findings, Fixed, Rule, _findings, _fixed, _report

Path = str | os.PathLike[str]


class Linter:
    """Compiled rules, ready to check and fix texts.

    - `select`: the rules to run instead of the default ones: codes, prefixes of codes such as `"BP"`, names, or
      `"ALL"`.
    - `ignore`: rules not to run; `extend_select`: rules to run in addition.
    - `config`: a configuration file, or its keys as a dictionary, such as `{"max-removed": 0.3}`. No other files are
      searched for.
    - `rules`: files and directories with custom rules.
    - `threads`: for batches and corpora; by default one per processor, or one in a forked child.

    Files are read once, here. Linters are pickled, compared and hashed by their settings, including the content of
    these files, so they can be sent to processes without access to them.

    Raises `dechaff.ConfigError` if a setting is invalid, with the command's message.
    """

    __slots__ = ("_engine", "_threads")

    def __init__(
        self,
        select: Sequence[str] | None = None,
        ignore: Sequence[str] = (),
        extend_select: Sequence[str] = (),
        config: Path | Mapping[str, Any] | None = None,
        rules: Sequence[Path] = (),
        threads: int | None = None,
    ) -> None:
        arguments: dict[str, Any] = {}
        for name, value in [
            ("select", select),
            ("ignore", ignore),
            ("extend-select", extend_select),
            ("rules", [os.fspath(path) for path in _items("rules", rules)]),
        ]:
            if value is not None and (value or name == "select"):
                arguments[name] = _items(name, value)
        keys = json.dumps(config) if isinstance(config, Mapping) else None
        file = None if config is None or isinstance(config, Mapping) else os.fspath(config)
        self._engine = _dechaff.Engine(json.dumps(arguments), keys, file, threads)
        self._threads = threads

    def check(self, text: str, path: Path | None = None) -> Findings:
        """Returns the findings in `text`, in order of position, as `dechaff check FILE` reports them.

        `path` determines `per-file-ignores` and whether the text is Markdown; it is not read.
        """
        return _findings(self._engine.check(text, _path(path)), path)

    def fix(self, text: str, path: Path | None = None, *, unsafe_fixes: bool | None = None) -> Fixed:
        """Fixes `text` like `dechaff check --fix FILE`, until nothing is left to fix.

        `unsafe_fixes` also applies unsafe fixes. By default the configuration decides, and without one only safe fixes
        are applied. A text that would lose more than `max-removed` of its words, by default half of them, is not
        changed, and `Fixed.refusal` says so.
        """
        return _fixed(text, self._engine.fix(text, _path(path), unsafe_fixes))

    def check_batch(self, texts: Any, path: Path | None = None) -> FindingTable:
        """Checks each text of a column by itself.

        `texts` is a list of `str` and `None`, a pandas or polars `Series`, or any Arrow array or chunked array of
        strings, large strings, string views or dictionaries of them.

        Returns a table with one row per finding. Nulls have no findings.
        """
        column, _ = read_column(texts)
        return FindingTable(self._engine.check_batch(column, _path(path)))

    def measure(self, text: str, *, language: str | None = None) -> dict[str, float | str | None]:
        """Returns the quality measures of `text`, which web corpora are filtered by.

        They are those of the selected QM rules, or of all QM rules if none is selected. The keys are the columns of
        `MeasureTable`. `language` is a code such as `"de"`, for sets with thresholds for several languages; without
        one, the language is identified.
        """
        return dict(self._engine.measure(text, language))

    def measure_batch(self, texts: Any, languages: Any = None) -> MeasureTable:
        """Measures each text of a column, like `measure`. `texts` is as for `check_batch`.

        `languages` has the code of each text's language, or `None`.

        Raises `ValueError` if there are more or fewer languages than texts.
        """
        column, _ = read_column(texts)
        labels = None if languages is None else read_labels(languages)
        return MeasureTable(self._engine.measure_batch(column, labels))

    def fix_batch(self, texts: Any, path: Path | None = None, *, unsafe_fixes: bool | None = None) -> FixedBatch:
        """Fixes each text of a column by itself, like `fix`. `texts` is as for `check_batch`.

        Raises `OverflowError` if the fixed texts of one chunk of type `string` take more than 2 GiB.
        """
        column, restore = read_column(texts)
        fixed, changes, refusals = self._engine.fix_batch(column, _path(path), unsafe_fixes)
        return FixedBatch(restore(fixed), ChangeTable(changes), dict(refusals))

    def check_corpus(
        self,
        documents: Any,
        *,
        text: str = "text",
        id: str | None = None,
        group_by: str | None = None,
        memory: int | None = None,
    ) -> Iterator[tuple[Any, Findings | None]]:
        """Checks documents, and compares them with each other for duplicates and near-duplicates.

        `documents` is a dictionary of texts by ID, an iterable of texts or of pairs of ID and text, or a table (Arrow,
        polars, pandas, a `datasets.Dataset`) with the columns `text` and, if set, `id`. Without IDs, documents are
        numbered from 0. All documents are read before this method returns.

        Yields pairs of ID and findings in the order of the documents, which also decides which copy counts as the
        original. The findings of a null are `None`.

        `group_by` is the column that determines the site of a document, such as `"url"`, whose registered domain is
        used, or `"path"` if the IDs are paths. Lines that recur on many pages of a site are then reported too. By
        default the configuration decides.

        Raises `dechaff.Error` if no document has such a column.

        Texts are kept compressed, and beyond a share of `memory` bytes, by default a quarter of the free memory, in a
        temporary file.
        """
        ids, corpus = self._corpus(documents, text, id, group_by, memory)
        return _results(corpus.check(), ids, lambda row, key: _findings(row, key, ids))

    def fix_corpus(
        self,
        documents: Any,
        *,
        text: str = "text",
        id: str | None = None,
        group_by: str | None = None,
        unsafe_fixes: bool | None = None,
        memory: int | None = None,
    ) -> Iterator[tuple[Any, Fixed | None]]:
        """Fixes documents, and deletes duplicates among them, but never the last copy.

        Takes the same documents as `check_corpus`. Yields pairs of ID and `Fixed`, in the order of the documents; nulls
        stay `None`.
        """
        ids, corpus = self._corpus(documents, text, id, group_by, memory)
        return _results(corpus.fix(unsafe_fixes), ids, lambda row, _: _fixed(row[1], row[0]))

    def document_report(
        self,
        documents: Any,
        *,
        text: str = "text",
        id: str | None = None,
        group_by: str | None = None,
        memory: int | None = None,
    ) -> Iterator[tuple[Any, DocumentReport | None]]:
        """Judges documents: their findings, how much fixes would remove, and whether to keep them.

        Takes the same documents as `check_corpus`, and compares them. Yields pairs of ID and `DocumentReport`, in the
        order of the documents, with the values that `dechaff check --documents FILE` writes; nulls stay `None`. The
        command turns on the rule for near copies of documents; here, `extend_select=["ND008"]` does. Without it, the
        first of several equal documents is kept.
        """
        ids, corpus = self._corpus(documents, text, id, group_by, memory)
        return _results(corpus.report(), ids, lambda row, key: _report(row, key, ids))

    def rules(self) -> list[Rule]:
        """Returns all rules, built-in and custom, in order of code."""
        return [Rule(**row) for row in self._engine.rules()]

    def _corpus(
        self, documents: Any, text: str, id: str | None, group_by: str | None, memory: int | None
    ) -> tuple[list[Any], _dechaff.Corpus]:
        corpus = _dechaff.Corpus(self._engine, memory, group_by)
        ids: list[Any] = []
        for rows in batches(read_documents(documents, text, id, corpus.group_by)):
            corpus.add([str(row.id) for row in rows], [row.text for row in rows], [row.group for row in rows])
            ids += (row.id for row in rows)
        return ids, corpus

    def _split(self) -> tuple[Linter | None, Linter | None]:
        """Returns a linter with the rules for single documents, and one with those that compare documents.

        Either is `None` if it has no rules.
        """
        comparing = self._engine.comparing_rules()
        own = [rule.code for rule in self.rules() if rule.is_selected and rule.code not in comparing]
        return self._select(own), self._select(comparing)

    def _select(self, codes: list[str]) -> Linter | None:
        return _from_state(self._engine.select(codes), self._threads) if codes else None

    def _report_batch(self, texts: Any) -> list[DocumentReport | None]:
        """Judges each text of a column by itself."""
        column, _ = read_column(texts)
        return [None if row is None else _report(row, None, ()) for row in self._engine.report_batch(column)]

    def __reduce__(self) -> tuple[Callable[..., Linter], tuple[str, int | None]]:
        return _from_state, (self._engine.state, self._threads)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Linter):
            return NotImplemented
        return self.__reduce__() == other.__reduce__()

    def __hash__(self) -> int:
        return hash((self._engine.state, self._threads))

    def __repr__(self) -> str:
        selected = sum(rule.is_selected for rule in self.rules())
        return f"<dechaff.Linter of {selected} rules>"


def rules() -> list[Rule]:
    """Returns the built-in rules, in order of code."""
    return Linter().rules()


def make_linter(linter: Linter | None, settings: dict[str, Any], *, threads: int | None = None) -> Linter:
    """Returns `linter`, or a linter with these settings. Callers pass one or the other."""
    if linter is None:
        return Linter(**{"threads": threads, **settings})
    if settings:
        raise TypeError(f"pass a linter or settings, not both: {', '.join(settings)}")
    return linter


@lru_cache(maxsize=16)
def _engine(state: str, threads: int | None) -> _dechaff.Engine:
    """Compiles rules once per process, not once per task with a linter."""
    return _dechaff.Engine.from_state(state, threads)


def _from_state(state: str, threads: int | None) -> Linter:
    linter = object.__new__(Linter)
    linter._engine = _engine(state, threads)
    linter._threads = threads
    return linter


def _results(results: _dechaff.Results, ids: Iterable[Any], convert: Callable[[Any, Any], Any]) -> Iterator[Any]:
    try:
        for key, row in zip(ids, results, strict=True):
            yield key, None if row is None else convert(row, key)
    finally:
        results.cancel()


def _items(name: str, values: Sequence[Any]) -> list[Any]:
    if isinstance(values, str | bytes | os.PathLike):
        raise TypeError(f"{name} is a list, not a single value: write [{values!r}]")
    return list(values)


def _path(path: Path | None) -> str | None:
    return None if path is None else os.fspath(path)
