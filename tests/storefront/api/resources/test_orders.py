from datetime import timedelta
from unittest.mock import Mock

import pytest
import time_machine
from django.conf import settings
from django.urls import reverse

from orders.checkout import checkout
from orders.gateways import gateway_for
from orders.models import Order, Payment
from orders.payments import updates
from storefront.lib.http.errors import PermanentError, TemporaryError
from suppliers.models import StockLevel
from tests.factories.orders import make_sellable
from tests.factories.suppliers import NOON
from tests.storefront.api.schema_client import kind_of, pointers

pytestmark = pytest.mark.django_db


@pytest.fixture
def gateway():
    gateway = gateway_for("fake")
    yield gateway
    gateway.errors.clear()


def pay(order):
    payment = order.payments.get()
    update = gateway_for("fake").authorize(payment.reference)
    updates.apply(update=update, gateway="fake", now=NOON)


def test_order_is_placed_with_a_payment_page(api, cart, order_request):
    answer = api.post(f"{cart}checkout/", order_request, key="k1")

    order, payment = Order.objects.get(), Payment.objects.get()
    shown = answer.json()
    assert answer.status_code == 201
    assert (shown["number"], shown["access_key"]) == (order.number, order.access_key)
    assert shown["total"] == {"amount": "44.89", "currency": "EUR"}
    assert shown["pay_url"] == payment.pay_url
    assert shown["url"].endswith(f"/en/orders/{order.number}/{order.access_key}/")
    assert StockLevel.objects.get().reserved == 1
    back = reverse("order_pay_return", args=[order.number, order.access_key])
    at_gateway = gateway_for("fake").payments[payment.reference]
    assert at_gateway.return_url == f"{settings.PUBLIC_URL}{back}"


def test_open_cart_is_not_sold_while_production_has_no_identity(api, cart, order_request, settings):
    settings.IS_PRODUCTION = True

    assert api.get(cart).status_code == 503
    assert kind_of(api.post(f"{cart}checkout/", order_request, key="k1")) == "unavailable"
    assert not Order.objects.exists()


def test_order_has_lines_and_amounts(api, placed, django_assert_max_num_queries):
    path, _ = placed

    with django_assert_max_num_queries(5):
        answer = api.get(path)

    shown = answer.json()
    (line,) = shown["lines"]
    assert (shown["status"], shown["payment_status"]) == ("pending_payment", "not_paid")
    assert (line["quantity"], line["amount"]["amount"]) == (1, "39.99")
    assert shown["delivery"]["amount"] == "4.90"
    assert shown["pay_url"]
    assert answer.headers["cache-control"] == "private, no-store"


def test_paid_order_is_not_payable(api, placed):
    path, _ = placed
    pay(Order.objects.get())

    shown = api.get(path).json()
    again = api.post(f"{path}pay/")

    assert (shown["status"], shown["payment_status"]) == ("placed", "authorized")
    assert shown["pay_url"] is None
    assert (again.status_code, kind_of(again)) == (409, "not-payable")


def test_expired_order_is_not_payable(api, placed):
    path, _ = placed
    checkout.expire(order=Order.objects.get(), now=NOON + timedelta(hours=1))
    Payment.objects.update(status="expired")

    with time_machine.travel(NOON + timedelta(hours=1)):
        answer = api.post(f"{path}pay/")

    assert (answer.status_code, kind_of(answer)) == (409, "not-payable")


def test_declined_order_is_paid_by_a_new_attempt(api, placed, gateway):
    path, first = placed
    payment = Payment.objects.get()
    updates.apply(update=gateway.decline(payment.reference), gateway="fake", now=NOON)
    for trouble in (TemporaryError("away"), PermanentError("no")):
        gateway.errors.append(trouble)
        answer = api.post(f"{path}pay/")
        assert (answer.status_code, kind_of(answer)) == (503, "payment-gateway-unavailable")
        assert answer.headers["retry-after"] == "5"

    second = api.post(f"{path}pay/").json()["pay_url"]

    assert second != first["pay_url"]
    assert api.post(f"{path}pay/").json()["pay_url"] == second
    assert api.get(path).json()["pay_url"] == second


def test_order_is_kept_while_the_gateway_is_unavailable(api, cart, order_request, gateway):
    gateway.errors.append(TemporaryError("away"))

    answer = api.post(f"{cart}checkout/", order_request, key="k1")
    shown = answer.json()
    bearer = f"Bearer {shown['access_key']}"
    later = api.post(f"/api/v1/orders/{shown['number']}/pay/", authorization=bearer)

    assert (answer.status_code, shown["pay_url"]) == (201, None)
    assert later.json()["pay_url"] == Payment.objects.get().pay_url


def test_cart_is_ordered_once(api, cart, order_request, placed):
    again = api.post(f"{cart}checkout/", order_request, key="k2")
    added = api.post(f"{cart}lines/", {"listing_id": make_sellable().pk})

    assert (again.status_code, kind_of(again)) == (409, "cart-already-placed")
    assert again.json()["order"]["number"] == placed[1]["number"]
    assert (added.status_code, kind_of(added)) == (404, "cart-not-found")
    assert Order.objects.count() == 1


@pytest.mark.parametrize("wrong", [{"amount": "40.00"}, {"currency": "USD"}])
def test_total_that_was_not_agreed_is_refused(api, cart, order_request, wrong):
    order_request["total"] |= wrong

    answer = api.post(f"{cart}checkout/", order_request, key="k1")

    assert (answer.status_code, kind_of(answer)) == (409, "price-changed")
    assert answer.json()["total"] == {"amount": "44.89", "currency": "EUR"}
    assert Order.objects.count() == 0


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [({"postcode": "1", "phone": "abc"}, ["phone", "postcode"]), ({"postcode": ""}, ["postcode"])],
)
def test_reason_does_not_override_an_invalid_address(api, cart, order_request, wrong, fields):
    order_request["ship_to"] |= wrong

    answer = api.post(f"{cart}checkout/", order_request | {"address_reason": "trust me"}, key="k1")

    assert (answer.status_code, kind_of(answer)) == (422, "invalid-address")
    assert sorted(pointers(answer)) == [f"#/ship_to/{field}" for field in fields]
    certain = [each for each in answer.json()["errors"] if not each["is_warning"]]
    assert certain, "a reason does not override these errors"
    assert Order.objects.count() == 0


def test_doubtful_address_needs_a_reason_and_gets_a_suggestion(api, cart, order_request):
    order_request["ship_to"] |= {"line1": "Postfach 7", "postcode": "D-10115"}

    refused = api.post(f"{cart}checkout/", order_request, key="k1")
    placed = api.post(f"{cart}checkout/", order_request | {"address_reason": "a house"}, key="k2")

    assert kind_of(refused) == "invalid-address"
    assert [each["is_warning"] for each in refused.json()["errors"]] == [True]
    assert refused.json()["suggestion"]["postcode"] == "10115"
    assert placed.status_code == 201
    verification = Order.objects.get().address_verification
    assert (verification["verdict"], verification["doubts"]) == ("unverified_accepted", ["line1"])
    assert (verification["reason"], verification["other"]["postcode"]) == ("a house", "10115")
    assert Order.objects.get().ship_to["postcode"] == "D-10115", (
        "the address is not corrected without consent"
    )


def test_cart_sold_out_meanwhile_is_refused(api, cart, order_request, listing):
    StockLevel.objects.update(reported_quantity=0)

    for answer in (
        api.get(f"{cart}delivery/"),
        api.post(f"{cart}checkout/", order_request, key="k1"),
    ):
        assert (answer.status_code, kind_of(answer)) == (409, "out-of-stock")
        assert answer.json()["lines"] == [{"sku": listing.variant.sku, "available": 0}]
    api.open_cart()
    empty = api.post(f"{cart}checkout/", order_request, key="k2")
    assert (empty.status_code, kind_of(empty)) == (409, "empty-cart")


def test_stock_lost_between_plan_and_reservation_is_refused(api, cart, order_request, monkeypatch):
    monkeypatch.setattr(checkout, "place", Mock(side_effect=checkout.UnavailableError))

    answer = api.post(f"{cart}checkout/", order_request, key="k1")

    assert (answer.status_code, kind_of(answer)) == (409, "out-of-stock")


def test_order_needs_number_and_key(api, placed):
    _, shown = placed
    number, key = shown["number"], shown["access_key"]

    for wrong_number, wrong_key in (
        ("FL-000000-AAAAA", key),
        (number, "wrong"),
        ("FL-000000-AAAAA", "wrong"),
    ):
        path = f"/api/v1/orders/{wrong_number}/"
        api.bearers[path] = wrong_key
        for answer in (
            api.get(path),
            api.get(f"{path}tracking/"),
            api.post(f"{path}pay/"),
            api.post(f"{path}cancel/", {}),
        ):
            assert (answer.status_code, kind_of(answer)) == (404, "order-not-found")
    assert Order.objects.get().status == "pending_payment"


def test_canceled_unpaid_order_releases_its_stock(api, placed):
    path, _ = placed

    first = api.post(f"{path}cancel/", {"reason": "changed my mind"}, key="c1")
    again = api.post(f"{path}cancel/", {"reason": "changed my mind"}, key="c1")
    repeated = api.post(f"{path}cancel/", {})

    assert first.json() == {"outcome": "canceled", "status": "canceled"}
    assert again.json() == first.json()
    assert (repeated.status_code, kind_of(repeated)) == (409, "too-late-to-cancel")
    assert StockLevel.objects.get().reserved == 0


def test_canceled_paid_order_is_refunded(api, placed):
    path, _ = placed
    order = Order.objects.get()
    pay(order)

    answer = api.post(f"{path}cancel/", {})

    assert answer.json() == {"outcome": "canceled", "status": "canceled"}
    assert order.payments.get().events.filter(kind="void_requested").exists()
