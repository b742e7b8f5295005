"""Customers of chaos at the payment page of the Stripe stand-in."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from orders.gateways import gateway_for
from storefront.dev.bench.harness.checkout_script import Shop
from storefront.dev.chaos.observations.history import Purchase, Tally
from storefront.dev.chaos.plan import Way, Wish
from storefront.dev.chaos.workload.customers import Shopper
from storefront.lib.money import Money

pytestmark = pytest.mark.django_db(transaction=True)
ORDER = "/en/orders/FL-261124-ABCDE/key/"


@pytest.fixture
def shopper(stripe, httpserver):
    httpserver.expect_request("/back/").respond_with_data(status=303, headers={"Location": ORDER})
    httpserver.expect_request(ORDER).respond_with_data("Thank you")
    shop = Shop(port=httpserver.port, gateway_port=urlsplit(stripe.url).port)
    purchase = Purchase(wish=Wish(goods=0, way=Way.PAYS), phase="base")
    return Shopper(shop, Tally(), purchase, patient_until=float("inf"))


def opened(httpserver):
    return gateway_for("stripe").open(
        key="k",
        amount=Money.from_minor(2000, "EUR"),
        description="FL-1",
        return_url=httpserver.url_for("/back/"),
        locale="en",
    )


@pytest.mark.parametrize(
    ("way", "expected", "kinds"),
    [
        (Way.PAYS, ("paid", "FL-261124-ABCDE"), ["authorized"]),
        (Way.LATE, ("late", ""), ["authorized"]),
        (Way.DECLINED, ("declined", "FL-261124-ABCDE"), []),
        (Way.LEAVES, ("left", ""), []),
    ],
)
def test_each_way_ends_as_planned(shopper, httpserver, way, expected, kinds):
    payment = opened(httpserver)
    shopper.purchase.wish = Wish(goods=0, way=way)

    shopper._pay(payment.pay_url)

    assert (shopper.purchase.end, shopper.purchase.number) == expected
    assert shopper.purchase.payment == payment.reference
    told = gateway_for("stripe").history(reference=payment.reference)
    assert [update.news.value for update in told] == kinds
