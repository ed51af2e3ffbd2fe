import json
import os
import shutil
import sys

import pytest

pytest.importorskip("pyspark", reason="PySpark is not installed")

from pyspark.sql import SparkSession

import dechaff.spark
from dechaff import Comparison, Linter


@pytest.fixture(scope="module")
def spark():
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    try:
        session = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    except Exception as error:
        pytest.skip(f"Spark does not start, perhaps since there is no Java 17: {error}")
    yield session
    session.stop()


def test_fix(spark, many, reference):
    # Threads in the driver must not disturb the tasks.
    Linter(threads=2).fix_batch(many)
    frame = spark.createDataFrame([(row, page) for row, page in enumerate([*many, None])], "id long, text string")
    fixed = dechaff.spark.fix(frame.repartition(3), ignore=["ND"]).orderBy("id").collect()
    assert [row.text for row in fixed] == [*reference.fixed, None]


def test_check(spark, many, reference):
    frame = spark.createDataFrame([(row, page) for row, page in enumerate(many)], "id long, text string")
    found = dechaff.spark.check(frame, "id", linter=Linter(ignore=["ND"], threads=1)).collect()
    assert sorted((row.id, row.code, row.start_byte, row.end_byte) for row in found) == sorted(reference.findings)


def test_processes_in_a_task(spark, many, reference):
    """A task that forks after a threaded call, as a library within it may."""

    def fix(batches):
        import multiprocessing

        import pyarrow

        linter = Linter(ignore=["ND"], threads=2)
        for batch in batches:
            linter.fix_batch(batch.column("text"))
            with multiprocessing.get_context("fork").Pool(2) as pool:
                fixed = pool.map(linter.fix, batch.column("text").to_pylist())
            yield batch.set_column(1, "text", pyarrow.array([one.text for one in fixed]))

    frame = spark.createDataFrame([(row, page) for row, page in enumerate(many)], "id long, text string")
    fixed = frame.coalesce(1).mapInArrow(fix, frame.schema).orderBy("id").collect()
    assert [row.text for row in fixed] == reference.fixed


@pytest.fixture
def frame(spark, many):
    """Documents in another order than that of their IDs, in three partitions, with one that has no text."""
    rows = [(f"page-{row:04}", row % 7, page) for row, page in enumerate([*many, None])]
    return spark.createDataFrame(rows[::-1], "id string, site int, text string").repartition(3)


COLUMNS = "code start_byte end_byte line column severity message help fix".split()


def reported(command, *arguments):
    """Returns what the command reports of `work/documents`."""
    run = command("check", "work/documents", "--output-format", "json-lines", *arguments)
    assert run.returncode == 1, run.stderr
    rows = []
    for one in map(json.loads, run.stdout.splitlines()):
        place = one["start"]["offset"], one["end"]["offset"], one["start"]["line"], one["start"]["column"]
        fix = one["fix"] and one["fix"]["applicability"]
        original = (None,) * 3
        if one["code"].startswith("ND"):
            label = next(label for label in one["labels"] if label["message"] in ("first seen here", "also here"))
            original = label["record"]["id"], label["start"]["offset"], label["end"]["offset"]
        row = one["code"], *place, one["severity"], one["message"], one["help"], fix, *original
        rows.append((one["record"]["id"], *row))
    return sorted(rows, key=str)


def found(findings):
    """Returns findings in the form of `reported`."""
    names = ["id", *COLUMNS, "original", "original_start_byte", "original_end_byte"]
    return sorted((tuple(row[name] for name in names) for row in findings.collect()), key=str)


def test_compare_finds_what_the_command_finds(spark, frame, command, tmp_path, monkeypatch):
    work = tmp_path / "work"
    with monkeypatch.context() as patch:
        # A job that is stopped in the step `exact`.
        patch.setattr(Comparison, "steps", lambda self: ["sketch", "variants", "group", "merge", "lines", "exact"])
        dechaff.spark.compare(frame, work, "id", partitions=3)
    (work / "steps" / "exact-00002-of-00003.json").unlink()
    # The documents are there already, and so are the shares of some steps.
    findings = dechaff.spark.compare(frame.limit(0), work, "id", partitions=2)
    expected = reported(command)
    assert found(findings) == expected
    assert sum(row[-1] is not None for row in expected) > 30
    other = dechaff.spark.compare(frame.coalesce(1), tmp_path / "other", "id", partitions=5)
    assert found(other) == expected


def test_jobs_have_names(spark, frame, tmp_path):
    names = []
    status = spark.sparkContext._jsc.sc().statusStore()
    dechaff.spark.compare(frame, tmp_path / "work", "id", select=["ND001"], partitions=2)
    jobs = status.jobsList(None)
    names = [jobs.apply(at).description() for at in range(jobs.size())]
    names = {name.get() for name in names if name.isDefined()}
    assert {"dechaff: write work/documents", "dechaff: sketch, step 1 of 2", "dechaff: exact, step 2 of 2"} <= names
    assert spark.sparkContext.getLocalProperty("spark.job.description") is None


def test_order_decides_what_is_the_original(spark, tmp_path):
    text = "The harbour master opened the old gate early in the morning, and twelve boats left at once."
    rows = [(1, "2024", text), (2, "2021", text), (3, "2022", text)]
    frame = spark.createDataFrame(rows, "number long, date string, page string")
    for order, originals in (((), {2: 1, 3: 1}), (["date"], {1: 2, 3: 2})):
        work = tmp_path / f"work-{len(order)}"
        findings = dechaff.spark.compare(frame, work, "number", "page", select=["ND001"], order_by=order, partitions=2)
        assert {row.number: row.original for row in findings.collect()} == originals
    assert findings.schema["number"].dataType.simpleString() == "bigint"
    assert dechaff.spark.compare(frame.limit(0), tmp_path / "none", "number", "page", partitions=2).count() == 0


@pytest.mark.parametrize("unsafe", [False, True])
def test_fix_corpus_fixes_what_the_command_fixes(spark, frame, many, command, shard, tmp_path, unsafe):
    settings = {"config": {"max-removed": 0.9}, "partitions": 3}
    frame = frame.withColumnRenamed("text", "page")
    fixed = dechaff.spark.fix_corpus(frame, tmp_path / "work", "id", "page", unsafe_fixes=unsafe, rounds=1, **settings)
    (tmp_path / "in").mkdir()
    shard.write(many, "in/pages.jsonl")
    options = ["--config", "max-removed=0.9", "--fix-only", *(["--unsafe-fixes"] if unsafe else [])]
    assert command("check", "in", "--ignore", "ND", "--output-dir", "own", *options).returncode == 0
    assert command("compare", "sketch", "steps", "own", "--select", "ND", "--isolated").returncode == 0
    while command("compare", "status", "steps").returncode:
        assert command("compare", "match", "steps").returncode == 0
    copies = ["check", "own", "--compared", "steps", "--select", "ND", "--output-dir", "unique", *options]
    run = command(*copies)
    assert run.returncode == 0, run.stderr
    (expected,) = (tmp_path / "unique").rglob("pages.jsonl")
    rows = fixed.orderBy("id").collect()
    assert fixed.columns == ["id", "text", "removed_bytes", "refusal"]
    assert [row.text for row in rows] == shard.read(expected)
    for row, page in zip(rows, many, strict=True):
        assert row.removed_bytes >= len(page.encode()) - len(row.text.encode()) and (row.text != page or not row.removed_bytes)
    if unsafe:
        again = dechaff.spark.fix_corpus(frame, tmp_path / "work", "id", "page", unsafe_fixes=True, rounds=3, **settings)
        assert sum(row.removed_bytes for row in again.collect()) >= sum(row.removed_bytes for row in rows)
        assert again.count() == len(many)


def test_errors_have_the_message_of_the_task(spark, frame, command, tmp_path):
    work = tmp_path / "work"
    findings = dechaff.spark.compare(frame, work, "id", select=["ND001"], partitions=2)
    with pytest.raises(dechaff.Error, match="documents of another job"):
        dechaff.spark.compare(frame, work, "id", select=["ND001"], order_by=["site"], partitions=2)
    with pytest.raises(dechaff.Error, match=r"^dechaff: sketch, step 1 of \d+: .*made for the rules ND001"):
        (work / "steps" / "sketch-00001-of-00002.json").unlink()
        dechaff.spark.compare(frame, work, "id", select=["ND001", "ND003"], partitions=2)
    shutil.rmtree(work / "documents")
    with pytest.raises(Exception, match="no such file"):
        findings.collect()
    with pytest.raises(ValueError, match="a path of a file system"):
        dechaff.spark.compare(frame, "s3://bucket/work", "id")
    with pytest.raises(KeyError, match="no column 'name'; the columns are id, site, text"):
        dechaff.spark.compare(frame, work, "name")
    with pytest.raises(TypeError, match="column 'site': expected strings, found int"):
        dechaff.spark.compare(frame, work, "id", "site")
