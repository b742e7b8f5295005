"""Stores of one platform, with rules of their own."""

import pytest


@pytest.fixture
def open_store(request, tmp_path):
    """Return a function that opens a ``STORE`` of the module; all are closed after the test."""
    opened = []

    def start(**rules):
        opened.append(request.module.STORE(tmp_path / f"store-{len(opened)}", **rules))
        return opened[-1]

    yield start
    for store in opened:
        store.close()
