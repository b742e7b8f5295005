"""The feed sandbox as a separate process, and a mapping for each of its files.

Use:  from tests.fakes.feed_sandbox import feed_process, feed_sandbox  (in a conftest.py or a test)
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from storefront.dev.sandboxes.feeds import mapping
from storefront.lib.security.encryption import encrypt
from suppliers.models import Connection, Supplier
from tests.factories.suppliers import NOON
from tests.fakes.cj_sandbox import SandboxProcess

PRODUCTS = 30


def table_mapping(**changes):
    """The mapping of the table files: full.csv, its variants and full.xlsx."""
    return {**mapping.TABLE, **changes}


def json_mapping(**changes):
    """The mapping of full.json and full.ndjson: paths into nested objects."""
    paths = {
        "sku": "sku",
        "parent": "group",
        "gtin": "codes.ean",
        "mpn": "codes.mpn",
        "title": "texts.en.name",
        "brand": "brand",
        "cost": "price.amount",
        "currency": "price.currency",
        "description": "texts.en.html",
        "category": "path",
        "features": "specs",
    }
    return {
        "fields": {
            **{name: {"jmespath": path} for name, path in paths.items()},
            "weight": {"column": "weight_oz", "unit": "oz"},
            "status": {"column": "active", "words": {"false": "gone"}},
        },
        "images": [{"jmespath": "images[].url"}],
        "options": {
            "Color": {"jmespath": "options.Color"},
            "Version": {"jmespath": "options.Version"},
        },
        "warehouses": [
            {
                "source": {"jmespath": f"stock[?wh=='{code}'].qty | [0]"},
                "location": code,
                "country": code[:2],
            }
            for code in ("DE1", "PL1")
        ],
        **changes,
    }


def xml_mapping(**changes):
    """The mapping of full.xml and full-western.xml: element names, and XPath where needed."""
    columns = {
        "sku": "@id",
        "parent": "@group",
        "gtin": "ean",
        "mpn": "mpn",
        "title": "name",
        "brand": "brand",
        "cost": "price",
        "description": "description",
        "status": "status",
    }
    return {
        "fields": {
            **{name: {"column": column} for name, column in columns.items()},
            "weight": {"column": "weight", "unit": "kg"},
            "category": {"column": "category", "separator": "/"},
        },
        "claims": {
            label: {"xpath": f"features/feature[@name='{label}']"}
            for label in ("Light output", "Battery", "Water resistance")
        },
        "images": [{"xpath": "images/image"}],
        "options": {"Color": {"column": "color"}, "Version": {"column": "version"}},
        "warehouses": [
            {
                "source": {"xpath": f"stock[@warehouse='{code}']"},
                "location": code,
                "country": code[:2],
            }
            for code in ("DE1", "PL1")
        ],
        **changes,
    }


def google_mapping(**changes):
    columns = {
        "sku": "id",
        "parent": "item_group_id",
        "gtin": "gtin",
        "mpn": "mpn",
        "title": "title",
        "brand": "brand",
        "cost": "cost_of_goods_sold",
        "description": "description",
        "features": "product_detail",
        "weight": "shipping_weight",
    }
    return {
        "fields": {
            **{name: {"column": column} for name, column in columns.items()},
            "category": {"column": "product_type", "separator": ">"},
            "stock": {"column": "availability", "words": {"in_stock": "20"}},
        },
        "images": [{"column": "image_link"}, {"column": "additional_image_link"}],
        "options": {"Color": {"column": "color"}},
        "country": "DE",
        **changes,
    }


def stock_mapping(**changes):
    """The mapping of stock.csv and delta.csv: one row per SKU and warehouse."""
    return {**mapping.STOCK, **changes}


class FeedProcess(SandboxProcess):
    """A running sandbox and its control API."""

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        words = ["--port", "0", "--data", str(self.folder), "--count", str(PRODUCTS), *self.words]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "storefront.dev.sandboxes.feeds", *words],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        with self.process.stdout:
            said = self.process.stdout.readline()
        assert said.startswith("ready http://"), self.log.read_text()
        self.url = said.split()[1]
        return self

    def reset(self):
        self.control("reset", {})


def connect_feed(process, *, code="feed-sandbox", secrets=None, **options):
    """Create the supplier and its connection to the sandbox; by default it reads full.csv."""
    supplier = Supplier.objects.create(
        code=code,
        name="Feed sandbox",
        adapter="feed",
        currency="EUR",
        status=Supplier.Status.ACTIVE,
        status_since=NOON,
    )
    Connection.objects.create(
        supplier=supplier,
        base_url=process.url,
        calls_per_second=1000,
        options={"products_at": "/full.csv", "mapping": table_mapping(), **options},
        secrets_encrypted=encrypt(secrets or {}),
    )
    return supplier


@pytest.fixture(scope="session")
def feed_process(tmp_path_factory):
    process = FeedProcess(folder=tmp_path_factory.mktemp("feed-sandbox")).start()
    yield process
    process.stop()


@pytest.fixture
def feed_sandbox(feed_process):
    """The running sandbox, reset."""
    feed_process.reset()
    return feed_process
