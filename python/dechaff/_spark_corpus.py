"""Compares the documents of a data frame in steps. Spark runs the tasks, and the work folder has the data."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions
from pyspark.sql.types import ArrayType, BinaryType, LongType, MapType, StringType, StructField, StructType

from dechaff._comparison import Comparison
from dechaff._dechaff import Error
from dechaff._linter import Linter, Path

if TYPE_CHECKING:
    from pyarrow import RecordBatch
    from pyspark.sql import DataFrame, SparkSession

# The number of tasks of a step per core.
_TASKS_PER_CORE = 4

_ORIGINAL_PLACE = ("original_start", "original_end", "original_start_byte", "original_end_byte")

_FIXED = StructType([
    StructField("id", StringType()),
    StructField("text", StringType()),
    StructField("removed_bytes", LongType()),
    StructField("refusal", StringType()),
])  # fmt: skip


class CorpusJob:
    """A comparison of the documents of a data frame."""

    def __init__(
        self,
        frame: DataFrame,
        work: Path,
        id: str,
        column: str,
        order_by: Sequence[str],
        language: str | None,
        partitions: int | None,
        memory: int,
    ) -> None:
        if isinstance(order_by, str):
            raise TypeError(f"order_by is a list, not a single column: write [{order_by!r}]")
        for name in (id, column, *order_by, *([language] if language else [])):
            if name not in frame.columns:
                raise KeyError(f"no column {name!r}; the columns are {', '.join(frame.columns)}")
        self.id_type = frame.schema[id].dataType
        if isinstance(self.id_type, ArrayType | BinaryType | MapType | StructType):
            raise TypeError(f"column {id!r}: expected strings or numbers, found {self.id_type.simpleString()}")
        if not isinstance(frame.schema[column].dataType, StringType):
            found = frame.schema[column].dataType.simpleString()
            raise TypeError(f"column {column!r}: expected strings, found {found}")
        if "://" in os.fspath(work):
            raise ValueError(f"{work}: the work folder is a path of a file system, such as a mounted volume")
        self.spark: SparkSession = frame.sparkSession
        self.work = FilePath(os.path.abspath(work))
        self.frame, self.id, self.column = frame, id, column
        self.order_by, self.language = list(order_by), language
        self.partitions = partitions or _TASKS_PER_CORE * _cores(self.spark)
        self.memory = memory

    def findings(self, linter: Linter, fields: list[StructField]) -> DataFrame:
        """Returns one row per finding, with these fields and the position of the original."""
        _write(self.spark, self._documents(), self.work / "documents", self._key())
        comparison = self._compare(self.work, linter)
        own = [StructField("id", StringType()), *fields, StructField("original_id", StringType())]
        schema = StructType([*own, *(StructField(name, LongType()) for name in _ORIGINAL_PLACE)])
        found = self._shares(comparison, _CheckShares(comparison, self.partitions, schema.names), schema)
        columns = [found[name] for name in schema.names]
        columns[0] = columns[0].cast(self.id_type).alias(self.id)
        columns[len(fields) + 1] = found["original_id"].cast(self.id_type).alias("original")
        return found.select(columns)

    def fixed(self, linter: Linter, unsafe_fixes: bool | None, rounds: int) -> DataFrame:
        """Returns the fixed text of each document."""
        own, comparing = linter._split()
        state = hashlib.sha256(linter._engine.state.encode()).hexdigest()
        key = {**self._key(), "settings": state, "unsafe_fixes": unsafe_fixes}
        texts = self._round(1)
        _write(self.spark, self._documents().mapInArrow(_FixOwn(own, unsafe_fixes), _FIXED), texts, key)
        for number in range(1, rounds + 1):
            if comparing is None:
                break
            comparison = self._compare(texts.parent, comparing)
            fixed = self._shares(comparison, _FixShares(comparison, self.partitions, unsafe_fixes), _FIXED)
            before, texts = texts, self._round(number + 1)
            _write(self.spark, fixed, texts, key)
            if self._removed(before) == self._removed(texts):
                break
        fixed = self._read(texts)
        return fixed.select(fixed["id"].cast(self.id_type).alias(self.id), *_FIXED.names[1:])

    def _round(self, number: int) -> FilePath:
        return self.work / f"round-{number}" / "documents"

    def _documents(self) -> DataFrame:
        """Returns the documents in order. Equal IDs are in order of the hash of the text."""
        key = [self.frame[name] for name in (*self.order_by, self.id)]
        names = [f"key{number}" for number in range(len(key) + 1)]
        key.append(functions.xxhash64(self.frame[self.column]))
        own = [self.frame[self.id].cast("string").alias("id"), self.frame[self.column].alias("text")]
        own += [self.frame[self.language].alias("language")] if self.language else []
        named = [one.alias(name) for one, name in zip(key, names, strict=True)]
        frame = self.frame.where(self.frame[self.column].isNotNull()).select(*named, *own)
        return frame.repartitionByRange(self.partitions, *names).sortWithinPartitions(*names).drop(*names)

    def _key(self) -> dict[str, Any]:
        return {"id": self.id, "text": self.column, "order_by": self.order_by, "language": self.language}

    def _compare(self, folder: FilePath, linter: Linter) -> Comparison:
        """Runs the remaining steps, each as a separate job."""
        documents = [re.sub(r"([*?\[{])", r"[\1]", str(folder / "documents")) + "/*.parquet"]
        comparison = Comparison(folder / "steps", documents, linter, memory=self.memory)
        steps = comparison.steps()
        schema = StructType([StructField("share", LongType())])
        for position, step in enumerate(steps, 1):
            if not comparison.is_done(step):
                shares = comparison.shares(step, self.partitions)
                frame = self.spark.range(0, shares, 1, shares).mapInArrow(_RunShares(comparison, step, shares), schema)
                with _described(self.spark, f"dechaff: {step}, step {position} of {len(steps)}"):
                    frame.collect()
        return comparison

    def _shares(self, comparison: Comparison, work: Callable[[Any], Any], schema: StructType) -> DataFrame:
        return self.spark.range(0, self.partitions, 1, self.partitions).mapInArrow(work, schema)

    def _read(self, folder: FilePath) -> DataFrame:
        return self.spark.read.schema(_FIXED).parquet(folder.as_uri())

    def _removed(self, folder: FilePath) -> int:
        with _described(self.spark, "dechaff: count what was removed"):
            (row,) = self._read(folder).agg(functions.sum("removed_bytes").alias("bytes")).collect()
        return row.bytes or 0


class _RunShares:
    """Runs the share of a task, whose numbers from 0 are the rows."""

    def __init__(self, comparison: Comparison, step: str, shares: int) -> None:
        self.comparison, self.step, self.shares = comparison, step, shares

    def __call__(self, batches: Iterable[RecordBatch]) -> Iterator[RecordBatch]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                self.comparison.run(self.step, number + 1, self.shares)
            yield batch.rename_columns(["share"])


class _CheckShares:
    """Yields the findings in shares."""

    def __init__(self, comparison: Comparison, shares: int, columns: list[str]) -> None:
        self.comparison, self.shares, self.columns = comparison, shares, columns

    def __call__(self, batches: Iterable[RecordBatch]) -> Iterator[RecordBatch]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                for found in self.comparison.check(number + 1, self.shares):
                    yield found.select(self.columns)


class _FixShares:
    """Yields the texts of shares without copies, and sums the bytes removed from each."""

    def __init__(self, comparison: Comparison, shares: int, unsafe_fixes: bool | None) -> None:
        self.comparison, self.shares, self.unsafe_fixes = comparison, shares, unsafe_fixes

    def __call__(self, batches: Iterable[RecordBatch]) -> Iterator[RecordBatch]:
        import pyarrow
        import pyarrow.compute
        import pyarrow.parquet

        path, before = None, pyarrow.table({})
        for batch in batches:
            for number in batch.column(0).to_pylist():
                for fixed in self.comparison.fix(number + 1, self.shares, unsafe_fixes=self.unsafe_fixes):
                    if not fixed.num_rows:
                        continue
                    # All documents of a batch come from one file.
                    if fixed["path"][0].as_py() != path:
                        path = fixed["path"][0].as_py()
                        before = pyarrow.parquet.ParquetFile(path).read(columns=["removed_bytes", "refusal"])
                    rows = before.take(pyarrow.compute.subtract(fixed["record"], 1)).combine_chunks()
                    columns = [
                        fixed["id"],
                        fixed["text"].cast(pyarrow.string()),
                        pyarrow.compute.add(fixed["removed_bytes"], _chunk(rows["removed_bytes"])),
                        pyarrow.compute.coalesce(fixed["refusal"], _chunk(rows["refusal"])),
                    ]
                    yield pyarrow.record_batch(columns, names=_FIXED.names)


def _chunk(column: Any) -> Any:
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)


class _FixOwn:
    """Fixes each document by itself, if there is a linter."""

    def __init__(self, linter: Linter | None, unsafe_fixes: bool | None) -> None:
        self.linter, self.unsafe_fixes = linter, unsafe_fixes

    def __call__(self, batches: Iterable[RecordBatch]) -> Iterator[RecordBatch]:
        import pyarrow

        for batch in batches:
            texts, removed = batch["text"], [0] * batch.num_rows
            refusals: list[str | None] = [None] * batch.num_rows
            if self.linter is not None:
                fixed = self.linter.fix_batch(texts, unsafe_fixes=self.unsafe_fixes)
                for change in fixed.changes.to_arrow().select(["row", "start_byte", "end_byte"]).to_pylist():
                    removed[change["row"]] += change["end_byte"] - change["start_byte"]
                texts, refusals = fixed.texts, [fixed.refusals.get(row) for row in range(batch.num_rows)]
            numbers, reasons = pyarrow.array(removed, pyarrow.int64()), pyarrow.array(refusals, pyarrow.string())
            yield pyarrow.record_batch([batch["id"], texts, numbers, reasons], names=_FIXED.names)


def _write(spark: SparkSession, frame: DataFrame, folder: FilePath, key: dict[str, Any]) -> None:
    """Writes a frame as Parquet files, unless that has been done. `key` identifies the content."""
    marker = folder.with_suffix(".json")
    if marker.exists():
        if json.loads(marker.read_text(encoding="utf-8")) != key:
            raise Error(f"{folder}: it has documents of another job, or of other settings; name another work folder")
        return
    with _described(spark, f"dechaff: write {folder.parent.name}/{folder.name}"):
        frame.write.mode("overwrite").parquet(folder.as_uri())
    if not any(folder.glob("*.parquet")):
        raise Error(f"{folder}: no documents; the driver and all executors must share the folder")
    part = marker.with_suffix(".part")
    part.write_text(json.dumps(key), encoding="utf-8")
    part.replace(marker)


@contextmanager
def _described(spark: SparkSession, description: str) -> Iterator[None]:
    """Names the jobs of a block in Spark's user interface, and raises errors with the messages of their tasks."""
    try:
        context: Any = spark.sparkContext
    except Exception:
        # Spark Connect has no context.
        context = None
    before = context and context.getLocalProperty("spark.job.description")
    if context:
        context.setJobDescription(description)
    try:
        yield
    except Exception as error:
        # The last line of a task's traceback is its message.
        message = re.search(r"^\s*dechaff\.(?:Config)?Error: (.+)$", str(error), re.MULTILINE)
        if message is None:
            raise
        raise Error(f"{description}: {message[1]}") from error
    finally:
        if context:
            context.setLocalProperty("spark.job.description", before)


def _cores(spark: SparkSession) -> int:
    try:
        return int(spark.sparkContext.defaultParallelism)
    except Exception:
        return int(spark.conf.get("spark.sql.shuffle.partitions") or 1)
