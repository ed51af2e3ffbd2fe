"""A comparison in steps finds what the command finds, however it is split."""

import json
import pickle
import threading

import pytest

import dechaff
from dechaff import Comparison

pytest.importorskip("pyarrow")


@pytest.fixture
def corpus(many, shard, tmp_path):
    """Three files of documents."""
    (tmp_path / "corpus").mkdir()
    for part in range(3):
        shard.write(many[part::3], f"corpus/{part}.jsonl")
    return tmp_path / "corpus"


def reported(command, *arguments):
    """Returns what the command reports of the corpus."""
    result = command("check", "corpus", "--output-format", "json-lines", *arguments)
    assert result.returncode == 1, result.stderr
    rows = []
    for finding in map(json.loads, result.stdout.splitlines()):
        record = finding["record"]
        place = finding["start"]["offset"], finding["end"]["offset"], finding["start"]["line"], finding["start"]["column"]
        fix = finding["fix"] and finding["fix"]["applicability"]
        row = (finding["code"], *place, finding["severity"], finding["message"], finding["help"], fix)
        original = (None,) * 4
        if finding["code"].startswith("ND"):
            label = next(one for one in finding["labels"] if one["message"] in ("first seen here", "also here"))
            original = label["path"].removeprefix("corpus/"), label["record"]["index"], label["start"]["offset"], label["end"]["offset"]
        rows.append((finding["path"].removeprefix("corpus/"), record["index"], record["id"], *row, *original))
    return rows


def found(comparison, shares, corpus):
    """Returns what the shares of a comparison report, in the form of `reported`."""
    names = "path record id code start_byte end_byte line column severity message help fix".split()
    names += "original_path original_record original_start_byte original_end_byte".split()
    rows = []
    for number in range(1, shares + 1):
        for batch in comparison.check(number, shares):
            for row in batch.to_pylist():
                for name in ("path", "original_path"):
                    row[name] = row[name] and row[name].removeprefix(f"{corpus}/")
                rows.append(tuple(row[name] for name in names))
    return rows


@pytest.mark.parametrize("shares", [1, 2, 5])
def test_findings_match_the_command(corpus, command, tmp_path, shares):
    expected = reported(command)
    comparison = pickle.loads(pickle.dumps(Comparison(tmp_path / "work", [corpus], threads=1)))
    assert comparison.steps()[0] == "sketch" and not comparison.is_done("sketch")
    for step in comparison.steps():
        count = comparison.shares(step, shares)
        assert count in (1, shares)
        assert [comparison.run(step, number, count) for number in range(count, 0, -1)] == [True] * count
        assert comparison.is_done(step) and not comparison.run(step, 1, count)
    assert found(comparison, shares, corpus) == expected
    assert found(comparison, 3, corpus) == expected
    assert sum(row[-1] is not None for row in expected) > 30
    assert command("compare", "status", "work").returncode == 0


def test_fixes_match_the_command(corpus, command, shard, tmp_path):
    comparison = Comparison(tmp_path / "work", [corpus], select=["ND"], threads=1, config={"max-removed": 0.9})
    comparison.run_all(2)
    rows = [row for number in (1, 2) for batch in comparison.fix(number, 2, unsafe_fixes=True) for row in batch.to_pylist()]
    run = command(
        *["check", str(corpus), "--compared", "work", "--select", "ND", "--config", "max-removed=0.9", "--unsafe-fixes"],
        *["--fix-only", "--output-dir", "fixed"],
    )
    assert run.returncode == 0, run.stderr
    (fixed,) = (path.parent for path in (tmp_path / "fixed").rglob("0.jsonl"))
    texts = [text for part in range(3) for text in shard.read(fixed / f"{part}.jsonl")]
    assert [row["text"] for row in rows] == texts
    originals = [text for part in range(3) for text in shard.read(corpus / f"{part}.jsonl")]
    for row, text in zip(rows, originals, strict=True):
        assert (row["removed_bytes"] > 0) == (row["text"] != text)
        assert row["removed_bytes"] >= len(text.encode()) - len(row["text"].encode())
    assert sum(row["removed_bytes"] > 0 for row in rows) > 10


def test_several_attempts_at_a_share_at_once(corpus, tmp_path):
    comparison = Comparison(tmp_path / "work", [corpus], select=["ND"], threads=1)
    done = []
    for step in comparison.steps():
        run = lambda step=step: done.append(comparison.run(step))  # noqa: E731
        attempts = [threading.Thread(target=run) for _ in range(4)]
        for attempt in attempts:
            attempt.start()
        for attempt in attempts:
            attempt.join()
    assert len(done) == 4 * len(comparison.steps()) and all(comparison.is_done(step) for step in comparison.steps())
    assert sum(batch.num_rows for batch in comparison.check())
    files = list((tmp_path / "work").glob("*.dxw"))
    named = [json.loads(path.read_text())["files"] for path in (tmp_path / "work").glob("*-of-*.json")]
    assert {path.name for path in files} <= {file["file"] for files in named for file in files}


def test_incomparable_documents_are_an_error(corpus, command, tmp_path):
    comparison = Comparison(tmp_path / "work", [corpus], select=["ND"], threads=1)
    with pytest.raises(dechaff.Error, match="no work folder here"):
        comparison.run("exact")
    comparison.run("sketch", 1, 2)
    with pytest.raises(dechaff.Error, match="the step exact needs all shares of sketch"):
        comparison.run("exact")
    with pytest.raises(dechaff.Error, match="its sketch has 2 shares, not 3"):
        comparison.run("sketch", 1, 3)
    assert comparison.shares("sketch", 3) == 2
    with pytest.raises(dechaff.Error, match="the comparison is not done"):
        list(comparison.check())
    with pytest.raises(dechaff.Error, match="ND003, ND004"):
        Comparison(tmp_path / "work", [corpus], select=["ND001"]).run("sketch", 2, 2)
    with pytest.raises(dechaff.Error, match=r"none of the selected rules compares documents"):
        Comparison(tmp_path / "other", [corpus], select=["BP"]).run("sketch")
    with pytest.raises(ValueError, match="K from 1 to N"):
        comparison.run("sketch", 3, 2)
    with pytest.raises(ValueError, match="no such step"):
        comparison.run("none")
    with pytest.raises(ValueError, match="need no step 'none'; the steps are sketch, "):
        comparison.shares("none", 2)
    with pytest.raises(TypeError, match="documents is a list of paths"):
        Comparison(tmp_path / "work", str(corpus))
    with pytest.raises(dechaff.Error, match="no such file"):
        Comparison(tmp_path / "other", [tmp_path / "missing"]).run("sketch")
    comparison.run_all(2)
    (corpus / "0.jsonl").write_text('{"text": 1}\n')
    with pytest.raises(dechaff.Error, match="made of other files"):
        list(comparison.check())
    with pytest.raises(dechaff.Error, match=r"0\.jsonl.*record 1.*skip_bad_records"):
        Comparison(tmp_path / "other", [corpus]).run("sketch")
    assert Comparison(tmp_path / "other", [corpus], skip_bad_records=True).run("sketch")
