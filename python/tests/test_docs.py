"""The section on the API in docs/python.md is what the package says of itself.

`UPDATE_DOCS=1 pytest python/tests/test_docs.py` writes it. The Python blocks above it are run.
"""

import ast
import gzip
import inspect
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import dechaff

PAGE = Path(__file__).parents[2] / "docs" / "python.md"
START = "<!-- The rest is generated from the docstrings: UPDATE_DOCS=1 pytest python/tests/test_docs.py -->\n"
ORDER = "Linter Finding Findings Fix Edit Label Fixed Change undo DocumentReport FindingTable MeasureTable FixedBatch ChangeTable Comparison Rule rules".split()


def definitions(name: str) -> tuple[ast.ClassDef | ast.FunctionDef, dict[str, ast.ClassDef]]:
    module = sys.modules[getattr(dechaff, name).__module__]
    tree = ast.parse(inspect.getsource(module))
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    return next(node for node in tree.body if getattr(node, "name", None) == name), classes


def signature(node: ast.FunctionDef, name: str) -> str:
    arguments = ast.unparse(node.args).removeprefix("self, ").removeprefix("self")
    returns = f" -> {ast.unparse(node.returns)}" if node.returns and node.name != "__init__" else ""
    return f"`{name}({arguments}){returns}`"


def methods(node: ast.ClassDef) -> list[ast.FunctionDef]:
    return [one for one in node.body if isinstance(one, ast.FunctionDef) and not one.name.startswith("_")]


def section(name: str) -> str:
    node, classes = definitions(name)
    parts = [f"### {name}"]
    if isinstance(node, ast.FunctionDef):
        return "\n\n".join([*parts, signature(node, f"dechaff.{name}"), ast.get_docstring(node)])
    parts += [signature(one, name) for one in node.body if getattr(one, "name", None) == "__init__"]
    parts.append(ast.get_docstring(node))
    bases = [classes[base.id] for base in node.bases if isinstance(base, ast.Name) and base.id in classes]
    for method in methods(node):
        is_property = any(isinstance(one, ast.Name) and one.id == "property" for one in method.decorator_list)
        title = f"`{method.name}: {ast.unparse(method.returns)}`" if is_property else signature(method, method.name)
        parts += [f"{title}\n\n{ast.get_docstring(method)}"]
    inherited = [method for base in bases for method in methods(base)]
    if inherited:
        parts.append(f"The methods of `{name}` are " + ", ".join(f"`{method.name}()`" for method in inherited) + ".")
    return "\n\n".join(parts)


def test_api_is_up_to_date():
    assert set(ORDER) == set(dechaff.__all__) - {"__version__", "Error", "ConfigError"}
    page = PAGE.read_text(encoding="utf-8")
    generated = "\n\n".join(section(name) for name in ORDER) + "\n"
    before, found, _ = page.partition(START)
    assert found
    if os.environ.get("UPDATE_DOCS"):
        PAGE.write_text(f"{before}{START}\n## API\n\n{generated}", encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == f"{before}{START}\n## API\n\n{generated}"


def blocks() -> list[str]:
    text = PAGE.read_text(encoding="utf-8").partition(START)[0]
    return [block for block in re.findall(r"^```python\n(.*?)^```", text, re.S | re.M)]


def host(block: str) -> str | None:
    first = block.splitlines()[0]
    return first.removeprefix("# host: ") if first.startswith("# host: ") else None


TEXTS = ["A page about the harbour.\n\nLeave a Comment\n", "Another page, which is about the old bridge.\n"]


@pytest.mark.parametrize("block", blocks(), ids=lambda block: host(block) or "plain")
def test_examples_run(block, tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    if host(block):
        pytest.importorskip(host(block), reason=f"the example for {host(block)} is not run: it is not installed")
    import pyarrow.parquet

    table = pyarrow.table({"id": ["a", "b"], "text": TEXTS})
    pyarrow.parquet.write_table(table, tmp_path / "pages.parquet")
    (tmp_path / "page.md").write_text(TEXTS[0])
    rows = [json.dumps({**row, "source": "test"}) + "\n" for row in table.to_pylist()]
    for directory in ("pages", "wiki/documents"):
        (tmp_path / directory).mkdir(parents=True)
    (tmp_path / "pages" / "a.jsonl").write_text("".join(rows))
    with gzip.open(tmp_path / "wiki" / "documents" / "a.jsonl.gz", "wt") as file:
        file.writelines(rows)
    (tmp_path / "example.py").write_text(block)
    environment = {**os.environ, "PYSPARK_PYTHON": sys.executable, "HF_DATASETS_CACHE": str(tmp_path / "cache")}
    run = subprocess.run(
        [sys.executable, "example.py"], cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", check=False, timeout=600
    )
    assert run.returncode == 0, run.stdout + run.stderr
    if host(block):
        assert sorted(text.strip() for text in clean(tmp_path)) == [TEXTS[0].partition("\n")[0], TEXTS[1].strip()]


def clean(directory: Path) -> list[str]:
    """Returns the texts that an example wrote, whatever the format."""
    import pyarrow.parquet

    texts = []
    for path in directory.glob("clean*"):
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            if file.suffix == ".parquet":
                texts += pyarrow.parquet.read_table(file)["text"].to_pylist()
            elif file.suffixes[-2:-1] in ([".jsonl"], [".json"]) or file.suffix in (".jsonl", ".json"):
                with (gzip.open if file.suffix == ".gz" else open)(file, "rt") as lines:
                    texts += [json.loads(line)["text"] for line in lines]
    return texts
