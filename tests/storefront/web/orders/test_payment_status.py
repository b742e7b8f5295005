"""Order pages show what happened to the payment and to return requests."""

import re
from decimal import Decimal

import pytest
from django.db import transaction

from orders.backorders.line_splits import split
from orders.cancellation import cancellation
from orders.models import Payment, ReturnAuthorization
from orders.payments import updates
from orders.returns import refunds
from tests.factories.orders import (
    make_order,
    make_purchase_orders,
    news_of,
    pay,
)
from tests.factories.returns import asked, back, exchange, make_delivered, make_policy, make_sibling
from tests.factories.suppliers import NOON
from tests.storefront.web.page_parser import Page, page_of
from tests.storefront.web.returns.test_views import hidden, units

pytestmark = pytest.mark.django_db


def rows_of(text):
    return re.findall(r"<dt>(Charged|Refunded|Released[^<]*)</dt><dd>([^<]*)</dd>", text)


def apply_update(payment, what, amount):
    update = news_of(payment, what, amount=Decimal(amount))
    updates.apply(update=update, gateway="fake", now=NOON)


def test_order_page_shows_charges_and_refunds_and_hides_a_first_attempt(client, light):
    order = make_order(light)
    first = order.payments.get()
    Payment.objects.filter(pk=first.pk).update(
        status="voided", authorized_amount="44.89", voided_amount="44.89"
    )
    first.pk, first.key = None, "second"
    first.save(force_insert=True)
    pay(order)
    payment = order.payments.latest("pk")
    plain = Page(client.get(page_of(order))).text
    apply_update(payment, "captured", "44.89")
    charged = Page(client.get(page_of(order))).text
    apply_update(payment, "refunded", "4.89")
    told = Page(client.get(page_of(order))).text

    assert order.payments.count() == 2
    assert "Refunded" not in plain + charged
    assert "Released, not charged" not in charged
    assert rows_of(told) == [("Charged", "€44.89"), ("Refunded", "€4.89")]


def test_canceled_unpaid_authorization_shows_no_refund(client, light):
    order = pay(make_order(light))
    client.post(page_of(order, "cancel/"))
    apply_update(order.payments.get(), "voided", "44.89")

    text = Page(client.get(page_of(order))).text

    assert "The amount authorized on your card is released." in text
    assert "Released, not charged" in text
    assert "Canceled. You do not pay for it." in text


def test_split_line_comes_below_its_original(client, light):
    other = make_sibling(light, "12.34")
    (purchase_order,) = make_purchase_orders(light, other, quantity=2)
    with transaction.atomic():
        split(purchase_order.lines.order_by("pk").first(), keep=1)

    text = Page(client.get(page_of(purchase_order.order))).text

    assert re.findall(r"\d × €[\d.]+", text) == ["1 × €39.99", "1 × €39.99", "2 × €12.34"]


def test_replacement_names_its_return(client, light):
    other = make_sibling(light, "20.01")
    made = back(light, quantity=1)
    new = exchange(made, other)

    page = Page(client.get(page_of(new)))

    assert "There is nothing to pay." in page.text
    assert page.all("a", href=page_of(made.order))
    assert "There is nothing to pay." not in Page(client.get(page_of(made.order))).text


@pytest.mark.parametrize("by_shopper", [True, False])
def test_canceled_replacement_says_that_its_payment_is_refunded(client, light, by_shopper):
    made = back(light, quantity=1)
    new = exchange(made)
    if by_shopper:
        told = Page(client.post(page_of(new, "cancel/"), follow=True))
    else:
        cancellation.cancel(order=new, reason="sold out", actor="ann", now=NOON)
        told = Page(client.get(page_of(new)))

    assert told.all("a", href=page_of(made.order))
    assert "is refunded the way you paid." in told.text
    for untrue in (
        "Nothing was charged",
        "nothing to pay",
        "Order again",
        "You do not pay for it",
        "not charged",
    ):
        assert untrue not in told.text
    refunds.refund(authorization=made, actor="ann", now=NOON)
    made.refresh_from_db()
    assert asked() == [made.refund_amount]
    assert made.refund_amount == made.order.total_amount, "with the way"


def test_changed_return_form_keeps_its_input_and_its_confirmation_is_shown_once(customer, light):
    make_policy()
    order = make_delivered(light, quantity=2)
    there = page_of(order, "return/")
    given = {"kind": "defect", "customer_message": "It flickers.", **units(order, 2)}
    asked = customer.post(there, given)

    again = customer.post(there, {**hidden(asked), "change": "1"})

    assert again.status_code == 200
    shown = again.content.decode()
    assert "It flickers.</textarea>" in shown
    assert 'value="defect" checked' in shown
    (line,) = order.lines.all()
    assert any(one["value"] == "2" for one in Page(again).all("input", name=f"units_{line.pk}"))
    assert not ReturnAuthorization.objects.exists()
    asked = customer.post(there, {"kind": "withdrawal", **units(order, 1)})
    done = customer.post(there, hidden(asked), follow=True).content.decode()
    assert done.count("We received your withdrawal.") == 1
    assert "We received your withdrawal." in done.split('id="returns"')[1]
