"""Reconciliation helpers: make payments at a running gateway, and reconcile today."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from orders import ledger
from orders.accounting.reconciliation import reconciliation
from orders.models import Discrepancy, Payment, PurchaseOrder
from orders.payments import sessions, updates
from orders.purchasing import submission
from storefront.lib.money import Money
from tests.factories import stripe_orders
from tests.factories.orders import make_order, make_sellable
from tests.factories.stripe_orders import BACK
from tests.factories.suppliers import NOON


def now():
    """Return the real time, which the gateway uses too."""
    return timezone.now()


def later():
    return timezone.now() + timedelta(days=2)


def today():
    return reconciliation.run_of(timezone.localdate(), now=timezone.now())


def compare(clock=later):
    """Reconcile today, with a clock two days ahead."""
    return reconciliation.reconcile(day=today(), clock=clock)


def two_sellables(*, price="39.99"):
    return stripe_orders.two_sellables(price, price)


def open_order(*listings):
    """Order a product at NOON, the time of its stock figures, and open its payment."""
    order = make_order(*(listings or [make_sellable()]), now=NOON)
    return sessions.open_session(order=order, return_url=BACK, now=NOON)


def refresh_from_gateway(payment):
    return updates.refresh(payment=payment, now=now())


def paid(server, *listings):
    """Order a product, pay it on the gateway's page, and refresh the payment."""
    payment = open_order(*listings)
    server.pay(payment.pay_url)
    return refresh_from_gateway(payment)


def divided(payment):
    payment.order.refresh_from_db()
    return submission.create_purchase_orders(order=payment.order, now=now())


def accept(payment, purchase_order):
    """Accept a purchase order as its supplier does, and capture the payment of that part."""
    stripe_orders.accept(purchase_order, now=now())
    stripe_orders.settle(now())
    payment.refresh_from_db()
    return PurchaseOrder.objects.get(pk=purchase_order.pk)


def accepted(payment):
    return [accept(payment, purchase_order) for purchase_order in divided(payment)]


def refund(payment, amount, *, purpose="staff:1"):
    with transaction.atomic():
        locked = Payment.objects.select_for_update(of=["self"]).get(pk=payment.pk)
        money = Money(amount, payment.currency)
        ledger.request_refund(locked, amount=money, purpose=purpose, at=now())
    stripe_orders.settle(now())
    payment.refresh_from_db()


def found(status="open"):
    """Return kind, measure, expected and found amount of each discrepancy."""
    return [
        (row.kind, row.what, row.expected_amount, row.found_amount)
        for row in Discrepancy.objects.filter(status=status).order_by("pk")
    ]


def the_one():
    return Discrepancy.objects.get(status="open")
