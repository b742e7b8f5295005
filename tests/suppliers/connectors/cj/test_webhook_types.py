"""CJ webhooks: read every message type, verify the sender."""

import json

import pytest

from storefront.lib.security.webhook_signing import InvalidHeadersError, InvalidSignatureError
from suppliers.connectors.cj import CJ
from suppliers.connectors.cj.error_codes import TRACKING_LABELS
from suppliers.connectors.records import Acknowledgement, EventType
from tests.factories.suppliers import NOON
from tests.suppliers.connectors.cj.test_webhooks import message, sign

ACCOUNT = "1234567"


def read(kind, params, **envelope):
    return CJ.parse_event(message(kind, params, **envelope), received_at=NOON)


def identified(body, *, sign="", options=None, account=ACCOUNT):
    headers = {"sign": sign} if sign else {}
    return CJ.verify_signature(
        headers=headers, body=body, account=account, secrets={}, options=options or {}
    )


@pytest.mark.parametrize(
    ("kind", "params", "external_ids", "skus"),
    [
        ("PRODUCT", {"pid": "16", "productStatus": 2, "fields": ["productStatus"]}, ("16",), ()),
        ("PRODUCT", {"pid": 16, "productNameEn": None, "productSellPrice": None}, ("16",), ()),
        ("VARIANT", {"vid": "17", "variantSellPrice": None, "variantStatus": 1}, (), ("17",)),
        ("SOURCINGCREATE", {"cjProductId": "16", "cjVariantId": "17"}, ("16",), ("17",)),
        # CJ's documentation uses this type for sourced products too.
        ("ORDERSPLIT", {"cjProductId": "16", "cjSourcingId": "9"}, ("16",), ()),
    ],
)
def test_product_event_names_what_to_read_again(kind, params, external_ids, skus):
    (event,) = read(kind, params)

    assert (event.kind, event.product_external_ids, event.skus) == (
        EventType.PRODUCT,
        external_ids,
        skus,
    )
    assert event.state(number="FL-1-1") is None


@pytest.mark.parametrize(
    "params",
    [
        {"17": [{"vid": "17", "countryCode": "CN", "storageNum": 4}], "18": []},
        {"17": [{"vid": "17", "totalInventoryNum": 4}], "18": [{"vid": "18"}]},
        [{"vid": 17, "storageNum": 4}, {"vid": 18, "storageNum": None}, {"vid": 17}],
    ],
)
def test_stock_event_is_read_in_each_form(params):
    (event,) = read("STOCK", params)

    assert (event.kind, event.skus) == (EventType.STOCK, ("17", "18"))


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("STOCK", {}),
        ("STOCK", []),
        ("PRODUCT", {"pid": None}),
        ("VARIANT", {"vid": None, "fields": ["variantStatus"]}),
        ("PRIVATE_ORDER", {"status": "SHIPPED"}),
        ("SOMETHING_NEW", {"pid": "16"}),
    ],
)
def test_event_without_ids_is_ignored(kind, params):
    assert read(kind, params) == ()


def test_order_connected_to_products_later_is_an_order_event():
    params = {"cjOrderId": "26", "orderNumber": "FL-1-1", "orderStatus": "CREATED"}

    (event,) = read("ORDER", params, messageType="ORDER_CONNNECTED")

    assert (event.kind, event.number, event.supplier_reference) == (EventType.ORDER, "FL-1-1", "26")
    assert event.answer is Acknowledgement.RECEIVED


def test_null_field_changes_nothing():
    (event,) = read("ORDER", {"orderNum": "FL-1-1", "orderStatus": None, "trackNumber": None})

    assert (event.number, event.answer, event.parcels) == ("FL-1-1", None, ())
    assert event.state(number="FL-1-1") is None


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        ("WAIT_PAY", Acknowledgement.RECEIVED),
        ("PAYMENT_INCOMING", Acknowledgement.RECEIVED),
        ("PAID", Acknowledgement.ACCEPTED),
        ("WAIT_SHIPMENT", Acknowledgement.ACCEPTED),
        ("INTERCEPTING", Acknowledgement.ACCEPTED),
        ("INTERCEPT", Acknowledgement.CANCELED),
        ("SHIPPED", Acknowledgement.SHIPPED),
        ("COMPLETED", Acknowledgement.DELIVERED),
        ("OVER", Acknowledgement.DELIVERED),
        ("CANCELLED", Acknowledgement.CANCELED),
        ("REFUND_COMPLETE", Acknowledgement.CANCELED),
        ("RESEND_OVER", Acknowledgement.SHIPPED),
        ("SOMETHING_NEW", None),
    ],
)
def test_order_of_our_own_stock_has_its_own_statuses(status, answer):
    (event,) = read("PRIVATE_ORDER", {"orderId": "26", "orderNumber": "FL-1-1", "status": status})

    assert (event.kind, event.number, event.answer) == (EventType.ORDER, "FL-1-1", answer)


def test_additional_charge_has_amount_and_reason_until_it_is_settled():
    params = {"orderId": "BT1", "relationOrderId": "26", "amount": "3.20", "reason": "too heavy"}

    (event,) = read("MAKEUP", params, messageType="INSERT")

    assert (event.kind, event.supplier_reference) == (EventType.CHARGE, "26")
    assert event.reason == "The supplier requests 3.20 USD more: too heavy"
    assert str(event.charge) == "3.20 USD"
    for status in ("PAID", "CANCELED", "CANCEL"):
        (settled,) = read("MAKEUP", params | {"status": status})
        assert (status, settled.reason, settled.charge) == (status, "", None)


def test_each_tracking_status_has_a_text():
    params = {"orderId": "26", "trackingNumber": "T1"}

    found = [read("LOGISTIC", {**params, "trackingStatus": number})[0] for number in range(15)]

    assert [event.parcels[0].carrier_text for event in found] == list(TRACKING_LABELS.values())


def test_signed_message_has_its_id_or_a_hash():
    body = message("ORDER", {})
    assert identified(body, sign=sign(body)) == "m-1"
    for body in (message("ORDER", {}, messageId="x" * 101), b"\xff\xfe no json"):
        assert identified(body, sign=sign(body)).startswith("sha256:")


@pytest.mark.parametrize("options", [{}, {"signature": "require"}, {"signature": "whatever"}])
def test_unsigned_or_forged_message_is_rejected(options):
    body = message("ORDER", {})

    with pytest.raises(InvalidHeadersError):
        identified(body, options=options)
    with pytest.raises(InvalidSignatureError):
        identified(body, sign=sign(body, "7654321"), options=options)
    with pytest.raises(InvalidSignatureError):
        identified(body, sign=sign(body, ""), options=options, account="")


def test_signature_option_warn_accepts_unsigned_messages_except_in_production(caplog, settings):
    body = message("ORDER", {})

    assert identified(body, options={"signature": "warn"}) == "m-1"
    assert "the sign header is missing" in caplog.text
    settings.IS_PRODUCTION = True
    with pytest.raises(InvalidHeadersError):
        identified(body, options={"signature": "warn"})


@pytest.mark.parametrize("body", [b"", b"  ", b"{}", json.dumps({"hello": 1}).encode()])
def test_a_test_message_has_no_event_id(body):
    assert identified(body) == ""
