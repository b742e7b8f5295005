"""Test matrices: daily runs try some of the cases that run the same code, the full run all."""

import pytest


def thinned(cells, *, step):
    """Return the cells as parameters; only each ``step``-th runs daily."""
    return [
        pytest.param(cell, marks=pytest.mark.full if place % step else ())
        for place, cell in enumerate(cells)
    ]
