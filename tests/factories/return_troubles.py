"""How returns come to wait for a person, planted in a world."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import F

from orders.models import (
    Order,
    OrderLine,
    PaymentEvent,
    ReturnAuthorization,
    ReturnLine,
    ReturnPolicy,
    SupplierClaim,
    SupplierClaimLine,
    SupplierRMA,
    SupplierRMALine,
)
from storefront.lib.state_machine import StatusChange
from tests.factories.suppliers import NOON


def returned(**changes):
    unpaid = {"due_amount": None, "refund_amount": None, "delivery_amount": 0}
    known = {"address": "Lampenweg 1", **unpaid, **changes}
    return lambda: ReturnAuthorization.objects.update(**known)


def unsent():
    """Forget that its supplier was asked."""
    SupplierRMALine.objects.all().delete()
    SupplierRMA.objects.all().delete()


def fail_to_replace():
    canceled = Order.objects.filter(status="canceled").first()
    returned(status="exchanged", replacement=canceled)()


def too_late():
    unsent()
    ReturnPolicy.objects.update(takes_back_days=0)


def pay(**changes):
    paid = {"due_amount": 0, "refund_amount": 0, "delivery_amount": 0, "replacement": None}
    return returned(status="refunded", **paid, **changes)


def pay_before_it_came():
    StatusChange.objects.filter(to_status="lost_in_transit").delete()
    ReturnLine.objects.update(received_quantity=0)
    pay(destination="us", status_since=NOON - timedelta(days=22))()


def let_him_keep_it():
    SupplierClaimLine.objects.all().delete()
    SupplierClaim.objects.all().delete()
    pay(destination="nowhere", kind="defect", status_since=NOON)()


def keep_the_way():
    """Let all goods come back, and the charge for their way stay with us."""
    pay()()
    orders = Order.objects.filter(returns__isnull=False)
    whole = {"shipped_quantity": F("quantity"), "returning_quantity": F("quantity")}
    lines = OrderLine.objects.filter(order__in=orders)
    lines.update(canceled_quantity=0, returned_quantity=F("quantity"), **whole)
    ReturnLine.objects.update(deduction_amount=0)
    asked = PaymentEvent.objects.filter(payment__order__in=orders, kind="refund_requested")
    asked.update(amount=1)


def rma(status, **changes):
    return lambda: SupplierRMA.objects.update(status=status, **changes)


TROUBLE = {
    "return_asked": returned(status="requested"),
    "return_overdue": returned(status="needs_evidence", status_since=NOON - timedelta(days=32)),
    "return_nowhere_to": returned(status="approved", address=""),
    "return_came": returned(status="received"),
    "return_to_pay": returned(status="inspected"),
    "return_refund_due": returned(
        status="in_transit", tracking_number="1", opened_at=NOON - timedelta(days=8)
    ),
    "return_on_its_way": returned(status="in_transit", status_since=NOON - timedelta(days=22)),
    "return_lost": returned(status="lost_in_transit"),
    "return_not_replaced": fail_to_replace,
    "return_to_send_on": unsent,
    "return_send_on_late": too_late,
    "return_paid_not_here": pay_before_it_came,
    "return_to_claim": let_him_keep_it,
    "return_delivery_due": keep_the_way,
    "rma_to_do": rma("draft"),
    "rma_silent": rma("shipped", status_since=NOON - timedelta(days=15)),
    "rma_disputed": rma("disputed"),
}
