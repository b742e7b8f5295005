"""Shipping factories: make shipping services, accepted purchase orders and parcel updates."""

from decimal import Decimal

from orders.models import PurchaseOrder
from orders.purchasing import acknowledgements
from shipping.shipments import shipments
from suppliers.connectors.records import Acknowledgement, PurchaseOrderReport, ShipmentNotice
from suppliers.models import ShippingService
from tests.factories.orders import make_purchase_orders
from tests.factories.suppliers import NOON, make_location

CJ_NUMBER = "CJPKL0000000000YQ"


def make_service(
    location=None,
    *,
    code="standard",
    tier="economy",
    carrier_service="Standard",
    countries=(),
    currency="EUR",
    base_amount="4.90",
    per_kg_amount="0.00",
    min_days=3,
    max_days=6,
    max_weight_g=2000,
    accepts_cells_in_equipment=True,
    accepts_cells_with_equipment=True,
    accepts_cells_alone=False,
    max_cell_wh="20.00",
    max_cells=None,
    is_active=True,
):
    return ShippingService.objects.create(
        location=location or make_location(),
        code=code,
        tier=tier,
        carrier_service=carrier_service,
        countries=list(countries),
        currency=currency,
        base_amount=Decimal(base_amount),
        per_kg_amount=Decimal(per_kg_amount),
        min_days=min_days,
        max_days=max_days,
        max_weight_g=max_weight_g,
        accepts_cells_in_equipment=accepts_cells_in_equipment,
        accepts_cells_with_equipment=accepts_cells_with_equipment,
        accepts_cells_alone=accepts_cells_alone,
        max_cell_wh=Decimal(max_cell_wh),
        max_cells=max_cells,
        is_active=is_active,
    )


def make_parcel_news(  # noqa: PLR0917
    number=CJ_NUMBER,
    carrier="CJPacket Ordinary",
    url="",
    lines=(),
    carrier_text="",
    happened_at=None,
):
    return ShipmentNotice(
        carrier=carrier,
        number=number,
        url=url,
        lines=tuple(lines),
        carrier_text=carrier_text,
        happened_at=happened_at,
    )


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
