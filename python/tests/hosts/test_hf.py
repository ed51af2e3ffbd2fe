import threading

import pytest

datasets = pytest.importorskip("datasets", reason="datasets is not installed")

from dechaff import Linter
from dechaff.hf import Fix, Keep


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path)


@pytest.mark.parametrize("processes", [None, 2])
@pytest.mark.parametrize("format", [None, "arrow"])
def test_map(many, reference, processes, format):
    # A threaded call before the fork used to be a deadlock in such libraries.
    Linter(threads=2).fix_batch(many)
    dataset = datasets.Dataset.from_dict({"text": many, "id": range(len(many))}).with_format(format)
    fixed = dataset.map(Fix(ignore=["ND"]), batched=True, batch_size=10, num_proc=processes).with_format(None)
    assert list(fixed["text"]) == reference.fixed
    assert list(fixed["id"]) == list(range(len(many)))


def test_findings(many, reference):
    linter = Linter(ignore=["ND"], threads=2)
    linter.check_batch(many)
    dataset = datasets.Dataset.from_dict({"text": many, "id": range(len(many))})

    def find(batch):
        table = linter.check_batch(batch["text"]).to_arrow()
        rows = [batch["id"][row] for row in table["row"].to_pylist()]
        return {"row": rows, **{name: table[name].to_pylist() for name in ("code", "start_byte", "end_byte")}}

    found = dataset.map(find, batched=True, batch_size=30, num_proc=2, remove_columns=["text", "id"])
    columns = (found[name] for name in ("row", "code", "start_byte", "end_byte"))
    assert list(zip(*columns, strict=True)) == reference.findings


def test_map_during_a_call_of_another_thread(many, reference):
    linter, done = Linter(ignore=["ND"], threads=2), threading.Event()

    def work():
        while not done.is_set():
            linter.fix_batch(many)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        dataset = datasets.Dataset.from_dict({"text": many})
        assert list(dataset.map(Fix(linter), batched=True, batch_size=10, num_proc=2)["text"]) == reference.fixed
    finally:
        done.set()
        thread.join()


def test_fingerprint_is_stable():
    from datasets.fingerprint import Hasher

    assert Hasher.hash(Fix(ignore=["ND"])) == Hasher.hash(Fix(ignore=["ND"]))
    assert Hasher.hash(Fix(ignore=["ND"])) != Hasher.hash(Fix(ignore=["BP"]))


def test_filter():
    noise = "Leave a Comment\n\nShare on Facebook\n\nSubscribe to our newsletter\n"
    mixed = f"Only this.\n\n{noise}"
    dataset = datasets.Dataset.from_dict({"text": [noise, "Plain text about a harbour.", mixed, None]})
    kept = dataset.filter(Keep(), batched=True, num_proc=2)
    assert list(kept["text"]) == ["Plain text about a harbour.", mixed, None]
    strict = Keep(verdicts=["drop", "review"], config={"max-removed": 0.1})
    assert list(dataset.filter(strict, batched=True)["text"]) == ["Plain text about a harbour.", None]


def test_corpus(linter, pages):
    dataset = datasets.Dataset.from_dict({"text": pages, "id": [f"p{row}" for row in range(len(pages))]})
    expected = [findings for _, findings in linter.check_corpus(dict(zip(dataset["id"], pages, strict=True)))]
    assert [findings for _, findings in linter.check_corpus(dataset, id="id")] == expected
