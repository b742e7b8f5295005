"""Thresholds: read the thresholds of a supplier, with defaults where staff set none."""

from weakref import WeakKeyDictionary

from suppliers.models import QuarantineThresholds, Supplier
from suppliers.quarantine.guards import Thresholds
from suppliers.runs.runs import RunContext

_BY_RUN: WeakKeyDictionary[RunContext, Thresholds] = WeakKeyDictionary()


def thresholds_of(supplier: Supplier) -> Thresholds:
    row = QuarantineThresholds.objects.filter(supplier=supplier).first()
    overrides = {name: getattr(row, name) for name in QuarantineThresholds.NAMES} if row else {}
    return Thresholds(**{name: value for name, value in overrides.items() if value is not None})


def run_thresholds(run_context: RunContext) -> Thresholds:
    """Return the thresholds for a run, read once: staff may change them during the run."""
    if run_context not in _BY_RUN:
        _BY_RUN[run_context] = thresholds_of(run_context.supplier)
    return _BY_RUN[run_context]
