"""Layout: where files may be, how long they may be, and which documents explain them."""

import ast
import re
import tomllib
from collections import Counter
from pathlib import Path, PurePosixPath

import pytest
from django.apps import apps

from tests.support.source_files import APPS, ROOT, shipped, sources, tree

MAX_FILES_IN_FOLDER = 15  # Python files, migrations and tests aside
MAX_LINES = 400
MAX_README_LINES = 130
# A file with one of these names has no subject.
VAGUE_NAMES = {"services", "utils", "helpers", "common", "managers", "misc", "selectors", "signals"}
# An __init__.py may hold a registry of adapters, the models, or the settings.
INITS_WITH_CODE = [
    r"^(catalog|orders|shipping|suppliers)/models/__init__\.py$",
    r"^suppliers/connectors/(\w+/)?__init__\.py$",
    r"^orders/gateways/__init__\.py$",
    r"^notifications/senders/__init__\.py$",
    r"^storefront/settings/__init__\.py$",
    r"^storefront/dashboard/models/__init__\.py$",
    r"^storefront/sales_channels/(models|platforms)/__init__\.py$",
]
# Folders of tests that mirror no package: shared code, tests of rules, of processes, of a Protocol.
UNMIRRORED = [
    r"^tests/(architecture|e2e|factories|fakes|support)(/|$)",
    r"^tests/suppliers/connectors/contract$",
    r"^tests/storefront/sales_channels/platforms/contract$",
]


STOREFRONT = (
    "lib",
    "accounts",
    "web",
    "api",
    "dashboard",
    "supplier_portal",
    "webhooks",
    "sales_channels",
)
# Apps and packages whose parts import-linter keeps in an order.
ORDERED = [
    *(app for app in APPS if app != "storefront"),
    *(f"storefront.{name}" for name in STOREFRONT),
]


def contracts():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]


def is_one_of(name, patterns):
    return any(re.search(pattern, name) for pattern in patterns)


def test_no_file_has_a_vague_name():
    assert [name for name in sources() if Path(name).stem in VAGUE_NAMES] == []


def test_no_file_is_too_long():
    lengths = {name: text.count("\n") for name, text in sources().items()}

    assert {name: lines for name, lines in lengths.items() if lines >= MAX_LINES} == {}


def test_each_app_has_a_short_readme():
    folders = [
        Path(config.path)
        for config in apps.get_app_configs()
        if Path(config.path).is_relative_to(ROOT) and ".venv" not in config.path
    ]
    lengths = {
        folder.relative_to(ROOT).as_posix(): len((folder / "README.md").read_text().splitlines())
        if (folder / "README.md").exists()
        else None
        for folder in folders
        if folder != ROOT / "storefront"
    }

    assert {name: n for name, n in lengths.items() if n is None or n > MAX_README_LINES} == {}


def test_init_files_are_empty_unless_they_are_a_registry():
    not_empty = [
        name
        for name, text in sources().items()
        if name.endswith("__init__.py") and text.strip() and not is_one_of(name, INITS_WITH_CODE)
    ]

    assert not_empty == []


def test_each_module_has_a_docstring():
    undocumented = [
        name
        for name, text in shipped().items()
        if text.strip() and ast.get_docstring(tree(name)) is None
    ]

    assert undocumented == []


def test_no_folder_has_too_many_files():
    folders = Counter(
        PurePosixPath(name).parent.as_posix() for name in shipped() if "migrations" not in name
    )

    assert {name: n for name, n in folders.items() if n > MAX_FILES_IN_FOLDER} == {}


def test_tests_mirror_the_packages_that_they_test():
    folders = {
        PurePosixPath(n).parent for n in sources() if re.search(r"^tests/.*/test_\w+\.py$", n)
    }
    astray = [
        folder.as_posix()
        for folder in folders
        if not is_one_of(folder.as_posix(), UNMIRRORED)
        and not (ROOT / folder.relative_to("tests") / "__init__.py").exists()
    ]

    assert sorted(astray) == []


def test_only_the_settings_name_the_development_tools():
    """``storefront.dev`` is in no image: a dotted path in a string would fail there."""
    code = {
        name: [
            node.value
            for node in ast.walk(tree(name))
            if isinstance(node, ast.Constant) and str(node.value).startswith("storefront.dev")
        ]
        for name in shipped()
        if not name.startswith("storefront/dev/")
    }

    assert {name for name, paths in code.items() if paths} == {"storefront/settings/__init__.py"}


@pytest.mark.parametrize("app", ORDERED)
def test_the_packages_of_each_app_have_an_order(app):
    """Import-linter keeps the order; an exhaustive contract reports packages it does not list."""
    ordered = [c for c in contracts() if c.get("containers") == [app]]

    assert [(c["type"], c.get("exhaustive")) for c in ordered] == [("layers", True)]


def test_every_package_of_storefront_has_its_layer():
    """A package that the contract ``layers`` omits could import anything."""
    (layers,) = [c["layers"] for c in contracts() if c["id"] == "layers"]
    named = {name.strip() for layer in layers for name in re.split(r"[:|]", layer)}
    packages = {
        f"storefront.{path.parent.name}" for path in (ROOT / "storefront").glob("*/__init__.py")
    }

    assert packages - named == {"storefront.locale"}  # formats of dates, no code


@pytest.mark.parametrize("pattern", [*INITS_WITH_CODE, *UNMIRRORED])
def test_each_pattern_matches_a_file_or_folder(pattern):
    names = {*sources(), *(PurePosixPath(name).parent.as_posix() for name in sources())}

    assert [name for name in names if re.search(pattern, name)] != []
