import re
from datetime import timedelta

import pytest

from catalog.models import Channel, Spec
from notifications.models import Event
from orders.gateways import gateway_for
from orders.links import order_url
from orders.models import Order, Payment, TaxNumber
from orders.payments import updates
from shipping.shipments import shipments
from storefront.lib.address import Address
from storefront.lib.http.errors import TemporaryError
from storefront.web.orders import lookup
from tests.factories.orders import make_order, make_paid_order, make_payment, news_of
from tests.factories.returns import declare, make_delivered
from tests.factories.shipping import make_accepted_purchase_order, make_parcel_news, make_state
from tests.storefront.web.page_parser import Page, in_each_language, page_of

pytestmark = pytest.mark.django_db


def test_order_needs_its_complete_link(client, light):
    order = make_order(light)

    right = client.get(page_of(order))
    wrong_key = client.get(f"/en/orders/{order.number}/{'x' * 32}/")
    wrong_number = client.get(f"/en/orders/FL-000000-XXXXX/{order.access_key}/")

    assert right.status_code == 200
    assert "no-store" in right["Cache-Control"]
    assert (wrong_key.status_code, wrong_number.status_code) == (404, 404)
    title = "<h1>Page not found.</h1>"
    assert title in wrong_key.content.decode()
    assert title in wrong_number.content.decode()


@in_each_language
def test_order_page_is_valid(client, light, language):
    order = make_paid_order(light)

    page = Page(client.get(page_of(order).replace("/en/", f"/{language}/")))

    assert page.faults == []
    assert page.all("h1") == [{}], "a role would make it no heading"
    assert page.all("div", role="status"), "what changes meanwhile is read out"


def test_unpaid_order_offers_to_pay(client, light):
    order = make_order(light)

    text = client.get(page_of(order)).content.decode()
    response = client.post(page_of(order, "pay/"))

    assert "Waiting for your payment." in text
    assert "Pay €44.89" in text
    assert response.status_code == 303
    assert response["Location"] == order.payments.get().pay_url


def test_return_from_the_gateway_reads_the_payment_and_clears_the_cart(customer, light):
    order = make_order(light)
    customer.post(page_of(order, "pay/"))
    payment = order.payments.get()
    gateway_for("fake").authorize(payment.reference)

    response = customer.get(page_of(order, "paid/"), follow=True)

    order.refresh_from_db()
    assert order.status == Order.Status.PLACED
    assert "Thank you, your order is placed." in response.content.decode()
    again = customer.get(page_of(order, "paid/"), follow=True)
    assert "Thank you, your order is placed." in again.content.decode()


def test_repeated_returns_read_the_gateway_once_in_ten_seconds(
    customer, light, monkeypatch, time_machine
):
    order = make_order(light)
    customer.post(page_of(order, "pay/"))
    asked = []
    fake = type("Fake", (), {"history": lambda _self, *, reference: asked.append(reference) or ()})
    monkeypatch.setattr("orders.payments.updates.gateway_for", lambda _code: fake())
    time_machine.move_to(order.placed_at + timedelta(minutes=1), tick=False)

    answers = [customer.get(page_of(order, "paid/"))["Location"] for _ in range(3)]
    time_machine.shift(timedelta(seconds=11))
    customer.get(page_of(order, "paid/"))
    Order.objects.update(status=Order.Status.EXPIRED)
    time_machine.shift(timedelta(seconds=11))
    late = customer.get(page_of(order, "paid/"))["Location"]

    assert answers == [page_of(order), *[page_of(order) + "?pay=pending"] * 2]
    assert len(asked) == 2
    assert late == page_of(order), "it is not asked for an order that has ended"


def test_declined_payment_can_be_retried(client, light):
    order = make_order(light)
    payment = make_payment(order)
    updates.apply(update=news_of(payment, "declined"), gateway="fake", now=order.placed_at)

    text = client.get(page_of(order)).content.decode()
    client.post(page_of(order, "pay/"))

    assert "The payment was declined." in text
    assert "Nothing was charged. You can try again" in text
    assert order.payments.count() == 2


def test_unavailable_gateway_is_shown_and_keeps_the_order(client, light, monkeypatch):
    order = make_order(light)

    def fail(**_):
        raise TemporaryError("no answer")

    monkeypatch.setattr(gateway_for("fake"), "open", fail, raising=False)
    for asks in ("payments.sessions", "payments.updates"):
        monkeypatch.setattr(
            f"orders.{asks}.gateway_for",
            lambda _code: type("Away", (), {"open": fail, "history": fail}),
        )

    response = client.post(page_of(order, "pay/"), follow=True)

    assert "The payment page is not available right now." in response.content.decode()
    assert Order.objects.get().status == Order.Status.PENDING_PAYMENT


def test_expired_order_says_so(client, light):
    order = make_order(light)
    Order.objects.update(payment_due_at=order.placed_at - timedelta(minutes=1))

    text = client.get(page_of(order)).content.decode()

    assert "Not paid in time." in text
    assert "Pay €" not in text


def test_parcel_status_is_shown(client, light):
    purchase = make_accepted_purchase_order(light)
    order = purchase.order

    assert (
        "The supplier has accepted it and is packing it."
        in client.get(page_of(order)).content.decode()
    )
    shipments.import_parcels(
        purchase_order=purchase,
        state=make_state(purchase, "shipped", make_parcel_news()),
        now=order.placed_at,
    )
    text = client.get(page_of(order)).content.decode()

    assert "It is on the way to you." in text
    assert "CJPKL0000000000YQ" in text
    assert "Delivery promised for 1–5 Dec." in text
    assert 'rel="noreferrer">Track with' in text


def test_late_parcel_says_so_first(client, light, noon):
    order = make_paid_order(light)
    plan = [{**entry, "arrives_to": "2026-11-20"} for entry in order.delivery_plan]
    Order.objects.update(delivery_plan=plan)

    assert "This parcel is late" in client.get(page_of(order)).content.decode()


def test_unshipped_order_is_canceled(client, light):
    order = make_paid_order(light)

    assert "Cancel order" in client.get(page_of(order)).content.decode()
    response = client.post(page_of(order, "cancel/"), follow=True)
    again = client.post(page_of(order, "cancel/"), follow=True)

    assert "The order is canceled." in response.content.decode()
    assert "<h1" in response.content.decode()
    assert "The order is canceled." in again.content.decode()
    order.refresh_from_db()
    assert order.status == Order.Status.CANCELED
    assert "Canceled." in response.content.decode()


@pytest.mark.parametrize("rest", ["pay/", "cancel/"])
def test_wrong_key_changes_nothing(client, light, rest):
    order = make_order(light)

    response = client.post(f"/en/orders/{order.number}/{'x' * 32}/{rest}")

    assert response.status_code == 404
    assert Payment.objects.get().status == Payment.Status.CREATED  # as it was placed
    assert Order.objects.get().status == Order.Status.PENDING_PAYMENT


def test_lookup_mails_the_link_and_answers_the_same_for_a_wrong_pair(client, light):
    order = make_order(light)
    answers = []
    for number, email in [
        (order.number.replace("-", " ").lower(), "Erika@Example.org"),
        (order.number, "other@example.org"),
        ("FL-000000-XXXXX", "erika@example.org"),
    ]:
        answer = client.post("/en/orders/", {"number": number, "email": email})
        text = answer.content.decode().replace(number, "").replace(email, "")
        answers.append((answer.status_code, re.sub(r'middlewaretoken" value="\w+"', "", text)))

    assert answers[0][0] == 200
    assert answers[0] == answers[1] == answers[2]
    assert order.access_key not in answers[0][1]
    [told] = Event.objects.filter(name="order.link_asked")
    assert (told.payload["email"], told.payload["url"]) == (order.email, order_url(order))


def test_links_per_customer_are_limited(client, light):
    order = make_order(light)
    for _ in range(7):
        client.post("/en/orders/", {"number": order.number, "email": order.email})

    assert Event.objects.filter(name="order.link_asked").count() == 5


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "Enter the order number."),
        ({"number": "x" * 50, "email": "a@example.org"}, "This order number is too long."),
        ({"number": "FL-1", "email": "unknown"}, "Enter an e-mail address like name@example.org."),
    ],
)
def test_lookup_names_missing_fields(client, light, data, words):
    response = client.post("/en/orders/", data)

    assert response.status_code == 422
    assert words in response.content.decode()


def test_guesses_are_limited_by_the_address_behind_our_proxy(client, light, settings, monkeypatch):
    monkeypatch.setattr(lookup, "LOOKUPS_PER_HOUR", 2)
    settings.TRUSTED_PROXIES = 1
    data = {"number": "FL-000000-XXXXX", "email": "a@example.org"}

    answers = [
        client.post("/en/orders/", data, headers={"X-Forwarded-For": address}).status_code
        for address in ["203.0.113.7"] * 3 + ["203.0.113.8"]
    ]

    assert answers == [200, 200, 429, 200]


@pytest.mark.parametrize(
    "rest", ["{number}%00/{key}/", "{number}%00/{key}/address/", "{number}%00/{key}/return/",
             "{number}/{key}%00/", "{number}/{key}/return/a%00/answer/"],
)  # fmt: skip
def test_path_with_a_nul_is_not_found(client, light, rest):
    order = make_order(light)
    there = f"/en/orders/{rest.format(number=order.number, key=order.access_key)}"

    assert client.get(there).status_code == 400
    assert client.post(there).status_code == 400


@pytest.mark.usefixtures("light")
def test_portal_path_with_a_nul_is_not_found(client):
    assert client.get("/en/supplier/x%00y/abc/").status_code == 400


def test_delivered_order_shows_the_date_and_can_be_reordered(customer, light):
    order = make_delivered(light)

    text = customer.get(page_of(order)).content.decode()
    answer = customer.post(page_of(order, "again/"), follow=True).content.decode()

    assert "<h1>Delivered.</h1>" in text
    assert "Delivered on" in text
    assert "Buy again" in text
    assert "The items of your order are in the cart" in answer


def test_open_return_is_in_the_headline(client, light):
    order = make_delivered(light)
    declare(order, 1)

    assert "<h1>Delivered. Your return is open.</h1>" in client.get(page_of(order)).content.decode()


def test_order_to_a_region_shows_the_full_address_and_added_tax(client, light):
    Channel.objects.update(prices_exclude_tax=True)
    light.channel.refresh_from_db()
    TaxNumber.objects.create(
        scheme="sales_tax", country="US", region="CA", number="SR-1", valid_from="2026-01-01"
    )
    there = Address(
        name="Ann Lee", line1="1 Main St", line2="Apt 4", postcode="90001", city="Los Angeles",
        region="CA", country="US", phone="+12135550100",
    )  # fmt: skip
    order = make_order(light, ship_to=there)

    text = client.get(page_of(order)).content.decode()

    assert order.additional_tax_amount
    assert f"<dt>Sales tax</dt><dd>€{order.additional_tax_amount}</dd>" in text
    assert "1 Main St<br>Apt 4<br>90001 Los Angeles<br>CA<br>United States" in text
    assert "incl." not in text.partition('class="totals"')[2].partition("</dl>")[0]


def test_line_without_a_specification_has_no_beam(client, light):
    order = make_order(light)
    with_beam = client.get(page_of(order)).content.decode()
    Spec.objects.all().delete()

    assert 'class="beam"' in with_beam
    assert "beam" not in client.get(page_of(order)).content.decode().partition("<main")[2]
