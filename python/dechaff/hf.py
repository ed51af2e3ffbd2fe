"""Functions for `map` and `filter` of [Hugging Face datasets](https://huggingface.co/docs/datasets).

They are objects with a stable pickle, so that `datasets` finds earlier results in its cache. They work with `num_proc`.
"""

from __future__ import annotations

from typing import Any

from dechaff._adapters import FixColumn, drop_reason, make_linter
from dechaff._linter import Linter

__all__ = ["Fix", "Keep"]


class Fix(FixColumn):
    """Fixes a column: `ds.map(Fix(), batched=True)`, with the formats of Python and Arrow."""

    def __call__(self, batch: Any) -> Any:
        """Returns the batch with fixed texts."""
        if hasattr(batch, "schema"):
            return super().__call__(batch)
        return {self.column: self.linter.fix_batch(batch[self.column], unsafe_fixes=self.unsafe_fixes).texts}


class Keep:
    """Drops documents that should not be ingested: `ds.filter(Keep(), batched=True)`.

    Keeps nulls. A document is dropped if fixing would remove more than `max-removed` of its words, or if it has a finding of
    severity `error`.
    """

    def __init__(self, linter: Linter | None = None, column: str = "text", **settings: Any) -> None:
        self.linter = make_linter(linter, settings)
        self.column = column

    def __call__(self, batch: Any) -> list[bool]:
        """Returns whether to keep each document."""
        texts = batch[self.column]
        return [text is None or drop_reason(self.linter, text) is None for text in texts]
