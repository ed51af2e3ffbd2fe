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


def test_fix(linter, pages):
    fixed = dataset(pages).map_batches(
        dechaff.ray.Fix,
        batch_format="pyarrow",
        batch_size=10,
        fn_constructor_kwargs={"linter": linter},
        compute=ray.data.ActorPoolStrategy(size=1),
    )
    texts = {row["id"]: row["text"] for row in fixed.take_all()}
    assert [texts[row] for row in range(len(pages))] == linter.fix_batch(pages).texts


def test_check(linter, pages):
    found = dataset(pages).map_batches(
        dechaff.ray.Check, batch_format="pyarrow", compute=ray.data.ActorPoolStrategy(size=1)
    )
    rows = sorted((row["id"], row["start"], row["code"]) for row in found.take_all())
    assert rows == sorted((row, found.start, found.code) for row, page in enumerate(pages) for found in linter.check(page))
