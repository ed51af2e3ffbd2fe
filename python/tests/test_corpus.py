"""Documents that are compared with each other."""

import pytest

from dechaff import Linter

PARAGRAPH = "The harbour master opened the old gate early in the morning, and twelve boats left for the islands at once."
OTHER = "Nobody in the village had seen the mountain without snow before, not even the oldest teacher of the school."


def codes(results):
    return {key: [finding.code for finding in findings] for key, findings in results}


def test_duplicates_name_the_first_copy(linter):
    documents = {"first": f"{PARAGRAPH}\n\n{OTHER} One.\n", "second": f"Different here.\n\n{PARAGRAPH}\n"}
    found = dict(linter.check_corpus(documents))
    assert found["first"] == []
    (finding,) = found["second"]
    assert finding.code == "ND001" and finding.document == "second"
    (label,) = [label for label in finding.labels if label.document is not None]
    assert label.document == "first" and documents["first"][label.start : label.end] == PARAGRAPH


def test_last_copy_stays(linter):
    fixed = dict(linter.fix_corpus([PARAGRAPH + "\n\n" + OTHER, OTHER + "\n\n" + PARAGRAPH], unsafe_fixes=True))
    joined = fixed[0].text + fixed[1].text
    assert PARAGRAPH in joined and OTHER in joined


def test_forms_of_documents(linter, pages):
    expected = list(codes(linter.check_corpus(pages)).values())
    ids = [f"page-{row}" for row in range(len(pages))]
    assert codes(linter.check_corpus(iter(zip(ids, pages, strict=True)))) == dict(zip(ids, expected, strict=True))
    assert codes(linter.check_corpus(dict(zip(ids, pages, strict=True)))) == dict(zip(ids, expected, strict=True))
    rows = [{"id": key, "body": page} for key, page in zip(ids, pages, strict=True)]
    assert codes(linter.check_corpus(rows, text="body", id="id")) == dict(zip(ids, expected, strict=True))
    assert codes(linter.check_corpus({"text": pages}["text"])) == dict(enumerate(expected))


def test_tables(linter, pages):
    pa = pytest.importorskip("pyarrow")
    expected = codes(linter.check_corpus(pages))
    table = pa.table({"key": [f"p{row}" for row in range(len(pages))], "body": pages})
    named = {f"p{row}": found for row, found in expected.items()}
    assert codes(linter.check_corpus(table, text="body", id="key")) == named
    assert codes(linter.check_corpus(table, text="body")) == expected
    reader = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=7))
    assert codes(linter.check_corpus(reader, text="body", id="key")) == named
    reader = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=7))
    assert codes(linter.check_corpus(reader, text="body")) == expected
    assert codes(linter.check_corpus(table["body"])) == expected
    for module, convert in (("polars", "from_arrow"), ("pandas", "DataFrame")):
        host = pytest.importorskip(module)
        frame = getattr(host, convert)(table if module == "polars" else table.to_pydict())
        assert codes(linter.check_corpus(frame, text="body", id="key")) == named


def test_nulls_stay(linter):
    assert list(linter.check_corpus(["Text.", None])) == [(0, []), (1, None)]
    assert list(linter.fix_corpus([None, "Text."]))[0] == (0, None)
    assert list(linter.check_corpus([])) == []


def test_little_memory_changes_nothing(linter, pages):
    assert codes(linter.check_corpus(pages, memory=100_000)) == codes(linter.check_corpus(pages))
    little = [fixed for _, fixed in linter.fix_corpus(pages, memory=100_000, unsafe_fixes=True)]
    assert little == [fixed for _, fixed in linter.fix_corpus(pages, unsafe_fixes=True)]


def test_threads_do_not_matter(pages):
    one = list(Linter(threads=1).fix_corpus(pages, unsafe_fixes=True))
    assert one == list(Linter(threads=3).fix_corpus(pages, unsafe_fixes=True))


def test_fixes_can_be_undone(linter, pages):
    fixed = [result for _, result in linter.fix_corpus(pages, unsafe_fixes=True)]
    assert [result.undo() for result in fixed] == pages
    assert sum(result.is_changed for result in fixed) > 10


def test_unfinished_pass_ends(linter, pages):
    results = linter.check_corpus(pages * 20)
    assert next(results)[0] == 0
    results.close()
