"""Detail facets: their values in the index of cards, their parameters and counts."""

from decimal import Decimal

import pytest
from django.db import transaction
from django.http import QueryDict

from catalog.models import ProductCard, Spec
from catalog.search import index, product_list
from catalog.search.detail_facets import DETAIL_FACETS
from catalog.search.filters import FACETS, ProductFilter
from tests.factories.catalog import NOON, make_channel, make_listing, make_product, make_variant
from tests.factories.product_cards import make_card

pytestmark = pytest.mark.django_db


def read(address):
    return product_list.load_page(
        channel=make_channel(),
        country="DE",
        query=ProductFilter.from_params(QueryDict(address)),
        now=NOON,
    )


def facet(address, code):
    return next(each for each in read(address).facets if each.code == code)


def indexed(**values):
    product = make_product()
    Spec.objects.update_or_create(product=product, defaults=values)
    make_listing(make_variant(product))
    with transaction.atomic():
        index.reindex(product_ids=[product.pk], channel=make_channel())
    return ProductCard.objects.get(product=product).details


def test_a_card_has_the_stated_values_of_its_specification():
    assert indexed(
        output_lm=1000,
        intensity_cd=31_000,
        runtime_max_min=90,
        charging=["usb_c", "solar"],
        battery_included=False,
        battery_energy_wh=Decimal("4.44"),
        cct_k=3500,
        material="aluminium, abs, pc",
    ) == {
        "beam_shape": ["far"],
        "longest_runtime": 90,
        "charging": ["usb_c", "solar"],
        "battery_included": ["no"],
        "energy": 4.44,
        "color_temperature": ["warm"],
        "material": ["aluminum", "abs", "polycarbonate"],
    }


@pytest.mark.parametrize(
    ("values", "code", "expected"),
    [
        ({"intensity_cd": 8_000}, "beam_shape", ["wide"]),
        ({"intensity_cd": 8_001}, "beam_shape", ["balanced"]),
        ({"intensity_cd": 30_001}, "beam_shape", ["far"]),
        ({"cct_k": 5000}, "color_temperature", ["neutral"]),
        ({"cct_k": 5001}, "color_temperature", ["cool"]),
        ({"battery_included": True}, "battery_included", ["yes"]),
    ],
)
def test_classes_are_computed_from_values(values, code, expected):
    assert indexed(output_lm=1000, **values)[code] == expected


def test_a_product_that_states_nothing_has_no_details():
    assert indexed(output_lm=None, battery_format="") == {}


@pytest.fixture
def cards():
    make_card(details={"length": 90, "charging": ["usb_c", "solar"], "energy": 4.44})
    make_card(details={"length": 120, "charging": ["micro_usb"], "longest_runtime": 600})
    make_card(details={})


@pytest.mark.parametrize(
    ("address", "total"),
    [
        ("length_min=90", 2),
        ("length_max=100", 1),
        ("length_max=100&unknown=length", 2),
        ("charging=usb_c&charging=micro_usb", 2),
        ("charging=solar&length_min=100", 0),
        ("unknown=charging", 1),
        ("energy_min=4.44", 1),
        ("longest_runtime_min=10", 1),
        ("longest_runtime_min=11", 0),
    ],
)
def test_details_filter_the_list(cards, address, total):
    assert read(address).total == total


def test_details_are_counted_only_if_the_list_shows_them(cards):
    assert [each.code for each in read("").facets] == [*FACETS]
    for address in ("more=1", "length_min=1", "unknown=length"):
        assert [each.code for each in read(address).facets] == [*FACETS, *DETAIL_FACETS]


def test_counts_of_a_detail_ignore_its_own_selection(cards):
    charging = facet("charging=solar", "charging")
    counts = {choice.value: choice.count for choice in charging.choices if choice.count}
    length = facet("length_min=100", "length")
    hours = facet("more=1", "longest_runtime")

    assert (counts, charging.unknown) == ({"usb_c": 1, "solar": 1, "micro_usb": 1}, 1)
    assert (length.low, length.high, length.chosen_low) == (90, 120, 100)
    assert (hours.low, hours.high) == (10, 10)


def test_parameters_survive_a_round_trip_and_lose_one_filter():
    address = "length_min=90&charging=usb_c&charging=solar&unknown=head&more=1"
    query = ProductFilter.from_params(QueryDict(address))

    assert sorted(query.to_params()) == sorted([*QueryDict(address).items(), ("charging", "usb_c")])
    assert query.chosen() == [
        ("charging", "usb_c"),
        ("charging", "solar"),
        ("length", "range"),
        ("head", "unknown"),
    ]
    assert query.without("charging", "usb_c").chosen_in("charging") == {"solar"}
    assert query.without("charging").chosen_in("charging") == frozenset()
    assert query.without("length", "range").chosen() == [
        ("charging", "usb_c"),
        ("charging", "solar"),
        ("head", "unknown"),
    ]
    assert query.without("head", "unknown").unknown == frozenset()


def test_a_wrong_value_is_named_and_ignored():
    query = ProductFilter.from_params(QueryDict("charging=steam&length_min=long&more=yes"))

    assert (query.ignored, query.details, query.with_details) == (
        ("charging", "length_min", "more"),
        (),
        False,
    )
