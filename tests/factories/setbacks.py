"""What workers do of what suppliers refuse, in one go."""

from __future__ import annotations

from shipping import rerouting
from storefront.dashboard.invariants import checking
from storefront.dashboard.invariants.money import MONEY
from storefront.dashboard.invariants.purchases import PURCHASES
from storefront.dashboard.invariants.stock import STOCK
from tests.factories.suppliers import NOON

WATCHED = {one.code for one in (*MONEY, *PURCHASES, *STOCK)} - {"I4.said_before"}


def look_everywhere(now=NOON):
    """Look for all that waits, as the sweep does."""
    for setback in rerouting.due(now=now):
        rerouting.look(setback=setback, now=now)


def broken(now=NOON):
    """Name the invariants of purchase orders, money and stock that do not hold."""
    found = [one for one in checking.check(now=now) if one.count]
    return [one.invariant.code for one in found if one.invariant.code in WATCHED]
