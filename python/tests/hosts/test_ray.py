import pytest

ray = pytest.importorskip("ray", reason="Ray is not installed")
pytest.importorskip("ray.data", reason="Ray Data is not installed")

import dechaff.ray
from dechaff import Linter


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
