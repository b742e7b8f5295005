from decimal import Decimal

import pytest

from catalog.attributes.batteries import Battery, parse_battery
from catalog.attributes.spec_table import SpecTable


def read(claims, mark=""):
    labels = SpecTable(claims, mark=mark)
    found = {column: value for column, (value, _) in labels.numbers(battery=Battery()).items()}
    return found, [label for label, _, _ in labels.unreadable]


@pytest.mark.parametrize(
    ("claims", "mark", "column", "value"),
    [
        ({"Weight": "0.218 kg"}, "", "weight_g", 218),
        ({"Weight": "0,007 kg"}, "", "weight_g", 7),
        ({"Weight": "0,007 kg"}, ",", "weight_g", 7),
        ({"Weight": "86,000 g"}, ",", "weight_g", 86),
        ({"Weight": "1.200 g"}, ",", "weight_g", 1200),
        ({"Weight": "1.234 kg"}, ".", "weight_g", 1234),
        ({"Length": "12,6 x 3,2 cm"}, ",", "length_mm", 126),
        ({"Peak intensity": "2,304 kcd"}, ",", "intensity_cd", 2304),
        ({"Peak intensity": "625 lux @ 1m"}, "", "intensity_cd", 625),
        ({"Peak intensity": "49 lux @ 5m"}, "", "intensity_cd", 1225),
        ({"Intensity": "12,5 klx @ 1 m"}, ",", "intensity_cd", 12500),
        ({"Intensity (lux @ 5m)": "49"}, "", "intensity_cd", 1225),
        ({"Beam distance": "164 ft"}, "", "intensity_cd", 625),
        ({"Beam distance": "164 feet", "Peak intensity": "bright"}, "", "intensity_cd", 625),
        ({"Beam distance": "50 m", "Peak intensity": "700 at 1 m"}, "", "intensity_cd", 625),
        ({"Beam distance": "52 m", "Peak intensity": "625 cd"}, "", "intensity_cd", 625),
        ({"Output (lm)": "1200"}, "", "output_lm", 1200),
        ({"Lumens": "1,200"}, "", "output_lm", 1200),
        ({"Weight [g]": "75"}, "", "weight_g", 75),
        ({"beam m": "50"}, "", "intensity_cd", 625),
        ({"Max. Output in Lumen": "400"}, "", "output_lm", 400),
        ({"Run time h": "2,5"}, ",", "runtime_max_min", 150),
        ({"Autonomy": "3.25 h"}, "", "runtime_max_min", 195),
        ({"Run time": "2:30 h"}, "", "runtime_max_min", 150),
        ({"Run time": "8 Stunden"}, "", "runtime_max_min", 480),
        ({"Output": "1 200 lm"}, "", "output_lm", 1200),
        ({"Modes": "High 1,5 lm / 2,5 h"}, ",", "runtime_high_min", 150),
        ({"Runtime [h]": "2:30"}, "", "runtime_max_min", 150),
        ({"Output (lm)": "1000/400/50"}, "", "output_lm", 1000),
        ({"Output": "1000/400/50 lm"}, "", "output_lm", 1000),
        ({"Output high": "400 lm", "Output turbo": "1000 lm"}, "", "output_lm", 1000),
        ({"Output (ANSI lumens)": "up to 1.200,5"}, "", "output_lm", 1200),
        ({"Lumens (max)": "1000"}, "", "output_lm", 1000),
        ({"Weight (g, without battery)": "75"}, "", "weight_g", 75),
        ({"Weight": "150 g (5.3 oz)"}, "", "weight_g", 150),
        ({"Output\uff08lm\uff09": "\uff11\uff0c\uff12\uff10\uff10"}, "", "output_lm", 1200),
        ({"Weight": "约75克"}, "", "weight_g", 75),
        ({"Run time": "2小时30分"}, "", "runtime_max_min", 150),
    ],
)
def test_a_value_is_parsed_with_unit_and_decimal_mark(claims, mark, column, value):
    found, unreadable = read(claims, mark)

    assert found[column] == value
    assert set(unreadable) <= {"Peak intensity"}


@pytest.mark.parametrize(
    "claims",
    [
        {"Output": "1200"},
        {"Weight": "75"},
        {"Weight (g)": "60-75"},
        {"Beam distance": "50"},
        {"Peak intensity": "625 lux"},
        {"Run time": "12"},
        {"Head diameter": "25,4"},
        {"Impact": "1,5"},
        {"IP rating": "67"},
        {"Battery capacity": "1800"},
        {"Mode: High": "Output 400"},
        {"Modes": "Mode 1 100 lm / 2 h", "Weight": "1.234 kg"},
    ],
)
def test_an_unparsed_number_is_reported(claims):
    found, unreadable = read(claims)

    assert found == {}
    assert unreadable == list(claims)


def test_a_line_that_contradicts_the_first_is_reported():
    found, unreadable = read({"Weight": "75 g", "Net weight": "2.65 oz", "Light weight": "120 g"})

    assert found["weight_g"] == 75
    assert unreadable == ["Light weight"]


@pytest.mark.parametrize("heading", ["Weight (g, without battery)", "Weight excl. battery"])
def test_a_heading_may_exclude_the_battery_from_the_weight(heading):
    assert SpecTable({heading: "75 g"}).excludes_battery_weight()
    assert SpecTable({"Weight": "75 g"}, headings={"Weight": heading}).excludes_battery_weight()
    assert not SpecTable({"Weight": "75 g"}).excludes_battery_weight()


def test_the_source_is_the_suppliers_heading_and_text():
    labels = SpecTable({"Output (lm)": "1000"})

    assert labels.numbers(battery=Battery())["output_lm"] == (
        1000, {"label": "Output (lm)", "raw": "1000"},
    )  # fmt: skip


def test_battery_energy_uses_the_decimal_mark_of_the_file():
    battery = parse_battery("Li-Po 1,2 Ah 3,7 V (4,44 Wh)", mark=",")

    assert (battery.capacity_mah, battery.voltage, battery.energy_wh) == (
        1200, Decimal("3.7"), Decimal("4.44"),
    )  # fmt: skip
