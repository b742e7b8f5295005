"""Figures of orders: compute what each paid order adds to its day, in all and by supplier."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Exists, Max, OuterRef
from django.db.models.functions import Coalesce, Lower
from django.utils import timezone

from orders.accounting import profit_report
from orders.accounting.profit import Profit, ProfitPart
from orders.models import Order, OrderLine
from shipping.models import Parcel
from storefront.dashboard.models import OrderFigures
from suppliers.models import Supplier

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the rows of many orders need, besides their profit statements."""

    today: date
    suppliers: dict[str, Supplier]  # by code
    arrivals: dict[int, dict[int, datetime]]  # order -> supplier -> last delivery
    repeats: set[int]  # orders of an e-mail address that had ordered before


def compute(order_ids: Sequence[int], *, now: datetime) -> list[OrderFigures]:
    """Return the rows of these orders; an order that was never paid has none."""
    paid = Order.objects.filter(pk__in=order_ids, status__in=profit_report.PAID).order_by("pk")
    facts = Facts(
        today=timezone.localdate(now),
        suppliers=Supplier.objects.in_bulk(field_name="code"),
        arrivals=_load_arrivals(order_ids),
        repeats=_find_repeats(order_ids),
    )
    rows: list[OrderFigures] = []
    for order, profit in profit_report.statements(paid, now=now):
        if _was_paid(order):
            rows += _rows(order, profit, facts)
    return rows


def _was_paid(order: Order) -> bool:
    """Return whether the order was ever paid; a canceled one may have been canceled before."""
    return order.status != Order.Status.CANCELED or any(
        payment.authorized_amount or payment.captured_amount for payment in order.payments.all()
    )


def _rows(order: Order, profit: Profit, facts: Facts) -> Iterator[OrderFigures]:
    lines = list(order.lines.all())
    payments = [each for each in order.payments.all() if each.currency == order.currency]
    refunds = sum((each.refunded_amount for each in payments), NOTHING)
    whole = _row(order, profit, facts, (lines, profit.parts()), supplier=None)
    whole.refunds = refunds
    yield whole
    for code in sorted({line.supplier for line in profit.lines.values()}):
        own = [line for line in lines if profit.lines[line.pk].supplier == code]
        parts = [part for line in own for part in profit.lines[line.pk].parts]
        yield _row(order, profit, facts, (own, parts), supplier=facts.suppliers[code])


def _row(
    order: Order,
    profit: Profit,
    facts: Facts,
    chosen: tuple[Sequence[OrderLine], list[ProfitPart]],
    *,
    supplier: Supplier | None,
) -> OrderFigures:
    lines, parts = chosen
    is_canceled = order.status == Order.Status.CANCELED
    units = sum(line.quantity for line in lines)
    canceled = units if is_canceled else sum(line.canceled_quantity for line in lines)
    delivered = sum(line.delivered_quantity for line in lines)
    arrivals = facts.arrivals.get(order.pk, {})
    arrived = [at for pk, at in arrivals.items() if supplier is None or pk == supplier.pk]
    kept, missed = _promise(order, units - canceled, delivered, arrived, facts.today)
    return OrderFigures(
        order=order,
        day=timezone.localdate(order.placed_at),
        channel=order.channel,
        currency=order.currency,
        supplier=supplier,
        units=units,
        canceled=canceled,
        delivered=delivered,
        # lost and undeliverable parcels are refunded as returns, too
        returned=sum(min(line.returned_quantity, line.delivered_quantity) for line in lines),
        revenue=profit.net_of(parts).amount,
        refunds=NOTHING,
        profit=profit.sum(parts).amount,
        kept=kept,
        missed=missed,
        repeats=int(order.pk in facts.repeats),
        estimated=int(profit.is_estimated),
    )


def _promise(
    order: Order, wanted: int, delivered: int, arrived: Iterable[datetime], today: date
) -> tuple[int, int]:
    """Return (1, 0) if all units arrived by the promised day, (0, 1) if not, (0, 0) while open."""
    if order.arrives_to is None or wanted == 0:
        return 0, 0
    if delivered >= wanted:
        on = timezone.localdate(max(arrived, default=order.status_since))
        return (1, 0) if on <= order.arrives_to else (0, 1)
    return (0, 1) if order.arrives_to < today else (0, 0)


def _load_arrivals(order_ids: Sequence[int]) -> dict[int, dict[int, datetime]]:
    order, supplier = "shipment__purchase_order__order", "shipment__purchase_order__supplier"
    rows = (
        Parcel.objects.filter(**{f"{order}__in": order_ids}, status=Parcel.Status.DELIVERED)
        .order_by()
        .values_list(order, supplier)
        .annotate(at=Max(Coalesce("carrier_status_at", "status_since")))
    )
    arrivals: dict[int, dict[int, datetime]] = {}
    for order_id, supplier_id, at in rows:
        arrivals.setdefault(order_id, {})[supplier_id] = at
    return arrivals


def _find_repeats(order_ids: Sequence[int]) -> set[int]:
    earlier = Order.objects.alias(lower=Lower("email")).filter(
        lower=Lower(OuterRef("email")),
        placed_at__lt=OuterRef("placed_at"),
        status__in=profit_report.PAID,
    )
    rows = Order.objects.filter(pk__in=order_ids)
    return set(rows.filter(Exists(earlier)).values_list("pk", flat=True))
