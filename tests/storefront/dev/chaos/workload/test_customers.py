"""Customer workload: pay on the payment page of the local Stripe sandbox."""

from urllib.parse import urlsplit

import pytest

from orders.gateways import gateway_for
from storefront.dev.bench.harness.checkout_script import Shop
from storefront.dev.chaos.observations.history import CustomerPurchase, ResponseCounts
from storefront.dev.chaos.plan import PaymentOutcome, PlannedPurchase
from storefront.dev.chaos.workload.customers import Customer
from storefront.lib.money import Money

pytestmark = pytest.mark.django_db(transaction=True)
ORDER = "/en/orders/FL-261124-ABCDE/key/"


@pytest.fixture
def shopper(stripe, httpserver):
    httpserver.expect_request("/back/").respond_with_data(status=303, headers={"Location": ORDER})
    httpserver.expect_request(ORDER).respond_with_data("Thank you")
    shop = Shop(port=httpserver.port, gateway_port=urlsplit(stripe.url).port)
    purchase = CustomerPurchase(
        planned=PlannedPurchase(goods=0, outcome=PaymentOutcome.PAYS), phase="base"
    )
    return Customer(shop, ResponseCounts(), purchase, deadline=float("inf"))


def opened(httpserver):
    return gateway_for("stripe").open(
        key="k",
        amount=Money.from_minor(2000, "EUR"),
        description="FL-1",
        return_url=httpserver.url_for("/back/"),
        locale="en",
    )


@pytest.mark.parametrize(
    ("outcome", "expected", "kinds"),
    [
        (PaymentOutcome.PAYS, ("paid", "FL-261124-ABCDE"), ["authorized"]),
        (PaymentOutcome.LATE, ("late", ""), ["authorized"]),
        (PaymentOutcome.DECLINED, ("declined", "FL-261124-ABCDE"), []),
        (PaymentOutcome.LEAVES, ("left", ""), []),
    ],
)
def test_each_outcome_ends_as_planned(shopper, httpserver, outcome, expected, kinds):
    payment = opened(httpserver)
    shopper.purchase.planned = PlannedPurchase(goods=0, outcome=outcome)

    shopper._pay(payment.pay_url)

    assert (shopper.purchase.end, shopper.purchase.number) == expected
    assert shopper.purchase.payment == payment.reference
    history = gateway_for("stripe").history(reference=payment.reference)
    assert [update.kind.value for update in history] == kinds
