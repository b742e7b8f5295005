"""The feed sandbox as a separate process, and a mapping for each of its files.

Use:  from tests.fakes.feed_sandbox import feed_process, feed_sandbox  (in a conftest.py or a test)
"""

import pytest

from storefront.dev.sandboxes.feeds import mapping
from tests.fakes.sandbox_process import SandboxProcess, connect_supplier, process_fixture

PRODUCTS = 30


def table_mapping(**changes):
    """The mapping of the table files: full.csv, its variants and full.xlsx."""
    return {**mapping.TABLE, **changes}


def columns(words):
    """Return a source for each field of a text such as ``sku=@id title=name cost``."""
    pairs = (word.partition("=") for word in words.split())
    return {name: {"column": column or name} for name, _, column in pairs}


def warehouses(kind, expression):
    """Return the stock of both warehouses, each by the expression with its code."""
    return [
        {"source": {kind: expression.format(code)}, "location": code, "country": code[:2]}
        for code in ("DE1", "PL1")
    ]


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
        "warehouses": warehouses("jmespath", "stock[?wh=='{}'].qty | [0]"),
        **changes,
    }


def xml_mapping(**changes):
    """The mapping of full.xml and full-western.xml: element names, and XPath where needed."""
    return {
        "fields": {
            **columns(
                "sku=@id parent=@group gtin=ean mpn title=name brand cost=price description status"
            ),
            "weight": {"column": "weight", "unit": "kg"},
            "category": {"column": "category", "separator": "/"},
        },
        "claims": {
            label: {"xpath": f"features/feature[@name='{label}']"}
            for label in ("Light output", "Battery", "Water resistance")
        },
        "images": [{"xpath": "images/image"}],
        "options": {"Color": {"column": "color"}, "Version": {"column": "version"}},
        "warehouses": warehouses("xpath", "stock[@warehouse='{}']"),
        **changes,
    }


def google_mapping(**changes):
    return {
        "fields": {
            **columns(
                "sku=id parent=item_group_id gtin mpn title brand cost=cost_of_goods_sold"
                " description features=product_detail weight=shipping_weight"
            ),
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

    module = "storefront.dev.sandboxes.feeds"
    usual = ("--count", str(PRODUCTS))


def connect_feed(process, *, code="feed-sandbox", secrets=None, **options):
    """Create the supplier and its connection to the sandbox; by default it reads full.csv."""
    return connect_supplier(
        "feed",
        code=code,
        currency="EUR",
        base_url=process.url,
        secrets=secrets or {},
        **{"products_at": "/full.csv", "mapping": table_mapping(), **options},
    )


feed_process = process_fixture(FeedProcess)


@pytest.fixture
def feed_sandbox(feed_process):
    """The running sandbox, reset."""
    feed_process.reset()
    return feed_process
