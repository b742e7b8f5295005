from __future__ import annotations

import time

import pytest

from suppliers.connectors.bigbuy.list_store import Shelf

LIST = "productsvariations"


@pytest.fixture
def shelf(tmp_path):
    opened = Shelf(tmp_path)
    yield opened
    opened.close()


def steps_of(shelf, work):
    """Return the number of SQLite steps of this work, in hundreds."""
    steps = []
    shelf._db.set_progress_handler(lambda: steps.append(1), 100)
    try:
        work()
    finally:
        shelf._db.set_progress_handler(None, 0)
    return len(steps)


def lay_out(shelf, parents):
    rows = ((10 * parent + n, parent, {"n": n}) for parent in range(parents) for n in range(2))
    shelf.replace(LIST, rows, at_s=time.time())


def test_children_of_one_parent_are_found(shelf):
    lay_out(shelf, 1000)

    assert [row["n"] for row in shelf.children(LIST, 500)] == [0, 1]
    assert shelf.has_children(LIST, 999)
    assert not shelf.has_children(LIST, 1000)


def test_children_are_found_as_fast_in_a_long_list(shelf):
    found = []
    for parents in (10, 5000):
        lay_out(shelf, parents)
        found.append(steps_of(shelf, lambda: shelf.children(LIST, 9)))

    assert found[1] <= found[0] + 1
