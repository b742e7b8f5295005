from datetime import timedelta
from hashlib import sha256

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import transaction

from notifications.models import Event
from orders.customer_invoices import document, issuing, publication, tasks
from orders.models import CustomerInvoice, Order
from storefront.privacy import retention
from tests.factories.returns import make_shipped_order
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


def test_task_issues_and_publishes_each_invoice_once(time_machine):
    time_machine.move_to(NOON)
    make_shipped_order()

    tasks.issue_due()
    tasks.issue_due()

    invoice = CustomerInvoice.objects.get()
    assert publication.read(invoice).startswith(b"%PDF")
    assert Event.objects.filter(name="order.invoiced").count() == 1


def test_second_publication_changes_nothing():
    """As by two workers, or after a crash between the file and its record."""
    invoice = issuing.issue(order_id=make_shipped_order().pk, now=NOON)
    copy = CustomerInvoice.objects.get()

    publication.publish(invoice=invoice, now=NOON)
    publication.publish(invoice=copy, now=NOON)

    assert Event.objects.filter(name="order.invoiced").count() == 1
    assert len(storages["private"].listdir("invoices")[1]) == 1


def test_a_pdf_that_was_written_in_part_is_written_again():
    """As by a worker that was killed while it wrote."""
    invoice = issuing.issue(order_id=make_shipped_order().pk, now=NOON)
    content = document.render(invoice)
    name = f"invoices/{sha256(content).hexdigest()}.pdf"
    storages["private"].save(name, ContentFile(content[:100]))

    publication.publish(invoice=invoice, now=NOON)

    assert publication.read(invoice) == content


def test_an_invoice_is_not_mailed_to_an_address_that_was_erased_meanwhile():
    order = make_shipped_order()
    invoice = issuing.issue(order_id=order.pk, now=NOON)
    assert invoice.order.email == order.email
    Order.objects.update(email="erased@erased.invalid")

    publication.publish(invoice=invoice, now=NOON)

    assert Event.objects.get(name="order.invoiced").payload["email"] == "erased@erased.invalid"


def test_a_failure_does_not_stop_the_other_invoices(time_machine, monkeypatch):
    time_machine.move_to(NOON)
    broken, order = make_shipped_order(), make_shipped_order()
    issue = issuing.issue

    def fail_for_one(*, order_id, now):
        if order_id == broken.pk:
            raise ValueError
        return issue(order_id=order_id, now=now)

    monkeypatch.setattr(issuing, "issue", fail_for_one)
    tasks.issue_due()

    assert CustomerInvoice.objects.get().order == order


def test_invoices_are_deleted_with_their_files_after_the_years_of_tax_law(
    django_capture_on_commit_callbacks,
):
    long_ago = NOON - timedelta(days=12 * 365)
    order = make_shipped_order()
    order.purchase_orders.update(status_since=long_ago)
    invoice = issuing.issue(order_id=order.pk, now=long_ago)
    publication.publish(invoice=invoice, now=long_ago)
    recent = issuing.issue(order_id=make_shipped_order().pk, now=NOON)
    (rule,) = [rule for rule in retention.RULES if rule.code == "customer_invoices"]

    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        assert rule.sweep(NOON - rule.keep) == 1

    assert CustomerInvoice.objects.get() == recent
    assert not storages["private"].exists(invoice.file)
