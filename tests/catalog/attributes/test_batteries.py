from decimal import Decimal

import pytest

from catalog.attributes.batteries import (
    Battery,
    for_option,
    lithium_class,
    parse_battery,
    un_number,
)
from catalog.attributes.numbers import UnreadableError
from catalog.attributes.units import with_heading_unit


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Li-Po 1200 mAh 3.7 V (4.44 Wh)",
            {"format": "built_in", "chemistry": "li_po", "energy_wh": Decimal("4.44")},
        ),
        ("18650 (included)", {"format": "18650", "is_included": True, "energy_wh": None}),
        (
            "2 × 18650 Li-ion 2600 mAh 3.6 V, not included",
            {"count": 2, "is_included": False, "energy_wh": Decimal("18.72")},
        ),
        ("3xAAA alkaline", {"format": "AAA", "count": 3, "chemistry": "alkaline"}),
        (
            "2 × CR2032 Lithium metal 220 mAh 3 V",
            {"format": "CR2032", "chemistry": "lithium_metal"},
        ),
        ("built-in 18650 2000 mAh", {"is_built_in": True, "energy_wh": Decimal("7.40")}),
        ("3 × D Alkaline 15000 mAh 1.5 V", {"format": "D", "count": 3}),
        ("C to C cable", {"format": ""}),
        ("rechargeable", {"format": "", "is_included": None}),
        ("21700 5000mAh", {"format": "21700", "energy_wh": Decimal("18.00")}),
        ("2*18650 2600mAh", {"format": "18650", "count": 2, "energy_wh": Decimal("19.24")}),
        ("18650*2, 7.4 V 2600mAh", {"count": 2, "energy_wh": Decimal("19.24")}),
        ("1800mAh*2 Li-Po 3.7V", {"count": 2, "capacity_mah": 1800, "energy_wh": Decimal("13.32")}),
        ("2*1800mAh", {"count": 2, "capacity_mah": 1800}),
        ("3.5Ah*2", {"count": 2, "capacity_mah": 3500}),
        ("3AAA", {"format": "AAA", "count": 3}),
        ("2 18650 cells", {"format": "18650", "count": 2}),
        (
            "2节18650锂电池 2600毫安 不含电池",
            {"format": "18650", "count": 2, "chemistry": "li_ion", "is_included": False},
        ),
    ],
)
def test_a_battery_text_is_parsed_as_far_as_stated(text, expected):
    battery = parse_battery(text)

    assert {name: getattr(battery, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("text", "heading"),
    [("3500*2", "Capacity (mAh)"), ("3.5 X 2", "Capacity, Ah"), ("2*3500", "容量(毫安时)")],
)
def test_a_capacity_with_the_number_of_cells_takes_the_unit_of_its_heading(text, heading):
    battery = parse_battery(with_heading_unit(text, heading=heading))

    assert (battery.capacity_mah, battery.count) == (3500, 2)


@pytest.mark.parametrize("mark", ["", ".", ","])
@pytest.mark.parametrize("volts", ["3.7", "3,7"])
def test_a_small_number_is_read_with_either_decimal_mark(volts, mark):
    battery = parse_battery(f"Li-Po 1200 mAh {volts} V (4.444 Wh)", mark=mark)

    assert (battery.voltage, battery.energy_wh) == (Decimal("3.7"), Decimal("4.44"))


def test_two_capacities_are_rejected():
    with pytest.raises(UnreadableError):
        parse_battery("18650, 1200 mAh or 3000 mAh")


@pytest.mark.parametrize(
    ("text", "family_kind", "has_battery", "kind"),
    [
        ("Li-Po 1200 mAh 3.7 V", "headlamp", True, "inside"),
        ("18650 (included)", "flashlight", True, "with"),
        ("18650 (pre-installed)", "flashlight", True, "inside"),
        ("18650, not included", "flashlight", False, "none"),
        ("18650", "flashlight", True, "with"),
        ("18650", "flashlight", False, "none"),
        ("3 x AAA alkaline (included)", "headlamp", True, "none"),
        ("21700 Li-ion 5000 mAh", "battery", True, "alone"),
        ("AA NiMH 2000 mAh", "battery", True, "none"),
        ("", "lantern", True, "with"),
        ("", "accessory", False, "none"),
    ],
)
def test_in_doubt_the_stricter_lithium_class_applies(text, family_kind, has_battery, kind):
    assert (
        lithium_class(parse_battery(text), family_kind=family_kind, has_battery=has_battery) == kind
    )


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("Battery", "Without battery", {"is_included": False}),
        ("Battery", "With battery", {"is_included": True}),
        ("Battery", "5000 mAh", {"capacity_mah": 5000, "energy_wh": Decimal("18.00")}),
        ("Pack", "2 pcs", {"count": 2, "energy_wh": Decimal("18.72")}),
        ("Color", "Battery gray", {"is_included": None, "capacity_mah": 2600}),
    ],
)
def test_an_option_may_change_the_battery(name, value, expected):
    battery = parse_battery("1 × 21700 Li-ion 2600 mAh 3.6 V")

    changed = for_option(battery, name=name, value=value)

    assert {fact: getattr(changed, fact) for fact in expected} == expected


def test_the_energy_per_cell_is_the_total_over_the_count():
    assert Battery(count=2, energy_wh=Decimal("18.70")).cell_wh == Decimal("9.35")


@pytest.mark.parametrize(
    ("lithium", "chemistry", "number"),
    [
        ("none", "nimh", ""),
        ("alone", "li_ion", "UN3480"),
        ("inside", "lifepo4", "UN3481"),
        ("with", "", "UN3481"),
        ("alone", "lithium_metal", "UN3090"),
        ("inside", "lithium_metal", "UN3091"),
    ],
)
def test_un_number_follows_packing_and_chemistry(lithium, chemistry, number):
    assert un_number(lithium=lithium, chemistry=chemistry) == number
