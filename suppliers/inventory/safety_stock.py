"""Safety stock: suggest units to hold back from past rejections, store what staff choose."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext

from storefront.lib.state_machine import ConcurrentUpdateError, StatusChange
from suppliers.models import ScorecardFact, Supplier
from suppliers.scorecards import statistics

Kind = ScorecardFact.Kind
LOOKBACK = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A suggested safety stock and its evidence; ``units`` is None with too few promises."""

    units: int | None
    promised: int
    refused: int


def suggest(*, supplier: Supplier, now: datetime) -> Suggestion:
    """Return the safety stock that would have prevented the rejections of 90 days."""
    facts = ScorecardFact.objects.filter(supplier=supplier, happened_at__gte=now - LOOKBACK)
    shown = [int(units) for units in facts.filter(kind=Kind.SHORT).values_list("value", flat=True)]
    promised = facts.filter(kind=Kind.PROMISED).count()
    units = statistics.suggested_safety_stock(promised=promised, shown=shown)
    return Suggestion(units=units, promised=promised, refused=len(shown))


@transaction.atomic(durable=True)
def set_units(*, supplier: Supplier, units: int, actor: str, now: datetime) -> None:
    """Set the safety stock; the next stock run writes it to every stock row.

    Raises: ConcurrentUpdateError  it was changed by another user
    """
    row = Supplier.objects.filter(pk=supplier.pk, safety_stock=supplier.safety_stock)
    if not row.update(safety_stock=units):
        message = gettext("The safety stock is no longer %(units)s. Look at it again.")
        raise ConcurrentUpdateError(message % {"units": supplier.safety_stock})
    StatusChange.objects.create(
        subject=Supplier._meta.label,  # noqa: SLF001 - Django's documented model API
        subject_id=supplier.pk,
        status_field="safety_stock",
        from_status=str(supplier.safety_stock),
        to_status=str(units),
        at=now,
        actor=actor[:100],
    )
    supplier.safety_stock = units
