"""Plausibility: check stated numbers against physical limits. Pure.

An impossible value is not published. An unlikely value is published, with a warning for staff.
Each finding carries its arithmetic, so that staff can follow it.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

from catalog.attributes.batteries import BUILT_IN, CELL_LIMITS, LITHIUM_FORMATS, cell_voltage
from catalog.attributes.findings import RANGES, Finding, Limit, check_range, number

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
# A runtime lasts until the output falls to 10 %, so a light that steps down early states more than its
# LED yields: 200 lm per W. The highest value of a branded light is 1,304.
MAX_LMH_PER_WH, UNLIKELY_LMH_PER_WH = 1350, 200
UNLIKELY_W_PER_WH = 4  # the battery would last a quarter of an hour
BEAM_ERROR, BEAM_WARNING = Decimal("0.25"), Decimal("0.05")
# Ratio of a distance in another unit to the same distance in meters.
UNIT_RATIOS = (("feet", Decimal("3.281")), ("yards", Decimal("1.094")))
UNIT_RATIO_SLACK = Decimal("0.02")
CAPACITY_SLACK = Decimal("1.05")
CELL_OUTPUT_SLACK = Decimal("1.5")
LITHIUM_OUTPUT_SLACK = Decimal("2.25")  # a lithium cell gives over 100 W for a minute
ENERGY_WARNING = Decimal("0.15")
MIN_SHARE_OF_CELLS = Decimal("0.9")


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedMode:
    name: str
    kind: str = "white"
    output_lm: Decimal | None = None
    runtime_min: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedSpecs:
    """The numbers stated for one light, named as the columns of ``Spec``; None means not stated.

    ``battery_energy_wh`` is for all cells; ``max_cd_per_lm`` is the limit for this kind of light and
    claim; ``beam_m`` and ``power_w`` are as stated.
    """

    output_lm: int | None = None
    intensity_cd: int | None = None
    max_cd_per_lm: int = MAX_CD_PER_LM
    is_lep: bool = False  # a laser-excited phosphor
    beam_m: Decimal | None = None
    runtime_high_min: int | None = None
    weight_g: int | None = None
    head_mm: int | None = None
    power_w: Decimal | None = None
    battery_format: str = ""
    battery_formats: Sequence[str] = ()  # all that the light may run on
    battery_count: int | None = None
    battery_included: bool | None = None
    battery_capacity_mah: int | None = None
    battery_voltage: Decimal | None = None
    battery_energy_wh: Decimal | None = None
    modes: Sequence[StatedMode] = ()

    @property
    def cells(self) -> int:
        return self.battery_count or 1

    @property
    def strongest_format(self) -> str:
        """The format with the highest output; "" if no cell is named, or a battery of its own."""
        if BUILT_IN in self.battery_formats:
            return ""
        known = [
            name for name in (self.battery_format, *self.battery_formats) if name in CELL_LIMITS
        ]
        return max(known, key=lambda name: CELL_LIMITS[name].max_output_lm, default="")


def beam_m(intensity_cd: int) -> int:
    """Return the distance at which the beam falls to 0.25 lux. Source: ANSI/PLATO FL 1."""
    return round(2 * math.sqrt(intensity_cd))


def inputs_of(claim: StatedSpecs) -> dict[str, Any]:
    """Return, as JSON, what checks use beside the columns of ``Spec``; empty of a usual light.

    The beam distance and its limit count only while the intensity is ``intensity_cd``.
    """
    inputs: dict[str, Any] = {}
    if len(claim.battery_formats) > 1:
        inputs["battery_formats"] = list(claim.battery_formats)
    if claim.is_lep:
        inputs["is_lep"] = True
    if claim.power_w:
        inputs["power_w"] = str(claim.power_w)
    if claim.beam_m:
        beam = {"beam_m": str(claim.beam_m), "max_cd_per_lm": claim.max_cd_per_lm}
        inputs |= {**beam, "intensity_cd": claim.intensity_cd}
    return inputs


def claim_with(
    values: Mapping[str, Any], inputs: Mapping[str, Any], *, modes: Sequence[StatedMode] = ()
) -> StatedSpecs:
    """Return the claim of columns of ``Spec`` and of what ``inputs_of`` stored beside them."""
    stated: dict[str, Any] = {"modes": tuple(modes), "is_lep": inputs.get("is_lep", False)}
    formats = tuple(inputs.get("battery_formats", ()))
    if not values.get("battery_format") or values["battery_format"] in formats:
        stated["battery_formats"] = formats
    if power_w := inputs.get("power_w"):
        stated["power_w"] = Decimal(power_w)
    if "beam_m" in inputs and values.get("intensity_cd") == inputs["intensity_cd"]:
        stated["beam_m"] = Decimal(inputs["beam_m"])
        stated["max_cd_per_lm"] = inputs["max_cd_per_lm"]
    return to_claim(values, **stated)


def to_claim(values: Mapping[str, Any], **stated: Any) -> StatedSpecs:
    """Return the claim of columns of ``Spec``; ``stated`` are additional or overriding fields."""
    known = {field.name for field in fields(StatedSpecs)}
    of_columns = {name: value for name, value in values.items() if name in known}
    return StatedSpecs(**{**of_columns, **stated})


def check_claim(claim: StatedSpecs, values: Mapping[str, Any]) -> list[Finding]:
    """Check the relations between the numbers of a claim, then the range of each column."""
    findings = check(claim)
    wrong = {finding.column for finding in findings if finding.is_error}
    for column in RANGES:
        value = values.get(column)
        if value is not None and column not in wrong and (found := check_range(column, value)):
            findings.append(found)
    return findings


def check(claim: StatedSpecs) -> list[Finding]:
    """Return all findings on numbers that are impossible or unlikely.

    An impossible number is not used to check the others, so one wrong value gives one error.
    """
    findings: list[Finding] = []
    for rule in (_capacity, _output, _power, _beam, _intensity, _runtime, _weight):
        new = list(rule(claim))
        findings += new
        impossible = {finding.column for finding in new if finding.is_error}
        if "battery_capacity_mah" in impossible:
            impossible.add("battery_energy_wh")
        claim = replace(claim, **dict.fromkeys(impossible))  # type: ignore[arg-type]
    return findings + list(_modes(claim.modes))


def is_possible(claim: StatedSpecs) -> bool:
    return not any(finding.is_error for finding in _output(claim))


def _capacity(claim: StatedSpecs) -> Iterator[Finding]:
    """Compare the capacity with the best cell of its format, and the energy with n · V · Ah."""
    cell, capacity = CELL_LIMITS.get(claim.battery_format), claim.battery_capacity_mah
    if capacity is None:
        return
    if cell:
        most = int(cell.max_mah * CAPACITY_SLACK)
        unit = f"mAh per {claim.battery_format} cell"
        limit = Limit(formula="", value=Decimal(capacity), unit=unit, error=most, warning=most)
        if found := limit.check("battery_capacity_mah", "capacity"):
            yield found
            return
    if claim.battery_voltage and claim.battery_energy_wh:
        stated_wh, voltage = claim.battery_energy_wh, claim.battery_voltage
        if cell:
            voltage = cell_voltage(claim.battery_format, count=claim.cells, voltage=voltage)
        # Without a format, the capacity may be that of one cell or of the whole pack.
        counts = {claim.cells} if cell else {1, claim.cells}
        products = {count: count * voltage * capacity / 1000 for count in sorted(counts)}
        count = min(products, key=lambda count: abs(products[count] - stated_wh))
        if abs(stated_wh - products[count]) > products[count] * ENERGY_WARNING:
            formula = f"{count} × {number(voltage)} V × {number(capacity)} mAh ÷ 1,000"
            yield Finding(
                column="battery_energy_wh",
                code="energy-unlikely",
                message=f"{formula} = {number(products[count])} Wh; stated {number(stated_wh)} Wh",
                is_error=False,
            )


def _energy(claim: StatedSpecs) -> tuple[Decimal, str] | None:
    """Return the stated energy and its text; if it is not stated, that of the best cells."""
    if claim.battery_energy_wh:
        return claim.battery_energy_wh, f"{number(claim.battery_energy_wh)} Wh"
    name = claim.strongest_format
    if not name:
        return None
    energy = claim.cells * CELL_LIMITS[name].voltage * CELL_LIMITS[name].max_mah / 1000
    return energy, f"{number(energy)} Wh ({claim.cells} × the best {name} cell)"


def _output(claim: StatedSpecs) -> Iterator[Finding]:
    """Check the output: absolute, per cell, per Wh, per gram and per watt."""
    if claim.output_lm is None:
        return
    output, lumens = Decimal(claim.output_lm), f"{number(Decimal(claim.output_lm))} lm"
    limits = [
        Limit(formula="", value=output, unit="lm", error=MAX_OUTPUT_LM, warning=UNLIKELY_OUTPUT_LM)
    ]

    name, energy = claim.strongest_format, _energy(claim)
    parts: list[tuple[Decimal | int, str, str, int, int]] = []
    if name:
        most = CELL_LIMITS[name].max_output_lm
        slack = LITHIUM_OUTPUT_SLACK if name in LITHIUM_FORMATS else CELL_OUTPUT_SLACK
        error = int(most * slack)
        cells = "1 cell" if claim.cells == 1 else f"{claim.cells} cells"
        parts.append((claim.cells, cells, f"lm per {name} cell", error, most))
    if energy:
        parts.append((*energy, "lm per Wh", MAX_LM_PER_WH, UNLIKELY_LM_PER_WH))
    if claim.weight_g:
        grams = f"{number(claim.weight_g)} g"
        parts.append((claim.weight_g, grams, "lm per g", MAX_LM_PER_G, UNLIKELY_LM_PER_G))
    if claim.power_w:
        watts = f"{number(claim.power_w)} W"
        parts.append((claim.power_w, watts, "lm per W", MAX_LM_PER_W, UNLIKELY_LM_PER_W))
    limits += [
        Limit(
            formula=f"{lumens} ÷ {text}",
            value=output / amount,
            unit=unit,
            error=error,
            warning=warning,
        )
        for amount, text, unit, error, warning in parts
    ]
    yield from _worst(limits, "output_lm", "output")


def _worst(limits: Iterable[Limit], column: str, subject: str) -> Iterator[Finding]:
    """Yield the first error, else the first warning: one wrong number is one finding."""
    findings = [found for limit in limits if (found := limit.check(column, subject))]
    yield from sorted(findings, key=lambda found: not found.is_error)[:1]


def _power(claim: StatedSpecs) -> Iterator[Finding]:
    """Compare the power of the LED with the energy of the battery."""
    energy = _energy(claim)
    if claim.power_w and energy:
        formula = f"{number(claim.power_w)} W ÷ {energy[1]}"
        per_wh, most = claim.power_w / energy[0], UNLIKELY_W_PER_WH
        limit = Limit(formula=formula, value=per_wh, unit="W per Wh", error=per_wh, warning=most)
        if found := limit.check("power_w", "power"):
            yield found


def _beam(claim: StatedSpecs) -> Iterator[Finding]:
    """Compare the stated beam distance with the distance calculated from the candela."""
    if claim.beam_m is None or not claim.intensity_cd:
        return
    calculated_m = Decimal(2 * math.sqrt(claim.intensity_cd))
    off = abs(claim.beam_m - calculated_m) / calculated_m
    if off > BEAM_WARNING:
        ratio = claim.beam_m / calculated_m
        units = [
            name for name, of_unit in UNIT_RATIOS if abs(ratio / of_unit - 1) < UNIT_RATIO_SLACK
        ]
        hint = f", which may be {units[0]}" if units else ""
        calculated = f"2 × √({number(claim.intensity_cd)} cd) = {number(calculated_m)} m"
        yield Finding(
            column="intensity_cd",
            code="beam-contradicts-intensity",
            message=f"{calculated}; stated {number(claim.beam_m)} m{hint}",
            is_error=off > BEAM_ERROR,
        )


def _intensity(claim: StatedSpecs) -> Iterator[Finding]:
    """Check the intensity: at least the mean of a sphere, at most what the LED and lens allow."""
    if claim.intensity_cd is None:
        return
    column, candela, stated = (
        "intensity_cd",
        Decimal(claim.intensity_cd),
        number(claim.intensity_cd),
    )
    formula = f"{stated} cd"
    if claim.beam_m and claim.intensity_cd == round(claim.beam_m**2 / 4):
        formula = f"({number(claim.beam_m)} m ÷ 2)² = {formula}; {formula}"
    limits = []
    lep_warnings = (claim.max_cd_per_lm, MAX_CD_PER_MM2)
    led_warnings = (min(UNLIKELY_CD_PER_LM, claim.max_cd_per_lm), UNLIKELY_CD_PER_MM2)
    warning_per_lm, warning_per_mm2 = lep_warnings if claim.is_lep else led_warnings
    if claim.output_lm:
        if candela < MIN_CD_PER_LM * claim.output_lm:
            mean_cd = number(claim.output_lm / (4 * math.pi))
            mean = f"{number(claim.output_lm)} lm ÷ 4π = {mean_cd} cd on average"
            message = f"{mean}; stated {stated} cd at the brightest point"
            yield Finding(
                column=column, code="intensity-impossible", message=message, is_error=True
            )
            return
        limits.append(
            Limit(
                formula=f"{formula} ÷ {number(claim.output_lm)} lm",
                value=candela / claim.output_lm,
                unit="cd per lm",
                error=claim.max_cd_per_lm,
                warning=warning_per_lm,
            )
        )
    if claim.head_mm:
        area_mm2 = Decimal(math.pi) * claim.head_mm**2 / 4
        limits.append(
            Limit(
                formula=f"{formula} ÷ (π × ({claim.head_mm} mm ÷ 2)²)",
                value=candela / area_mm2,
                unit="cd per mm² of head",
                error=MAX_CD_PER_MM2,
                warning=warning_per_mm2,
            )
        )
    yield from _worst(limits, column, "intensity")


def _runtime(claim: StatedSpecs) -> Iterator[Finding]:
    """Compare output × run time with the energy of the battery."""
    energy = _energy(claim)
    if claim.output_lm and claim.runtime_high_min and energy:
        hours = Decimal(claim.runtime_high_min) / 60
        limit = Limit(
            formula=f"{number(claim.output_lm)} lm × {number(hours)} h ÷ {energy[1]}",
            value=claim.output_lm * hours / energy[0],
            unit="lm·h per Wh",
            error=MAX_LMH_PER_WH,
            warning=UNLIKELY_LMH_PER_WH,
        )
        if found := limit.check("runtime_high_min", "runtime"):
            yield found if found.is_error else replace(found, code="runtime-by-step-down")


def _weight(claim: StatedSpecs) -> Iterator[Finding]:
    """Compare the weight with that of the cells."""
    cell = CELL_LIMITS.get(claim.battery_format)
    if claim.weight_g and cell and claim.battery_included:
        cells_g = cell.weight_g * claim.cells
        if claim.weight_g < cells_g * MIN_SHARE_OF_CELLS:
            cells = f"{claim.cells} × {cell.weight_g} g = {number(cells_g)} g of cells"
            yield Finding(
                column="weight_g",
                code="weight-below-cells",
                message=f"{cells}; stated {number(claim.weight_g)} g with them",
                is_error=True,
            )


def _modes(modes: Sequence[StatedMode]) -> Iterator[Finding]:
    """Compare the run times of the white modes: a brighter one does not run longer."""
    known = [mode for mode in modes if mode.kind == "white" and mode.output_lm and mode.runtime_min]
    known.sort(key=lambda mode: mode.output_lm or 0)
    for dim, bright in pairwise(known):
        if (bright.runtime_min or 0) > (dim.runtime_min or 0) and bright.output_lm != dim.output_lm:
            yield Finding(
                column="modes",
                code="brighter-runs-longer",
                message=f"{_mode(bright)}, but {_mode(dim)}",
                is_error=False,
            )


def _mode(mode: StatedMode) -> str:
    output, hours = number(mode.output_lm or 0), number(Decimal(mode.runtime_min or 0) / 60)
    return f"{mode.name} has {output} lm for {hours} h"
