"""Price guards: round a price within its limits, or stop it for staff. Pure.

A clamp: a price outside a limit moves to that limit, and the move is recorded. A stop: if no price
fits all limits, or the change is too large to be plausible, the current price stays and staff
decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from catalog.enums import Clamp, Stop
from catalog.pricing.landed_cost import Landed
from catalog.pricing.rounding import Rounding

# Stops that staff may approve; the others would sell at a loss or break MAP or MSRP.
MOVES = frozenset({Stop.MOVED_TOO_FAR, Stop.MOVED_TOO_FAR_TODAY})
APPROVABLE = MOVES | {Stop.FIRST_TOO_HIGH}
MAX_PRICE = Decimal(10_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The guards of a price book. Units: fractions; None is no limit."""

    floor_margin_rate: Decimal = Decimal(0)
    max_run_rate: Decimal | None = None
    max_day_rate: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """MAP and MSRP in the channel's currency, tax included. None: not stated."""

    map_amount: Decimal | None = None
    msrp_amount: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The current price and the one of a day ago; None if there was none."""

    present: Decimal | None = None
    day_ago: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """A restored book, and until when its prices were current."""

    book_id: int
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The allowed price, or why it is stopped. ``proposed`` is the price before the stop."""

    proposed: Decimal | None
    floor: Decimal | None
    clamps: tuple[Clamp, ...] = ()
    stop: Stop | None = None

    @property
    def price(self) -> Decimal | None:
        return None if self.stop else self.proposed


def guard(  # noqa: PLR0913 - each guard has its own input
    wanted: Decimal,
    *,
    landed: Landed,
    limits: Limits,
    bounds: Bounds,
    standing: Standing,
    rounding: Rounding,
    is_ceiling: bool = False,
    max_first: Decimal | None = None,
) -> Verdict:
    """Round a rule's price within all limits, or stop it.

    ``is_ceiling``: the price must not exceed the rule's price, so it is rounded down if the lower
    limits allow it. ``max_first`` is the highest first price published without approval: a first
    price has no change that could reveal a typing error in the cost.
    """
    floor = landed.price_keeping(limits.floor_margin_rate)
    if floor is None:
        return Verdict(proposed=None, floor=None, stop=Stop.NO_MARGIN)
    if wanted <= 0:
        return Verdict(proposed=None, floor=floor, stop=Stop.ZERO)
    lowest = max(floor, bounds.map_amount or floor, rounding.smallest)
    clamps: tuple[Clamp, ...] = ()
    if wanted < lowest:
        clamps = (Clamp.FLOOR if lowest == floor else Clamp.MAP,)
    price = rounding.down(wanted) if is_ceiling else Decimal(0)
    if price < lowest:
        price = rounding.up(max(wanted, lowest))
    if price > MAX_PRICE:
        return Verdict(proposed=None, floor=floor, stop=Stop.TOO_HIGH)
    highest = bounds.msrp_amount
    if highest is not None and price > highest:
        clamps = (*clamps, Clamp.MSRP)
        price = rounding.down(highest)
        if price < lowest:  # no such ending between the limits: use the highest possible amount
            price = rounding.coin_down(highest)
        if price < lowest:
            stop = Stop.FLOOR_ABOVE_MSRP if lowest == floor else Stop.MAP_ABOVE_MSRP
            return Verdict(proposed=None, floor=floor, stop=stop)
    doubt = _moved(price, limits, standing)
    if max_first is not None and standing.present is None and price > max_first:
        doubt = Stop.FIRST_TOO_HIGH
    return Verdict(proposed=price, floor=floor, clamps=clamps, stop=doubt)


def _moved(price: Decimal, limits: Limits, standing: Standing) -> Stop | None:
    if price == standing.present:
        return None
    if is_far(price, standing.present, limits.max_run_rate):
        return Stop.MOVED_TOO_FAR
    if is_far(price, standing.day_ago, limits.max_day_rate):
        return Stop.MOVED_TOO_FAR_TODAY
    return None


def is_far(amount: Decimal, before: Decimal | None, most: Decimal | None) -> bool:
    """Test whether a price or cost changed by more than a limit; False without a limit."""
    return bool(before and most is not None and abs(amount - before) > most * before)


def may_stay(price: Decimal, *, lowest: Decimal | None, bounds: Bounds) -> bool:
    """Test whether an unchanged price may stay published.

    It must keep today's supplier bounds and reach ``lowest``, which covers today's cost and margin;
    None: no price does.
    """
    return (
        lowest is not None
        and price >= lowest
        and (bounds.map_amount is None or price >= bounds.map_amount)
        and (bounds.msrp_amount is None or price <= bounds.msrp_amount)
    )
