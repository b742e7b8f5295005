"""The BigBuy sandbox as a separate process, for tests over real HTTP.

Use:  from tests.fakes.bigbuy_sandbox import bigbuy_process, bigbuy_sandbox  (in a conftest.py)
"""

from __future__ import annotations

import pytest

from storefront.dev.sandboxes.bigbuy.state import DEFAULT_KEY
from storefront.lib.security.encryption import encrypt
from suppliers.models import Connection, Supplier
from tests.factories.suppliers import NOON
from tests.fakes.cj_sandbox import SandboxProcess

LIGHTING = 19657
# The sandbox's status names and their meanings; the connector reads the real names at run time.
STATUSES = {
    "Payment accepted": "accepted",
    "In preparation": "accepted",
    "Shipped": "shipped",
    "Delivered": "delivered",
    "Cancelled": "canceled",
    "PENDING INVOICE": "received",
}
OPTIONS = {
    "taxonomies": [LIGHTING],
    "order_statuses": STATUSES,
    "email": "orders@shop.example",
    "phone": "+34910000000",
}


class BigBuyProcess(SandboxProcess):
    """A running sandbox, without hourly limits unless a test sets them."""

    module = "storefront.dev.sandboxes.bigbuy"
    usual = ("--hour", "0", "--second", "0")

    @property
    def api_url(self):
        return f"{self.url}/rest/"

    def reset(self):
        self.control("reset", {})

    def orders(self):
        return self.control("orders")["orders"]

    def served(self):
        return self.control("calls")["served"]

    def items(self):
        """List items that can be ordered and have no flaw."""
        rows = self.client.get(f"{self.url}/control/items", params={"most": 500}).json()
        return [row for row in rows if not row["flaw"]]


def connect_bigbuy(process, *, code="bigbuy-sandbox", **options):
    """Create the supplier and its connection to a running sandbox."""
    supplier = Supplier.objects.create(
        code=code,
        name="BigBuy",
        adapter="bigbuy",
        currency="EUR",
        status=Supplier.Status.ACTIVE,
        status_since=NOON,
    )
    Connection.objects.create(
        supplier=supplier,
        base_url=process.api_url,
        calls_per_second=1000,
        secrets_encrypted=encrypt({"api_key": DEFAULT_KEY}),
        options={**OPTIONS, **options},
    )
    return supplier


@pytest.fixture(scope="session")
def bigbuy_process(tmp_path_factory):
    process = BigBuyProcess(folder=tmp_path_factory.mktemp("bigbuy")).start()
    yield process
    process.stop()


@pytest.fixture
def bigbuy_sandbox(bigbuy_process):
    """The running sandbox, reset."""
    bigbuy_process.reset()
    return bigbuy_process
