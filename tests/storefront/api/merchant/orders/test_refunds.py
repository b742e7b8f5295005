from functools import partial

import pytest

from orders.models import PaymentEvent
from orders.payments import updates
from tests.factories.api import ADMIN
from tests.factories.orders import make_paid_order, make_payment_update
from tests.factories.returns import make_delivered, requested_refunds, violated_order_invariants
from tests.factories.suppliers import NOON
from tests.storefront.api.schema_client import kind_of, pointers
from tests.support.concurrency import all_at_once

pytestmark = pytest.mark.django_db
REFUNDS = f"{ADMIN}refunds/"


def path(order):
    return f"{ADMIN}orders/{order.number}/refunds/"


def amount(value, currency="EUR"):
    return {"amount": {"amount": value, "currency": currency}, "reason": "late"}


def units(order, quantity, kind="damaged"):
    line = {"line_id": order.lines.get().pk, "quantity": quantity}
    return {"lines": [line], "kind": kind, "reason": "broken glass"}


def test_amount_is_refunded_once(merchant):
    order = make_delivered()

    first, second = (merchant.post(path(order), amount("10.00"), key="r1") for _ in range(2))

    shown = first.json()
    assert (first.status_code, shown["refundable"]["amount"]) == (201, "114.87")
    (refund,) = shown["refunds"]
    assert (refund["status"], refund["reason"]) == ("pending", "key erp: late")
    assert second.json() == shown
    assert [str(each) for each in requested_refunds()] == ["10.00"]
    assert merchant.get(REFUNDS).json()["results"] == [refund]


def test_more_than_what_is_left_is_refused(merchant):
    order = make_delivered()
    merchant.post(path(order), amount("100.00"), key="r1")

    refused = merchant.post(path(order), amount("24.88"), key="r2")
    other_currency = merchant.post(path(order), amount("1.00", "USD"), key="r3")
    rest = merchant.post(path(order), amount("24.87"), key="r4")
    nothing = merchant.post(path(order), amount("0.01"), key="r5")

    assert (refused.status_code, kind_of(refused)) == (409, "refund-too-large")
    assert refused.json()["refundable"] == {"amount": "24.87", "currency": "EUR"}
    assert pointers(other_currency) == ["#/amount/currency"]
    assert rest.json()["refundable"]["amount"] == "0.00"
    assert (nothing.status_code, kind_of(nothing)) == (409, "nothing-to-refund")


def test_units_are_refunded_to_the_cent_and_kept(merchant):
    order = make_delivered()

    first = merchant.post(path(order), units(order, 1), key="u1").json()
    rest = merchant.post(path(order), units(order, 2), key="u2").json()
    more = merchant.post(path(order), units(order, 1), key="u3")

    assert [each["amount"]["amount"] for each in first["refunds"]] == ["39.99"]
    assert sum(map(float, (each["amount"]["amount"] for each in rest["refunds"]))) >= 79.98
    assert (more.status_code, kind_of(more)) == (409, "cannot-return")
    returns = merchant.get(f"{ADMIN}returns/", {"order": order.number}).json()["results"]
    assert {(row["status"], row["destination"]) for row in returns} == {("refunded", "nowhere")}
    assert violated_order_invariants() == []


def test_unshipped_units_are_not_refunded(merchant):
    order = make_paid_order()

    answer = merchant.post(path(order), units(order, 1), key="u1")

    assert (answer.status_code, kind_of(answer)) == (409, "cannot-return")
    assert "Cancel" in answer.json()["reason"]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"reason": "late"}, ["#"]),
        ({**amount("1.00"), "kind": "damaged"}, ["#/kind"]),
        ({**amount("-1.00")}, ["#/amount/amount"]),
        ({"lines": [{"line_id": 99999, "quantity": 1}], "kind": "damaged", "reason": "x"},
         ["#/lines/0/line_id"]),
    ],
)  # fmt: skip
def test_wrong_requests_are_refused(merchant, body, where):
    order = make_delivered()

    answer = merchant.post(path(order), body, key="r1")

    assert (answer.status_code, pointers(answer)) == (400, where)
    assert not requested_refunds()


@pytest.mark.django_db(transaction=True)
def test_simultaneous_requests_refund_once(merchant):
    order = make_delivered()
    acts = [
        *[partial(merchant.post, path(order), units(order, 3), key=key) for key in "aab"],
        *[partial(merchant.post, path(order), amount("10.00"), key="c")] * 2,
    ]

    all_at_once(acts, refusal=())

    refunded = PaymentEvent.objects.filter(kind="refund_requested")
    assert refunded.filter(reason="key erp: late").count() <= 1
    assert refunded.exclude(reason="key erp: late").count() == 1
    assert sum(requested_refunds()) <= order.total_amount


def test_refund_shows_what_the_gateway_answered(merchant):
    order = make_delivered()
    (refund,) = merchant.post(path(order), amount("10.00"), key="r1").json()["refunds"]
    request = PaymentEvent.objects.get(pk=refund["id"])
    update = make_payment_update(
        request.payment, "refunded", amount="10.00", external_id="re_1",
        request_key=request.external_id,
    )  # fmt: skip

    updates.apply(update=update, gateway="fake", now=NOON)

    shown = merchant.get(f"{REFUNDS}{refund['id']}/").json()
    assert (shown["status"], shown["completed_at"]) == ("succeeded", "2026-11-24T12:00:00Z")
    assert merchant.get(REFUNDS, {"status": "pending"}).json()["results"] == []
    assert merchant.get(REFUNDS, {"status": "succeeded"}).json()["results"] == [shown]
