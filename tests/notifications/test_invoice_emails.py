"""Invoice e-mails: trigger each by the shop's own code, check its text and its PDF."""

from decimal import Decimal

import pytest

from orders.customer_invoices import issuing, publication
from orders.models import CustomerInvoice
from orders.payments import refunds
from storefront.lib.money import Money
from tests.factories.full_shop import settle
from tests.factories.returns import make_shipped_order
from tests.factories.scripted_supplier import connect_without_holds
from tests.factories.suppliers import NOON
from tests.support.emails import email_test, last_email

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def supplier(monkeypatch):
    connect_without_holds(monkeypatch)


def publish_all():
    for invoice in CustomerInvoice.objects.filter(file="").order_by("pk"):
        publication.publish(invoice=invoice, now=NOON)


def invoiced():
    order = make_shipped_order(quantity=1)
    issuing.issue(order_id=order.pk, now=NOON)
    publish_all()
    return order


def credited():
    order = invoiced()
    refunds.refund(
        order=order,
        amount=Money(Decimal(5), "EUR"),
        reason="",
        actor="ann",
        now=NOON,
        key="a",
    )
    settle(order)
    publish_all()


CASES = [
    (
        "order.invoiced",
        invoiced,
        ["Your order is on its way, and this is its invoice.", "INV-2026-00001", "€44.89"],
    ),
    (
        "order.credited",
        credited,
        ["It corrects invoice INV-2026-00001", "CRN-2026-00001", "€5.00"],
    ),
]


test_invoice_email = email_test(CASES)


def test_the_pdf_is_attached():
    invoiced()

    (attachment,) = last_email("order.invoiced").english.attachments

    assert attachment.file_name == "INV-2026-00001.pdf"
    assert attachment.content == publication.read(CustomerInvoice.objects.get())
