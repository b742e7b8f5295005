"""Completeness: list what a variant lacks before it may be published. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from catalog.attributes.families import LIGHTS


class MissingAttribute(StrEnum):
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
class PublicationInputs:
    """The values of one variant that publication needs."""

    title: str
    family: str
    is_active: bool
    is_delisted: bool
    has_price: bool
    has_spec: bool
    power_sources: Sequence[str]
    output_lm: int | None
    runtime_min: int | None
    battery_format: str
    lithium: str
    cell_wh: Decimal | None


def find_missing(facts: PublicationInputs) -> tuple[MissingAttribute, ...]:
    """Return everything that is missing; empty means that the variant may be published.

    A light without an output is published if its run time is known; the output shows as "not
    stated".
    """
    is_light = facts.family in LIGHTS
    tests = {
        MissingAttribute.TITLE: not facts.title,
        MissingAttribute.STATUS: not facts.is_active,
        MissingAttribute.WITHDRAWN: facts.is_delisted,
        MissingAttribute.SPEC: not facts.has_spec,
        MissingAttribute.PRICE: not facts.has_price,
        MissingAttribute.POWER: is_light and not facts.power_sources,
        MissingAttribute.NUMBERS: is_light
        and facts.output_lm is None
        and facts.runtime_min is None,
        MissingAttribute.CELL: facts.family == "battery" and not facts.battery_format,
        MissingAttribute.ENERGY: facts.lithium != "none" and facts.cell_wh is None,
    }
    return tuple(lack for lack, is_lacking in tests.items() if is_lacking)
