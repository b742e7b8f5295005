"""Fixtures: fresh routes, and a supplier with scripted answers."""

from __future__ import annotations

import pytest

from orders.purchasing import submission
from shipping.rates import quotes
from tests.factories.scripted_supplier import ScriptedSupplier, connect


@pytest.fixture
def routes():
    """Clear the route cache before and after each test."""
    quotes.forget()
    yield
    quotes.forget()


@pytest.fixture
def supplier(monkeypatch):
    monkeypatch.setattr(submission, "check", lambda **_: [])  # skip the margin check
    return connect(monkeypatch, ScriptedSupplier())
