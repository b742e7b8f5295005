"""The BigBuy sandbox as a separate process, for tests over real HTTP.

Use:  from tests.fakes.bigbuy_sandbox import bigbuy_process, bigbuy_sandbox  (in a conftest.py)
"""

import pytest

from storefront.dev.sandboxes.bigbuy.state import DEFAULT_KEY
from tests.fakes.sandbox_process import SandboxProcess, connect_supplier, process_fixture

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
    usual = ("--count", "24", "--hour", "0", "--second", "0")

    @property
    def api_url(self):
        return f"{self.url}/rest/"

    def orders(self):
        return self.control("orders")["orders"]

    def served(self):
        return self.control("calls")["served"]

    def items(self):
        """List items that can be ordered and have no flaw."""
        rows = self.client.get(f"{self.url}/control/items", params={"most": 500}).json()
        return [row for row in rows if not row["flaw"]]


def connect_bigbuy(process, **options):
    """Create the supplier and its connection to a running sandbox."""
    return connect_supplier(
        "bigbuy",
        code="bigbuy-sandbox",
        currency="EUR",
        base_url=process.api_url,
        secrets={"api_key": DEFAULT_KEY},
        **{**OPTIONS, **options},
    )


bigbuy_process = process_fixture(BigBuyProcess)


@pytest.fixture
def bigbuy_sandbox(bigbuy_process):
    """The running sandbox, reset."""
    bigbuy_process.reset()
    return bigbuy_process
