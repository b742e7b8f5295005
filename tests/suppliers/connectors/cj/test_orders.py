import json
from dataclasses import replace
from decimal import Decimal

import pytest

from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.money import Money
from suppliers.connectors.records import (
    Acknowledgement,
    FreightOption,
    ManualCancellationError,
    NoShippingServiceError,
    NotCancellableError,
    PurchaseOrderRequestLine,
    UnpaidOrderError,
)
from tests.factories.connector_contexts import HOME, make_request
from tests.suppliers.connectors.cj.recorded_answers import BLACK, answer, recorded, refusal, said

CREATE = "shopping/order/createOrderV2"
DETAIL = "shopping/order/getOrderDetail"
TRACK = "logistic/trackInfo"
REQUEST = make_request(BLACK)


def detail_with(**changes):
    return answer(recorded("detail")["data"] | changes)


def test_order_sends_only_required_data_and_is_accepted(cj, cj_answers):
    sent = cj_answers.post(CREATE).mock(return_value=said("placed"))

    state = cj.place(REQUEST)

    content = sent.calls.last.request.content
    assert b'"shopAmount":54.90' in content
    assert json.loads(content) == {
        "orderNumber": "FL-1-1",
        "shippingZip": "10115",
        "shippingCountryCode": "DE",
        "shippingCountry": "Germany",
        "shippingProvince": "Berlin",  # Germany has none, so the city
        "shippingCity": "Berlin",
        "shippingPhone": "+493012345",
        "shippingCustomerName": "Erika Muster",
        "shippingAddress": "Musterweg 1",
        "shippingAddress2": "Hinterhaus",
        "payType": 2,
        "shopAmount": 54.9,
        "logisticName": "CJPacket Sensitive",
        "fromCountryCode": "CN",
        "products": [{"vid": BLACK, "quantity": 2, "storeLineItemId": "88"}],
    }
    assert (state.number, state.supplier_reference) == ("FL-1-1", "26112400000001")
    assert (state.answer, state.reason) == (Acknowledgement.ACCEPTED, "")
    assert state.cost == Money(Decimal("19.74"), "USD")
    assert json.dumps(dict(state.raw))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"logisticsMiss": True}, "the shipping service is missing"),
        (
            {"interceptOrderReasons": [{"code": 7, "message": "forbidden word"}]},
            "7: forbidden word",
        ),
        ({"orderId": None}, "the order has no supplier ID yet"),
    ],
)
def test_intercepted_order_is_not_accepted(cj, cj_answers, changes, reason):
    cj_answers.post(CREATE).mock(return_value=answer(recorded("placed")["data"] | changes))

    state = cj.place(REQUEST)

    assert (state.answer, state.reason) == (Acknowledgement.RECEIVED, reason)


def test_too_long_field_is_rejected_before_sending(cj, cj_answers):
    far = replace(REQUEST, ship_to=replace(HOME, name="N" * 51, phone="1" * 21))

    with pytest.raises(PermanentError, match="shippingPhone, shippingCustomerName"):
        cj.place(far)

    assert cj_answers.calls.call_count == 0


def test_bad_parameter_is_checked_against_the_lists(cj, cj_answers):
    cj_answers.get(DETAIL).mock(return_value=refusal(1600300))
    listed = cj_answers.get("shopping/order/list").mock(return_value=answer({"list": []}))

    assert cj.find(number="FL-1-1") is None
    asked = [call.request.url.params["status"] for call in listed.calls]
    assert asked == ["CREATED", "IN_CART", "UNPAID", "UNSHIPPED"]
    listed.mock(return_value=answer({"list": [recorded("detail")["data"]]}))
    with pytest.raises(TemporaryError, match="is listed, but not found"):
        cj.find(number="FL-1-1")


@pytest.mark.parametrize(
    ("response", "error", "words"),
    [
        (refusal(1600101), PermanentError, "1600101"),
        (
            detail_with(orderNum="X-0", orderId="9", cjOrderId="9", cjOrderCode="9"),
            TemporaryError,
            "requested FL-1-1, received X-0",
        ),
    ],
    ids=["another error", "another order"],
)
def test_other_answers_do_not_prove_absence(cj, cj_answers, response, error, words):
    cj_answers.get(DETAIL).mock(return_value=response)

    with pytest.raises(error, match=words):
        cj.find(number="FL-1-1")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("CREATED", Acknowledgement.RECEIVED),
        ("IN_CART", Acknowledgement.RECEIVED),
        ("UNPAID", Acknowledgement.RECEIVED),
        ("UNSHIPPED", Acknowledgement.ACCEPTED),
        ("SHIPPED", Acknowledgement.SHIPPED),
        ("DELIVERED", Acknowledgement.DELIVERED),
        ("CANCELLED", Acknowledgement.CANCELED),
        ("SOMETHING_NEW", Acknowledgement.RECEIVED),
    ],
)
def test_each_status_is_mapped(cj, cj_answers, status, expected):
    cj_answers.get(DETAIL).mock(return_value=detail_with(orderStatus=status, trackNumber=None))

    assert cj.find(number="FL-1-1").answer is expected


def test_shipped_order_has_its_parcel(cj, cj_answers):
    cj_answers.get(DETAIL).mock(return_value=said("detail"))
    cj_answers.get(TRACK).mock(side_effect=[said("track"), refusal(1600000)])

    (parcel,) = cj.find(number="FL-1-1").parcels
    (without_scans,) = cj.find(number="FL-1-1").parcels

    assert (parcel.carrier, parcel.number) == ("DPD", "01509500580846")
    assert parcel.url == "https://tracking.dpd.de/status/en_US/parcel/01509500580846"
    assert parcel.lines == (PurchaseOrderRequestLine(sku=BLACK, quantity=1, reference="88"),)
    assert parcel.carrier_text == "In transit"
    assert parcel.happened_at.isoformat() == "2026-11-24T16:44:39+00:00"
    assert (without_scans.number, without_scans.carrier_text) == ("01509500580846", "")


def test_last_mile_number_lies_beside_that_of_the_first_carrier(cj, cj_answers):
    row = {
        "trackingNumber": "01509500580846",
        "trackingStatus": "In transit",
        "lastMileCarrier": "DHL",
        "lastTrackNumber": "JJD000111222333444",
    }
    cj_answers.get(DETAIL).mock(return_value=said("detail"))
    cj_answers.get(TRACK).mock(return_value=answer([row]))

    (parcel,) = cj.find(number="FL-1-1").parcels

    assert (parcel.number, parcel.last_mile_carrier, parcel.last_mile_number) == (
        "01509500580846", "DHL", "JJD000111222333444",
    )  # fmt: skip
    assert parcel.carrier != "DHL"


@pytest.mark.parametrize(
    ("shipped", "unshipped"), [("T1", None), (None, "T2")], ids=["number", "label of a part"]
)
def test_shipped_parts_of_a_split_order_are_its_parcels(cj, cj_answers, shipped, unshipped):
    whole = detail_with(orderStatus="SPLIT", trackNumber=None, splitOrderIds=["C-1", "C-2"])
    first = detail_with(orderId="C-1", trackNumber=shipped)
    second = detail_with(orderId="C-2", trackNumber=unshipped, orderStatus="UNSHIPPED")
    cj_answers.get(DETAIL).mock(side_effect=[whole, first, second])
    if shipped:
        cj_answers.get(TRACK).mock(return_value=answer([]))

    state = cj.find(number="FL-1-1")

    assert state.supplier_reference == "26112400000001"
    assert state.answer is Acknowledgement.PARTIALLY_SHIPPED
    assert [(parcel.number, len(parcel.lines)) for parcel in state.parcels] == [(shipped or "", 1)]


def test_order_shipped_without_tracking_number_has_its_lines(cj, cj_answers):
    cj_answers.get(DETAIL).mock(return_value=detail_with(trackNumber=None))

    state = cj.find(number="FL-1-1")

    assert state.answer is Acknowledgement.SHIPPED
    assert [(parcel.number, len(parcel.lines)) for parcel in state.parcels] == [("", 1)]


@pytest.mark.parametrize("status", ["CREATED", "IN_CART"])
def test_unpaid_order_is_deleted(cj, cj_answers, status):
    cj_answers.get(DETAIL).mock(return_value=detail_with(orderStatus=status, trackNumber=None))
    deleted = cj_answers.delete("shopping/order/deleteOrder").mock(return_value=answer("FL-1-1"))

    state = cj.cancel(number="FL-1-1")

    assert state.answer is Acknowledgement.CANCELED
    assert deleted.calls.last.request.url.params["orderId"] == "26112400000001"


@pytest.mark.parametrize("status", ["UNPAID", "UNSHIPPED", "SHIPPED", "DELIVERED"])
def test_confirmed_order_cannot_be_canceled(cj, cj_answers, status):
    cj_answers.get(DETAIL).mock(return_value=detail_with(orderStatus=status, trackNumber=None))

    with pytest.raises(NotCancellableError) as refusal:
        cj.cancel(number="FL-1-1")
    assert not isinstance(refusal.value, UnpaidOrderError)  # CJ may still charge our balance
    assert isinstance(refusal.value, ManualCancellationError) is (status[:2] == "UN")


@pytest.mark.parametrize(
    "response", [detail_with(orderStatus="CANCELLED", trackNumber=None), refusal(1603100)]
)
def test_canceled_or_missing_order_is_canceled(cj, cj_answers, response):
    cj_answers.get(DETAIL).mock(return_value=response)

    assert cj.cancel(number="FL-1-1").answer is Acknowledgement.CANCELED


def test_services_are_quoted_with_price_and_days(cj, cj_answers):
    asked = cj_answers.post("logistic/freightCalculate").mock(return_value=said("freight"))

    options = cj.freight(country_from="CN", ship_to=HOME, lines=REQUEST.lines)

    assert options[0] == FreightOption(
        name="Rail and Road Europe",
        price=Money(Decimal("3.6"), "USD"),
        min_days=28,
        max_days=40,
    )
    assert json.loads(asked.calls.last.request.content) == {
        "startCountryCode": "CN",
        "endCountryCode": "DE",
        "zip": "10115",
        "products": [{"vid": BLACK, "quantity": 2}],
    }


def test_services_without_price_or_time_are_left_out_and_none_left_is_an_error(cj, cj_answers):
    routes = [
        {"logisticName": "No price", "logisticAging": "7-12"},
        {"logisticName": "No time", "logisticPrice": 1},
        {"logisticName": "One day", "logisticAging": "5", "logisticPrice": "6.41"},
    ]
    response = [answer(routes), answer([]), answer(routes[:2])]
    cj_answers.post("logistic/freightCalculate").mock(side_effect=response)
    asked = {"country_from": "CN", "ship_to": HOME, "lines": REQUEST.lines}

    (option,) = cj.freight(**asked)
    none = cj.freight(**asked)
    with pytest.raises(PermanentError, match="no shipping service in the answer can be") as caught:
        cj.freight(**asked)

    assert (option.name, option.min_days, option.max_days) == ("One day", 5, 5)
    assert option.price == Money(Decimal("6.41"), "USD")
    assert none == ()
    assert not isinstance(caught.value, NoShippingServiceError)
