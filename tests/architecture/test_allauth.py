"""django-allauth: our code imports none of its ``internal`` modules, which may change any time."""

import ast

from tests.support.source_files import sources, tree


def imports_of(name):
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_no_module_imports_internals_of_allauth():
    users = [name for name, text in sources().items() if "import" in text and "allauth." in text]
    imported = [(name, path) for name in users for path in imports_of(name)]
    allauth = [(name, path) for name, path in imported if path.startswith("allauth.")]

    assert allauth
    assert [each for each in allauth if "internal" in each[1].split(".")] == []
