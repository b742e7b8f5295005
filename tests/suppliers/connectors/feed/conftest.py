"""Feed fixtures: create a supplier with files, upload a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from suppliers.models import Connection, Supplier
from tests.factories.catalog import make_category, make_channel, make_exchange_rate, make_price_rule
from tests.factories.suppliers import NOON

FIELDS = {
    "sku": {"column": "SKU"},
    "title": {"column": "Name"},
    "cost": {"column": "Price"},
    "stock": {"column": "Stock"},
    "description": {"column": "Description"},
}


@pytest.fixture
def supplier(db, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    make_price_rule(channel=make_channel())
    make_exchange_rate()
    make_category(slug="headlamps", families=())
    supplier = Supplier.objects.create(
        code="files",
        name="Files",
        adapter="feed",
        currency="USD",
        status=Supplier.Status.ACTIVE,
        status_since=NOON,
    )
    mapping = {"fields": FIELDS, "country": "DE"}
    options = {"via": "upload", "products_at": "feed", "mapping": mapping}
    Connection.objects.create(supplier=supplier, base_url="", options=options)
    return supplier


@pytest.fixture
def hand_in(settings, supplier):
    """Return a function that stores an upload."""
    folder = Path(settings.FEEDS_ROOT) / "files" / "uploads"
    folder.mkdir(parents=True)

    def put(content):
        (folder / "feed").write_bytes(content)

    return put
