"""A modifier and a filter for NeMo Curator, for its stages `Modify` and `ScoreFilter`."""

from __future__ import annotations

from typing import Any

from nemo_curator.stages.text.filters.doc_filter import DocumentFilter
from nemo_curator.stages.text.modifiers.doc_modifier import DocumentModifier

from dechaff._adapters import make_linter
from dechaff._linter import Linter

__all__ = ["DechaffFilter", "DechaffModifier"]


class DechaffModifier(DocumentModifier):  # type: ignore[misc]
    """Fixes the text of each document."""

    def __init__(self, linter: Linter | None = None, *, unsafe_fixes: bool | None = None, **settings: Any) -> None:
        super().__init__()
        self._linter = make_linter(linter, settings, threads=1)
        self._unsafe_fixes = unsafe_fixes

    def modify_document(self, text: str) -> str:
        """Returns the fixed text."""
        return self._linter.fix(text, unsafe_fixes=self._unsafe_fixes).text


class DechaffFilter(DocumentFilter):  # type: ignore[misc]
    """Drops documents that would lose too much text.

    The score is the share of the characters that safe fixes remove, from 0 to 1, and 1 if they would remove more than
    `max-removed` of the words. Documents with a score above `max_score` are dropped.
    """

    def __init__(self, linter: Linter | None = None, *, max_score: float = 0.5, **settings: Any) -> None:
        super().__init__()
        self._linter = make_linter(linter, settings, threads=1)
        self._max_score = max_score
        self._name = "dechaff"

    def score_document(self, text: str) -> float:
        """Returns the share of the text that fixes remove."""
        fixed = self._linter.fix(text, unsafe_fixes=False)
        return 1.0 if fixed.refusal else max(0.0, 1 - len(fixed.text) / len(text)) if text else 0.0

    def keep_document(self, scores: float) -> bool:
        """Returns whether a document with this score is kept."""
        return scores <= self._max_score
