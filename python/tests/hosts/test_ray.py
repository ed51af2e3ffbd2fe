import pytest

ray = pytest.importorskip("ray", reason="Ray is not installed")
pytest.importorskip("ray.data", reason="Ray Data is not installed")

import dechaff.ray
from dechaff import Comparison, Error, Linter


@pytest.fixture(scope="module", autouse=True)
def cluster():
    # The call before starts threads in this process.
    Linter(threads=2).fix_batch(["a", "b"])
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


def dataset(pages):
    return ray.data.from_items([{"id": row, "text": page} for row, page in enumerate(pages)])


def test_fix(many, reference):
    fixed = dataset(many).map_batches(
        dechaff.ray.Fix,
        batch_format="pyarrow",
        batch_size=10,
        fn_constructor_kwargs={"ignore": ["ND"]},
        compute=ray.data.ActorPoolStrategy(size=1),
    )
    texts = {row["id"]: row["text"] for row in fixed.take_all()}
    assert [texts[row] for row in range(len(many))] == reference.fixed


def test_check(many, reference):
    linter = Linter(ignore=["ND"], threads=1)
    found = dataset(many).map_batches(
        dechaff.ray.Check,
        batch_format="pyarrow",
        fn_constructor_kwargs={"linter": linter},
        compute=ray.data.ActorPoolStrategy(size=1),
    )
    rows = sorted((row["id"], row["code"], row["start_byte"], row["end_byte"]) for row in found.take_all())
    assert rows == sorted(reference.findings)


def test_compare(many, shard, tmp_path):
    shard.write(many[::2], "a.jsonl")
    shard.write(many[1::2], "b.jsonl")
    names = ["path", "record", "code", "start", "end", "original_path", "original_record", "original_start"]
    comparisons = [Comparison(tmp_path / work, [tmp_path / "*.jsonl"], threads=1) for work in ("one", "tasks")]
    comparisons[0].run_all()
    expected = [tuple(row[name] for name in names) for batch in comparisons[0].check() for row in batch.to_pylist()]
    rows = dechaff.ray.compare(comparisons[1], 3, num_cpus=1).take_all()
    key = lambda row: [str(value) for value in row]  # noqa: E731
    assert sorted((tuple(row[name] for name in names) for row in rows), key=key) == sorted(expected, key=key)
    assert sum(row[-1] is not None for row in expected) > 30
    with pytest.raises(Error, match="none of the selected rules compares"):
        dechaff.ray.compare(Comparison(tmp_path / "none", [tmp_path / "a.jsonl"], select=["BP"]), 2)


def test_processes_in_a_task(many, reference):
    """A task that forks after a threaded call, as `datasets` within it may."""

    @ray.remote
    def fix(linter, texts):
        import multiprocessing

        linter.fix_batch(texts)
        with multiprocessing.get_context("fork").Pool(2) as pool:
            return pool.apply(linter.fix, (texts[0],)).text

    linter = Linter(ignore=["ND"], threads=2)
    assert ray.get(fix.remote(linter, many[:50]), timeout=120) == reference.fixed[0]
