"""Routes as a test makes them, and a supplier who answers as it says."""

from __future__ import annotations

import pytest

from orders.purchasing import submission
from shipping.rates import quotes
from tests.factories.scripted_supplier import ScriptedSupplier, connect


@pytest.fixture
def routes():
    """Have routes read anew: each test makes its own."""
    quotes.forget()
    yield
    quotes.forget()


@pytest.fixture
def supplier(monkeypatch):
    monkeypatch.setattr(submission, "check", lambda **_: [])  # whether it earns is not asked here
    return connect(monkeypatch, ScriptedSupplier())
