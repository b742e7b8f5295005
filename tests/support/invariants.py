"""Invariant helpers: list the invariants of the shop that do not hold."""

from storefront.dashboard.invariants import registry
from tests.factories.suppliers import NOON


def violated(invariants, now=NOON):
    """Return the codes of those invariants that do not hold."""
    return [one.invariant.code for one in registry.check_some(invariants, now=now) if one.count]
