"""A supplier with scripted answers."""

import pytest

from tests.factories.scripted_supplier import connect_without_holds


@pytest.fixture
def supplier(monkeypatch):
    return connect_without_holds(monkeypatch)
