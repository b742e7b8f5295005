"""Payment invariants: check that charges match orders and totals match their entries."""

from storefront.dashboard.invariants.invariant import read_invariants

PAYMENTS = read_invariants("payments")
