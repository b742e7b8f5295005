"""Routes that are not understood are not the same as no routes."""

from __future__ import annotations

import pytest

from storefront.lib.http.errors import PermanentError
from suppliers.connectors.records import NoWayError
from tests.suppliers.connectors.bigbuy.recorded_answers import (
    REQUEST,
    bigbuy_answers,
    business,
    json_answer,
    opened,
    recorded,
    said,
)
from tests.suppliers.connectors.cj.recorded_answers import answer

__all__ = ["bigbuy_answers", "opened"]

pytestmark = pytest.mark.django_db

ASKED = {"country_from": "ES", "ship_to": REQUEST.ship_to, "lines": REQUEST.lines}
CJ_FREIGHT = "logistic/freightCalculate"


def quotes(delay="24 - 48 h"):
    told = recorded("shipping")["shippingOptions"]
    return [
        quote | {"shippingService": quote["shippingService"] | {"delay": delay}} for quote in told
    ]


@pytest.fixture
def bigbuy(bigbuy_answers, opened):
    """Let him name these quotes and carriers, of which we may use some."""

    def freight(told, carriers=None, allowed=()):
        shipping = json_answer({"shippingOptions": told})
        bigbuy_answers.post("shipping/orders.json").mock(return_value=shipping)
        named = said("carriers") if carriers is None else json_answer(carriers)
        bigbuy_answers.get("shipping/carriers.json").mock(return_value=named)
        return opened(carriers=list(allowed)).freight(**ASKED)

    return freight


def test_cj_routes_of_which_none_is_understood_are_no_answer(cj, cj_answers):
    routes = [
        {"logisticName": "No price", "logisticAging": "7-12"},
        {"logisticName": "No time", "logisticPrice": 1},
    ]
    cj_answers.post(CJ_FREIGHT).mock(return_value=answer(routes))

    with pytest.raises(PermanentError, match="none of his routes is understood") as caught:
        cj.freight(**ASKED)

    assert not isinstance(caught.value, NoWayError)


def test_cj_names_no_route(cj, cj_answers):
    cj_answers.post(CJ_FREIGHT).mock(return_value=answer([]))

    assert cj.freight(**ASKED) == ()


@pytest.mark.parametrize(("delay", "carriers"), [("soon", None), ("24 - 48 h", [])])
def test_carriers_of_whom_none_is_understood_are_no_answer(bigbuy, delay, carriers):
    with pytest.raises(PermanentError, match="none of his carriers is understood") as caught:
        bigbuy(quotes(delay), carriers)

    assert not isinstance(caught.value, NoWayError)


def test_a_carrier_that_we_may_not_use_is_understood(bigbuy):
    assert bigbuy(quotes("soon"), allowed=["Owl"]) == ()
    assert bigbuy([]) == ()


def test_bigbuy_says_that_no_carrier_takes_it(bigbuy_answers, opened):
    bigbuy_answers.post("shipping/orders.json").mock(return_value=business("ER010"))

    with pytest.raises(NoWayError):
        opened().freight(**ASKED)
