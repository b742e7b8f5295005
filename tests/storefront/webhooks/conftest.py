import pytest

from storefront.webhooks import reception, storage
from tests.factories.suppliers import NOON


@pytest.fixture
def clock(monkeypatch):
    """Freeze the database time at noon."""
    monkeypatch.setattr(storage, "database_time", lambda: NOON)


@pytest.fixture
def queued(monkeypatch):
    """Record what is queued for processing, instead of queuing it."""
    calls = []
    monkeypatch.setattr(reception.process, "delay", lambda **kwargs: calls.append(kwargs))
    return calls
