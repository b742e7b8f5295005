"""Race: a double click, two staff members who pay one bill, two who void one payment."""

from decimal import Decimal

import pytest

from orders.accounting import bill_payments
from orders.accounting.bill_payments import PaymentRejectedError
from orders.models import SupplierInvoice, SupplierPayment
from tests.factories.orders import make_purchase_orders, make_sellable
from tests.factories.reconciliation import make_invoice
from tests.factories.suppliers import NOON
from tests.support.concurrency import all_at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bill():
    (bought,) = make_purchase_orders(make_sellable())
    return make_invoice(bought, due_on=NOON.date())


def pay(bill, key):
    return bill_payments.record_payment(
        invoice=bill,
        amount=Decimal("6.00"),
        paid_on=NOON.date(),
        reference="transfer",
        key=key,
        actor="ann",
        now=NOON,
    )


def paid():
    return SupplierInvoice.objects.get().paid_amount


def test_a_double_click_pays_once(bill):
    refused = all_at_once([lambda: pay(bill, "one form")] * 4, PaymentRejectedError)

    assert (refused, paid(), SupplierPayment.objects.count()) == (0, 6, 1)


def test_two_payments_at_once_do_not_pass_the_open_amount(bill):
    """Without the lock of the invoice both see ten dollars open."""
    refused = all_at_once([lambda key=key: pay(bill, key) for key in "1234"], PaymentRejectedError)

    assert (refused, paid(), SupplierPayment.objects.count()) == (3, 6, 1)


def test_two_voids_reopen_the_amount_once(bill):
    payment = pay(bill, "1")

    refused = all_at_once(
        [lambda: bill_payments.void_payment(payment=payment, reason="wrong", actor="ann", now=NOON)]
        * 4,
        PaymentRejectedError,
    )

    assert (refused, paid()) == (3, 0)
