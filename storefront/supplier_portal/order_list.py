"""Portal order list: find, filter, count and sort the purchase orders of one supplier."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.paginator import Page as ListPage
from django.core.paginator import Paginator
from django.db.models import (
    Case,
    Count,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    IntegerField,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.models import Backorder, PurchaseLine, PurchaseOrder
from suppliers.models import Supplier

PAGE_SIZE = 25
MAX_SEARCH_LENGTH = 60
DAY = timedelta(days=1)
END_OF_DAY = DAY - timedelta(seconds=1)
Status = PurchaseOrder.Status

OPEN_STATES = frozenset(Status) - {Status.SHIPPED, Status.CLOSED, Status.CANCELED}
OPEN = Q(status__in=OPEN_STATES)
TO_CONFIRM = OPEN & Q(accepted_at=None)
TO_SHIP = OPEN & Q(accepted_at__isnull=False)
FILTERS: dict[str, Q] = {
    "to_confirm": TO_CONFIRM,
    "to_ship": TO_SHIP,
    "shipped": Q(status=Status.SHIPPED),
    "closed": Q(status__in=[Status.CLOSED, Status.CANCELED]),
    "all": Q(),
}
FILTER_LABELS: dict[str, Promise] = {
    "to_confirm": _("To confirm"),
    "to_ship": _("To ship"),
    "shipped": _("Shipped"),
    "closed": _("Closed"),
    "all": _("All"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One purchase order of the list. ``due_on`` is a day in the supplier's time zone."""

    number: str
    supplier_reference: str
    status: str
    units: int
    country: str
    due_on: date | None
    is_overdue: bool
    is_to_confirm: bool
    is_cancellation_requested: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderList:
    """One page of the list; ``counts`` are of all orders that the search finds, by filter."""

    entries: tuple[Entry, ...]
    counts: dict[str, int]
    overdue: int
    page: "ListPage[Any]"


def known_orders(supplier: Supplier) -> "QuerySet[PurchaseOrder]":
    """Return the purchase orders that the supplier received, or may have received."""
    return PurchaseOrder.objects.filter(supplier=supplier).exclude(
        submission_status__in=PurchaseOrder.UNSUBMITTED_STATES
    )


def find_order(*, supplier: Supplier, number: str) -> PurchaseOrder | None:
    rows = known_orders(supplier).select_related("order", "supplier")
    return None if "\0" in number else rows.filter(number=number).first()


def load_list(
    *, supplier: Supplier, chosen: str, search: str, page: str, now: datetime
) -> OrderList:
    """Return a page of the orders of a filter, overdue and due ones first.

    ``search`` is the beginning of our number or of the supplier's.
    """
    found = known_orders(supplier)
    if text := search.strip()[:MAX_SEARCH_LENGTH]:
        found = found.filter(
            Q(number__startswith=text.upper()) | Q(supplier_reference__startswith=text)
        )
    with_due = _with_due(found, supplier)
    counts = with_due.aggregate(
        **{name: Count("pk", filter=condition) for name, condition in FILTERS.items() if condition},
        all=Count("pk"),
        overdue=Count("pk", filter=Q(due_at__lt=now)),
    )
    overdue = counts.pop("overdue")
    rows = with_due.filter(FILTERS[chosen]).select_related("order")
    rows = rows.annotate(units=_per_order(Sum("quantity")))
    rows = rows.order_by(F("due_at").asc(nulls_last=True), "-pk")
    shown = Paginator(rows, PAGE_SIZE).get_page(page)
    zone = ZoneInfo(supplier.time_zone)
    entries = tuple(_entry(row, zone, now) for row in shown)
    return OrderList(entries=entries, counts=counts, overdue=overdue, page=shown)


def _entry(row: PurchaseOrder, zone: ZoneInfo, now: datetime) -> Entry:
    due_at: datetime | None = row.due_at  # type: ignore[attr-defined]  # annotated
    is_unanswered = due_at is not None and row.accepted_at is None
    return Entry(
        number=row.number,
        supplier_reference=row.supplier_reference,
        status=_status_label(row),
        units=row.units or 0,  # type: ignore[attr-defined]  # annotated
        country=row.goes_to.get("country", ""),
        due_on=due_at.astimezone(zone).date() if due_at else None,
        is_overdue=due_at is not None and due_at < now,
        is_to_confirm=is_unanswered and row.cancel_requested_at is None,
        is_cancellation_requested=due_at is not None and row.cancel_requested_at is not None,
    )


def _status_label(row: PurchaseOrder) -> str:
    """Return what the order waits for, or how it ended."""
    if row.status in OPEN_STATES - {Status.PARTIALLY_SHIPPED}:
        return str(FILTER_LABELS["to_confirm" if row.accepted_at is None else "to_ship"])
    return row.get_status_display()


def _with_due(rows: "QuerySet[PurchaseOrder]", supplier: Supplier) -> "QuerySet[PurchaseOrder]":
    """Annotate when an open order is to be confirmed or shipped.

    It ships by the later date that was announced, else within the handling time of its slowest
    line after the confirmation.
    """
    announced = (
        Backorder.objects.filter(purchase_order=OuterRef("pk"), kind=Backorder.Kind.LATER)
        .order_by("-ships_by")
        .annotate(end=Cast("ships_by", DateTimeField()) + Value(END_OF_DAY))
        .values("end")[:1]
    )
    handling_days = Coalesce(
        _per_order(Max(Coalesce("offer__lead_days", Value(supplier.lead_days)))),
        Value(supplier.lead_days),
    )
    handling = ExpressionWrapper(
        F("accepted_at") + ExpressionWrapper(handling_days * Value(DAY), DurationField()),
        DateTimeField(),
    )
    answer = F("submission_status_since") + Value(
        timedelta(minutes=supplier.acknowledge_within_min)
    )
    return rows.annotate(
        due_at=Case(
            When(TO_CONFIRM, then=answer),
            When(TO_SHIP, then=Coalesce(Subquery(announced), handling)),
            default=None,
            output_field=DateTimeField(),
        )
    )


def _per_order(aggregate: Max | Sum) -> Subquery:
    lines = PurchaseLine.objects.filter(purchase_order=OuterRef("pk"), is_active=True)
    per_order = lines.order_by().values("purchase_order").annotate(figure=aggregate)
    return Subquery(per_order.values("figure"), output_field=IntegerField())
