import pytest

polars = pytest.importorskip("polars", reason="polars is not installed")

import dechaff.polars
from dechaff import Linter


def test_expressions(many, reference):
    linter = Linter(ignore=["ND"])
    frame = polars.DataFrame({"text": [*many, None]})
    fixed = frame.with_columns(dechaff.polars.fix("text", ignore=["ND"]))
    assert fixed["text"].to_list() == [*reference.fixed, None]
    lazy = frame.lazy().with_columns(clean=dechaff.polars.fix(polars.col("text"), linter)).collect()
    assert lazy["clean"].to_list() == fixed["text"].to_list() and lazy["text"].to_list() == [*many, None]
    codes = frame.select(dechaff.polars.codes(linter=linter))["text"].to_list()
    expected = [[] for _ in codes]
    for row, code, _, _ in reference.findings:
        expected[row].append(code)
    assert codes == expected
