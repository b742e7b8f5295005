"""Order pages: pay, look up and cancel an order; show its parcels, payments and returns."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from catalog.models import Channel, Spec
from orders.backorders.line_splits import split
from orders.cancellation import cancellation
from orders.draft_orders import draft_orders
from orders.gateways import gateway_for
from orders.models import Cart, Order, Payment, ReturnAuthorization, TaxNumber
from orders.payments import updates
from orders.returns import refunds
from shipping.shipments import shipments
from storefront.lib.address import Address
from storefront.lib.http.errors import TemporaryError
from tests.factories.orders import (
    make_order,
    make_paid_order,
    make_payment,
    make_payment_update,
    make_purchase_orders,
    pay,
)
from tests.factories.returns import (
    declare,
    exchange,
    make_delivered,
    make_inspected_return,
    make_policy,
    make_sibling,
    requested_refunds,
)
from tests.factories.shipping import make_accepted_purchase_order, make_shipment_notice, make_state
from tests.factories.suppliers import NOON
from tests.storefront.web.page_parser import Page, in_each_language, page_of
from tests.storefront.web.returns.test_views import hidden, units

pytestmark = pytest.mark.django_db


def rows_of(text):
    return re.findall(r"<dt>(Charged|Refunded|Released[^<]*)</dt><dd>([^<]*)</dd>", text)


def apply_update(payment, kind, amount):
    update = make_payment_update(payment, kind, amount=Decimal(amount))
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
    refunded = Page(client.get(page_of(order))).text

    assert order.payments.count() == 2
    assert "Refunded" not in plain + charged
    assert "Released, not charged" not in charged
    assert rows_of(refunded) == [("Charged", "€44.89"), ("Refunded", "€4.89")]


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
    made = make_inspected_return(light, quantity=1)
    new = exchange(made, other)

    page = Page(client.get(page_of(new)))

    assert "There is nothing to pay." in page.text
    assert page.all("a", href=page_of(made.order))
    assert "There is nothing to pay." not in Page(client.get(page_of(made.order))).text


@pytest.mark.parametrize("by_shopper", [True, False])
def test_canceled_replacement_says_that_its_payment_is_refunded(client, light, by_shopper):
    made = make_inspected_return(light, quantity=1)
    new = exchange(made)
    if by_shopper:
        page = Page(client.post(page_of(new, "cancel/"), follow=True))
    else:
        cancellation.cancel(order=new, reason="sold out", actor="ann", now=NOON)
        page = Page(client.get(page_of(new)))

    assert page.all("a", href=page_of(made.order))
    assert "is refunded the way you paid." in page.text
    for untrue in (
        "Nothing was charged",
        "nothing to pay",
        "Order again",
        "You do not pay for it",
        "not charged",
    ):
        assert untrue not in page.text
    refunds.refund(authorization=made, actor="ann", now=NOON)
    made.refresh_from_db()
    assert requested_refunds() == [made.refund_amount]
    assert made.refund_amount == made.order.total_amount, "including the delivery charge"


def test_changed_return_form_keeps_its_input_and_its_confirmation_is_shown_once(customer, light):
    make_policy()
    order = make_delivered(light, quantity=2)
    url = page_of(order, "return/")
    given = {"kind": "defect", "customer_message": "It flickers.", **units(order, 2)}
    asked = customer.post(url, given)

    again = customer.post(url, {**hidden(asked), "change": "1"})

    assert again.status_code == 200
    shown = again.content.decode()
    assert "It flickers.</textarea>" in shown
    assert 'value="defect" checked' in shown
    (line,) = order.lines.all()
    assert any(one["value"] == "2" for one in Page(again).all("input", name=f"units_{line.pk}"))
    assert not ReturnAuthorization.objects.exists()
    asked = customer.post(url, {"kind": "withdrawal", **units(order, 1)})
    done = customer.post(url, hidden(asked), follow=True).content.decode()
    assert done.count("We received your withdrawal.") == 1
    assert "We received your withdrawal." in done.split('id="returns"')[1]


def test_order_needs_its_complete_link(client, light):
    order = make_order(light)

    right = client.get(page_of(order))

    assert right.status_code == 200
    assert "no-store" in right["Cache-Control"]
    for number, key in ((order.number, "x" * 32), ("FL-000000-XXXXX", order.access_key)):
        wrong = client.get(f"/en/orders/{number}/{key}/")
        assert wrong.status_code == 404
        assert "<h1>Page not found.</h1>" in wrong.content.decode()


@in_each_language
def test_order_page_is_valid(client, light, language):
    order = make_paid_order(light)

    page = Page(client.get(page_of(order, language=language)))
    Spec.objects.all().delete()
    without = client.get(page_of(order)).content.decode()

    assert page.faults == []
    assert page.all("h1") == [{}], "with a role it would be no heading"
    assert page.all("div", role="status"), "screen readers announce changes"
    assert 'class="beam"' in page.text
    assert "beam" not in without.partition("<main")[2], (
        "a line without a specification shows no beam"
    )


def test_return_from_the_gateway_reads_the_payment_and_clears_the_cart(customer, light):
    order = make_order(light)
    customer.post(page_of(order, "pay/"))
    gateway_for("fake").authorize(order.payments.get().reference)

    for _ in range(2):
        response = customer.get(page_of(order, "paid/"), follow=True)
        assert "Thank you, your order is placed." in response.content.decode()
    order.refresh_from_db()
    assert order.status == Order.Status.PLACED


def test_repeated_returns_read_the_gateway_once_in_ten_seconds(customer, light, monkeypatch, noon):
    order = make_order(light)
    customer.post(page_of(order, "pay/"))
    asked = []
    read = lambda _self, *, reference: asked.append(reference) or ()  # noqa: E731
    fake = type("Fake", (), {"authorization": read})
    monkeypatch.setattr("orders.payments.updates.gateway_for", lambda _code: fake())
    noon.shift(timedelta(minutes=1))

    answers = [customer.get(page_of(order, "paid/"))["Location"] for _ in range(3)]
    noon.shift(timedelta(seconds=11))
    customer.get(page_of(order, "paid/"))
    Order.objects.update(status=Order.Status.EXPIRED)
    noon.shift(timedelta(seconds=11))
    late = customer.get(page_of(order, "paid/"))["Location"]

    assert answers == [page_of(order), *[page_of(order) + "?pay=pending"] * 2]
    assert len(asked) == 2
    assert late == page_of(order), "the gateway is not asked about an ended order"


def test_declined_payment_can_be_retried(client, light):
    order = make_order(light)
    payment = make_payment(order)
    updates.apply(
        update=make_payment_update(payment, "declined"), gateway="fake", now=order.placed_at
    )

    text = client.get(page_of(order)).content.decode()
    client.post(page_of(order, "pay/"))

    assert "The payment was declined." in text
    assert "Nothing was charged. You can try again" in text
    assert order.payments.count() == 2


def test_unavailable_gateway_is_shown_and_keeps_the_order(client, light, monkeypatch):
    order = make_order(light)

    def fail(**_):
        raise TemporaryError("no answer")

    away = type("Away", (), {"open": fail, "authorization": fail})
    for module in ("sessions", "updates"):
        monkeypatch.setattr(f"orders.payments.{module}.gateway_for", lambda _code: away)

    response = client.post(page_of(order, "pay/"), follow=True)

    assert "The payment page is not available right now." in response.content.decode()
    assert Order.objects.get().status == Order.Status.PENDING_PAYMENT


def test_unpaid_order_offers_to_pay_until_it_expires(client, light):
    order = make_order(light)

    text = client.get(page_of(order)).content.decode()
    response = client.post(page_of(order, "pay/"))
    Order.objects.update(payment_due_at=order.placed_at - timedelta(minutes=1))
    late = client.get(page_of(order)).content.decode()

    assert "Waiting for your payment." in text
    assert "Pay €44.89" in text
    assert (response.status_code, response["Location"]) == (303, order.payments.get().pay_url)
    assert "Not paid in time." in late
    assert "Pay €" not in late


def test_parcel_status_is_shown(client, light):
    purchase = make_accepted_purchase_order(light)
    order = purchase.order

    packing = client.get(page_of(order)).content.decode()
    state = make_state(purchase, "shipped", make_shipment_notice())
    shipments.import_parcels(purchase_order=purchase, state=state, now=order.placed_at)
    text = client.get(page_of(order)).content.decode()

    assert "The supplier has accepted it and is packing it." in packing
    for words in ("It is on the way to you.", "CJPKL0000000000YQ", 'rel="noreferrer">Track with'):
        assert words in text
    assert "Delivery promised for 1–5 Dec." in text


def test_unshipped_order_is_canceled(client, light):
    order = make_paid_order(light)
    offered = client.get(page_of(order)).content.decode()

    answers = [client.post(page_of(order, "cancel/"), follow=True) for _ in range(2)]

    assert "Cancel order" in offered
    for answer in answers:
        assert "The order is canceled." in answer.content.decode()
        assert "<h1" in answer.content.decode()
    order.refresh_from_db()
    assert order.status == Order.Status.CANCELED


def edit(order):
    return draft_orders.reopen(order=order, reason="edited", actor="ann", now=NOON)


def test_link_of_an_edited_order_refers_to_the_current_one(client, light):
    order = make_order(light)
    draft = edit(order)
    waiting = Page(client.get(page_of(order)))
    assert "This order was changed." in waiting.text
    assert "The link of the current order comes by e-mail." in waiting.text
    assert "Buy again" not in waiting.text

    current = make_order(light)
    Cart.objects.filter(pk=draft.pk).update(edit_of=None)
    Cart.objects.filter(order=current).update(edit_of=order.cart)
    shown = Page(client.get(page_of(order)))
    assert shown.all("a", href=page_of(current))

    Order.objects.filter(pk=current.pk).update(email="other@example.org")
    hidden_link = Page(client.get(page_of(order)))
    assert not hidden_link.all("a", href=page_of(current))
    assert "The link of the current order comes by e-mail." in hidden_link.text


def test_wrong_key_changes_nothing(client, light):
    order = make_order(light)

    for action in ("pay/", "cancel/"):
        response = client.post(f"/en/orders/{order.number}/{'x' * 32}/{action}")
        assert response.status_code == 404
    assert Payment.objects.get().status == Payment.Status.CREATED  # unchanged
    assert Order.objects.get().status == Order.Status.PENDING_PAYMENT


def test_delivered_order_shows_the_date_and_can_be_reordered(customer, light):
    order = make_delivered(light)

    text = customer.get(page_of(order)).content.decode()
    again = customer.post(page_of(order, "again/"), follow=True).content.decode()
    declare(order, 1)
    returning = customer.get(page_of(order)).content.decode()

    for words in ("<h1>Delivered.</h1>", "Delivered on", "Buy again"):
        assert words in text
    assert "The items of your order are in the cart" in again
    assert "<h1>Delivered. Your return is open.</h1>" in returning


def test_order_to_a_region_shows_the_full_address_and_added_tax(client, light):
    Channel.objects.update(prices_exclude_tax=True)
    light.channel.refresh_from_db()
    TaxNumber.objects.create(
        scheme="sales_tax", country="US", region="CA", number="SR-1", valid_from="2026-01-01"
    )
    address = Address(
        name="Ann Lee", line1="1 Main St", line2="Apt 4", postcode="90001", city="Los Angeles",
        region="CA", country="US", phone="+12135550100",
    )  # fmt: skip
    order = make_order(light, ship_to=address)

    text = client.get(page_of(order)).content.decode()

    assert order.additional_tax_amount
    assert f"<dt>Sales tax</dt><dd>€{order.additional_tax_amount}</dd>" in text
    assert "1 Main St<br>Apt 4<br>90001 Los Angeles<br>CA<br>United States" in text
    assert "incl." not in text.partition('class="totals"')[2].partition("</dl>")[0]
