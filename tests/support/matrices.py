"""Matrices: of cells that run the same code, some run daily and all in the full run."""

import pytest


def thinned(cells, *, step):
    """Return the cells as parameters; only each ``step``-th runs daily."""
    return [
        pytest.param(cell, marks=pytest.mark.full if place % step else ())
        for place, cell in enumerate(cells)
    ]
