"""Bill aging: sum the open supplier invoices by supplier, currency and days past due.

What is overpaid is subtracted.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, F, Q, Sum, When
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.accounting.bill_payments import OPEN_BILL, OVERPAID_BILL
from orders.models import SupplierInvoice
from storefront.lib.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Bills by days past due: at least ``first``, at most ``last``; None: no limit."""

    label: str | Promise
    first: int | None = None
    last: int | None = None

    def condition(self, today: date) -> Q:
        found = Q()
        if self.first is not None:
            found &= Q(due_on__lte=today - timedelta(days=self.first))
        if self.last is not None:
            found &= Q(due_on__gte=today - timedelta(days=self.last))
        return found


BUCKETS: Sequence[Bucket] = (
    Bucket(label=_("Not due yet"), last=0),
    Bucket(label=_("1–30 days"), first=1, last=30),
    Bucket(label=_("31–60 days"), first=31, last=60),
    Bucket(label=_("61–90 days"), first=61, last=90),
    Bucket(label=_("Over 90 days"), first=91),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgingRow:
    """What is owed to one supplier, or in total, in one currency. ``parts`` as ``BUCKETS``.

    ``overpaid`` is what it owes us; ``count`` is the number of open bills.
    """

    name: str
    currency: str
    count: int
    parts: Sequence[Money]
    overpaid: Money
    supplier_id: int | None = None

    @property
    def total(self) -> Money:
        return Money.total(self.parts, self.currency) - self.overpaid


def load(*, today: date) -> list[AgingRow]:
    """Return one row per supplier and currency with open or overpaid bills, in one statement."""
    sums: Mapping[str, Any] = {
        f"part_{place}": Sum(
            "open_amount", filter=OPEN_BILL & bucket.condition(today), default=Decimal(0)
        )
        for place, bucket in enumerate(BUCKETS)
    }
    credit = Case(When(withdrawn_at=None, then=-F("open_amount")), default=F("paid_amount"))
    bills = SupplierInvoice.objects.filter(OPEN_BILL | OVERPAID_BILL)
    groups = bills.order_by("supplier__name", "currency").values(
        "supplier", "supplier__name", "currency"
    )
    rows: Iterable[Mapping[str, Any]] = groups.annotate(
        count=Count("pk", filter=OPEN_BILL),
        overpaid=Sum(credit, filter=OVERPAID_BILL, default=Decimal(0)),
        **sums,
    )
    return [
        AgingRow(
            name=row["supplier__name"],
            supplier_id=row["supplier"],
            currency=row["currency"],
            count=row["count"],
            parts=[Money(row[name], row["currency"]) for name in sums],
            overpaid=Money(row["overpaid"], row["currency"]),
        )
        for row in rows
    ]


def totals(rows: Iterable[AgingRow]) -> list[AgingRow]:
    """Return one row per currency."""
    by_currency: dict[str, list[AgingRow]] = defaultdict(list)
    for row in rows:
        by_currency[row.currency].append(row)
    return [
        AgingRow(
            name="",
            currency=currency,
            count=sum(row.count for row in some),
            parts=[
                Money.total(parts, currency)
                for parts in zip(*(row.parts for row in some), strict=True)
            ],
            overpaid=Money.total((row.overpaid for row in some), currency),
        )
        for currency, some in sorted(by_currency.items())
    ]
