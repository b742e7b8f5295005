from __future__ import annotations

from decimal import Decimal

import pytest

from catalog.models import Variant
from suppliers.shipping_services.dangerous_goods import NO_LITHIUM, Cells, Limits, Refusal, refusals

POST = Limits(accepts=frozenset({"inside"}), max_cell_wh=Decimal(20), max_cells=4)
AIR = Limits(accepts=frozenset({"inside", "with"}), max_cell_wh=Decimal(20))
ROAD = Limits(accepts=frozenset({"inside", "with", "alone"}), max_cell_wh=Decimal(100))


def cells(lithium="inside", wh="12.6", count=1, pieces=1):
    return Cells(lithium=lithium, cell_wh=wh and Decimal(wh), cell_count=count, pieces=pieces)


@pytest.mark.parametrize(
    ("limits", "parcel", "reasons"),
    [
        (POST, [cells()], set()),
        (POST, [cells(lithium="none", wh=None, count=0)], set()),
        (POST, [cells(lithium="with")], {Refusal.WAY}),
        (AIR, [cells(lithium="with")], set()),
        (AIR, [cells(lithium="alone")], {Refusal.WAY}),
        (ROAD, [cells(lithium="alone")], set()),
        # a 6 Ah 21700 cell has 21.6 Wh: not covered by section II
        (AIR, [cells(wh="21.6")], {Refusal.CELL_ENERGY}),
        (AIR, [cells(wh="20")], set()),
        (ROAD, [cells(wh="21.6")], set()),
        (ROAD, [cells(wh="21.6", count=5)], {Refusal.BATTERY_ENERGY}),
        (POST, [cells(count=4)], set()),
        (POST, [cells(count=2, pieces=3)], {Refusal.CELL_COUNT}),
        (POST, [cells(pieces=3), cells(pieces=2)], {Refusal.CELL_COUNT}),
        (AIR, [cells(count=2, pieces=30)], set()),
        (AIR, [cells(wh=None)], {Refusal.ENERGY_UNKNOWN}),
        (POST, [cells(count=0, pieces=5)], {Refusal.CELL_COUNT}),
        (
            POST,
            [cells(lithium="alone", wh="21.6", pieces=9)],
            {Refusal.WAY, Refusal.CELL_ENERGY, Refusal.CELL_COUNT},
        ),
        (POST, [cells(lithium="none", wh="99", count=50)], set()),
    ],
)
def test_a_service_lists_all_reasons_against_a_parcel(limits, parcel, reasons):
    assert refusals(cells=parcel, limits=limits) == reasons


def test_the_lithium_values_are_those_of_the_catalog():
    assert {NO_LITHIUM, "inside", "with", "alone"} == set(Variant.Lithium.values)
