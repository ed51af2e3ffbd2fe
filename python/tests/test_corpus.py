"""Documents that are compared with each other."""

import pytest

from dechaff import Error, Linter
from pages import pages as generate

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


def test_results_do_not_depend_on_memory(linter, pages):
    assert codes(linter.check_corpus(pages, memory=100_000)) == codes(linter.check_corpus(pages))
    little = [fixed for _, fixed in linter.fix_corpus(pages, memory=100_000, unsafe_fixes=True)]
    assert little == [fixed for _, fixed in linter.fix_corpus(pages, unsafe_fixes=True)]


def test_results_do_not_depend_on_threads(pages):
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


FOOTER = "The Valley Paper since 1902"


def site_pages():
    rows = [{"id": f"news/{row}.txt", "text": page, "url": f"https://www.example.org/{row}"} for row, page in enumerate(generate(8))]
    return [{**row, "text": f"{row['text']}\n{FOOTER}\n"} for row in rows]


def test_lines_of_a_site_are_found():
    # The line model knows such lines too.
    linter, rows = Linter(ignore=["BP9"]), site_pages()
    by_url = codes(linter.check_corpus(rows, id="id", group_by="url"))
    assert all("ND007" in found for found in by_url.values())
    assert not any("ND007" in found for found in codes(linter.check_corpus(rows, id="id")).values())
    configured = Linter(ignore=["BP9"], config={"group-by": "url"})
    assert codes(configured.check_corpus(rows, id="id")) == by_url
    assert codes(linter.check_corpus(rows, id="id", group_by="path")) == by_url
    by_path = {row["id"]: row["text"] for row in rows}
    assert codes(linter.check_corpus(by_path, group_by="path")) == by_url
    pa = pytest.importorskip("pyarrow")
    assert codes(linter.check_corpus(pa.Table.from_pylist(rows), id="id", group_by="url")) == by_url
    fixed = linter.fix_corpus(rows, id="id", group_by="url", unsafe_fixes=True)
    assert not any(FOOTER in result.text for _, result in fixed)


def test_pages_of_other_sites_are_not_compared(linter):
    rows = [{**row, "url": f"https://site-{number}.example"} for number, row in enumerate(site_pages())]
    assert not any("ND007" in found for found in codes(linter.check_corpus(rows, group_by="url")).values())


@pytest.mark.parametrize("method", ["check_corpus", "fix_corpus", "document_report"])
def test_grouping_without_sites_is_an_error(linter, method):
    with pytest.raises(Error, match="no document has a string or number in `domain`"):
        list(getattr(linter, method)(site_pages(), group_by="domain"))
    with pytest.raises(Error, match="no document has a path as its ID"):
        list(getattr(linter, method)(["a", "b"], group_by="path"))
    assert list(getattr(linter, method)([], group_by="url")) == []


def test_reports_of_documents(linter):
    documents = {"a": f"{PARAGRAPH}\n\n{OTHER}\n", "b": f"{PARAGRAPH}\n\n{OTHER}\n", "c": None, "d": "", "e": "Leave a Comment\n"}
    reports = dict(linter.document_report(documents))
    assert reports["c"] is None
    assert [reports[key].verdict for key in "abde"] == ["keep", "drop", "drop", "drop"]
    assert reports["b"].nearest == "a" and reports["b"].reason == 'it is a copy of corpus: record 1 (id "a")'
    assert reports["d"].threshold == "min-words = 1" and reports["d"].words == 0
    assert reports["e"].findings_by_rule == {"BP001": 1} and reports["e"].threshold == "drop-share = 0.9"
    strict = Linter(config={"documents": {"min-words": 1000}})
    assert {report.threshold for _, report in strict.document_report([PARAGRAPH])} == {"min-words = 1000"}
    assert reports["a"].to_dict()["document"] == "a"
