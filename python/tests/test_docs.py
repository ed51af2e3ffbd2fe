"""The section on the API in docs/python.md is what the package says of itself.

`UPDATE_DOCS=1 pytest python/tests/test_docs.py` writes it. The Python blocks above it are run.
"""

import ast
import inspect
import os
import re
import sys
from pathlib import Path

import pytest

import dechaff

PAGE = Path(__file__).parents[2] / "docs" / "python.md"
START = "<!-- The rest is generated from the docstrings: UPDATE_DOCS=1 pytest python/tests/test_docs.py -->\n"
ORDER = "Linter Finding Findings Fix Edit Label Fixed Change undo FindingTable FixedBatch ChangeTable Rule rules".split()


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


@pytest.mark.parametrize("block", blocks(), ids=lambda block: host(block) or "plain")
def test_examples_run(block, tmp_path, monkeypatch):
    pytest.importorskip("pyarrow")
    if host(block):
        pytest.importorskip(host(block), reason=f"the example for {host(block)} is not run: it is not installed")
    if host(block) in ("pyspark", "ray", "datatrove"):
        # They start clusters or processes; python/tests/hosts runs the same calls.
        compile(block, "docs/python.md", "exec")
        return
    import pyarrow.parquet

    monkeypatch.chdir(tmp_path)
    texts = ["A page about the harbour.\n\nLeave a Comment\n", "Another page.\n"]
    table = pyarrow.table({"id": ["a", "b"], "text": texts})
    pyarrow.parquet.write_table(table, "pages.parquet")
    Path("page.md").write_text(texts[0])
    exec(compile(block, "docs/python.md", "exec"), {})
