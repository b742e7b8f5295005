"""Feed limits: read the limits of a supplier's feeds, with defaults where staff set none."""

from __future__ import annotations

from suppliers.models import FeedLimits, Supplier
from suppliers.quarantine.guards import Limits


def limits_of(supplier: Supplier) -> Limits:
    """Return what a supplier's feeds may do at once: what staff set, and the usual for the rest."""
    row = FeedLimits.objects.filter(supplier=supplier).first()
    given = {name: getattr(row, name) for name in FeedLimits.NAMES} if row else {}
    return Limits(**{name: value for name, value in given.items() if value is not None})
