"""Measures of quality."""

import json
import subprocess
import sys

import pytest

from dechaff import ConfigError, Linter

pa = pytest.importorskip("pyarrow")

GERMAN = (
    "Die F\u00e4hre zur Insel f\u00e4hrt um sieben Uhr am Morgen ab, und die \u00dcberfahrt dauert etwas l\u00e4nger als eine Stunde. "
    "Die meisten Leute an Bord arbeiten im Hafen."
)


def test_measures_match_the_command(pages, tmp_path):
    texts = [*pages[:20], "", GERMAN]
    shard = tmp_path / "shard.jsonl"
    shard.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    rows = tmp_path / "rows.jsonl"
    command = [sys.executable, "-m", "dechaff", "check", shard, "--isolated", "-q", "--measures", rows]
    assert subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode < 2
    expected = [json.loads(line) for line in rows.read_text().splitlines()]
    for row in expected:
        for name in ("path", "record_index", "record_id", "bytes"):
            del row[name]
    table = Linter().measure_batch(texts).to_arrow()
    assert table.to_pylist() == expected
    assert [Linter().measure(text) for text in texts] == expected
    assert list(Linter().measure(GERMAN)) == table.column_names


def test_selected_rules_are_measured():
    linter = Linter(select=["gopher@dolma-v2"], config={"rule": {"QM003": {"min-words": 5}}})
    measures = linter.measure("The ferry leaves at seven in the morning.")
    assert measures["gopher@dolma-v2:words"] == 8.0
    assert all(name.startswith("gopher@dolma-v2") for name in measures)
    assert measures["gopher@dolma-v2"] == "min-required-words"


def test_rows_match_the_texts():
    linter = Linter(select=["fineweb@datatrove"])
    texts = ["One line.", None, "", "Two\nlines."]
    column = linter.measure_batch(pa.chunked_array([texts[:1], texts[1:]])).to_arrow()["fineweb@datatrove:lines"]
    assert column.to_pylist() == [1.0, None, 0.0, 2.0]
    assert len(linter.measure_batch([])) == 0


def test_languages():
    linter = Linter(select=["fineweb2"])
    table = linter.measure_batch([GERMAN] * 4, ["pl", None, "deu_Latn", "en"]).to_arrow().to_pylist()
    found = [(row["fineweb2:language"], row["fineweb2:language-from"], row["fineweb2"]) for row in table]
    assert found == [
        ("pl", "field", "min-words"),
        ("de", "text", "min-words"),
        ("de", "field", "min-words"),
        ("en", "field", None),
    ]
    assert linter.measure(GERMAN, language="pl")["fineweb2:language"] == "pl"
    with pytest.raises(ValueError, match="2 texts, but 1 languages"):
        linter.measure_batch([GERMAN, GERMAN], ["de"])


def test_a_wrong_threshold_is_an_error():
    with pytest.raises(ConfigError, match="QM003 has no parameter `min-sheep`"):
        Linter(select=["QM003"], config={"rule": {"QM003": {"min-sheep": 1}}})
