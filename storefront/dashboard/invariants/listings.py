"""Listing invariants: check that listings are deliverable and priced above cost."""

from storefront.dashboard.invariants.invariant import read_invariants
from suppliers.quarantine.guards import DEFAULT_THRESHOLDS

LISTINGS = read_invariants(
    "listings",
    # Excludes variants whose listings are about to be updated.
    settled="NOT EXISTS (SELECT 1 FROM suppliers_pendingpublication u WHERE u.variant_id = v.id)",
    review_due_h=DEFAULT_THRESHOLDS.review_due_h,
)
