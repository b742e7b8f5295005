"""Discrepancies: describe what a comparison finds, store it, reopen and close known ones."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q

from orders.models import Discrepancy, DiscrepancyObservation, ReconciliationRun

Kind = Discrepancy.Kind
Measure = Discrepancy.Measure


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One difference between our books and another party's.

    Shape:  ``subject`` identifies the record, the same in each run; ``found_currency`` is empty
            if it equals ``currency``; ``expected`` or ``found`` is None if that side has no amount
    """

    kind: Discrepancy.Kind
    subject: str
    currency: str
    expected: Decimal | None
    found: Decimal | None
    what: Discrepancy.Measure = Measure.NONE
    found_currency: str = ""
    reference: str = ""
    order_id: int | None = None
    payment_id: int | None = None
    purchase_order_id: int | None = None
    supplier_id: int | None = None
    supplier_invoice_id: int | None = None

    def key(self, part: str) -> str:
        return f"{part}:{self.subject}:{self.kind}:{self.what}"

    def amounts(self) -> dict[str, Any]:
        return {
            "expected_amount": self.expected,
            "found_amount": self.found,
            "currency": self.currency,
            "found_currency": self.found_currency or self.currency,
        }

    def about(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "what": self.what,
            "reference": self.reference[:120],
            "order_id": self.order_id,
            "payment_id": self.payment_id,
            "purchase_order_id": self.purchase_order_id,
            "supplier_id": self.supplier_id,
            "supplier_invoice_id": self.supplier_invoice_id,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonResult:
    """Findings of one counterparty; ``undecided``: discrepancies neither confirmed nor cleared."""

    findings: list[Finding]
    count: int
    undecided: Q = field(default_factory=lambda: Q(pk__in=()))
    purchase_orders: tuple[int, ...] = ()  # those whose invoices were compared


# Storage

Status = Discrepancy.Status
ACTOR = "reconciliation"


def open_ids(part: str) -> frozenset[int]:
    """Return the ids of a counterparty's open discrepancies; each comparison reviews them."""
    rows = Discrepancy.objects.filter(part=part, status=Status.OPEN)
    return frozenset(rows.values_list("pk", flat=True))


def undecided_ids(part: str, undecided: Q) -> frozenset[int]:
    """Return the ids of discrepancies that the comparison could neither confirm nor clear."""
    return frozenset(Discrepancy.objects.filter(undecided, part=part).values_list("pk", flat=True))


@transaction.atomic(durable=True)
def record(
    *,
    part: str,
    findings: Iterable[Finding],
    examined: Collection[int],
    day: ReconciliationRun,
    now: datetime,
) -> None:
    """Store the findings of one counterparty; clear examined discrepancies that were not found.

    A discrepancy closed by staff opens again only if its amounts change.

    Locks:  the discrepancies, by id
    """
    by_key = {finding.key(part): finding for finding in findings}
    rows = Discrepancy.objects.filter(Q(pk__in=examined) | Q(key__in=by_key))
    known = {row.key: row for row in rows.select_for_update(of=["self"]).order_by("pk")}
    for key, finding in sorted(by_key.items()):
        difference = known.get(key) or _get_or_create(key, part, finding, day, now)
        _update(difference, finding, day, now)
        DiscrepancyObservation.objects.get_or_create(
            difference=difference, day=day, **finding.amounts(), defaults={"seen_at": now}
        )
    for key, difference in known.items():
        if key not in by_key and difference.status == Status.OPEN:
            difference.move(Status.GONE, at=now, actor=ACTOR, reason=f"matches on {day}")


def _get_or_create(
    key: str, part: str, finding: Finding, day: ReconciliationRun, now: datetime
) -> Discrepancy:
    """Create a discrepancy, or return the one that was created concurrently."""
    difference, _ = Discrepancy.objects.get_or_create(
        key=key,
        defaults={
            "part": part,
            "first_day": day.day,
            "last_day": day.day,
            "first_seen_at": now,
            "status": Status.OPEN,
            "status_since": now,
            **finding.about(),
            **finding.amounts(),
        },
    )
    return difference


def _update(
    difference: Discrepancy, finding: Finding, day: ReconciliationRun, now: datetime
) -> None:
    amounts = finding.amounts()
    has_changed = any(getattr(difference, name) != value for name, value in amounts.items())
    for name, value in (amounts | finding.about()).items():
        setattr(difference, name, value)
    difference.last_day = max(difference.last_day, day.day)
    difference.save(update_fields=[*amounts, *finding.about(), "last_day"])
    if difference.status == Status.GONE:
        difference.move(Status.OPEN, at=now, actor=ACTOR, reason=f"mismatch again on {day}")
    elif difference.status == Status.SETTLED and has_changed:
        note = f"different mismatch on {day}"
        difference.move(
            Status.OPEN, at=now, actor=ACTOR, reason=note, closed_by="", close_reason=""
        )
