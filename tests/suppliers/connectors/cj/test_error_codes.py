from datetime import UTC, datetime, timedelta

import httpx
import pytest

from storefront.lib.http.errors import PermanentError, TemporaryError
from suppliers.connectors.cj.error_codes import (
    MEANINGS,
    Meaning,
    PointsExceededError,
    RefreshRejectedError,
    SubscriptionLimitError,
    TokenRejectedError,
    to_error,
)
from suppliers.connectors.records import (
    DiscontinuedError,
    DuplicateReferenceError,
    NoShippingServiceError,
    OutOfStockError,
    QuotaExceededError,
)
from tests.factories.connector_contexts import make_request
from tests.suppliers.connectors.cj.recorded_answers import REF, answer, recorded, refusal

ORDER = "shopping/order/createOrderV2"
REQUEST = make_request("170")


@pytest.mark.parametrize(
    ("code", "error", "is_outcome_unknown"),
    [
        (1600000, TemporaryError, True),  # busy, before or after the effect
        (1600200, TemporaryError, False),
        (1600301, TemporaryError, True),
        (1603000, TemporaryError, True),
        (1603003, DuplicateReferenceError, False),
        (1603102, OutOfStockError, False),
        *((code, DiscontinuedError, False) for code in range(1602000, 1602004)),
        (1604000, PermanentError, False),
        (1605001, NoShippingServiceError, False),
        (1600100, PermanentError, False),
        (1600300, PermanentError, False),
        (42, PermanentError, False),
    ],
)
def test_order_rejection_raises_by_code(cj, cj_answers, code, error, is_outcome_unknown):
    sent = cj_answers.post(ORDER).mock(return_value=refusal(code))

    with pytest.raises(error) as caught:
        cj.place(REQUEST)

    assert type(caught.value) is error
    assert (caught.value.code, caught.value.is_outcome_unknown) == (str(code), is_outcome_unknown)
    assert sent.call_count == 1  # a write is not retried


@pytest.mark.parametrize("code", [200, 0])
def test_both_success_codes_are_accepted(cj, cj_answers, code):
    cj_answers.post(ORDER).mock(return_value=answer(recorded("placed")["data"], code))

    assert cj.place(REQUEST).supplier_reference == "26112400000001"


@pytest.mark.parametrize("code", [1600000, 1600200, 1600301])
def test_busy_read_is_retried(cj, cj_answers, code):
    busy = [refusal(code), refusal(code)]
    asked = cj_answers.get("product/stock/getInventoryByPid").mock(
        side_effect=[*busy, answer(recorded("stock")["data"])]
    )

    assert len(cj.stock(external_id=REF)) > 0
    assert asked.call_count == 3


def test_used_up_daily_quota_is_not_retried(cj, cj_answers):
    asked = cj_answers.get("product/stock/getInventoryByPid").mock(return_value=refusal(1600201))

    with pytest.raises(QuotaExceededError) as caught:
        cj.stock(external_id=REF)

    assert asked.call_count == 1
    until = caught.value.until
    assert (until.hour, until.minute, until.utcoffset()) == (0, 0, timedelta(0))
    assert timedelta(0) < until - datetime.now(UTC) <= timedelta(days=1)


@pytest.mark.parametrize(
    ("response", "error", "is_outcome_unknown"),
    [
        (httpx.Response(200, html="<h1>502 Bad Gateway</h1>"), PermanentError, True),
        (httpx.Response(200, text='{"code":200,"data":{"orderId":"1"'), PermanentError, True),
        (httpx.Response(200, json={"code": "two hundred"}), PermanentError, True),
        (httpx.Response(200, json={"code": 200, "data": ["no", "order"]}), PermanentError, True),
        (httpx.Response(200, content=b"\xff\xfe"), PermanentError, True),
        (httpx.Response(500, json={"code": 1600000}), TemporaryError, True),
        (httpx.Response(429, json={"code": 1600201}), QuotaExceededError, False),
        (httpx.Response(302, headers={"location": "http://10.0.0.1/"}), PermanentError, False),
        (httpx.ReadTimeout("slow"), TemporaryError, True),
        (httpx.ConnectError("refused"), TemporaryError, False),
    ],
)
def test_order_with_unreadable_answer_may_have_happened(
    cj, cj_answers, response, error, is_outcome_unknown
):
    is_error = isinstance(response, Exception)
    cj_answers.post(ORDER).mock(**{"side_effect" if is_error else "return_value": response})

    with pytest.raises(error) as caught:
        cj.place(REQUEST)

    assert type(caught.value) is error
    assert caught.value.is_outcome_unknown is is_outcome_unknown


def test_answer_about_another_order_may_have_happened(cj, cj_answers):
    other = recorded("placed")["data"] | {"orderNumber": "X-0000-0"}
    cj_answers.post(ORDER).mock(return_value=answer(other))

    with pytest.raises(TemporaryError) as caught:
        cj.place(REQUEST)

    assert caught.value.is_outcome_unknown


def test_error_text_of_a_write_is_not_quoted(cj, cj_answers, caplog):
    echo = "no street 'Hauptstr. 1' for Erika Mustermann"
    body = {"code": 1600100, "result": False, "message": echo, "data": None, "requestId": "r-7"}
    cj_answers.post(ORDER).mock(return_value=httpx.Response(200, json=body))

    with caplog.at_level("INFO"), pytest.raises(PermanentError) as caught:
        cj.place(REQUEST)

    assert "Erika" not in caplog.text + str(caught.value)
    assert f"POST {ORDER}: 1600100 (request r-7)" in caplog.text
    expected = (
        f"POST {ORDER}: 1600100 (request r-7): the request is rejected; a retry has the same result"
    )
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    ("meaning", "error"),
    [
        (Meaning.RETRY, TemporaryError),
        (Meaning.REAUTHENTICATE, TokenRejectedError),
        (Meaning.LOGIN, RefreshRejectedError),
        (Meaning.CONFIGURATION, PermanentError),
        (Meaning.PERMANENT, PermanentError),
        (Meaning.PAUSE, PointsExceededError),
        (Meaning.GONE, DiscontinuedError),
        (Meaning.OUT_OF_STOCK, OutOfStockError),
        (Meaning.LOOK_UP, TemporaryError),
        (Meaning.ADOPT, DuplicateReferenceError),
        (Meaning.HOLD, PermanentError),
        (Meaning.REQUOTE, NoShippingServiceError),
        (Meaning.MANUAL, PermanentError),
        (Meaning.KNOWN, PermanentError),
        (Meaning.CAP, SubscriptionLimitError),
        (Meaning.ITEM, PermanentError),
        (Meaning.CHANGED, TemporaryError),
        (Meaning.TRIAL, PermanentError),
    ],
)
def test_each_meaning_has_one_exception_and_message(meaning, error):
    code = next(code for code, each in MEANINGS.items() if each is meaning)

    made = to_error(code, "POST x", is_write=False)

    assert type(made) is error
    assert (made.code, str(made)) == (str(code), f"POST x: {meaning}")


def test_only_some_codes_of_writes_may_have_happened():
    is_open = {code for code in MEANINGS if to_error(code, "", is_write=True).is_outcome_unknown}

    assert is_open == {1600000, 1600301, 1603000}
    assert not any(to_error(code, "", is_write=False).is_outcome_unknown for code in MEANINGS)
