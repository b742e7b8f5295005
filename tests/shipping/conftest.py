"""Fixtures: fresh routes, and a supplier with scripted answers."""

from __future__ import annotations

import pytest

from orders.purchasing import submission
from shipping.rates import quotes
from tests.factories.scripted_supplier import ScriptedSupplier, connect


@pytest.fixture
def routes():
    """Clear the route cache before and after each test."""
    quotes.clear_cache()
    yield
    quotes.clear_cache()


@pytest.fixture
def supplier(monkeypatch):
    monkeypatch.setattr(
        submission, "evaluate_purchase_order", lambda **_: []
    )  # skip the margin check
    return connect(monkeypatch, ScriptedSupplier())
