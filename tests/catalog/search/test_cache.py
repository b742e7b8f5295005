"""Words that much of a shop matches: counted once, and only the best of it put in order."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from catalog.models import Card
from catalog.search import cache as search_cache
from catalog.search import product_list
from tests.catalog.search.test_full_text import make_shown, search

OF_CHANNEL = 1  # it is read by each search here

pytestmark = pytest.mark.django_db


@pytest.fixture
def many(monkeypatch):
    """Five lights that one word finds, where two are called many, on pages of two."""
    monkeypatch.setattr(search_cache, "WIDE", 2)
    monkeypatch.setattr(product_list, "PAGE_SIZE", 2)
    cache.clear()
    products = [make_shown(title) for title in ("Alpine lamp", "Lamp of lamps", "Creek lamp")]
    products += [make_shown(title) for title in ("Dune lamp", "Ember lamp")]
    for place, product in enumerate(products):
        Card.objects.filter(product=product).update(score=10 - place)
    yield [card.title for card in Card.objects.order_by("-score")]
    cache.clear()


def test_no_card_is_shown_twice_and_none_is_left_out(many):
    pages = [search("lamp", page=page) for page in (1, 2, 3)]

    assert [found.total for found in pages] == [5, 5, 5]
    shown = [card.title for found in pages for card in found.cards]
    assert sorted(shown) == sorted(many)
    assert shown[2:] == many[2:]  # behind the best ones: by score


def test_what_fits_best_stands_first_among_the_best(many):
    first = [card.title for card in search("lamp").cards]

    assert first == ["Lamp of lamps", "Alpine lamp"]


def test_what_was_counted_is_not_counted_again_but_with_a_filter(many, django_assert_num_queries):
    with django_assert_num_queries(OF_CHANNEL + 2):
        search("lamp")
    with django_assert_num_queries(OF_CHANNEL + 1):
        again = search("LAMP", page=2)
    with django_assert_num_queries(OF_CHANNEL + 2):
        search("lamp", in_stock=True)

    assert again.total == 5


def test_a_search_that_finds_little_is_counted_each_time(many, django_assert_num_queries):
    for _ in range(2):
        with django_assert_num_queries(OF_CHANNEL + 2):
            assert search("creek").total == 1
