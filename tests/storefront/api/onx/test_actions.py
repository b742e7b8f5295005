from functools import partial

import pytest

from orders.models import Order, ReturnAuthorization
from shipping.models import Parcel
from storefront.api.models import ApiKey
from suppliers.models import StockLevel
from tests.factories.full_shop import settle
from tests.factories.orders import make_purchase_orders, make_sellable
from tests.factories.returns import make_delivered
from tests.factories.shipping import CJ_NUMBER, make_accepted_purchase_order
from tests.support.concurrency import all_at_once

pytestmark = pytest.mark.django_db
PLACE = "create-sales-order"


def custom(shown):
    return {field["name"]: field["value"] for field in shown["customFields"]}


def with_order(wanted, **changes):
    return {"order": {**wanted["order"], **changes}}


class TestCreate:
    def test_order_is_placed_once_unpaid_at_our_prices(self, onx, wanted):
        first, second = (onx.call(PLACE, wanted)["order"] for _ in range(2))

        order = Order.objects.get()
        assert (first["id"], order.external_reference) == (order.number, "S-1001")
        assert (order.status, order.email) == ("pending_payment", "buyer@example.org")
        assert (first["totalPrice"], first["paymentStatus"]) == (84.88, "not_paid")
        assert custom(first)["paymentUrl"] == order.payments.get().pay_url
        assert first["shippingAddress"]["lastName"] == "Muster"
        assert second == first
        assert StockLevel.objects.get().reserved == 2

    def test_rotated_key_finds_the_order_and_another_client_does_not(self, client_of, onx, wanted):
        placed = onx.call(PLACE, wanted)["order"]
        ApiKey.objects.update(revoked_at=Order.objects.get().placed_at)

        assert client_of(name="partner").call(PLACE, wanted)["order"]["id"] == placed["id"]
        stranger = client_of(name="other").refusal(PLACE, wanted)
        assert stranger["details"]["originalError"] == "DUPLICATE_EXTERNAL_ID"
        assert Order.objects.count() == 1

    def test_external_id_of_other_units_is_refused(self, onx, wanted):
        onx.call(PLACE, wanted)
        line = {**wanted["order"]["lineItems"][0], "quantity": 1}

        error = onx.refusal(PLACE, with_order(wanted, lineItems=[line]))

        assert error["details"]["field"] == "order.externalId"

    def test_sold_out_item_is_refused_and_ordered_later(self, onx, wanted):
        StockLevel.objects.update(reported_quantity=1)
        error = onx.refusal(PLACE, wanted)
        assert (error["code"], error["retryable"]) == (4001, False)
        assert error["details"]["originalError"] == "INSUFFICIENT_INVENTORY"
        assert not Order.objects.exists()

        StockLevel.objects.update(reported_quantity=5)
        assert onx.call(PLACE, wanted)["order"]["status"] == "pending_payment"

    def test_wrong_orders_name_the_member_that_is_wrong(self, onx, wanted):
        line = wanted["order"]["lineItems"][0]
        address = wanted["order"]["shippingAddress"]
        refused = [
            (with_order(wanted, externalId=" "), 2002, "order.externalId"),
            (with_order(wanted, externalId="9" * 61), 2001, "order.externalId"),
            (with_order(wanted, currency="AZN"), 2001, "order.currency"),
            (with_order(wanted, billingAddress={}), 2002, "order.customer.email"),
            (
                with_order(wanted, lineItems=[{**line, "quantity": 1.5}]),
                2001,
                "order.lineItems[0].quantity",
            ),
            (
                with_order(wanted, shippingAddress={**address, "country": "Germany"}),
                2001,
                "order.shippingAddress.country",
            ),
        ]
        for arguments, code, field in refused:
            error = onx.refusal(PLACE, arguments)
            assert (error["code"], error["details"]["field"]) == (code, field)

        del wanted["order"]["shippingAddress"]
        assert onx.refusal(PLACE, wanted)["code"] == 2002
        assert not Order.objects.exists()

    def test_other_total_and_unknown_sku_are_refused(self, onx, wanted):
        dearer = onx.refusal(PLACE, with_order(wanted, totalPrice=80, currency="EUR"))
        unknown = onx.refusal(PLACE, with_order(wanted, lineItems=[{"sku": "NO", "quantity": 1}]))

        assert dearer["details"]["originalError"] == "PRICE_CHANGED"
        assert dearer["details"]["context"]["total"]["amount"] == "84.88"
        assert unknown["details"]["context"] == {"skus": ["NO"]}
        assert onx.call(PLACE, with_order(wanted, totalPrice=84.88))["order"]["totalPrice"] == 84.88

    def test_doubtful_address_is_accepted_with_a_reason(self, onx, wanted):
        address = {**wanted["order"]["shippingAddress"], "address1": "Postfach 12"}
        doubtful = with_order(wanted, shippingAddress=address)
        reason = [{"name": "address_reason", "value": "Only boxes are served."}]

        error = onx.refusal(PLACE, doubtful)
        placed = onx.call(PLACE, with_order(doubtful, customFields=reason))["order"]

        assert error["details"]["originalError"] == "INVALID_ADDRESS"
        assert placed["shippingAddress"]["address1"] == "Postfach 12"

    def test_key_without_personal_data_gets_none_back(self, client_of, wanted):
        shown = client_of("orders:write").call(PLACE, wanted)["order"]

        assert "Muster" not in str(shown)
        assert "example.org" not in str(shown)


@pytest.mark.django_db(transaction=True)
def test_eight_simultaneous_calls_place_one_order(onx, wanted):
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
    params = {"name": PLACE, "arguments": wanted}
    answers = []

    def place():
        answers.append(onx.send({**message, "params": params}).json()["result"])

    all_at_once([place] * 8, refusal=())

    order = Order.objects.get()
    placed = [one["structuredContent"] for one in answers if not one["isError"]]
    late = [one["error"] for one in answers if one["isError"]]
    assert {one["order"]["id"] for one in placed} == {order.number}
    assert all(error["retryable"] for error in late)
    assert StockLevel.objects.get().reserved == 2


def test_order_is_canceled_and_stays_so(onx):
    (purchase_order,) = make_purchase_orders(make_sellable(quantity=9), quantity=3)
    arguments = {"orderId": purchase_order.order.number, "reason": "changed their mind"}

    first, second = (onx.call("cancel-order", arguments)["order"] for _ in range(2))

    assert (first["status"], second["status"]) == ("canceled", "canceled")
    assert custom(first)["cancellation"] == "canceled"


def test_unpaid_order_is_canceled_and_its_stock_released(onx, wanted):
    placed = onx.call(PLACE, wanted)["order"]

    canceled = onx.call("cancel-order", {"orderId": placed["id"]})["order"]

    assert canceled["status"] == "canceled"
    assert StockLevel.objects.get().reserved == 0


def test_units_are_canceled_once_by_repeated_calls(onx):
    (purchase_order,) = make_purchase_orders(make_sellable(quantity=9), quantity=3)
    order, line = purchase_order.order, purchase_order.order.lines.get()
    some = {"orderId": order.number, "lineItems": [{"sku": line.sku, "quantity": 1}]}

    for _ in range(2):
        shown = onx.call("cancel-order", some)["order"]

    assert sum(each.canceled_quantity for each in order.lines.all()) == 1
    assert shown["status"] == "processing"
    item = {"sku": line.sku, "quantity": 2}
    for wrong in ({**item, "id": "1"}, {**item, "quantity": 4}, {**item, "sku": "NO"}):
        error = onx.refusal("cancel-order", {**some, "lineItems": [wrong]})
        assert error["details"]["field"] == "lineItems[0]"
    onx.call("cancel-order", {**some, "lineItems": [item]})
    assert sum(each.canceled_quantity for each in order.lines.all()) == 2


def test_shipped_and_unknown_orders_are_not_canceled(onx):
    shipped = onx.refusal("cancel-order", {"orderId": make_delivered().number})
    unknown = onx.refusal("cancel-order", {"orderId": "NO"})

    assert shipped["details"]["originalError"] == "INVALID_ORDER_STATE"
    assert unknown["details"]["originalError"] == "ORDER_NOT_FOUND"


def test_delivery_address_is_changed_and_nothing_else(onx, wanted):
    placed = onx.call(PLACE, wanted)["order"]
    address = {**wanted["order"]["shippingAddress"], "address1": "Musterweg 2"}

    def change(**updates):
        return {"id": placed["id"], "updates": updates}

    shown = onx.call("update-order", change(shippingAddress=address))["order"]

    assert shown["shippingAddress"]["address1"] == "Musterweg 2"
    assert custom(shown)["addressChange"] == "done"
    priced = onx.refusal("update-order", change(orderNote="Leave it at the door"))
    assert (priced["code"], priced["details"]["field"]) == (5001, "updates.orderNote")
    assert onx.refusal("update-order", change())["code"] == 2002
    abroad = onx.refusal("update-order", change(shippingAddress={**address, "country": "AZ"}))
    assert abroad["retryable"] is False


def test_parcel_is_added_once_to_its_purchase_order(onx):
    purchase_order = make_accepted_purchase_order(make_sellable(quantity=9), quantity=3)
    settle(purchase_order.order)
    line = purchase_order.order.lines.get()
    sent = {
        "orderId": purchase_order.order.number,
        "trackingNumbers": [CJ_NUMBER],
        "shippingCarrier": "CJPacket",
        "lineItems": [{"sku": line.sku, "quantity": 2}],
    }

    first, second = (onx.call("fulfill-order", sent)["fulfillment"] for _ in range(2))

    assert first == second
    assert (first["trackingNumbers"], first["lineItems"][0]["quantity"]) == ([CJ_NUMBER], 2)
    assert Parcel.objects.count() == 1
    for wrong, field in (
        ({"trackingNumbers": []}, "trackingNumbers"),
        ({"lineItems": [{"sku": line.sku, "quantity": 9}]}, "lineItems"),
    ):
        assert onx.refusal("fulfill-order", {**sent, **wrong})["details"]["field"] == field
    del sent["shippingCarrier"]
    assert onx.refusal("fulfill-order", sent)["details"]["field"] == "shippingCarrier"


def test_return_is_opened_once(onx):
    order = make_delivered()
    line = order.lines.get()
    item = {
        "orderLineItemId": str(line.pk),
        "sku": line.sku,
        "quantityReturned": 1,
        "returnReason": "defective",
    }
    made = {"externalId": "R-1", "orderId": order.number, "outcome": "refund"}
    opening = partial(onx.call, "create-return", {"return": {**made, "returnLineItems": [item]}})

    first, second = (opening()["return"] for _ in range(2))

    row = ReturnAuthorization.objects.get()
    assert (first, first["id"], row.kind) == (second, row.number, "defect")
    for changes, code in (
        ({"outcome": "exchange"}, 5001),
        ({"externalId": ""}, 2002),
        ({"returnLineItems": [{**item, "returnReason": "bored"}]}, 2001),
        ({"returnLineItems": [{**item, "sku": "NO"}]}, 2001),
    ):
        wrong = {"return": {**made, "returnLineItems": [item], **changes}}
        assert onx.refusal("create-return", wrong)["code"] == code
