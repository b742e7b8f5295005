"""Orders in the CJ sandbox: idempotency, payment, status changes and recorded effects."""

import httpx
import pytest

from tests.storefront.dev.sandboxes.conftest import PREFIX, until


def total_in_china(sandbox, variant):
    rows = sandbox.get("product/stock/queryByVid", vid=variant.vid)["data"]
    return next(row["totalInventoryNum"] for row in rows if row["countryCode"] == "CN")


def test_order_paid_from_balance_is_unshipped(sandbox):
    _, variant = sandbox.goods()
    before = total_in_china(sandbox, variant)

    data = sandbox.place("FL-1", variant, quantity=2)["data"]

    assert data["orderNumber"] == "FL-1"
    assert data["orderStatus"] == "UNSHIPPED"
    assert data["productInfoList"][0]["storeLineItemId"] == "88"
    assert total_in_china(sandbox, variant) == before - 2
    by_ours = sandbox.get("shopping/order/getOrderDetail", orderId="FL-1")["data"]
    by_theirs = sandbox.get("shopping/order/getOrderDetail", orderId=data["orderId"])["data"]
    assert by_ours == by_theirs
    assert by_ours["productList"][0]["vid"] == variant.vid


def test_same_number_is_accepted_once(sandbox):
    _, variant = sandbox.goods()
    sandbox.place("FL-1", variant)

    again = sandbox.place("FL-1", variant)

    assert again["code"] == 1603003
    ledger = sandbox.control("orders")
    assert [order["order_number"] for order in ledger["orders"]] == ["FL-1"]
    assert [attempt["code"] for attempt in ledger["attempts"]] == [200, 1603003]


def test_unknown_order_is_a_parameter_error(sandbox):
    assert sandbox.get("shopping/order/getOrderDetail", orderId="FL-0")["code"] == 1600300
    assert sandbox.get("shopping/order/getOrderDetail")["code"] == 1600300


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"shippingAddress": ""}, 1600300),
        ({"shippingCountryCode": "XX"}, 1605002),
        ({"logisticName": "Pigeon"}, 1605000),
        ({"logisticName": "DHL Paket"}, 1605001),
        ({"products": []}, 1600300),
        ({"products": [{"vid": "17", "quantity": 1}]}, 1602000),
        ({"payType": 9}, 1600300),
    ],
)
def test_rejected_orders_leave_no_effects(sandbox, words, code):
    _, variant = sandbox.goods()

    assert sandbox.place("FL-1", variant, **words)["code"] == code

    assert sandbox.control("orders")["orders"] == []
    assert sandbox.control("orders")["effects"] == []


def test_orders_cannot_exceed_stock(sandbox):
    _, variant = sandbox.goods()
    sandbox.control("stock", {"vid": variant.vid, "warehouse": "CN", "quantity": 3})

    assert sandbox.place("FL-1", variant, quantity=4)["code"] == 1603102
    assert total_in_china(sandbox, variant) == 3
    assert sandbox.place("FL-2", variant, quantity=3)["code"] == 200
    assert total_in_china(sandbox, variant) == 0


def test_order_takes_stock_for_all_lines_or_none(sandbox):
    _, variant = sandbox.goods()
    sandbox.control("stock", {"vid": variant.vid, "warehouse": "CN", "quantity": 3})
    lines = [{"vid": variant.vid, "quantity": 2}, {"vid": variant.vid, "quantity": 2}]

    assert sandbox.place("FL-1", variant, products=lines)["code"] == 1603102

    assert total_in_china(sandbox, variant) == 3


def test_insufficient_balance_rejects_the_order(sandbox):
    _, variant = sandbox.goods()
    sandbox.control("balance", {"amount": "0.50"})

    assert sandbox.place("FL-1", variant)["code"] == 1604000

    assert sandbox.control("orders")["orders"] == []
    assert sandbox.get("shopping/pay/getBalance")["data"]["amount"] == "0.50"


def test_order_can_be_paid_in_stages(sandbox):
    _, variant = sandbox.goods()
    created = sandbox.place("FL-1", variant, payType=3)["data"]
    assert created["orderStatus"] == "CREATED"
    ids = {"cjOrderIdList": [created["orderId"]]}

    assert sandbox.post("shopping/order/addCart", ids)["data"]["successCount"] == 1
    shipment = sandbox.post("shopping/order/addCartConfirm", ids)["data"]["shipmentsId"]
    parent = sandbox.post("shopping/order/saveGenerateParentOrder", {"shipmentOrderId": shipment})
    pay_id = parent["data"]["payId"]
    wrong = {"shipmentOrderId": shipment, "payId": "PAY0"}
    assert sandbox.post("shopping/pay/payBalanceV2", wrong)["code"] == 1603101
    paid = sandbox.post("shopping/pay/payBalanceV2", {"shipmentOrderId": shipment, "payId": pay_id})

    assert paid["data"] is True
    detail = sandbox.get("shopping/order/getOrderDetail", orderId="FL-1")["data"]
    assert detail["orderStatus"] == "UNSHIPPED"
    listed = sandbox.get("shopping/order/list", status="UNSHIPPED")["data"]["list"]
    assert [row["orderNum"] for row in listed] == ["FL-1"]
    assert sandbox.get("shopping/order/list")["data"]["list"] == []


def test_only_unconfirmed_orders_can_be_deleted(sandbox):
    _, variant = sandbox.goods()
    before = total_in_china(sandbox, variant)
    sandbox.place("FL-1", variant, payType=3)
    sandbox.place("FL-2", variant)

    def delete(number):
        path = f"{PREFIX}shopping/order/deleteOrder"
        return sandbox.client.delete(path, params={"orderId": number}).json()["code"]

    assert delete("FL-1") == 200
    assert delete("FL-2") == 1603002
    assert delete("FL-3") == 1603100
    assert total_in_china(sandbox, variant) == before - 1


def test_lost_response_leaves_exactly_one_order(sandbox):
    _, variant = sandbox.goods()
    sandbox.control("faults", {"path": "createOrderV2", "kind": "drop_after"})

    with pytest.raises(httpx.TransportError):
        sandbox.place("FL-1", variant)

    assert sandbox.place("FL-1", variant)["code"] == 1603003
    effects = sandbox.control("orders")["effects"]
    assert [(e["kind"], e["fault"]) for e in effects] == [
        ("created", "drop_after"),
        ("unshipped", "drop_after"),
    ]


def test_lost_request_leaves_no_effects(sandbox):
    _, variant = sandbox.goods()
    sandbox.control("faults", {"path": "createOrderV2", "kind": "drop_before"})

    with pytest.raises(httpx.TransportError):
        sandbox.place("FL-1", variant)

    assert sandbox.control("orders")["effects"] == []
    assert sandbox.place("FL-1", variant)["code"] == 200


def test_shipped_order_can_be_tracked(sandbox):
    _, variant = sandbox.goods()
    sandbox.place("FL-1", variant)

    sandbox.control("advance", {"orderNumber": "FL-1", "to": "SHIPPED"})

    detail = sandbox.get("shopping/order/getOrderDetail", orderId="FL-1")["data"]
    assert detail["orderStatus"] == "SHIPPED"
    assert detail["trackNumber"] in detail["trackingUrl"]
    (row,) = sandbox.get("logistic/trackInfo", trackNumber=detail["trackNumber"])["data"]
    assert row["trackingStatus"] == "In transit"
    sandbox.control("advance", {"orderNumber": "FL-1", "to": "DELIVERED"})
    (row,) = sandbox.get("logistic/trackInfo", trackNumber=detail["trackNumber"])["data"]
    assert row["trackingStatus"] == "Delivered"


def test_canceled_order_returns_stock_and_balance(sandbox):
    _, variant = sandbox.goods()
    before = total_in_china(sandbox, variant)
    sandbox.place("FL-1", variant)

    sandbox.control("cancel", {"orderNumber": "FL-1"})

    assert total_in_china(sandbox, variant) == before
    assert sandbox.get("shopping/pay/getBalance")["data"]["amount"] == "100000.00"
    with pytest.raises(AssertionError, match="CANCELLED"):
        sandbox.control("advance", {"orderNumber": "FL-1", "to": "SHIPPED"})


def test_orders_advance_at_the_configured_interval(run):
    sandbox = run(pace_s=0.05)
    _, variant = sandbox.goods()
    sandbox.place("FL-1", variant)

    def is_delivered():
        detail = sandbox.get("shopping/order/getOrderDetail", orderId="FL-1")["data"]
        return detail["orderStatus"] == "DELIVERED"

    until(is_delivered)
    kinds = [effect["kind"] for effect in sandbox.control("orders")["effects"]]
    assert kinds == ["created", "unshipped", "shipped", "delivered"]


def test_order_with_two_lines_can_be_split(sandbox):
    product, variant = sandbox.goods()
    other = next(each for each in product.variants if each.vid != variant.vid)
    sandbox.control("stock", {"vid": other.vid, "warehouse": "CN", "quantity": 9})
    lines = [{"vid": variant.vid, "quantity": 1}, {"vid": other.vid, "quantity": 1}]
    sandbox.place("FL-1", variant, products=lines)

    ids = sandbox.control("split", {"orderNumber": "FL-1"})["cjOrderIds"]

    parts = [sandbox.get("shopping/order/getOrderDetail", orderId=each)["data"] for each in ids]
    assert [part["productList"][0]["vid"] for part in parts] == [variant.vid, other.vid]
    assert {part["orderStatus"] for part in parts} == {"UNSHIPPED"}


def test_stock_can_be_deducted_at_shipment_or_at_stocktaking(sandbox):
    _, variant = sandbox.goods()
    first = total_in_china(sandbox, variant)
    sandbox.control("stock_leaves", {"at": "shipment"})
    sandbox.place("FL-1", variant)
    assert total_in_china(sandbox, variant) == first
    sandbox.control("advance", {"orderNumber": "FL-1", "to": "SHIPPED"})
    assert total_in_china(sandbox, variant) == first - 1

    sandbox.control("stock_leaves", {"at": "never"})
    for number in ("FL-2", "FL-3"):
        sandbox.place(number, variant)
    sandbox.control("advance", {"orderNumber": "FL-2", "to": "SHIPPED"})
    assert total_in_china(sandbox, variant) == first - 1

    assert len(sandbox.control("count_stock", {})["orders"]) == 1
    assert total_in_china(sandbox, variant) == first - 2
    assert sandbox.control("count_stock", {})["orders"] == []


def test_stock_figures_can_lag(run):
    sandbox = run(stock_lag_s=600)
    _, variant = sandbox.goods()
    first = total_in_china(sandbox, variant)
    sandbox.place("FL-1", variant)
    assert total_in_china(sandbox, variant) == first

    sandbox.control("clock", {"seconds": 599})
    sandbox.place("FL-2", variant)
    sandbox.control("clock", {"seconds": 2})
    assert total_in_china(sandbox, variant) == first - 1

    sandbox.control("stock_lag", {"seconds": 0})
    assert total_in_china(sandbox, variant) == first - 2


def test_state_survives_a_restart(run):
    first = run()
    _, variant = first.goods()
    first.place("FL-1", variant)
    first.control("price", {"vid": variant.vid, "price": "9.99"})
    left = total_in_china(first, variant)
    token = first.client.headers["CJ-Access-Token"]
    ledger = first.control("orders")

    second = run()

    assert second.client.headers["CJ-Access-Token"] == token
    assert second.control("orders") == ledger
    assert total_in_china(second, variant) == left
    row = second.get("product/variant/queryByVid", vid=variant.vid)["data"]
    assert row["variantSellPrice"] == 9.99
