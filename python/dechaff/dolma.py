"""A tagger for Dolma, with the name `dechaff`.

Importing this module registers it. Attributes are those of `dechaff check --output-format dolma`, without the unions of
all fixes, and without duplicates across documents.
"""

from __future__ import annotations

from typing import Any

from dolma.core.data_types import DocResult, Document, Span
from dolma.core.registry import TaggerRegistry
from dolma.core.taggers import BaseTagger

from dechaff._adapters import make_linter
from dechaff._linter import Linter

__all__ = ["DechaffTagger"]

_SCORES = {"safe": 1.0, "unsafe": 0.5}


@TaggerRegistry.add("dechaff")
class DechaffTagger(BaseTagger):  # type: ignore[misc]
    """Tags what the fix of each finding deletes, or the finding if its fix does not only delete.

    The type of a span is the code of the rule. The score is 1 for a safe fix, 0.5 for an unsafe one and 0.25 for none.
    """

    def __init__(self, linter: Linter | None = None, **settings: Any) -> None:
        self.linter = make_linter(linter, settings, threads=1)

    def predict(self, doc: Document) -> DocResult:
        """Returns the spans in a document, in code points."""
        spans = []
        for finding in self.linter.check(doc.text):
            fix = finding.fix
            if fix is not None and all(not edit.content for edit in fix.edits):
                places = [(edit.start, edit.end, _SCORES[fix.applicability]) for edit in fix.edits]
            else:
                places = [(finding.start, finding.end, 0.25)]
            spans += [Span(start=start, end=end, type=finding.code, score=score) for start, end, score in places]
        return DocResult(doc=doc, spans=spans)
