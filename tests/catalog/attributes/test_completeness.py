from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from catalog.attributes.completeness import Facts, Lack, lacks

WHOLE = Facts(
    title="Sensor headlamp",
    family="headlamp",
    is_active=True,
    is_withdrawn=False,
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
    assert lacks(WHOLE) == ()


@pytest.mark.parametrize(
    ("change", "lack"),
    [
        ({"title": ""}, Lack.TITLE),
        ({"is_active": False}, Lack.STATUS),
        ({"is_withdrawn": True}, Lack.WITHDRAWN),
        ({"has_spec": False}, Lack.SPEC),
        ({"has_price": False}, Lack.PRICE),
        ({"power_sources": []}, Lack.POWER),
        ({"output_lm": None, "runtime_min": None}, Lack.NUMBERS),
        ({"family": "battery", "battery_format": ""}, Lack.CELL),
        ({"cell_wh": None}, Lack.ENERGY),
    ],
)
def test_missing_attributes_are_named(change, lack):
    assert lacks(replace(WHOLE, **change)) == (lack,)


@pytest.mark.parametrize(
    "change",
    [
        {"output_lm": None},
        {"family": "accessory", "power_sources": [], "output_lm": None, "runtime_min": None},
        {"lithium": "none", "cell_wh": None},
    ],
)
def test_optional_attributes_do_not_block_publication(change):
    assert lacks(replace(WHOLE, **change)) == ()
