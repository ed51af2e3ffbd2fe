import pytest

polars = pytest.importorskip("polars", reason="polars is not installed")

import dechaff.polars


def test_expressions(linter, pages):
    frame = polars.DataFrame({"text": [*pages, None]})
    fixed = frame.with_columns(dechaff.polars.fix("text"))
    assert fixed["text"].to_list() == [*linter.fix_batch(pages).texts, None]
    lazy = frame.lazy().with_columns(clean=dechaff.polars.fix(polars.col("text"), linter)).collect()
    assert lazy["clean"].to_list() == fixed["text"].to_list() and lazy["text"].to_list() == [*pages, None]
    codes = frame.select(dechaff.polars.codes())["text"].to_list()
    assert codes == [*([finding.code for finding in linter.check(page)] for page in pages), []]
