"""A tagger for Dolma, named `dechaff`.

Importing this module registers it. Attributes are those of `dechaff check --output-format dolma`, without duplicates
across documents.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dolma.core.data_types import DocResult, Document, Span
from dolma.core.registry import TaggerRegistry
from dolma.core.taggers import BaseTagger

from dechaff._adapters import make_linter
from dechaff._linter import Linter

__all__ = ["DechaffTagger"]

_SCORES = {"safe": 1.0, "unsafe": 0.5}
_Place = tuple[int, int, float]


@TaggerRegistry.add("dechaff")
class DechaffTagger(BaseTagger):  # type: ignore[misc]
    """Tags the text that the fix of each finding deletes, or the finding itself if its fix does more than delete.

    The type of a span is the code of the rule. The score is 1 for a safe fix, 0.5 for an unsafe one and 0.25 for none.
    The types `safe` and `fixes` are the unions of all safe fixes and of all fixes, since the mixer skips spans that
    overlap those of another attribute.
    """

    def __init__(self, linter: Linter | None = None, **settings: Any) -> None:
        self.linter = make_linter(linter, settings, threads=1)

    def predict(self, doc: Document) -> DocResult:
        """Returns the spans in a document, in code points."""
        places: dict[str, list[_Place]] = {}
        for finding in self.linter.check(doc.text):
            fix = finding.fix
            if fix is None or any(edit.content for edit in fix.edits):
                places.setdefault(finding.code, []).append((finding.start, finding.end, 0.25))
                continue
            deleted = [(edit.start, edit.end, _SCORES[fix.applicability]) for edit in fix.edits]
            for kind in (finding.code, "fixes", *(["safe"] if fix.applicability == "safe" else [])):
                places.setdefault(kind, []).extend(deleted)
        spans = [
            Span(start=start, end=end, type=kind, score=score)
            for kind, found in sorted(places.items())
            for start, end, score in _merge(found)
        ]
        return DocResult(doc=doc, spans=spans)


def _merge(places: Iterable[_Place]) -> list[_Place]:
    """Merges spans that overlap or touch, and keeps the highest score. Drops empty ones."""
    merged: list[_Place] = []
    for start, end, score in sorted(place for place in places if place[0] < place[1]):
        if merged and start <= merged[-1][1]:
            first, last, best = merged[-1]
            merged[-1] = (first, max(last, end), max(best, score))
        else:
            merged.append((start, end, score))
    return merged
