import pytest

pytest.importorskip("datatrove", reason="datatrove is not installed")

from datatrove.data import Document
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter

from dechaff import Comparison, Linter
from dechaff.datatrove import DechaffComparer, DechaffDeduplicator, DechaffFilter, DechaffFixer, DechaffUniqueReader


def test_pipeline_fixes(many, reference, shard, tmp_path):
    (tmp_path / "in").mkdir()
    half = len(many) // 2
    shard.write(many[:half], "in/a.jsonl")
    shard.write(many[half:], "in/b.jsonl")
    # Threads in this process must not disturb the workers, which are forked.
    Linter(threads=2).fix_batch(many)
    pipeline = [
        JsonlReader(str(tmp_path / "in")),
        DechaffFixer(ignore=["ND"], batch_size=7),
        JsonlWriter(str(tmp_path / "out"), compression=None),
    ]
    LocalPipelineExecutor(pipeline, tasks=2, workers=2, logging_dir=str(tmp_path / "logs"), start_method="fork").run()
    fixed = [text for path in sorted((tmp_path / "out").iterdir()) for text in shard.read(path)]
    assert fixed == [text for text in reference.fixed if text]


def test_deduplicator_deletes_what_the_command_deletes(many, command, shard, tmp_path):
    shard.write(many, "pages.jsonl")
    command(
        *["check", "pages.jsonl", "--select", "ND", "--config", "max-removed=1.0", "--unsafe-fixes"],
        *["--fix-only", "--output-dir", "fixed"],
    )
    expected = shard.read(tmp_path / "fixed" / "pages.jsonl")
    documents = (Document(text=text, id=str(row)) for row, text in enumerate(many))
    kept = {int(document.id): document.text for document in DechaffDeduplicator().run(documents)}
    assert kept == {row: text for row, text in enumerate(expected) if text.strip() or text == many[row]}
    assert sum(kept.get(row) != text for row, text in enumerate(many)) > len(many) // 10


def test_filter_drops_with_a_reason(pages):
    noise = "Only this.\n\nLeave a Comment\n\nShare on Facebook\n\nSubscribe to our newsletter\n"
    texts = {"noise": noise[noise.index("Leave") :], "plain": "Plain text about a harbour.", "mixed": noise, "empty": ""}
    documents = [Document(text=text, id=key) for key, text in texts.items()]
    step = DechaffFilter()
    assert [document.id for document in step.run(iter(documents))] == ["plain", "mixed"]
    assert step.stats["dropped_drop-share"].total == step.stats["dropped_min-words"].total == 1
    step = DechaffFilter(verdicts=["drop", "review"], config={"max-removed": 0.1})
    assert [document.id for document in step.run(iter(documents))] == ["plain"]
    assert step.stats["dropped_max-removed"].total == 1
    step = DechaffFilter(verdicts=["review"], config={"rule": {"BP001": {"severity": "error"}}})
    assert [document.id for document in step.run(iter(documents))] == ["noise", "plain", "empty"]
    assert step.stats["dropped_BP001"].total == 1
    with pytest.raises(ValueError, match="no such verdict: bad"):
        list(DechaffFilter(verdicts=["bad"]).run(iter(documents)))


def test_deduplicator_keeps_one_copy():
    paragraph = "The harbour master opened the old gate early in the morning, and twelve boats left at once."
    other = "Nobody in the village had seen the mountain without snow before, not even the oldest teacher."
    documents = [Document(text=text, id=str(row)) for row, text in enumerate([paragraph, f"{other}\n\n{paragraph}", paragraph])]
    kept = list(DechaffDeduplicator().run(iter(documents)))
    assert [(document.id, document.text.strip()) for document in kept] == [("0", paragraph), ("1", other)]


def test_comparison_in_steps(many, shard, tmp_path):
    (tmp_path / "in").mkdir()
    for part in range(3):
        shard.write(many[part::3], f"in/{part}.jsonl")
    linter = Linter(select=["ND"], threads=1, config={"max-removed": 1.0})
    expected = Comparison(tmp_path / "one", [tmp_path / "in"], linter)
    expected.run_all()
    expected = [row for batch in expected.fix(unsafe_fixes=True) for row in batch.to_pylist()]
    comparison = Comparison(tmp_path / "work", [tmp_path / "in"], linter)
    for step in comparison.steps():
        executor = LocalPipelineExecutor(
            [DechaffComparer(comparison, step)], tasks=2, workers=2, logging_dir=str(tmp_path / step), start_method="fork"
        )
        executor.run()
        assert comparison.is_done(step)
    documents = [document for rank in range(2) for document in DechaffUniqueReader(comparison).run(None, rank, 2)]
    kept = [(row["id"], row["text"]) for row in expected if row["text"].strip() or not row["removed_bytes"]]
    assert [(document.id, document.text) for document in documents] == kept
    assert sum(row["removed_bytes"] > 0 for row in expected) > 10
    with pytest.raises(ValueError, match="was begun in 2 shares, so it needs 2 tasks"):
        list(DechaffComparer(comparison, "sketch").run(None, 0, 3))
