"""The source files of this repository, for tests of its rules."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = ("storefront", "notifications", "catalog", "suppliers", "orders", "shipping")


@cache
def sources():
    """Return the text of every module by its path, without migrations."""
    files = [path for app in (*APPS, "tests") for path in (ROOT / app).rglob("*.py")]
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(files)
        if "migrations" not in path.parts
    }


def shipped():
    return {name: text for name, text in sources().items() if not name.startswith("tests/")}


@cache
def tree(name):
    return ast.parse(sources()[name])


def calls(name, method):
    """Yield every call of a method of this name, on any object."""
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == method:
            yield node
