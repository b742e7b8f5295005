"""The CJ sandbox as a separate process, for tests over real HTTP.

Use:  from tests.fakes.cj_sandbox import sandbox_process, sandbox_supplier  (in a conftest.py)
"""

import pytest

from storefront.dev.sandboxes.cj.state import DEFAULT_KEY
from tests.factories.connector_contexts import MemoryBudget
from tests.fakes.sandbox_process import SandboxProcess, connect_supplier, process_fixture


class CjProcess(SandboxProcess):
    """A running sandbox, without a limit per second."""

    module = "storefront.dev.sandboxes.cj"
    usual = ("--count", "24", "--qps", "0")

    @property
    def api_url(self):
        return f"{self.url}/api2.0/v1/"

    def reset(self):
        super().reset()
        self.control("faults/clear", {})
        self.control("drop_catalog", {"share": 0})


def connect(process):
    """Create the supplier and its connection to a running sandbox."""
    return connect_supplier(
        "cj",
        code="cj-sandbox",
        currency="USD",
        base_url=process.api_url,
        secrets={"api_key": DEFAULT_KEY},
    )


sandbox_process = process_fixture(CjProcess)


@pytest.fixture
def sandbox_supplier(sandbox_process, request, monkeypatch):
    """The running sandbox, reset.

    In a test that runs inside one transaction, the quota is counted in memory: other threads
    could not see it in the database.
    """
    sandbox_process.reset()
    marks = list(request.node.iter_markers("django_db"))
    if not any(mark.kwargs.get("transaction") for mark in marks):
        monkeypatch.setattr(
            "suppliers.connections.factory.DatabaseQuotaCounter", lambda _: MemoryBudget()
        )
    return sandbox_process
