"""Columns of texts."""

import pytest

from dechaff import Linter

pa = pytest.importorskip("pyarrow")


def test_batch_is_the_same_as_one_by_one(linter, pages):
    table = linter.check_batch(pages).to_arrow().to_pylist()
    single = [(row, finding) for row, page in enumerate(pages) for finding in linter.check(page)]
    assert [(row["row"], row["code"], row["start"], row["end"], row["message"], row["fingerprint"]) for row in table] == [
        (row, finding.code, finding.start, finding.end, finding.message, finding.fingerprint) for row, finding in single
    ]
    fixed = linter.fix_batch(pages)
    assert fixed.texts == [linter.fix(page).text for page in pages]
    assert fixed.undo() == pages
    assert len(fixed.changes) == sum(len(linter.fix(page).changes) for page in pages)


def test_results_do_not_depend_on_threads(pages):
    one, four = Linter(threads=1), Linter(threads=4)
    assert one.fix_batch(pages).texts == four.fix_batch(pages).texts
    assert one.check_batch(pages).to_arrow() == four.check_batch(pages).to_arrow()


@pytest.mark.parametrize(
    "kind",
    [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())],
    ids=str,
)
def test_arrow_types(linter, pages, kind):
    texts = [*pages[:10], None, "", pages[0]]
    array = pa.array(texts, pa.string()).cast(kind) if pa.types.is_dictionary(kind) else pa.array(texts, kind)
    expected = [*linter.fix_batch(pages[:10]).texts, None, "", linter.fix(pages[0]).text]
    fixed = linter.fix_batch(array).texts
    assert fixed.to_pylist() == expected
    assert fixed.type == (pa.string() if pa.types.is_dictionary(kind) else kind)
    sliced = linter.fix_batch(array[3:]).texts
    assert sliced.to_pylist() == expected[3:]
    chunked = linter.fix_batch(pa.chunked_array([array[:4], array[4:4], array[4:]])).texts
    assert isinstance(chunked, pa.ChunkedArray) and chunked.to_pylist() == expected
    rows = linter.check_batch(pa.chunked_array([array[:4], array[4:]])).to_arrow()["row"].to_pylist()
    assert rows == linter.check_batch(texts).to_arrow()["row"].to_pylist() and 12 in rows


@pytest.mark.parametrize("empty", [[], (), pa.array([], pa.string()), pa.chunked_array([], pa.string())], ids=repr)
def test_empty_column(linter, empty):
    assert len(linter.fix_batch(empty).texts) == 0
    assert len(linter.check_batch(empty)) == 0


def test_column_of_nulls(linter):
    assert linter.fix_batch(pa.nulls(3)).texts.to_pylist() == [None] * 3
    assert linter.fix_batch([None]).texts == [None]


def test_wrong_columns(linter):
    with pytest.raises(TypeError, match="row 1, found int"):
        linter.check_batch(["a", 1])
    with pytest.raises(TypeError, match="strings, found Int64"):
        linter.check_batch(pa.array([1]))
    with pytest.raises(TypeError, match="single text"):
        linter.check_batch("text")


def test_polars(linter, pages):
    polars = pytest.importorskip("polars")
    series = polars.Series("text", [*pages, None])
    fixed = linter.fix_batch(series).texts
    assert isinstance(fixed, polars.Series) and fixed.name == "text" and fixed.dtype == polars.String
    assert fixed.to_list() == [*linter.fix_batch(pages).texts, None]
    assert linter.check_batch(series).to_polars().height == len(linter.check_batch(pages))
    categories = polars.Series("text", pages[:5], dtype=polars.Categorical)
    assert linter.fix_batch(categories).texts.to_list() == fixed.to_list()[:5]


def test_pandas(linter, pages):
    pandas = pytest.importorskip("pandas")
    for kind in ("object", "string"):
        series = pandas.Series([*pages, None], index=range(10, 11 + len(pages)), name="text", dtype=kind)
        fixed = linter.fix_batch(series).texts
        assert fixed.index.equals(series.index) and fixed.name == "text" and fixed.dtype == series.dtype
        assert fixed.iloc[:-1].tolist() == linter.fix_batch(pages).texts and fixed.isna().iloc[-1]
    assert len(linter.check_batch(series).to_pandas()) == len(linter.check_batch(pages))


def test_conversions_of_single_results(linter, pages):
    page = "\n".join(pages)
    findings, fixed = linter.check(page), linter.fix(page)
    assert findings.to_arrow()["text"].to_pylist() == [finding.text for finding in findings]
    assert fixed.to_arrow()["removed"].to_pylist() == [change.removed for change in fixed.changes]
