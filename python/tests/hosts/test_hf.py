import pytest

datasets = pytest.importorskip("datasets", reason="datasets is not installed")

from dechaff import Linter
from dechaff.hf import Fix, Keep


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path)


@pytest.mark.parametrize("processes", [None, 2])
@pytest.mark.parametrize("format", [None, "arrow"])
def test_map(pages, processes, format):
    # A threaded call before the fork used to be a deadlock in such libraries.
    expected = Linter(threads=2).fix_batch(pages).texts
    dataset = datasets.Dataset.from_dict({"text": pages, "id": range(len(pages))}).with_format(format)
    fixed = dataset.map(Fix(), batched=True, batch_size=10, num_proc=processes).with_format(None)
    assert list(fixed["text"]) == expected
    assert list(fixed["id"]) == list(range(len(pages)))


def test_fingerprint_is_stable():
    from datasets.fingerprint import Hasher

    assert Hasher.hash(Fix(ignore=["ND"])) == Hasher.hash(Fix(ignore=["ND"]))
    assert Hasher.hash(Fix(ignore=["ND"])) != Hasher.hash(Fix(ignore=["BP"]))


def test_filter():
    noise = "Only this.\n\nLeave a Comment\n\nShare on Facebook\n\nSubscribe to our newsletter\n"
    dataset = datasets.Dataset.from_dict({"text": [noise, "Plain text about a harbour.", None]})
    kept = dataset.filter(Keep(config={"max-removed": 0.1}), batched=True, num_proc=2)
    assert list(kept["text"]) == ["Plain text about a harbour.", None]


def test_corpus(linter, pages):
    dataset = datasets.Dataset.from_dict({"text": pages, "id": [f"p{row}" for row in range(len(pages))]})
    expected = [findings for _, findings in linter.check_corpus(dict(zip(dataset["id"], pages, strict=True)))]
    assert [findings for _, findings in linter.check_corpus(dataset, id="id")] == expected
