"""The module and the command give the same results."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import dechaff
from dechaff import Linter
from pages import pages as generate


def reported(result: subprocess.CompletedProcess[str]) -> list[tuple]:
    """Returns what the command reported, by record."""
    assert result.returncode == 1, result.stderr
    rows = []
    for finding in map(json.loads, result.stdout.splitlines()):
        edits = [(edit["start"], edit["end"], edit["content"]) for edit in (finding["fix"] or {"edits": []})["edits"]]
        row = finding["record"]["index"] - 1 if finding["record"] else 0
        labels = [(label["start"]["offset"], label["end"]["offset"], label["message"]) for label in finding["labels"]]
        place = finding["start"]["offset"], finding["end"]["offset"], finding["start"]["line"], finding["start"]["column"]
        rows.append((row, finding["code"], *place, finding["severity"], finding["message"], finding["help"], edits, labels))
    return rows


def found(row: int, findings: dechaff.Findings) -> list[tuple]:
    """Returns findings in the form of `reported`."""
    return [
        (
            row,
            finding.code,
            *finding.span_bytes,
            finding.line,
            finding.column,
            finding.severity,
            finding.message,
            finding.help,
            [(*edit.span_bytes, edit.content) for edit in finding.fix.edits] if finding.fix else [],
            [(*label.span_bytes, label.message) for label in finding.labels],
        )
        for finding in findings
    ]


def test_findings_in_a_corpus(linter, command, shard, many):
    shard.write(many, "corpus.jsonl")
    expected = reported(command("check", "corpus.jsonl", "--output-format", "json-lines"))
    actual = [row for key, findings in linter.check_corpus(many) for row in found(key, findings)]
    assert len(actual) > 2 * len(many) and any(row[1].startswith("ND") for row in actual)
    assert actual == expected


def test_findings_one_by_one(command, shard, many):
    shard.write(many, "corpus.jsonl")
    expected = reported(command("check", "corpus.jsonl", "--output-format", "json-lines", "--ignore", "ND"))
    linter = Linter(ignore=["ND"])
    assert [row for key, page in enumerate(many) for row in found(key, linter.check(page))] == expected
    table = linter.check_batch(many)
    assert len(table) == len(expected)


def test_columns_one_by_one(many, reference):
    pytest.importorskip("pyarrow")
    linter = Linter(ignore=["ND"])
    found = linter.check_batch(many).to_arrow()
    columns = (found[name].to_pylist() for name in ("row", "code", "start_byte", "end_byte"))
    assert list(zip(*columns, strict=True)) == reference.findings
    assert linter.fix_batch(many).texts == reference.fixed


@pytest.mark.parametrize("unsafe", [False, True])
def test_fixes_of_a_corpus(linter, command, shard, tmp_path, many, unsafe):
    shard.write(many, "corpus.jsonl")
    flags = ["--unsafe-fixes"] if unsafe else []
    command("check", "corpus.jsonl", "--fix-only", "--output-dir", "fixed", *flags)
    expected = shard.read(tmp_path / "fixed" / "corpus.jsonl")
    assert [fixed.text for _, fixed in linter.fix_corpus(many, unsafe_fixes=unsafe)] == expected
    assert expected != many


@pytest.mark.parametrize("unsafe", [False, True])
def test_fixes_one_by_one(command, shard, tmp_path, many, unsafe):
    shard.write(many, "corpus.jsonl")
    flags = ["--unsafe-fixes"] if unsafe else []
    command("check", "corpus.jsonl", "--fix-only", "--output-dir", "fixed", "--ignore", "ND", *flags)
    expected = shard.read(tmp_path / "fixed" / "corpus.jsonl")
    assert Linter(ignore=["ND"]).fix_batch(many, unsafe_fixes=unsafe).texts == expected


def test_single_files(linter, command, tmp_path, pages):
    for page in pages[:5]:
        path = tmp_path / "page.txt"
        path.write_text(page, encoding="utf-8", newline="")
        result = command("check", "page.txt", "--output-format", "json-lines")
        actual = found(0, linter.check(page, path="page.txt"))
        assert actual == (reported(result) if result.returncode else [])
        command("check", "page.txt", "--fix-only", "--unsafe-fixes")
        with path.open(encoding="utf-8", newline="") as file:
            assert file.read() == linter.fix(page, path="page.txt", unsafe_fixes=True).text


def test_command_is_on_the_path():
    command = Path(sys.executable).with_name("dechaff")
    run = subprocess.run([command, "--version"], capture_output=True, encoding="utf-8", check=True)
    assert run.stdout.strip() == f"dechaff {dechaff.__version__}"


def test_exit_codes(command, tmp_path):
    (tmp_path / "a.txt").write_text("Plain text about a harbour.\n")
    assert command("check", "a.txt").returncode == 0
    assert command("check", "missing.txt").returncode == 2
    (tmp_path / "a.txt").write_text("Plain text about a harbour.\n\nLeave a Comment\n")
    assert command("check", "a.txt").returncode == 1
    assert command("check", "--unknown").returncode == 2


@pytest.mark.parametrize("options", [{}, {"group_by": "url"}], ids=["all", "by site"])
def test_document_report(command, tmp_path, many, options):
    # The command turns this rule on for verdicts.
    linter = Linter(ignore=["BP9"], extend_select=["ND008"])
    pages = [*many[:100], many[3], None, many[7].replace("\n", " \n"), "", "Leave a Comment\n\nRelated Posts\n"]
    footer = "\n\nPrinted in the valley since the mill was built\n"
    pages += [page + footer for page in generate(12)]
    sites = ["example.com"] * (len(pages) - 12) + ["www.example.org"] * 12
    rows = [
        {"id": f"p{row}", "text": page, "url": f"https://{site}/{row}"}
        for row, (page, site) in enumerate(zip(pages, sites, strict=True))
    ]
    (tmp_path / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows if row["text"] is not None))
    flags = ["--group-by", "url"] if options else []
    run = command("check", "corpus.jsonl", "--documents", "documents.jsonl", "--quiet", "--ignore", "BP9", *flags)
    assert run.returncode == 1, run.stderr
    expected = [json.loads(line) for line in (tmp_path / "documents.jsonl").read_text().splitlines()]
    reports = list(linter.document_report(rows, id="id", **options))
    assert [key for key, _ in reports] == [row["id"] for row in rows]
    assert [key for key, report in reports if report is None] == [f"p{pages.index(None)}"]
    actual = [report.to_dict() for _, report in reports if report is not None]
    assert {report["verdict"] for report in actual} >= {"keep", "fix", "drop"}
    assert any("ND007" in report["findings_by_rule"] for report in actual) == bool(options)
    assert len(actual) == len(expected)
    for report, row in zip(actual, expected, strict=True):
        assert report.pop("document") == row["record_id"] and report.pop("nearest") == row["nearest_record_id"]
        # A null is a record that the command cannot read.
        reason = re.sub(r"corpus(\.jsonl)?: record \d+", "a record", report.pop("reason"))
        assert reason == re.sub(r"corpus(\.jsonl)?: record \d+", "a record", row["reason"])
        assert report == {name: row[name] for name in report}
