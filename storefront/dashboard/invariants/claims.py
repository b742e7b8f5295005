"""Claim invariants: check that no supplier claim is duplicate or exceeds what we bought."""

from storefront.dashboard.invariants.invariant import read_invariants

CLAIMS = read_invariants("claims")
