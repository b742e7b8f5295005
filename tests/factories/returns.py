"""Return factories: deliver orders, return and exchange goods through the shop's own functions."""

import secrets
from decimal import Decimal
from itertools import count

from orders.models import Order, PaymentEvent, PurchaseOrder, ReturnAuthorization, ReturnPolicy
from orders.purchasing import submission
from orders.returns import authorizations, exchanges, inspection, refunds, requests
from orders.returns.exchanges import ReplacementSources
from orders.returns.inspection import InspectedLine
from orders.returns.replacement_orders import ReplacementSource
from orders.returns.requests import ReturnRequest
from shipping.shipments import shipments
from storefront.dashboard.invariants.payments import PAYMENTS
from storefront.dashboard.invariants.purchase_orders import PURCHASE_ORDERS
from storefront.dashboard.invariants.returns import RETURNS
from storefront.lib.money import Money
from tests.factories.catalog import make_variant
from tests.factories.full_shop import settle
from tests.factories.orders import make_sellable
from tests.factories.shipping import make_accepted_purchase_order, make_shipment_notice, make_state
from tests.factories.suppliers import NOON
from tests.support.invariants import violated

_parcels = count(1)
Kind = ReturnAuthorization.Kind


def make_shipped_order(*listings, quantity=3, now=NOON, answer="shipped", **order):
    """Make a paid, captured, shipped order; with ``answer="delivered"`` it is delivered too."""
    listings = listings or [make_sellable(quantity=9)]
    purchase = make_accepted_purchase_order(*listings, quantity=quantity, now=now, **order)
    settle(purchase.order)
    parcel = make_shipment_notice(f"CJPKR{next(_parcels):010}YQ")
    for word in dict.fromkeys(("shipped", answer)):
        shipments.import_parcels(
            purchase_order=purchase, state=make_state(purchase, word, parcel), now=now
        )
    return Order.objects.get(pk=purchase.order_id)


def make_delivered(*listings, **order):
    return make_shipped_order(*listings, answer="delivered", **order)


def make_policy(supplier=None, **known):
    known = {"destination": "us", "address": "Fara, Lampenweg 1, 10115 Berlin", **known}
    return ReturnPolicy.objects.create(supplier=supplier, **known)


def make_sibling(light, price, quantity=9):
    """Sell another variant of the same light."""
    variant = make_variant(product=light.variant.product)
    return make_sellable(price=price, quantity=quantity, variant=variant)


def make_return_request(
    order, *units, kind=Kind.WITHDRAWAL, key=None, customer_message="", wanted=None
):
    """Make a return request with the number of units of each line, in line order."""
    lines = order.lines.order_by("pk").values_list("pk", flat=True)
    return ReturnRequest(
        key=key or secrets.token_hex(8),
        kind=kind,
        units=dict(zip(lines, units, strict=False)),
        customer_message=customer_message,
        wanted=wanted or {},
    )


def declare(order, *units, now=NOON, actor="customer", ignore_deadlines=False, **said):
    made = requests.submit(
        order=order, request=make_return_request(order, *units, **said), actor=actor, now=now,
        ignore_deadlines=ignore_deadlines,
    )  # fmt: skip
    return made[0]


def receive(authorization, *, came=None, now=NOON):
    units = {line.pk: line.quantity if came is None else came for line in lines_of(authorization)}
    inspection.receive(authorization=authorization, units=units, actor="ann", now=now)


def inspect(authorization, *, accepted=None, deduction="0", reason="", now=NOON, state="as_new"):
    results = {
        line.pk: InspectedLine(
            accepted=line.received_quantity if accepted is None else accepted,
            condition=ReturnAuthorization.Condition(state),
            deduction=inspection.Decimal(deduction),
            reason=reason,
        )
        for line in lines_of(authorization)
    }
    inspection.inspect(authorization=authorization, results=results, actor="ann", now=now)


def mark_shipped(authorization, number="1"):
    """Record as staff that the customer sent a return with this tracking number."""
    authorizations.mark_shipped(
        authorization=authorization, carrier="DHL", tracking_number=number, actor="ann", now=NOON
    )


def bring_back(authorization, now=NOON, **inspected):
    """Approve a return if needed, receive all its units, inspect them."""
    if authorization.status in authorizations.AWAITING_DECISION:
        authorizations.approve(authorization=authorization, answer="", actor="ann", now=now)
    receive(authorization, now=now)
    inspect(authorization, now=now, **inspected)


def lines_of(authorization):
    return authorization.lines.order_by("pk")


def counters(order):
    return list(order.lines.order_by("pk").values_list("returning_quantity", "returned_quantity"))


# Exchanges for another variant


def make_inspected_return(light, *, units=1, quantity=3, kind="defect", wanted=None, **inspected):
    order = make_delivered(light, quantity=quantity)
    return return_units(order, units, kind=kind, wanted=wanted, **inspected)


def return_units(order, *units, kind="defect", wanted=None, **inspected):
    made = declare(order, *units, kind=kind, customer_message="Dead.", wanted=wanted)
    bring_back(made, **inspected)
    return made


def exchange(made, other=None, *, is_free=False):
    """Exchange as ``shipping.rerouting.exchanges`` does, with ``other`` as the source if given."""
    line = made.lines.get()
    found = exchanges.NO_SOURCES
    if other is not None:
        shelf = ReplacementSource(
            variant_id=other.variant.pk,
            offer_id=other.level.offer_id,
            level_id=other.level.pk,
            location_id=other.level.location_id,
            cost=Money(Decimal(10), "EUR"),
            rate=None,
            landed=None,
            entry=made.purchase_order.entry,
        )
        found = ReplacementSources(sources={line.order_line_id: shelf})
    choice = None if other is None else {line.order_line_id: other.variant.pk}
    return exchanges.exchange(
        authorization=made, choice=choice, is_free=is_free, sources=found, actor="ann", now=NOON
    )


def requested_refunds():
    events = PaymentEvent.objects.filter(kind="refund_requested").order_by("pk")
    return list(events.values_list("amount", flat=True))


# Invariants of purchase orders, without those about times of submission, which factories ignore.
PURCHASE_LINES = [
    one
    for one in PURCHASE_ORDERS
    if one.code.removeprefix("purchase_orders.")
    in {"line_once", "paid_only", "one_per_location", "own_lines", "live_lines", "backorders_open"}
]


def violated_order_invariants():
    return violated([*PAYMENTS, *RETURNS, *PURCHASE_LINES])


def violated_return_invariants():
    return violated(RETURNS)


def pay(made):
    refunds.refund(authorization=made, actor="ann", now=NOON)
    return made


def deliver_order(order, *, units=None):
    """Deliver ``units`` of the only line, by default all; the other units are not shipped."""
    submission.create_purchase_orders(order=order, now=NOON)
    units = order.lines.get().quantity if units is None else units
    order.lines.update(shipped_quantity=units, delivered_quantity=units)
    PurchaseOrder.objects.filter(order=order).update(status="closed", status_since=NOON)
    return Order.objects.get(pk=order.pk)
