from datetime import timedelta
from decimal import Decimal

import pytest
from django.http import QueryDict

from catalog.models import ProductCard
from catalog.search import card_index, product_list
from catalog.search.filters import ProductFilter
from tests.factories.catalog import NOON, make_category, make_channel
from tests.factories.product_cards import make_card, scatter

pytestmark = pytest.mark.django_db


def read(query=None, now=NOON, country="DE", **asked):
    return product_list.load_page(
        channel=make_channel(), country=country, query=query or ProductFilter(**asked), now=now
    )


def test_a_page_beyond_the_last_is_the_last():
    for _ in range(30):
        make_card()

    found = read(page=99)

    assert (found.query.page, found.pages, len(found.cards)) == (2, 2, 6)


@pytest.mark.parametrize(
    ("sort", "column", "order"),
    [
        ("price", "price_amount", [1, 2, 3]),
        ("price_desc", "price_amount", [3, 2, 1]),
        ("lumens", "output_lm", [3, 2, 1]),
        ("beam", "beam_m", [3, 2, 1]),
        ("runtime", "runtime_min", [3, 2, 1]),
        ("weight", "weight_g", [1, 2, 3]),
    ],
)
def test_a_list_is_sorted_with_sold_out_cards_last(sort, column, order):
    for value in (2, 1, 3):
        make_card(**{column: value})
    make_card(**{column: order[0]}, available=0)

    cards = read(sort=sort).cards

    assert [getattr(card, column) for card in cards] == [*order, order[0]]
    assert [card.is_available(NOON) for card in cards] == [True, True, True, False]


def test_unknown_values_come_last_in_every_sort():
    for sort, column in (("lumens", "output_lm"), ("weight", "weight_g"), ("beam", "beam_m")):
        ProductCard.objects.all().delete()
        make_card(**{column: None})
        make_card(**{column: 5})

        assert [getattr(card, column) for card in read(sort=sort).cards] == [5, None]


def test_stock_older_than_a_day_is_not_available():
    make_card(as_of=NOON - timedelta(hours=25))

    assert not read().cards[0].is_available(NOON)
    assert read(in_stock=True).total == 0


def test_a_kept_list_follows_changes_and_the_age_of_stock():
    first, second = make_card("DE"), make_card("DE", as_of=NOON - timedelta(hours=2))
    assert read().in_stock == 2
    assert read(country="US").in_stock == 0

    assert read(now=NOON + timedelta(hours=23)).in_stock == 1
    assert read(now=NOON + timedelta(hours=25)).in_stock == 0
    ProductCard.objects.filter(pk=first.pk).update(available=0)
    assert read().in_stock == 1
    assert [card.id for card in read().cards] == [second.pk, first.pk]


def test_only_the_last_lists_and_rows_are_kept(monkeypatch):
    monkeypatch.setattr(card_index, "MAX_LISTS", 1)
    monkeypatch.setattr(card_index, "MAX_ROWS", 2)
    cards = [make_card(weight_g=grams, price_amount=90 - grams).pk for grams in (5, 9, 20)]

    for sort, shown in (("weight", cards), ("price", cards[::-1]), ("weight", cards)):
        assert [card.id for card in read(sort=sort).cards] == shown
    index = card_index.refreshed_index(make_channel().pk)
    assert (len(index._lists), len(index._rows)) == (1, 2)


def test_a_category_page_has_only_its_category_and_channel():
    lamp = make_card()
    make_card(category=make_category(slug="lanterns"))
    make_card(channel=make_channel(code="other"))

    assert [card.product_id for card in read(category="headlamps").cards] == [lamp.product_id]
    assert read(category="nothing").total == 0


@pytest.mark.parametrize("address", ["", "lm=100-300&power=usb_c&sort=price"])
def test_a_page_reads_only_what_changed_and_what_it_shows(
    address, django_assert_num_queries, monkeypatch
):
    query = ProductFilter.from_params(QueryDict(address))
    category, channel = make_category(), make_channel()

    def load():
        product_list.load_page(
            channel=channel, country="DE", query=query, now=NOON, category=category
        )

    scatter(seed=40, many=10)
    load()
    scatter(seed=80, many=20)
    with django_assert_num_queries(3):
        load()
    monkeypatch.setattr(card_index, "REFRESH_AFTER_S", 60)
    with django_assert_num_queries(0):
        load()


@pytest.mark.parametrize(
    "address",
    [
        "q=%00'%22%5C%3B--&price_min='&lm=1'--",
        "q=" + "a%20" * 5000,
        "q=%27%20OR%201%3D1--&sort=price;drop",
        "q=!%26|()*:<->",
        "power={}&f=%25s&g_min=%25s",
    ],
)
def test_no_query_breaks_a_list(address):
    make_card()

    found = read(ProductFilter.from_params(QueryDict(address)))

    assert found.total in {0, 1}


def facet(found, code):
    return next(facet for facet in found.facets if facet.code == code)


def test_a_range_ignores_its_own_selection():
    for weight_g in (40, 75, None):
        make_card(weight_g=weight_g)

    found = facet(read(weight_g=(Decimal(50), None)), "weight")

    assert (found.low, found.high, found.unknown, found.chosen_low) == (40, 75, 1, 50)
