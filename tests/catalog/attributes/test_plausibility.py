from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.attributes.batteries import CELL_LIMITS
from catalog.attributes.findings import check_range
from catalog.attributes.plausibility import (
    StatedMode,
    StatedSpecs,
    beam_m,
    check,
    claim_with,
    inputs_of,
    is_possible,
)

PLAUSIBLE = {
    "output_lm": 400,
    "intensity_cd": 2500,
    "runtime_high_min": 180,
    "weight_g": 75,
    "battery_format": "built_in",
    "battery_energy_wh": Decimal("9.25"),
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
          "battery_energy_wh": None, "weight_g": None, "intensity_cd": None}, "output-impossible", True),
        ({"output_lm": 20_000, "intensity_cd": None}, "output-impossible", True),
        ({"output_lm": 40_000, "battery_energy_wh": Decimal(200), "weight_g": 2000},
         "output-unlikely", False),
        ({"output_lm": 6000, "battery_energy_wh": Decimal(90)}, "output-impossible", True),
        ({"battery_capacity_mah": 9900, "battery_format": "18650", "battery_energy_wh": Decimal("36.6")},
         "capacity-impossible", True),
        ({"beam_m": Decimal(328)}, "beam-contradicts-intensity", True),
        ({"beam_m": Decimal(110)}, "beam-contradicts-intensity", False),
        ({"intensity_cd": 20}, "intensity-impossible", True),
        ({"intensity_cd": 2_000_000}, "intensity-impossible", True),
        ({"intensity_cd": 150_000}, "intensity-unlikely", False),
        ({"intensity_cd": 60_000, "head_mm": 8}, "intensity-impossible", True),
        ({"runtime_high_min": 2000}, "runtime-impossible", True),
        ({"runtime_high_min": 300}, "runtime-by-step-down", False),
        ({"weight_g": 20, "battery_format": "18650", "battery_included": True,
          "output_lm": None, "intensity_cd": None}, "weight-below-cells", True),
        ({"power_w": Decimal(1)}, "output-impossible", True),
        ({"battery_capacity_mah": 1200, "battery_voltage": Decimal("3.7")}, "energy-unlikely", False),
        ({"power_w": Decimal(100)}, "power-unlikely", False),
        ({"runtime_high_min": 6000, "battery_format": "18650", "battery_energy_wh": None},
         "runtime-impossible", True),
    ],
)  # fmt: skip
def test_an_implausible_number_is_found(claim, code, is_error):
    assert (code, is_error) in verdict(**{**PLAUSIBLE, **claim})


def test_a_laser_excited_phosphor_may_have_a_narrow_beam():
    assert verdict(output_lm=400, intensity_cd=400_000, is_lep=True) == set()


def test_a_light_for_two_formats_may_have_the_output_of_the_stronger():
    dual = {"output_lm": 920, "battery_format": "AA"}

    assert verdict(**dual) == {("output-impossible", True)}
    assert verdict(**dual, battery_formats=("AA", "14500")) == set()


@pytest.mark.parametrize(
    "claim",
    [
        {"output_lm": 13_800, "battery_format": "21700"},
        {"output_lm": 8700, "battery_format": "18650"},
        {"output_lm": 700, "battery_format": "AAA", "battery_formats": ("AAA", "built_in")},
        {"output_lm": 40_000, "battery_energy_wh": Decimal(46), "runtime_high_min": 90},
    ],
)
def test_what_branded_lights_have_is_possible(claim):
    assert not [found for found in check(StatedSpecs(**claim)) if found.is_error]


@pytest.mark.parametrize(
    "stated",
    [
        {"output_lm": 920, "battery_format": "AA", "battery_formats": ("AA", "14500")},
        {"output_lm": 400, "intensity_cd": 400_000, "is_lep": True},
        {"output_lm": 400, "power_w": Decimal(1)},
        {"intensity_cd": 10_000, "beam_m": Decimal(656)},
        {"output_lm": 60, "intensity_cd": 8100, "beam_m": Decimal(180), "max_cd_per_lm": 100},
    ],
)
def test_stored_inputs_give_the_findings_of_the_import(stated):
    claim = StatedSpecs(**stated)
    columns = ("output_lm", "intensity_cd", "battery_format")
    values = {name: getattr(claim, name) for name in columns}

    assert check(claim_with(values, inputs_of(claim))) == check(claim)


def test_stored_inputs_do_not_count_for_another_intensity_or_battery():
    claim = StatedSpecs(
        intensity_cd=10_000,
        beam_m=Decimal(656),
        battery_formats=("AA", "14500"),
        battery_format="AA",
    )

    changed = claim_with({"intensity_cd": 9000, "battery_format": "AAA"}, inputs_of(claim))

    assert (changed.beam_m, changed.battery_formats) == (None, ())


def test_a_stated_pack_voltage_matches_its_cells():
    cells = {"battery_format": "18650", "battery_count": 2, "battery_capacity_mah": 2600}

    assert (
        verdict(battery_voltage=Decimal("7.4"), battery_energy_wh=Decimal("19.2"), **cells) == set()
    )


@pytest.mark.parametrize(
    ("claim", "message"),
    [
        (
            {"intensity_cd": 10_000, "beam_m": Decimal(1500)},
            "2 × √(10,000 cd) = 200 m; stated 1,500 m",
        ),
        (
            {"intensity_cd": 10_000, "beam_m": Decimal(656)},
            "2 × √(10,000 cd) = 200 m; stated 656 m, which may be feet",
        ),
        (
            {"output_lm": 5000, "battery_format": "18650", "runtime_high_min": 720},
            "5,000 lm ÷ 1 cell = 5,000 lm per 18650 cell; more than 4,000 is unusual",
        ),
        (
            {"output_lm": 400, "battery_energy_wh": Decimal("4.44"), "runtime_high_min": 1440},
            "400 lm × 24 h ÷ 4.44 Wh = 2,162 lm·h per Wh; at most 1,350 is possible",
        ),
        (
            {
                "weight_g": 60,
                "battery_format": "18650",
                "battery_count": 2,
                "battery_included": True,
            },
            "2 × 50 g = 100 g of cells; stated 60 g with them",
        ),
        (
            {"battery_capacity_mah": 9900, "battery_format": "18650"},
            "9,900 mAh per 18650 cell; at most 4,200 is possible",
        ),
        (
            {"output_lm": 700, "intensity_cd": 20},
            "700 lm ÷ 4π = 55.7 cd on average; stated 20 cd at the brightest point",
        ),
    ],
)
def test_a_finding_shows_its_arithmetic(claim, message):
    assert check(StatedSpecs(**claim))[0].message == message


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


WHOLE = st.none() | st.integers(0, 10**9)
PARTS = st.none() | st.decimals(0, 10**6, places=2, allow_nan=False)
CLAIMS = st.builds(
    StatedSpecs,
    output_lm=WHOLE, intensity_cd=WHOLE, beam_m=PARTS, runtime_high_min=WHOLE, weight_g=WHOLE,
    head_mm=WHOLE, power_w=PARTS, battery_format=st.sampled_from(["", "built_in", *CELL_LIMITS]),
    battery_count=st.none() | st.integers(1, 20), battery_included=st.none() | st.booleans(),
    battery_capacity_mah=WHOLE, battery_voltage=PARTS, battery_energy_wh=PARTS,
)  # fmt: skip


@given(CLAIMS)
def test_any_claim_has_at_most_one_error_per_number(claim):
    errors = Counter(found.column for found in check(claim) if found.is_error)

    assert set(errors.values()) <= {1}


@given(CLAIMS.filter(lambda claim: claim.output_lm), st.integers(2, 100))
def test_more_lumens_are_never_more_plausible(claim, factor):
    brighter = replace(claim, output_lm=claim.output_lm * factor)

    assert is_possible(claim) or not is_possible(brighter)
