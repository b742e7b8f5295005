"""Backorder factories: record supplier answers, reroute backorders, refuse purchase orders."""

from orders.models import PaymentEvent, PurchaseOrder
from orders.purchasing import acknowledgements
from shipping.rerouting import rerouting
from storefront.dashboard.invariants.payments import PAYMENTS
from storefront.dashboard.invariants.purchase_orders import PURCHASE_ORDERS
from storefront.dashboard.invariants.stock import STOCK
from suppliers.connectors.records import (
    Acknowledgement,
    PurchaseOrderReport,
    RejectedLine,
    RejectionReason,
)
from tests.factories.shipping import make_service
from tests.factories.suppliers import NOON, make_level, make_location, make_offer, make_supplier
from tests.support.invariants import violated

WATCHED = [
    one
    for one in (*PAYMENTS, *PURCHASE_ORDERS, *STOCK)
    if one.code != "purchase_orders.attempt_recorded_first"
]


def reroute_due(now=NOON):
    """Reroute all due backorders, as the sweep does."""
    for backorder in rerouting.due_backorders(now=now):
        rerouting.reroute(backorder=backorder, now=now)


def violated_invariants(now=NOON):
    """Return the codes of the violated invariants of purchase orders, money and stock."""
    return violated(WATCHED, now)


def stock_at(listing, code="other", *, quantity=5, max_days=6, cost="11.00"):
    """Stock the product at another supplier and location."""
    offer = make_offer(listing.variant, supplier=make_supplier(code), cost=cost)
    level = make_level(offer, quantity, make_location(offer.supplier, "PL", "PL"))
    make_service(level.location, min_days=2, max_days=max_days, countries=["DE"])
    return level


def acknowledge(
    purchase_order, *, answer=Acknowledgement.ACCEPTED, refused=(), code="out_of_stock", **more
):
    """Apply a supplier's acknowledgement, then check that all invariants still hold."""
    fresh = PurchaseOrder.objects.select_related("order", "supplier").get(pk=purchase_order.pk)
    state = PurchaseOrderReport(
        number=fresh.number,
        supplier_reference="",
        answer=answer,
        refused=tuple(
            RejectedLine(reference=str(one.pk), code=RejectionReason(code)) for one in refused
        ),
        **more,
    )
    acknowledgements.apply(purchase_order=fresh, state=state, now=NOON)
    fresh.refresh_from_db()
    assert violated_invariants() == []
    return fresh


def live():
    """Return the purchase orders that are not canceled."""
    return list(
        PurchaseOrder.objects.exclude(status="canceled")
        .select_related("order", "supplier", "location")
        .order_by("pk")
    )


def gateway_requests():
    """Return the kind and amount of each request to the gateway, oldest first."""
    events = PaymentEvent.objects.filter(kind__endswith="_requested").order_by("pk")
    return list(events.values_list("kind", "amount"))


def refuse(purchase_order):
    """Reject the whole purchase order."""
    return acknowledge(
        purchase_order, refused=[one.order_line for one in purchase_order.lines.all()]
    )


def reroute(purchase_order):
    """Reject the whole purchase order and reroute it; all invariants must hold."""
    refuse(purchase_order)
    reroute_due()
    assert violated_invariants() == []
    return purchase_order


def acknowledge_quantity(purchase_order, count, *, code="out_of_stock", line=None, **more):
    """Let the supplier accept only ``count`` units of a line, by default of the first line."""
    line = line or purchase_order.lines.filter(is_active=True).order_by("pk").first()
    rejected = RejectedLine(
        reference=str(line.order_line_id), code=RejectionReason(code), ships=count
    )
    state = PurchaseOrderReport(
        number=purchase_order.number,
        supplier_reference="",
        answer=Acknowledgement.ACCEPTED,
        refused=(rejected,),
        **({"reason": code} | more),
    )
    purchase_order.refresh_from_db()
    acknowledgements.apply(purchase_order=purchase_order, state=state, now=NOON)
    purchase_order.refresh_from_db()
    assert violated_invariants() == []
    return purchase_order


def quantities_by_supplier():
    """Return supplier code and quantity of each active purchase line, sorted."""
    return sorted(
        (made.supplier.code, line.quantity)
        for made in live()
        for line in made.lines.filter(is_active=True)
    )
