"""Price guards: round a price within its limits, or block it for staff. Pure.

A price outside a limit is adjusted to that limit, and the adjustment is recorded. If no price fits
all limits, or the change is too large to be plausible, the price is blocked: the current one stays
and staff decide.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from catalog.enums import Adjustment, BlockReason
from catalog.pricing.landed_cost import LandedCost
from catalog.pricing.rounding import Rounding

# A restored book or a changed offer may override these blocks.
OVERRIDABLE_BLOCKS = frozenset({BlockReason.MOVED_TOO_FAR, BlockReason.MOVED_TOO_FAR_TODAY})
# Staff may approve these.
APPROVABLE_BLOCKS = OVERRIDABLE_BLOCKS | {BlockReason.FIRST_TOO_HIGH}
MAX_PRICE = Decimal(10_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceGuards:
    """The guards of a price book. Units: fractions; None is no limit."""

    floor_margin_rate: Decimal = Decimal(0)
    max_change_per_run: Decimal | None = None
    max_change_per_day: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierPriceBounds:
    """MAP and MSRP in the channel's currency, tax included. None: not stated."""

    map_amount: Decimal | None = None
    msrp_amount: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentPrice:
    present: Decimal | None = None
    day_ago: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoredBook:
    """A restored price book, and the time at which another book replaced it."""

    book_id: int
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardResult:
    """The price within the limits: published if ``stop`` is None, otherwise held for staff."""

    proposed: Decimal | None
    floor: Decimal | None
    clamps: tuple[Adjustment, ...] = ()
    stop: BlockReason | None = None

    @property
    def price(self) -> Decimal | None:
        return None if self.stop else self.proposed


def apply_guards(  # noqa: PLR0913 - each guard has its own input
    rule_price: Decimal,
    *,
    landed: LandedCost,
    limits: PriceGuards,
    bounds: SupplierPriceBounds,
    current: CurrentPrice,
    rounding: Rounding,
    is_ceiling: bool = False,
    max_first: Decimal | None = None,
) -> GuardResult:
    """Round a rule's price within all limits, or block it.

    ``is_ceiling``: the rule's price comes from a competitor; round down instead of up, unless the
    result falls below the floor or MAP. ``max_first`` is the highest first price published without
    approval: a first price has no previous price to compare with, so a typing error in the cost
    would go unnoticed.
    """
    floor = landed.price_for_margin(limits.floor_margin_rate)
    if floor is None:
        return GuardResult(proposed=None, floor=None, stop=BlockReason.NO_MARGIN)
    if rule_price <= 0:
        return GuardResult(proposed=None, floor=floor, stop=BlockReason.ZERO)
    lowest = max(floor, bounds.map_amount or floor, rounding.smallest)
    clamps: tuple[Adjustment, ...] = ()
    if rule_price < lowest:
        clamps = (Adjustment.FLOOR if lowest == floor else Adjustment.MAP,)
    price = rounding.down(rule_price) if is_ceiling else Decimal(0)
    if price < lowest:
        price = rounding.up(max(rule_price, lowest))
    if price > MAX_PRICE:
        return GuardResult(proposed=None, floor=floor, stop=BlockReason.TOO_HIGH)
    highest = bounds.msrp_amount
    if highest is not None and price > highest:
        clamps = (*clamps, Adjustment.MSRP)
        price = rounding.down(highest)
        if price < lowest:  # no price with this ending fits: use the MSRP, rounded down
            price = rounding.coin_down(highest)
        if price < lowest:
            stop = BlockReason.FLOOR_ABOVE_MSRP if lowest == floor else BlockReason.MAP_ABOVE_MSRP
            return GuardResult(proposed=None, floor=floor, stop=stop)
    block = _check_change(price, limits, current)
    if max_first is not None and current.present is None and price > max_first:
        block = BlockReason.FIRST_TOO_HIGH
    return GuardResult(proposed=price, floor=floor, clamps=clamps, stop=block)


def _check_change(price: Decimal, limits: PriceGuards, current: CurrentPrice) -> BlockReason | None:
    if price == current.present:
        return None
    if is_large_change(price, current.present, limits.max_change_per_run):
        return BlockReason.MOVED_TOO_FAR
    if is_large_change(price, current.day_ago, limits.max_change_per_day):
        return BlockReason.MOVED_TOO_FAR_TODAY
    return None


def is_large_change(amount: Decimal, before: Decimal | None, most: Decimal | None) -> bool:
    """Return whether a price or cost changed by more than a limit; False without a limit."""
    return bool(before and most is not None and abs(amount - before) > most * before)


def is_price_allowed(
    price: Decimal, *, lowest: Decimal | None, bounds: SupplierPriceBounds
) -> bool:
    """Return whether a price is within MAP and MSRP and at least ``lowest``; False if that is None."""
    return (
        lowest is not None
        and price >= lowest
        and (bounds.map_amount is None or price >= bounds.map_amount)
        and (bounds.msrp_amount is None or price <= bounds.msrp_amount)
    )
