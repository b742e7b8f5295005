from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from storefront.lib.address import Address
from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.money import Money
from suppliers.connectors.records import (
    BudgetSpentError,
    DuplicateReferenceError,
    GoneError,
    NoWayError,
    OutOfStockError,
    PurchaseRequest,
    RequestLine,
)
from tests.suppliers.connectors.cj.recorded_answers import REF, answer, recorded, refusal

ORDER = "shopping/order/createOrderV2"
REQUEST = PurchaseRequest(
    number="FL-1-1",
    ship_to=Address(name="Erika Muster", line1="Musterweg 1", city="Berlin", country="DE"),
    location="CN",
    country_from="CN",
    carrier_service="CJPacket Sensitive",
    lines=(RequestLine(sku="170", quantity=1, reference="88"),),
    declared_value=Money.zero("EUR"),
)


@pytest.mark.parametrize(
    ("code", "error", "may_have_happened"),
    [
        (1600000, TemporaryError, True),  # busy: who knows whether before or after
        (1600200, TemporaryError, False),
        (1600301, TemporaryError, True),
        (1603000, TemporaryError, True),
        (1603003, DuplicateReferenceError, False),
        (1603102, OutOfStockError, False),
        (1602002, GoneError, False),
        (1604000, PermanentError, False),
        (1605001, NoWayError, False),
        (1600100, PermanentError, False),
        (1600300, PermanentError, False),
        (42, PermanentError, False),
    ],
)
def test_an_order_s_refusal_means_what_its_code_says(
    cj, cj_answers, code, error, may_have_happened
):
    sent = cj_answers.post(ORDER).mock(return_value=refusal(code))

    with pytest.raises(error) as caught:
        cj.place(REQUEST)

    assert type(caught.value) is error
    assert (caught.value.code, caught.value.may_have_happened) == (str(code), may_have_happened)
    assert sent.call_count == 1  # a write is never repeated here


@pytest.mark.parametrize("code", [1602000, 1602001, 1602002, 1602003])
def test_a_product_off_the_shelf_is_gone(cj, cj_answers, code):
    cj_answers.get("product/query").mock(return_value=refusal(code))

    with pytest.raises(GoneError):
        cj.product(ref=REF)


@pytest.mark.parametrize("code", [200, 0])
def test_both_codes_of_success_are_one(cj, cj_answers, code):
    cj_answers.post(ORDER).mock(return_value=answer(recorded("placed")["data"], code))

    assert cj.place(REQUEST).supplier_reference == "26112400000001"


@pytest.mark.parametrize("code", [1600000, 1600200, 1600301])
def test_a_busy_moment_is_waited_out_when_reading(cj, cj_answers, code):
    busy = [refusal(code), refusal(code)]
    asked = cj_answers.get("product/stock/getInventoryByPid").mock(
        side_effect=[*busy, answer(recorded("stock")["data"])]
    )

    assert len(cj.stock(ref=REF)) > 0
    assert asked.call_count == 3


def test_a_day_s_used_up_quota_is_not_waited_for(cj, cj_answers):
    asked = cj_answers.get("product/stock/getInventoryByPid").mock(return_value=refusal(1600201))

    with pytest.raises(BudgetSpentError) as caught:
        cj.stock(ref=REF)

    assert asked.call_count == 1
    until = caught.value.until
    assert (until.hour, until.minute, until.utcoffset()) == (0, 0, timedelta(0))
    assert timedelta(0) < until - datetime.now(UTC) <= timedelta(days=1)


@pytest.mark.parametrize(
    ("response", "error", "may_have_happened"),
    [
        (httpx.Response(200, html="<h1>502 Bad Gateway</h1>"), PermanentError, True),
        (httpx.Response(200, text='{"code":200,"data":{"orderId":"1"'), PermanentError, True),
        (httpx.Response(200, json={"code": "two hundred"}), PermanentError, True),
        (httpx.Response(200, json={"code": 200, "data": ["no", "order"]}), PermanentError, True),
        (httpx.Response(200, content=b"\xff\xfe"), PermanentError, True),
        (httpx.Response(500, json={"code": 1600000}), TemporaryError, True),
        (httpx.Response(429, json={"code": 1600201}), BudgetSpentError, False),
        (httpx.Response(302, headers={"location": "http://10.0.0.1/"}), PermanentError, False),
        (httpx.ReadTimeout("slow"), TemporaryError, True),
        (httpx.ConnectError("refused"), TemporaryError, False),
    ],
)
def test_an_order_without_an_understandable_answer_is_not_given_up(
    cj, cj_answers, response, error, may_have_happened
):
    is_error = isinstance(response, Exception)
    cj_answers.post(ORDER).mock(**{"side_effect" if is_error else "return_value": response})

    with pytest.raises(error) as caught:
        cj.place(REQUEST)

    assert type(caught.value) is error
    assert caught.value.may_have_happened is may_have_happened


def test_the_answer_about_another_order_is_no_answer(cj, cj_answers):
    other = recorded("placed")["data"] | {"orderNumber": "X-0000-0"}
    cj_answers.post(ORDER).mock(return_value=answer(other))

    with pytest.raises(TemporaryError) as caught:
        cj.place(REQUEST)

    assert caught.value.may_have_happened


def test_what_the_supplier_says_of_a_write_is_neither_logged_nor_told(cj, cj_answers, caplog):
    echo = "no street 'Hauptstr. 1' for Erika Mustermann"
    body = {"code": 1600100, "result": False, "message": echo, "data": None, "requestId": "r-7"}
    cj_answers.post(ORDER).mock(return_value=httpx.Response(200, json=body))

    with caplog.at_level("INFO"), pytest.raises(PermanentError) as caught:
        cj.place(REQUEST)

    assert "Erika" not in caplog.text + str(caught.value)
    assert f"POST {ORDER}: 1600100 (request r-7)" in caplog.text
    told = f"POST {ORDER}: 1600100 (request r-7): he will refuse this call again"
    assert str(caught.value) == told
