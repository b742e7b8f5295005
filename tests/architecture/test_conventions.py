"""Conventions: rules about the code of the whole repository, checked as tests."""

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import models

from tests.support.source_files import ROOT, calls, shipped, sources, tree

# Labels of apps, lowest first; no interface is above another.
LAYERS = (
    "lib",
    "notifications",
    "accounts",
    "catalog",
    "suppliers",
    "orders",
    "shipping",
    "events",
    "sales_channels",
    "product_feeds",
)
INTERFACE_APPS = ("web", "portal", "api", "dashboard")

# Interfaces may read the clock. All other modules take the time as an argument.
INTERFACES = [
    r"(^|/)(admin|tasks|backends|forms|middleware)\.py$",
    r"_admin\.py$",
    r"/admin/\w+\.py$",
    r"/management/commands/",
    r"^storefront/(web|supplier_portal|api|webhooks|dashboard|dev|ops)/",
    r"^storefront/lib/staff/columns\.py$",
]
# Modules that count money.
MONEY = [
    r"^storefront/lib/money\.py$",
    r"^catalog/(pricing|price_books|listings|exchange_rates|competitors)/\w+\.py$",
    r"^catalog/models/(competitors|exchange_rates|listings|price_holds|pricing)\.py$",
    r"^orders/.+\.py$",
    r"^shipping/availability/sale_amounts\.py$",
    r"^shipping/rates/quotes\.py$",
    r"^shipping/models/rates\.py$",
    r"^suppliers/(offers|shipping_services)/\w+\.py$",
    r"^suppliers/inventory/(channel_supply|publication)\.py$",
    r"^suppliers/sync/(prices|price_reading)\.py$",
    r"^suppliers/models/(offers|shipping_services)\.py$",
]
# The only modules that may import an HTTP client.
OUTBOUND_MODULES = [r"^storefront/(dev|ops)/", r"^storefront/lib/http/client\.py$"]


def is_one_of(name, patterns):
    return any(re.search(pattern, name) for pattern in patterns)


def own_models():
    """List the models of the apps in this repository."""
    return [
        model
        for model in apps.get_models()
        if Path(apps.get_app_config(model._meta.app_label).path).is_relative_to(ROOT)
        and ".venv" not in apps.get_app_config(model._meta.app_label).path
    ]


def test_no_signal_and_no_overridden_save_or_delete():
    signals = re.compile(r"django\.(db\.models\.signals|dispatch|core\.signals)|@receiver")
    overriding = [
        f"{name}: {method.name}"
        for name in shipped()
        for node in ast.walk(tree(name))
        if isinstance(node, ast.ClassDef) and "/models" in name.replace("models.py", "/models")
        for method in node.body
        if isinstance(method, ast.FunctionDef) and method.name in {"save", "delete"}
    ]

    assert overriding == []
    using = {name for name, text in shipped().items() if signals.search(text)}
    # Groups of a new shop need permissions, which Django creates after all migrations.
    assert using == {"storefront/dashboard/apps.py"}


def test_every_row_lock_names_its_tables():
    vague = [
        f"{name}:{call.lineno}"
        for name in shipped()
        for call in calls(name, "select_for_update")
        if "of" not in {keyword.arg for keyword in call.keywords}
    ]

    assert vague == []


def test_no_lock_on_an_offer_blocks_rows_that_refer_to_it():
    """A full lock would block writes of stock rows and order lines, which refer to the offer."""
    whole = re.compile(
        r"FOR UPDATE OF o\b|SupplierOffer\.objects\b[^=]*select_for_update\((?![^)]*no_key)"
    )

    assert [name for name, text in shipped().items() if whole.search(text)] == []


def test_only_interfaces_read_the_clock():
    reading = re.compile(r"timezone\.now\(|datetime\.now\(|date\.today\(|datetime\.utcnow\(")

    assert [
        name
        for name, text in shipped().items()
        if reading.search(text) and not is_one_of(name, INTERFACES)
    ] == []


def test_foreign_keys_refer_only_to_the_own_or_a_lower_app():
    rank = {label: place for place, label in enumerate(LAYERS)}
    rank |= dict.fromkeys(INTERFACE_APPS, len(LAYERS))
    rank |= dict.fromkeys(("hooks", "product_feeds"), len(LAYERS) + 1)
    upward = [
        f"{model._meta.label}.{field.name}"
        for model in own_models()
        for field in model._meta.get_fields()
        if field.many_to_one or (field.one_to_one and not field.auto_created)
        if field.related_model._meta.app_label in rank
        if rank[field.related_model._meta.app_label] > rank[model._meta.app_label]
    ]

    assert upward == []


def test_staff_can_see_every_table():
    admin.autodiscover()  # staff pages load with the URLs

    hidden = [model._meta.label for model in own_models() if not admin.site.is_registered(model)]

    assert hidden == []


def test_lock_files_contain_no_path_and_no_host():
    found = [
        f"{path.name}:{number}"
        for path in sorted((ROOT / "requirements").glob("*.txt"))
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if "://" in line or line.startswith(("/", "--index", "--extra-index", "--find-links"))
    ]

    assert found == []


def test_no_source_contains_a_path_of_a_machine():
    traces = re.compile(r"(?<![\w.-])/(work|home|root|Users)/[a-z]")

    assert [name for name, text in sources().items() if traces.search(text)] == []


def test_no_model_has_a_default_ordering():
    assert [model._meta.label for model in own_models() if model._meta.ordering] == []


def is_a_float(node):
    return (isinstance(node, ast.Constant) and isinstance(node.value, float)) or (
        isinstance(node, ast.Name) and node.id == "float"
    )


def is_seconds(node):
    """Recognize a constant like ``TIMEOUT_S``: time may be a float."""
    return isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "").endswith("_S")


def test_money_is_never_a_float():
    floats = [
        f"{name}:{node.lineno}"
        for name in shipped()
        if is_one_of(name, MONEY)
        for statement in tree(name).body
        if not is_seconds(statement)
        for node in ast.walk(statement)
        if is_a_float(node)
    ]
    columns = [
        f"{model._meta.label}.{field.name}"
        for model in own_models()
        for field in model._meta.get_fields()
        if isinstance(field, models.FloatField)
    ]

    assert floats == []
    assert columns == []


def test_only_one_module_imports_an_http_client():
    leaving = re.compile(
        r"^\s*(?:import|from) (?:httpx|requests|urllib3|http\.client)\b", re.MULTILINE
    )

    assert [
        name
        for name, text in shipped().items()
        if leaving.search(text) and not is_one_of(name, OUTBOUND_MODULES)
    ] == []


# Documented by Django, its REST framework and Python; zlib has no public name for the type.
DOCUMENTED = {
    *("_meta", "_state", "_base_manager", "_default_manager", "_request", "_asdict", "_replace"),
    "_Decompress",
    "_map_serializer",  # extensions of drf-spectacular call it
}


def private_names_of_others(name):
    """Yield the private attributes and modules that a module uses and does not define."""
    nodes = list(ast.walk(tree(name)))
    own = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    own |= {node.attr for node in nodes if isinstance(node, ast.Attribute) and is_own(node)}
    for node in nodes:
        used = []
        if isinstance(node, ast.Attribute):
            used = [node.attr]
        elif isinstance(node, ast.ImportFrom):
            used = [*(node.module or "").split("."), *(each.name for each in node.names)]
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"getattr", "setattr"}:
            used = [each.value for each in node.args[1:2] if isinstance(each, ast.Constant)]
        yield from (each for each in used if re.match("_[^_]", each) and each not in own)


def is_own(node):
    return isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}


def test_one_module_uses_private_names_of_libraries():
    using = {
        name: names
        for name in shipped()
        if not name.startswith("storefront/dev/")
        if (names := set(private_names_of_others(name)) - DOCUMENTED)
    }

    assert using == {
        "storefront/lib/db/internals.py": {
            "_preparing",
            "_prepared",
            "_prepare_cursor",
            "_from_testcase",
        },
    }


@pytest.mark.parametrize("word", ["TO" + "DO", "FIX" + "ME", "XX" + "X"])
def test_no_marker_of_unfinished_work_is_left(word):
    assert [name for name, text in sources().items() if re.search(rf"\b{word}\b", text)] == []


def test_no_test_is_skipped():
    skipping = re.compile(r"pytest\.(skip|mark\.(skip|xfail)|importorskip)|unittest\.skip")

    assert [
        name
        for name, text in sources().items()
        if name.startswith("tests/")
        and name != "tests/architecture/test_conventions.py"
        and skipping.search(text)
    ] == []


@pytest.mark.parametrize("pattern", [*INTERFACES, *MONEY, *OUTBOUND_MODULES])
def test_each_pattern_matches_a_file(pattern):
    """After a move a pattern may match nothing, and its rule would pass without a check."""
    assert [name for name in shipped() if re.search(pattern, name)] != []


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
