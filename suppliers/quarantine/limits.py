"""Thresholds: read the thresholds of a supplier, with defaults where staff set none."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from suppliers.models import FeedLimits, Supplier
from suppliers.quarantine.guards import Limits
from suppliers.runs.runs import Work

_BY_RUN: WeakKeyDictionary[Work, Limits] = WeakKeyDictionary()


def limits_of(supplier: Supplier) -> Limits:
    """Return the thresholds of a supplier."""
    row = FeedLimits.objects.filter(supplier=supplier).first()
    given = {name: getattr(row, name) for name in FeedLimits.NAMES} if row else {}
    return Limits(**{name: value for name, value in given.items() if value is not None})


def limits_of_run(work: Work) -> Limits:
    """Return the thresholds for a run, read once: staff may change them during the run."""
    if work not in _BY_RUN:
        _BY_RUN[work] = limits_of(work.supplier)
    return _BY_RUN[work]
