"""Generated clients: a client in Python and one in TypeScript are made from the schema, and work.

The generators and Node.js come from the package registries, so these tests are slow.
"""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from django.core.cache import cache

from orders.models import Order
from shipping.rates import quotes
from tests.e2e.node_tools import NODE_PACKAGE, Workshop
from tests.factories.api import make_api_key
from tests.factories.orders import make_sellable
from tests.factories.shipping import make_service
from tests.factories.suppliers import NOON

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.full]
HERE = Path(__file__).parent
PYTHON_PACKAGES = ("openapi-python-client==0.29.1", "ruff")
NODE_PACKAGES = (
    *("openapi-typescript@7.13.0", "openapi-fetch@0.17.0", "typescript@5.9.3", "@types/node@24"),
)


@pytest.fixture
def arguments(live_server):
    """Address, key and SKU, for a program that runs now."""
    cache.clear()
    quotes.clear_cache()
    with time_machine.travel(NOON):
        listing = make_sellable(quantity=5, price="39.99")
        make_service()
        yield live_server.url, make_api_key(now=datetime.now(UTC)), listing.variant.sku


def save_schema(client, folder):
    (folder / "schema.json").write_bytes(client.get("/api/schema/?format=json").content)


def assert_done(output):
    did = json.loads(output.splitlines()[-1])
    assert did == {
        "number": Order.objects.get().number,
        "is_repeated": True,
        "listed": [did["number"]],
        "status": "canceled",
        "unknown": 404,
    }


def test_a_client_in_python_works(client, arguments, tmp_path):
    save_schema(client, tmp_path)
    shutil.copy(HERE / "journey.py", tmp_path)
    workshop = Workshop(tmp_path, *PYTHON_PACKAGES)
    output = workshop.run(
        *("openapi-python-client", "generate", "--path", "schema.json", "--meta", "none"),
        *("--output-path", "fara_api_client", "--fail-on-warning"),
    )
    assert "Warning" not in output
    assert_done(workshop.run("python", "journey.py", *arguments))


def test_a_client_in_typescript_compiles_and_works(client, arguments, tmp_path):
    save_schema(client, tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    shutil.copy(HERE / "journey.ts", tmp_path)
    workshop = Workshop(tmp_path, NODE_PACKAGE)
    workshop.run("npm", "install", "--silent", *NODE_PACKAGES)
    # A request may leave out fields with a default.
    options = ("-o", "schema.d.ts", "--default-non-nullable=false")
    workshop.run("npx", "openapi-typescript", "schema.json", *options)
    strict = ("--strict", "--skipLibCheck", "--target", "es2022", "--module", "nodenext")
    workshop.run("npx", "tsc", *strict, "journey.ts")
    assert_done(workshop.run("node", "journey.js", *arguments))
