#!/usr/bin/env python3
"""Prints the texts in test files as JSON Lines with a field `text`, for `cargo xtask conformance`.

    test_texts.py FILE...

They are the string literals of Python and Rust files, and in Python also expressions of literals with
`+` and `*`. Any string is a valid text, so field names among them are harmless.
"""

import ast
import json
import re
import sys

# Longer texts only test length.
MAX_LENGTH = 1_000_000
# A Rust literal, raw or not. Characters in single quotes are skipped.
RUST_STRING = re.compile(r"""r(#*)"(.*?)"\1|b?"((?:[^"\\]|\\.)*)"|'(?:[^'\\]|\\.)'""", re.DOTALL)
RUST_ESCAPE = re.compile(r"\\(u\{[0-9a-fA-F]+\}|x[0-9a-fA-F]{2}|\n\s*|.)", re.DOTALL)
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}


def constant(node):
    """Returns the value of an expression of literals; raises ValueError for any other."""
    if isinstance(node, ast.Constant) and isinstance(node.value, (str, int)):
        return node.value
    if isinstance(node, ast.BinOp):
        left, right = constant(node.left), constant(node.right)
        if isinstance(node.op, ast.Add) and isinstance(left, str) == isinstance(right, str):
            return left + right
        if isinstance(node.op, ast.Mult):
            text, count = (left, right) if isinstance(left, str) else (right, left)
            if isinstance(text, str) and isinstance(count, int) and len(text) * count <= MAX_LENGTH:
                return text * count
    raise ValueError


def python_texts(node):
    """Yields the largest expressions of literals in a syntax tree that are strings."""
    try:
        value = constant(node)
    except ValueError:
        for child in ast.iter_child_nodes(node):
            yield from python_texts(child)
    else:
        if isinstance(value, str):
            yield value


def unescape(match):
    escape = match[1]
    if escape[0] == "u" and len(escape) > 1:
        return chr(int(escape[2:-1], 16))
    if escape[0] == "x" and len(escape) > 1:
        return chr(int(escape[1:], 16))
    return "" if escape[0] == "\n" else ESCAPES.get(escape, escape)


def rust_texts(source):
    """Yields the string literals of a Rust file."""
    for match in RUST_STRING.finditer(source):
        if match[2] is not None:
            yield match[2]
        elif match[3] is not None:
            yield RUST_ESCAPE.sub(unescape, match[3])


def main():
    known = set()
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            source = file.read()
        texts = rust_texts(source) if path.endswith(".rs") else python_texts(ast.parse(source))
        for text in texts:
            if text.strip() and text not in known:
                known.add(text)
                print(json.dumps({"text": text, "lang": "en"}))


if __name__ == "__main__":
    main()
