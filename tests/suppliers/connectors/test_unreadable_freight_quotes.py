"""Unreadable freight quotes: not the same as no quotes."""

import pytest

from storefront.lib.http.errors import PermanentError
from suppliers.connectors.records import NoShippingServiceError
from tests.suppliers.connectors.bigbuy.recorded_answers import (
    REQUEST,
    business,
    json_answer,
    recorded,
    said,
)
from tests.suppliers.connectors.cj.recorded_answers import answer

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
    """Return a function that mocks these quotes and carriers, and quotes with the allowed ones."""

    def freight(told, carriers=None, allowed=()):
        shipping = json_answer({"shippingOptions": told})
        bigbuy_answers.post("shipping/orders.json").mock(return_value=shipping)
        named = said("carriers") if carriers is None else json_answer(carriers)
        bigbuy_answers.get("shipping/carriers.json").mock(return_value=named)
        return opened(carriers=list(allowed)).freight(**ASKED)

    return freight


def test_unreadable_cj_quotes_raise(cj, cj_answers):
    routes = [
        {"logisticName": "No price", "logisticAging": "7-12"},
        {"logisticName": "No time", "logisticPrice": 1},
    ]
    cj_answers.post(CJ_FREIGHT).mock(return_value=answer(routes))

    with pytest.raises(
        PermanentError, match="no shipping service in the answer can be read"
    ) as caught:
        cj.freight(**ASKED)

    assert not isinstance(caught.value, NoShippingServiceError)


def test_cj_without_quotes_is_empty(cj, cj_answers):
    cj_answers.post(CJ_FREIGHT).mock(return_value=answer([]))

    assert cj.freight(**ASKED) == ()


@pytest.mark.parametrize(("delay", "carriers"), [("soon", None), ("24 - 48 h", [])])
def test_unreadable_bigbuy_quotes_raise(bigbuy, delay, carriers):
    with pytest.raises(PermanentError, match="no carrier in the answer can be read") as caught:
        bigbuy(quotes(delay), carriers)

    assert not isinstance(caught.value, NoShippingServiceError)


def test_disallowed_carrier_is_left_out(bigbuy):
    assert bigbuy(quotes("soon"), allowed=["Owl"]) == ()
    assert bigbuy([]) == ()


def test_bigbuy_without_carrier_raises(bigbuy_answers, opened):
    bigbuy_answers.post("shipping/orders.json").mock(return_value=business("ER010"))

    with pytest.raises(NoShippingServiceError):
        opened().freight(**ASKED)
