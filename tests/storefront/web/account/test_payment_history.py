"""Payment history: a customer sees their own charges and refunds only."""

import re
from decimal import Decimal

import pytest

from orders.customer_invoices import issuing, publication
from orders.models import PaymentEvent
from orders.payments import updates
from storefront.web.account import views
from tests.factories.orders import make_order, make_payment, make_payment_update, pay
from tests.factories.returns import make_shipped_order
from tests.factories.suppliers import NOON
from tests.storefront.web.page_parser import Page, in_each_language, page_of

pytestmark = pytest.mark.django_db
HERE = "/en/account/payments/"


def apply_updates(payment, *kinds, amount=None):
    for kind in kinds:
        update = make_payment_update(payment, kind, amount=amount or payment.amount)
        updates.apply(update=update, gateway="fake", now=NOON)


def listed(response):
    lines = re.findall(r'<li class="line-tiny">(.*?)</li>', response.content.decode(), re.DOTALL)
    return [re.sub(r"<[^>]+>", " ", line).split() for line in lines]


@in_each_language
def test_empty_history_is_a_valid_page(signed_in, language):
    page = Page(signed_in.get(HERE.replace("/en/", f"/{language}/")))

    assert (page.faults, len(page.all("h1"))) == ([], 1)


def test_each_payment_event_is_listed_newest_first(signed_in, light, monkeypatch):
    order = pay(make_order(light))
    payment = order.payments.get()
    apply_updates(payment, "captured")
    apply_updates(payment, "refunded", amount=Decimal("4.89"))

    lines = [" ".join(words) for words in listed(signed_in.get(HERE))]

    names = [line.split(" 24 Nov")[0] for line in lines]
    assert names == ["Refunded", "Charged", "Authorized"]
    assert [line.split()[-1] for line in lines] == ["€4.89", "€44.89", "€44.89"]
    assert all(order.number in line for line in lines)
    monkeypatch.setattr(views, "PAYMENTS_PER_PAGE", 2)
    first, second = signed_in.get(HERE), signed_in.get(f"{HERE}?page=2")
    assert (len(listed(first)), len(listed(second))) == (2, 1)
    assert "?page=2" in first.content.decode()


def test_only_own_payments_are_listed(signed_in, client_of_another, light):
    apply_updates(make_payment(make_order(light)), "expired")
    other = pay(make_order(light, email="max@example.org"))

    assert PaymentEvent.objects.filter(kind="expired").exists()
    answer = signed_in.get(HERE)
    assert listed(answer) == []
    assert other.number not in answer.content.decode()
    answer = client_of_another.get(HERE)
    assert (answer.status_code, "/sign-in/" in answer["Location"]) == (302, True)


def test_invoices_are_listed_with_the_order_once_published(signed_in, light):
    order = make_shipped_order(light, quantity=1, email="erika@example.org")
    invoice = issuing.issue(order_id=order.pk, now=NOON)
    url = page_of(order, f"invoices/{invoice.number}/")
    before = signed_in.get("/en/account/").content.decode()
    publication.publish(invoice=invoice, now=NOON)

    assert url not in before
    assert url in signed_in.get("/en/account/").content.decode()
