"""CJ's daily points: spend them before each call, correct them after it, reserve some for orders."""

import httpx
import pytest

from storefront.lib.http.errors import PermanentError
from suppliers.connectors.cj import CJ
from suppliers.connectors.cj.client import next_midnight
from suppliers.connectors.records import PurchaseOrderRequestLine, QuotaExceededError
from tests.factories.connector_contexts import HOME, DictMemory, MemoryBudget, make_context
from tests.suppliers.connectors.cj.recorded_answers import (
    API_KEY,
    BASE,
    REF,
    answer,
    recorded,
    said,
)

STOCK = "product/stock/getInventoryByPid"
FREIGHT = "logistic/freightCalculate"
LINES = (PurchaseOrderRequestLine(sku="170", quantity=1, reference="1"),)


@pytest.fixture
def budget():
    return MemoryBudget()


@pytest.fixture
def opened(cj_answers, tokens, budget):
    made = []

    def open_cj(**options):
        context = make_context(
            BASE,
            secrets={"api_key": API_KEY},
            tokens=tokens,
            quotas=budget,
            options=options,
            state=DictMemory(),
        )
        made.append(CJ(context))
        return made[-1]

    yield open_cj
    for cj in made:
        cj.close()


def test_each_attempt_spends_points(opened, cj_answers, budget):
    cj_answers.get(STOCK).mock(side_effect=[httpx.ReadTimeout("slow"), said("stock")])

    opened().stock(external_id=REF)

    assert budget.used == {"points": 20}


def test_reported_points_are_stored(opened, cj_answers, budget):
    found = recorded("stock") | {"pointsInfo": {"usedToday": 41, "remaining": 700, "total": 51_000}}
    cj_answers.get(STOCK).mock(return_value=httpx.Response(200, json=found))

    opened().stock(external_id=REF)

    left, total, until = budget.believed["points"]
    assert (left, total) == (700, 51_000)
    assert (until.hour, until.minute, until.second) == (0, 0, 0)


def test_call_without_points_is_not_sent(opened, cj_answers):
    asked = cj_answers.get(STOCK).mock(return_value=said("stock"))
    cj = opened(points_per_day=1_015)

    cj.stock(external_id=REF)
    with pytest.raises(QuotaExceededError):
        cj.stock(external_id=REF)

    assert asked.call_count == 1


def test_last_points_are_reserved_for_order_calls(opened, cj_answers, budget):
    cj_answers.post(FREIGHT).mock(return_value=said("freight"))
    cj = opened(points_per_day=1_000)

    with pytest.raises(QuotaExceededError):
        cj.stock(external_id=REF)
    assert cj.freight(country_from="CN", ship_to=HOME, lines=LINES)
    assert budget.used == {"points": 10}


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(429, json={"code": 1600200}),
        httpx.Response(429, json={"code": 1600201}, headers={"Retry-After": "0"}),
    ],
)
def test_rate_limit_does_not_use_up_the_day(opened, cj_answers, response):
    cj_answers.get(STOCK).mock(side_effect=[response, said("stock")])

    assert opened().stock(external_id=REF)


def test_points_reset_at_midnight_utc():
    assert next_midnight(0.0).isoformat() == "1970-01-02T00:00:00+00:00"
    assert next_midnight(86_399.9).isoformat() == "1970-01-02T00:00:00+00:00"
    assert next_midnight(86_400.0).isoformat() == "1970-01-03T00:00:00+00:00"


@pytest.mark.parametrize(
    ("level", "connector_state", "expected"),
    [
        (None, {}, None),
        (0, {}, 1),
        (1, {}, 1),
        (2, {}, 2),
        (3, {}, 4),
        (4, {}, 6),
        (5, {}, 6),
        (None, {"calls_per_second": 4}, 4),
        (2, {"calls_per_second": 4}, 2),
        (5, {"calls_per_second": 4}, 4),
        (None, {"calls_per_second": "many"}, None),
    ],
)
def test_account_level_sets_the_rate_limit(level, connector_state, expected):
    found = CJ.calls_per_second(options={"level": level}, connector_state=connector_state)
    assert found == expected


def test_sign_in_stores_the_rate_limit(cj_answers, tokens):
    memory = DictMemory()
    cj = CJ(make_context(BASE, secrets={"api_key": API_KEY}, tokens=tokens, state=memory))
    settings = {"openId": 7, "openName": "our shop", "setting": {"qpsLimit": "4"}}
    cj_answers.get("setting/get").mock(return_value=answer(settings))

    assert cj.sign_in() == "our shop"
    assert memory.load() == {"calls_per_second": 4}
    cj.close()


def test_invalid_options_are_rejected_before_any_call(opened, cj_answers):
    with pytest.raises(PermanentError, match="payment"):
        opened(payment="gold")
    assert cj_answers.calls.call_count == 0
