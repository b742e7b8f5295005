from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from catalog.attributes.completeness import MissingAttribute, PublicationInputs, find_missing

WHOLE = PublicationInputs(
    title="Sensor headlamp",
    family="headlamp",
    is_active=True,
    is_delisted=False,
    has_price=True,
    has_spec=True,
    power_sources=["built_in"],
    output_lm=400,
    runtime_min=180,
    battery_format="built_in",
    lithium="inside",
    cell_wh=Decimal("4.44"),
)


def test_a_complete_product_lacks_nothing():
    assert find_missing(WHOLE) == ()


@pytest.mark.parametrize(
    ("change", "lack"),
    [
        ({"title": ""}, MissingAttribute.TITLE),
        ({"is_active": False}, MissingAttribute.STATUS),
        ({"is_delisted": True}, MissingAttribute.WITHDRAWN),
        ({"has_spec": False}, MissingAttribute.SPEC),
        ({"has_price": False}, MissingAttribute.PRICE),
        ({"power_sources": []}, MissingAttribute.POWER),
        ({"output_lm": None, "runtime_min": None}, MissingAttribute.NUMBERS),
        ({"family": "battery", "battery_format": ""}, MissingAttribute.CELL),
        ({"cell_wh": None}, MissingAttribute.ENERGY),
    ],
)
def test_missing_attributes_are_named(change, lack):
    assert find_missing(replace(WHOLE, **change)) == (lack,)


@pytest.mark.parametrize(
    "change",
    [
        {"output_lm": None},
        {"family": "accessory", "power_sources": [], "output_lm": None, "runtime_min": None},
        {"lithium": "none", "cell_wh": None},
    ],
)
def test_optional_attributes_do_not_block_publication(change):
    assert find_missing(replace(WHOLE, **change)) == ()
