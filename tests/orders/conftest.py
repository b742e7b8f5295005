import pytest

from tests.factories.scripted_supplier import ScriptedSupplier, connect


@pytest.fixture
def supplier(monkeypatch):
    return connect(monkeypatch, ScriptedSupplier())
