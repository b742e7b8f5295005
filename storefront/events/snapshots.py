"""Snapshots: read the objects of events as they are now, one query per table for a whole batch."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from catalog.models import Listing
from orders.models import Order, PurchaseOrder, ReturnAuthorization
from shipping.models import Parcel
from shipping.shipments.identities import tracking_link
from storefront.events import payloads
from storefront.events.event_types import ObjectKind
from storefront.events.models import PendingEvent
from storefront.events.payloads import MAX_LINES, Amount
from storefront.lib.money import Money


@dataclass(slots=True)
class Snapshots:
    """The objects of a batch of pending events, by id."""

    orders: dict[int, Order] = field(default_factory=dict)
    parcels: dict[int, Parcel] = field(default_factory=dict)
    purchase_orders: dict[int, PurchaseOrder] = field(default_factory=dict)
    returns: dict[int, ReturnAuthorization] = field(default_factory=dict)
    listings: dict[int, Listing] = field(default_factory=dict)

    def build(self, event: PendingEvent) -> tuple[str, payloads.EventData] | None:
        """Return the subject and data of an event; None if its object was deleted."""
        match event.kind:
            case ObjectKind.ORDER:
                return self._of_order(event)
            case ObjectKind.PURCHASE_ORDER:
                return self._of_purchase_order(event)
            case ObjectKind.RETURN:
                return self._of_return(event)
            case ObjectKind.LISTING:
                return self._of_listing(event)
            case ObjectKind.CASE:
                case = payloads.Case(**event.facts)
                return f"case:{case.cause}:{event.object_id}", payloads.CaseData(case)
        message = "This is a test. No order, price or stock has changed."
        return f"{event.kind}:{event.object_id}", payloads.WebhookTestData(message)

    def _of_purchase_order(self, event: PendingEvent) -> tuple[str, payloads.EventData] | None:
        if (bought := self.purchase_orders.get(event.object_id)) is None:
            return None
        data = payloads.PurchaseOrderData(purchase_order_payload(bought))
        return f"purchase_order:{bought.number}", data

    def _of_return(self, event: PendingEvent) -> tuple[str, payloads.EventData] | None:
        if (returned := self.returns.get(event.object_id)) is None:
            return None
        return f"return:{returned.number}", payloads.ReturnData(return_payload(returned))

    def _of_order(self, event: PendingEvent) -> tuple[str, payloads.EventData] | None:
        if (placed := self.orders.get(event.object_id)) is None:
            return None
        order, facts = order_payload(placed), event.facts
        data: payloads.EventData = payloads.OrderData(order)
        if "parcel" in facts:
            parcel = parcel_payload(self.parcels[facts["parcel"]], order=placed)
            data = payloads.OrderParcelData(order, parcel)
        elif "amount" in facts:
            refund = Amount(amount=facts["amount"], currency=facts["currency"])
            data = payloads.OrderRefundData(order, refund)
        return f"order:{order.number}", data

    def _of_listing(self, event: PendingEvent) -> tuple[str, payloads.EventData] | None:
        if (row := self.listings.get(event.object_id)) is None:
            return None
        listing = payloads.Listing(
            sku=row.variant.sku,
            title=row.variant.full_title,
            channel=row.channel.code,
            slug=row.variant.product.slug,
        )
        facts = event.facts
        subject = f"listing:{listing.channel}:{listing.sku}"
        if "price" not in facts:
            return subject, payloads.StockData(listing, **facts)
        currency = row.channel.currency
        price, previous = (
            Amount(amount=facts[name], currency=currency) for name in ("price", "previous")
        )
        return subject, payloads.PriceData(listing, price, previous)


def load(events: Iterable[PendingEvent]) -> Snapshots:
    ids: dict[str, set[int]] = {kind: set() for kind in (*ObjectKind, "parcel")}
    for event in events:
        ids[event.kind].add(event.object_id)
        if "parcel" in event.facts:
            ids["parcel"].add(event.facts["parcel"])

    def rows(kind: str, found: Any) -> Any:
        return {row.pk: row for row in found.filter(pk__in=ids[kind])} if ids[kind] else {}

    return Snapshots(
        orders=rows(
            ObjectKind.ORDER,
            Order.objects.with_progress()
            .select_related("channel")
            .prefetch_related("lines")
            .defer("routing_decision", "delivery_plan"),
        ),
        parcels=rows(
            "parcel",
            Parcel.objects.select_related("shipment__purchase_order").prefetch_related(
                "lines__order_line"
            ),
        ),
        purchase_orders=rows(
            ObjectKind.PURCHASE_ORDER,
            PurchaseOrder.objects.select_related("order", "supplier", "location").prefetch_related(
                "lines__offer__variant", "lines__order_line__variant"
            ),
        ),
        returns=rows(
            ObjectKind.RETURN,
            ReturnAuthorization.objects.select_related("order", "purchase_order").prefetch_related(
                "lines__order_line"
            ),
        ),
        listings=rows(
            ObjectKind.LISTING, Listing.objects.select_related("channel", "variant__product")
        ),
    )


def _amount(value: Decimal, currency: str) -> Amount:
    return Amount(amount=str(Money(value, currency).rounded().amount), currency=currency)


def order_payload(order: Order) -> payloads.Order:
    """Return the payload of an order that was read ``with_progress``."""
    progress: Mapping[str, Any] = vars(order)
    lines = sorted(order.lines.all(), key=lambda line: line.pk)

    def amount(value: Decimal) -> Amount:
        return _amount(value, order.currency)

    return payloads.Order(
        number=order.number,
        channel=order.channel.code,
        status=order.status,
        payment_status=progress["payment_status"],
        fulfillment_status=progress["fulfillment_status"],
        placed_at=order.placed_at,
        country=order.ship_to["country"],
        locale=order.locale,
        line_count=len(lines),
        lines=[
            payloads.OrderLine(
                sku=line.sku,
                title=line.title,
                quantity=line.quantity,
                canceled=line.canceled_quantity,
                shipped=line.shipped_quantity,
                delivered=line.delivered_quantity,
                unit_price=amount(line.unit_amount),
                amount=amount(line.line_amount),
                discount=amount(line.discount_amount),
            )
            for line in lines[:MAX_LINES]
        ],
        subtotal=amount(order.subtotal_amount),
        delivery=amount(order.delivery_amount),
        discount=amount(order.discount_amount),
        tax=amount(order.tax_amount),
        total=amount(order.total_amount),
        refunded=amount(progress["refunded"]),
    )


def parcel_payload(parcel: Parcel, *, order: Order) -> payloads.Parcel:
    return payloads.Parcel(
        id=parcel.pk,
        purchase_order=parcel.shipment.purchase_order.number,
        carrier=parcel.carrier,
        number=parcel.number,
        tracking_url=tracking_link(parcel, ship_to=order.ship_to, language=order.locale),
        last_mile_carrier=parcel.last_mile_carrier,
        last_mile_number=parcel.last_mile_number,
        status=parcel.status,
        carrier_status=parcel.carrier_status,
        lines=[
            payloads.ParcelLine(
                sku=line.order_line.sku, title=line.order_line.title, quantity=line.quantity
            )
            for line in sorted(parcel.lines.all(), key=lambda line: line.pk)[:MAX_LINES]
        ],
    )


def purchase_order_payload(bought: PurchaseOrder) -> payloads.PurchaseOrder:
    return payloads.PurchaseOrder(
        number=bought.number,
        order=bought.order.number,
        supplier=bought.supplier.code,
        location=bought.location.code,
        status=bought.status,
        supplier_status=bought.submission_status,
        supplier_reference=bought.supplier_reference,
        lines=[
            payloads.PurchaseLine(
                sku=line.sku,
                supplier_sku=line.offer.supplier_sku,
                quantity=line.quantity,
            )
            for line in sorted(bought.lines.all(), key=lambda line: line.pk)[:MAX_LINES]
        ],
    )


def return_payload(returned: ReturnAuthorization) -> payloads.Return:
    refund = returned.refund_amount
    return payloads.Return(
        number=returned.number,
        order=returned.order.number,
        purchase_order=returned.purchase_order.number,
        kind=returned.kind,
        status=returned.status,
        opened_at=returned.opened_at,
        carrier=returned.carrier,
        tracking_number=returned.tracking_number,
        lines=[
            payloads.ReturnLine(
                sku=line.order_line.sku,
                title=line.order_line.title,
                quantity=line.quantity,
                received=line.received_quantity,
                accepted=line.accepted_quantity,
            )
            for line in sorted(returned.lines.all(), key=lambda line: line.pk)[:MAX_LINES]
        ],
        refund=None if refund is None else _amount(refund, returned.currency),
    )
