from functools import partial

import pytest

from orders.models import ReturnAuthorization
from storefront.api.models import Scope
from tests.factories.api import ADMIN, merchant_caller
from tests.factories.returns import declare, make_delivered, requested_refunds
from tests.storefront.api.schema_client import kind_of, pointers
from tests.support.concurrency import all_at_once

pytestmark = pytest.mark.django_db
RETURNS = f"{ADMIN}returns/"


def opened(order, quantity=2, kind="defect", **more):
    line = {"line_id": order.lines.get().pk, "quantity": quantity}
    return {"kind": kind, "lines": [line], "message": "It is dark.", **more}


def test_return_is_opened_approved_received_inspected_and_refunded(merchant):
    order = make_delivered()
    line = order.lines.get().pk
    made = merchant.post(f"{ADMIN}orders/{order.number}/returns/", opened(order), key="o1")
    (shown,) = made.json()["returns"]
    path = f"{RETURNS}{shown['number']}/"
    assert (made.status_code, shown["status"]) == (201, "requested")

    def act(name, body):
        answers = [merchant.post(f"{path}{name}/", body, key=name) for _ in range(2)]
        assert answers[0].json() == answers[1].json()
        return answers[0].json()

    assert act("approve", {"answer": "Send it."})["status"] == "approved"
    received = act("receive", {"lines": [{"line_id": line, "quantity": 2}]})
    assert (received["status"], received["lines"][0]["received"]) == ("received", 2)
    result = {"line_id": line, "accepted": 2, "condition": "used"}
    assert act("inspect", {"lines": [result]})["lines"][0]["accepted"] == 2
    refunded = act("refund", None)

    assert (refunded["status"], refunded["refunded"]["amount"]) == ("refunded", "79.98")
    assert [str(each) for each in requested_refunds()] == ["79.98"]
    assert merchant.get(RETURNS, {"status": "refunded"}).json()["results"] == [refunded]
    assert merchant.get(path).json() == refunded


def test_return_is_rejected_with_a_reason(merchant):
    made = declare(make_delivered(), 1, kind="defect", customer_message="Dead.")
    path = f"{RETURNS}{made.number}/"

    without = merchant.post(f"{path}reject/", {}, key="r1")
    rejected = merchant.post(f"{path}reject/", {"answer": "It works here."}, key="r2")
    late = merchant.post(f"{path}approve/", {}, key="r3")

    assert pointers(without) == ["#/answer"]
    assert rejected.json()["status"] == "rejected"
    assert (late.status_code, kind_of(late)) == (409, "invalid-status")


def test_more_than_was_bought_is_refused_with_the_reason(merchant):
    order = make_delivered()

    answer = merchant.post(f"{ADMIN}orders/{order.number}/returns/", opened(order, 9), key="o1")

    assert (answer.status_code, kind_of(answer)) == (409, "cannot-return")
    assert answer.json()["reason"].startswith("You can return at most 3")


def test_inspection_names_every_line(merchant):
    made = declare(make_delivered(), 1)
    lines = [{"line_id": 99999, "accepted": 1, "condition": "as_new"}]

    answer = merchant.post(f"{RETURNS}{made.number}/inspect/", {"lines": lines}, key="i1")

    assert pointers(answer) == ["#/lines/0/line_id"]


def test_refund_needs_its_scope():
    made = declare(make_delivered(), 1)
    caller = merchant_caller(Scope.ORDERS_WRITE, Scope.ORDERS_READ)

    answer = caller.post(f"{RETURNS}{made.number}/refund/", key="r1")

    assert (answer.status_code, answer.json()["scope"]) == (403, "refunds:write")
    assert "customer_message" not in caller.get(f"{RETURNS}{made.number}/").json()


@pytest.mark.django_db(transaction=True)
def test_simultaneous_requests_open_one_return(merchant):
    order = make_delivered()
    path = f"{ADMIN}orders/{order.number}/returns/"

    all_at_once([partial(merchant.post, path, opened(order, 3), key=key) for key in "aab"], ())

    assert ReturnAuthorization.objects.count() == 1
