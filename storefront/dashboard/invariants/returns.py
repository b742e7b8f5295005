"""Return invariants: check that returns, refunds and supplier credits count once."""

from storefront.dashboard.invariants.invariant import read_invariants

RETURNS = read_invariants("returns")
