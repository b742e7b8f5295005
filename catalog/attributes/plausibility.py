"""Plausibility: check stated numbers against physical limits. Pure.

An impossible value is not published. An unlikely value is published, with a warning for staff.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from catalog.attributes.batteries import CELL_LIMITS

MAX_OUTPUT_LM, UNLIKELY_OUTPUT_LM = 100_000, 30_000
MAX_LM_PER_WH, UNLIKELY_LM_PER_WH = 1800, 700
MAX_LM_PER_G, UNLIKELY_LM_PER_G = 70, 40
MAX_LM_PER_W, UNLIKELY_LM_PER_W = 250, 200
MAX_CD_PER_LM, UNLIKELY_CD_PER_LM = 4000, 250
# For a headlamp whose candela are derived from its beam distance. A higher value usually means
# that the distance is in feet.
MAX_CD_PER_LM_OF_HEADLAMP_BEAM = 100
MIN_CD_PER_LM = Decimal("0.072")  # a lamp that shines evenly in all directions has 0.0796
MAX_CD_PER_MM2, UNLIKELY_CD_PER_MM2 = 900, 250
MAX_LMH_PER_WH, UNLIKELY_LMH_PER_WH = 750, 200
BEAM_ERROR, BEAM_WARNING = Decimal("0.25"), Decimal("0.05")
CAPACITY_SLACK = Decimal("1.05")
CELL_OUTPUT_SLACK = Decimal("1.5")
ENERGY_WARNING = Decimal("0.15")
MIN_SHARE_OF_CELLS = Decimal("0.9")

# Column -> the lowest and highest value of any light on the market, with a margin.
RANGES: Mapping[str, tuple[Decimal, Decimal]] = {
    column: (Decimal(least), Decimal(most))
    for column, least, most in (
        ("output_lm", "1", "100000"),
        ("output_min_lm", "0.01", "1000"),
        ("intensity_cd", "1", "3000000"),
        ("runtime_high_min", "1", "30000"),
        ("runtime_max_min", "5", "300000"),
        ("weight_g", "2", "15000"),
        ("length_mm", "10", "1000"),
        ("head_mm", "6", "300"),
        ("impact_m", "0.5", "30"),
        ("cct_k", "1800", "10000"),
        ("cri", "60", "100"),
        ("battery_count", "1", "12"),
        ("battery_capacity_mah", "20", "100000"),
        ("battery_voltage", "1.2", "48"),
        ("battery_energy_wh", "0.05", "300"),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedMode:
    name: str
    kind: str = "white"
    output_lm: Decimal | None = None
    runtime_min: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedSpecs:
    """The numbers stated for one light; None means not stated.

    ``energy_wh`` is for all cells; ``max_cd_per_lm`` is the limit for this kind of light and claim.
    """

    output_lm: int | None = None
    intensity_cd: int | None = None
    max_cd_per_lm: int = MAX_CD_PER_LM
    beam_m: Decimal | None = None
    runtime_high_min: int | None = None
    weight_g: int | None = None
    head_mm: int | None = None
    power_w: Decimal | None = None
    battery_format: str = ""
    battery_count: int = 1
    is_battery_included: bool | None = None
    capacity_mah: int | None = None
    voltage: Decimal | None = None
    energy_wh: Decimal | None = None
    modes: Sequence[StatedMode] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is wrong with one number. An error unpublishes the number."""

    column: str
    code: str
    message: str
    is_error: bool


def beam_m(intensity_cd: int) -> int:
    """Return the distance at which the beam falls to 0.25 lux. Source: ANSI/PLATO FL 1."""
    return round(2 * math.sqrt(intensity_cd))


def check(claim: StatedSpecs) -> list[Finding]:
    """Return all findings on numbers that are impossible or unlikely.

    An impossible number is not used to check the others, so one wrong value gives one error.
    """
    findings: list[Finding] = []
    for rule in (_capacity, _output, _beam, _intensity, _runtime, _weight):
        new = list(rule(claim))
        findings += new
        impossible = {finding.column for finding in new if finding.is_error}
        if "capacity_mah" in impossible:
            impossible.add("energy_wh")
        claim = replace(claim, **dict.fromkeys(impossible))  # type: ignore[arg-type]
    return findings + list(_modes(claim.modes))


def check_range(column: str, value: Decimal | int) -> Finding | None:
    """Return a finding for a value that no light has: a typing error, or a wrong unit."""
    least, most = RANGES[column]
    if least <= value <= most:
        return None
    message = (
        f"{column.rpartition('_')[0] or column} {_format_number(Decimal(value))} is not possible"
    )
    return Finding(column=column, code="out-of-range", message=message, is_error=True)


def _check_limit(  # noqa: PLR0913 - one row of the table of limits
    column: str,
    code: str,
    value: Decimal,
    *,
    error: Decimal | int,
    warning: Decimal | int,
    what: str,
) -> Iterator[Finding]:
    if value > warning:
        limit = error if value > error else warning
        message = f"{_format_number(value)} {what}, more than {_format_number(Decimal(limit))}"
        yield Finding(column=column, code=code, message=message, is_error=value > error)


def _format_number(number: Decimal) -> str:
    return f"{number:,.0f}" if number >= 10 else f"{number:.2f}"  # noqa: PLR2004


def is_possible(claim: StatedSpecs) -> bool:
    return not any(finding.is_error for finding in _output(claim))


def _capacity(claim: StatedSpecs) -> Iterator[Finding]:
    cell = CELL_LIMITS.get(claim.battery_format)
    if claim.capacity_mah is None:
        return
    if cell:
        yield from _check_limit(
            "capacity_mah",
            "capacity-impossible",
            Decimal(claim.capacity_mah),
            error=cell.max_mah * CAPACITY_SLACK,
            warning=cell.max_mah * CAPACITY_SLACK,
            what=f"mAh of one {claim.battery_format}",
        )
    if claim.voltage and claim.energy_wh:
        cells = claim.battery_count if cell else 1
        calculated_wh = cells * claim.voltage * claim.capacity_mah / 1000
        if abs(claim.energy_wh - calculated_wh) > calculated_wh * ENERGY_WARNING:
            yield Finding(
                column="energy_wh",
                code="energy-unlikely",
                message=f"{claim.energy_wh} Wh claimed, {calculated_wh:.2f} Wh follow from its cells",
                is_error=False,
            )


def _output(claim: StatedSpecs) -> Iterator[Finding]:
    if claim.output_lm is None:
        return
    output = Decimal(claim.output_lm)
    tests = [(output, MAX_OUTPUT_LM, UNLIKELY_OUTPUT_LM, "lumens of a hand-held light")]
    if cell := CELL_LIMITS.get(claim.battery_format):
        most = cell.max_output_lm
        per_cell = output / claim.battery_count
        what = f"lumens per {claim.battery_format}"
        tests.append((per_cell, int(most * CELL_OUTPUT_SLACK), most, what))
    if claim.energy_wh:
        per_wh = output / claim.energy_wh
        tests.append((per_wh, MAX_LM_PER_WH, UNLIKELY_LM_PER_WH, "lumens per Wh of battery"))
    if claim.weight_g:
        per_g = output / claim.weight_g
        tests.append((per_g, MAX_LM_PER_G, UNLIKELY_LM_PER_G, "lumens per gram"))
    if claim.power_w:
        per_w = output / claim.power_w
        tests.append((per_w, MAX_LM_PER_W, UNLIKELY_LM_PER_W, "lumens per watt"))
    findings = [
        finding
        for value, error, warning, what in tests
        for finding in _check_limit(
            "output_lm", "output-impossible", value, error=error, warning=warning, what=what
        )
    ]
    if errors := [finding for finding in findings if finding.is_error]:
        yield errors[0]
    elif findings:
        yield replace(findings[0], code="output-unlikely")


def _beam(claim: StatedSpecs) -> Iterator[Finding]:
    """Compare the stated beam distance with the distance calculated from the candela."""
    if claim.beam_m is None or not claim.intensity_cd:
        return
    calculated_m = Decimal(2 * math.sqrt(claim.intensity_cd))
    off = abs(claim.beam_m - calculated_m) / calculated_m
    if off > BEAM_WARNING:
        yield Finding(
            column="intensity_cd",
            code="beam-contradicts-intensity",
            message=f"{claim.intensity_cd} cd reach {calculated_m:.0f} m, claimed are {claim.beam_m} m",
            is_error=off > BEAM_ERROR,
        )


def _intensity(claim: StatedSpecs) -> Iterator[Finding]:
    if claim.intensity_cd is None:
        return
    column, code, candela = "intensity_cd", "intensity-impossible", Decimal(claim.intensity_cd)
    if claim.output_lm:
        if candela < MIN_CD_PER_LM * claim.output_lm:
            message = f"{candela} cd is too low: {claim.output_lm} lm give more without a reflector"
            yield Finding(column=column, code=code, message=message, is_error=True)
            return
        per_lm = candela / claim.output_lm
        what = "candela per lumen"
        warning = min(UNLIKELY_CD_PER_LM, claim.max_cd_per_lm)
        yield from _check_limit(
            column, code, per_lm, error=claim.max_cd_per_lm, warning=warning, what=what
        )
    if claim.head_mm:
        area_mm2 = Decimal(math.pi) * claim.head_mm**2 / 4
        per_mm2 = candela / area_mm2
        what = "candela per mm² of head"
        yield from _check_limit(
            column, code, per_mm2, error=MAX_CD_PER_MM2, warning=UNLIKELY_CD_PER_MM2, what=what
        )


def _runtime(claim: StatedSpecs) -> Iterator[Finding]:
    if claim.output_lm and claim.runtime_high_min and claim.energy_wh:
        light = Decimal(claim.output_lm) * claim.runtime_high_min / 60 / claim.energy_wh
        for finding in _check_limit(
            "runtime_high_min",
            "runtime-impossible",
            light,
            error=MAX_LMH_PER_WH,
            warning=UNLIKELY_LMH_PER_WH,
            what="lumen hours per Wh",
        ):
            yield finding if finding.is_error else replace(finding, code="runtime-by-step-down")


def _weight(claim: StatedSpecs) -> Iterator[Finding]:
    cell = CELL_LIMITS.get(claim.battery_format)
    if claim.weight_g and cell and claim.is_battery_included:
        cells_g = cell.weight_g * claim.battery_count
        if claim.weight_g < cells_g * MIN_SHARE_OF_CELLS:
            yield Finding(
                column="weight_g",
                code="weight-below-cells",
                message=f"{claim.weight_g} g with cells that alone weigh {cells_g} g",
                is_error=True,
            )


def _modes(modes: Sequence[StatedMode]) -> Iterator[Finding]:
    known = [mode for mode in modes if mode.kind == "white" and mode.output_lm and mode.runtime_min]
    known.sort(key=lambda mode: mode.output_lm or 0)
    for dim, bright in pairwise(known):
        if (bright.runtime_min or 0) > (dim.runtime_min or 0) and bright.output_lm != dim.output_lm:
            yield Finding(
                column="modes",
                code="brighter-runs-longer",
                message=f"{bright.name} is brighter than {dim.name} and runs longer",
                is_error=False,
            )
