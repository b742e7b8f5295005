"""Customer invoice invariants: check that invoices exist, add up and match what was charged."""

from storefront.dashboard.invariants.invariant import read_invariants

CUSTOMER_INVOICES = read_invariants("customer_invoices")
