import os
import sys

import pytest

pytest.importorskip("pyspark", reason="PySpark is not installed")

from pyspark.sql import SparkSession

import dechaff.spark
from dechaff import Linter


@pytest.fixture(scope="module")
def spark():
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    try:
        session = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    except Exception as error:
        pytest.skip(f"Spark does not start, perhaps since there is no Java 17: {error}")
    yield session
    session.stop()


def test_fix(spark, pages):
    expected = Linter(threads=2).fix_batch(pages).texts
    frame = spark.createDataFrame([(row, page) for row, page in enumerate([*pages, None])], "id long, text string")
    fixed = dechaff.spark.fix(frame.repartition(3)).orderBy("id").collect()
    assert [row.text for row in fixed] == [*expected, None]


def test_check(spark, linter, pages):
    expected = [(f"p{row}", finding.code, finding.start) for row, page in enumerate(pages) for finding in linter.check(page)]
    frame = spark.createDataFrame([(f"p{row}", page) for row, page in enumerate(pages)], "id string, text string")
    found = dechaff.spark.check(frame, "id", linter=Linter(threads=1)).collect()
    assert sorted((row.id, row.code, row.start) for row in found) == sorted(expected)
