"""The onX sandbox as a separate process, for tests over real HTTP.

Use:  from tests.fakes.onx_sandbox import onx_process, onx_sandbox  (in the test module)
"""

import pytest

from storefront.dev.sandboxes.onx.state import DEFAULT_KEY
from tests.fakes.sandbox_process import SandboxProcess, connect_supplier, process_fixture


class OnxProcess(SandboxProcess):
    """A running sandbox that requires sessions."""

    module = "storefront.dev.sandboxes.onx"
    usual = ("--count", "24", "--sessions")

    def orders(self):
        return self.control("orders")["orders"]


def connect_onx(process):
    """Create the supplier and its connection to a running sandbox."""
    return connect_supplier(
        "onx",
        code="onx-sandbox",
        currency="USD",
        base_url=f"{process.url}/mcp",
        secrets={"token": DEFAULT_KEY},
        warehouse_country="CN",
    )


onx_process = process_fixture(OnxProcess)


@pytest.fixture
def onx_sandbox(onx_process):
    """The running sandbox, reset."""
    onx_process.reset()
    return onx_process
