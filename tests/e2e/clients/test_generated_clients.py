"""Generated clients: a client in Python and one in TypeScript are made from the schema, and work.

The generators come from the package registries, so these tests are slow and need a network;
that of TypeScript needs Node.js.
"""

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from django.core.cache import cache

from orders.models import Order
from shipping.rates import quotes
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
TIMEOUT_S = 300


@pytest.fixture
def arguments(live_server):
    """Address, key and SKU, for a program that runs now."""
    cache.clear()
    quotes.clear_cache()
    with time_machine.travel(NOON):
        listing = make_sellable(quantity=5, price="39.99")
        make_service()
        yield live_server.url, make_api_key(now=datetime.now(UTC)), listing.variant.sku


def run(*command, cwd, **more):
    done = subprocess.run(
        command, cwd=cwd, timeout=TIMEOUT_S, capture_output=True, text=True, check=False, **more
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


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
    python = tmp_path / "venv" / "bin" / "python"
    run(sys.executable, "-m", "venv", tmp_path / "venv", cwd=tmp_path)
    run(python, "-m", "pip", "install", "--quiet", *PYTHON_PACKAGES, cwd=tmp_path)
    generator = tmp_path / "venv" / "bin" / "openapi-python-client"
    output = run(
        *(generator, "generate", "--path", "schema.json", "--meta", "none"),
        *("--output-path", "fara_api_client", "--fail-on-warning"),
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{python.parent}:{os.environ['PATH']}"},  # it calls ruff
    )
    assert "Warning" not in output
    shutil.copy(HERE / "journey.py", tmp_path)
    assert_done(run(python, "journey.py", *arguments, cwd=tmp_path))


@pytest.mark.skipif(shutil.which("npm") is None, reason="Node.js is not installed")
def test_a_client_in_typescript_compiles_and_works(client, arguments, tmp_path):
    save_schema(client, tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    run("npm", "install", "--silent", *NODE_PACKAGES, cwd=tmp_path)
    # A request may leave out fields with a default.
    options = ("-o", "schema.d.ts", "--default-non-nullable=false")
    run("npx", "openapi-typescript", "schema.json", *options, cwd=tmp_path)
    shutil.copy(HERE / "journey.ts", tmp_path)
    options = ("--strict", "--skipLibCheck", "--target", "es2022", "--module", "nodenext")
    run("npx", "tsc", *options, "journey.ts", cwd=tmp_path)
    assert_done(run("node", "journey.js", *arguments, cwd=tmp_path))
