"""Classes for `map_batches` of Ray Data, and comparisons in steps as Ray tasks. Each actor and task uses one thread.

    ds.map_batches(dechaff.ray.Fix, batch_format="pyarrow", compute=ray.data.ActorPoolStrategy(size=4))

Settings are passed with `fn_constructor_kwargs`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dechaff._adapters import FixColumn, find_in_table, make_linter
from dechaff._comparison import Comparison
from dechaff._linter import Linter

if TYPE_CHECKING:
    from pyarrow import Table
    from ray.data import Dataset

__all__ = ["Check", "Fix", "compare"]


class Fix(FixColumn):
    """Fixes a column of texts. Rows and other columns are unchanged."""

    threads = 1


class Check:
    """Returns one row per finding: the `id` of the document, and the columns of `dechaff.FindingTable`."""

    def __init__(self, linter: Linter | None = None, column: str = "text", id: str = "id", **settings: Any) -> None:
        self.linter = make_linter(linter, settings, threads=1)
        self.column = column
        self.id = id

    def __call__(self, table: Table) -> Table:
        """Returns the findings in a table of documents."""
        return find_in_table(self.linter, table, self.column, self.id)


def compare(comparison: Comparison, shares: int, **options: Any) -> Dataset:
    """Runs the remaining steps of a comparison, each in `shares` tasks. Returns its findings.

    `options` are those of `ray.remote`, such as `memory`. The linter of the comparison should have `threads=1`.

    Raises `dechaff.Error` with the message of the task if a task fails.
    """
    import ray

    run, check = ray.remote(_run), ray.remote(_check)
    if options:
        run, check = run.options(**options), check.options(**options)
    for step in comparison.steps():
        if not comparison.is_done(step):
            count = comparison.shares(step, shares)
            ray.get([run.remote(comparison, step, number + 1, count) for number in range(count)])
    return ray.data.from_arrow_refs([check.remote(comparison, number + 1, shares) for number in range(shares)])


def _run(comparison: Comparison, step: str, number: int, count: int) -> bool:
    return comparison.run(step, number, count)


def _check(comparison: Comparison, number: int, count: int) -> Table:
    import pyarrow

    return pyarrow.Table.from_batches(comparison.check(number, count))
