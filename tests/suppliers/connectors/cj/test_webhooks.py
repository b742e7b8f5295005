import base64
import hashlib
import hmac
import json

import pytest

from storefront.lib.http.errors import PermanentError
from suppliers.connectors.cj.webhooks import is_signed, parse_event
from suppliers.connectors.records import Acknowledgement, EventType, PurchaseOrderRequestLine


def message(kind, params, **envelope):
    words = {"messageId": "m-1", "type": kind, "messageType": "UPDATE", "params": params}
    return json.dumps(words | envelope).encode()


def sign(body, open_id="1234567"):
    return base64.b64encode(hmac.digest(open_id.encode(), body, hashlib.sha256)).decode()


@pytest.mark.parametrize(
    ("signature", "open_id"),
    [
        (sign(message("ORDER", {}), "7654321"), "1234567"),
        (sign(b"another body"), "1234567"),
        ("", "1234567"),
        ("ä", "1234567"),
        (sign(message("ORDER", {}), ""), ""),  # an unknown account signs nothing
    ],
)
def test_forged_signature_is_invalid(signature, open_id):
    assert not is_signed(message("ORDER", {}), signature, open_id)


def test_order_event_has_order_and_parcel():
    items = [{"vid": 170, "quantity": 2, "storeLineItemId": "88"}]
    (event,) = parse_event(
        message(
            "ORDER",
            {
                "cjOrderId": 2611240000001,
                "orderNumber": "FL-1-1",
                "orderStatus": "SHIPPED",
                "logisticName": "CJPacket Ordinary",
                "trackNumber": "CJPKL1YQ",
                "trackingUrl": None,
                "updateDate": "2026-11-25 09:00:00",
                "orderItems": items,
            },
        )
    )

    assert (event.kind, event.external_id) == (EventType.ORDER, "m-1")
    assert (event.number, event.supplier_reference) == ("FL-1-1", "2611240000001")
    state = event.state(number="FL-1-1")
    assert state.answer is Acknowledgement.SHIPPED
    (parcel,) = state.parcels
    assert (parcel.carrier, parcel.number, parcel.url) == ("CJPacket Ordinary", "CJPKL1YQ", "")
    assert parcel.lines == (PurchaseOrderRequestLine(sku="170", quantity=2, reference="88"),)
    assert parcel.happened_at.isoformat() == "2026-11-25T09:00:00+00:00"


def test_parcel_event_has_the_latest_scan():
    events = [
        {"status": 12, "activity": "Delivered", "eventTime": "2026-12-03 10:00:00"},
        {"status": 10, "activity": "Out", "eventTime": "2026-12-03 08:00:00"},
    ]
    found = parse_event(
        message(
            "LOGISTIC",
            {
                "orderId": "26",
                "storeOrderNumbers": ["FL-1-1", "FL-2-1"],
                "logisticName": "CJPacket Ordinary",
                "trackingNumber": "CJPKL1YQ",
                "trackingStatus": 12,
                "logisticsTrackEvents": json.dumps(events),
            },
        )
    )

    assert [event.number for event in found] == ["FL-1-1", "FL-2-1"]
    assert {event.kind for event in found} == {EventType.PARCEL}
    parcel = found[0].parcels[0]
    assert parcel.carrier_text == "Delivered"
    assert parcel.happened_at.isoformat() == "2026-12-03T10:00:00+00:00"


def test_event_without_our_number_has_the_suppliers():
    params = {"orderId": "26", "trackingNumber": "T1", "logisticsTrackEvents": "no list"}
    split = {"originalOrderId": "26", "splitOrderList": [{"orderCode": "26-1"}, {"orderCode": 262}]}

    (scan,) = parse_event(message("LOGISTIC", params))
    (parts,) = parse_event(message("ORDERSPLIT", split))

    assert (scan.number, scan.supplier_reference) == ("", "26")
    assert scan.parcels[0].carrier_text == ""
    assert (parts.supplier_reference, parts.split_into) == ("26", ("26-1", "262"))


@pytest.mark.parametrize(
    "body",
    [b"", b"no json", b"[]", b'{"type": "ORDER"}', message("ORDER", {"orderStatus": 7})],
)
def test_invalid_message_is_rejected(body):
    with pytest.raises(PermanentError):
        parse_event(body)
