import pytest

from tests.factories.orders import make_sellable


@pytest.fixture
def light():
    return make_sellable(price="33.33", quantity=40)
