"""Completeness: list what a variant lacks before it may be published. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from catalog.attributes.families import LIGHTS


class Lack(StrEnum):
    """A missing attribute that keeps a variant unpublished."""

    TITLE = "title"
    STATUS = "status"  # the product is a draft or archived
    WITHDRAWN = "withdrawn"  # delisted by staff
    SPEC = "spec"
    PRICE = "price"
    POWER = "power"  # a light without a power source
    NUMBERS = "numbers"  # a light with neither output nor run time
    CELL = "cell"  # a cell without a format
    ENERGY = "energy"  # ships with lithium, watt-hours not stated


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The values of one variant that publication needs."""

    title: str
    family: str
    is_active: bool
    is_withdrawn: bool
    has_price: bool
    has_spec: bool
    power_sources: Sequence[str]
    output_lm: int | None
    runtime_min: int | None
    battery_format: str
    lithium: str
    cell_wh: Decimal | None


def lacks(facts: Facts) -> tuple[Lack, ...]:
    """Return everything that is missing; empty means that the variant may be published.

    A light without an output is published if its run time is known; the output shows as "not
    stated".
    """
    is_light = facts.family in LIGHTS
    tests = {
        Lack.TITLE: not facts.title,
        Lack.STATUS: not facts.is_active,
        Lack.WITHDRAWN: facts.is_withdrawn,
        Lack.SPEC: not facts.has_spec,
        Lack.PRICE: not facts.has_price,
        Lack.POWER: is_light and not facts.power_sources,
        Lack.NUMBERS: is_light and facts.output_lm is None and facts.runtime_min is None,
        Lack.CELL: facts.family == "battery" and not facts.battery_format,
        Lack.ENERGY: facts.lithium != "none" and facts.cell_wh is None,
    }
    return tuple(lack for lack, is_lacking in tests.items() if is_lacking)
