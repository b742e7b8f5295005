"""A supplier with scripted answers."""

import pytest

from orders.purchasing import submission
from tests.factories.scripted_supplier import ScriptedSupplier, connect


@pytest.fixture
def supplier(monkeypatch):
    monkeypatch.setattr(
        submission, "evaluate_purchase_order", lambda **_: []
    )  # skip the margin check
    return connect(monkeypatch, ScriptedSupplier())
