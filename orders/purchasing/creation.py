"""Creation: create the purchase order of one parcel, compute when it is submitted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Min

from orders import links
from orders.models import Order, OrderLine, Payment, PurchaseLine, PurchaseOrder
from orders.tax import ioss
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.money import Money
from suppliers.models import Supplier
from suppliers.profile.order_schedule import dispatch_schedule

# Batched orders are submitted this long before the payment authorization expires.
SUBMIT_BEFORE_EXPIRY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcedLine:
    """One order line with the offer, stock level and unit cost it is sourced from."""

    line: OrderLine
    offer_id: int
    level_id: int
    cost: Money


def submit_times(
    *, order: Order, entries: Iterable[Mapping[str, Any]], promised_at: datetime, now: datetime
) -> dict[int, datetime | None]:
    """Return the submission time of each supplier's purchase orders, by id; None: at once."""
    suppliers = Supplier.objects.in_bulk({entry["supplier_id"] for entry in entries})
    authorized = order.payments.filter(status=Payment.Status.AUTHORIZED)
    authorization_ends = authorized.aggregate(first=Min("capture_before"))["first"]
    before = authorization_ends - SUBMIT_BEFORE_EXPIRY if authorization_ends else None
    return {
        supplier.pk: dispatch_schedule(supplier).submit_at(
            promised_at=promised_at, now=now, before=before
        )
        for supplier in suppliers.values()
    }


@requires_transaction
def create(  # noqa: PLR0913 - one row's columns
    *,
    order: Order,
    entry: Mapping[str, Any],
    sourced: Sequence[SourcedLine],
    sequence: int,
    round: int = 0,  # noqa: A002 - the column's name
    submit_at: datetime | None,
    ship_to: Mapping[str, str] | None = None,
    now: datetime,
) -> PurchaseOrder:
    """Create the purchase order with its lines, unsubmitted.

    Shape:  ``entry`` as in ``Order.delivery_plan``; ``sequence`` counts within the order; ``round`` is
            how often the order was rerouted
    Locks:  the caller holds the order
    """
    lines = [sourced_line.line for sourced_line in sourced]
    items_charge = sum((line.customer_charge_amount for line in lines), Decimal(0))
    purchase_order = PurchaseOrder.objects.create(
        order=order,
        supplier_id=entry["supplier_id"],
        location_id=entry["location_id"],
        number=f"{order.number}-{sequence}",
        access_key=links.new_key(),
        service_code=entry["service_code"],
        carrier_service=entry["carrier_service"],
        currency=order.currency,
        ioss_number=ioss.ioss_number(order=order, origin=entry["country"], lines=lines, now=now),
        customer_charge_amount=items_charge + Decimal(entry["amount"]),
        status=PurchaseOrder.Status.DRAFT,
        status_since=now,
        submission_status=PurchaseOrder.Submission.UNSUBMITTED,
        submission_status_since=now,
        submit_at=submit_at,
        ship_to=dict(ship_to or {}),
        round=round,
        way=dict(entry) if round else {},
    )
    PurchaseLine.objects.bulk_create(
        PurchaseLine(
            purchase_order=purchase_order,
            order_line=sourced_line.line,
            quantity=sourced_line.line.quantity,
            offer_id=sourced_line.offer_id,
            level_id=sourced_line.level_id,
            ordered_cost_amount=sourced_line.cost.amount,
            ordered_cost_currency=sourced_line.cost.currency,
            agreed_cost_amount=sourced_line.cost.amount,
            cost_currency=sourced_line.cost.currency,
        )
        for sourced_line in sourced
    )
    return purchase_order
