"""Full shop factory: make an order in each state, through the shop's own functions."""

from datetime import timedelta

from django.db import transaction

from catalog.models import Brand, PriceChange
from catalog.search import index
from notifications import dispatch
from notifications.models import Event, Message
from orders import ledger
from orders.cancellation import cancellation
from orders.checkout import checkout
from orders.claims import status as claim_status
from orders.customer_invoices import issuing, publication
from orders.inventory import sales_tally
from orders.models import (
    ErasureRequest,
    Order,
    PaymentEvent,
    PurchaseOrder,
    ReturnAuthorization,
    ReturnPolicy,
)
from orders.payments import updates
from orders.purchasing import submission
from orders.returns import inspection, refunds, requests, supplier_returns
from orders.returns.inspection import InspectedLine
from orders.returns.requests import ReturnRequest
from shipping import supplier_performance
from shipping.shipments import shipments
from storefront.events.publication import publish_pending
from suppliers.connectors.records import ClaimStatus, OutOfStockError
from suppliers.models import CostChange, LatencyBucket, PendingPublication, SyncIssue, SyncRun
from suppliers.scorecards import scorecards
from tests.factories.backorders import reroute_due
from tests.factories.catalog import make_channel, make_image, make_mode
from tests.factories.claims import make_claim, submit_claim, whole_claim
from tests.factories.compliance import make_verified
from tests.factories.events import make_subscription, record_case
from tests.factories.orders import (
    make_order,
    make_paid_order,
    make_payment_update,
    make_purchase_orders,
    make_sellable,
)
from tests.factories.reconciliation import compare_yesterday
from tests.factories.scripted_supplier import ScriptedSupplier, connect
from tests.factories.shipping import make_service, make_shipment_notice, make_state
from tests.factories.suppliers import NOON, make_supplier
from tests.factories.webhooks import store_webhook


def make_world(monkeypatch, batch=1):
    """Make one order in each state that the shop's functions reach, with what it needs.

    A second call with another ``batch`` adds as many orders to the same shop.
    """
    supplier = connect(monkeypatch, ScriptedSupplier())
    listings = [make_sellable(quantity=20) for _ in range(2)]
    for listing in listings:
        make_mode(listing.variant.product)
        make_image(listing.variant.product, stem="a1")
    make_service(code=f"standard-{batch}")
    make_order(*listings, email="max@example.org")
    make_paid_order(*listings)
    make_purchase_orders(*listings)
    _expired(listings)
    _canceled(listings)
    _refused(listings, supplier)
    _sent(listings)
    _returned(listings, batch)
    _shipped(listings, "shipped", number=f"CJPKL00000000{batch}1YQ")
    _shipped(listings, "delivered", number=f"CJPKL00000000{batch}2YQ")
    _claimed(supplier)
    _synced(listings, batch)
    _received_webhooks()
    _published_events()
    _vetted(batch)
    _notified()
    compare_yesterday(batch)
    sales_tally.count_sales(now=NOON)
    Brand.objects.update(manufacturer_name="Fara Works", manufacturer_country="DE")
    PendingPublication.objects.all().delete()  # as if the pages had been refreshed
    with transaction.atomic():
        products = [listing.variant.product_id for listing in listings]
        index.reindex(product_ids=products, channel=make_channel())
    return listings


def _expired(listings):
    order = make_order(*listings)
    assert checkout.expire(order=order, now=NOON + timedelta(days=1))


def _canceled(listings):
    order = make_paid_order(*listings)
    cancellation.cancel(order=order, reason="changed my mind", actor="customer", now=NOON)
    settle(order)


def _refused(listings, supplier):
    (purchase_order,) = make_purchase_orders(*listings)
    supplier.script = [OutOfStockError("sold out")]
    _send(purchase_order)
    reroute_due()
    settle(purchase_order.order)


def _sent(listings):
    (purchase_order,) = make_purchase_orders(*listings)
    purchase_order = _send(purchase_order)
    assert purchase_order.submission_status == "accepted", purchase_order.hold_reasons
    settle(purchase_order.order)
    return purchase_order


def _shipped(listings, answer, *, number):
    purchase_order = _sent(listings)
    parcel = make_shipment_notice(number, carrier_text="in transit", happened_at=NOON)
    for word in ("shipped", answer):
        shipments.import_parcels(
            purchase_order=purchase_order, state=make_state(purchase_order, word, parcel), now=NOON
        )
    invoice = issuing.issue(order_id=purchase_order.order_id, now=NOON)
    publication.publish(invoice=invoice, now=NOON)
    return purchase_order


def _claimed(supplier):
    """Open claims for all shipped purchase orders; the supplier credits one of them."""
    left = PurchaseOrder.objects.filter(
        status__in=PurchaseOrder.SHIPPED_STATES, claims=None, supplier_returns=None
    ).order_by("pk")
    for place, purchase_order in enumerate(left):
        claim = submit_claim(make_claim(purchase_order))
        if place == 0:
            supplier.decide(claim.number, ClaimStatus.REFUNDED, "7.00")
            claim_status.look_up(claim=whole_claim(claim), now=NOON)


def _returned(listings, batch):
    """Return a delivered line, refund it, and send it back to its supplier."""
    purchase_order = _shipped(listings, "delivered", number=f"CJPKL00000000{batch}3YQ")
    order = Order.objects.get(pk=purchase_order.order_id)
    ReturnPolicy.objects.get_or_create(
        supplier=purchase_order.supplier,
        defaults={"accepts_returns": True, "restocking_fee_percent": 10},
    )
    line = order.lines.order_by("pk").first()
    said = ReturnRequest(
        key=f"world-{batch}", kind=ReturnAuthorization.Kind.WITHDRAWAL, units={line.pk: 1}
    )
    (made,) = requests.submit(order=order, request=said, actor="customer", now=NOON)
    (came,) = made.lines.all()
    inspection.receive(authorization=made, units={came.pk: 1}, actor="ann", now=NOON)
    judged = InspectedLine(accepted=1, condition=ReturnAuthorization.Condition.AS_NEW)
    inspection.inspect(authorization=made, results={came.pk: judged}, actor="ann", now=NOON)
    refunds.refund(authorization=made, actor="ann", now=NOON)
    settle(order)
    supplier_return = supplier_returns.open_for_return(authorization=made, actor="ann", now=NOON)
    for to in ("requested", "authorized", "shipped"):
        supplier_returns.record_status(
            supplier_return=supplier_return,
            to=to,
            reason="confirmed by phone",
            actor="ann",
            now=NOON,
        )


def _send(purchase_order):
    fresh = PurchaseOrder.objects.select_related("order", "supplier", "location")
    return submission.submit(purchase_order=fresh.get(pk=purchase_order.pk), now=NOON)


def settle(order, *, now=NOON):
    """Apply the gateway's success to every request for an order."""
    answers = {
        PaymentEvent.Kind.CAPTURE_REQUESTED: "captured",
        PaymentEvent.Kind.VOID_REQUESTED: "voided",
        PaymentEvent.Kind.REFUND_REQUESTED: "refunded",
    }
    for event in PaymentEvent.objects.filter(payment__order=order, kind__in=ledger.REQUESTS):
        payment = event.payment
        update = make_payment_update(
            payment, answers[event.kind], amount=event.amount, request_key=event.external_id, at=now
        )
        updates.apply(update=update, gateway="fake", now=now)


def _synced(listings, batch):
    supplier = make_supplier()
    run = SyncRun.objects.create(
        supplier=supplier,
        kind=SyncRun.Kind.PRODUCTS,
        status_since=NOON,
        started_at=NOON,
        lease_until=NOON + timedelta(minutes=5),
    )
    for to in ("parsed", "staged", "applied"):
        run.move(to, at=NOON)
    for row in (f"P{batch}1", f"P{batch}2"):
        SyncIssue.objects.create(
            supplier=supplier,
            first_run=run,
            last_run=run,
            row=row,
            code="gtin-check-digit",
            severity="error",
            message="The check digit is wrong.",
        )
    for listing in listings:
        offer = listing.variant.offers.get()
        CostChange.objects.create(offer=offer, run=run, new_amount=offer.cost_amount, at=NOON)
        PriceChange.objects.create(
            listing=listing,
            amount=listing.price_amount,
            cost_amount=listing.cost_amount,
            rule=listing.rule,
            at=NOON,
        )


def _vetted(batch):
    supplier = make_supplier()
    for criterion in ("ce", "un_38_3"):
        make_verified(supplier, criterion)
    LatencyBucket.objects.create(supplier=supplier, on=NOON.date(), le_ms=100 * batch, count=3)
    supplier_performance.record_new_facts()
    scorecards.record_cost_counts(now=NOON)
    scorecards.roll_up(supplier=supplier, first=NOON.date(), now=NOON)


def _received_webhooks():
    for status in ("applied", "failed"):
        store_webhook("stripe", b"{}").move(status, at=NOON, problem="")


def _published_events():
    """Publish all events to one receiver, which has refused one of them."""
    subscription = make_subscription()
    publish_pending(now=NOON)
    first = subscription.deliveries.order_by("pk").first()
    attempt = {"at": NOON.isoformat(), "status": 500, "ms": 12, "answer": "Internal error"}
    subscription.deliveries.filter(pk=first.pk).update(
        status="failed", attempts=10, log=[attempt] * 10
    )
    record_case()


def _notified():
    for event in Event.objects.order_by("pk"):
        for message in dispatch.fan_out(event=event, now=NOON):
            message.move(Message.Status.SENDING, at=NOON, attempts=1)
            message.move(Message.Status.SENT, at=NOON)


def orders_by_status():
    return {order.status: order for order in Order.objects.order_by("pk")}


def ask_supplier():
    """Make an erasure request, which staff must send to the supplier."""
    return ErasureRequest.objects.create(purchase_order=PurchaseOrder.objects.first(), since=NOON)


def stray():
    """Record that suppliers shipped canceled purchase orders."""
    PurchaseOrder.objects.filter(status="in_progress").update(status="canceled")
    for row in PurchaseOrder.objects.filter(status="canceled", submission_status="accepted"):
        row.messages.create(direction="in", kind="shipped_canceled", at=NOON)
