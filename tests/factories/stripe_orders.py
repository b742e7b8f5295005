"""Stripe order factories: pay orders through Stripe, answer as their suppliers."""

from django.db import transaction

from orders import ledger
from orders.models import Payment, PaymentEvent, PurchaseOrder
from orders.payments import captures, sessions, updates
from orders.purchasing import submission
from suppliers.models import StockLevel
from tests.factories.orders import make_order, make_sellable
from tests.factories.suppliers import NOON, make_location
from tests.fakes.stripe_server import GOOD_CARD

BACK = "http://shop.example/back/"


def two_sellables(*prices):
    """Make two products in separate locations, so that each is captured alone."""
    near, far = (make_sellable(price=price) for price in prices or ("39.99", "19.99"))
    level = StockLevel.objects.filter(pk=far.level.pk)
    level.update(location=make_location(code="CN", country="CN"))
    return near, far


def start(order):
    return sessions.open_session(order=order, return_url=BACK, now=NOON)


def buy(stripe, *listings, card=GOOD_CARD, many=False):
    """Order, pay on Stripe's page; return the payment and the new purchase orders."""
    stripe.control("account", {"many": many})
    order = make_order(*listings)
    payment = start(order)
    stripe.pay(payment.pay_url, card)
    updates.refresh(payment=payment, now=NOON)
    order.refresh_from_db()
    return payment, submission.create_purchase_orders(order=order, now=NOON)


def accept(purchase_order, *, status="accepted", now=NOON):
    """Accept a purchase order as its supplier, and request the capture."""
    PurchaseOrder.objects.filter(pk=purchase_order.pk).update(
        accepted_at=now, submission_status=status, status="in_progress"
    )
    with transaction.atomic():
        (payment,) = ledger.lock_authorized_payments(purchase_order.order_id)
        ledger.request_capture(
            payment, amount=purchase_order.charge, purpose=purchase_order.number, at=now
        )


def refuse(payment, purchase_order):
    """Cancel a purchase order as rejected, and request to void its amount."""
    PurchaseOrder.objects.filter(pk=purchase_order.pk).update(status="canceled")
    with transaction.atomic():
        ledger.request_void(
            payment, amount=purchase_order.charge, purpose=purchase_order.number, at=NOON
        )


def settle(now=NOON):
    """Run the payment sweep until nothing is due."""
    for _ in range(5):
        for request_id in captures.due_requests(now=now):
            request = PaymentEvent.objects.select_related("payment").get(pk=request_id)
            captures.execute(payment=request.payment, now=now)
    return Payment.objects.latest("pk")


def sums(payment):
    payment.refresh_from_db()
    amounts = [payment.authorized_amount, payment.captured_amount]
    return [str(each) for each in [*amounts, payment.voided_amount, payment.refunded_amount]]


def book(payment):
    return sorted(payment.events.values_list("kind", "amount", "answers__external_id"))
