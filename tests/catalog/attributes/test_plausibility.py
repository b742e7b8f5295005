from decimal import Decimal

import pytest

from catalog.attributes.plausibility import StatedMode, StatedSpecs, beam_m, check, check_range

PLAUSIBLE = {
    "output_lm": 400,
    "intensity_cd": 2500,
    "runtime_high_min": 180,
    "weight_g": 75,
    "battery_format": "built_in",
    "energy_wh": Decimal("9.25"),
}


def verdict(**claimed):
    return {(found.code, found.is_error) for found in check(StatedSpecs(**claimed))}


def test_a_plausible_headlamp_passes():
    assert verdict(**PLAUSIBLE) == set()


@pytest.mark.parametrize(
    ("claim", "code", "is_error"),
    [
        ({"output_lm": 990_000, "intensity_cd": None}, "output-impossible", True),
        ({"output_lm": 10_000, "battery_format": "AAA", "battery_count": 3,
          "energy_wh": None, "weight_g": None, "intensity_cd": None}, "output-impossible", True),
        ({"output_lm": 20_000, "intensity_cd": None}, "output-impossible", True),
        ({"capacity_mah": 9900, "battery_format": "18650", "energy_wh": Decimal("36.6")},
         "capacity-impossible", True),
        ({"beam_m": Decimal(328)}, "beam-contradicts-intensity", True),
        ({"beam_m": Decimal(110)}, "beam-contradicts-intensity", False),
        ({"intensity_cd": 20}, "intensity-impossible", True),
        ({"intensity_cd": 2_000_000}, "intensity-impossible", True),
        ({"intensity_cd": 60_000, "head_mm": 8}, "intensity-impossible", True),
        ({"runtime_high_min": 1200}, "runtime-impossible", True),
        ({"runtime_high_min": 300}, "runtime-by-step-down", False),
        ({"weight_g": 20, "battery_format": "18650", "is_battery_included": True,
          "output_lm": None, "intensity_cd": None}, "weight-below-cells", True),
        ({"power_w": Decimal(1)}, "output-impossible", True),
        ({"capacity_mah": 1200, "voltage": Decimal("3.7")}, "energy-unlikely", False),
    ],
)  # fmt: skip
def test_an_implausible_number_is_found(claim, code, is_error):
    assert (code, is_error) in verdict(**{**PLAUSIBLE, **claim})


def test_one_wrong_number_is_one_error():
    found = check(StatedSpecs(**{**PLAUSIBLE, "output_lm": 990_000}))

    assert [finding.column for finding in found if finding.is_error] == ["output_lm"]


def test_a_brighter_mode_that_runs_longer_is_unlikely_among_white_modes_only():
    high = StatedMode(name="High", output_lm=Decimal(400), runtime_min=600)
    low = StatedMode(name="Low", output_lm=Decimal(40), runtime_min=300)
    red = StatedMode(name="Red", kind="red", output_lm=Decimal(4), runtime_min=100)

    assert verdict(modes=(low, high)) == {("brighter-runs-longer", False)}
    assert verdict(modes=(low, red)) == set()


@pytest.mark.parametrize(("candela", "meters"), [(2500, 100), (10_000, 200), (22_000, 297)])
def test_the_beam_distance_follows_fl1(candela, meters):
    assert beam_m(candela) == meters


def test_an_impossible_value_is_out_of_range():
    assert check_range("weight_g", 75) is None
    assert check_range("weight_g", 99_999_999).is_error
    assert check_range("cri", 20).code == "out-of-range"
