import pytest

pytest.importorskip("datatrove", reason="datatrove is not installed")

from datatrove.data import Document
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter

from dechaff import Linter
from dechaff.datatrove import DechaffDeduplicator, DechaffFilter, DechaffFixer


def test_pipeline_fixes(linter, pages, shard, tmp_path):
    (tmp_path / "in").mkdir()
    half = len(pages) // 2
    shard.write(pages[:half], "in/a.jsonl")
    shard.write(pages[half:], "in/b.jsonl")
    # Threads in this process must not disturb the workers, which are forked.
    expected = Linter(threads=2).fix_batch(pages).texts
    pipeline = [
        JsonlReader(str(tmp_path / "in")),
        DechaffFixer(linter, batch_size=7),
        JsonlWriter(str(tmp_path / "out"), compression=None),
    ]
    LocalPipelineExecutor(pipeline, tasks=2, workers=2, logging_dir=str(tmp_path / "logs"), start_method="fork").run()
    fixed = [text for path in sorted((tmp_path / "out").iterdir()) for text in shard.read(path)]
    assert fixed == expected


def test_filter_drops_with_a_reason(pages):
    noise = "Only this.\n\nLeave a Comment\n\nShare on Facebook\n\nSubscribe to our newsletter\n"
    step = DechaffFilter(config={"max-removed": 0.1})
    documents = [Document(text=noise, id="noise"), Document(text="Plain text about a harbour.", id="plain")]
    assert [document.id for document in step.run(iter(documents))] == ["plain"]
    assert step.stats["dropped_too_much_removed"].total == 1


def test_deduplicator_keeps_one_copy():
    paragraph = "The harbour master opened the old gate early in the morning, and twelve boats left at once."
    other = "Nobody in the village had seen the mountain without snow before, not even the oldest teacher."
    documents = [Document(text=text, id=str(row)) for row, text in enumerate([paragraph, f"{other}\n\n{paragraph}", paragraph])]
    kept = list(DechaffDeduplicator().run(iter(documents)))
    assert [(document.id, document.text.strip()) for document in kept] == [("0", paragraph), ("1", other)]
