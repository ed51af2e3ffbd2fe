"""Classes for `map_batches` of Ray Data. Each actor uses one thread.

    ds.map_batches(dechaff.ray.Fix, batch_format="pyarrow", compute=ray.data.ActorPoolStrategy(size=4))

Settings are passed with `fn_constructor_kwargs`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dechaff._adapters import FixColumn, find_in_table, make_linter
from dechaff._linter import Linter

if TYPE_CHECKING:
    from pyarrow import Table

__all__ = ["Check", "Fix"]


class Fix(FixColumn):
    """Fixes a column of texts. Rows and other columns stay as they are."""

    threads = 1


class Check:
    """Returns a row for each finding: the `id` of the document, and the columns of `dechaff.FindingTable`."""

    def __init__(self, linter: Linter | None = None, column: str = "text", id: str = "id", **settings: Any) -> None:
        self.linter = make_linter(linter, settings, threads=1)
        self.column = column
        self.id = id

    def __call__(self, table: Table) -> Table:
        """Returns the findings in a table of documents."""
        return find_in_table(self.linter, table, self.column, self.id)
