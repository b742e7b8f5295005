"""Searches for duplicates: one at a time, and decisions of staff during a search."""

import threading

import pytest

from catalog.models import Identifier
from suppliers.matches import duplicates
from suppliers.models import DuplicateCandidate
from tests.factories.catalog import NOON, make_brand, make_product, make_variant
from tests.support.concurrency import all_at_once


@pytest.fixture
def pair(db):
    """Two products of one brand with the same part number."""
    variants = []
    for slug in ("first", "second"):
        product = make_product(slug=slug, brand=make_brand(name="Fara"), title="Fara H10 headlamp")
        variants.append(make_variant(product, sku=slug))
        state = {} if slug == "first" else {"state": "conflict"}
        Identifier.objects.create(
            variant=variants[-1], scheme="mpn", value="fara:h10", raw="H10", **state
        )
    return variants


def test_a_pair_marked_as_different_during_a_search_is_not_listed_again(pair, monkeypatch):
    duplicates.search_duplicates(now=NOON)
    candidate = DuplicateCandidate.objects.get()
    real = duplicates._keys

    def read_keys(*known):
        duplicates.mark_different(candidate=candidate, actor="mia", now=NOON)
        return real(*known)

    monkeypatch.setattr(duplicates, "_keys", read_keys)

    assert duplicates.search_duplicates(now=NOON) == 0

    assert not DuplicateCandidate.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_searches_at_once_list_each_pair_once(transactional_db, pair, monkeypatch):
    inside, done = threading.Event(), threading.Event()
    real, loads = duplicates._load_items, []

    def load():
        loads.append(1)
        inside.set()
        done.wait(20)
        return real()

    monkeypatch.setattr(duplicates, "_load_items", load)

    def second():
        inside.wait(20)
        threading.Timer(5, done.set).start()  # ends a second search that loads, too
        duplicates.search_duplicates(now=NOON)
        done.set()

    all_at_once([lambda: duplicates.search_duplicates(now=NOON), second], ())

    assert len(loads) == 1
    assert DuplicateCandidate.objects.count() == 1
