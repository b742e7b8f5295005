"""Dashboard fixtures: a clock that stands still."""

import pytest
import time_machine

from tests.factories.suppliers import NOON


@pytest.fixture
def noon():
    """Make all requests of a test at the same time, since staff sessions expire."""
    with time_machine.travel(NOON, tick=False):
        yield
