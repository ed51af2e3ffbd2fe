import json

import pytest

pytest.importorskip("dolma", reason="Dolma is not installed")

from dolma.core.data_types import Document
from dolma.core.registry import TaggerRegistry

import dechaff.dolma


def test_tagger(many, command, tmp_path):
    """The spans are those of `--output-format dolma`."""
    (tmp_path / "documents").mkdir()
    rows = [json.dumps({"id": f"page-{row}", "text": page, "source": "test"}) + "\n" for row, page in enumerate(many)]
    (tmp_path / "documents" / "a.jsonl").write_text("".join(rows), encoding="utf-8")
    run = command("check", "documents", "--output-format", "dolma", "--output-dir", ".", "--ignore", "ND")
    assert run.returncode == 1, run.stderr
    (attributes,) = (path for path in tmp_path.rglob("*.jsonl*") if path.parent.name != "documents")
    expected = [json.loads(line)["attributes"] for line in attributes.read_text(encoding="utf-8").splitlines()]
    assert TaggerRegistry.get("dechaff") is dechaff.dolma.DechaffTagger
    tagger = dechaff.dolma.DechaffTagger(ignore=["ND"])
    actual = []
    for row, page in enumerate(many):
        spans = {}
        for span in tagger.predict(Document(source="test", id=f"page-{row}", text=page)).spans:
            spans.setdefault(f"dechaff__{span.type}__span", []).append([span.start, span.end, span.score])
        actual.append(spans)
    assert actual == expected
    assert any("dechaff__safe__span" in spans for spans in actual)
