"""Expressions for polars."""

from __future__ import annotations

from typing import Any

import polars

from dechaff._adapters import make_linter
from dechaff._linter import Linter

__all__ = ["codes", "fix"]


def fix(
    column: str | polars.Expr = "text",
    linter: Linter | None = None,
    *,
    unsafe_fixes: bool | None = None,
    **settings: Any,
) -> polars.Expr:
    """Fixes the texts of a column: `df.with_columns(dechaff.polars.fix("text"))`."""
    linter = make_linter(linter, settings)

    def run(texts: polars.Series) -> polars.Series:
        return linter.fix_batch(texts, unsafe_fixes=unsafe_fixes).texts

    return _expression(column).map_batches(run, return_dtype=polars.String, is_elementwise=True)


def codes(column: str | polars.Expr = "text", linter: Linter | None = None, **settings: Any) -> polars.Expr:
    """Returns the codes of the findings in each text, as a list; nulls have none."""
    linter = make_linter(linter, settings)

    def run(texts: polars.Series) -> polars.Series:
        found: list[list[str]] = [[] for _ in range(len(texts))]
        table = linter.check_batch(texts).to_polars()
        for row, code in zip(table["row"], table["code"], strict=True):
            found[row].append(code)
        return polars.Series(texts.name, found, dtype=polars.List(polars.String))

    return _expression(column).map_batches(run, return_dtype=polars.List(polars.String), is_elementwise=True)


def _expression(column: str | polars.Expr) -> polars.Expr:
    return polars.col(column) if isinstance(column, str) else column
