"""Stock invariants: check that no unit is oversold and counters match their movements."""

from orders.checkout.network_limits import MAX_OPEN, MAX_UNITS
from storefront.dashboard.invariants.invariant import read_invariants

STOCK = read_invariants("stock", max_open=MAX_OPEN, max_units=MAX_UNITS)
