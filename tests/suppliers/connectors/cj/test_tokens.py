import json
import time

import httpx
import pytest

from storefront.lib.http.errors import PermanentError, TemporaryError
from suppliers.connectors.cj.error_codes import TokenRejectedError
from tests.suppliers.connectors.cj.recorded_answers import (
    API_KEY,
    MemoryTokens,
    answer,
    good_pair,
    open_cj,
    refusal,
    said,
)

DETAIL = "shopping/order/getOrderDetail"
LOGIN = "authentication/getAccessToken"
REFRESH = "authentication/refreshAccessToken"


@pytest.fixture(autouse=True)
def quiet(db):
    """Use the database: the HTTP client checks for an open transaction."""


def lent(access="access-1", days=15):
    until = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time() + days * 86_400))
    return answer(
        {
            "accessToken": access,
            "accessTokenExpiryDate": until,
            "refreshToken": "refresh-1",
            "refreshTokenExpiryDate": "2099-01-01T00:00:00+08:00",
            "openId": 1234567,
        }
    )


def test_first_call_logs_in_and_stores_pair_and_account(cj_answers):
    tokens = MemoryTokens()
    login = cj_answers.post(LOGIN).mock(return_value=said("tokens"))
    ask = cj_answers.get(DETAIL).mock(return_value=refusal(1603100))

    assert open_cj(tokens).find(number="FL-1") is None

    assert json.loads(login.calls.last.request.content) == {"apiKey": API_KEY}
    assert ask.calls.last.request.headers["CJ-Access-Token"] == "access-1"
    assert tokens.pair["open_id"] == "1234567"
    assert tokens.pair["access_until"] == 1_796_782_272


@pytest.mark.parametrize("code", [1600001, 1600002])
def test_rejected_token_is_refreshed_and_the_call_repeated_once(cj_answers, code):
    tokens = MemoryTokens(**good_pair(time.time()))
    refresh = cj_answers.post(REFRESH).mock(return_value=lent())
    ask = cj_answers.get(DETAIL).mock(side_effect=[refusal(code), refusal(1603100)])

    assert open_cj(tokens).find(number="FL-1") is None

    assert json.loads(refresh.calls.last.request.content) == {"refreshToken": "refresh-0"}
    assert [call.request.headers["CJ-Access-Token"] for call in ask.calls] == [
        "access-0",
        "access-1",
    ]
    assert tokens.pair["open_id"] == "1234567"


def test_token_rejected_twice_raises(cj_answers):
    tokens = MemoryTokens(**good_pair(time.time()))
    cj_answers.post(REFRESH).mock(return_value=lent())
    ask = cj_answers.get(DETAIL).mock(return_value=refusal(1600001))

    with pytest.raises(TokenRejectedError):
        open_cj(tokens).find(number="FL-1")

    assert (ask.call_count, tokens.renewals) == (2, 1)


def test_rejected_refresh_token_leads_to_one_login_in_five_minutes(cj_answers):
    tokens = MemoryTokens(**good_pair(time.time()))
    cj_answers.post(REFRESH).mock(return_value=refusal(1600003))
    login = cj_answers.post(LOGIN).mock(return_value=lent())
    answers = [refusal(1600001), refusal(1603100), refusal(1600001)]
    cj_answers.get(DETAIL).mock(side_effect=answers)

    assert open_cj(tokens).find(number="FL-1") is None
    with pytest.raises(TemporaryError) as caught:
        open_cj(tokens).find(number="FL-1")

    assert login.call_count == 1
    assert (caught.value.code, caught.value.is_outcome_unknown) == ("login_gap", False)


def test_token_is_refreshed_on_its_last_day_and_kept_if_that_fails(cj_answers):
    tokens = MemoryTokens(**good_pair(time.time(), renew_after=time.time() - 1))
    slow = httpx.ReadTimeout("slow")
    cj_answers.post(REFRESH).mock(side_effect=[slow, lent()])
    ask = cj_answers.get(DETAIL).mock(return_value=refusal(1603100))

    for _ in range(2):
        open_cj(tokens).find(number="FL-1")

    used = [call.request.headers["CJ-Access-Token"] for call in ask.calls]
    assert used == ["access-0", "access-1"]
    assert tokens.pair["renew_after"] == pytest.approx(time.time() + 14 * 86_400, abs=60)


def test_short_lived_pair_is_not_renewed_with_each_call(cj_answers):
    tokens = MemoryTokens()
    cj_answers.post(LOGIN).mock(return_value=lent(days=1 / 144))
    cj_answers.get(DETAIL).mock(return_value=refusal(1603100))
    cj = open_cj(tokens)

    for _ in range(3):
        cj.find(number="FL-1")

    assert tokens.renewals == 1


def test_pair_renewed_by_another_worker_is_used(cj_answers):
    tokens = MemoryTokens(**good_pair(time.time()))
    ask = cj_answers.get(DETAIL).mock(side_effect=[refusal(1600001), refusal(1603100)])
    cj = open_cj(tokens)
    original = tokens.load()
    tokens.load = lambda: original
    tokens.pair = {**original, "access": "access-of-the-other"}

    cj.find(number="FL-1")

    assert ask.calls.last.request.headers["CJ-Access-Token"] == "access-of-the-other"
    assert tokens.renewals == 0


def test_wrong_key_is_reported_to_staff(cj_answers):
    cj_answers.post(LOGIN).mock(return_value=refusal(1600005, "The API key is wrong"))

    with pytest.raises(PermanentError, match="1600005 The API key is wrong"):
        open_cj(MemoryTokens()).find(number="FL-1")


def test_pair_of_another_key_is_not_used(cj_answers):
    tokens = MemoryTokens(**good_pair(time.time(), of_key="that of the old key"))
    login = cj_answers.post(LOGIN).mock(side_effect=[refusal(1600005), lent("access-new")])
    ask = cj_answers.get(DETAIL).mock(return_value=refusal(1603100))

    with pytest.raises(PermanentError):  # the new key is rejected
        open_cj(tokens).find(number="FL-1")
    assert open_cj(tokens).find(number="FL-1") is None

    assert login.call_count == 2
    assert [call.request.headers["CJ-Access-Token"] for call in ask.calls] == ["access-new"]
