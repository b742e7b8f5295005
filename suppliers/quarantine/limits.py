"""Feed limits: read the limits of a supplier's feeds, with defaults where staff set none."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from suppliers.models import FeedLimits, Supplier
from suppliers.quarantine.guards import Limits
from suppliers.runs.runs import Work

_BY_RUN: WeakKeyDictionary[Work, Limits] = WeakKeyDictionary()


def limits_of(supplier: Supplier) -> Limits:
    """Return what a supplier's feeds may do at once: what staff set, and the usual for the rest."""
    row = FeedLimits.objects.filter(supplier=supplier).first()
    given = {name: getattr(row, name) for name in FeedLimits.NAMES} if row else {}
    return Limits(**{name: value for name, value in given.items() if value is not None})


def limits_of_run(work: Work) -> Limits:
    """Return the limits of a run's supplier, read once per run.

    Staff may change them meanwhile: one run is judged by one set of limits.
    """
    if work not in _BY_RUN:
        _BY_RUN[work] = limits_of(work.supplier)
    return _BY_RUN[work]
