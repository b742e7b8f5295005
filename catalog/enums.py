"""Catalog constants: EU countries, list formats, rate validity, guards, pricing methods. Pure."""

from __future__ import annotations

from enum import StrEnum

EU = frozenset(
    {"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"}
    | {"IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"}
)


class Dialect(StrEnum):
    """One way to tell prices."""

    CSV = "csv"
    JSON = "json"
    OURS = "ours"  # what programs send to our own address


class RateStanding(StrEnum):
    """How sure a rate is."""

    SURE = "sure"
    UNSURE = "unsure"
    UNKNOWN = "unknown"


class Clamp(StrEnum):
    """A limit to which a price was moved."""

    FLOOR = "floor"  # up to the lowest margin of the book
    MAP = "map"  # up to the lowest price that may be advertised
    MSRP = "msrp"  # down to the price that the maker suggests


class Stop(StrEnum):
    """Why a price is not set without a person."""

    NO_MARGIN = "no_margin"  # fees and lowest margin leave nothing to pay the cost with
    ZERO = "zero"  # the rule asks for nothing, or less
    TOO_HIGH = "too_high"  # no light costs so much
    FLOOR_ABOVE_MSRP = "floor_above_msrp"
    MAP_ABOVE_MSRP = "map_above_msrp"
    MOVED_TOO_FAR = "moved_too_far"
    MOVED_TOO_FAR_TODAY = "moved_too_far_today"
    FIRST_TOO_HIGH = "first_too_high"  # far above what goods of its family cost
    UNSURE_RATE = "unsure_rate"  # nobody is sure what the supplier's money is worth


class Basis(StrEnum):
    """What a price is counted from."""

    COST = "cost"  # the landed cost
    MAP = "map"  # the lowest price that may be advertised, tax included
    MSRP = "msrp"  # the price that the maker suggests, tax included


class Method(StrEnum):
    """How a price is counted."""

    MARKUP = "markup"  # a fraction of the basis, added to it
    MARGIN = "margin"  # a fraction of the price before tax, left after cost and fees
    FIXED = "fixed"  # an amount, added to the basis
