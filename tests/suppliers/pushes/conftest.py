import pytest

from tests.factories.feeds import stock_world, sync


@pytest.fixture
def supplier(supplier, world):
    """A supplier with twenty imported products."""
    stock_world(world, 20)
    sync(supplier)
    return supplier
