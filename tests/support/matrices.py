"""Test matrices: of many similar cases, `make test` runs some, `make test-full` runs all."""

import pytest


def thinned(cells, *, step):
    """Return the cells as parameters; `make test` runs each ``step``-th only."""
    return [
        pytest.param(cell, marks=pytest.mark.full if place % step else ())
        for place, cell in enumerate(cells)
    ]
