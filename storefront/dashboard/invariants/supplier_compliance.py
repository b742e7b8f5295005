"""Supplier compliance invariants (V): check documents behind sales, and scorecards."""

from storefront.dashboard.invariants.invariant import read_invariants

SUPPLIER_COMPLIANCE = read_invariants("supplier_compliance")
