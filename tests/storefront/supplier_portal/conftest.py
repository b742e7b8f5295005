"""Portal fixtures: freeze time at noon, reset rate limits, make two listings."""

import pytest
import time_machine
from django.core.cache import cache

from tests.factories.orders import make_sellable
from tests.factories.suppliers import NOON


@pytest.fixture(autouse=True)
def noon():
    cache.clear()
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def goods():
    return make_sellable(), make_sellable(price="19.99")
