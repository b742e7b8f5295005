from decimal import Decimal

import pytest

from catalog.models import Variant
from suppliers.shipping_services.dangerous_goods import (
    NO_LITHIUM,
    LithiumCells,
    LithiumLimits,
    Restriction,
    restrictions,
)

POST = LithiumLimits(accepts=frozenset({"inside"}), max_cell_wh=Decimal(20), max_cells=4)
AIR = LithiumLimits(accepts=frozenset({"inside", "with"}), max_cell_wh=Decimal(20))
ROAD = LithiumLimits(accepts=frozenset({"inside", "with", "alone"}), max_cell_wh=Decimal(100))


def cells(lithium="inside", wh="12.6", count=1, pieces=1):
    return LithiumCells(
        lithium=lithium, cell_wh=wh and Decimal(wh), cell_count=count, pieces=pieces
    )


@pytest.mark.parametrize(
    ("limits", "parcel", "reasons"),
    [
        (POST, [cells()], set()),
        (POST, [cells(lithium="none", wh=None, count=0)], set()),
        (POST, [cells(lithium="with")], {Restriction.PACKING_NOT_ACCEPTED}),
        (AIR, [cells(lithium="with")], set()),
        (AIR, [cells(lithium="alone")], {Restriction.PACKING_NOT_ACCEPTED}),
        (ROAD, [cells(lithium="alone")], set()),
        # a 6 Ah 21700 cell has 21.6 Wh: not covered by section II
        (AIR, [cells(wh="21.6")], {Restriction.CELL_ENERGY}),
        (AIR, [cells(wh="20")], set()),
        (ROAD, [cells(wh="21.6")], set()),
        (ROAD, [cells(wh="21.6", count=5)], {Restriction.BATTERY_ENERGY}),
        (POST, [cells(count=4)], set()),
        (POST, [cells(count=2, pieces=3)], {Restriction.CELL_COUNT}),
        (POST, [cells(pieces=3), cells(pieces=2)], {Restriction.CELL_COUNT}),
        (AIR, [cells(count=2, pieces=30)], set()),
        (AIR, [cells(wh=None)], {Restriction.ENERGY_UNKNOWN}),
        (POST, [cells(count=0, pieces=5)], {Restriction.CELL_COUNT}),
        (
            POST,
            [cells(lithium="alone", wh="21.6", pieces=9)],
            {Restriction.PACKING_NOT_ACCEPTED, Restriction.CELL_ENERGY, Restriction.CELL_COUNT},
        ),
        (POST, [cells(lithium="none", wh="99", count=50)], set()),
    ],
)
def test_a_service_lists_all_reasons_against_a_parcel(limits, parcel, reasons):
    assert restrictions(cells=parcel, limits=limits) == reasons


def test_the_lithium_values_are_those_of_the_catalog():
    assert {NO_LITHIUM, "inside", "with", "alone"} == set(Variant.Lithium.values)
