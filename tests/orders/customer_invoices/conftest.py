import pytest

from tests.factories.scripted_supplier import connect_without_holds


@pytest.fixture(autouse=True)
def supplier(monkeypatch):
    return connect_without_holds(monkeypatch)
