"""Broad searches: matches are counted once, and only the best cards are ranked."""

import pytest
from django.core.cache import cache

from catalog.models import ProductCard
from catalog.search import cache as search_cache
from catalog.search import product_list
from tests.catalog.search.test_full_text import make_shown, search

OF_CHANNEL = 1  # each search here reads it

pytestmark = pytest.mark.django_db


@pytest.fixture
def many(monkeypatch):
    """Five lights with one search word, where two count as broad, on pages of two."""
    monkeypatch.setattr(search_cache, "BROAD_SEARCH", 2)
    monkeypatch.setattr(product_list, "PAGE_SIZE", 2)
    cache.clear()
    products = [make_shown(title) for title in ("Alpine lamp", "Lamp of lamps", "Creek lamp")]
    products += [make_shown(title) for title in ("Dune lamp", "Ember lamp")]
    for place, product in enumerate(products):
        ProductCard.objects.filter(product=product).update(score=10 - place)
    yield [card.title for card in ProductCard.objects.order_by("-score")]
    cache.clear()


def test_no_card_is_repeated_or_missing(many):
    pages = [search("lamp", page=page) for page in (1, 2, 3)]

    assert [found.total for found in pages] == [5, 5, 5]
    shown = [card.title for found in pages for card in found.cards]
    assert sorted(shown) == sorted(many)
    assert shown[2:] == many[2:]  # after the ranked ones: by score


def test_the_most_relevant_of_the_best_come_first(many):
    first = [card.title for card in search("lamp").cards]

    assert first == ["Lamp of lamps", "Alpine lamp"]


def test_counts_are_cached_unless_a_filter_is_set(many, django_assert_num_queries):
    with django_assert_num_queries(OF_CHANNEL + 2):
        search("lamp")
    with django_assert_num_queries(OF_CHANNEL + 1):
        again = search("LAMP", page=2)
    with django_assert_num_queries(OF_CHANNEL + 2):
        search("lamp", in_stock=True)

    assert again.total == 5


def test_a_narrow_search_is_counted_each_time(many, django_assert_num_queries):
    for _ in range(2):
        with django_assert_num_queries(OF_CHANNEL + 2):
            assert search("creek").total == 1
