"""BigBuy orders: validate, create, and tell refused from unclear answers."""

import json
from dataclasses import replace
from decimal import Decimal

import httpx
import pytest

from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.money import Money
from suppliers.connectors.records import (
    Acknowledgement,
    DiscontinuedError,
    OutOfStockError,
    PurchaseOrderRequestLine,
)
from tests.suppliers.connectors.bigbuy.recorded_answers import (
    BLACK_SKU,
    REQUEST,
    business,
    json_answer,
)

pytestmark = pytest.mark.django_db

CHECK, CREATE = "order/check.json", "order/create.json"
TOTALS = json_answer({"totalWithoutTaxesAndWithoutShippingCost": "36.54", "total": "60.1"})
OTHER = PurchaseOrderRequestLine(sku="S7", quantity=1, reference="89")


def made(key):
    return httpx.Response(201, headers={"Location": f"/rest/order/{key}"})


def test_order_is_validated_first_and_sends_only_required_data(bigbuy_answers, opened):
    checked = bigbuy_answers.post(CHECK).mock(return_value=TOTALS)
    created = bigbuy_answers.post(CREATE).mock(return_value=made(119000001))

    state = opened().place(REQUEST)

    sent = json.loads(created.calls.last.request.content)
    assert sent == json.loads(checked.calls.last.request.content)
    assert sent == {
        "order": {
            "internalReference": "FL-1-1",
            "language": "en",
            "paymentMethod": "moneybox",
            "carriers": [{"name": "gls"}],
            "shippingAddress": {
                "firstName": "Erika Maria",
                "lastName": "Muster",
                "country": "DE",
                "postcode": "10115",
                "town": "Berlin",
                "address": "Musterweg 1, Hinterhaus",
                "phone": "+493012345",
                "email": "orders@shop.example",  # ours, not the customer's
                "comment": "",
            },
            "products": [{"reference": BLACK_SKU, "quantity": 2}],
        }
    }
    assert created.calls.last.request.headers["authorization"] == "Bearer key-1"
    assert (state.supplier_reference, state.answer) == ("119000001", Acknowledgement.ACCEPTED)
    assert state.cost == Money(Decimal("36.54"), "EUR")


def given(answer):
    return {"side_effect" if isinstance(answer, Exception) else "return_value": answer}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (business("ER001", skus=[BLACK_SKU]), DiscontinuedError),
        (business("ER003", is_outside=True, skus=[BLACK_SKU]), OutOfStockError),
        (business("ER009"), TemporaryError),
        (httpx.Response(503), TemporaryError),
        (httpx.Response(200, text="garbage"), PermanentError),
        (httpx.ReadTimeout("x"), TemporaryError),
    ],
)
def test_order_is_not_placed_without_its_validation(bigbuy_answers, opened, answer, kind):
    bigbuy_answers.post(CHECK).mock(**given(answer))
    created = bigbuy_answers.post(CREATE)

    with pytest.raises(kind) as failure:
        opened().place(REQUEST)

    assert not failure.value.is_outcome_unknown
    assert not created.called


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(504, text="504 Gateway Time-out"),
        httpx.Response(200, text="HTTP/1.0 500 Error\r\n\r\n{}"),
        httpx.Response(200, text="<html>"),
        httpx.Response(201),
        httpx.Response(201, headers={"Location": "/rest/orders"}),
        httpx.ReadTimeout("no answer"),
        httpx.RemoteProtocolError("hung up"),
        business("ER009"),
    ],
)
def test_order_with_unclear_answer_may_have_happened(bigbuy_answers, opened, answer):
    bigbuy_answers.post(CHECK).mock(return_value=TOTALS)
    bigbuy_answers.post(CREATE).mock(**given(answer))

    with pytest.raises(TemporaryError) as failure:
        opened().place(REQUEST)

    assert failure.value.is_outcome_unknown


def test_order_that_cannot_be_sent_is_rejected_before_any_call(bigbuy_answers, opened):
    far = replace(REQUEST, ship_to=replace(REQUEST.ship_to, line1="W" * 60))

    with pytest.raises(PermanentError, match="70 characters"):
        opened().place(far)
    with pytest.raises(PermanentError, match="e-mail"):
        opened(email="").place(REQUEST)

    assert not bigbuy_answers.calls


def test_rate_limited_order_is_sent_again(bigbuy_answers, opened, monkeypatch):
    monkeypatch.setattr("suppliers.connectors.bigbuy.client.MAX_SLEEP_S", 0.01)
    bigbuy_answers.post(CHECK).mock(return_value=TOTALS)
    too_fast = httpx.Response(429, text="You exceeded the rate limit")
    created = bigbuy_answers.post(CREATE).mock(side_effect=[too_fast, made(119000001)])

    assert opened().place(REQUEST).supplier_reference == "119000001"
    assert created.call_count == 2


def test_items_in_two_warehouses_are_not_ordered(bigbuy_answers, opened):
    rows = [{"id": 1, "references": [BLACK_SKU]}, {"id": 2, "references": ["S7"]}]
    body = {"code": 409, "message": "conflict", "error_detail": {"warehouses": rows}}
    bigbuy_answers.post(CHECK).mock(return_value=httpx.Response(409, json=body))
    created = bigbuy_answers.post(CREATE)

    with pytest.raises(PermanentError, match="2 warehouses") as refusal:
        opened().place(replace(REQUEST, lines=(*REQUEST.lines, OTHER)))

    assert (refusal.value.code, refusal.value.is_outcome_unknown) == ("several_warehouses", False)
    assert not created.calls
