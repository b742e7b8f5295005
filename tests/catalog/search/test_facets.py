from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.http import QueryDict

from catalog.models import ProductCard
from catalog.search import filters, product_list
from catalog.search.filters import ANY_RANGE, CHOICES, ProductFilter
from tests.factories.catalog import NOON, make_channel
from tests.factories.product_cards import scatter
from tests.support.database import rolled_back

pytestmark = pytest.mark.django_db

BUCKETS = {
    "0-100": (-1, 100),
    "100-300": (100, 300),
    "300-1000": (300, 1000),
    "1000-3000": (1000, 3000),
    "3000-": (3000, 10**9),
}
# Chosen together with other power values, these narrow the list; the others widen it.
CHARGING_WAYS = {"usb_c", "solar", "crank"}
AT_LEAST = {"splash": {1, 2, 3, 4}, "jets": {2, 4}, "submersible": {3, 4}}


def read(query=None, **asked):
    return product_list.load_page(
        channel=make_channel(), country="DE", query=query or ProductFilter(**asked), now=NOON
    )


def facet(found, code):
    return next(facet for facet in found.facets if facet.code == code)


def counts(found, code):
    return {choice.value: choice.count for choice in facet(found, code).choices}


def in_range(value, ends):
    low, high = ends
    return value is not None and (low is None or value >= low) and (high is None or value <= high)


def failed(card, query):
    """Return the facets that a card does not pass, by an independent implementation."""
    hours = None if card.runtime_min is None else Decimal(card.runtime_min) / 60
    lumens = card.output_lm
    is_unconfirmed = {
        "lumens": lumens is None,
        "beam": card.beam_m is None,
        "runtime": hours is None,
        "weight": card.weight_g is None,
        "power": not card.power,
        "water": card.water is None,
        "color": not card.colors,
    }
    is_fresh = (
        card.available > 0 and card.as_of is not None and card.as_of >= NOON - timedelta(hours=24)
    )
    wanted = {
        "price": query.price != ANY_RANGE,
        "lumens": query.lumens != ANY_RANGE or bool(query.lumens_in),
        "beam": query.beam_m != ANY_RANGE,
        "runtime": query.runtime_h != ANY_RANGE,
        "weight": query.weight_g != ANY_RANGE,
        "power": bool(query.power),
        "water": bool(query.water),
        "features": bool(query.features),
        "brand": bool(query.brand),
        "color": bool(query.color),
        "origin": bool(query.origin),
        "in_stock": query.in_stock,
    }
    passes = {
        "price": lambda: in_range(card.price_amount, query.price),
        "lumens": lambda: (
            (query.lumens == ANY_RANGE or in_range(lumens, query.lumens))
            and (
                not query.lumens_in
                or (
                    lumens is not None
                    and any(low < lumens <= high for low, high in map(BUCKETS.get, query.lumens_in))
                )
            )
        ),
        "beam": lambda: in_range(card.beam_m, query.beam_m),
        "runtime": lambda: in_range(hours, query.runtime_h),
        "weight": lambda: in_range(card.weight_g, query.weight_g),
        "power": lambda: (
            (query.power & CHARGING_WAYS) <= set(card.power)
            and (
                query.power <= CHARGING_WAYS
                or bool((query.power - CHARGING_WAYS) & set(card.power))
            )
        ),
        "water": lambda: any(card.water in AT_LEAST[value] for value in query.water),
        "features": lambda: query.features <= set(card.features),
        "brand": lambda: card.brand in query.brand,
        "color": lambda: bool(query.color & set(card.colors)),
        # Germany is reached from Germany only; stock in China ships to France.
        "origin": lambda: is_fresh and "DE" in query.origin & {way[:2] for way in card.sent_from},
        "in_stock": lambda: is_fresh,
    }
    found = set()
    for code in FACETS:
        if code in query.unknown:
            is_ok = is_unconfirmed[code] or (wanted[code] and passes[code]())
        else:
            is_ok = not wanted[code] or passes[code]()
        if not is_ok:
            found.add(code)
    return found


def count(cards, query):
    return sum(not failed(card, query) for card in cards)


FACETS = (*filters.FACETS, "in_stock")
COLUMNS = {"lumens": "lumens_in"}


def recount(cards, query, code, value):
    """Count the cards of ``value``, chosen beside the other values or instead of them."""
    if code == "features":
        alone = replace(query, features=query.features | {value})
    elif code == "power":
        kept = query.power if value in CHARGING_WAYS else query.power & CHARGING_WAYS
        alone = replace(query.without(code), power=kept | {value})
    else:
        alone = replace(query.without(code), **{COLUMNS.get(code, code): frozenset({value})})
    return count(cards, alone)


ADDRESSES = [
    "",
    "lm=100-300&lm=3000-&power=usb_c",
    "lm_min=100&lm_max=2500&water=jets",
    "unknown=lumens&unknown=water",
    "power=aaa&unknown=power&g_max=100",
    "power=aa,built_in,usb_c,solar",
    "power=18650,usb_c&unknown=power",
    "f=magnet,zoom",
    "m_min=80&m_max=200&unknown=beam",
    "h_min=1&h_max=2&in_stock=1",
    "price_min=20&price_max=60&water=splash&water=submersible&f=clip",
    "lm=0-100&unknown=lumens&h_max=5&unknown=runtime&g_min=50&unknown=weight",
    "brand=Fara",
    "brand=Nord&brand=%C3%9Cnal+%26+Co%2C+Ltd.&color=red&f=magnet",
    "color=black&unknown=color&from=DE",
    "from=DE&from=CN&in_stock=1",
    "from=CN&brand=Fara",
    "in_stock=1&price_max=50&lm_min=90&lm=300-1000&power=18650,usb_c&f=magnet",
]


@pytest.fixture(scope="module")
def _scattered(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), rolled_back():
        scatter(seed=7, many=100)
        yield


@pytest.fixture
def cards(_scattered):
    return list(ProductCard.objects.all())


@pytest.mark.parametrize("address", ADDRESSES)
def test_all_counts_and_pages_match_an_independent_count(cards, address):
    query = ProductFilter.from_params(QueryDict(address))

    found = read(query)

    assert found.total == count(cards, query)
    for code in ("lumens", "power", "water", "features", "color"):
        assert counts(found, code) == {
            value: recount(cards, query, code, value) for value in CHOICES[code][1]
        }
    for code, values in {"brand": {card.brand for card in cards}, "origin": {"DE"}}.items():
        many = {value: recount(cards, query, code, value) for value in values}
        chosen = dict.fromkeys(query.chosen_in(code), 0)
        expected = chosen | {value: number for value, number in many.items() if number}
        assert counts(found, code) == expected
    missed = [failed(card, query) for card in cards]
    for code, number in found.without.items():
        assert number == sum(each <= {code} for each in missed)
    for code in ("lumens", "beam", "runtime", "weight", "power", "water", "color"):
        silent = replace(query.without(code), unknown=query.unknown | {code})
        assert facet(found, code).unknown == count(cards, silent)
    assert found.in_stock == count(cards, replace(query, in_stock=True))
    pages = [read(replace(query, page=page)).cards for page in range(1, found.pages + 1)]
    shown = [card.product_id for page in pages for card in page]
    assert len(shown) == len(set(shown)) == found.total
