"""Packing list: items and address without prices, in the language of the order."""

import io

import pytest
from django.urls import reverse
from pypdf import PdfReader

from orders.customer_invoices import packing_list
from tests.factories.orders import make_paid_order, make_sellable

pytestmark = pytest.mark.django_db


def text_of(content):
    pages = PdfReader(io.BytesIO(content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_it_lists_what_is_not_canceled_without_prices(staff):
    order = make_paid_order(make_sellable(quantity=5), quantity=3)
    line = order.lines.get()
    order.lines.update(canceled_quantity=1)

    answer = staff.get(reverse("admin:orders_order_packing_list", args=[order.pk]))

    text = text_of(answer.content)
    assert answer["Content-Type"] == "application/pdf"
    for shown in (f"Packing list {order.number}", line.sku, order.ship_to["name"]):
        assert shown in text
    assert f"{line.title} 2" in text
    assert str(line.unit_amount) not in text


def test_it_is_written_in_the_language_of_the_order():
    order = make_paid_order()
    order.locale = "az"

    assert "Qablaşdırma siyahısı" in text_of(packing_list.render(order))
