"""The stubs of the extension module match it, and everything public has documentation."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import dechaff
from dechaff import _dechaff

STUBS = Path(dechaff.__file__).with_name("_dechaff.pyi")


def test_names_and_parameters_match():
    tree = ast.parse(STUBS.read_text())
    names = {node.name for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    names |= {node.target.id for node in tree.body if isinstance(node, ast.AnnAssign)}
    actual = {name for name in vars(_dechaff) if not name.startswith("__") or name == "__version__"}
    assert actual - {"_dechaff"} == names
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            assert parameters(getattr(_dechaff, node.name)) == [argument.arg for argument in node.args.args]
        if isinstance(node, ast.ClassDef) and not node.bases:
            check_class(node)


def check_class(node: ast.ClassDef) -> None:
    actual = getattr(_dechaff, node.name)
    methods = {method.name: method for method in node.body if isinstance(method, ast.FunctionDef)}
    public = {name for name in vars(actual) if not name.startswith("_")}
    assert public == {name for name in methods if not name.startswith("_")}
    for name, method in methods.items():
        if callable(getattr(actual, name)) and not name.startswith("__"):
            expected = [argument.arg for argument in method.args.args if argument.arg != "self"]
            assert [one for one in parameters(getattr(actual, name)) if one != "self"] == expected, name


def parameters(function: object) -> list[str]:
    return list(inspect.signature(function).parameters)


def test_stubtest():
    pytest.importorskip("mypy")
    run = subprocess.run(
        [sys.executable, "-m", "mypy.stubtest", "dechaff._dechaff", "--ignore-missing-stub"],
        capture_output=True, encoding="utf-8", check=False,
    )
    assert run.returncode == 0, run.stdout


def test_types():
    pytest.importorskip("mypy")
    modules = [f"dechaff.{path.stem}" for path in Path(dechaff.__file__).parent.glob("_[a-z]*.py")]
    options = [option for module in modules for option in ("-m", module)]
    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--ignore-missing-imports", "-m", "dechaff", *options],
        capture_output=True, encoding="utf-8", check=False,
    )
    assert run.returncode == 0, run.stdout


def test_everything_public_is_documented():
    for name in dechaff.__all__:
        value = getattr(dechaff, name)
        if name == "__version__":
            continue
        assert inspect.getdoc(value), name
        if inspect.isclass(value) and value.__module__.startswith("dechaff._") and not issubclass(value, Exception):
            for member, function in vars(value).items():
                if not member.startswith("_") and (callable(function) or isinstance(function, property)):
                    assert inspect.getdoc(function), f"{name}.{member}"
