"""Payment fixtures: an in-memory gateway, and stock that needs no live check."""

import pytest

from orders.gateways import gateway_for


@pytest.fixture
def gateway(monkeypatch):
    monkeypatch.setattr("suppliers.sync.live_check.unsellable_levels", lambda **_: set())
    gateway = gateway_for("fake")
    gateway.errors.clear()
    yield gateway
    gateway.errors.clear()
