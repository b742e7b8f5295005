"""Dashboard fixtures: freeze time."""

import pytest
import time_machine

from tests.factories.suppliers import NOON


@pytest.fixture
def noon():
    """Freeze time at noon, so that no staff session expires."""
    with time_machine.travel(NOON, tick=False):
        yield
