"""Functions for `map` and `filter` of [Hugging Face datasets](https://huggingface.co/docs/datasets).

They have a stable pickle, so that `datasets` finds earlier results in its cache. They work with `num_proc`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from dechaff._adapters import FixColumn, drop_reasons, make_linter
from dechaff._linter import Linter
from dechaff._types import Verdict

__all__ = ["Fix", "Keep"]


class Fix(FixColumn):
    """Fixes a column: `ds.map(Fix(), batched=True)`, with Python or Arrow format."""

    def __call__(self, batch: Any) -> Any:
        """Returns the batch with fixed texts."""
        if hasattr(batch, "schema"):
            return super().__call__(batch)
        return {self.column: self.linter.fix_batch(batch[self.column], unsafe_fixes=self.unsafe_fixes).texts}


class Keep:
    """Drops documents that should not be ingested: `ds.filter(Keep(), batched=True)`.

    A document is dropped if its verdict, as in `dechaff.DocumentReport`, is one of `verdicts`. Nulls are kept.
    """

    def __init__(
        self,
        linter: Linter | None = None,
        column: str = "text",
        *,
        verdicts: Collection[Verdict] = ("drop",),
        **settings: Any,
    ) -> None:
        self.linter = make_linter(linter, settings)
        self.column = column
        self.verdicts = verdicts

    def __call__(self, batch: Any) -> list[bool]:
        """Returns whether to keep each document."""
        return [reason is None for reason in drop_reasons(self.linter, batch[self.column], self.verdicts)]
