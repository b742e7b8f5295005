"""How returns come to wait for a person, planted in a world."""

from __future__ import annotations

from datetime import timedelta

from orders.models import Order, ReturnAuthorization, SupplierRMA, SupplierRMALine
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


def rma(status, **changes):
    return lambda: SupplierRMA.objects.update(status=status, **changes)


TROUBLE = {
    "return_asked": returned(status="requested"),
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
    "rma_to_do": rma("draft"),
    "rma_silent": rma("shipped", status_since=NOON - timedelta(days=15)),
    "rma_disputed": rma("disputed"),
}
