"""Supplier compliance invariants: check the documents that sales require, and scorecards."""

from storefront.dashboard.invariants.invariant import read_invariants

SUPPLIER_COMPLIANCE = read_invariants("supplier_compliance")
