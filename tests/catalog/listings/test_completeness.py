from decimal import Decimal

import pytest

from catalog.listings.completeness import is_complete
from catalog.models import Listing, Product, Spec, Variant


def complete(*, has_spec=True, has_price=True, is_delisted=False, **changes):
    values = {
        "title": "Sensor headlamp",
        "family": "headlamp",
        "status": "live",
        "power_sources": ["built_in"],
        "output_lm": 400,
        "runtime_high_min": 180,
        "battery_format": "built_in",
        "lithium": "inside",
        "cell_wh": Decimal("4.44"),
        **changes,
    }

    def made(model, *names, **more):
        return model(**{name: values[name] for name in names}, **more)

    product = made(Product, "title", "family", "status", pk=1)
    if has_spec:
        stated = ("power_sources", "output_lm", "runtime_high_min", "battery_format")
        product.spec = made(Spec, *stated)
    else:
        product._state.fields_cache["spec"] = None
    variant = made(Variant, "lithium", "cell_wh", product=product)
    return is_complete(Listing(is_delisted=is_delisted), variant, has_price=has_price)


def test_a_complete_listing_may_be_published():
    assert complete()


@pytest.mark.parametrize(
    "change",
    [
        {"title": ""},
        {"status": "draft"},
        {"is_delisted": True},
        {"has_spec": False},
        {"has_price": False},
        {"power_sources": []},
        {"output_lm": None, "runtime_high_min": None},
        {"family": "battery", "battery_format": ""},
        {"cell_wh": None},
    ],
)
def test_a_listing_without_one_of_its_attributes_is_incomplete(change):
    assert not complete(**change)


@pytest.mark.parametrize(
    "change",
    [
        {"output_lm": None},
        {"family": "accessory", "power_sources": [], "output_lm": None, "runtime_high_min": None},
        {"lithium": "none", "cell_wh": None},
    ],
)
def test_optional_attributes_do_not_block_publication(change):
    assert complete(**change)
