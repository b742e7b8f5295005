"""Factories: purchase orders at a supplier without an API, and cancellation answers."""

from datetime import timedelta

from orders.cancellation import cancellation
from orders.models import PaymentEvent, PurchaseOrder
from orders.purchasing import acknowledgements, submission
from shipping.shipments import shipments
from tests.factories.backorders import stock_at, violated_invariants
from tests.factories.orders import make_purchase_orders, make_sellable
from tests.factories.shipping import make_service, make_shipment_notice, make_state
from tests.factories.suppliers import NOON

LATER = NOON + timedelta(hours=2)


def fresh(purchase_order=None):
    """Read a purchase order, by default the only one, as a worker does."""
    rows = PurchaseOrder.objects.select_related("order", "supplier", "location")
    return rows.get(pk=purchase_order.pk) if purchase_order else rows.get()


def send(purchase_order=None, *, now=NOON):
    return submission.submit(purchase_order=fresh(purchase_order), now=now)


def sent(*, elsewhere=False):
    """Submit a purchase order; with ``elsewhere`` another supplier has the same item."""
    listing = make_sellable()
    if elsewhere:
        make_service(listing.level.location, max_days=6)
        stock_at(listing)
    (purchase_order,) = make_purchase_orders(listing)
    submission.submit(purchase_order=purchase_order, now=NOON)
    return purchase_order


def process_request(purchase_order, now=NOON):
    return cancellation.process_request(purchase_order=fresh(purchase_order), now=now)


def cancellation_state(purchase_order):
    row = fresh(purchase_order)
    return row.submission_status, row.cancellation_channel, row.cancel_requested_at is not None


def record_answer(purchase_order, verb, actor="ann"):
    verb(purchase_order=fresh(purchase_order), actor=actor, now=LATER)
    assert violated_invariants() == []


def requested_payments():
    events = PaymentEvent.objects.filter(kind__endswith="_requested").order_by("pk")
    return list(events.values_list("kind", flat=True))


def ship(purchase_order):
    state = make_state(purchase_order, "shipped", make_shipment_notice())
    acknowledgements.apply(purchase_order=fresh(purchase_order), state=state, now=LATER)
    shipments.import_parcels(purchase_order=fresh(purchase_order), state=state, now=LATER)
