"""Custom facets: attributes that staff marked are filters of the list, counted from its cards."""

import pytest
from django.db import transaction
from django.http import QueryDict

from catalog.custom_attributes import registry
from catalog.models import CustomAttribute, ProductCard, Spec
from catalog.search import card_index, index, product_list
from catalog.search.custom_facets import custom_facets
from catalog.search.filters import FACETS, ProductFilter
from catalog.search.tasks import reindex_attribute
from tests.factories.catalog import NOON, make_channel, make_listing, make_product, make_variant
from tests.factories.product_cards import make_card

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def attributes(monkeypatch):
    monkeypatch.setattr(registry, "CACHE_S", -1)
    monkeypatch.setattr(registry, "_cached", None)
    make("hours", "number", "folded", unit="h", maximum=99)
    make("height", "number", "folded")
    make("switch", "choices", "folded", choices=["tail", "side"])
    make("strap", "choice", "shown", choices=["top", "none"])
    make("lanyard", "yes_no", "shown")


def make(code, kind, filter_display, *, choices=(), **values):
    return CustomAttribute.objects.create(
        code=code,
        kind=kind,
        filter_display=filter_display,
        names={"en": code.title()},
        choices=[[choice, {"en": choice}] for choice in choices],
        **values,
    )


def indexed(**values):
    product = make_product()
    Spec.objects.update_or_create(product=product, defaults={"custom_values": values})
    make_listing(make_variant(product))
    rebuild(product)
    return product


def rebuild(product):
    with transaction.atomic():
        index.reindex(product_ids=[product.pk], channel=make_channel())


def custom_of(product):
    return ProductCard.objects.get(product=product).details.get("custom")


def read(address):
    query = ProductFilter.from_params(QueryDict(address), custom=custom_facets())
    return product_list.load_page(channel=make_channel(), country="DE", query=query, now=NOON)


def facet(address, code):
    return next(each for each in read(address).facets if each.code == code)


VALUES = {"hours": "-2.5", "switch": ["tail", "side"], "strap": "top", "lanyard": False}


def test_a_card_has_the_values_of_marked_attributes():
    assert custom_of(indexed(**VALUES)) == {
        "attr_hours": -2.5,
        "attr_switch": ["tail", "side"],
        "attr_strap": ["top"],
        "attr_lanyard": ["no"],
    }


@pytest.mark.parametrize(
    "values",
    [
        {"hours": "100", "lanyard": None},
        {"height": "9" * 40},
        {"hours": "long", "switch": ["crown"], "strap": True, "lanyard": "yes"},
        {"hours": ["2"], "switch": "crown", "strap": ["crown"], "lanyard": ["yes"]},
        {"color": "red"},
        {},
    ],
)
def test_a_value_of_another_type_or_choice_is_left_out(values):
    assert custom_of(indexed(**values)) is None


def test_an_attribute_without_the_mark_or_of_another_family_is_left_out():
    CustomAttribute.objects.exclude(code="strap").update(filter_display="")
    CustomAttribute.objects.filter(code="strap").update(families=["charger"])

    assert custom_of(indexed(**VALUES)) is None


@pytest.fixture
def cards():
    make_card(details={"custom": {"attr_hours": -2.5, "attr_switch": ["tail", "side"]}})
    make_card(details={"custom": {"attr_hours": 8, "attr_switch": ["tail"]}})
    make_card(details={"custom": {"attr_strap": ["top"], "attr_lanyard": ["yes"]}})
    make_card(details={})


@pytest.mark.parametrize(
    ("address", "total"),
    [
        ("attr_hours_max=-1", 1),
        ("attr_hours_min=-2.5", 2),
        ("attr_hours_min=9&unknown=attr_hours", 2),
        ("attr_switch=side", 1),
        ("attr_switch=side,tail", 2),
        ("unknown=attr_switch", 2),
        ("attr_switch=side&attr_hours_min=3", 0),
        ("attr_strap=top&attr_lanyard=yes", 1),
        ("attr_lanyard=no", 0),
    ],
)
def test_custom_values_filter_the_list(cards, address, total):
    assert read(address).total == total


def test_folded_facets_are_counted_only_if_the_list_shows_them(cards):
    shown = [*FACETS, "attr_lanyard", "attr_strap"]

    assert [each.code for each in read("").facets] == shown
    assert [each.code for each in read("attr_strap=top").facets] == shown
    for address in ("more=1", "attr_switch=tail", "unknown=attr_hours"):
        assert [each.code for each in read(address).facets][-2:] == ["attr_hours", "attr_switch"]


def test_counts_of_a_custom_facet_ignore_its_own_selection(cards):
    switch, hours = facet("attr_switch=side", "attr_switch"), facet("more=1", "attr_hours")

    assert {one.value: one.count for one in switch.choices} == {"tail": 2, "side": 1}
    assert (switch.unknown, switch.param, switch.has_range) == (2, "attr_switch", False)
    assert (hours.low, hours.high, hours.unknown, hours.has_range) == (-2.5, 8, 2, True)


def test_parameters_survive_a_round_trip_and_lose_one_filter():
    address = "attr_hours_min=-2.5&attr_switch=tail&attr_switch=side&unknown=attr_strap"
    query = ProductFilter.from_params(QueryDict(address), custom=custom_facets())

    assert sorted(query.to_params()) == sorted(
        [*QueryDict(address).items(), ("attr_switch", "tail")]
    )
    assert query.without("attr_switch", "tail").chosen_in("attr_switch") == {"side"}
    assert query.without("attr_hours").chosen() == [
        ("attr_strap", "unknown"),
        ("attr_switch", "tail"),
        ("attr_switch", "side"),
    ]


def test_a_wrong_value_is_named_and_an_unknown_attribute_is_not_read():
    address = "attr_switch=crown&attr_hours_min=long&attr_lanyard=maybe&attr_bays=2"
    query = ProductFilter.from_params(QueryDict(address), custom=custom_facets())

    assert set(query.ignored) == {"attr_switch", "attr_hours_min", "attr_lanyard"}
    assert query.details == ()


def test_a_changed_value_reaches_the_list():
    product = indexed(switch=["tail"])
    assert (read("attr_switch=tail").total, read("attr_switch=side").total) == (1, 0)

    Spec.objects.update(custom_values={"switch": ["side"], "hours": "3"})
    rebuild(product)

    assert (read("attr_switch=tail").total, read("attr_switch=side").total) == (0, 1)
    assert read("attr_hours_min=3").total == 1


@pytest.mark.django_db(transaction=True)
def test_the_task_adds_and_removes_the_values_of_a_changed_attribute():
    CustomAttribute.objects.filter(code="switch").update(filter_display="")
    product = indexed(switch=["tail"])
    assert custom_of(product) is None

    CustomAttribute.objects.filter(code="switch").update(filter_display="folded")
    assert reindex_attribute(code="switch") == 1
    assert custom_of(product) == {"attr_switch": ["tail"]}

    CustomAttribute.objects.filter(code="switch").update(choices=[["side", {"en": "side"}]])
    reindex_attribute(code="switch")
    assert custom_of(product) is None


def test_an_index_without_custom_attributes_holds_nothing_for_them():
    CustomAttribute.objects.all().delete()
    make_card(details={"length": 90})
    read("")

    held = card_index.refreshed_index(make_channel().pk)
    assert not [code for code in (*held.sets, *held.columns) if code.startswith("attr_")]
