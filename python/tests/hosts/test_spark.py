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
