"""Purchase order invariants: check that sold lines are ordered and submitted once."""

from storefront.dashboard.invariants.invariant import read_invariants
from storefront.dashboard.sql_conditions import SHIPPED, UNDECIDED

PURCHASE_ORDERS = read_invariants("purchase_orders", shipped=SHIPPED, undecided=UNDECIDED)
