"""Test matrices: run some similar cases daily, and all of them in the full run."""

import pytest


def thinned(cells, *, step):
    """Return the cells as parameters; only each ``step``-th runs daily."""
    return [
        pytest.param(cell, marks=pytest.mark.full if place % step else ())
        for place, cell in enumerate(cells)
    ]
