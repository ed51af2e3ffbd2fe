"""Fixtures for all tests."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import dechaff
from pages import pages as generate

COMMAND = [sys.executable, "-m", "dechaff"]


@pytest.fixture(scope="session")
def linter() -> dechaff.Linter:
    return dechaff.Linter()


@pytest.fixture(scope="session")
def pages() -> list[str]:
    return generate(60)


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
            lines = (json.dumps({"id": f"page-{row}", "text": text}) + "\n" for row, text in enumerate(texts))
            path.write_text("".join(lines), encoding="utf-8")
            return path

        @staticmethod
        def read(path: Path) -> list[str]:
            return [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()]

    return Shard
