import time

import pytest

from suppliers.connectors.bigbuy.list_store import ListStore

LIST = "productsvariations"


@pytest.fixture
def store(tmp_path):
    opened = ListStore(tmp_path)
    yield opened
    opened.close()


def steps_of(store, work):
    """Return the number of SQLite steps of this work, in hundreds."""
    steps = []
    store._db.set_progress_handler(lambda: steps.append(1), 100)
    try:
        work()
    finally:
        store._db.set_progress_handler(None, 0)
    return len(steps)


def fill(store, parents):
    rows = ((10 * parent + n, parent, {"n": n}) for parent in range(parents) for n in range(2))
    store.replace(LIST, rows, at_s=time.time())


def test_children_of_one_parent_are_found(store):
    fill(store, 1000)

    assert [row["n"] for row in store.children(LIST, 500)] == [0, 1]
    assert store.has_children(LIST, 999)
    assert not store.has_children(LIST, 1000)


def test_children_are_found_as_fast_in_a_long_list(store):
    found = []
    for parents in (10, 5000):
        fill(store, parents)
        found.append(steps_of(store, lambda: store.children(LIST, 9)))

    assert found[1] <= found[0] + 1
