from functools import partial

import pytest

from notifications.models import Event
from orders.models import Order, OrderMessage, PurchaseOrder
from orders.purchasing import submission
from storefront.lib.models import StatusChange
from tests.factories.api import ADMIN
from tests.factories.orders import make_order, make_paid_order, make_purchase_orders, make_sellable
from tests.factories.returns import make_delivered
from tests.factories.suppliers import NOON
from tests.storefront.api.schema_client import kind_of, pointers
from tests.support.concurrency import all_at_once

pytestmark = pytest.mark.django_db
WHY = {"reason": "changed their mind"}


def path(order, act):
    return f"{ADMIN}orders/{order.number}/{act}/"


def test_order_is_canceled_once(merchant):
    order = make_paid_order()

    first, second = (merchant.post(path(order, "cancel"), WHY, key="c1") for _ in range(2))
    again = merchant.post(path(order, "cancel"), WHY, key="c2")

    assert first.json() == {"outcomes": ["canceled"], "status": "canceled"} == second.json()
    assert (again.status_code, kind_of(again)) == (409, "too-late-to-cancel")
    change = StatusChange.objects.get(subject="orders.Order", to_status="canceled")
    assert (change.actor, change.reason) == ("key erp", "changed their mind")


def test_units_of_a_line_are_canceled(merchant):
    (purchase_order,) = make_purchase_orders(make_sellable(quantity=9), quantity=3)
    order, line = purchase_order.order, purchase_order.order.lines.get()
    body = {**WHY, "lines": [{"line_id": line.pk, "keep_quantity": 2}]}

    first = merchant.post(path(order, "cancel"), body, key="c1")
    again = merchant.post(path(order, "cancel"), body, key="c2")

    assert first.json() == {"outcomes": ["canceled"], "status": "processing"}
    assert again.json()["outcomes"] == []
    assert sum(line.canceled_quantity for line in order.lines.all()) == 1


def test_shipped_order_is_not_canceled(merchant):
    order = make_delivered()

    answer = merchant.post(path(order, "cancel"), WHY, key="c1")

    assert (answer.status_code, kind_of(answer)) == (409, "too-late-to-cancel")


def test_wrong_cancellations_are_refused(merchant):
    order = make_paid_order()
    unknown = {**WHY, "lines": [{"line_id": 99999, "keep_quantity": 0}]}

    assert pointers(merchant.post(path(order, "cancel"), {}, key="c1")) == ["#/reason"]
    assert pointers(merchant.post(path(order, "cancel"), unknown, key="c2")) == [
        "#/lines/0/line_id"
    ]
    assert kind_of(merchant.post(path(order, "cancel"), WHY)) == "idempotency-key-required"
    assert Order.objects.get().status == "placed"


@pytest.mark.django_db(transaction=True)
def test_simultaneous_cancellations_cancel_once(merchant):
    order = make_paid_order()
    acts = [partial(merchant.post, path(order, "cancel"), WHY, key=key) for key in ("a", "a", "b")]

    all_at_once(acts, refusal=())

    assert StatusChange.objects.filter(subject="orders.Order", to_status="canceled").count() == 1


def test_held_order_is_not_bought_until_it_is_released(merchant):
    order = make_paid_order()

    held = merchant.post(path(order, "hold"), {"reason": "call the customer"}, key="h1")
    twice = merchant.post(path(order, "hold"), WHY, key="h2")
    assert (held.json()["status"], held.json()["hold_reason"]) == ("on_hold", "call the customer")
    assert (twice.status_code, kind_of(twice)) == (409, "invalid-status")
    assert submission.create_purchase_orders(order=Order.objects.get(), now=NOON) == []

    released = merchant.post(path(order, "release"), {"reason": "confirmed"}, key="r1")
    again = merchant.post(path(order, "release"), {"reason": "confirmed"}, key="r1")

    assert released.json()["status"] == again.json()["status"] != "on_hold"
    assert kind_of(merchant.post(path(order, "release"), WHY, key="r2")) == "invalid-status"


def test_unsubmitted_purchase_orders_are_held_and_released_with_their_order(merchant):
    (purchase_order,) = make_purchase_orders()

    merchant.post(path(purchase_order.order, "hold"), WHY, key="h1")
    purchase_order.refresh_from_db()
    assert purchase_order.status == "on_hold"
    assert [each["code"] for each in purchase_order.hold_reasons] == ["requested"]

    merchant.post(path(purchase_order.order, "release"), WHY, key="r1")

    assert PurchaseOrder.objects.get().status == "ready"
    assert Order.objects.get().status == "processing"


def test_unpaid_order_is_not_held(merchant):
    answer = merchant.post(path(make_order(), "hold"), WHY, key="h1")

    assert (answer.status_code, kind_of(answer)) == (409, "invalid-status")


def test_message_reaches_the_customer_once(merchant):
    order = make_paid_order()
    body = {"text": "Your lamp ships tomorrow."}

    sent = [merchant.post(path(order, "messages"), body, key="m1") for _ in range(2)]

    assert [answer.status_code for answer in sent] == [201, 201]
    assert OrderMessage.objects.get().written_by == "key erp"
    assert Event.objects.filter(name="order.message_answered").count() == 1
    listed = merchant.get(path(order, "messages")).json()["results"]
    assert listed == [sent[0].json()]
