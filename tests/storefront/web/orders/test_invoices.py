"""Invoices on the order page: listed once published, downloaded by the link's key."""

import pytest
from django.core.files.storage import storages

from orders.customer_invoices import issuing, publication
from orders.models import CustomerInvoice
from tests.factories.returns import make_shipped_order
from tests.factories.suppliers import NOON
from tests.storefront.web.page_parser import page_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(light):
    order = make_shipped_order(light, quantity=1)
    issuing.issue(order_id=order.pk, now=NOON)
    return order


def publish():
    invoice = CustomerInvoice.objects.get()
    publication.publish(invoice=invoice, now=NOON)
    return invoice


def test_invoice_is_offered_once_it_is_published(client, order):
    before = client.get(page_of(order)).content.decode()
    invoice = publish()
    after = client.get(page_of(order)).content.decode()

    url = page_of(order, f"invoices/{invoice.number}/")
    assert "Your invoice follows when your items ship." in before
    assert url not in before
    assert after.count(f'href="{url}"') == 2  # the action and the list
    assert f"Invoice {invoice.number} (PDF)" in after


def test_open_page_changes_when_the_invoice_is_published(client, order):
    etag = client.get(page_of(order))["ETag"]
    publish()

    assert client.get(page_of(order), headers={"If-None-Match": etag}).status_code == 200


def test_download_is_the_published_file_and_private(client, order):
    invoice = publish()

    answer = client.get(page_of(order, f"invoices/{invoice.number}/"))

    assert answer.content == publication.read(invoice)
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == f'attachment; filename="{invoice.number}.pdf"'
    assert "no-store" in answer["Cache-Control"]
    assert "private" in answer["Cache-Control"]


def test_neither_a_wrong_key_nor_another_order_opens_an_invoice(client, order, light):
    invoice, other = publish(), make_shipped_order(light, quantity=1)

    wrong_key = page_of(order, f"invoices/{invoice.number}/").replace(order.access_key, "x" * 32)
    assert client.get(wrong_key).status_code == 404
    assert client.get(page_of(other, f"invoices/{invoice.number}/")).status_code == 404


def test_an_unpublished_or_altered_file_is_not_sent(client, order):
    invoice = CustomerInvoice.objects.get()
    url = page_of(order, f"invoices/{invoice.number}/")
    assert client.get(url).status_code == 404

    publish()
    invoice.refresh_from_db()
    with storages["private"].open(invoice.file, "wb") as file:
        file.write(b"%PDF another")

    assert client.get(url).status_code == 404
