"""Orders in the CJ sandbox: idempotency, payment, status changes and recorded effects."""

from decimal import Decimal

import httpx
import pytest

from tests.storefront.dev.sandboxes.conftest import PREFIX
from tests.support.waiting import eventually


def total_in_china(sandbox, variant):
    product, _ = sandbox.state.catalog.variant(variant.vid)
    data = sandbox.get("product/stock/getInventoryByPid", pid=product.pid)["data"]
    rows = {row["vid"]: row["inventory"] for row in data["variantInventories"]}[variant.vid]
    return next(row["totalInventoryNum"] for row in rows if row["countryCode"] == "CN")


def test_order_paid_from_balance_is_unshipped(sandbox):
    _, variant = sandbox.goods()
    before = total_in_china(sandbox, variant)

    data = sandbox.place("FL-1", variant, quantity=2)["data"]

    assert data["orderNumber"] == "FL-1"
    assert data["orderStatus"] == "UNSHIPPED"
    assert data["productInfoList"][0]["storeLineItemId"] == "88"
    assert total_in_china(sandbox, variant) == before - 2
    by_our_number = sandbox.get("shopping/order/getOrderDetail", orderId="FL-1")["data"]
    by_their_id = sandbox.get("shopping/order/getOrderDetail", orderId=data["orderId"])["data"]
    assert by_our_number == by_their_id
    assert by_our_number["productList"][0]["vid"] == variant.vid
    assert sandbox.place("FL-1", variant)["code"] == 1603003  # each number once
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

    lines = [{"vid": variant.vid, "quantity": 2}, {"vid": variant.vid, "quantity": 2}]
    assert sandbox.place("FL-1", variant, quantity=4)["code"] == 1603102
    assert sandbox.place("FL-1", variant, products=lines)["code"] == 1603102
    assert total_in_china(sandbox, variant) == 3
    assert sandbox.place("FL-2", variant, quantity=3)["code"] == 200
    assert total_in_china(sandbox, variant) == 0


def test_a_payment_needs_the_number_of_its_shipment(sandbox):
    _, variant = sandbox.goods()
    created = sandbox.place("FL-1", variant, payType=3)["data"]
    ids = {"cjOrderIdList": [created["orderId"]]}
    sandbox.post("shopping/order/addCart", ids)
    shipment = sandbox.post("shopping/order/addCartConfirm", ids)["data"]["shipmentsId"]
    sandbox.post("shopping/order/saveGenerateParentOrder", {"shipmentOrderId": shipment})

    wrong = {"shipmentOrderId": shipment, "payId": "PAY0"}

    assert created["orderStatus"] == "CREATED"
    assert sandbox.post("shopping/pay/payBalanceV2", wrong)["code"] == 1603101
    assert [e["kind"] for e in sandbox.control("orders")["effects"]][-1] == "unpaid"


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


@pytest.mark.parametrize(
    ("kind", "code", "effects"),
    [("drop_after", 1603003, ["created", "unshipped"]), ("drop_before", 200, [])],
)
def test_ledger_records_effects_even_if_the_answer_is_lost(sandbox, kind, code, effects):
    _, variant = sandbox.goods()
    sandbox.control("faults", {"path": "createOrderV2", "kind": kind})

    with pytest.raises(httpx.TransportError):
        sandbox.place("FL-1", variant)

    recorded = sandbox.control("orders")["effects"]
    assert [(e["kind"], e["fault"]) for e in recorded] == [(each, kind) for each in effects]
    assert sandbox.place("FL-1", variant)["code"] == code


def test_shipped_order_can_be_tracked(sandbox):
    _, variant = sandbox.goods()
    sandbox.place("FL-1", variant)
    for to, status in (("SHIPPED", "In transit"), ("DELIVERED", "Delivered")):
        sandbox.control("advance", {"orderNumber": "FL-1", "to": to})

        detail = sandbox.get("shopping/order/getOrderDetail", orderId="FL-1")["data"]
        (row,) = sandbox.get("logistic/trackInfo", trackNumber=detail["trackNumber"])["data"]
        assert detail["orderStatus"] == to
        assert detail["trackNumber"] in detail["trackingUrl"]
        assert row["trackingStatus"] == status


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

    eventually(is_delivered)
    kinds = [effect["kind"] for effect in sandbox.control("orders")["effects"]]
    assert kinds == ["created", "unshipped", "shipped", "delivered"]


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
    assert second.state.stock_store.price(variant) == Decimal("9.99")
