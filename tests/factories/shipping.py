"""Shipping factories: make shipping services, accepted purchase orders and parcel updates."""

from django.db import transaction

from orders.models import PurchaseOrder
from orders.purchasing import acknowledgements
from shipping.models import Parcel
from shipping.shipments import shipments, tracking
from suppliers.connectors.records import Acknowledgement, PurchaseOrderReport, ShipmentNotice
from suppliers.models import ShippingService
from tests.factories.orders import make_purchase_orders
from tests.factories.suppliers import NOON, make_location

CJ_NUMBER = "CJPKL0000000000YQ"


def make_service(location=None, **changes):
    known = {
        "code": "standard",
        "tier": "economy",
        "carrier_service": "Standard",
        "currency": "EUR",
        "base_amount": "4.90",
        "per_kg_amount": "0.00",
        "min_days": 3,
        "max_days": 6,
        "max_weight_g": 2000,
        "accepts_cells_with_equipment": True,
        **changes,
    }
    return ShippingService.objects.create(location=location or make_location(), **known)


def make_shipment_notice(number=CJ_NUMBER, carrier="CJPacket Ordinary", *, lines=(), **fields):
    return ShipmentNotice(carrier=carrier, number=number, lines=tuple(lines), **fields)


def make_state(purchase_order, answer="shipped", *parcels, reference="", reason=""):
    return PurchaseOrderReport(
        number=purchase_order.number,
        supplier_reference=reference or f"CJ-{purchase_order.pk}",
        answer=Acknowledgement(answer),
        reason=reason,
        parcels=tuple(parcels),
    )


def make_sent_purchase_order(*listings, now=NOON, **order):
    """Make a purchase order that is submitted and waits for the supplier's answer."""
    (purchase_order,) = make_purchase_orders(*listings, now=now, **order)
    purchase_order.move(PurchaseOrder.Status.READY, at=now)
    purchase_order.move(
        PurchaseOrder.Submission.SUBMITTING, at=now, status_field="submission_status"
    )
    purchase_order.move(
        PurchaseOrder.Submission.SUBMITTED, at=now, status_field="submission_status"
    )
    return purchase_order


def make_accepted_purchase_order(*listings, now=NOON, **order):
    purchase_order = make_sent_purchase_order(*listings, now=now, **order)
    acknowledgements.apply(
        purchase_order=purchase_order, state=make_state(purchase_order, "accepted"), now=now
    )
    return purchase_order


def take_in(purchase_order, answer, *parcels):
    """Apply a supplier's report about a purchase order and its parcels."""
    return shipments.import_parcels(
        purchase_order=purchase_order, state=make_state(purchase_order, answer, *parcels), now=NOON
    )


def apply_updates(*updates, number=CJ_NUMBER, now=NOON):
    """Apply a carrier's updates to the parcel with this number."""
    parcel = Parcel.objects.select_related("shipment").get(number=number)
    with transaction.atomic():
        purchase_order = tracking.lock_purchase_order(parcel.shipment.purchase_order_id)
        tracking.apply_locked(
            parcel=parcel, purchase_order=purchase_order, updates=updates, now=now
        )
    return parcel
