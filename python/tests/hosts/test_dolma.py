import pytest

pytest.importorskip("dolma", reason="Dolma is not installed")

from dolma.core.data_types import Document
from dolma.core.registry import TaggerRegistry

import dechaff.dolma


def test_tagger(linter, pages):
    assert TaggerRegistry.get("dechaff") is dechaff.dolma.DechaffTagger
    tagger = dechaff.dolma.DechaffTagger()
    for page in pages[:10]:
        result = tagger.predict(Document(source="test", id="a", text=page))
        found = linter.check(page)
        assert {span.type for span in result.spans} == {finding.code for finding in found}
        for finding in found:
            if finding.fix is None:
                assert any(span.start == finding.start and span.end == finding.end for span in result.spans)
