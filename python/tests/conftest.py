"""Fixtures for all tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

import dechaff
from pages import corpus_pages
from pages import pages as generate

COMMAND = [sys.executable, "-m", "dechaff"]


@pytest.fixture(scope="session")
def linter() -> dechaff.Linter:
    return dechaff.Linter()


@pytest.fixture(scope="session")
def pages() -> list[str]:
    return generate(60)


@pytest.fixture(scope="session")
def many() -> list[str]:
    """As many pages as the variable DECHAFF_TEST_PAGES says; an unoptimized build is slow."""
    return corpus_pages(int(os.environ.get("DECHAFF_TEST_PAGES", "250")))


class Reference(NamedTuple):
    """What the command says of the pages of `many`, each by itself."""

    findings: list[tuple[int, str, int, int]]
    """Page, code, and start and end in bytes of each finding."""
    fixed: list[str]


@pytest.fixture(scope="session")
def reference(many: list[str], tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """Runs the command on the pages of `many`, without the rules that compare them."""
    directory = tmp_path_factory.mktemp("reference")
    write_shard(directory / "pages.jsonl", many)
    check = [*COMMAND, "check", "pages.jsonl", "--isolated", "--ignore", "ND"]
    arguments = {"cwd": directory, "capture_output": True, "encoding": "utf-8", "check": False}
    found = subprocess.run([*check, "--output-format", "json-lines"], **arguments)
    assert found.returncode == 1, found.stderr
    findings = [
        (one["record"]["index"] - 1, one["code"], one["start"]["offset"], one["end"]["offset"])
        for one in map(json.loads, found.stdout.splitlines())
    ]
    fixed = subprocess.run([*check, "--fix-only", "--output-dir", "fixed"], **arguments)
    assert fixed.returncode == 0, fixed.stderr
    texts = read_shard(directory / "fixed" / "pages.jsonl")
    assert len({code for _, code, _, _ in findings}) > 30
    assert sum(text != page for text, page in zip(texts, many, strict=True)) > len(many) // 4
    return Reference(findings, texts)


def write_shard(path: Path, texts: list[str]) -> None:
    lines = (json.dumps({"id": f"page-{row}", "text": text}) + "\n" for row, text in enumerate(texts))
    path.write_text("".join(lines), encoding="utf-8")


def read_shard(path: Path) -> list[str]:
    return [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def command(tmp_path: Path):
    """Runs the command in an empty directory, without configuration files."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        isolated = ["--isolated"] if arguments[0] == "check" else []
        return subprocess.run(
            [*COMMAND, *arguments, *isolated], cwd=tmp_path, capture_output=True, encoding="utf-8", check=False
        )

    return run


@pytest.fixture
def shard(tmp_path: Path):
    """Writes texts as JSON Lines; `read` returns the texts of such a file."""

    class Shard:
        @staticmethod
        def write(texts: list[str], name: str = "corpus") -> Path:
            path = tmp_path / name
            write_shard(path, texts)
            return path

        @staticmethod
        def read(path: Path) -> list[str]:
            return read_shard(path)

    return Shard
