"""Catalog constants: EU countries, list formats, rate validity, guards, pricing methods. Pure."""

from enum import StrEnum

EU = frozenset(
    {"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"}
    | {"IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"}
)


class ListFormat(StrEnum):
    CSV = "csv"
    JSON = "json"
    OURS = "ours"  # our own format, for programs


class RateStatus(StrEnum):
    SURE = "sure"
    UNSURE = "unsure"
    UNKNOWN = "unknown"


class Adjustment(StrEnum):
    FLOOR = "floor"  # up to the price floor of the book
    MAP = "map"  # up to the minimum advertised price
    MSRP = "msrp"  # down to the manufacturer's suggested retail price


class BlockReason(StrEnum):
    NO_MARGIN = "no_margin"  # fees and minimum margin leave nothing to pay the cost
    ZERO = "zero"  # the rule gives 0 or less
    TOO_HIGH = "too_high"  # above any plausible price
    FLOOR_ABOVE_MSRP = "floor_above_msrp"
    MAP_ABOVE_MSRP = "map_above_msrp"
    MOVED_TOO_FAR = "moved_too_far"
    MOVED_TOO_FAR_TODAY = "moved_too_far_today"
    FIRST_TOO_HIGH = "first_too_high"  # far above the usual price of its family
    UNSURE_RATE = "unsure_rate"  # the exchange rate of the cost is not confirmed


class Basis(StrEnum):
    COST = "cost"  # the landed cost
    MAP = "map"  # the minimum advertised price, tax included
    MSRP = "msrp"  # the suggested retail price, tax included


class Method(StrEnum):
    MARKUP = "markup"  # a fraction of the basis, added to it
    MARGIN = "margin"  # a fraction of the price before tax, left after cost and fees
    FIXED = "fixed"  # an amount, added to the basis
